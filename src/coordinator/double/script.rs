//! A coordinator that is only pretended: what it is told stays in memory, and every answer comes at once. For pictures,
//! for benches of the window, for components in tests. It knows no network; nobody ever writes by themselves.
//!
//! Pure: ids are numbered, and the time is what it was told.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::Double;
use super::talk::Talk;
use crate::coordinator::{
    Command, CommandError, ContactView, Delta, ErrorCode, IdentityView, LinkState, LinkStatus, MessageState,
    MessageView, MissingView, NoLink, PageAt, Path, Reply, RequestView, StatusView, TEXT_BYTES_MAX, View,
};

/// Something that happens without a command; gives what changed.
pub type Happening = Box<dyn FnOnce(&mut Script) -> Vec<Delta> + Send>;

/// People and what they said, in memory.
#[derive(Clone)]
pub struct Script {
    /// What a watcher sees first. Chats are filled in from what was said.
    pub view: View,
    /// Who somebody becomes who gives a name in the welcome.
    pub(super) own: IdentityView,
    pub(super) talks: BTreeMap<Uuid, Talk>,
    blocked: Vec<ContactView>,
    pub(super) said: u64,
    pub(super) now: u64,
}

impl Script {
    /// A coordinator of this person, where it always is `now` (Unix milliseconds).
    #[must_use]
    pub fn new(own: IdentityView, view: View, now: u64) -> Self {
        Self { view, own, talks: BTreeMap::new(), blocked: vec![], said: 0, now }
    }

    /// Somebody has said something; `read` says whether everything up to it was read. Gives what changed.
    pub fn says(&mut self, with: Uuid, mine: bool, text: &str, at: u64, state: MessageState, read: bool) -> Delta {
        self.said += 1;
        let from = if mine { self.own.user_id } else { with };
        let message = MessageView {
            id: format!("{:064x}", self.said),
            from,
            text: text.to_owned(),
            at,
            state,
            ..MessageView::default()
        };
        let talk = self.talks.entry(with).or_default();
        talk.messages.push(message);
        talk.activity = self.said;
        talk.archived &= talk.muted_until.is_some_and(|until| until > self.now);
        if read || mine {
            talk.read = talk.messages.len();
        }
        self.chat(with)
    }

    /// So many messages of an author are known to exist and have not arrived; these people have them. Gives what changed.
    pub fn lacks(&mut self, with: Uuid, author: Option<Uuid>, count: u32, held_by: Vec<Uuid>) -> Delta {
        let missing = &mut self.talks.entry(with).or_default().missing;
        missing.retain(|missing| missing.author != author);
        missing.extend((count > 0).then_some(MissingView { author, count, held_by }));
        self.chat(with)
    }

    /// An author's device has written two different messages in one place. Gives what changed.
    pub fn forks(&mut self, with: Uuid, author: Uuid) -> Delta {
        self.talks.entry(with).or_default().forked.push(author);
        self.chat(with)
    }

    /// Obeys a command: the answer, and what changed.
    ///
    /// # Errors
    /// As the real one, where the pretence goes so far.
    pub fn obey(&mut self, command: Command) -> (Result<Reply, CommandError>, Vec<Delta>) {
        let mut deltas = vec![];
        let reply = match command {
            Command::CreateIdentity { name } | Command::Rename { name } => {
                let identity = IdentityView { name, ..self.own.clone() };
                self.own = identity.clone();
                self.view.identity = Some(identity.clone());
                deltas.push(Delta::Identity(identity.clone()));
                Ok(Reply::Identity(identity))
            }
            Command::ShowIdentity => match &self.view.identity {
                Some(identity) => Ok(Reply::Identity(identity.clone())),
                None => Err(CommandError::new(ErrorCode::NoIdentity, "There is no identity yet.")),
            },
            Command::AddContact { .. } => Err(CommandError::new(ErrorCode::LinkForeign, "This is not a Kith link.")),
            Command::ListRequests => Ok(Reply::Requests(self.view.requests.clone())),
            Command::AcceptContact(user) => self.accepts(user, &mut deltas),
            Command::RemoveContact(user) if self.blocked.iter().any(|blocked| blocked.user_id == user) => {
                self.blocked.retain(|blocked| blocked.user_id != user);
                Ok(Reply::Done)
            }
            Command::DeclineContact(user) | Command::RemoveContact(user) => self.leaves(user, &mut deltas),
            Command::ListBlocked => Ok(Reply::Contacts(self.blocked.clone())),
            Command::BlockContact(user) => {
                let request = self.view.requests.iter().find(|request| request.user_id == user);
                let asking = request.map(|request| asks(user, request));
                let known = self.view.contacts.iter().find(|contact| contact.user_id == user).cloned();
                self.blocked.extend(known.or(asking));
                self.leaves(user, &mut deltas)
            }
            Command::ListContacts => Ok(Reply::Contacts(self.view.contacts.clone())),
            Command::SendMessage { text, .. } if text.len() > TEXT_BYTES_MAX => {
                Err(CommandError::new(ErrorCode::InvalidText, "The text is too long."))
            }
            Command::SendMessage { to, text, reply_to } => {
                deltas.push(self.says(to, true, &text, self.now, MessageState::Queued, true));
                if let Some(id) = reply_to {
                    // An answer to what is not there quotes nothing.
                    deltas.extend(self.answers(to, &id));
                }
                Ok(Reply::Message(format!("{:064x}", self.said)))
            }
            Command::ReadHistory { with, before, limit } => {
                let at = before.map_or(PageAt::Latest, PageAt::Before);
                Ok(Reply::History(self.page(with, &at, limit.unwrap_or(100)).messages))
            }
            Command::ReadPage { with, at, limit } => Ok(Reply::Page(self.page(with, &at, limit))),
            Command::ShowStatus => {
                let links = self.view.contacts.iter().filter_map(link).collect();
                Ok(Reply::Status(StatusView { brokers: self.view.brokers.clone(), links, ..StatusView::default() }))
            }
            Command::SetNickname { user, nickname } => self.nicknames(user, nickname, &mut deltas),
            Command::MarkRead { with, up_to } => {
                let talk = self.talks.entry(with).or_default();
                let place = talk.messages.iter().position(|message| message.id == up_to);
                talk.read = talk.read.max(place.map_or(0, |place| place + 1));
                deltas.push(self.chat(with));
                Ok(Reply::Done)
            }
            Command::SaveDraft { with, text } => {
                self.talks.entry(with).or_default().draft = text;
                deltas.push(self.chat(with));
                Ok(Reply::Done)
            }
            Command::HideAddress { from, on } => self.hides(from, on, &mut deltas),
            Command::ShowMessage { with, id } => self.shows(with, &id),
            command @ (Command::EditMessage { .. }
            | Command::DeleteMessage { .. }
            | Command::React { .. }
            | Command::ForwardMessage { .. }
            | Command::SetTyping { .. }) => self.lives(command, &mut deltas),
            Command::Search { query, within, before, limit } => self.finds(&query, within, before, limit),
            Command::ListConversations => {
                self.fill();
                Ok(Reply::Conversations(self.view.chats.clone()))
            }
            Command::MuteConversation { with, until } => {
                self.chooses(with, |talk| talk.muted_until = Some(until).filter(|until| *until > 0), &mut deltas)
            }
            Command::PinConversation { with, on } => self.chooses(with, |talk| talk.pinned = on, &mut deltas),
            Command::ArchiveConversation { with, on } => self.chooses(with, |talk| talk.archived = on, &mut deltas),
            Command::UseBrokers(_) | Command::UseIce(_) | Command::HideAddressFromAll(_) => Ok(Reply::Done),
            command @ (Command::ListGroups
            | Command::CreateGroup { .. }
            | Command::AddToGroup { .. }
            | Command::RemoveFromGroup { .. }
            | Command::LeaveGroup(_)
            | Command::Promote { .. }
            | Command::Demote { .. }
            | Command::RenameGroup { .. }
            | Command::SetGroupHistory { .. }
            | Command::ShowGroup(_)
            | Command::ListGroupChanges(_)) => self.grouped(command, &mut deltas),
        };
        (reply, deltas)
    }

    /// Plays the coordinator until it is shut down. What comes through `more` changes the script from outside: somebody
    /// writes, for example.
    pub async fn play(mut self, mut double: Double, mut more: mpsc::Receiver<Happening>) {
        self.fill();
        let mut outside = true;
        loop {
            double.view = self.view.clone();
            let deltas = tokio::select! {
                next = double.next() => {
                    let Some((command, answer)) = next else { return };
                    let (reply, deltas) = self.obey(command);
                    // Who asked may have gone away.
                    let _ = answer.send(reply);
                    deltas
                }
                change = more.recv(), if outside => match change {
                    Some(change) => change(&mut self),
                    None => {
                        outside = false;
                        continue;
                    }
                },
            };
            self.fill();
            double.view = self.view.clone();
            if !deltas.is_empty() {
                double.change(deltas);
            }
        }
    }

    fn accepts(&mut self, user: Uuid, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        let place = self.view.requests.iter().position(|request| request.user_id == user).ok_or_else(unknown)?;
        let request = self.view.requests.remove(place);
        let contact = ContactView { path: Path::Mail, accepted: true, ..asks(user, &request) };
        self.view.contacts.push(contact.clone());
        self.view.contacts.sort_by(|a, b| a.name.cmp(&b.name));
        deltas.extend([Delta::RequestGone(user), Delta::Contact(contact), self.chat(user)]);
        Ok(Reply::Done)
    }

    fn leaves(&mut self, user: Uuid, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        let (requests, contacts) = (self.view.requests.len(), self.view.contacts.len());
        self.view.requests.retain(|request| request.user_id != user);
        self.view.contacts.retain(|contact| contact.user_id != user);
        self.talks.remove(&user);
        if self.view.requests.len() < requests {
            deltas.push(Delta::RequestGone(user));
        }
        if self.view.contacts.len() < contacts {
            deltas.push(Delta::ContactGone(user));
        }
        if deltas.is_empty() { Err(unknown()) } else { Ok(Reply::Done) }
    }

    fn nicknames(&mut self, user: Uuid, nickname: String, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        let contact = self.view.contacts.iter_mut().find(|contact| contact.user_id == user).ok_or_else(unknown)?;
        contact.nickname = (!nickname.is_empty()).then_some(nickname);
        deltas.push(Delta::Contact(contact.clone()));
        Ok(Reply::Done)
    }

    /// Whoever learns no address is written to by mail: there is no relay.
    fn hides(&mut self, from: Uuid, on: bool, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        if let Some(request) = self.view.requests.iter_mut().find(|request| request.user_id == from) {
            request.address_hidden = on;
            deltas.push(Delta::Request(request.clone()));
            return Ok(Reply::Done);
        }
        let contact = self.view.contacts.iter_mut().find(|contact| contact.user_id == from).ok_or_else(unknown)?;
        contact.address_hidden = on;
        if !contact.accepted {
            deltas.push(Delta::Contact(contact.clone()));
            return Ok(Reply::Done);
        }
        (contact.path, contact.reason) = match on {
            true => (Path::Mail, Some(NoLink::AddressHidden)),
            false => (Path::Direct, None),
        };
        contact.online = !on;
        deltas.push(Delta::Contact(contact.clone()));
        Ok(Reply::Done)
    }

    fn chooses(
        &mut self,
        with: Uuid,
        choice: impl FnOnce(&mut Talk),
        deltas: &mut Vec<Delta>,
    ) -> Result<Reply, CommandError> {
        choice(self.talks.entry(with).or_default());
        deltas.push(self.chat(with));
        Ok(Reply::Done)
    }
}

/// Somebody who asks, as somebody who is known.
fn asks(user: Uuid, request: &RequestView) -> ContactView {
    ContactView {
        user_id: user,
        name: request.name.clone(),
        nickname: None,
        online: false,
        path: Path::None,
        reason: None,
        address_hidden: request.address_hidden,
        safety_number: request.safety_number.clone(),
        accepted: false,
        warning: request.warning.clone(),
    }
}

fn unknown() -> CommandError {
    CommandError::new(ErrorCode::UnknownUser, "There is no such contact or request.")
}

/// Whoever is there has an open link, as fast as such ones are.
fn link(contact: &ContactView) -> Option<LinkStatus> {
    let rtt_ms = match contact.path {
        Path::Direct => 23.0,
        Path::Relay => 68.0,
        Path::Mail | Path::None => return None,
    };
    let (user_id, path) = (contact.user_id, contact.path);
    Some(LinkStatus { user_id, state: LinkState::Open, path, reason: None, rtt_ms: Some(rtt_ms) })
}
