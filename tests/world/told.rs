//! What people are told: replies to what they asked for, and messages that come.

use kith::coordinator::{Command, Event, Reply};
use kith::wire::EntryId;

use super::found::begins;
use super::life::Life;
use super::room::{Asked, Call};

impl Life {
    /// Takes replies and events.
    pub fn hear(&mut self) {
        for device in 0..self.people {
            let events = self.world.events(device);
            for event in &events[self.seen[device]..] {
                let Event::MessageReceived { with, id, .. } = event else { continue };
                for room in &mut self.rooms {
                    let side = room.side(device).filter(|side| room.names[*side] == *with);
                    side.into_iter().for_each(|side| room.told[side].push(id_of(id)));
                }
            }
            self.seen[device] = events.len();
        }
        for call in std::mem::take(&mut self.calls) {
            let device = self.rooms[call.room].devices[call.side];
            match self.world.reply(device, call.number).cloned() {
                None => self.calls.push(call),
                Some(Err(_)) => {}
                Some(Ok(reply)) => self.replied(call, reply),
            }
        }
    }

    fn replied(&mut self, call: Call, reply: Reply) {
        let room = &mut self.rooms[call.room];
        match (call.asked, reply) {
            (Asked::Written { text, before }, Reply::Message(id)) => {
                let id = id_of(&id);
                // Its disk may have been replaced since it was told.
                if room.devices.iter().any(|device| self.world.kept(*device).contains(&id)) {
                    room.must.insert(id, text);
                }
                room.before.push((id, before));
                room.told[call.side].push(id);
                room.own[call.side].insert(id);
            }
            (Asked::Read, Reply::History(messages)) => {
                let Some(last) = messages.last() else { return };
                let device = room.devices[call.side];
                if !self.world.is_loaded(device) {
                    return;
                }
                let command = Command::MarkRead { with: room.names[call.side], up_to: last.id.clone() };
                let shown = messages.iter().map(|message| id_of(&message.id)).collect();
                self.submit(call.room, call.side, command, Asked::Marked { shown });
            }
            (Asked::Marked { shown }, Reply::Done) => {
                room.read[call.side].extend(shown);
                room.readable[call.side].extend(self.world.kept(room.devices[call.side]));
            }
            (Asked::Found(letter), Reply::Found(found)) => {
                let has = |text: &str| begins(text, letter);
                assert!(found.messages.iter().all(|message| has(&message.text)), "something else was found");
            }
            (Asked::Done, Reply::Done) | (Asked::Ignored, Reply::Message(_)) => {}
            (Asked::Brokers(brokers), Reply::Done) => {
                self.world.use_brokers_next(room.devices[call.side], brokers);
            }
            (_, reply) => panic!("an answer to another question: {reply:?}"),
        }
    }

    /// A process that is gone answers nothing any more. What it was asked to mark it may have marked.
    pub fn forget_calls(&mut self, device: usize) {
        for call in std::mem::take(&mut self.calls) {
            let room = &mut self.rooms[call.room];
            if room.devices[call.side] != device {
                self.calls.push(call);
            } else if matches!(call.asked, Asked::Marked { .. }) {
                room.readable[call.side].extend(self.world.kept(device));
            }
        }
    }
}

pub fn id_of(text: &str) -> EntryId {
    EntryId::from_hex(text).unwrap()
}
