//! The end of a story: everything works again, and time passes until all have what all have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kith::coordinator::world::World;
use kith::coordinator::{GroupView, LinkState};
use kith::log::Entry;
use kith::log::order::Node;
use kith::store::Kept;
use kith::wire::{ConversationId, EntryId, Header, RootKey, cbor};

use super::checks::entries;
use super::group_checks::HEADER_MAX;
use super::life::Life;
use super::room::Room;

/// Everybody finds everybody within this: the longest backoff of links and brokers, several times.
const MEET_WITHIN: Duration = Duration::from_secs(300);
/// Over open links everything is everywhere within this.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);
/// By mail alone within this: a deposit that a broker has lost is repeated after an hour at most.
const MAIL_WITHIN: Duration = Duration::from_secs(3 * 3600);

/// What is said when all is well has been heard.
const A_LITTLE: Duration = Duration::from_secs(5);
/// Texts that count again have come: whoever has no link is asked for them 10 s after the others; whoever was asked
/// four times already is asked once in 15 s, and from the beginning behind what is on its way.
const BODIES_WITHIN: Duration = Duration::from_secs(45);

/// Mail that was on its way has come, and was answered.
const PATIENCE: Duration = Duration::from_secs(120);

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
            self.meet();
        } else {
            self.say_a_last_word();
        }
        self.settle();
        if let Some(who) = self.relapsing {
            self.relapse(who);
            self.meet();
            self.settle();
        }
        if self.floods {
            self.flood();
            self.settle();
        }
        self.world.pass(if self.group().is_some() { BODIES_WITHIN } else { A_LITTLE });
        // Whoever has read something marks it, and is told.
        for _ in 0..3 {
            self.hear();
            self.world.pass(Duration::from_secs(1));
        }
    }

    /// Time passes until all contacts are linked.
    fn meet(&mut self) {
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

    /// Time passes until all have what all have.
    fn settle(&mut self) {
        let (within, step) = if self.links { (SETTLE_WITHIN, 1) } else { (MAIL_WITHIN, 60) };
        let end = self.world.now + within;
        while let Some(why) = self.unsettled(self.world.now >= end) {
            assert!(self.world.now < end, "{why}, {within:?} after all was well");
            self.world.pass(Duration::from_secs(step));
        }
    }

    /// By mail only its author brings an entry to everybody, and of a leave they are content when one knows. What others have heard comes
    /// out when somebody writes behind it: whoever misses something then asks. Who does not know that they are out
    /// mails to everybody too, but only a contact takes that from them, and is not its author: so they speak first.
    fn say_a_last_word(&mut self) {
        let Some((room, group)) = self.group() else { return };
        self.world.pass(PATIENCE);
        let views: Vec<(usize, GroupView)> = (0..self.people)
            .filter_map(|device| Some((device, self.world.group_now(device, group)?.1)))
            .filter(|(_, view)| view.inside)
            .collect();
        let world = &self.world;
        let is_in_for_all = |device: usize, view: &GroupView| {
            let listed = |theirs: &GroupView| lists(theirs, world.user(device));
            views.iter().all(|(other, theirs)| !lists(view, world.user(*other)) || listed(theirs))
        };
        let mut order: Vec<(bool, usize)> =
            views.iter().map(|(device, view)| (is_in_for_all(*device, view), *device)).collect();
        order.sort_unstable();
        for (_, device) in order {
            if self.world.group_now(device, group).is_some_and(|(_, view)| view.inside) {
                self.write_to(room, device, 10);
                self.world.pass(Duration::from_secs(1));
            }
        }
        self.hear();
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
        for room in 0..self.rooms.len() {
            let (devices, conversation) = (self.rooms[room].devices.clone(), self.rooms[room].conversation);
            let [one, other] = devices[..] else { continue };
            let [has, theirs] = [one, other].map(|device| self.world.db(device).ids(&conversation).unwrap());
            if has != theirs {
                let words = if at_length { self.difference(&conversation, one, other) } else { String::new() };
                let missing = has.symmetric_difference(&theirs).count();
                return Some(format!("{missing} messages are missing between persons {devices:?}: {words}"));
            }
        }
        None
    }

    /// What the members of the group have not agreed on yet; or those who wait for somebody who is not told again (see `apart`).
    fn unsettled_group(&mut self, at_length: bool) -> Result<BTreeSet<usize>, String> {
        let Some((room, group)) = self.group() else { return Ok(BTreeSet::new()) };
        let conversation = self.rooms[room].conversation;
        let views: BTreeMap<usize, GroupView> = (0..self.people)
            .filter_map(|device| Some((device, self.world.group_now(device, group)?.1)))
            .filter(|(_, view)| view.inside)
            .collect();
        let settled: BTreeMap<usize, BTreeSet<EntryId>> =
            views.keys().map(|device| (*device, self.settled(room, *device, &views))).collect();
        let mut apart = BTreeSet::new();
        for (one, view) in &views {
            for other in (0..self.people).filter(|other| other != one) {
                let listed = lists(view, self.world.user(other));
                let back = views.get(&other).map(|theirs| lists(theirs, self.world.user(*one)));
                let what = if listed && back == Some(true) {
                    if settled[one] == settled[&other] {
                        continue;
                    }
                    "do not have the same of the group"
                } else if listed || back.is_some() {
                    if !self.has_to_agree(*one, other, back.is_some()) {
                        // Whom somebody does not see in the group they do not wait for.
                        if listed {
                            apart.insert(*one);
                        }
                        continue;
                    }
                    "do not agree who is in the group"
                } else {
                    continue;
                };
                let words = if at_length { self.difference(&conversation, *one, other) } else { String::new() };
                return Err(format!("persons {one} and {other} {what}; {}; {words}", self.who_is_in(&views)));
            }
        }
        Ok(apart)
    }

    /// Whom everybody in the group sees in it, in words.
    fn who_is_in(&self, views: &BTreeMap<usize, GroupView>) -> String {
        let of = |view: &GroupView| -> Vec<usize> {
            (0..self.people).filter(|device| lists(view, self.world.user(*device))).collect()
        };
        let words = views.iter().map(|(device, view)| format!("{device} sees {:?}", of(view)));
        words.collect::<Vec<_>>().join(", ")
    }

    /// What somebody in the group has of it, but for what can have no place with anybody there: entries of people who are out that
    /// stand on what nobody inside has, for whoever wrote them took that along, and nobody asks those who are out for it; and what stands
    /// on what was lost with a disk. They wait wherever they came, are shown to nobody and passed on by nobody.
    fn settled(&mut self, room: usize, device: usize, views: &BTreeMap<usize, GroupView>) -> BTreeSet<EntryId> {
        let conversation = &self.rooms[room].conversation.clone();
        let together = |other: &&usize| {
            let sees = |one: usize, other: usize| lists(&views[&one], self.world.user(other));
            sees(device, **other) && sees(**other, device)
        };
        let together: Vec<usize> = views.keys().filter(together).copied().chain([device]).collect();
        let roots: Vec<RootKey> = together.iter().map(|device| self.world.root(*device)).collect();
        let kept: Vec<Vec<Kept>> =
            together.into_iter().map(|device| self.world.db(device).entries(conversation).unwrap()).collect();
        let mut ids = self.world.db(device).ids(conversation).unwrap();
        let kept: Vec<&[Kept]> = kept.iter().map(Vec::as_slice).collect();
        for stranded in stranded(&kept, &self.rooms[room].lost, |root| roots.contains(root)) {
            ids.remove(&stranded);
        }
        if !self.links {
            let kept = entries(self, room, device);
            for id in self.forgotten(room, &kept) {
                ids.remove(&id);
            }
        }
        ids
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
                let kind = header.kind;
                let place = match (kept.position, kept.beside) {
                    (None, _) => ", waiting",
                    (_, true) => ", beside",
                    _ => "",
                };
                words.push(format!(
                    "only {device} has kind {kind} by {author:?} of log {:?} at {}{place}",
                    header.log, header.sequence
                ));
            }
        }
        words.join("; ")
    }
}

/// Those of what some people have of a group that wait wherever they are for what nobody of these has: by people who are not in the group
/// with them, for whatever it is, by others for what was lost with a disk; and what waits for those. Nobody passes on what waits.
pub fn stranded(of_each: &[&[Kept]], lost: &BTreeSet<EntryId>, is_in: impl Fn(&RootKey) -> bool) -> BTreeSet<EntryId> {
    let kept = || of_each.iter().copied().flatten();
    let all: BTreeSet<EntryId> = kept().map(|kept| kept.id).collect();
    let placed: BTreeSet<EntryId> = kept().filter(|kept| kept.position.is_some()).map(|kept| kept.id).collect();
    let waiting: BTreeMap<EntryId, &Kept> =
        kept().filter(|kept| !placed.contains(&kept.id)).map(|kept| (kept.id, kept)).collect();
    let waiting: Vec<Node> =
        waiting.values().map(|kept| Node::from(&Entry::verify(kept.entry.clone()).unwrap())).collect();
    let mut stranded = BTreeSet::new();
    loop {
        let before = stranded.len();
        for node in &waiting {
            let never = |parent: &EntryId| lost.contains(parent) || !is_in(&node.key.author);
            let is_missing = |parent: &EntryId| !all.contains(parent) && never(parent);
            if node.parents.iter().any(|parent| is_missing(parent) || stranded.contains(parent)) {
                stranded.insert(node.key.id);
            }
        }
        if stranded.len() == before {
            return stranded;
        }
    }
}

pub fn lists(view: &GroupView, user: uuid::Uuid) -> bool {
    view.members.iter().any(|member| member.user_id == user)
}
