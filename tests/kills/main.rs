//! Three people write to each other and into a group of all three, and their processes are killed with -9, again and again, at moments that a seed chooses.
//!
//! At the end all come back, and: every conversation is the same with all who are in it, entry for entry and in the same order; every
//! message whose command was answered is there exactly once; nothing is there twice, nobody was told of a message twice; every
//! database is in order. The processes are real, and so are the files, the broker between them and the links.
//!
//! `cargo xtask lab crash` kills two hundred times; as a test it is a dozen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod checks;
mod person;
#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::person::Person;
use self::support::{Transport, World};

/// How many kills, in all.
const KILLS_VARIABLE: &str = "KITH_KILLS";
const KILLS: u64 = 12;
/// What the moments follow from; another one at each run unless it is given.
const SEED_VARIABLE: &str = "KITH_SEED";
/// Between two kills: from right after the other, so that two die at once, to long enough for all three to be linked.
const PAUSE_MS: std::ops::Range<u64> = 0..2_600;
/// Two hundred kills, and all that follows, are over within this; fewer in less.
const LIMIT: Duration = Duration::from_secs(12 * 60);
const LIMIT_FOR: u64 = 200;
/// Whatever their number, the beginning and the end may take this.
const LIMIT_LEAST: Duration = Duration::from_secs(120);
/// When all have come back, less and less waits to be delivered: for so long it may stay the same.
const PATIENCE: Duration = Duration::from_secs(60);

const NAMES: [&str; 3] = ["Alice", "Bob", "Carol"];

/// Whoever dies whenever, nothing acknowledged is lost, nothing is there twice, and all end with the same conversations.
#[test]
fn whoever_is_killed_nothing_acknowledged_is_lost() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let kills = number(KILLS_VARIABLE).unwrap_or(KILLS);
    let by_chance = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = number(SEED_VARIABLE).unwrap_or_else(by_chance);
    println!("{kills} kills at moments that follow from seed {seed}");
    let begun = Instant::now();
    let world = World::new(Transport::Embedded).expect("a broker");
    let people: Vec<Person> = NAMES.iter().map(|name| Person::born(name, &world)).collect();
    befriend(&people);
    let group = found(&people);
    println!("three people are contacts of each other and in a group after {:.1} s", begun.elapsed().as_secs_f64());

    let (peace, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let killed = thread::scope(|scope| {
        let _end = End([&peace, &done]);
        let lives: Vec<_> = people
            .iter()
            .map(|person| {
                let others: Vec<&Person> = people.iter().filter(|other| other.name != person.name).collect();
                let (group, peace, done) = (&group, &peace, &done);
                scope.spawn(move || person.live(&others, group, peace, done))
            })
            .collect();
        let killed = kill(&people, kills, seed, begun);
        peace.store(true, Ordering::SeqCst);
        let calm = Instant::now();
        let (mut least, mut since) = (u64::MAX, Instant::now());
        while !people.iter().all(Person::is_calm) && lives.iter().all(|life| !life.is_finished()) {
            let waiting = people.iter().map(Person::waiting).sum();
            if waiting < least {
                (least, since) = (waiting, Instant::now());
            }
            if since.elapsed() > PATIENCE {
                people.iter().for_each(Person::testify);
                panic!("{waiting} messages stay where they are: {}", told(&people));
            }
            thread::sleep(Duration::from_millis(50));
        }
        println!("all was delivered {:.1} s after the last one had died", calm.elapsed().as_secs_f64());
        done.store(true, Ordering::SeqCst);
        // Whoever panicked has said why.
        let badly = lives.into_iter().filter_map(|life| life.join().err()).count();
        assert_eq!(badly, 0, "somebody's life ended badly");
        killed
    });
    let conversations = checks::check(&people, &group);
    let [acknowledged, unanswered]: [usize; 2] = [Person::acknowledged_count, Person::unanswered_count]
        .map(|count: fn(&Person) -> usize| people.iter().map(count).sum());
    println!(
        "{killed} kills ({}), {acknowledged} messages acknowledged, {unanswered} without an answer, {conversations} conversations \
         of {} entries the same with all, {:.0} s",
        told(&people),
        conversations.entries,
        begun.elapsed().as_secs_f64(),
    );
    let limit = LIMIT_LEAST.max(LIMIT * u32::try_from(kills).unwrap() / u32::try_from(LIMIT_FOR).unwrap());
    assert!(begun.elapsed() < limit, "it took {:?} of {limit:?}", begun.elapsed());
    assert!(acknowledged > 0, "nobody was answered");
}

/// Ends the lives when whoever watches them panics: the scope waits for them, and they wait for these.
struct End<'a>([&'a AtomicBool; 2]);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|over| over.store(true, Ordering::SeqCst));
    }
}

fn told(people: &[Person]) -> String {
    let each: Vec<String> = people.iter().map(Person::told).collect();
    each.join(", ")
}

/// Kills one of them, waits, kills another; tells how often.
fn kill(people: &[Person], kills: u64, seed: u64, begun: Instant) -> u64 {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut killed = 0;
    while killed < kills {
        assert!(begun.elapsed() < LIMIT, "{killed} of {kills} kills in {LIMIT:?}");
        thread::sleep(Duration::from_millis(rng.random_range(PAUSE_MS)));
        let victim = rng.random_range(0..people.len());
        // One that has not come back yet cannot die: the next one, then.
        killed += u64::from((0..people.len()).any(|next| people[(victim + next) % people.len()].kill()));
    }
    killed
}

/// The first makes a group of all, while nobody dies. Tells its id.
fn found(people: &[Person]) -> String {
    let (first, others) = people.split_first().unwrap();
    let group = first.makes_a_group(others);
    people.iter().for_each(|person| person.is_in(&group, people.len()));
    group
}

/// Makes contacts of all, while nobody dies.
fn befriend(people: &[Person]) {
    for (at, one) in people.iter().enumerate() {
        for other in &people[at + 1..] {
            one.asks(other);
            other.accepts(one);
        }
    }
    for one in people {
        one.knows(people.len() - 1);
    }
}
