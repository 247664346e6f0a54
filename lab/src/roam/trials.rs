//! One run of each trial: two people at home talk, something happens, and the clock says how long the next message took.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use patchbay::NodeId;
use serde_json::{Value, json};

use super::Trial;
use crate::deliver::{ARRIVE_LIMIT, Two, Ways, in_a_world, named};
use crate::kinds::{Kind, Way};
use crate::person::SETUP_LIMIT;
use crate::promises;
use crate::world::{Setup, World};

/// Where both live: each at home behind a router of the common kind, so that a way back needs both sides' help.
const HOME: Kind = Kind::Moderate;
/// Where the one who moves moves to.
const ELSEWHERE: Kind = Kind::Carrier;
/// Each side's path between two such networks.
const BEST: Ways = [Some(Way::Direct); 2];
/// The link is open by then, before anything is measured and after everything was.
const LINK_LIMIT: Duration = Duration::from_secs(40);
/// Alice's place among the people of a world with a cluster: Carol is there before her.
const ALICE: usize = 1;
/// How long the broker is down: longer than a client needs to notice.
const BROKER_DOWN: Duration = Duration::from_secs(3);
/// How long a dead peer stays dead, after it was missed.
const DEAD: Duration = Duration::from_secs(1);

/// One run. The figures of the trial's promises, in their order.
pub fn run(setup: &Setup, trial: Trial) -> Result<Vec<Duration>> {
    let kept = |times: &Vec<Duration>| {
        promises::of(trial).zip(times).all(|(promise, time)| time.as_secs_f64() <= promise.seconds)
    };
    in_a_world(setup, kept, |world| match trial {
        Trial::OnlyMail => only_mail(world),
        Trial::Cluster => cluster(world, false),
        Trial::SecondBroker => cluster(world, true),
        trial => {
            // Built before anybody talks: a new router at the public part is nothing that a person's moving makes.
            let elsewhere = world.network("elsewhere", ELSEWHERE)?;
            let mut two = conversation(world)?;
            let times = match trial {
                Trial::Move => vec![moves(elsewhere.id(), &mut two)?],
                Trial::Address => vec![changes_address(&mut two)?],
                Trial::Away2 => vec![away(&mut two, 2)?],
                Trial::Away20 => vec![away(&mut two, 20)?],
                Trial::Away120 => vec![away(&mut two, 120)?],
                Trial::Frozen => vec![frozen(&mut two, 60)?],
                Trial::Nap => vec![frozen(&mut two, 8)?],
                Trial::Broker => broker(world, &mut two)?,
                Trial::Killed => killed(&mut two)?,
                Trial::Cluster | Trial::SecondBroker | Trial::OnlyMail => Vec::new(),
            };
            has_a_link_again(&mut two)?;
            two.nothing_lost_nothing_twice()?;
            Ok(times)
        }
    })
}

/// Two contacts with an open link, who have just written to each other.
fn conversation(world: &World) -> Result<Two> {
    let mut two = Two::meet(world, (HOME, HOME))?;
    let ways = two.climb_to(Way::Direct, LINK_LIMIT)?;
    ensure!(ways == BEST, "before anything happened the path was {}", named(ways));
    two.both_write("How are you?", Instant::now()).context("before anything happened")?;
    Ok(two)
}

/// Mail may have kept the promise; the best path must be found again all the same.
fn has_a_link_again(two: &mut Two) -> Result<()> {
    let ways = two.climb_to(Way::Direct, LINK_LIMIT)?;
    ensure!(ways == BEST, "a while after it happened the path is {}", named(ways));
    Ok(())
}

/// Alice takes her laptop elsewhere; both write at once.
fn moves(elsewhere: NodeId, two: &mut Two) -> Result<Duration> {
    let there = two.alice.move_to(elsewhere)?;
    two.both_write("I am on my way", there)
}

/// Alice's router gives her another address; both write at once.
fn changes_address(two: &mut Two) -> Result<Duration> {
    let changed = two.alice.change_address()?;
    two.both_write("Did you notice?", changed)
}

/// Alice has no network for a while. Both write as it begins, when nobody knows yet and the link still takes everything, and again
/// before it ends; the clock begins when the network is back.
fn away(two: &mut Two, seconds: u64) -> Result<Duration> {
    two.alice.unplug()?;
    let first = two.write("Into the tunnel")?;
    sleep(Duration::from_secs(seconds).saturating_sub(Duration::from_secs(1)));
    let last = two.write("In the tunnel")?;
    sleep(Duration::from_secs(1));
    let back = two.alice.plug_in()?;
    Ok(two.both_hear(&first, back)?.max(two.both_hear(&last, back)?))
}

/// Alice's device sleeps. Bob writes meanwhile and Alice afterwards; the clock begins when it wakes.
fn frozen(two: &mut Two, seconds: u64) -> Result<Duration> {
    two.alice.node()?.freeze()?;
    sleep(Duration::from_secs(seconds).saturating_sub(Duration::from_secs(1)));
    let asleep = two.one_writes(false, "Are you asleep?")?;
    sleep(Duration::from_secs(1));
    let awake = Instant::now();
    two.alice.node()?.thaw()?;
    let answer = two.one_writes(true, "Not any more")?;
    two.both_hear(&[answer, asleep], awake)
}

/// The broker dies and comes back. The link must not notice, and both must find the broker again.
fn broker(world: &mut World, two: &mut Two) -> Result<Vec<Duration>> {
    for person in [&mut two.alice, &mut two.bob] {
        person.node()?.forget("linkChanged");
        person.node()?.forget("brokerChanged");
    }
    world.kill_broker();
    sleep(BROKER_DOWN);
    let meanwhile = two.both_write("The post is on strike", Instant::now()).context("while the broker is down")?;
    world.start_broker()?;
    let back = Instant::now();
    let deadline = back + ARRIVE_LIMIT;
    let mut signaling = Duration::ZERO;
    for person in [&mut two.alice, &mut two.bob] {
        let connected = person.broker_is("connected", deadline)?;
        signaling = signaling.max(connected.saturating_duration_since(back));
        let noticed = person.node()?.kept("linkChanged").find(|(_, params)| !is_open(params)).is_some();
        ensure!(!noticed, "the link changed because the broker died");
    }
    Ok(vec![meanwhile, signaling])
}

/// A node of the cluster dies, the one that Alice is connected to. Her link to Bob must not notice. Carol's program starts at that
/// moment: signaling is back when Alice and she have found each other, and when Alice is let in again. With a second broker she
/// need not be: there is another.
fn cluster(world: &mut World, and_a_second: bool) -> Result<Vec<Duration>> {
    world.start_cluster(and_a_second)?;
    let mut carol = world.person("carol", HOME)?;
    let mut two = conversation(world)?;
    carol.start()?;
    carol.online(Instant::now() + SETUP_LIMIT)?;
    two.alice.befriend(&mut carol)?;
    let id = carol.id().to_owned();
    two.alice.linked(&id, Instant::now() + LINK_LIMIT)?;
    carol.take()?.shut_down()?;
    for person in [&mut two.alice, &mut two.bob] {
        person.everywhere_online(Instant::now(), Instant::now() + SETUP_LIMIT)?;
        person.node()?.forget("linkChanged");
        person.node()?.forget("brokerChanged");
    }
    world.kill_node(ALICE);
    let died = Instant::now();
    carol.start()?;
    let meanwhile = two.both_write("One is dead", died).context("while a node is dead")?;
    let deadline = died + ARRIVE_LIMIT;
    let mut back = two.alice.linked(&id, deadline)?.max(carol.linked(two.alice.id(), deadline)?);
    if !and_a_second {
        back = back.max(two.alice.everywhere_online(died, deadline)?).max(two.bob.everywhere_online(died, deadline)?);
    }
    let ids = [two.bob.id().to_owned(), two.alice.id().to_owned()];
    for (person, other) in [&mut two.alice, &mut two.bob].into_iter().zip(&ids) {
        ensure!(!person.noticed_of(other)?, "the link changed because a node died");
    }
    two.nothing_lost_nothing_twice()?;
    Ok(vec![meanwhile, back.saturating_duration_since(died)])
}

fn is_open(params: &Value) -> bool {
    params.get("state").is_some_and(|state| state == "open")
}

/// Bob's process is killed and started again. Alice misses him, and her next message is there soon after his start.
fn killed(two: &mut Two) -> Result<Vec<Duration>> {
    two.alice.node()?.forget("linkChanged");
    let bob = json!({"userId": two.bob.id()});
    two.bob.take()?.kill()?;
    let died = Instant::now();
    let missed = loop {
        let (at, event) =
            two.alice.node()?.event("linkChanged", &bob, died + ARRIVE_LIMIT).context("he is not missed")?;
        if event.get("params").is_some_and(|params| !is_open(params)) {
            break at;
        }
    };
    let written = two.one_writes(true, "Are you there?")?;
    sleep(DEAD);
    let started = two.bob.start()?;
    let delivered = two.bob.hears(&written, started + ARRIVE_LIMIT)?;
    two.bob.node()?.ask("status", json!({}))?;
    Ok(vec![missed.saturating_duration_since(died), delivered.saturating_duration_since(started)])
}

/// Alice's network lets no UDP out. Both are started again as contacts; the clock begins when both are online.
fn only_mail(world: &World) -> Result<Vec<Duration>> {
    let mut two = Two::meet(world, (Kind::Blocked, HOME))?;
    for person in [&mut two.alice, &mut two.bob] {
        person.take()?.shut_down()?;
    }
    for person in [&mut two.alice, &mut two.bob] {
        person.start()?;
    }
    let mut online = Instant::now();
    for person in [&mut two.alice, &mut two.bob] {
        online = person.online(online + SETUP_LIMIT)?;
    }
    let first = two.both_write("By post, then", online)?;
    let ways = two.ways()?;
    ensure!(ways == [Some(Way::Mail); 2], "the path is {}, and there is none but the broker", named(ways));
    two.nothing_lost_nothing_twice()?;
    Ok(vec![first])
}
