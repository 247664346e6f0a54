//! The simulated world: random stories of several people, each from one seed, over real engines and real databases.
//!
//! Whatever is killed, lost, repeated, reordered, parted, restored from an old copy or refused by a disk: once all are
//! connected again, every pair of contacts has the same conversation in the same order, and what people were told is safe is
//! there. What must hold at every step is checked by the world itself (`src/coordinator/world/promises.rs`).
//!
//! `cargo xtask lab world --seeds N` tells more stories, `--seed N` one of them, step by step; a story that fails is told
//! again with fewer and fewer moves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod apart;
mod calm;
mod checks;
mod dispute;
mod flood;
mod found;
mod group_checks;
mod groups;
mod life;
mod live;
mod moves;
mod outside;
mod places;
mod relapse;
mod room;
mod shrink;
mod told;
mod traces;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use self::life::Life;
use self::moves::{KINDS, Kind, Story};

/// It takes the place of the C library's, too, so that SQLite has it.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stories of the usual run.
const SEEDS: u64 = 500;
/// How many stories are told, from seed 0 on.
const SEEDS_VARIABLE: &str = "KITH_SEEDS";
/// `no` when it is enough to know which seed fails.
const SHRINK_VARIABLE: &str = "KITH_SHRINK";
/// `no` when all stories are to be told, whichever of them fail.
const STOP_VARIABLE: &str = "KITH_STOP";
/// `yes` when what devices log is to be seen beside the steps of the one seed.
const LOG_VARIABLE: &str = "KITH_LOG";
/// The one seed to be told, step by step.
const SEED_VARIABLE: &str = "KITH_SEED";
/// Where files lie in memory, if the system has a place for that.
const MEMORY: &str = "/dev/shm";
/// Where they do not, a story whose databases are on disk waits for it with each commit: meanwhile another one is told. Where they do, a second one
/// only takes the first one's place in the caches: an eighth slower.
const THREADS_WHERE_DISKS_WAIT: usize = 2;
/// No kind of move may be rarer than this share of all.
const SHARE_MIN: f64 = 0.01;

/// What became of a story.
#[derive(Default)]
struct Told {
    made: BTreeMap<Kind, u64>,
    messages: u64,
    /// How often there was each of [`SCENES`].
    scenes: [u64; SCENES.len()],
}

/// What is not a move of its own, and has to come about all the same.
const SCENES: [&str; 4] = ["entries were forged", "groups flooded", "disputes", "relapses"];

/// Where files are that need not outlive anything. A story's databases are files like all others, but to wait for a disk that nobody
/// pulls the plug of proves nothing, so they are in memory where the system has a place for that.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir()).unwrap()
}

/// Tells a story to its end. `Err` says which promise was broken.
fn tell(story: &Story, aloud: bool) -> Result<Told, String> {
    let folder = folder();
    let told = std::panic::catch_unwind(AssertUnwindSafe(|| {
        kith::coordinator::world::pretend(!story.real);
        let mut life = Life::begin(story, folder.path());
        if aloud {
            (0..life.people).for_each(|n| println!("person {n} is {:?}", life.world.root(n)));
        }
        for (number, step) in story.moves.iter().enumerate() {
            if aloud {
                println!("{number:>4}  {:>12.3?}  {:?} {} {}", life.world.now, step.kind, step.who, step.what);
            }
            life.make(step);
        }
        life.calm_down();
        checks::check(&mut life);
        let messages = life.rooms.iter().map(|room| room.must.len() as u64).sum();
        let scenes = [life.world.forged, u64::from(!life.flood.is_empty()), life.disputes, life.relapses];
        Told { made: std::mem::take(&mut life.made), messages, scenes }
    }));
    told.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

/// Whatever happens to people who write to each other, they end with the same conversations, and nothing is missing.
#[test]
fn every_story_ends_with_the_same_conversations() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    // What is caught is said at the end, once.
    if number(SEED_VARIABLE).is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    if let Some(seed) = number(SEED_VARIABLE) {
        if std::env::var(LOG_VARIABLE).is_ok_and(|said| said == "yes") {
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).without_time().init();
        }
        return match tell(&Story::of(seed), true) {
            Ok(told) => println!("seed {seed}: all is well after {} messages", told.messages),
            Err(why) => fail(seed, &why),
        };
    }
    let seeds = number(SEEDS_VARIABLE).unwrap_or(SEEDS);
    let (next, stop, failed) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    let all = Mutex::new(Told::default());
    let stops = !std::env::var(STOP_VARIABLE).is_ok_and(|said| said == "no");
    let start = Instant::now();
    let per_core = if std::path::Path::new(MEMORY).is_dir() { 1 } else { THREADS_WHERE_DISKS_WAIT };
    let threads = per_core * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    match tell(&Story::of(seed), false) {
                        Ok(told) => {
                            let mut all = all.lock().unwrap();
                            all.messages += told.messages;
                            all.scenes.iter_mut().zip(told.scenes).for_each(|(all, told)| *all += told);
                            told.made.into_iter().for_each(|(kind, count)| *all.made.entry(kind).or_default() += count);
                        }
                        Err(why) => {
                            println!("seed {seed}: {why}");
                            stop.store(stops, Ordering::Relaxed);
                            failed.lock().unwrap().insert(seed, why);
                        }
                    }
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let mut failed = failed.into_inner().unwrap();
    let all = all.into_inner().unwrap();
    if failed.is_empty() || !stops {
        print_table(&all, seeds, start.elapsed().as_secs_f64());
    }
    if let Some((seed, why)) = failed.pop_first() {
        println!("{} stories failed", failed.len() + 1);
        fail(seed, &why);
    }
}

fn print_table(all: &Told, seeds: u64, seconds: f64) {
    let moves: u64 = all.made.values().sum();
    println!("{seeds} stories, {moves} moves ({} a story), {} messages, {seconds:.0} s", moves / seeds, all.messages);
    let mut rare = vec![];
    for (kind, _, name) in KINDS {
        let count = all.made.get(&kind).copied().unwrap_or_default();
        let share = count as f64 / moves as f64;
        println!("  {name:<12} {count:>9}  {:>5.1} %", 100.0 * share);
        if share < SHARE_MIN {
            rare.push(name);
        }
    }
    let scenes: Vec<String> = all.scenes.iter().zip(SCENES).map(|(count, name)| format!("{count} {name}")).collect();
    println!("  {}", scenes.join(", "));
    // A few stories say nothing about shares.
    assert!(rare.is_empty() || seeds < 100, "too rare: {rare:?}");
    assert!(!all.scenes.contains(&0) || seeds < 500, "some scene never came about");
}

/// Says which promise was broken, and by how little of the story.
fn fail(seed: u64, why: &str) -> ! {
    println!("seed {seed}: {why}");
    let again = format!("seed {seed} fails: {why}; again with: cargo xtask lab world --seed {seed}");
    if std::env::var(SHRINK_VARIABLE).is_ok_and(|said| said == "no") {
        panic!("{again}");
    }
    std::panic::set_hook(Box::new(|_| {}));
    // Another promise that is broken on the way is another failure.
    let kind = |why: &str| why.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().to_owned();
    let short =
        shrink::shrink(Story::of(seed), |story| tell(story, false).is_err_and(|other| kind(&other) == kind(why)));
    let _ = std::panic::take_hook();
    println!("{} moves are enough:", short.moves.len());
    for step in &short.moves {
        println!("  {:?} {} {}, then {:?}", step.kind, step.who, step.what, step.pause);
    }
    panic!("{again}");
}
