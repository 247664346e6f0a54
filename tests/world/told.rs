//! What people are told: replies to what they asked for, and messages that come.

use kith::coordinator::{Command, Event, Reply};
use kith::wire::EntryId;

use super::life::{Asked, Call, Life, Pair};

impl Life {
    /// Takes replies and events.
    pub fn hear(&mut self) {
        for device in 0..self.people {
            let events = self.world.events(device);
            for event in &events[self.seen[device]..] {
                let Event::MessageReceived { with, id, .. } = event else { continue };
                let other = |pair: &Pair, side: usize| pair.devices[side] == device && pair.users[1 - side] == *with;
                for pair in &mut self.pairs {
                    let side = (0..2).find(|side| other(pair, *side));
                    side.into_iter().for_each(|side| pair.told[side].push(id_of(id)));
                }
            }
            self.seen[device] = events.len();
        }
        for call in std::mem::take(&mut self.calls) {
            let device = self.pairs[call.pair].devices[call.side];
            match self.world.reply(device, call.number).cloned() {
                None => self.calls.push(call),
                Some(Err(_)) => {}
                Some(Ok(reply)) => self.replied(call, reply),
            }
        }
    }

    fn replied(&mut self, call: Call, reply: Reply) {
        let pair = &mut self.pairs[call.pair];
        match (call.asked, reply) {
            (Asked::Written { text, before }, Reply::Message(id)) => {
                let id = id_of(&id);
                // Its disk may have been replaced since it was told.
                if pair.devices.iter().any(|device| self.world.kept(*device).contains(&id)) {
                    pair.must.insert(id, text);
                }
                pair.before.push((id, before));
                pair.told[call.side].push(id);
                pair.own[call.side].insert(id);
            }
            (Asked::Read, Reply::History(messages)) => {
                let Some(last) = messages.last() else { return };
                let device = pair.devices[call.side];
                if !self.world.is_loaded(device) {
                    return;
                }
                let command = Command::MarkRead { with: pair.users[1 - call.side], up_to: last.id.clone() };
                let shown = messages.iter().map(|message| id_of(&message.id)).collect();
                self.submit(call.pair, call.side, command, Asked::Marked { shown });
            }
            (Asked::Marked { shown }, Reply::Done) => {
                pair.read[call.side].extend(shown);
                pair.readable[call.side].extend(self.world.kept(pair.devices[call.side]));
            }
            (Asked::Done, Reply::Done) => {}
            (Asked::Brokers(brokers), Reply::Done) => {
                self.world.use_brokers_next(pair.devices[call.side], brokers);
            }
            (_, reply) => panic!("an answer to another question: {reply:?}"),
        }
    }

    /// A process that is gone answers nothing any more. What it was asked to mark it may have marked.
    pub fn forget_calls(&mut self, device: usize) {
        for call in std::mem::take(&mut self.calls) {
            let pair = &mut self.pairs[call.pair];
            if pair.devices[call.side] != device {
                self.calls.push(call);
            } else if matches!(call.asked, Asked::Marked { .. }) {
                pair.readable[call.side].extend(self.world.kept(device));
            }
        }
    }
}

pub fn id_of(text: &str) -> EntryId {
    EntryId::from_hex(text).unwrap()
}
