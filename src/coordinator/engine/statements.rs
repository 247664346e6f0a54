//! Statements about people that are no entries: how far somebody has read, and who types. Latest values.
//!
//! How far this device has read is on disk, and is said over a link when it changes and when one opens; with mail when there is
//! none. Typing is said over an open link only, and lives a few seconds: whoever goes away while they type is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Output};
use super::pending::Pending;
use crate::coordinator::{CommandError, Delta, Event, Reply};
use crate::identity::UserId;
use crate::link;
use crate::store::{Mark, Op};
use crate::wire::{
    ConversationId, DeviceKey, EntryId, Frame, Reading, RootKey, STATE_BYTES_MAX, State, Typing, cbor, state,
};

/// Somebody who types says so again at least this often; a little longer than that, and they have stopped.
const TYPING_LIVES: Duration = Duration::from_secs(6);
/// The same is not said again before this: a window says it with every key.
const TYPING_AGAIN: Duration = Duration::from_secs(2);
/// How far somebody has read goes by mail after this: who reads on says it once, and an envelope in ten seconds costs a broker little.
const READING_PATIENCE: Duration = Duration::from_secs(10);

/// What is kept of statements in memory.
#[derive(Default)]
pub(super) struct Statements {
    /// How far this device has read, in each conversation in which it has said so.
    read: BTreeMap<ConversationId, Mark>,
    /// Who has not been told of it in which conversations, and when they are by mail.
    unsaid: BTreeMap<DeviceKey, (Duration, BTreeSet<ConversationId>)>,
    /// What was said last of the person's own typing, and when.
    said: BTreeMap<ConversationId, (bool, Duration)>,
    /// Who types, and until when that counts.
    typing: BTreeMap<(ConversationId, RootKey), Duration>,
}

impl Engine {
    /// What the store knew at the start.
    pub(super) fn remember_reading(&mut self, conversation: ConversationId, read: Option<Mark>) {
        if let Some(read) = read {
            self.live.statements.read.insert(conversation, read);
        }
    }

    /// Something more was read, and that is on disk.
    pub(super) fn reading_moved(&mut self, conversation: &ConversationId, mark: Mark) {
        self.live.statements.read.insert(*conversation, mark);
        let at = self.now.mono + READING_PATIENCE;
        for device in self.devices_inside(conversation) {
            let open = self.peers.get(&device).is_some_and(|peer| peer.link.state() == link::State::Open);
            let frame = self.reading_frame(conversation).filter(|_| open);
            if let Some(frame) = frame {
                self.send_frame(&device, &frame);
            } else {
                let unsaid = self.live.statements.unsaid.entry(device).or_insert((at, BTreeSet::new()));
                unsaid.1.insert(*conversation);
            }
        }
    }

    /// Says over the link how far this device has read, in everything that the peer shares.
    pub(super) fn say_reading(&mut self, device: &DeviceKey) {
        self.live.statements.unsaid.remove(device);
        let Some(peer) = self.peers.get(device) else { return };
        let heard = peer.shared.iter().filter(|conversation| self.are_both_inside(&peer.row.root, conversation));
        for frame in heard.filter_map(|conversation| self.reading_frame(conversation)).collect::<Vec<_>>() {
            self.send_frame(device, &frame);
        }
    }

    /// What is to go with a mail to this device, since none was told of it yet.
    pub(super) fn unsaid_reading(&mut self, device: &DeviceKey) -> Vec<Vec<u8>> {
        let Some((_, unsaid)) = self.live.statements.unsaid.remove(device) else { return vec![] };
        let Some(peer) = self.peers.get(device) else { return vec![] };
        let heard = unsaid.intersection(&peer.shared);
        let heard = heard.filter(|conversation| self.are_both_inside(&peer.row.root, conversation));
        let frames = heard.filter_map(|conversation| self.reading_frame(conversation));
        frames.map(|frame| frame.to_bytes()).collect()
    }

    /// Whether somebody hears what people do in a conversation, and is heard: of a group only who is in it, and only while we are.
    /// Contacts share groups with us beyond that, for they have to learn that they are out, or that we are.
    fn are_both_inside(&self, root: &RootKey, conversation: &ConversationId) -> bool {
        self.joined(conversation).is_none_or(|joined| joined.inside && joined.membership.member(root).is_some())
    }

    /// The devices that hear what people do in a conversation.
    fn devices_inside(&self, conversation: &ConversationId) -> Vec<DeviceKey> {
        let inside = |device: &DeviceKey| {
            self.peers.get(device).is_some_and(|peer| self.are_both_inside(&peer.row.root, conversation))
        };
        self.devices_sharing(conversation).into_iter().filter(inside).collect()
    }

    fn reading_frame(&self, conversation: &ConversationId) -> Option<Frame> {
        let mark = self.live.statements.read.get(conversation)?;
        let value = cbor::encode(&Reading { conversation: *conversation, entry: mark.entry });
        Some(Frame::State(State { kind: state::READ, counter: mark.counter, value }))
    }

    /// A peer says something about its person.
    pub(super) fn statement(&mut self, device: &DeviceKey, said: &State) {
        let Some(peer) = self.peers.get(device) else { return };
        let root = peer.row.root;
        let belongs = |conversation: &ConversationId| {
            peer.shared.contains(conversation) && self.are_both_inside(&root, conversation)
        };
        match said.kind {
            state::READ => match cbor::decode::<Reading>(&said.value, STATE_BYTES_MAX) {
                Ok(Reading { conversation, entry }) if belongs(&conversation) => {
                    let (device, mark) = (*device, Mark { counter: said.counter, entry });
                    let pending = Pending::TheyRead { device, conversation, entry };
                    self.ask(pending, Op::TheyRead { device, conversation, mark });
                }
                _ => self.drop_counted("a reading position that does not belong here"),
            },
            state::TYPING => match cbor::decode::<Typing>(&said.value, STATE_BYTES_MAX) {
                // An envelope may be old, or come again.
                Ok(_) if self.peers.get(device).is_some_and(|peer| peer.open.is_none()) => {}
                Ok(Typing { conversation, on }) if belongs(&conversation) => self.types(conversation, root, on),
                _ => self.drop_counted("a word about typing that does not belong here"),
            },
            _ => self.drop_counted("a state of a newer version"),
        }
    }

    /// How far somebody else has read is on disk.
    pub(super) fn they_have_read(
        &mut self,
        device: &DeviceKey,
        conversation: &ConversationId,
        entry: EntryId,
        moved: bool,
    ) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root).filter(|_| moved) else { return };
        let Some(with) = self.name_of_conversation(conversation) else { return };
        let from = UserId::from(&root).0;
        self.mark_chat(conversation);
        self.emit(Output::Event(Event::MessageRead { with, id: entry.to_string(), from }));
    }

    pub(super) fn set_typing(&mut self, call: CallId, with: Uuid, on: bool) -> Result<(), CommandError> {
        let conversation = self.conversation_with(with)?;
        let now = self.now.mono;
        self.reply(call, Ok(Reply::Done));
        let said = self.live.statements.said.get(&conversation);
        if said.map_or(!on, |(was, at)| *was == on && (!on || now < *at + TYPING_AGAIN)) {
            return Ok(());
        }
        self.live.statements.said.insert(conversation, (on, now));
        let value = cbor::encode(&Typing { conversation, on });
        let frame = Frame::State(State { kind: state::TYPING, counter: 0, value });
        for device in self.devices_inside(&conversation) {
            if self.peers.get(&device).is_some_and(|peer| peer.link.state() == link::State::Open) {
                self.send_frame(&device, &frame);
            }
        }
        Ok(())
    }

    fn types(&mut self, conversation: ConversationId, root: RootKey, on: bool) {
        let known = (conversation, root);
        let changed = if on {
            self.live.statements.typing.insert(known, self.now.mono + TYPING_LIVES).is_none()
        } else {
            self.live.statements.typing.remove(&known).is_some()
        };
        if changed {
            self.tell_typing(&conversation, &root, on);
        }
    }

    fn tell_typing(&mut self, conversation: &ConversationId, root: &RootKey, on: bool) {
        let Some(with) = self.name_of_conversation(conversation) else { return };
        let from = UserId::from(root).0;
        self.emit(Output::Event(Event::TypingChanged { with, from, on }));
        if self.is_watched() {
            self.emit(Output::Deltas(vec![Delta::Typing { with, from, on }]));
        }
    }

    /// Their message is here: what they typed is said.
    pub(super) fn typing_ends(&mut self, conversation: &ConversationId, root: &RootKey) {
        self.types(*conversation, *root, false);
    }

    /// The link to somebody is gone: nobody would say that they have stopped.
    pub(super) fn link_lost_to(&mut self, device: &DeviceKey) {
        let Some((shared, root)) = self.peers.get(device).map(|peer| (peer.shared.clone(), peer.row.root)) else {
            return;
        };
        for conversation in shared {
            self.types(conversation, root, false);
            // What was said last of our own typing may not have been heard.
            self.live.statements.said.remove(&conversation);
        }
    }

    /// When something here is to be done.
    pub(super) fn statements_deadline(&self) -> Option<Duration> {
        let statements = &self.live.statements;
        statements.unsaid.values().map(|(at, _)| at).chain(statements.typing.values()).min().copied()
    }

    pub(super) fn tick_statements(&mut self) {
        let now = self.now.mono;
        let silent = self.live.statements.typing.iter().filter(|(_, until)| now >= **until);
        for (conversation, root) in silent.map(|(known, _)| *known).collect::<Vec<_>>() {
            self.types(conversation, root, false);
        }
        let due = self.live.statements.unsaid.iter().filter(|(_, (at, _))| now >= *at);
        for device in due.map(|(device, _)| *device).collect::<Vec<_>>() {
            let Some(peer) = self.peers.get(&device) else {
                self.live.statements.unsaid.remove(&device);
                continue;
            };
            if peer.link.state() == link::State::Open {
                self.say_reading(&device);
            } else {
                let frames = self.unsaid_reading(&device);
                if !frames.is_empty() && self.is_peer(&device) {
                    // Without a way for mail it is said on the next link, as always.
                    self.send_mail(&device, frames, None, None);
                }
            }
        }
    }
}
