//! Looking for somebody, or for something that was said: the field above the list, and what was found in the list's place.
//!
//! What is typed belongs to the page and is looked up as it stands: one question at a time, the next with whatever stands
//! there when the answer has come. A message that was found opens in its place; what was found stays for a look at the next.

use dioxus::prelude::*;
use lucide_dioxus::{Search as Glass, X};
use uuid::Uuid;

use crate::coordinator::{Command, FoundMessage, FoundView, Reply};
use crate::log::Query;
use crate::ui::components::{Avatar, Problem};
use crate::ui::context::{Ui, use_ui};
use crate::ui::format::list_time;
use crate::ui::route::Route;
use crate::ui::state::ModelStoreExt;

/// Messages that are asked for at a time: two screens of them.
const AT_ONCE: u32 = 30;
/// Messages that stand in the page at most: nobody looks through more, and another word finds the others.
const SHOWN_MAX: usize = 300;
/// People found by their names.
const PEOPLE_MAX: usize = 8;

/// What is looked for, and what was found.
#[derive(Clone, Copy, PartialEq)]
pub struct Quick {
    typed: Signal<String>,
    answer: Signal<Answer>,
    busy: Signal<bool>,
    /// Counts the fields: a new one is empty.
    fields: Signal<u32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Answer {
    /// To what.
    of: String,
    view: FoundView,
    problem: Option<String>,
}

/// Nothing is looked for yet.
pub fn use_quick() -> Quick {
    Quick {
        typed: use_signal(String::new),
        answer: use_signal(Answer::default),
        busy: use_signal(|| false),
        fields: use_signal(|| 0),
    }
}

impl Quick {
    /// Whether something is looked for.
    pub fn is_on(self) -> bool {
        !self.typed.read().trim().is_empty()
    }

    fn types(mut self, ui: Ui, text: String) {
        self.typed.set(text);
        if std::mem::replace(&mut *self.busy.write(), true) {
            return;
        }
        spawn(async move {
            loop {
                let of = self.typed.peek().clone();
                let (view, problem) = ask(ui, &of, None).await;
                let same = *self.typed.peek() == of;
                self.answer.set(Answer { of, view, problem });
                if same {
                    break;
                }
            }
            self.busy.set(false);
        });
    }

    /// More of the same.
    fn goes_on(mut self, ui: Ui) {
        let (of, next) = (self.answer.peek().of.clone(), self.answer.peek().view.next);
        spawn(async move {
            let (view, problem) = ask(ui, &of, next).await;
            // Something else may have been typed, or the same been asked twice.
            if self.answer.peek().of == of && self.answer.peek().view.next == next {
                let mut answer = self.answer.write();
                answer.view.messages.extend(view.messages);
                answer.view.next = view.next;
                answer.problem = problem;
            }
        });
    }

    /// Somebody was found: the list is back.
    fn ends(mut self) {
        self.typed.set(String::new());
        self.answer.set(Answer::default());
        self.fields.with_mut(|fields| *fields = fields.wrapping_add(1));
    }
}

async fn ask(ui: Ui, typed: &str, before: Option<u64>) -> (FoundView, Option<String>) {
    if typed.trim().is_empty() {
        return (FoundView::default(), None);
    }
    let command = Command::Search { query: typed.to_owned(), within: None, before, limit: Some(AT_ONCE) };
    match ui.run(command).await {
        Ok(Reply::Found(found)) => (found, None),
        Ok(other) => {
            tracing::error!(?other, "a search was asked for");
            (FoundView::default(), None)
        }
        Err(error) => (FoundView::default(), Some(ui.explain(&error))),
    }
}

/// Whose names have these words, in the order of the list.
fn people(ui: Ui, typed: &str) -> Vec<(Uuid, String, Vec<[usize; 2]>)> {
    let Ok(query) = Query::for_name(typed) else { return vec![] };
    let (chats, archived) = (ui.model.chats(), ui.model.archived());
    let all: Vec<Uuid> = chats.read().iter().chain(archived.read().iter()).copied().collect();
    let named = all.into_iter().map(|user| (user, ui.name(user)));
    let found = named.filter(|(_, name)| query.is_in(name)).take(PEOPLE_MAX);
    let marked = |(user, name): (Uuid, String)| {
        let marks = query.marks(&name).into_iter().map(|mark| [mark.start, mark.end]).collect();
        (user, name, marks)
    };
    found.map(marked).collect()
}

/// The field. Enter opens what was found first.
#[component]
pub fn QuickField(quick: Quick) -> Element {
    let ui = use_ui();
    let submit = move |_| {
        let typed = quick.typed.peek().clone();
        if let Some((user, ..)) = people(ui, &typed).first() {
            quick.ends();
            return ui.go(Route::Conversation(*user));
        }
        let answer = quick.answer.peek();
        if let Some(first) = answer.view.messages.first().filter(|_| answer.of == typed) {
            ui.jump(first.with, first.id.clone());
        }
    };
    let fields = quick.fields.cloned();
    let on = quick.is_on();
    rsx! {
        form { class: "quick", role: "search", novalidate: "true", onsubmit: submit,
            Glass { size: 18 }
            for number in [fields] {
                input {
                    key: "{number}",
                    class: "input",
                    r#type: "search",
                    name: "quick",
                    aria_label: ui.say("search"),
                    placeholder: ui.say("search"),
                    title: ui.say("search-key"),
                    autocomplete: "off",
                    spellcheck: "false",
                    enterkeyhint: "search",
                    dir: "auto",
                    "data-quick": "true",
                    oninput: move |event| quick.types(ui, event.value()),
                }
            }
            if on {
                button { class: "icon", r#type: "button", aria_label: ui.say("search-clear"), title: ui.say("search-clear"), "data-empties": "true",
                    X { size: 18 }
                }
            }
        }
    }
}

/// What was found.
#[component]
pub fn Found(quick: Quick) -> Element {
    let ui = use_ui();
    let typed = quick.typed.read().clone();
    let answer = quick.answer.read().clone();
    let people = people(ui, &typed);
    let messages = &answer.view.messages;
    let nothing = people.is_empty() && messages.is_empty() && answer.of == typed && answer.problem.is_none();
    let count = people.len() + messages.len();
    let more = answer.view.next.is_some() && messages.len() < SHOWN_MAX;
    rsx! {
        div { class: "rows found", "data-found": "true",
            p { class: "hidden", role: "status",
                if answer.of == typed {
                    {ui.words().with("search-count", "count", count)}
                }
            }
            if let Some(text) = answer.problem.clone() {
                Problem { text }
            }
            if nothing {
                div { class: "nothing",
                    p { class: "muted", {ui.words().with("search-nothing", "what", typed.trim().to_owned())} }
                }
            }
            if !people.is_empty() {
                h2 { class: "found-head", {ui.say("search-people")} }
                ul { aria_label: ui.say("search-people"),
                    for (user , name , marks) in people {
                        li { key: "{user}",
                            button {
                                class: "row",
                                r#type: "button",
                                onclick: move |_| {
                                    quick.ends();
                                    ui.go(Route::Conversation(user));
                                },
                                Avatar { user, name: name.clone(), small: true }
                                span { class: "row-text",
                                    span { class: "name",
                                        bdi {
                                            Marked { text: name, marks }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            if !messages.is_empty() {
                h2 { class: "found-head", {ui.say("search-messages")} }
                ul { aria_label: ui.say("search-messages"),
                    for found in messages.iter() {
                        Hit { key: "{found.id}", found: found.clone() }
                    }
                }
            }
            if more {
                button { class: "button wide", r#type: "button", onclick: move |_| quick.goes_on(ui), {ui.say("search-more")} }
            }
            if answer.view.unfinished {
                p { class: "small muted found-note", {ui.say("search-unfinished")} }
            }
        }
    }
}

/// A message that was found.
#[component]
fn Hit(found: FoundMessage) -> Element {
    let ui = use_ui();
    let FoundMessage { with, id, from, at, text, marks, .. } = found;
    let name = ui.name(with);
    ui.today.read();
    let time = list_time(&ui.clock(), &ui.words(), at);
    // Of the other one in a conversation of two it is clear.
    let author = (from != with).then(|| ui.words().with("search-author", "name", ui.author(with, from)));
    rsx! {
        li {
            button { class: "row", r#type: "button", onclick: move |_| ui.jump(with, id.clone()),
                Avatar { user: with, name: name.clone(), small: true }
                span { class: "row-text",
                    span { class: "name",
                        bdi { "{name}" }
                    }
                    span { class: "found-text",
                        if let Some(author) = author {
                            span { class: "found-you", "{author} " }
                        }
                        bdi {
                            Marked { text, marks }
                        }
                    }
                }
                span { class: "meta",
                    span { class: "row-time", "{time}" }
                }
            }
        }
    }
}

/// A text with the found parts of it marked.
#[component]
fn Marked(text: String, marks: Vec<[usize; 2]>) -> Element {
    rsx! {
        for (index , (piece , hit)) in parts(&text, &marks).into_iter().enumerate() {
            if hit {
                mark { key: "{index}", "{piece}" }
            } else {
                Fragment { key: "{index}", "{piece}" }
            }
        }
    }
}

/// A text in pieces, and which of them are marked.
fn parts(text: &str, marks: &[[usize; 2]]) -> Vec<(String, bool)> {
    let is_marked = |at: usize| marks.iter().any(|[from, to]| (*from..*to).contains(&at));
    let mut parts: Vec<(String, bool)> = vec![];
    for (at, c) in text.chars().enumerate() {
        let marked = is_marked(at);
        match parts.last_mut() {
            Some((piece, before)) if *before == marked => piece.push(c),
            _ => parts.push((c.to_string(), marked)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    /// What was found is a piece of its own, wherever it stands.
    #[test]
    fn what_was_found_is_marked() {
        let pieces = |text, marks: &[[usize; 2]]| -> String {
            let part = |(piece, hit): (String, bool)| if hit { format!("[{piece}]") } else { piece };
            parts(text, marks).into_iter().map(part).collect()
        };
        assert_eq!(pieces("日本の東京へ", &[[3, 5]]), "日本の[東京]へ");
        assert_eq!(pieces("ab", &[[0, 1], [1, 2]]), "[ab]");
        assert_eq!(pieces("ab", &[[1, 9]]), "a[b]");
        assert_eq!(pieces("", &[[0, 1]]), "");
    }
}
