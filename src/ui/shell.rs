//! What the window has around it, whatever shows it: links that come from outside, and whether somebody looks. Nothing here
//! is Dioxus.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, watch};

/// Links that wait for the page to take them: a person opens one at a time.
const LINKS_MAX: usize = 8;

/// What components see of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shell {
    links: Arc<Mutex<mpsc::Receiver<String>>>,
    focused: watch::Receiver<bool>,
}

/// What the shell itself holds.
#[derive(Clone, Debug)]
pub struct Outside {
    links: mpsc::Sender<String>,
    focused: watch::Sender<bool>,
}

impl Shell {
    /// A shell and its outside.
    #[must_use]
    pub fn new() -> (Self, Outside) {
        let (sender, links) = mpsc::channel(LINKS_MAX);
        let (focus, focused) = watch::channel(false);
        (Self { links: Arc::new(Mutex::new(links)), focused }, Outside { links: sender, focused: focus })
    }

    /// A shell with nothing around it: no links come, and somebody looks.
    #[must_use]
    pub fn alone() -> Self {
        let (shell, outside) = Self::new();
        outside.set_focused(true);
        shell
    }

    /// Waits for the next link from outside (a `kith:` one, of which nothing is checked yet). Each comes once, also when it
    /// came before anybody waited; never when there is no outside.
    pub async fn next_link(&self) -> String {
        match self.links.lock().await.recv().await {
            Some(link) => link,
            None => std::future::pending().await,
        }
    }

    /// Whether somebody looks at the window, as far as the system knows.
    #[must_use]
    pub fn is_focused(&self) -> bool {
        *self.focused.borrow()
    }

    /// The same, to wait for changes.
    #[must_use]
    pub fn focus(&self) -> watch::Receiver<bool> {
        self.focused.clone()
    }
}

impl Outside {
    /// Hands a link to the page. One that comes while too many wait is left out: nobody opens that many.
    pub fn deliver(&self, link: String) {
        if self.links.try_send(link).is_err() {
            tracing::warn!("a link came while too many others wait, and was left out");
        }
    }

    /// Says whether somebody looks.
    pub fn set_focused(&self, focused: bool) {
        self.focused.send_if_modified(|now| std::mem::replace(now, focused) != focused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link that comes before the page is there waits for it, and is taken once.
    #[tokio::test]
    async fn a_link_waits_for_the_page() {
        let (shell, outside) = Shell::new();
        outside.deliver("kith:a".to_owned());
        assert_eq!(shell.clone().next_link().await, "kith:a");
        (0..=LINKS_MAX).for_each(|n| outside.deliver(format!("kith:{n}")));
        for n in 0..LINKS_MAX {
            assert_eq!(shell.next_link().await, format!("kith:{n}"));
        }
        let nothing = tokio::time::timeout(std::time::Duration::from_millis(20), shell.next_link()).await;
        assert!(nothing.is_err());
    }

    /// Alone, the window counts as looked at.
    #[test]
    fn alone_somebody_looks() {
        assert!(Shell::alone().is_focused());
        assert!(!Shell::new().0.is_focused());
    }
}
