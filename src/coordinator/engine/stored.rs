//! What follows when something is on disk. Every outcome of the store comes here first, and is handed on to the file whose it is;
//! what was written is acknowledged, replied and told from an outcome, and never before.

use std::collections::BTreeSet;

use rand::RngExt;

use super::Engine;
use super::former::Sign;
use super::io::{Output, StoreToken};
use super::pending::{Pending, Said};
use super::pushing::Pushed;
use super::state::{Conversation, Me, With};
use crate::coordinator::{CommandError, ErrorCode, Event, Reply};
use crate::identity::{Card, Name};
use crate::store::{Invitation, Loaded, Op, Outcome, Profile, Refusal, Standing, Way};
use crate::wire::{ConnectionId, ConversationId, DeviceKey, EntryId, Frame, LogId, RootKey};

impl Engine {
    /// The store has answered.
    pub(super) fn stored(&mut self, token: StoreToken, result: Result<Outcome, String>) {
        let Some(pending) = self.pending.remove(&token) else { return };
        self.note_answered(token);
        match result {
            Ok(outcome) => self.follow(pending, outcome),
            Err(error) => self.failed(pending, &error),
        }
    }

    fn follow(&mut self, pending: Pending, outcome: Outcome) {
        match (pending, outcome) {
            (Pending::Load, Outcome::Loaded(loaded)) => self.load(*loaded),
            (Pending::Reload, Outcome::Loaded(loaded)) => {
                self.reload_logs(&loaded);
                loaded.logs.iter().for_each(|log| self.heir_may_act(&log.conversation));
            }
            (Pending::Created(call), _) => self.created(call),
            (Pending::Asked(call, root), _) => {
                let user = self.people.get(&root).map(|contact| contact.card.user().0).unwrap_or_default();
                self.reply(call, Ok(Reply::User(user)));
                self.reach(&root);
                self.listen(&root);
                self.hurry(&root);
                self.tick_couriers();
            }
            (Pending::Asking { root, announce, delivery }, _) => {
                self.acknowledge(delivery);
                if announce && let Some(contact) = self.people.get(&root) {
                    let user_id = contact.card.user().0;
                    let name = contact.card.fields().name.to_string();
                    self.emit(Output::Event(Event::RequestReceived { user_id, name }));
                }
                self.tick_couriers();
            }
            (Pending::Befriended { root, call, delivery, accepted }, _) => {
                self.acknowledge(delivery);
                if let Some(accepted) = accepted {
                    self.confirm(accepted);
                }
                if let Some(call) = call {
                    self.reply(call, Ok(Reply::Done));
                }
                self.tell_contact(&root);
                self.befriended(&root);
                self.tick_couriers();
            }
            (Pending::AcceptedAgain { accepted, delivery, .. }, _) => {
                self.acknowledge(delivery);
                self.confirm(accepted);
            }
            (Pending::ReplyUser(call, user), _) => self.reply(call, Ok(Reply::User(user))),
            (Pending::Then(call, reply), _) => self.reply(call, Ok(*reply)),
            (Pending::Reply(call), _) => self.reply(call, Ok(Reply::Done)),
            (Pending::Written { call, conversation, id }, Outcome::Appended { heads }) => {
                self.written(call, &conversation, id, heads);
            }
            (Pending::Written { call, conversation, .. }, _) => {
                self.write_failed(call, &conversation, "the message did not continue its log");
            }
            (
                Pending::Inserted { device, delivery, proves, conversations },
                Outcome::Inserted { stored, fresh, refused, heads, gaps, waiting },
            ) => {
                let mut freed: BTreeSet<EntryId> = fresh.iter().map(|fresh| fresh.id).collect();
                stored.iter().for_each(|id| _ = freed.remove(id));
                if !stored.is_empty() {
                    conversations.iter().for_each(|conversation| self.mark_chat(conversation));
                }
                if let Some(peer) = self.peers.get_mut(&device) {
                    peer.acks.add(stored);
                }
                refused.iter().for_each(|(_, reason)| self.drop_counted(reason));
                if !proves {
                    // Whether the peer still has what it mailed is not known: it goes back over the link, or is confirmed there.
                    self.something_for(&device, Pushed::Now);
                }
                self.acknowledge(delivery);
                heads.into_iter().for_each(|(conversation, heads)| self.new_heads(&conversation, heads));
                self.groups_changed(&fresh);
                self.spread(&device, &fresh, &freed);
                self.give_what_was_missed(proves.then_some(&device), &fresh);
                self.bodies_may_be_missing(&fresh);
                fresh.into_iter().for_each(|fresh| self.tell_message(fresh));
                if waiting {
                    self.ask_for_the_rest(&device, &conversations);
                }
                self.ask_for(&device, gaps);
            }
            (Pending::Delivery(conn, number), _) => self.acknowledge(Some((conn, number))),
            (Pending::Acked { device, ids, way, .. }, Outcome::Acked { delivered, unknown }) => {
                self.acks_kept(&device, &ids, way, &delivered);
                if unknown && way == Way::Mail {
                    self.tell_again(&device);
                }
            }
            (Pending::Believed { device, said }, outcome) => {
                let (conversation, has, over) = match &said {
                    Said::Has(have, over) => (have.conversation, true, *over),
                    Said::Lacks(lack) => (lack.conversation, false, None),
                };
                if has {
                    self.forget_refused_haves(&device, &conversation);
                }
                match (&said, outcome) {
                    (_, Outcome::Delivered(delivered)) => self.tell_delivered(&delivered),
                    (Said::Lacks(lack), Outcome::Lowered { bare }) => self.misses(&device, lack, &bare),
                    _ => {}
                }
                if !has || self.peers.get(&device).is_some_and(|peer| peer.shared.contains(&conversation)) {
                    self.believed(&device, conversation, has, over);
                }
                if has {
                    self.look_whether_told(&device, conversation, Sign::Have);
                }
                self.statement_kept(&device);
            }
            (Pending::Have(device), Outcome::Have(have)) => {
                self.say_mail_numbers(&device);
                self.send_frame(&device, &Frame::Have(have));
            }
            (Pending::Push(device, number), Outcome::Outbox { entries, more }) => {
                self.push(&device, number, entries, more);
            }
            (Pending::Mail(device, number), Outcome::Outbox { entries, more }) => {
                self.deposit(&device, number, entries, more);
            }
            (Pending::History(call), Outcome::History(rows)) => {
                let messages = rows.into_iter().map(super::view::message).collect();
                self.reply(call, Ok(Reply::History(messages)));
            }
            (Pending::History(call), Outcome::Refused(Refusal::UnknownMessage)) => {
                let error = "“before” is not the id of a message in this conversation.";
                self.reply(call, Err(CommandError::new(ErrorCode::UnknownMessage, error)));
            }
            (Pending::Sent, Outcome::Changed(conversations)) => {
                conversations.iter().for_each(|conversation| self.mark_chat(conversation));
            }
            (Pending::Summaries(_), Outcome::Summaries(summaries)) => self.summarised(summaries),
            (Pending::Nicknamed { call, root, nickname }, _) => self.nicknamed(call, &root, nickname),
            (Pending::AddressHidden { call, root, on }, _) => self.address_hidden(call, &root, on),
            (Pending::Info(call), outcome) => self.message_shown(call, outcome),
            (Pending::CardKept { call, renamed, plan }, _) => self.card_kept(call, renamed, plan),
            (Pending::Search(searching), Outcome::Found(found)) => self.found(*searching, found),
            (Pending::Indexing, outcome) => self.indexed(&outcome),
            (Pending::Chosen { call, conversation }, outcome) => self.has_chosen(call, &conversation, &outcome),
            (Pending::Conversations(call), Outcome::Summaries(summaries)) => {
                self.conversations_listed(call, &summaries);
            }
            (Pending::Page(call, conversation), outcome) => self.page_read(call, &conversation, outcome),
            (Pending::MarkedRead(call, conversation), outcome) => self.marked_read(call, &conversation, &outcome),
            (Pending::DraftKept(call, conversation), _) => self.draft_kept(call, &conversation),
            (
                pending @ (Pending::Looked { .. }
                | Pending::Acted { .. }
                | Pending::Forwarded { .. }
                | Pending::Bare(..)
                | Pending::Hidden(..)
                | Pending::TheyRead { .. }),
                outcome,
            ) => self.lived(pending, outcome),
            (Pending::Status(call), Outcome::Count(waiting)) => {
                let status = self.status(waiting);
                self.reply(call, Ok(Reply::Status(status)));
            }
            (Pending::MailHave(device, left, mut told), Outcome::Have(have)) => {
                told.push(Frame::Have(have).to_bytes());
                self.gather_haves(&device, left, told);
            }
            (Pending::Changed { call, conversation, entry }, Outcome::Appended { heads }) => {
                self.changed(call, &conversation, &entry, heads);
            }
            (Pending::Changed { call, conversation, .. }, _) => {
                self.change_failed(call, &conversation, "the change did not continue its log");
            }
            (Pending::Cut { call, conversation, root }, Outcome::Cut(cut)) => {
                self.cut_known(call, &conversation, root, cut);
            }
            (Pending::Group(_), Outcome::Group(row)) => self.group_read(*row),
            (Pending::Told { device, conversation, ends, sign }, Outcome::Known { has, placed, given }) => {
                self.told_of_end(&device, &conversation, &ends, sign, (has, placed, given));
            }
            (Pending::Recipients(_), Outcome::Delivered(delivered)) => self.tell_delivered(&delivered),
            (Pending::Offered { device, conversation, named }, Outcome::Count(here)) => {
                self.offer_known(&device, conversation, named, here);
            }
            (Pending::Carry(device, conversation), Outcome::Outbox { entries, .. }) => {
                self.carry(&device, conversation, entries);
            }
            (Pending::AskByMail(device, _), Outcome::Have(have)) => self.say_question(&device, have),
            (Pending::Deliveries(call, info), Outcome::Deliveries(devices)) => {
                self.deliveries_shown(call, *info, &devices);
            }
            (_, Outcome::Refused(refusal)) => tracing::warn!(%refusal, "the store refused"),
            _ => {}
        }
    }

    pub(super) fn reply_storage(&mut self, call: u64, error: &str) {
        let message =
            format!("The database could not be used: {error}. Nothing was lost; free some space and try again.");
        self.reply(call, Err(CommandError::new(ErrorCode::Storage, message)));
    }

    pub(super) fn reply(&mut self, call: u64, result: Result<Reply, CommandError>) {
        self.emit(Output::Reply(call, result));
    }

    /// Everything that was known before: the engine wakes up.
    fn load(&mut self, loaded: Loaded) {
        self.loaded = true;
        self.unreadable = None;
        let (Some(secrets), Some(profile)) = (self.secrets.take(), loaded.profile.clone()) else { return };
        let Ok(name) = Name::parse(&profile.name) else { return };
        self.become_me(secrets, name, profile, loaded.invitations.clone());
        self.reload_logs(&loaded);
        self.nicknames = loaded.nicknames.into_iter().collect();
        self.hidden_from = loaded.hidden_from.into_iter().collect();
        self.remember_chosen(&loaded.summaries);
        self.remember_summaries(loaded.summaries);
        if loaded.unsearched {
            self.index_more();
        }
        for person in loaded.people {
            // It was verified when it came. Two signatures of each would be half of what a start with many contacts takes.
            match Card::known(&person.card) {
                Ok(card) => self.know(person, card, &loaded.peers),
                Err(error) => tracing::error!(%error, "a stored card cannot be read"),
            }
        }
        for group in loaded.groups {
            self.take_group(group);
        }
        // The last process may have ended before it had taken over.
        let groups: Vec<ConversationId> = self.conversations.keys().copied().collect();
        groups.iter().for_each(|conversation| self.take_over(conversation));
        // Nor had noted who has to have what is said there.
        groups.iter().for_each(|conversation| self.save_recipients(conversation));
        let everybody: Vec<RootKey> = self.people.keys().copied().collect();
        for root in &everybody {
            if self.people.get(root).is_some_and(|contact| contact.person.standing == Standing::Contact) {
                self.open_conversation(root);
            }
            self.share(root);
        }
        self.look_who_has_heard();
        // Whom we listen to follows from what they share.
        self.start_brokers();
        for root in everybody {
            self.link_up_with(&root);
            if self.shares(&root) {
                for device in self.devices_of(&root) {
                    self.wake_mail(&device);
                    self.begin_telling(&device);
                }
            }
        }
    }

    fn reload_logs(&mut self, loaded: &Loaded) {
        for log in &loaded.logs {
            // An older Kith named what stands beside a group: whatever goes on with that stands there too. So a new log begins.
            let (name, next, last) = if log.beside {
                let name = LogId(self.rng.random());
                self.ask(Pending::Nothing, Op::SaveOwnLog { conversation: log.conversation, log: name });
                (name, 0, None)
            } else {
                (log.log, log.next, log.last)
            };
            let known = self.conversations.remove(&log.conversation).map(|conversation| conversation.with);
            let fresh = Conversation {
                with: known.unwrap_or(With::Nobody),
                log: name,
                next,
                last,
                heads: log.heads.clone(),
                writing: 0,
                stale: false,
                seat: log.seat,
            };
            self.conversations.insert(log.conversation, fresh);
            self.remember_reading(log.conversation, log.read);
        }
    }

    /// From now on this is who we are. A card whose brokers are no longer ours is replaced.
    pub(super) fn become_me(
        &mut self,
        secrets: crate::identity::Secrets,
        name: Name,
        mut profile: Profile,
        invitations: Vec<Invitation>,
    ) {
        let brokers: Vec<_> = self.settings.brokers.iter().map(|url| url.without_credentials().into_owned()).collect();
        let texts: Vec<String> = brokers.iter().map(ToString::to_string).collect();
        let card_changed = profile.brokers != texts;
        if card_changed {
            profile.counter += 1;
            profile.brokers = texts;
            self.ask(Pending::Nothing, Op::SaveProfile(profile.clone()));
        }
        let fields = crate::identity::CardFields {
            sealing: secrets.card_key(),
            counter: profile.counter,
            name: name.clone(),
            brokers,
        };
        let card = Card::sign(&secrets.device, secrets.certificate(), secrets.device_list(), fields);
        let working = secrets.working_key();
        self.me = Some(Me { secrets, working, profile, name, card, invitations, card_changed });
    }

    /// Whether a device has said that it lacks more, and that does not count yet. What it lacks of several logs it says in as many frames, and
    /// with the last of them all goes out at once.
    fn lacks_more(&self, device: &DeviceKey, of: impl Fn(&ConversationId) -> bool) -> bool {
        self.pending.values().any(|pending| match pending {
            Pending::Believed { device: other, said: Said::Lacks(lack) } => other == device && of(&lack.conversation),
            _ => false,
        })
    }

    /// What a peer said to have of this conversation counts, or what it said to lack.
    fn believed(&mut self, device: &DeviceKey, conversation: ConversationId, has: bool, over: Option<ConnectionId>) {
        let now = self.now.mono;
        let more = !has && self.lacks_more(device, |_| true);
        let more_of_it = more && self.lacks_more(device, |other| *other == conversation);
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.open.is_some() {
            if more {
                return;
            }
            // What came by mail, or over a link that is gone, says nothing of what the peer has now: it says that on this one.
            if has && peer.open != over {
                return;
            }
            let needs = if has { peer.push.peer_has(conversation, now) } else { peer.push.restart(now) };
            self.need(device, needs);
            if has {
                self.question_is_settled(device, &conversation);
                self.ask_for_bodies_of(device, conversation);
            }
        } else {
            peer.mailer.restart();
            self.wake_mail(device);
            if !more_of_it {
                self.answer_by_mail(device, conversation);
            }
            if has && self.joined(&conversation).is_some() {
                self.ask_for_bodies_of(device, conversation);
            }
        }
    }
}
