//! Messages between two people: how long they took, and that none was lost or doubled.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::kinds::{Kind, Way};
use crate::person::{Person, SETUP_LIMIT, Sent};
use crate::world::{Setup, World};

/// A message that is not there by then counts as not delivered. Twice what a client takes to give up a dead connection to
/// its broker: whoever finds back by that alone is late, and shall be seen to be late.
pub const ARRIVE_LIMIT: Duration = Duration::from_secs(120);
/// How long it is listened for what comes twice, after everything is there: what was said over a link that had gone, or by mail
/// beside it, is repeated within 3 s by whichever of the two was slower.
const ECHO: Duration = Duration::from_secs(4);

/// How a message of each would travel: Alice's and Bob's; nothing where there is no way.
pub type Ways = [Option<Way>; 2];

/// In words: one way when both sides have the same, as they should.
pub fn named(ways: Ways) -> String {
    let name = |way: Option<Way>| way.map_or("no path".to_owned(), |way| way.to_string());
    let [one, other] = ways.map(name);
    if one == other { one } else { format!("{one}/{other}") }
}

/// Two people who are contacts of each other.
pub struct Two {
    /// Whose network is disturbed.
    pub alice: Person,
    /// Whose is not.
    pub bob: Person,
    /// Everything that either has said, to be compared at the end.
    said: Vec<Sent>,
    /// When both knew that they are contacts.
    pub since: Instant,
}

impl Two {
    /// Starts both in networks of these kinds, and makes them contacts.
    pub fn meet(world: &World, (one, other): (Kind, Kind)) -> Result<Self> {
        let (mut alice, mut bob) = (world.person("alice", one)?, world.person("bob", other)?);
        for person in [&mut alice, &mut bob] {
            person.start()?;
        }
        for person in [&mut alice, &mut bob] {
            person.online(Instant::now() + SETUP_LIMIT)?;
        }
        let since = alice.befriend(&mut bob)?;
        Ok(Self { alice, bob, said: Vec::new(), since })
    }

    /// Each writes to the other; how long after `since` the later message was there.
    pub fn both_write(&mut self, text: &str, since: Instant) -> Result<Duration> {
        let written = self.write(text)?;
        self.both_hear(&written, since)
    }

    /// Each writes to the other.
    pub fn write(&mut self, text: &str) -> Result<[Sent; 2]> {
        let of_alice = self.alice.say(self.bob.id(), text)?;
        let of_bob = self.bob.say(self.alice.id(), text)?;
        self.said.extend([of_alice.clone(), of_bob.clone()]);
        Ok([of_alice, of_bob])
    }

    /// How long after `since` the later of these was there.
    pub fn both_hear(&mut self, [of_alice, of_bob]: &[Sent; 2], since: Instant) -> Result<Duration> {
        let deadline = Instant::now() + ARRIVE_LIMIT;
        let at_bob = self.bob.hears(of_alice, deadline)?;
        let at_alice = self.alice.hears(of_bob, deadline)?;
        Ok(at_bob.max(at_alice).saturating_duration_since(since))
    }

    /// One of them writes; how long it took.
    pub fn one_way(&mut self, from_alice: bool, text: &str) -> Result<Duration> {
        let sent = self.one_writes(from_alice, text)?;
        let to = if from_alice { &mut self.bob } else { &mut self.alice };
        Ok(to.hears(&sent, sent.at + ARRIVE_LIMIT)?.saturating_duration_since(sent.at))
    }

    /// One of them writes.
    pub fn one_writes(&mut self, from_alice: bool, text: &str) -> Result<Sent> {
        let (from, to) = if from_alice { (&mut self.alice, &self.bob) } else { (&mut self.bob, &self.alice) };
        let sent = from.say(to.id(), text)?;
        self.said.push(sent.clone());
        Ok(sent)
    }

    /// Waits until both would send this way or a better one. Each one's way at the end.
    pub fn climb_to(&mut self, wanted: Way, limit: Duration) -> Result<Ways> {
        let deadline = Instant::now() + limit;
        let of_alice = self.alice.climbs_to(self.bob.id(), wanted, deadline)?;
        let of_bob = self.bob.climbs_to(self.alice.id(), wanted, deadline)?;
        Ok([of_alice, of_bob])
    }

    /// Each one's way now.
    pub fn ways(&mut self) -> Result<Ways> {
        Ok([self.alice.way_to(self.bob.id())?, self.bob.way_to(self.alice.id())?])
    }

    /// Everything said is on both disks once, in the same order, and was told once.
    pub fn nothing_lost_nothing_twice(&mut self) -> Result<()> {
        let until = Instant::now() + ECHO;
        self.alice.hears_nothing_twice(&self.said, until)?;
        self.bob.hears_nothing_twice(&self.said, until)?;
        let (here, there) = (self.alice.history(self.bob.id())?, self.bob.history(self.alice.id())?);
        ensure!(here == there, "the conversation differs: {} messages here, {} there", here.len(), there.len());
        for sent in &self.said {
            let count = here.iter().filter(|id| **id == sent.id).count();
            ensure!(count == 1, "a message is there {count} times");
        }
        ensure!(here.len() == self.said.len(), "{} messages were said and {} are there", self.said.len(), here.len());
        Ok(())
    }
}

/// Does something in a world of its own, whose files are kept only when it fails or brings what is not good.
pub fn in_a_world<T>(
    setup: &Setup,
    is_good: impl FnOnce(&T) -> bool,
    act: impl FnOnce(&mut World) -> Result<T>,
) -> Result<T> {
    in_this(World::new(setup), is_good, act)
}

/// The same in this world.
pub fn in_this<T>(
    world: Result<World>,
    is_good: impl FnOnce(&T) -> bool,
    act: impl FnOnce(&mut World) -> Result<T>,
) -> Result<T> {
    let mut world = world.context("the world")?;
    let done = act(&mut world).with_context(|| format!("(see {})", world.folder()))?;
    if is_good(&done) {
        world.remove();
    } else {
        println!("(see {})", world.folder());
    }
    Ok(done)
}
