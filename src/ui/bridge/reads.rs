//! Reading pages of the open conversation, and saying what has been read.

use super::Bridge;
use super::publish::publish_thread;
use crate::coordinator::{Command, Reply};
use crate::ui::state::Reading;

impl Bridge {
    /// The open conversation changed.
    pub(super) async fn look_again(&mut self) {
        let Some(reading) = self.model.thread.again() else { return };
        self.read(reading).await;
        // The stretch is full, and the reader is at its end: the end moves on.
        if self.model.thread.at_end
            && self.model.thread.later
            && let Some(reading) = self.model.thread.to_end()
        {
            self.read(reading).await;
        }
    }

    /// Reads a page and shows it.
    pub(super) async fn read(&mut self, reading: Reading) {
        let Reading { with, at, limit } = reading.clone();
        let unread = self.model.people.get(&with).map_or(0, |person| person.chat.unread);
        match self.core.run(Command::ReadPage { with, at, limit }).await {
            Ok(Reply::Page(page)) => self.model.thread.take(&reading, page, unread, &self.clock),
            Ok(other) => tracing::error!(?other, "a page was asked for"),
            Err(error) => self.model.thread.fail(&reading, error.to_string()),
        }
        self.show_thread();
        self.mark_read().await;
    }

    pub(super) fn show_thread(&mut self) {
        publish_thread(&mut self.store, &self.model.thread);
    }

    /// Whoever sees the end has read all of it.
    pub(super) async fn mark_read(&mut self) {
        let thread = &self.model.thread;
        let seen = thread.at_end && !thread.later && *self.focused.borrow();
        let Some(with) = thread.with.filter(|_| seen) else { return };
        let unread = self.model.people.get(&with).is_some_and(|person| person.chat.unread > 0);
        let Some(up_to) = thread.last_theirs().filter(|id| unread && self.marked.as_ref() != Some(id)) else { return };
        self.marked = Some(up_to.clone());
        // Its effect comes back as a delta.
        drop(self.core.submit(Command::MarkRead { with, up_to }).await);
    }
}
