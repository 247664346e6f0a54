//! What mail says of what each side has, and which mail counts.
//!
//! Mail may be late, and a broker may say it again. What it says of its sender counts only when nothing that the sender said
//! later has been heard: numbers grow with every mail, and the last `have` that counted draws the line. Below it acks, `have`
//! and `lack` are no longer true when the sender's database was put back since, and its entries do not show that it has them.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

use super::Engine;
use super::frames::Statements;
use super::pending::{Pending, Refused};
use super::state::HAVES_MAILED_MAX;
use crate::link::State;
use crate::wire::{self, ConversationId, DeviceKey, FRAMES_PER_MAIL_MAX, Frame, MAIL_BYTES_MAX, Mail, state};

/// A number is higher than the last by up to this, by chance: two lives that began with the same copy of a database must not
/// use the same ones. A device has enough of them for two thousand million mails to a peer.
const STEP_MAX: u64 = 1 << 32;

/// The number of the mail after that with this one.
pub(super) fn next_number(last: u64, rng: &mut StdRng) -> u64 {
    last.saturating_add(rng.random_range(1..=STEP_MAX))
}

impl Engine {
    /// Takes from a mail what does not count any more, and reads what it says of ours.
    pub(super) fn weigh(&mut self, device: &DeviceKey, mail: &Mail, said: &mut Statements) {
        let (now, older) = (self.now.mono, self.is_older());
        let Some(peer) = self.peers.get_mut(device) else { return };
        let seen = mail.seen.filter(|_| !older).filter(|seen| peer.telling.seen(*seen, peer.row.mail_sent, now));
        if let Some(seen) = seen {
            peer.row.mail_sent = peer.row.mail_sent.max(seen);
        }
        let stale = mail.number <= peer.row.mail_seen;
        said.proves &= !stale;
        if peer.link.state() == State::Open {
            // Over the link it has said all that it has, and later than this.
            said.lacks.clear();
        }
        if peer.open.is_some() {
            // Also in doubt: the link may go on, and what is said anew on it comes later than this. If it does not, this is mailed again, after an hour.
            said.haves.clear();
        }
        let states = !said.haves.is_empty();
        if stale {
            // It learns that by the number that counts, when its own ones were put back.
            peer.seen_due |= states || !said.lacks.is_empty() || !said.acked.is_empty();
            said.haves.clear();
        } else if states {
            peer.row.mail_seen = mail.number;
            // Its last question may have a higher number, when its own ones were put back: what it asks from now on counts.
            peer.mail_lacked = peer.mail_lacked.min(mail.number.saturating_sub(1));
            if !older {
                peer.telling.answered(mail.seen, now);
            }
        }
        if mail.number <= peer.mail_lacked {
            said.lacks.clear();
        } else if !said.lacks.is_empty() {
            peer.mail_lacked = mail.number;
        }
        if seen.is_some() {
            self.save_peer(device);
        }
    }

    /// A peer's `have` or `lack` is on disk. When no other waits for that, so is everything that it has said by mail.
    pub(super) fn statement_kept(&mut self, device: &DeviceKey) {
        let more = |pending: &Pending| matches!(pending, Pending::Believed { device: of, .. } if of == device);
        // What the disk has refused is asked of it again.
        let refused = |(_, refused): &(Duration, Refused)| matches!(refused, Refused::Wish(wish) if more(wish));
        if self.pending.values().any(more) || self.refused.iter().any(refused) {
            return;
        }
        if let Some(peer) = self.peers.get_mut(device)
            && peer.mail_counted < peer.row.mail_seen
        {
            peer.mail_counted = peer.row.mail_seen;
            peer.seen_due = true;
            self.save_peer(device);
        }
    }

    /// Says which mail has counted to those who have to know, unless a link has said more.
    pub(super) fn flush_seen(&mut self) {
        let (now, older) = (self.now.mono, self.is_older());
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| peer.seen_due).map(|(device, _)| *device).collect();
        for device in due {
            let Some(peer) = self.peers.get(&device) else { continue };
            let routed = self.mail_route(peer).is_some();
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            if peer.open.is_none() && !routed {
                continue;
            }
            peer.seen_due = false;
            // What we have is about to go, and says it too.
            if peer.open.is_none() && !older && !peer.telling.is_going(now) && peer.seens.allow(now) {
                self.send_mail(&device, vec![], None, None);
            }
        }
    }

    /// Goes before `have` on a link: whatever we have said by mail is older than that.
    pub(super) fn say_mail_numbers(&mut self, device: &DeviceKey) {
        let Some(peer) = self.peers.get(device).filter(|_| !self.is_older()) else { return };
        let (counter, value) = (peer.row.mail_sent, peer.row.mail_seen.to_be_bytes().to_vec());
        self.send_frame(device, &Frame::State(wire::State { kind: state::MAIL, counter, value }));
    }

    /// A peer is about to say on a link what it has: its number, and which of ours has counted last.
    pub(super) fn mail_numbers(&mut self, device: &DeviceKey, said: &wire::State) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        let Ok(seen) = <[u8; 8]>::try_from(said.value.as_slice()) else {
            return self.drop_counted("a malformed frame");
        };
        let row = &mut peer.row;
        let before = (row.mail_sent, row.mail_seen);
        row.mail_sent = row.mail_sent.max(u64::from_be_bytes(seen));
        row.mail_seen = row.mail_seen.max(said.counter);
        // Its last question may have a higher number, when its own ones were put back: what it asks from now on counts.
        peer.mail_lacked = peer.mail_lacked.min(row.mail_seen);
        if (row.mail_sent, row.mail_seen) != before {
            peer.mail_counted = peer.mail_counted.max(peer.row.mail_seen);
            self.save_peer(device);
        }
    }

    /// The run has begun: this device is told what we have, unless a link does.
    pub(super) fn begin_telling(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if self.is_older() {
            return;
        }
        if let Some(peer) = self.peers.get_mut(device) {
            peer.telling.begin(now, &mut self.rng);
        }
    }

    /// A device acknowledges by mail what is not here. Who has written it was put back since, and its mail was late, later than what we
    /// have said to have: so the device takes us to have what it stands for.
    pub(super) fn tell_again(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if self.is_older() {
            return;
        }
        if let Some(peer) = self.peers.get_mut(device).filter(|peer| peer.open.is_none()) {
            peer.telling.tell_again(now, &mut self.rng);
        }
    }

    pub(super) fn tick_telling(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.telling.tick(now) {
            let mut all: Vec<ConversationId> = peer.shared.iter().copied().collect();
            if all.len() > HAVES_MAILED_MAX {
                let first = self.rng.random_range(0..all.len());
                all.rotate_left(first);
                all.truncate(HAVES_MAILED_MAX);
            }
            // Who takes us for told may have lost that with a disk, and we what we take them to know.
            let room = HAVES_MAILED_MAX.saturating_sub(all.len());
            all.extend(self.groups_told(device).into_iter().take(room));
            self.gather_haves(device, all, vec![]);
        }
    }

    /// Asks the store for what we have of each conversation that is left, and says all of it when none is.
    pub(super) fn gather_haves(&mut self, device: &DeviceKey, mut left: Vec<ConversationId>, told: Vec<Vec<u8>>) {
        match left.pop() {
            Some(next) => {
                let op = self.have_for(device, &next);
                self.ask(Pending::MailHave(*device, left, told), op);
            }
            None => self.mail_haves(device, told),
        }
    }

    /// A device was told by mail what we have of a group, and takes us to have all of what came without its body. Nobody else mails the bodies
    /// of what it has written: it is asked for them, behind that.
    pub(super) fn bodies_after_have(&mut self, device: &DeviceKey, group: ConversationId) {
        self.ask_for_bodies_of(device, group);
    }

    /// The store has told what we have: one statement, in as few mails as hold it.
    fn mail_haves(&mut self, device: &DeviceKey, told: Vec<Vec<u8>>) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get(device) else { return };
        let possible = peer.link.state() != State::Open && self.mail_route(peer).is_some();
        let said = possible && peer.telling.is_due();
        let peer_shared = peer.shared.clone();
        if said {
            let mut mails: Vec<Vec<Vec<u8>>> = vec![];
            let mut room = 0;
            for frame in told {
                match mails.last_mut() {
                    Some(mail) if frame.len() <= room && mail.len() < FRAMES_PER_MAIL_MAX => {
                        room -= frame.len();
                        mail.push(frame);
                    }
                    _ => {
                        room = MAIL_BYTES_MAX.saturating_sub(frame.len());
                        mails.push(vec![frame]);
                    }
                }
            }
            let last = mails.len().saturating_sub(1);
            for (place, mail) in mails.into_iter().enumerate() {
                self.send_mail(device, mail, None, None);
                if let Some(peer) = self.peers.get_mut(device).filter(|_| place < last) {
                    peer.telling.says_a_part(peer.row.mail_sent);
                }
            }
            let groups: Vec<ConversationId> =
                peer_shared.into_iter().filter(|conversation| self.joined(conversation).is_some()).collect();
            groups.into_iter().for_each(|group| self.bodies_after_have(device, group));
        }
        let Some(peer) = self.peers.get_mut(device) else { return };
        if said {
            peer.telling.says(peer.row.mail_sent, now, &mut self.rng);
        } else {
            peer.telling.unsaid(now);
        }
    }
}
