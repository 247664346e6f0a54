//! `cargo xtask demo --check`: both forms of the demo come up, and the request is there. For `cargo xtask test`.
//!
//! Its results are told in the words of Rust's test runner.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::pair::{Form, Pair};
use crate::display::Display;
use crate::e2e;
use crate::node::Node;
use crate::process::Guard;
use crate::setup::{self, For};
use crate::test::report_skip;
use crate::workspace::Programs;

/// What an answer may take that travels to the other device.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// How often a device is asked again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// One form of it.
type Show = fn(&Programs) -> Result<()>;

/// Runs both. Returns whether none failed.
pub fn run() -> Result<bool> {
    setup::run(For::Tests);
    let programs = Programs::of_the_window()?;
    let forms: [(&str, Option<String>, Show); 2] =
        [("demo::windows", Display::missing(), windows), ("demo::pages", e2e::missing(), pages)];
    let (mut passed, mut failed) = (0, 0);
    for (name, missing, show) in forms {
        if let Some(reason) = missing {
            report_skip(name, &reason)?;
            passed += 1;
            continue;
        }
        match show(&programs) {
            Ok(()) => {
                println!("test {name} ... ok");
                passed += 1;
            }
            Err(error) => {
                println!("{error:#}\ntest {name} ... FAILED");
                failed += 1;
            }
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {passed} passed; {failed} failed");
    Ok(failed == 0)
}

/// Two pages: Bob sees the request in his, and accepts it.
fn pages(programs: &Programs) -> Result<()> {
    let mut pair = Pair::prepare(programs.kith.clone())?;
    pair.open(Form::Pages, None)?;
    let mut node = e2e::node(programs)?;
    node.arg("demo.mjs").args(pair.open_ones().iter().filter_map(|one| one.address.as_deref()));
    ensure!(node.status().context("cannot run node")?.success(), "the pages do not show what they should");
    pair.end()
}

/// Two windows, side by side. In his Bob accepts the request, by keys; then both devices know it.
fn windows(programs: &Programs) -> Result<()> {
    let display = Display::start().context("no screen")?;
    let _guards = display.ids().map(Guard::single);
    let mut pair = Pair::prepare(programs.kith.clone())?;
    pair.open(Form::Windows, Some(&display))?;
    let (mut places, mut last) = (Vec::new(), String::new());
    for one in pair.open_ones() {
        let shown = display.window_of(one.id()).and_then(|window| {
            let place = display.place(&window).ok_or_else(|| "it is nowhere".to_owned())?;
            last.clone_from(&window);
            Ok((display.title(&window), place))
        });
        let (title, place) = shown.map_err(|error| anyhow!("{}'s window: {error}", one.name))?;
        pair.say(&format!("{}'s window, “{title}”, is at {place:?}.", one.name));
        places.push(place);
    }
    let [[left, _, width, _], [right, ..]] = places[..] else { bail!("there are {} windows", places.len()) };
    ensure!(left + width <= right, "the windows are not side by side: {places:?}");
    // The first stop is "Requests"; on its page, which begins at its heading, the fourth is "Accept", after the switch for hiding.
    display.focus(&last).map_err(|error| anyhow!(error))?;
    display.press(&last, &["Tab", "Return", "Tab", "Tab", "Tab", "Tab", "Return"]).map_err(|error| anyhow!(error))?;
    pair.close()?;
    let [mut alice, mut bob] = pair.both()?;
    know(&mut bob, "Alice")?;
    know(&mut alice, "Bob")?;
    alice.shut_down()?;
    bob.shut_down()?;
    pair.end()
}

/// Waits until a device has somebody as a contact: the acceptance may still be on its way.
fn know(node: &mut Node, other: &str) -> Result<()> {
    let known = |one: &Value| {
        one.get("name").is_some_and(|name| name == other) && one.get("accepted") == Some(&Value::Bool(true))
    };
    let deadline = Instant::now() + ANSWER_LIMIT;
    loop {
        let contacts = node.ask("contact.list", json!({}))?;
        if contacts.as_array().into_iter().flatten().any(known) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{other} is nobody's contact: {contacts}");
        std::thread::sleep(LOOK_AGAIN);
    }
}
