//! What every component can reach: the state to read, the words, the way to act. Copied freely; the root makes it once.

use std::time::Instant;

use dioxus::prelude::*;
use jiff::civil::Date;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::bridge::Wish;
use super::clock::Clock;
use super::route::{Route, Stack};
use super::state::{Meeting, Model, ModelStoreExt, Person, PersonStoreExt, Writing, Writings, member};
use super::typed::Typed;
use super::words::Words;
use crate::coordinator::{BrokerState, Command, CommandError, ErrorCode, GroupView, Handle, Reply};
use crate::host::{Control, SettingsError};

/// What every component can reach.
#[derive(Clone, Copy, PartialEq)]
pub struct Ui {
    pub(super) model: Store<Model>,
    pub(super) stack: Signal<Stack>,
    pub(super) words: CopyValue<Words>,
    pub(super) clock: CopyValue<Clock>,
    /// The day, for what is drawn differently on the next one.
    pub(super) today: Signal<Date>,
    pub(super) core: CopyValue<Handle>,
    pub(super) control: CopyValue<Control>,
    pub(super) wishes: CopyValue<mpsc::Sender<Wish>>,
    /// What is being typed.
    pub(super) typed: CopyValue<Typed>,
    /// What the fields are for.
    pub(super) writings: Signal<Writings>,
    /// What is said to this person about something that they did, and how often something was said.
    pub(super) notice: Signal<(u32, String)>,
}

/// The context of the component that is being drawn.
pub(super) fn use_ui() -> Ui {
    use_context::<Ui>()
}

/// The text for a refusal that a person can meet in the window. The others name what went wrong in the core's own words.
fn refusal(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::LinkForeign => "refused-link-foreign",
        ErrorCode::LinkTruncated => "refused-link-truncated",
        ErrorCode::LinkTampered => "refused-link-tampered",
        ErrorCode::LinkOversize => "refused-link-oversize",
        ErrorCode::LinkOwn => "refused-link-own",
        ErrorCode::LinkNewer => "refused-link-newer",
        ErrorCode::KeyChanged => "refused-key-changed",
        ErrorCode::NoBroker => "refused-no-broker",
        ErrorCode::Blocked => "refused-blocked",
        ErrorCode::NotAContact => "refused-not-a-contact",
        ErrorCode::UnknownUser => "refused-unknown-user",
        ErrorCode::InvalidName => "refused-name",
        ErrorCode::InvalidText => "refused-text",
        ErrorCode::InvalidQuery => "refused-query",
        ErrorCode::Full => "refused-full",
        ErrorCode::ShuttingDown => "refused-ending",
        ErrorCode::NotYours => "refused-not-yours",
        ErrorCode::MessageDeleted => "refused-deleted",
        ErrorCode::MessageNewer => "refused-newer",
        ErrorCode::InvalidReaction => "refused-reaction",
        ErrorCode::UnknownMessage => "refused-message",
        ErrorCode::UnknownGroup => "refused-group",
        ErrorCode::NotInGroup => "refused-outside",
        ErrorCode::NotAnAdmin => "refused-no-admin",
        ErrorCode::Storage => "refused-storage",
        ErrorCode::NoIdentity | ErrorCode::IdentityExists | ErrorCode::InvalidBroker | ErrorCode::InvalidLimit => {
            return None;
        }
    })
}

impl Ui {
    /// The text of a key.
    pub fn say(self, key: &str) -> String {
        self.words.peek().say(key)
    }

    /// Why something was refused, in this person's language; what no file has words for, as the core says it.
    pub fn explain(self, error: &CommandError) -> String {
        let words = self.words.peek();
        match refusal(error.code) {
            Some(key) => words.with(key, "why", error.message.clone()),
            None => error.message.clone(),
        }
    }

    /// Why a setting could not be changed.
    pub fn explain_settings(self, error: &SettingsError) -> String {
        let words = self.words.peek();
        match error {
            SettingsError::Broker(address, why) => {
                words.with2("refused-address", ("address", address.clone()), ("why", why.clone()))
            }
            SettingsError::NoBroker => words.say("reach-address-missing"),
            SettingsError::TooManyBrokers(most) => words.with("refused-many-brokers", "most", *most),
            SettingsError::Server(address) => words.with("refused-server", "address", address.clone()),
            SettingsError::ServerTwice(address) => words.with("refused-server-twice", "address", address.clone()),
            SettingsError::TooManyServers(most) => words.with("refused-many-servers", "most", *most),
            SettingsError::OwnBroker(why) => words.with("refused-own-broker", "why", why.clone()),
            SettingsError::Storage(why) => words.with("refused-saving", "why", why.clone()),
            SettingsError::HiddenForNow(why) => words.with("refused-hiding", "why", why.clone()),
            SettingsError::Ended => words.say("refused-ending"),
        }
    }

    /// Why a message to somebody of this name waits.
    fn waits(self, name: &str) -> String {
        let somewhere = self.model.brokers().read().iter().any(|broker| broker.state == BrokerState::Connected);
        let key = match self.model.meeting().cloned() {
            // Theirs is another one, perhaps.
            _ if somewhere => "waits-for-them",
            Meeting::Reached => "waits-for-them",
            Meeting::Connecting => "waits-connecting",
            Meeting::Unreachable => "waits-unreachable",
            Meeting::Refused => "waits-refused",
            Meeting::Nowhere => "waits-nowhere",
        };
        self.words.peek().with(key, "name", name.to_owned())
    }

    /// The words, for texts with values in them.
    pub fn words(self) -> Words {
        self.words.peek().clone()
    }

    /// The clock on the wall.
    pub fn clock(self) -> Clock {
        self.clock.peek().clone()
    }

    /// Somebody, and from now on this component is drawn again when they change. Other people's changes do not count.
    pub fn person(self, user: Uuid) -> Option<Person> {
        self.known(user).then(|| self.model.people().get_unchecked(user).cloned())
    }

    /// What this person calls somebody.
    pub fn name(self, user: Uuid) -> String {
        if !self.known(user) {
            return String::new();
        }
        let contact = self.model.people().get_unchecked(user).contact();
        let contact = contact.read();
        contact.nickname.clone().unwrap_or_else(|| contact.name.clone())
    }

    /// Whether somebody is there. Who is, is looked up without subscribing to everybody. Who is not may come any moment (the
    /// answer to an acceptance is faster than what it changes): then everybody who comes counts.
    fn known(self, user: Uuid) -> bool {
        let people = self.model.people();
        let known = people.peek().contains_key(&user);
        if !known {
            drop(people.read());
        }
        known
    }

    /// Tells the bridge what the person wants to see. Never waits: the bridge is quick, and what does not fit is of a moment
    /// that has passed.
    pub fn wish(self, wish: Wish) {
        if let Err(error) = self.wishes.peek().try_send(wish) {
            tracing::warn!(%error, "the window is busy");
        }
    }

    /// Somebody has typed, or has sent what there was.
    pub fn typed(self, user: Uuid, text: String) {
        // The core says it to others now and then. Nobody waits for it, and one that is lost is said again.
        self.core.peek().hand(Command::SetTyping { with: user, on: !text.trim().is_empty() });
        self.typed.peek().set(user, text, Instant::now());
        self.wish(Wish::Typed);
    }

    /// Who types in a conversation now.
    pub fn typing(self, with: Uuid) -> Vec<Uuid> {
        let typing = self.model.typing();
        let typing = typing.read();
        typing.iter().filter(|(there, _)| *there == with).map(|(_, from)| *from).collect()
    }

    /// What the field of a conversation is for.
    pub fn writing(self, with: Uuid) -> Writing {
        self.writings.read().of(with)
    }

    /// From now on the field of a conversation is for this.
    pub fn write(mut self, with: Uuid, writing: Writing) {
        self.writings.write().begin(with, writing);
    }

    /// Says something about what this person did; it goes away by itself.
    pub fn tell(mut self, text: String) {
        let count = self.notice.peek().0.wrapping_add(1);
        self.notice.set((count, text));
    }

    /// This person.
    pub fn own(self) -> Option<Uuid> {
        self.model.identity().read().as_ref().map(|own| own.user_id)
    }

    /// A group, if it is one.
    pub fn group(self, user: Uuid) -> Option<GroupView> {
        if !self.known(user) {
            return None;
        }
        self.model.people().get_unchecked(user).group().cloned()
    }

    /// Everybody who can be written to, as they are listed, and those that stand apart after them.
    pub fn conversations(self) -> Vec<Uuid> {
        let (chats, archived) = (self.model.chats().cloned(), self.model.archived().cloned());
        chats.into_iter().chain(archived).collect()
    }

    /// Whether somebody is a contact, and no group.
    pub fn is_contact(self, user: Uuid) -> bool {
        self.person(user).is_some_and(|person| person.group.is_none() && person.contact.accepted)
    }

    /// What somebody in a conversation is called: this person is "You". Who is in a group need be no contact.
    pub fn author(self, with: Uuid, from: Uuid) -> String {
        if self.own() == Some(from) {
            return self.say("info-you");
        }
        let name = self.name(from);
        if !name.is_empty() {
            return name;
        }
        let group = self.group(with);
        let known = group.as_ref().and_then(|group| member(group, from));
        known.map_or_else(|| self.say("somebody"), |member| member.name.clone())
    }

    /// Why a message in a conversation waits.
    pub fn waits_in(self, with: Uuid) -> String {
        match self.group(with) {
            Some(_) if *self.model.meeting().read() == Meeting::Reached => self.say("waits-for-group"),
            // There is a link, and what came before is still on it.
            None if self.person(with).is_some_and(|person| person.contact.online) => self.say("waits-sending"),
            _ => self.waits(&self.name(with)),
        }
    }

    /// Names in a row, with a word before the last one.
    pub fn list(self, names: &[String]) -> String {
        match names {
            [] => String::new(),
            [only] => only.clone(),
            [first @ .., last] => {
                self.words.peek().with2("list-and", ("list", first.join(", ")), ("last", last.clone()))
            }
        }
    }

    /// What a field begins with: what was typed last, or else the draft on the disk.
    pub fn draft(self, user: Uuid) -> String {
        if let Some(typed) = self.typed.peek().latest(user) {
            return typed;
        }
        let people = self.model.people();
        let known = people.peek().contains_key(&user);
        if known { people.get_unchecked(user).chat().peek().draft.clone() } else { String::new() }
    }

    /// Runs a command and waits for its reply.
    pub async fn run(self, command: Command) -> Result<Reply, CommandError> {
        let core = self.core.peek().clone();
        core.run(command).await
    }

    /// Goes to a place from the list.
    pub fn go(mut self, route: Route) {
        self.stack.write().go(route);
    }

    /// Shows a message that was found, in its place.
    pub fn jump(self, user: Uuid, id: String) {
        // Before the stack says which conversation is shown: it is open then.
        self.wish(Wish::Find { user, id });
        self.go(Route::Conversation(user));
    }

    /// Goes deeper.
    pub fn push(mut self, route: Route) {
        self.stack.write().push(route);
    }

    /// Goes back.
    pub fn back(mut self) {
        self.stack.write().back();
    }
}
