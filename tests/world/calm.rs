//! The end of a story: everything works again, and time passes until all have what all have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kith::coordinator::world::World;
use kith::coordinator::{GroupView, LinkState};
use kith::wire::{ConversationId, EntryId, Header, cbor};

use super::group_checks::HEADER_MAX;
use super::life::Life;
use super::room::Room;

/// Everybody finds everybody within this: the longest backoff of links and brokers, several times.
const MEET_WITHIN: Duration = Duration::from_secs(300);
/// Over open links everything is everywhere within this.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);
/// By mail alone within this: a deposit that a broker has lost is repeated after an hour at most.
const MAIL_WITHIN: Duration = Duration::from_secs(3 * 3600);

impl Life {
    /// Everything works again, everybody comes back, and time passes until all have what all have.
    pub fn calm_down(&mut self) {
        self.world.jitter = Duration::ZERO;
        self.world.calm_disks();
        if self.broker_down {
            self.world.broker(true);
        }
        for (one, other) in self.parted.clone() {
            self.heal(one, other);
        }
        (0..self.people).for_each(|device| self.bring_back(device));
        self.settle_down();
        if self.links {
            let apart = |world: &World, pair: &Room| {
                let open = |side: usize| world.link_with(pair.devices[side], pair.names[side]) == Some(LinkState::Open);
                !(open(0) && open(1))
            };
            let pairs = || self.rooms.iter().filter(|room| !room.is_group());
            let end = self.world.now + MEET_WITHIN;
            while let Some(pair) = pairs().find(|pair| apart(&self.world, pair)) {
                let state = |side: usize| self.world.link_with(pair.devices[side], pair.names[side]);
                let words = |side: usize| self.world.link_in_words(pair.devices[side], pair.names[side]);
                assert!(
                    self.world.now < end,
                    "persons {:?} found no link: {:?}; {}; {}",
                    pair.devices,
                    [state(0), state(1)],
                    words(0),
                    words(1)
                );
                self.world.pass(Duration::from_millis(500));
            }
        }
        let (within, step) = if self.links { (SETTLE_WITHIN, 1) } else { (MAIL_WITHIN, 60) };
        let end = self.world.now + within;
        while let Some(why) = self.unsettled(self.world.now >= end) {
            assert!(self.world.now < end, "{why}, {within:?} after all was well");
            self.world.pass(Duration::from_secs(step));
        }
        self.world.pass(Duration::from_secs(5));
        // Whoever has read something marks it, and is told.
        for _ in 0..3 {
            self.hear();
            self.world.pass(Duration::from_secs(1));
        }
    }

    /// What is not yet as it must be; at length when it is the last word.
    fn unsettled(&mut self, at_length: bool) -> Option<String> {
        let apart = match self.unsettled_group(at_length) {
            Ok(apart) => apart,
            Err(why) => return Some(why),
        };
        for device in (0..self.people).filter(|device| !apart.contains(device)) {
            let waiting = self.world.status(device).outbox;
            if waiting > 0 {
                let which = if at_length { self.world.db(device).undelivered().unwrap() } else { vec![] }.join("; ");
                return Some(format!("{waiting} messages of person {device} wait for a confirmation: {which}"));
            }
        }
        let envelopes = self.world.being_delivered();
        if envelopes > 0 {
            return Some(format!("{envelopes} envelopes wait with the broker"));
        }
        for room in self.rooms.iter().filter(|room| !room.is_group()) {
            let [one, other] = [0, 1].map(|side| self.world.db(room.devices[side]).ids(&room.conversation).unwrap());
            if one != other {
                let missing = one.symmetric_difference(&other).count();
                return Some(format!("{missing} messages are missing between persons {:?}", room.devices));
            }
        }
        None
    }

    /// What the members of the group have not agreed on yet; or those who wait for somebody whom nobody could tell, or who was not
    /// told. Strangers are told once that somebody has left or was put out, and when that is lost only a contact tells it again.
    fn unsettled_group(&mut self, at_length: bool) -> Result<BTreeSet<usize>, String> {
        let Some((room, group)) = self.group() else { return Ok(BTreeSet::new()) };
        let conversation = self.rooms[room].conversation;
        let views: BTreeMap<usize, GroupView> = (0..self.people)
            .filter_map(|device| Some((device, self.world.group_now(device, group)?.1)))
            .filter(|(_, view)| view.inside)
            .collect();
        let ids: Vec<BTreeSet<EntryId>> =
            (0..self.people).map(|device| self.world.db(device).ids(&conversation).unwrap()).collect();
        let mut apart = BTreeSet::new();
        for (one, view) in &views {
            for other in (0..self.people).filter(|other| other != one) {
                let listed = lists(view, self.world.user(other));
                let back = views.get(&other).map(|theirs| lists(theirs, self.world.user(*one)));
                if listed && back == Some(true) {
                    if ids[*one] != ids[other] {
                        let words = if at_length { self.difference(&conversation, *one, other) } else { String::new() };
                        return Err(format!(
                            "entries of the group are missing between persons {one} and {other}: {words}"
                        ));
                    }
                } else if listed || back.is_some() {
                    if self.are_contacts(*one, other) {
                        let words = if at_length { self.difference(&conversation, *one, other) } else { String::new() };
                        return Err(format!(
                            "persons {one} and {other} do not agree who is in the group: the first has the second in it: {listed}, the second \
                             the first: {back:?}; {words}"
                        ));
                    }
                    apart.insert(*one);
                }
            }
        }
        Ok(apart)
    }

    /// What of a conversation only one of two has.
    fn difference(&mut self, conversation: &ConversationId, one: usize, other: usize) -> String {
        let kept = [one, other].map(|device| self.world.db(device).entries(conversation).unwrap());
        let ids = [0, 1].map(|side: usize| kept[side].iter().map(|kept| kept.id).collect::<BTreeSet<EntryId>>());
        let mut words = vec![];
        for (side, device) in [one, other].into_iter().enumerate() {
            for kept in kept[side].iter().filter(|kept| !ids[1 - side].contains(&kept.id)) {
                let header: Header = cbor::decode(&kept.entry.header, HEADER_MAX).unwrap();
                let author = (0..self.people).find(|device| self.world.root(*device) == header.author);
                let (kind, waits) = (header.kind, if kept.position.is_none() { ", waiting" } else { "" });
                words.push(format!(
                    "only {device} has kind {kind} by {author:?} of log {:?} at {}{waits}",
                    header.log, header.sequence
                ));
            }
        }
        words.join("; ")
    }
}

pub fn lists(view: &GroupView, user: uuid::Uuid) -> bool {
    view.members.iter().any(|member| member.user_id == user)
}
