//! What a person or a script asks for.

use rand::RngExt;
use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Output};
use super::pending::Pending;
use super::state::{INVITATION_USES, PEOPLE_MAX};
use crate::coordinator::{
    Command, CommandError, ErrorCode, HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX, IdentityView, MUTED_FOR_GOOD, Reply,
};
use crate::identity::{Link, LinkError, Name, Secrets};
use crate::store::{Choice, Invitation, Op, Profile, Standing};
use crate::wire::{EntryId, Nonce, RootKey};

type Refused = CommandError;

impl Engine {
    /// Runs a command. Its reply comes at once, or when what it asked for is on disk.
    pub(super) fn command(&mut self, call: CallId, command: Command) {
        if self.finishing.is_some() {
            let error = CommandError::new(ErrorCode::ShuttingDown, "Kith is shutting down.");
            return self.reply(call, Err(error));
        }
        // Without what is in the database an identity would be made anew, over the one that there is.
        if let Some(error) = self.unreadable.clone() {
            return self.reply_storage(call, &error);
        }
        if let Err(error) = self.run(call, command) {
            self.reply(call, Err(error));
        }
    }

    fn run(&mut self, call: CallId, command: Command) -> Result<(), Refused> {
        match command {
            Command::CreateIdentity { name } => self.create_identity(call, &name),
            Command::ShowIdentity => {
                let view = self.identity()?;
                self.reply(call, Ok(Reply::Identity(view)));
                Ok(())
            }
            Command::AddContact { link } => self.add_contact(call, &link),
            Command::ListRequests => {
                self.need_identity()?;
                let requests = self.requests();
                self.reply(call, Ok(Reply::Requests(requests)));
                Ok(())
            }
            Command::AcceptContact(user) => self.accept_contact(call, user),
            Command::DeclineContact(user) => self.decline_contact(call, user),
            Command::BlockContact(user) => self.block_contact(call, user),
            Command::RemoveContact(user) => {
                self.need_identity()?;
                let (root, _) = self.person(user)?;
                self.remove(&root, call);
                Ok(())
            }
            Command::ListBlocked => {
                self.need_identity()?;
                let blocked = self.blocked();
                self.reply(call, Ok(Reply::Contacts(blocked)));
                Ok(())
            }
            Command::ListContacts => {
                self.need_identity()?;
                let contacts = self.contacts();
                self.reply(call, Ok(Reply::Contacts(contacts)));
                Ok(())
            }
            Command::SendMessage { to, text, reply_to } => self.send_message(call, to, text, reply_to.as_deref()),
            Command::ReadHistory { with, before, limit } => self.read_history(call, with, before, limit),
            Command::ShowStatus => {
                self.ask(Pending::Status(call), Op::CountWaiting);
                Ok(())
            }
            Command::ReadPage { with, at, limit } => self.read_page(call, with, &at, limit),
            Command::MarkRead { with, up_to } => self.mark_read(call, with, &up_to),
            Command::SaveDraft { with, text } => self.save_draft(call, with, text),
            Command::Rename { name } => self.rename(call, &name),
            Command::SetNickname { user, nickname } => self.set_nickname(call, user, &nickname),
            Command::UseBrokers(brokers) => self.use_brokers(call, &brokers),
            Command::UseIce(servers) => {
                self.use_ice(call, servers);
                Ok(())
            }
            Command::HideAddress { from, on } => self.hide_address(call, from, on),
            Command::HideAddressFromAll(on) => {
                self.hide_address_from_all(call, on);
                Ok(())
            }
            Command::ShowMessage { with, id } => self.show_message(call, with, &id),
            Command::EditMessage { with, id, text } => self.edit_message(call, with, &id, text),
            Command::DeleteMessage { with, id, for_everyone } => self.delete_message(call, with, &id, for_everyone),
            Command::React { with, id, emoji, on } => self.react(call, with, &id, emoji, on),
            Command::ForwardMessage { with, id, to } => self.forward_message(call, with, &id, &to),
            Command::SetTyping { with, on } => self.set_typing(call, with, on),
            Command::Search { query, within, before, limit } => self.search(call, &query, within, before, limit),
            Command::ListConversations => self.list_conversations(call),
            Command::MuteConversation { with, until } => {
                self.choose(call, with, Choice::MutedUntil(until.min(MUTED_FOR_GOOD)))
            }
            Command::PinConversation { with, on } => self.choose(call, with, Choice::Pinned(on)),
            Command::ArchiveConversation { with, on } => self.choose(call, with, Choice::Archived(on)),
            Command::CreateGroup { name, members } => self.create_group(call, &name, &members),
            Command::AddToGroup { group, user } => self.add_to_group(call, group, user),
            Command::RemoveFromGroup { group, user } => self.remove_from_group(call, group, user),
            Command::LeaveGroup(group) => self.leave_group(call, group),
            Command::Promote { group, user } => self.promote(call, group, user, true),
            Command::Demote { group, user } => self.promote(call, group, user, false),
            Command::RenameGroup { group, name } => self.rename_group(call, group, &name),
            Command::SetGroupHistory { group, shared } => self.set_group_history(call, group, shared),
            Command::ListGroups => self.list_groups(call),
            Command::ShowGroup(group) => self.show_group(call, group),
            Command::ListGroupChanges(group) => self.list_group_changes(call, group),
        }
    }

    pub(super) fn need_identity(&self) -> Result<(), Refused> {
        let missing = || CommandError::new(ErrorCode::NoIdentity, "There is no identity yet. Create one first.");
        self.me.as_ref().map(|_| ()).ok_or_else(missing)
    }

    fn create_identity(&mut self, call: CallId, name: &str) -> Result<(), Refused> {
        if self.me.is_some() || self.creating.is_some() {
            let message = "This device has an identity already.";
            return Err(CommandError::new(ErrorCode::IdentityExists, message));
        }
        let name = Name::parse(name).map_err(|error| CommandError::new(ErrorCode::InvalidName, error.to_string()))?;
        let secrets = Secrets::generate(&mut self.rng);
        let bytes = secrets.to_bytes();
        self.creating = Some((call, name, secrets));
        self.emit(Output::KeepSecrets(bytes));
        Ok(())
    }

    /// The key file is written: only then is there an identity.
    pub(super) fn secrets_kept(&mut self, result: Result<(), String>) {
        let Some((call, name, secrets)) = self.creating.take() else { return };
        if let Err(error) = result {
            let message = format!("The key file could not be written: {error}");
            return self.reply(call, Err(CommandError::new(ErrorCode::Storage, message)));
        }
        let profile = Profile { name: name.to_string(), counter: 0, brokers: vec![String::new()] };
        self.become_me(secrets, name, profile, vec![]);
        self.renew_invitation();
        let Some(me) = &self.me else { return };
        let op = Op::SaveProfile(me.profile.clone());
        self.ask(Pending::Created(call), op);
        if let Some(me) = &mut self.me {
            me.card_changed = false;
        }
    }

    /// The identity is on disk.
    pub(super) fn created(&mut self, call: CallId) {
        let reply = self.identity().map(Reply::Identity);
        self.reply(call, reply);
        self.mark_identity();
        self.start_brokers();
    }

    /// Makes sure that the own link carries an invitation that still lets somebody in.
    fn renew_invitation(&mut self) {
        let Some(me) = &mut self.me else { return };
        if me.invitations.iter().any(|invitation| invitation.uses > 0) {
            return;
        }
        let invitation = Invitation { token: Nonce(self.rng.random()), uses: INVITATION_USES };
        me.invitations.push(invitation.clone());
        self.ask(Pending::Nothing, Op::SaveInvitation(invitation));
    }

    /// This device's identity, with the link that invites others.
    pub(super) fn identity(&mut self) -> Result<IdentityView, Refused> {
        self.need_identity()?;
        self.renew_invitation();
        let missing = || CommandError::new(ErrorCode::NoIdentity, "There is no identity yet. Create one first.");
        let me = self.me.as_ref().ok_or_else(missing)?;
        let token = me.invitations.iter().rev().find(|invitation| invitation.uses > 0).map(|found| found.token);
        let link = Link { card: me.card.clone(), token: token.unwrap_or(Nonce([0; 16])) };
        Ok(IdentityView {
            user_id: me.card.user().0,
            device_id: me.secrets.device_id().0,
            name: me.name.to_string(),
            link: link.to_text(),
            warning: Self::own_card_warning(&me.card),
        })
    }

    fn add_contact(&mut self, call: CallId, link: &str) -> Result<(), Refused> {
        self.need_identity()?;
        let own = self.me.as_ref().map(|me| me.card.root());
        let link = Link::parse(link, own.as_ref()).map_err(|error| link_refused(&error))?;
        let root = link.card.root();
        if link.card.fields().brokers.is_empty() {
            let message = "This link names no broker, so its owner cannot be reached. Ask for a new one.";
            return Err(CommandError::new(ErrorCode::NoBroker, message));
        }
        if self.users.get(&link.card.user()).is_some_and(|known| *known != root) {
            let message =
                "This link names somebody you know, with another key. Compare safety numbers before you go on.";
            return Err(CommandError::new(ErrorCode::KeyChanged, message));
        }
        match self.people.get(&root).map(|contact| contact.person.standing) {
            Some(Standing::Blocked) => {
                let message = "You have blocked this person. Remove them first, then add them again.";
                Err(CommandError::new(ErrorCode::Blocked, message))
            }
            Some(Standing::Member) => {
                self.renew_card(&link.card);
                self.request(call, &link, None);
                Ok(())
            }
            Some(Standing::Contact) => {
                if self.renew_card(&link.card) {
                    self.save_person(&root, Pending::Nothing);
                }
                self.reply(call, Ok(Reply::User(link.card.user().0)));
                Ok(())
            }
            // They ask us: that we want it too is acceptance.
            Some(Standing::Asking | Standing::Uninvited | Standing::Declined) => {
                self.renew_card(&link.card);
                let asking = self.people.get(&root).and_then(|contact| contact.person.asking);
                self.request(call, &link, asking);
                Ok(())
            }
            Some(Standing::Asked) => {
                self.renew_card(&link.card);
                if let Some(contact) = self.people.get_mut(&root) {
                    contact.person.token = Some(link.token);
                }
                self.save_person(&root, Pending::Asked(call, root));
                Ok(())
            }
            None if self.people.len() >= PEOPLE_MAX => {
                Err(CommandError::new(ErrorCode::Full, format!("Kith keeps at most {PEOPLE_MAX} people.")))
            }
            None => {
                self.know(Self::stranger(&link.card, Standing::Asked), link.card.clone(), &[]);
                self.request(call, &link, None);
                Ok(())
            }
        }
    }

    /// Asks the owner of a link; when they have asked already, that is acceptance on both sides.
    fn request(&mut self, call: CallId, link: &Link, asking: Option<Nonce>) {
        let root = link.card.root();
        let id = Nonce(self.rng.random());
        if let Some(contact) = self.people.get_mut(&root) {
            contact.person.standing = Standing::Asked;
            contact.person.asked = Some(id);
            contact.person.token = Some(link.token);
        }
        match asking {
            Some(asking) => {
                let user = link.card.user().0;
                self.befriend(&root, Some(asking), None, None);
                self.ask(Pending::ReplyUser(call, user), Op::Barrier);
            }
            None => self.save_person(&root, Pending::Asked(call, root)),
        }
    }

    fn accept_contact(&mut self, call: CallId, user: Uuid) -> Result<(), Refused> {
        self.need_identity()?;
        let (root, contact) = self.person(user)?;
        match contact.person.standing {
            Standing::Contact => self.reply(call, Ok(Reply::Done)),
            Standing::Asked => {
                let message = "You have asked them; it is they who accept.";
                return Err(CommandError::new(ErrorCode::NotAContact, message));
            }
            Standing::Member => {
                return Err(CommandError::new(ErrorCode::UnknownUser, "There is no request of this user."));
            }
            Standing::Blocked => {
                let message = "You have blocked this person. Remove them first; then they can ask again.";
                return Err(CommandError::new(ErrorCode::Blocked, message));
            }
            Standing::Asking | Standing::Uninvited | Standing::Declined => {
                let asking = contact.person.asking;
                self.befriend(&root, asking, Some(call), None);
            }
        }
        Ok(())
    }

    fn decline_contact(&mut self, call: CallId, user: Uuid) -> Result<(), Refused> {
        self.need_identity()?;
        let (root, contact) = self.person(user)?;
        if !matches!(contact.person.standing, Standing::Asking | Standing::Uninvited | Standing::Declined) {
            return Err(CommandError::new(ErrorCode::UnknownUser, "There is no request of this user."));
        }
        self.set_standing(&root, Standing::Declined);
        self.leave_brokers();
        self.save_person(&root, Pending::Reply(call));
        Ok(())
    }

    fn block_contact(&mut self, call: CallId, user: Uuid) -> Result<(), Refused> {
        self.need_identity()?;
        let (root, _) = self.person(user)?;
        self.deafen(&root);
        for device in self.devices_of(&root) {
            self.link(&device, crate::link::Input::Wanted(false));
            self.emit(Output::CloseLink(device));
        }
        self.set_standing(&root, Standing::Blocked);
        self.share(&root);
        self.leave_brokers();
        self.save_person(&root, Pending::Reply(call));
        Ok(())
    }

    fn set_standing(&mut self, root: &RootKey, standing: Standing) {
        if let Some(contact) = self.people.get_mut(root) {
            contact.person.standing = standing;
            contact.person.accepting = false;
            contact.courier.at = None;
        }
    }

    fn read_history(
        &mut self,
        call: CallId,
        with: Uuid,
        before: Option<String>,
        limit: Option<u32>,
    ) -> Result<(), Refused> {
        self.need_identity()?;
        let limit = limit.unwrap_or(HISTORY_LIMIT_DEFAULT);
        if !(1..=HISTORY_LIMIT_MAX).contains(&limit) {
            let message = format!("“limit” is 1 to {HISTORY_LIMIT_MAX}.");
            return Err(CommandError::new(ErrorCode::InvalidLimit, message));
        }
        let conversation = self.conversation_with(with)?;
        let unknown = || {
            CommandError::new(ErrorCode::UnknownMessage, "“before” is not the id of a message in this conversation.")
        };
        let before = before.map(|id| EntryId::from_hex(&id).ok_or_else(unknown)).transpose()?;
        self.ask(Pending::History(call), Op::History { conversation, before, limit });
        Ok(())
    }
}

fn link_refused(error: &LinkError) -> CommandError {
    let code = match error {
        LinkError::Foreign => ErrorCode::LinkForeign,
        LinkError::Oversize => ErrorCode::LinkOversize,
        LinkError::Truncated => ErrorCode::LinkTruncated,
        LinkError::Tampered => ErrorCode::LinkTampered,
        LinkError::Newer => ErrorCode::LinkNewer,
        LinkError::Own => ErrorCode::LinkOwn,
    };
    CommandError::new(code, error.to_string())
}
