//! The window with pretended people behind it: for pictures, for benches, and to look at while working on it.
//!
//! `cargo run --no-default-features --features browser,testing --example gallery` prints one line a scene, its name and its
//! address, then `ready`. Everything is fixed: people, ids, the time. On standard input a line `say SCENE TEXT` lets the first
//! contact of a scene write, `type SCENE on` (or `off`) lets Bob type, `reset SCENE WORD` brings back how it began (and is echoed when it has); the end of the input
//! is the end of it.
#![allow(clippy::print_stdout, reason = "a program: its output is what it is for")]

mod checkup;
mod group;
mod life;
mod people;
mod scenes;

use std::collections::BTreeMap;

use anyhow::Context;
use kith::coordinator::double::{Double, Happening, Script};
use kith::coordinator::{Delta, MessageState};
use kith::host::{Control, Order, Settings};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::scenes::{NOW, Scene, all};

/// Commands and lines that may wait: nobody is in a hurry here.
const WAITING_MAX: usize = 16;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
    let mut stages = BTreeMap::new();
    for scene in all() {
        let (name, beginning) = (scene.name, scene.script.clone());
        let more = stage(scene, &tasks, &end).await.with_context(|| format!("scene {name}"))?;
        stages.insert(name, (more, beginning));
    }
    println!("ready");
    listen(&stages).await?;
    end.cancel();
    drop(stages);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// Puts a scene on a server of its own.
async fn stage(scene: Scene, tasks: &TaskTracker, end: &CancellationToken) -> anyhow::Result<mpsc::Sender<Happening>> {
    let Scene { name, script, settings, fixed, checkup } = scene;
    let (core, double) = Double::new(WAITING_MAX);
    let (more, happenings) = mpsc::channel(WAITING_MAX);
    tasks.spawn(script.play(double, happenings));
    let (control, told, orders) = Control::new(settings, fixed);
    let control = control.pretending(checkup);
    tasks.spawn(obey(told, orders));
    let (tell, address) = tokio::sync::oneshot::channel();
    let stop = end.clone().cancelled_owned();
    tasks.spawn(async move {
        let dom = move || scenes::dom(core.clone(), control.clone());
        let on_url = |url: &str| {
            let _ = tell.send(url.to_owned());
        };
        if let Err(error) = kith::ui::browser::serve(dom, None, on_url, stop).await {
            println!("{name} has failed: {error}");
        }
    });
    println!("{name} {}", address.await?);
    Ok(more)
}

/// Every setting is taken at once.
async fn obey(told: watch::Sender<Settings>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        told.send_modify(|settings| *settings = settings.clone().with(order.choice));
        let _ = order.answer.send(Ok(()));
    }
}

/// Lets people write until the input ends.
async fn listen(stages: &BTreeMap<&'static str, (mpsc::Sender<Happening>, Script)>) -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.splitn(3, ' ');
        let (Some(verb), Some(scene), Some(text)) = (words.next(), words.next(), words.next()) else {
            println!("what is that: {line}");
            continue;
        };
        let Some((stage, beginning)) = stages.get(scene) else {
            println!("there is no scene {scene}");
            continue;
        };
        let happening: Happening = match verb {
            "say" => says(text.to_owned()),
            "type" => types(text == "on"),
            "reset" => resets(beginning.clone(), line.clone()),
            _ => {
                println!("what is that: {line}");
                continue;
            }
        };
        let _ = stage.send(happening).await;
    }
    Ok(())
}

fn says(text: String) -> Happening {
    Box::new(move |script: &mut Script| {
        let first = script.view.contacts.first().map(|contact| contact.user_id);
        first.map(|with| script.says(with, false, &text, NOW, MessageState::Received, false)).into_iter().collect()
    })
}

fn types(on: bool) -> Happening {
    Box::new(move |script: &mut Script| {
        let bob = script.view.contacts.iter().find(|contact| contact.name.starts_with("Bob")).map(|one| one.user_id);
        bob.map(|with| Delta::Typing { with, from: with, on }).into_iter().collect()
    })
}

/// For pages that are opened afterwards: those that are open are told nothing.
fn resets(beginning: Script, echo: String) -> Happening {
    Box::new(move |script: &mut Script| {
        *script = beginning;
        println!("{echo}");
        vec![]
    })
}
