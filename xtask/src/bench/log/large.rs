//! Somebody with a long past. Its database is built once and stays below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Bench, number};
use crate::bench::figures::{Figures, Samples, Target};
use crate::bench::link::of_process;
use crate::node::Node;
use crate::workspace;

/// Another number when what `examples/log` builds is another.
const EDITION: u32 = 2;
const CONVERSATIONS: usize = 500;
/// Nobody is there: what is measured needs no network. As in the cards that were built.
const BROKER: &str = "mqtt://127.0.0.1:9";
/// Starts, after one that brings the file into memory and its database to this format.
const STARTS: usize = 20;
/// From the start of the process to the list of chats.
const START_MS: f64 = 150.0;
/// A conversation at its first unread message.
const OPEN_MS: f64 = 30.0;
/// The page before it.
const OLDER_MS: f64 = 10.0;
/// What is found for what was typed so far.
const SEARCH_MS: f64 = 50.0;
/// Resident memory of a node, in millions of bytes.
const MEMORY_MB: f64 = 150.0;
/// What an answer may take.
const LIMIT: Duration = Duration::from_secs(20);

pub fn measure(bench: &Bench, figures: &mut Figures, messages: usize) -> Result<()> {
    let folder = built(bench, messages)?;
    let size = fs::metadata(folder.join("kith.sqlite3"))?.len() as f64 / 1e6;
    println!("{messages} messages in {CONVERSATIONS} conversations ({size:.0} MB), started {STARTS} times …");
    let path = folder.to_str().context("a path that is text")?;
    let (mut starts, mut pages, mut older, mut searches) = (vec![], vec![], vec![], vec![]);
    let mut last = Value::Null;
    for run in 0..=STARTS {
        let said = bench.run(&["open", path, BROKER])?;
        if run > 0 {
            starts.push(number(&said, "listMillis"));
            for (all, key) in [(&mut pages, "pageMillis"), (&mut older, "olderMillis"), (&mut searches, "searchMillis")]
            {
                all.extend(said.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64));
            }
        }
        last = said;
    }
    let starts = Samples::new(starts);
    let mut detail = starts.detail();
    detail["openedOfItMillis"] = json!(number(&last, "openedMillis").round());
    detail["chats"] = last["chats"].clone();
    let what = "a million messages: the process starts, and has the list of its chats (95 of 100)";
    figures.add("large_start", what, starts.at_share(0.95), "ms", Target::AtMost(START_MS), detail);
    let page = Samples::new(pages);
    let what = "any of its conversations is opened at its first unread message (95 of 100)";
    figures.add("large_open", what, page.at_share(0.95), "ms", Target::AtMost(OPEN_MS), page.detail());
    let older = Samples::new(older);
    let what = "the page before that (95 of 100)";
    figures.add("large_older", what, older.at_share(0.95), "ms", Target::AtMost(OLDER_MS), older.detail());
    let search = Samples::new(searches);
    let what = "a search in all of them (95 of 100; common words, rare ones, beginnings, Japanese, several, nothing)";
    figures.add("large_search", what, search.at_share(0.95), "ms", Target::AtMost(SEARCH_MS), search.detail());
    memory(bench, &folder, figures)
}

/// A node on it, as a script uses it: it reads a page of each conversation.
fn memory(bench: &Bench, folder: &Path, figures: &mut Figures) -> Result<()> {
    let mut command = Command::new(&bench.kith);
    command.arg("node").arg("--data").arg(folder).args(["--broker", BROKER, "--no-default-ice"]);
    command.env("KITH_HOME", &bench.place);
    let begun = Instant::now();
    let mut node = Node::of("alice", command, &bench.place.join("large.log"))?;
    let chats = node.ask("conversation.list", json!({}))?;
    let answered = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(chats.as_array().is_some_and(|chats| chats.len() == CONVERSATIONS), "not all conversations: {chats}");
    let contacts = node.ask("contact.list", json!({}))?;
    let contacts = contacts.as_array().context("a list of contacts")?.clone();
    ensure!(contacts.len() == CONVERSATIONS, "{} contacts", contacts.len());
    let before = of_process(node.id(), "status", "VmRSS")? as f64 * 1024.0 / 1e6;
    for contact in &contacts {
        let page = node.ask("message.history", json!({"with": contact["userId"], "limit": 100}))?;
        ensure!(page.as_array().is_some_and(|page| page.len() == 100), "no page of a hundred");
    }
    let after = of_process(node.id(), "status", "VmRSS")? as f64 * 1024.0 / 1e6;
    node.shut_down()?;
    ensure!(begun.elapsed() < LIMIT, "a node with a long past is slow in all it does");
    let detail = json!({"atStartMegabytes": before.round(), "firstAnswerMillis": answered.round()});
    let what = "resident memory of a `kith node` on it, after it has shown a page of each conversation";
    figures.add("large_memory", what, after, "MB", Target::AtMost(MEMORY_MB), detail);
    Ok(())
}

/// The folder with that past: as it was built before, or now.
fn built(bench: &Bench, messages: usize) -> Result<PathBuf> {
    let name = format!("edition-{EDITION}-{messages}");
    let all = workspace::target_dir()?.join("bench-log");
    let folder = all.join(&name);
    if folder.is_dir() {
        return Ok(folder);
    }
    println!("Building a database with {messages} messages, once: some minutes …");
    // Under another name until it is whole.
    let new = all.join(format!("{name}-new"));
    fs::remove_dir_all(&new).ok();
    // The example makes the folder itself, for its owner only: a node takes no other.
    fs::create_dir_all(&all)?;
    let begun = Instant::now();
    let status = Command::new(&bench.log)
        .args(["build".as_ref(), new.as_os_str()])
        .args([messages.to_string(), CONVERSATIONS.to_string()])
        .stdout(fs::File::create(bench.place.join("build.log"))?)
        .status()
        .context("cannot run the example `log`")?;
    ensure!(status.success(), "the database was not built: {status}");
    fs::rename(&new, &folder)?;
    println!("It took {:.0} s.", begun.elapsed().as_secs_f64());
    Ok(folder)
}
