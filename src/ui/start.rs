//! The first moments: the window is there while the host still opens, and says so when it cannot.
//!
//! A page takes longer to appear than a host to open, so that neither waits for the other: whoever shows the window says
//! later, through a [`Teller`], what became of the host.

use std::sync::{Arc, Mutex, PoisonError};

use dioxus::prelude::*;
use tokio::sync::watch;

use super::clock::Clock;
use super::components::Problem;
use super::root::App;
use super::shell::Shell;
use super::words::Words;
use crate::coordinator::{Handle, Watch};
use crate::host::{Control, Host, HostError};

/// When there is no better word for it.
const BROKEN: &str = "Kith broke down while it was starting";

/// What became of the host.
#[derive(Clone, Debug)]
enum Opened {
    Ready(Handle, Control, Early),
    Failed(String),
}

/// A watch that was begun before the window was drawn: whoever draws it first takes it.
#[derive(Clone, Debug)]
pub(super) struct Early(Arc<Mutex<Option<Watch>>>);

impl Early {
    pub(super) fn take(self) -> Option<Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Who tells the window, once.
#[derive(Debug)]
pub struct Teller(watch::Sender<Option<Opened>>);

/// What the window waits for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Opening(watch::Receiver<Option<Opened>>);

/// A host that is about to open.
#[must_use]
pub fn opening() -> (Teller, Opening) {
    let (told, opened) = watch::channel(None);
    (Teller(told), Opening(opened))
}

impl Teller {
    /// Says what became of it.
    pub async fn tell(self, opened: Result<&Host, &HostError>) {
        self.say(match opened {
            Ok(host) => {
                // Asked for here, so that the window has it when it draws itself for the first time.
                let first = host.core().watch().await.ok();
                Opened::Ready(host.core().clone(), host.control().clone(), Early(Arc::new(Mutex::new(first))))
            }
            Err(error) => Opened::Failed(error.to_string()),
        });
    }

    fn say(self, opened: Opened) {
        self.0.send_replace(Some(opened));
    }
}

impl Opening {
    /// Waits for it. Whoever should tell and goes away without a word has come to a bad end.
    async fn done(mut self) -> Option<Opened> {
        let told = self.0.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
        told.or_else(|| Some(Opened::Failed(BROKEN.to_owned())))
    }
}

/// The window over a host that is about to open, with nothing to show it yet.
#[must_use]
pub fn dom(opening: Opening, shell: Shell, clock: Clock) -> VirtualDom {
    VirtualDom::new(Start).with_root_context(opening).with_root_context(shell).with_root_context(clock)
}

/// What is shown of it.
#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    Window,
    Failure(String),
}

/// What to show, with the window's contexts provided when there is a host.
fn show(opened: Option<Opened>) -> Shown {
    match opened {
        None => Shown::Nothing,
        Some(Opened::Ready(core, control, early)) => {
            dioxus::dioxus_core::provide_root_context(early);
            dioxus::dioxus_core::provide_root_context(core);
            dioxus::dioxus_core::provide_root_context(control);
            Shown::Window
        }
        Some(Opened::Failed(why)) => Shown::Failure(why),
    }
}

#[component]
fn Start() -> Element {
    let opening = use_hook(consume_context::<Opening>);
    let mut shown = use_signal(|| show(opening.0.borrow().clone()));
    use_future(move || {
        let opening = opening.clone();
        async move {
            if *shown.peek() == Shown::Nothing {
                shown.set(show(opening.done().await));
            }
        }
    });
    let shown = shown.read();
    match &*shown {
        Shown::Nothing => rsx! {},
        Shown::Window => rsx! {
            App {}
        },
        Shown::Failure(why) => rsx! {
            CannotStart { why: why.clone() }
        },
    }
}

/// A person who has clicked on an icon sees no terminal.
#[component]
fn CannotStart(why: String) -> Element {
    let words = use_hook(Words::english);
    rsx! {
        div { "data-theme-app": "true", "data-theme": "system", style: "height: 100%",
            main { class: "page",
                div { class: "page-content",
                    h1 { {words.say("start-failed-title")} }
                    p { {words.say("start-failed-lead")} }
                    Problem { text: why }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::double::Double;
    use crate::host::Settings;

    /// Rounds of work that are waited for at most.
    const PATIENCE: usize = 500;

    fn page() -> (Teller, VirtualDom) {
        let (teller, opening) = opening();
        let mut dom = dom(opening, Shell::alone(), Clock::system());
        dom.rebuild_in_place();
        (teller, dom)
    }

    async fn until(dom: &mut VirtualDom, hoped: impl Fn(&str) -> bool) {
        for _ in 0..PATIENCE {
            if hoped(&dioxus_ssr::render(dom)) {
                return;
            }
            tokio::select! {
                biased;
                () = dom.wait_for_work() => dom.render_immediate(&mut dioxus::dioxus_core::NoOpMutations),
                () = tokio::task::yield_now() => {}
            }
        }
        panic!("hoped in vain: {}", dioxus_ssr::render(dom));
    }

    /// Until the host is open there is nothing to see, and then there is the window.
    #[tokio::test]
    async fn the_window_waits_for_the_host() {
        let (teller, mut dom) = page();
        assert!(!dioxus_ssr::render(&dom).contains("data-theme-app"));
        let (core, _double) = Double::new(4);
        let (control, _told, _orders) = Control::new(Settings::default(), vec![]);
        teller.say(Opened::Ready(core, control, Early(Arc::default())));
        until(&mut dom, |page| page.contains("data-theme-app")).await;
    }

    /// A host that was faster than the page is shown at once.
    #[test]
    fn a_host_that_is_open_is_shown_at_once() {
        let (teller, opening) = opening();
        let (core, _double) = Double::new(4);
        let (control, _told, _orders) = Control::new(Settings::default(), vec![]);
        teller.say(Opened::Ready(core, control, Early(Arc::default())));
        let mut dom = dom(opening, Shell::alone(), Clock::system());
        dom.rebuild_in_place();
        assert!(dioxus_ssr::render(&dom).contains("data-theme-app"));
    }

    /// Nobody looks at an empty window for ever.
    #[tokio::test]
    async fn a_start_that_breaks_down_says_so() {
        let (teller, mut dom) = page();
        drop(teller);
        until(&mut dom, |page| page.contains("Kith cannot start") && page.contains(BROKEN)).await;
    }

    /// When Kith cannot start, the person reads why in the window.
    #[tokio::test]
    async fn a_start_that_fails_says_why() {
        let (teller, mut dom) = page();
        teller.tell(Err(&HostError::NoHome)).await;
        until(&mut dom, |page| page.contains("Kith cannot start") && page.contains("there is no home directory")).await;
    }
}
