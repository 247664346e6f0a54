//! Reading pages of the open conversation, and saying what has been read.

use uuid::Uuid;

use super::Bridge;
use super::publish::publish_thread;
use crate::coordinator::{Command, Reply};
use crate::ui::state::{Phase, Reading};

impl Bridge {
    /// The open conversation changed.
    pub(super) async fn look_again(&mut self) {
        let Some(reading) = self.model.thread.again() else { return };
        let whole = !self.model.thread.earlier;
        self.fetch(reading).await;
        // All that was on the screen was deleted, and there is more before it.
        if self.model.thread.first().is_none()
            && self.model.thread.earlier
            && let Some(reading) = self.model.thread.to_end()
        {
            return self.read(reading).await;
        }
        self.show_thread();
        self.mark_read().await;
        // All of the conversation was on the screen, and something came that sorts before it: it belongs there too.
        if whole
            && self.model.thread.earlier
            && let Some(first) = self.model.thread.first()
            && let Some(reading) = self.model.thread.toward(true, &first)
        {
            self.read(reading).await;
        }
        // The stretch is full, and the reader is at its end: the end moves on.
        if self.model.thread.at_end
            && self.model.thread.later
            && let Some(reading) = self.model.thread.to_end()
        {
            self.read(reading).await;
        }
    }

    /// The reader jumps to a message, wherever it is.
    pub(super) async fn jump(&mut self, id: &str) {
        if let Some(reading) = self.model.thread.jump(id) {
            self.fetch(reading).await;
            // What stands before it too, so that it can be seen in its place.
            if let Some(reading) = self.model.thread.toward(true, id) {
                self.fetch(reading).await;
            }
        }
        self.show_thread();
        self.mark_read().await;
    }

    /// The reader wants to see a message that was found, in its place.
    pub(super) async fn find(&mut self, user: Uuid, id: &str) {
        if self.model.thread.with == Some(user) && self.model.thread.phase == Phase::Ready {
            return self.jump(id).await;
        }
        self.keep_drafts(true).await;
        let reading = self.model.thread.open_at(user, id);
        self.marked = None;
        self.show_thread();
        self.fetch(reading).await;
        if matches!(self.model.thread.phase, Phase::Failed(_)) {
            // It is there no more; the conversation is.
            let reading = self.model.thread.open(user);
            return self.read(reading).await;
        }
        self.show_thread();
        self.mark_read().await;
    }

    /// Reads a page and shows it.
    pub(super) async fn read(&mut self, reading: Reading) {
        self.fetch(reading).await;
        self.show_thread();
        self.mark_read().await;
    }

    async fn fetch(&mut self, reading: Reading) {
        let Reading { with, at, limit } = reading.clone();
        let unread = self.model.people.get(&with).map_or(0, |person| person.chat.unread);
        match self.core.run(Command::ReadPage { with, at, limit }).await {
            Ok(Reply::Page(page)) => self.model.thread.take(&reading, page, unread, &self.clock),
            Ok(other) => tracing::error!(?other, "a page was asked for"),
            Err(error) => self.model.thread.fail(&reading, error.to_string()),
        }
    }

    pub(super) fn show_thread(&mut self) {
        publish_thread(&mut self.store, &self.model.thread);
    }

    /// Whoever sees the end has read all of it.
    pub(super) async fn mark_read(&mut self) {
        let thread = &self.model.thread;
        let looks = self.shown && !self.covered && *self.focused.borrow();
        let Some(with) = thread.with.filter(|_| looks && thread.at_end && !thread.later) else { return };
        let unread = self.model.people.get(&with).map_or(0, |person| person.chat.unread);
        if unread == 0 {
            self.marked = None;
        }
        let Some(up_to) = thread.last_theirs().filter(|_| unread > 0) else { return };
        // Said once for the same state of things; a message that came late into the middle is another state.
        let mark = (up_to.clone(), unread);
        if self.marked.as_ref() == Some(&mark) {
            return;
        }
        // Its effect comes back as a delta. What failed is said again with the next thing that happens.
        match self.core.run(Command::MarkRead { with, up_to }).await {
            Ok(_) => self.marked = Some(mark),
            Err(error) => tracing::warn!(%error, "what was read could not be noted"),
        }
    }
}
