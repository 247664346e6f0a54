//! The root: makes what every component can reach, starts the bridge, and lays out the panes.

use std::time::Duration;

use dioxus::prelude::*;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::bridge::{Bridge, WISHES_MAX, Wish};
use super::clock::Clock;
use super::context::Ui;
use super::route::{Route, Stack};
use super::screens::{
    Add, Chats, Connection, Contact, Conversation, Group, NewGroup, Nothing, Requests, Settings, Welcome,
};
use super::shell::Shell;
use super::start::Early;
use super::state::{Model, ModelStoreExt, Writings};
use super::typed::Typed;
use super::words::Words;
use crate::coordinator::Handle;
use crate::host::{Control, TextSize, Theme};

/// How often the calendar is looked at: nobody minds half a minute of yesterday.
const DAY_LOOK: Duration = Duration::from_secs(30);
/// The page says whether it is shown, now and with every change.
const SHOWN: &str = r#"
    const say = () => dioxus.send(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", say);
    say();
    await new Promise(() => {});
"#;

/// The window.
#[component]
pub fn App() -> Element {
    let ui = use_hook(begin);
    #[cfg(feature = "testing")]
    super::report::use_painted();
    let model = ui.model;
    // The bridge shows the conversation that is in the stack, whatever led there.
    use_effect(move || {
        let stack = ui.stack.read();
        match stack.shown() {
            Some(user) => ui.wish(Wish::Open(user)),
            None => ui.wish(Wish::Close),
        }
        ui.wish(Wish::Covered(stack.beside().is_some()));
    });
    // A window that stays open over midnight: what was today becomes yesterday.
    use_future(move || async move {
        loop {
            tokio::time::sleep(DAY_LOOK).await;
            let (mut today, now) = (ui.today, ui.clock().now().date());
            if *today.peek() != now {
                today.set(now);
            }
        }
    });
    // Whether the page is shown or behind another tab: what nobody sees is not read.
    use_future(move || async move {
        let mut page = document::eval(SHOWN);
        while let Ok(shown) = page.recv::<bool>().await {
            ui.wish(Wish::Shown(shown));
        }
    });
    // A link that was opened outside leads to where it can be used; before the welcome is over it waits.
    use_future(move || {
        let shell = consume_context::<Shell>();
        async move {
            loop {
                let link = shell.next_link().await;
                ui.go(Route::Add(Some(link)));
            }
        }
    });
    // Places of somebody who is gone are left.
    use_effect(move || {
        let (chats, asked) = (model.chats().read().clone(), model.asked().read().clone());
        let archived = model.archived().read().clone();
        let mut stack = ui.stack;
        let open = stack.peek().conversation();
        let there = |user: &uuid::Uuid| [&chats, &archived, &asked].iter().any(|list| list.contains(user));
        if let Some(user) = open.filter(|user| *model.ready().peek() && !there(user)) {
            stack.write().leave(user);
        }
    });
    let settings = model.settings();
    let theme = match settings.read().theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let text = match settings.read().text_size {
        TextSize::Small => "small",
        TextSize::Normal => "normal",
        TextSize::Large => "large",
        TextSize::Huge => "huge",
    };
    let begun = model.ready().cloned();
    let welcome = begun && (model.identity().read().is_none() || needs_reach(ui));
    rsx! {
        div { "data-theme-app": "true", "data-theme": theme, "data-text": text, style: "height: 100%",
            if welcome {
                Welcome {}
            } else if begun {
                Panes {}
            }
        }
    }
}

/// Nobody has said yet how others can reach this person.
fn needs_reach(ui: Ui) -> bool {
    ui.model.settings().read().reach.is_none() && ui.control.peek().fixed_brokers().is_empty()
}

fn begin() -> Ui {
    let core = consume_context::<Handle>();
    let control = consume_context::<Control>();
    let clock = consume_context::<Clock>();
    let mut model = Model { settings: control.settings(), ..Model::default() };
    // With a view that is there already, the first thing to be drawn is the list of chats.
    let first = try_consume_context::<Early>().and_then(Early::take).map(|mut watch| {
        model.begin(std::mem::take(&mut watch.view));
        model.settle();
        watch
    });
    let model = Store::new(model);
    let typed = Typed::default();
    let (wishes, asked) = mpsc::channel(WISHES_MAX);
    let ui = Ui {
        model,
        stack: Signal::new(Stack::default()),
        words: CopyValue::new(Words::english()),
        today: Signal::new(clock.now().date()),
        clock: CopyValue::new(clock.clone()),
        core: CopyValue::new(core.clone()),
        control: CopyValue::new(control.clone()),
        wishes: CopyValue::new(wishes),
        typed: CopyValue::new(typed.clone()),
        writings: Signal::new(Writings::default()),
        notice: Signal::new((0, String::new())),
    };
    let focused = consume_context::<Shell>().focus();
    spawn(Bridge::new(core, control, clock, model, asked, focused, typed).run(first));
    provide_context(ui)
}

/// Somebody's page, or a group's.
#[component]
fn Details(user: Uuid) -> Element {
    let ui = super::context::use_ui();
    match ui.group(user) {
        Some(_) => rsx! {
            Group { group: user }
        },
        None => rsx! {
            Contact { user }
        },
    }
}

/// The list on one side, and what is open on the other.
#[component]
fn Panes() -> Element {
    let ui = super::context::use_ui();
    let stack = ui.stack.read();
    let pane = if stack.top().is_some() { "main" } else { "list" };
    // Somebody's page slides over the conversation, which stays where it was.
    let beside = stack.beside();
    let below = match beside {
        Some((with, _)) => Some(Route::Conversation(with)),
        None => stack.top().cloned(),
    };
    rsx! {
        // On a phone only one of the two is there, and each page has exactly one main part.
        main { class: "app", "data-pane": pane,
            Chats {}
            div { class: "pane",
                div { class: "below", inert: beside.is_some().then_some("true"),
                    match below {
                        None => rsx! {
                            Nothing {}
                        },
                        Some(Route::Conversation(user)) => rsx! {
                            Conversation { key: "{user}", user }
                        },
                        Some(Route::Contact(user)) => rsx! {
                            Details { key: "{user}", user }
                        },
                        Some(Route::NewGroup) => rsx! {
                            NewGroup {}
                        },
                        Some(Route::Add(link)) => rsx! {
                            Add { link }
                        },
                        Some(Route::Requests) => rsx! {
                            Requests {}
                        },
                        Some(Route::Settings) => rsx! {
                            Settings {}
                        },
                        Some(Route::Connection) => rsx! {
                            Connection {}
                        },
                    }
                }
                if let Some((_, user)) = beside {
                    div { class: "beside-veil", aria_hidden: "true", onclick: move |_| ui.back() }
                    div { class: "beside",
                        Details { key: "{user}", user }
                    }
                }
            }
        }
    }
}
