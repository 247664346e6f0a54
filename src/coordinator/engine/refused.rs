//! What the disk refused. Whoever asked is told; what a broker delivered stays with the broker and is delivered again; and
//! what nobody would say again is asked for again, with patience, until the disk takes it.
//!
//! Nothing here may tell or acknowledge anything: that is `stored`'s, when a later attempt has succeeded.

use std::time::Duration;

use super::Engine;
use super::io::BrokerConn;
use super::pending::{Pending, Refused, Said};
use crate::signaling::Readiness;
use crate::store::Op;
use crate::wire::{ConversationId, DeviceKey};

/// A full disk is not emptied sooner, and nobody waits for much longer before they look for what is wrong.
pub(super) const AGAIN: Duration = Duration::from_secs(2);
/// Wishes that are kept to be asked again: as many as may wait for the store. Beyond, they are dropped and counted.
const REFUSED_MAX: usize = 1_024;

impl Engine {
    /// The disk refused a wish.
    pub(super) fn failed(&mut self, pending: Pending, error: &str) {
        tracing::error!(error, "the database could not be used");
        self.drop_counted("a write that the disk refused");
        let now = self.now.mono;
        match pending {
            Pending::Written { call, conversation, .. } => self.write_failed(call, &conversation, error),
            // There is none yet, and who asked may ask again.
            Pending::Created(call) => {
                self.me = None;
                self.reply_storage(call, error);
            }
            Pending::Asked(call, _)
            | Pending::ReplyUser(call, _)
            | Pending::Then(call, _)
            | Pending::Reply(call)
            | Pending::History(call)
            | Pending::Page(call, _)
            | Pending::MarkedRead(call, _)
            | Pending::DraftKept(call, _)
            | Pending::Nicknamed { call, .. }
            | Pending::AddressHidden { call, .. }
            | Pending::Info(call)
            | Pending::Conversations(call)
            | Pending::Cut { call, .. }
            | Pending::Deliveries(call, _)
            | Pending::Status(call) => self.reply_storage(call, error),
            Pending::Changed { call, conversation, .. } => self.change_failed(call, &conversation, error),
            Pending::CardKept { call, plan, .. } => {
                self.card_not_kept(&plan);
                call.into_iter().for_each(|call| self.reply_storage(call, error));
            }
            Pending::Search(searching) => self.reply_storage(searching.call, error),
            Pending::Chosen { call: Some(call), .. } => self.reply_storage(call, error),
            Pending::Chosen { call: None, conversation } => self.not_brought_back(&conversation),
            Pending::Summaries(asked) => self.not_summarised(asked),
            Pending::Looked { .. }
            | Pending::Acted { .. }
            | Pending::Forwarded { .. }
            | Pending::Hidden(..)
            | Pending::TheyRead { .. } => self.not_lived(pending, error),
            Pending::Bare(missing) => self.missing_unknown(&missing),
            Pending::Befriended { root, call, delivery, accepted } => {
                if let Some(call) = call {
                    self.reply_storage(call, error);
                }
                self.again(Refused::Wish(Pending::Befriended { root, call: None, delivery, accepted }));
            }
            Pending::Load => {
                self.unreadable = Some(error.to_owned());
                self.again(Refused::Wish(Pending::Load));
            }
            Pending::Reload
            | Pending::Indexing
            | Pending::Group(_)
            | Pending::Recipients(_)
            | Pending::Seat(_)
            | Pending::Asking { .. }
            | Pending::AcceptedAgain { .. }
            | Pending::Acked { .. }
            | Pending::Told { .. }
            | Pending::AskByMail(..)
            | Pending::Carry(..)
            | Pending::Believed { .. } => self.again(Refused::Wish(pending)),
            Pending::Inserted { delivery: Some((conn, _)), .. } | Pending::Delivery(conn, _) => {
                self.deliver_again(conn);
            }
            // Whatever brought them, the peer sends again what is not acknowledged.
            Pending::Inserted { delivery: None, .. } | Pending::Sent | Pending::Nothing => {}
            // Asked once more when they ask once more.
            Pending::Offered { .. } => {}
            Pending::Have(device) => self.peers.get_mut(&device).into_iter().for_each(|peer| peer.push.unsaid(now)),
            Pending::MailHave(device, ..) => {
                self.peers.get_mut(&device).into_iter().for_each(|peer| peer.telling.unsaid(now));
            }
            Pending::Push(device, number) => {
                self.peers.get_mut(&device).into_iter().for_each(|peer| peer.push.unanswered(number, now));
            }
            Pending::Mail(device, number) => {
                self.peers.get_mut(&device).into_iter().for_each(|peer| peer.mailer.unanswered(number, now));
            }
        }
    }

    fn deliver_again(&mut self, conn: BrokerConn) {
        let queued = |(_, refused): &(Duration, Refused)| matches!(refused, Refused::Delivery(other) if *other == conn);
        if !self.refused.iter().any(queued) {
            self.again(Refused::Delivery(conn));
        }
    }

    fn again(&mut self, refused: Refused) {
        if self.refused.len() < REFUSED_MAX {
            self.refused.push_back((self.now.mono + AGAIN, refused));
        } else {
            self.drop_counted("more than can be kept that the disk refused");
        }
    }

    /// When something is to be tried again.
    pub(super) fn refused_deadline(&self) -> Option<Duration> {
        self.refused.front().map(|(at, _)| *at)
    }

    pub(super) fn tick_refused(&mut self) {
        let now = self.now.mono;
        while self.refused.front().is_some_and(|(at, _)| now >= *at) {
            match self.refused.pop_front() {
                Some((_, Refused::Wish(pending))) => self.wish_again(pending),
                Some((_, Refused::Delivery(conn))) => self.reopen(conn, Readiness::Connecting),
                None => {}
            }
        }
    }

    fn wish_again(&mut self, pending: Pending) {
        let op = match &pending {
            // As they are now.
            Pending::Recipients(conversation) => return self.save_recipients(conversation),
            Pending::Seat(conversation) => {
                let Some(seat) = self.conversations.get(conversation).and_then(|state| state.seat) else { return };
                Op::SaveSeat { conversation: *conversation, seat }
            }
            Pending::Load | Pending::Reload => Op::Load,
            Pending::Indexing => Op::IndexMore,
            Pending::Group(conversation) => Op::Group(*conversation),
            Pending::Acked { device, ids, of, way } => {
                Op::Acked { peer: *device, ids: ids.clone(), of: of.clone(), way: *way }
            }
            // As soon as it may be.
            Pending::AskByMail(device, conversation) => return self.ask_by_mail(device, *conversation),
            Pending::Carry(device, conversation) => return self.answer_by_mail(device, *conversation),
            Pending::Told { device, conversation, ends, .. } => {
                let Some(to) = self.peers.get(device).map(|peer| peer.row.root) else { return };
                Op::Knows { conversation: *conversation, peer: *device, to, ids: ends.clone() }
            }
            Pending::Believed { device, said: Said::Has(have, _) } => Op::Believe { peer: *device, have: have.clone() },
            Pending::Believed { device, said: Said::Lacks(lack) } => Op::Lower { peer: *device, lack: lack.clone() },
            Pending::Asking { root, delivery, .. }
            | Pending::Befriended { root, delivery, .. }
            | Pending::AcceptedAgain { root, delivery, .. } => {
                // As they are now; when they were forgotten meanwhile, there is nothing to keep.
                let Some(contact) = self.people.get(root) else { return self.acknowledge(*delivery) };
                Op::SavePerson(Box::new(contact.person.clone()))
            }
            _ => return,
        };
        self.ask(pending, op);
    }

    /// A peer has said anew what it has of a conversation: nothing older that it said may replace that one later, or be added to
    /// it. Acks do not tell where they belong, so all of them go; what is not believed is sent again.
    pub(super) fn forget_refused_haves(&mut self, device: &DeviceKey, conversation: &ConversationId) {
        self.refused.retain(|(_, refused)| match refused {
            Refused::Wish(Pending::Believed { device: of, said: Said::Has(have, _) }) => {
                of != device || have.conversation != *conversation
            }
            Refused::Wish(Pending::Acked { device: of, .. }) => of != device,
            _ => true,
        });
    }
}
