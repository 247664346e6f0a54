//! What can happen in a world, and a random story of it.
//!
//! A move names nobody: `who` and `what` are numbers that choose among those who can make it when it is made. So any of
//! them can be left out of a story, and the others still mean something.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A kind of move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somebody writes a message.
    Write,
    /// Somebody writes very much, or many at once, or one after the other.
    WriteMany,
    /// Two people write to each other at the same time, and answer what they are told.
    Talk,
    /// Somebody reads a conversation, and marks it as read.
    Read,
    /// A process ends in order.
    Leave,
    /// A device loses its network.
    Unplug,
    /// A device that is away comes back.
    Return,
    /// A process dies around one of its next commits.
    Crash,
    /// Links and connections with brokers break, with what is on its way; brokers forget what they keep.
    Lose,
    /// Envelopes and frames arrive again.
    Repeat,
    /// Envelopes and frames begin to overtake each other, or cease to.
    Reorder,
    /// Between two devices there is no path any more but the broker.
    Part,
    /// There is one again.
    Heal,
    /// A clock jumps, by up to a year in either direction.
    Skew,
    /// A device's database is copied.
    BackUp,
    /// An old copy takes its place.
    Restore,
    /// A disk refuses some writes, or disks become slow, or quick again.
    Disk,
    /// The broker ends, or comes back; mail comes late, or at once; another broker does not do what brokers do, or does again.
    Broker,
    /// Somebody shows a contact no address any more, or nobody, or has a relay for that; or does so again.
    Hide,
    /// Somebody can be reached at other brokers.
    Brokers,
    /// A device's addresses change, or it has slept.
    Network,
    /// A device goes on with an older version, or with this one again; or hears or writes what only a newer one knows.
    Version,
    /// Somebody gives a message of theirs another text.
    Edit,
    /// Somebody deletes a message of theirs for everyone.
    Delete,
    /// Somebody puts an emoji beside a message, or takes it back.
    React,
    /// Somebody answers a message.
    Answer,
    /// An admin of the group adds a contact to it.
    Invite,
    /// An admin puts somebody out of it; or there is a dispute about that.
    Remove,
    /// Somebody leaves it.
    Quit,
    /// A member becomes an admin, or is one no longer; an heir takes over.
    Promote,
    /// The group gets another name, or gives history to new members, or does so no more.
    Rename,
}

/// How often each kind of move is made, beside each other, and its name in tables.
pub const KINDS: [(Kind, u32, &str); 31] = [
    (Kind::Write, 240, "write"),
    (Kind::WriteMany, 16, "write many"),
    (Kind::Talk, 18, "talk"),
    (Kind::Read, 62, "read"),
    (Kind::Leave, 20, "leave"),
    (Kind::Unplug, 22, "unplug"),
    (Kind::Return, 80, "return"),
    (Kind::Crash, 42, "crash"),
    (Kind::Lose, 34, "lose"),
    (Kind::Repeat, 34, "repeat"),
    (Kind::Reorder, 24, "reorder"),
    (Kind::Part, 24, "part"),
    (Kind::Heal, 28, "heal"),
    (Kind::Skew, 22, "skew"),
    (Kind::BackUp, 20, "back up"),
    (Kind::Restore, 34, "restore"),
    (Kind::Disk, 28, "disk"),
    (Kind::Broker, 28, "broker"),
    (Kind::Hide, 24, "hide"),
    (Kind::Brokers, 20, "brokers"),
    (Kind::Network, 22, "network"),
    (Kind::Version, 22, "version"),
    (Kind::Edit, 24, "edit"),
    (Kind::Delete, 20, "delete"),
    (Kind::React, 24, "react"),
    (Kind::Answer, 20, "answer"),
    (Kind::Invite, 110, "invite"),
    (Kind::Remove, 36, "remove"),
    (Kind::Quit, 34, "quit"),
    (Kind::Promote, 40, "promote"),
    (Kind::Rename, 40, "rename"),
];

/// One move, and how long the world goes on after it.
#[derive(Clone, Debug)]
pub struct Move {
    pub kind: Kind,
    pub who: u32,
    pub what: u32,
    pub pause: Duration,
}

/// A whole story: who there is, and what they do.
#[derive(Clone, Debug)]
pub struct Story {
    pub seed: u64,
    pub people: usize,
    /// Contacts beside those of neighbours.
    pub extra: Vec<(usize, usize)>,
    /// Databases are files in a folder.
    pub on_disk: bool,
    /// Signatures and seals are what they are elsewhere; otherwise they only look so.
    pub real: bool,
    /// Links can be made at all; otherwise everything goes by mail.
    pub links: bool,
    /// Everybody begins in a group.
    pub group: bool,
    /// At its end somebody loses with their disk what is on its way by mail.
    pub relapse: Option<usize>,
    /// At its end somebody who is out of the group writes on and on.
    pub flood: bool,
    pub moves: Vec<Move>,
}

/// Pauses, in milliseconds: most things happen before the last ones are over, and some after everybody has calmed down.
const PAUSES: [u64; 12] = [0, 0, 0, 1, 5, 20, 20, 100, 300, 1_000, 2_000, 6_000];
/// How many people there are: more often few. A story of seven costs three times as much as one of three, and most of what can go wrong
/// takes two, or three.
const PEOPLE: [usize; 20] = [3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 7, 7];
/// One story in so many has its databases on disk.
const DISK_EVERY: u64 = 10;
/// One in so many has real signatures and seals; it is on disk, too.
const REAL_EVERY: u64 = 50;
/// One in so many ends with a relapse, where links can be made.
const RELAPSE_EVERY: u64 = 10;
/// One in so many ends with a flood: it takes twenty times as long as another one, if somebody is out of the group then who can be heard.
const FLOOD_EVERY: u64 = 200;
/// Moves of a story: 200 on average, when those that nobody could make are left out.
const MOVES: std::ops::RangeInclusive<usize> = 137..=405;

impl Story {
    /// The story of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x6b69_7468);
        let people = PEOPLE[rng.random_range(0..PEOPLE.len())];
        let extra = (0..rng.random_range(0..=2)).map(|_| (rng.random_range(0..people), rng.random_range(0..people)));
        let extra = extra.collect();
        let links = !rng.random_bool(0.125);
        let moves = (0..rng.random_range(MOVES)).map(|_| Move::random(&mut rng)).collect();
        Self {
            seed,
            people,
            extra,
            on_disk: seed % DISK_EVERY == DISK_EVERY - 1,
            real: seed % REAL_EVERY == REAL_EVERY - 1,
            links,
            group: (seed + seed / DISK_EVERY).is_multiple_of(2),
            relapse: (links && seed % RELAPSE_EVERY == RELAPSE_EVERY - 4)
                .then(|| usize::try_from(seed / RELAPSE_EVERY).unwrap()),
            flood: seed % FLOOD_EVERY == FLOOD_EVERY - 3,
            moves,
        }
    }

    /// Who is whose contact, each pair once: neighbours, and some others.
    pub fn contacts(&self) -> Vec<(usize, usize)> {
        let neighbours = (1..self.people).map(|n| (n - 1, n));
        let extra = self.extra.iter().map(|(a, b)| (*a.min(b), *a.max(b))).filter(|(a, b)| a != b);
        let mut all: Vec<_> = neighbours.chain(extra).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Move {
    fn random(rng: &mut StdRng) -> Self {
        let total = KINDS.iter().map(|(_, weight, _)| weight).sum();
        let mut left = rng.random_range(0..total);
        let chosen = KINDS.iter().find(|(_, weight, _)| {
            let found = left < *weight;
            left = left.saturating_sub(*weight);
            found
        });
        let pause = Duration::from_millis(PAUSES[rng.random_range(0..PAUSES.len())]);
        Self { kind: chosen.unwrap().0, who: rng.random(), what: rng.random(), pause }
    }
}
