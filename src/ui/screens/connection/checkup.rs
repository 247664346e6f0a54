//! The checkup: asked for by a person, told in this person's language, and copied as text for somebody who helps them.

use dioxus::prelude::*;
use lucide_dioxus::{CircleAlert, CircleCheck, Copy};

use crate::doctor::{Fact, Problem, Report};
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::ModelStoreExt;

/// What came of the copying that the page's script does.
const COPIED: &str = "return (await globalThis.kithCopied) === true;";

/// How far a checkup has come.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// Nobody has asked for one.
    Idle,
    /// It is under way.
    Checking,
    /// What it said.
    Told(Report),
    /// Why there can be none.
    Failed(String),
}

/// The checkup.
#[component]
pub fn Checkup() -> Element {
    let ui = use_ui();
    let mut stage = use_signal(|| Stage::Idle);
    let checking = *stage.read() == Stage::Checking;
    let check = move |_| {
        if *stage.peek() == Stage::Checking {
            return;
        }
        stage.set(Stage::Checking);
        spawn(async move {
            let control = ui.control.peek().clone();
            stage.set(match control.examine().await {
                Ok(report) => Stage::Told(report),
                Err(error) => Stage::Failed(ui.words().with("connection-cannot", "why", error.to_string())),
            });
        });
    };
    let said = match &*stage.read() {
        Stage::Idle => String::new(),
        Stage::Checking => ui.say("connection-checking"),
        Stage::Told(report) if report.is_well() => ui.say("connection-well"),
        Stage::Told(report) => ui.words().with("connection-attention", "count", report.problems.len()),
        Stage::Failed(why) => why.clone(),
    };
    let well = matches!(&*stage.read(), Stage::Told(report) if report.is_well());
    let report = match &*stage.read() {
        Stage::Told(report) => Some(report.clone()),
        _ => None,
    };
    rsx! {
        section { class: "card", aria_label: ui.say("connection-check"),
            h2 { {ui.say("connection-check")} }
            p { class: "muted", {ui.say("connection-check-lead")} }
            div { class: "actions",
                button { class: "button primary", r#type: "button", aria_disabled: if checking { "true" }, onclick: check, {ui.say("connection-check-now")} }
                CopyAsText { report: report.clone() }
            }
            p { class: if well { "said" } else { "said plain" }, role: "status", "{said}" }
            if let Some(report) = report {
                ul { class: "problems",
                    for problem in report.problems {
                        Attention { key: "{problem:?}", problem }
                    }
                }
                ul { class: "facts",
                    for fact in report.facts {
                        li { key: "{fact:?}", class: if fact.is_good() { "fact good" } else { "fact" },
                            if fact.is_good() {
                                CircleCheck { size: 18 }
                            } else {
                                span { class: "dot", aria_hidden: "true" }
                            }
                            span { {fact_in_words(ui, &fact)} }
                        }
                    }
                }
            }
        }
    }
}

/// One problem: what is the matter, what it means, what to do.
#[component]
fn Attention(problem: Problem) -> Element {
    let ui = use_ui();
    let code = problem.code();
    rsx! {
        li { class: "attention",
            CircleAlert { size: 18 }
            div {
                p { class: "what", {problem_in_words(ui, &problem)} }
                dl {
                    dt { {ui.say("connection-means")} }
                    dd { {ui.say(&format!("problem-{code}-means"))} }
                    dt { {ui.say("connection-do")} }
                    dd { {ui.say(&format!("problem-{code}-do"))} }
                }
            }
        }
    }
}

/// What is the matter.
pub fn problem_in_words(ui: Ui, problem: &Problem) -> String {
    let name = problem.subject().unwrap_or_default().to_owned();
    let detail = problem.detail().unwrap_or_default();
    ui.words().with2(&format!("problem-{}", problem.code()), ("name", name), ("detail", detail))
}

fn fact_in_words(ui: Ui, fact: &Fact) -> String {
    let name = fact.subject().unwrap_or_default().to_owned();
    let detail = fact.detail().unwrap_or_default().to_owned();
    ui.words().with2(&format!("fact-{}", fact.code()), ("name", name), ("detail", detail))
}

/// Copies what is known, for somebody who helps: in English, whatever the window speaks, and without anybody's name.
#[component]
fn CopyAsText(report: Option<Report>) -> Element {
    let ui = use_ui();
    let mut copied = use_signal(|| None::<bool>);
    let brokers = ui.model.brokers();
    let brokers: String = brokers
        .read()
        .iter()
        .map(|broker| format!("{}: {:?} {}\n", broker.url, broker.state, broker.reason.as_deref().unwrap_or_default()))
        .collect();
    let report = report.map(|report| format!("\n{report}")).unwrap_or_default();
    let text = format!("Kith {}\n{brokers}{report}", env!("CARGO_PKG_VERSION"));
    rsx! {
        pre { id: "connection-text", hidden: "true", "{text}" }
        button { class: "button", r#type: "button", "data-copy": "connection-text", onclick: move |_| {
                copied.set(None);
                spawn(async move {
                    let done = document::eval(COPIED).join::<bool>().await;
                    copied.set(Some(done.unwrap_or(false)));
                });
            },
            Copy { size: 18 }
            {ui.say("connection-copy")}
        }
        p { class: "said", role: "status",
            match copied() {
                Some(true) => ui.say("connection-copied"),
                Some(false) => ui.say("connection-not-copied"),
                None => String::new(),
            }
        }
    }
}
