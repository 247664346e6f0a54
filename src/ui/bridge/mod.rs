//! Between the coordinator and the components: one task, the only writer of the store.
//!
//! 1. It watches: a view, then deltas. When it was too slow (the page slept), it asks for a fresh view.
//! 2. It takes wishes of the components: which conversation to show, which stretch of it.
//! 3. It reads pages, writes what changed into the store, and says what has been read.
//!
//! Decisions are in `super::state`. Commands whose reply matters to one component go straight to the coordinator.

mod publish;
mod reads;

use std::time::Instant;

use dioxus::prelude::*;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use self::publish::publish;
use super::clock::Clock;
use super::state::{Changed, Model, ModelStoreExt};
use super::typed::Typed;
use crate::coordinator::{Change, Command, Handle, Watch};
use crate::host::Control;

/// Wishes that may wait: a person makes a few in a second.
pub const WISHES_MAX: usize = 256;

/// What a component wants to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A conversation.
    Open(Uuid),
    /// No conversation.
    Close,
    /// More of it: before the first message, or else after the last.
    Toward {
        /// Which end.
        earlier: bool,
        /// The message that was there when the wish was made.
        edge: String,
    },
    /// Its end.
    ToEnd,
    /// A message of it.
    Jump(String),
    /// A message that was found, in its conversation.
    Find {
        /// Whose conversation.
        user: Uuid,
        /// The message.
        id: String,
    },
    /// Once more what could not be read.
    Again,
    /// Whether the reader sees the end.
    AtEnd(bool),
    /// Whether the page is shown at all, and not behind another tab.
    Shown(bool),
    /// Whether something lies over the conversation: nobody reads it then.
    Covered(bool),
    /// Something was typed: look when it is to be kept.
    Typed,
}

/// The task.
pub(super) struct Bridge {
    pub core: Handle,
    pub control: Control,
    pub clock: Clock,
    pub store: Store<Model>,
    pub wishes: mpsc::Receiver<Wish>,
    /// Whether somebody looks at the window: what nobody sees is not read.
    pub focused: watch::Receiver<bool>,
    /// What is being typed; kept after a pause, and whenever the conversation is left.
    pub typed: Typed,
    model: Model,
    /// What was last said to be read.
    marked: Option<(String, u32)>,
    /// Whether the page is shown, as far as it says.
    shown: bool,
    /// Whether something lies over the conversation.
    covered: bool,
}

enum Next {
    Change(Change),
    Wish(Option<Wish>),
    Settings,
    Drafts,
    Focus,
}

impl Bridge {
    pub fn new(
        core: Handle,
        control: Control,
        clock: Clock,
        store: Store<Model>,
        wishes: mpsc::Receiver<Wish>,
        focused: watch::Receiver<bool>,
        typed: Typed,
    ) -> Self {
        let model = store.peek().clone();
        Self { core, control, clock, store, wishes, focused, typed, model, marked: None, shown: true, covered: false }
    }

    /// Runs until the coordinator or the components are gone. `first` was begun before the window was drawn, and the store
    /// has its view.
    pub async fn run(mut self, first: Option<Watch>) {
        if let Some(mut watch) = first
            && !self.follow(&mut watch).await
        {
            return self.end().await;
        }
        while let Ok(watch) = self.core.watch().await {
            let mut watch = watch;
            let view = std::mem::take(&mut watch.view);
            let changed = self.model.begin(view);
            self.show(changed).await;
            if !self.follow(&mut watch).await {
                break;
            }
        }
        self.end().await;
    }

    async fn end(mut self) {
        self.keep_drafts(true).await;
        self.model.ended = true;
        self.model.settle();
        self.store.set(self.model.clone());
    }

    /// Follows one watch. True when a fresh one is needed.
    async fn follow(&mut self, watch: &mut Watch) -> bool {
        loop {
            let pause = self.typed.due().map(tokio::time::Instant::from_std);
            let drafts = async {
                match pause {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                biased;
                // First: a person waits for it, and makes few.
                wish = self.wishes.recv() => Next::Wish(wish),
                change = watch.next() => Next::Change(change),
                _ = self.control.changed() => Next::Settings,
                () = drafts => Next::Drafts,
                Ok(()) = self.focused.changed() => Next::Focus,
            };
            match next {
                Next::Change(Change::Deltas(deltas)) => {
                    let changed = deltas.iter().flat_map(|delta| self.model.apply(delta)).collect();
                    self.show(changed).await;
                }
                Next::Change(Change::Missed) => return true,
                Next::Change(Change::Ended) | Next::Wish(None) => return false,
                Next::Wish(Some(wish)) => self.wish(wish).await,
                Next::Settings => {
                    self.model.settings = self.control.settings();
                    self.store.settings().set(self.model.settings.clone());
                }
                Next::Drafts => self.keep_drafts(false).await,
                Next::Focus => {
                    self.keep_drafts(true).await;
                    self.mark_read().await;
                }
            }
        }
    }

    /// Writes what changed, and reads the open conversation again when it is concerned.
    async fn show(&mut self, changed: Vec<Changed>) {
        let open = self.model.thread.with;
        let again = changed.iter().any(|place| matches!(place, Changed::Messages(user) if Some(*user) == open));
        let gone =
            open.is_some_and(|user| changed.contains(&Changed::Person(user)) && !self.model.people.contains_key(&user));
        if gone {
            self.model.thread.close();
        }
        for place in &changed {
            match place {
                Changed::Person(user) => self.settle_draft(*user),
                Changed::Everything => self.model.people.keys().for_each(|user| self.settle_draft(*user)),
                _ => {}
            }
        }
        let standing = self.model.settle();
        publish(&mut self.store, &self.model, &changed, standing);
        if gone {
            self.show_thread();
        } else if again {
            self.look_again().await;
        }
    }

    fn settle_draft(&self, user: Uuid) {
        if let Some(person) = self.model.people.get(&user) {
            self.typed.kept(user, &person.chat.draft);
        }
    }

    async fn wish(&mut self, wish: Wish) {
        match wish {
            Wish::Open(user) if self.model.thread.with != Some(user) => {
                self.keep_drafts(true).await;
                let reading = self.model.thread.open(user);
                self.marked = None;
                self.show_thread();
                self.read(reading).await;
            }
            Wish::Open(_) => {}
            Wish::Close => {
                self.keep_drafts(true).await;
                self.model.thread.close();
                self.show_thread();
            }
            Wish::Toward { earlier, edge } => {
                if let Some(reading) = self.model.thread.toward(earlier, &edge) {
                    self.read(reading).await;
                }
            }
            Wish::ToEnd => {
                self.model.thread.at_end = true;
                if let Some(reading) = self.model.thread.to_end() {
                    self.read(reading).await;
                }
            }
            Wish::Jump(id) => self.jump(&id).await,
            Wish::Find { user, id } => self.find(user, &id).await,
            Wish::Again => {
                if let Some(with) = self.model.thread.with {
                    let reading = self.model.thread.open(with);
                    self.show_thread();
                    self.read(reading).await;
                }
            }
            Wish::Shown(shown) => {
                // A page that nobody sees may be about to go.
                self.keep_drafts(true).await;
                self.shown = shown;
                self.mark_read().await;
            }
            Wish::Covered(covered) => {
                self.covered = covered;
                self.mark_read().await;
            }
            Wish::AtEnd(at_end) => {
                self.model.thread.at_end = at_end;
                self.show_thread();
                self.mark_read().await;
            }
            Wish::Typed => self.keep_drafts(false).await,
        }
    }

    /// Keeps drafts whose typing has paused, or all of them.
    async fn keep_drafts(&mut self, all: bool) {
        for (with, text) in self.typed.take(Instant::now(), all) {
            if self.model.people.contains_key(&with) {
                // What is kept comes back as a delta. The reply says nothing that a reader could act on: a draft that is
                // too long, or that the disk refuses, stays where it was typed.
                drop(self.core.submit(Command::SaveDraft { with, text }).await);
            }
        }
    }
}

impl Drop for Bridge {
    /// The window closes under what is being typed. Nobody can wait here; the coordinator takes it before it shuts down.
    fn drop(&mut self) {
        for (with, text) in self.typed.take(Instant::now(), true) {
            self.core.hand(Command::SaveDraft { with, text });
        }
    }
}
