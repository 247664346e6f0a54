//! What people and scripts do with a device, and what a test asks of it.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::{Otherwise, World};
use crate::coordinator::engine::{Engine, Input};
use crate::coordinator::{
    Command, CommandError, ContactView, Delta, Event, GroupView, IdentityView, LinkState, MessageView, Reply,
    RequestView, StatusView, View,
};
use crate::identity::Secrets;
use crate::log::{Entry, direct_conversation};
use crate::wire::{ConversationId, EntryId, Frame, RootKey};

const MINUTE: Duration = Duration::from_secs(60);

impl World {
    /// Runs a command.
    ///
    /// # Errors
    /// As the engine refuses it.
    pub fn run(&mut self, device: usize, command: Command) -> Result<Reply, CommandError> {
        let call = self.submit(device, command);
        self.until("a reply", Duration::from_secs(5), |world| world.devices[device].replies.contains_key(&call));
        self.devices[device].replies.remove(&call).unwrap()
    }

    /// Hands over a command without waiting for its reply.
    pub fn submit(&mut self, device: usize, command: Command) -> u64 {
        self.until("the database", Duration::from_secs(5), |world| world.is_loaded(device));
        self.calls += 1;
        let call = self.calls;
        self.input(device, Input::Command(call, command));
        call
    }

    /// Has a device write what only another program writes. The call whose reply names it.
    pub fn write_otherwise(&mut self, device: usize, to: Uuid, said: Otherwise) -> u64 {
        self.until("the database", Duration::from_secs(5), |world| world.is_loaded(device));
        self.calls += 1;
        let (call, now) = (self.calls, self.clock(device));
        let Some(engine) = &mut self.devices[device].engine else { panic!("not running") };
        let mut outputs = engine.write_otherwise(call, to, said, now);
        outputs.extend(engine.flush(now));
        self.carry_out(device, outputs);
        call
    }

    /// A device says very much in a group at once to one other, over their link, whether or not it is in it, behind the last that both have.
    /// Tells what; nothing when there is no link.
    pub fn flood(&mut self, from: usize, to: usize, conversation: ConversationId, count: usize) -> Vec<EntryId> {
        let now = self.clock(from);
        let (Some(key), Some(peer)) = (self.devices[from].key, self.devices[to].key) else { return vec![] };
        let link = self.devices[from].links.get(&peer);
        if link.is_none() || self.devices[to].links.get(&key) != link {
            return vec![];
        }
        let placed = self.db(to).entries(&conversation).unwrap();
        let placed: BTreeSet<EntryId> =
            placed.iter().filter(|kept| kept.position.is_some()).map(|kept| kept.id).collect();
        let last = self
            .db(from)
            .entries(&conversation)
            .unwrap()
            .iter()
            .rfind(|kept| placed.contains(&kept.id))
            .map(|kept| kept.id);
        let (Some(last), Some(engine)) = (last, &mut self.devices[from].engine) else { return vec![] };
        let entries = engine.flood(conversation, last, count, now).unwrap_or_default();
        for entry in &entries {
            self.say(from, to, Frame::Entry(entry.wire().clone()).to_bytes().into());
        }
        entries.iter().map(Entry::id).collect()
    }

    /// What a device that runs and is somebody says of itself.
    #[must_use]
    pub fn card(&self, device: usize) -> Option<Vec<u8>> {
        self.devices[device].engine.as_ref().and_then(Engine::own_card)
    }

    /// Whether a device runs and takes commands.
    #[must_use]
    pub fn is_loaded(&self, device: usize) -> bool {
        self.devices[device].engine.as_ref().is_some_and(Engine::is_loaded)
    }

    /// The reply to a command that was handed over, once there is one.
    #[must_use]
    pub fn reply(&self, device: usize, call: u64) -> Option<&Result<Reply, CommandError>> {
        self.devices[device].replies.get(&call)
    }

    /// Begins to watch: how things are, while [`World::deltas`] gathers what changes.
    pub fn watch(&mut self, device: usize) -> View {
        let now = self.clock(device);
        let (view, outputs) = self.devices[device].engine.as_mut().unwrap().watch(now);
        self.carry_out(device, outputs);
        view
    }

    /// What watchers were told since the last time.
    pub fn deltas(&mut self, device: usize) -> Vec<Delta> {
        std::mem::take(&mut self.devices[device].deltas)
    }

    /// Everything that a device has told, by all of its processes.
    #[must_use]
    pub fn events(&self, device: usize) -> &[Event] {
        &self.devices[device].events
    }

    /// How the link stands that was told of last.
    #[must_use]
    pub fn link_state(&self, device: usize) -> Option<LinkState> {
        self.devices[device].events.iter().rev().find_map(|event| match event {
            Event::LinkChanged { state, .. } => Some(*state),
            _ => None,
        })
    }

    /// How the link with a person stands, for the process that runs now.
    #[must_use]
    pub fn link_with(&self, device: usize, user: Uuid) -> Option<LinkState> {
        self.devices[device].shown.get(&user).copied()
    }

    /// Why a device may have no link with a person, in words.
    #[must_use]
    pub fn link_in_words(&self, device: usize, user: Uuid) -> String {
        self.devices[device].engine.as_ref().map(|engine| engine.link_in_words(user)).unwrap_or_default()
    }

    /// From now on, and at the next start, these are its brokers.
    pub fn use_brokers(&mut self, device: usize, brokers: &[&str]) {
        let brokers: Vec<String> = brokers.iter().map(|url| (*url).to_owned()).collect();
        self.run(device, Command::UseBrokers(brokers.clone())).unwrap();
        self.use_brokers_next(device, brokers);
    }

    /// From its next start on these are its brokers.
    pub fn use_brokers_next(&mut self, device: usize, brokers: Vec<String>) {
        self.devices[device].brokers = brokers;
    }

    /// This device's identity.
    pub fn identity(&mut self, device: usize) -> IdentityView {
        let Ok(Reply::Identity(identity)) = self.run(device, Command::ShowIdentity) else { panic!("no identity") };
        identity
    }

    /// Asks another one, by its link.
    pub fn add(&mut self, device: usize, other: usize) -> Uuid {
        let link = self.identity(other).link;
        self.add_link(device, link)
    }

    /// Asks the owner of a link.
    pub fn add_link(&mut self, device: usize, link: String) -> Uuid {
        let Ok(Reply::User(user)) = self.run(device, Command::AddContact { link }) else { panic!("not added") };
        user
    }

    /// Makes contacts of two; the first asks, the second accepts. Tells who each is for the other.
    pub fn befriend(&mut self, one: usize, other: usize) -> (Uuid, Uuid) {
        let (one_id, other_id) = (self.user(one), self.user(other));
        let added = |world: &Self, device: usize, user: Uuid| {
            let added = |event: &Event| matches!(event, Event::ContactAdded { user_id, .. } if *user_id == user);
            world.events(device).iter().any(added)
        };
        let asked = |event: &Event| matches!(event, Event::RequestReceived { user_id, .. } if *user_id == one_id);
        self.add(one, other);
        self.until("the request", MINUTE, |world| world.events(other).iter().any(asked));
        self.run(other, Command::AcceptContact(one_id)).unwrap();
        self.until("both are contacts", MINUTE, |world| added(world, one, other_id) && added(world, other, one_id));
        (one_id, other_id)
    }

    /// Whose device it is.
    #[must_use]
    pub fn user(&self, device: usize) -> Uuid {
        self.devices[device].user.unwrap()
    }

    /// By which key others know whose device it is.
    #[must_use]
    pub fn root(&self, device: usize) -> RootKey {
        Secrets::from_bytes(self.devices[device].secrets.as_ref().unwrap()).ok().unwrap().root_key()
    }

    /// The conversation of two people.
    #[must_use]
    pub fn conversation(&self, one: usize, other: usize) -> ConversationId {
        direct_conversation(&self.root(one), &self.root(other))
    }

    /// Who asks.
    pub fn requests(&mut self, device: usize) -> Vec<RequestView> {
        let Ok(Reply::Requests(requests)) = self.run(device, Command::ListRequests) else { panic!("no requests") };
        requests
    }

    /// Its contacts.
    pub fn contacts(&mut self, device: usize) -> Vec<ContactView> {
        let Ok(Reply::Contacts(contacts)) = self.run(device, Command::ListContacts) else { panic!("no contacts") };
        contacts
    }

    /// How things stand.
    pub fn status(&mut self, device: usize) -> StatusView {
        match self.run(device, Command::ShowStatus) {
            Ok(Reply::Status(status)) => status,
            other => panic!("no status: {other:?}"),
        }
    }

    /// Writes a message and waits until it is on disk.
    pub fn write(&mut self, device: usize, to: Uuid, text: &str) -> String {
        let Ok(Reply::Message(id)) = self.run(device, Command::SendMessage { to, text: text.into(), reply_to: None })
        else {
            panic!("not written")
        };
        id
    }

    /// Makes a group.
    pub fn group(&mut self, device: usize, name: &str, members: &[Uuid]) -> Uuid {
        let command = Command::CreateGroup { name: name.into(), members: members.to_vec() };
        match self.run(device, command) {
            Ok(Reply::GroupId(group)) => group,
            other => panic!("no group: {other:?}"),
        }
    }

    /// A group as a device sees it.
    pub fn group_view(&mut self, device: usize, group: Uuid) -> Option<GroupView> {
        match self.run(device, Command::ShowGroup(group)) {
            Ok(Reply::Group(view)) => Some(*view),
            _ => None,
        }
    }

    /// A group as a running device has it in memory, and its conversation: no command, and no time passes.
    #[must_use]
    pub fn group_now(&self, device: usize, group: Uuid) -> Option<(ConversationId, GroupView)> {
        self.devices[device].engine.as_ref()?.group_now(group)
    }

    /// The last thousand messages with somebody.
    pub fn history(&mut self, device: usize, with: Uuid) -> Vec<MessageView> {
        let command = Command::ReadHistory { with, before: None, limit: Some(1000) };
        match self.run(device, command) {
            Ok(Reply::History(messages)) => messages,
            other => panic!("no history: {other:?}"),
        }
    }
}
