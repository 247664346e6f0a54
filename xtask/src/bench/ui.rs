//! The window: its pages in Chromium, its start and its engine on a screen of its own.
//!
//! 1. Three people get real data: ten thousand messages, written and delivered by `kith node`.
//! 2. `tests/e2e/bench.mjs` opens Alice's window in Chromium and measures inside the page.
//! 3. Kith's real window and an empty one start in turn; each says when it was painted.
//! 4. Bob's device sends as fast as it can to Alice's, with her window in sight and minimised.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::figures::{Figures, Samples, Target};
use super::people::{LONG, People, delivered};
use crate::display::Display;
use crate::process::{self, Guard};
use crate::setup::{self, For};
use crate::{e2e, workspace};

/// From the click to the painted end of a long conversation.
const OPEN_MS: f64 = 150.0;
/// Messages, with the separators between them, that are in the page at once.
const NODES: f64 = 200.0;
/// From the engine's event to the painted message.
const ARRIVAL_MS: f64 = 50.0;
/// What Kith's start may take beyond that of an empty window.
const START_MS: f64 = 300.0;
/// The engine's messages in a second behind a hidden window, against those behind a visible one. "Unchanged", as far as two
/// runs on a shared machine are ever the same.
const HIDDEN: f64 = 0.8;

/// Starts of each of the two windows.
const STARTS: usize = 10;
/// A start takes a second or two.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Messages of one run of the engine.
const LOAD: usize = 2000;
/// Runs of each kind. Of two the ratio came out anywhere between 0.73 and 0.96 on a quiet machine.
const RUNS: usize = 6;
/// The measurements in Chromium together.
const PAGE_LIMIT: Duration = Duration::from_secs(15 * 60);

/// What is measured, built with optimisation.
struct Programs {
    kith: PathBuf,
    live: PathBuf,
    empty: PathBuf,
}

/// Measures all of it.
pub fn measure(figures: &mut Figures, release: bool) -> Result<()> {
    setup::run(For::Tests);
    let missing = e2e::missing().or_else(Display::missing);
    if let Some(reason) = missing {
        bail!("the window cannot be measured here: {reason}");
    }
    let programs = build(release)?;
    let people = People::prepare(&programs.kith)?;
    in_chromium(&programs, &people, figures)?;
    let display = Display::start().context("no screen")?;
    let _guards = display.ids().map(Guard::single);
    starts(&programs, &people, &display, figures)?;
    behind_the_window(&people, &display, figures)
}

fn build(release: bool) -> Result<Programs> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "-p=kith", "--bin=kith", "--example=live", "--example=empty_window"]);
    let folder = if release {
        println!("Building Kith with optimisation …");
        // `testing` changes only what a bench needs to be told. In a folder of its own: nobody shall find a build with it where
        // they look for a release.
        cargo.args(["--profile", "measured", "--features=browser,testing"]);
        "measured"
    } else {
        cargo.args(["--features", workspace::WINDOW_FEATURES]);
        "debug"
    };
    ensure!(cargo.status().context("cannot run cargo")?.success(), "Kith does not build");
    let folder = workspace::target_dir()?.join(folder);
    let example = |name| folder.join("examples").join(name);
    Ok(Programs { kith: folder.join("kith"), live: example("live"), empty: example("empty_window") })
}

fn in_chromium(programs: &Programs, people: &People, figures: &mut Figures) -> Result<()> {
    println!("In Chromium …");
    let gallery = programs.live.clone();
    let mut node = e2e::node(&workspace::Programs { kith: programs.kith.clone(), gallery })?;
    let given = json!({
        "live": programs.live, "kith": programs.kith, "home": people.place, "alice": people.data("alice"),
        "bob": people.data("bob"), "aliceId": people.alice, "broker": people.broker, "last": people.last,
    });
    node.arg("bench.mjs").arg(given.to_string());
    let mut last = String::new();
    let ended = process::run(&mut node, Instant::now() + PAGE_LIMIT, |line| {
        let Some(line) = line else { return };
        if !line.starts_with('{') {
            println!("  {line}");
        }
        line.clone_into(&mut last);
    })?;
    ensure!(ended.success(), "tests/e2e/bench.mjs failed");
    let measured: Value = serde_json::from_str(&last).context("tests/e2e/bench.mjs measured nothing")?;
    let numbers = |path: &str| -> Vec<f64> {
        measured.pointer(path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let arrivals = |key: &str| {
        let all = measured.get("arrivals").and_then(Value::as_array).into_iter().flatten();
        Samples::new(all.filter_map(|one| one.get(key)?.as_f64()))
    };
    let openings = Samples::new(numbers("/openings"));
    figures.add(
        "open_long_conversation",
        "a conversation of 10,000 messages opens, from the click to the painted end (median)",
        openings.median(),
        "ms",
        Target::AtMost(OPEN_MS),
        openings.detail(),
    );
    let rows = measured.pointer("/nodes/rows").and_then(Value::as_f64).unwrap_or(f64::NAN);
    let seen = measured.pointer("/nodes/seen").and_then(Value::as_u64).unwrap_or_default();
    // A page that shows ten messages and never another one would hold few as well.
    ensure!(seen > 1000, "only {seen} of {LONG} messages were seen while scrolling");
    figures.add(
        "message_nodes",
        "messages and separators in the page while scrolling up and down (most)",
        rows,
        "nodes",
        Target::AtMost(NODES),
        measured.get("nodes").cloned().unwrap_or_default(),
    );
    let (from_event, from_send) = (arrivals("fromEvent"), arrivals("fromSend"));
    figures.add(
        "message_on_screen",
        "a new message is painted after the engine's event (median)",
        from_event.median(),
        "ms",
        Target::AtMost(ARRIVAL_MS),
        json!({"fromEvent": from_event.detail(), "fromTheSendersRequest": from_send.detail()}),
    );
    let (visible, hidden) = (Samples::new(numbers("/loads/visible")), Samples::new(numbers("/loads/hidden")));
    compare_loads(
        "hidden_page",
        "the engine's messages a second with its page frozen, against visible",
        visible,
        hidden,
        figures,
    );
    Ok(())
}

fn compare_loads(name: &'static str, what: &'static str, visible: Samples, hidden: Samples, figures: &mut Figures) {
    let detail = json!({"visible": visible.detail(), "hidden": hidden.detail()});
    figures.add(name, what, hidden.mean() / visible.mean(), "times as many", Target::AtLeast(HIDDEN), detail);
}

/// Kith's window and an empty one, in turn.
fn starts(programs: &Programs, people: &People, display: &Display, figures: &mut Figures) -> Result<()> {
    println!("On a screen of its own …");
    let (mut kith, mut empty) = (Vec::new(), Vec::new());
    // The first of each reads the disk for all others.
    for run in 0..=STARTS {
        let of_empty = start(Command::new(&programs.empty), "#empty", display)?;
        let of_kith = start(people.command(None, "alice"), "nav ul.rows button", display)?;
        if run > 0 {
            empty.push(of_empty);
            kith.push(of_kith);
        }
    }
    // Each with its neighbour: a machine that is busy for a while is so for both.
    let beyond = Samples::new(kith.iter().zip(&empty).map(|(kith, empty)| kith - empty));
    let detail = json!({
        "beyond": beyond.detail(), "kith": Samples::new(kith).detail(), "emptyWindow": Samples::new(empty).detail(),
    });
    figures.add(
        "start",
        "from start to the painted list of chats, beyond an empty window (median)",
        beyond.median(),
        "ms",
        Target::AtMost(START_MS),
        detail,
    );
    Ok(())
}

/// Milliseconds from the start of a program to what it shows.
fn start(mut command: Command, selector: &str, display: &Display) -> Result<f64> {
    display.show(&mut command);
    command.env("KITH_TEST_PAINTED", selector);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
    let mut child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let guard = Guard::single(child.id());
    let painted = painted(&mut child);
    process::ask_to_end(child.id());
    if !process::wait_at_most(&mut child, START_LIMIT) {
        child.kill().ok();
    }
    child.wait()?;
    drop(guard);
    Ok(painted? - begun)
}

/// When it says that it was painted, in Unix milliseconds.
fn painted(child: &mut Child) -> Result<f64> {
    let output = child.stdout.take().context("no standard output")?;
    let (send, lines) = sync_channel(1);
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        // Whoever asked may have gone.
        let _ = lines.find_map(|line| line.strip_prefix("painted ")?.parse::<f64>().ok()).map(|at| send.send(at));
    });
    lines.recv_timeout(START_LIMIT).context("a window did not say that it was painted")
}

/// The engine's work with its window in sight and minimised.
fn behind_the_window(people: &People, display: &Display, figures: &mut Figures) -> Result<()> {
    let mut command = people.command(None, "alice");
    display.show(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut window = command.spawn().context("cannot run kith")?;
    let guard = Guard::single(window.id());
    let measured = loads(people, display, window.id());
    process::ask_to_end(window.id());
    if !process::wait_at_most(&mut window, START_LIMIT) {
        window.kill().ok();
    }
    window.wait()?;
    drop(guard);
    let (visible, hidden) = measured?;
    compare_loads(
        "minimised_window",
        "the engine's messages a second with its window minimised, against visible",
        Samples::new(visible),
        Samples::new(hidden),
        figures,
    );
    Ok(())
}

fn loads(people: &People, display: &Display, process: u32) -> Result<(Vec<f64>, Vec<f64>)> {
    let window = display.window_of(process).map_err(|error| anyhow!(error))?;
    let mut bob = people.node("bob")?;
    bob.event("linkChanged", &json!({"userId": people.alice, "state": "open"}), START_LIMIT)?;
    let (mut visible, mut hidden) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        // Each goes first as often as the other, as in the page.
        for name in if run % 2 == 0 { ["visible", "minimised"] } else { ["minimised", "visible"] } {
            let moved = if name == "visible" { display.restore(&window) } else { display.minimise(&window) };
            moved.map_err(|error| anyhow!(error))?;
            let start = Instant::now();
            let words = |n| json!({"to": people.alice, "text": format!("{name} {run}, {n}")});
            let all: Vec<Value> = (0..LOAD).map(words).collect();
            for batch in all.chunks(64) {
                bob.ask_all("message.send", batch.iter().cloned())?;
            }
            delivered(&mut bob)?;
            bob.forget_events();
            let rates = if name == "visible" { &mut visible } else { &mut hidden };
            rates.push(LOAD as f64 / start.elapsed().as_secs_f64());
        }
    }
    bob.shut_down()?;
    Ok((visible, hidden))
}
