//! The writer thread: wishes in by a bounded queue, outcomes out by a bounded channel, one transaction for what has gathered.
//!
//! A commit costs a wait for the disk, so the thread takes whatever is there when it is free. It never ends because of an
//! error: a full disk may have room again for the next batch. It ends when it is told to, after everything before.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError as Unsent;
use tokio_util::sync::CancellationToken;

use super::db::stores;
use super::{Db, Op, Outcome, StoreError};
use crate::platform::crash;

/// Ops that may wait: about what arrives while one batch is being committed to a slow disk.
const QUEUE_MAX: usize = 512;
/// Ops in one transaction: more would save little of the disk's time and make the first one wait for the last.
const BATCH_MAX: usize = 256;
/// Bytes of entries in one transaction: stays far below what SQLite keeps of a transaction in memory and in the WAL.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// When nothing was stored for so long, and no wish waits, what was stored is put into the index of what was said: whoever writes, or waits for
/// an answer, does not wait for that.
const INDEX_AFTER: Duration = Duration::from_millis(100);

/// What comes out: the token that a wish was submitted with, and its outcome. Outcomes come in the order of the wishes.
pub type Done = (u64, Result<Outcome, StoreError>);

/// The store. Clones are handles to the same one. The thread is joined by [`Store::close`], or when the last handle goes.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    wishes: SyncSender<Wish>,
    /// Cancelled when nobody may be reading outcomes any more.
    closing: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Wish {
    Op(u64, Op),
    Close,
}

impl Store {
    /// Opens or creates the database and starts its thread. Blocks for as long as that takes.
    ///
    /// # Errors
    /// As [`Db::open`], and when the system gives no thread.
    pub fn open(path: &Path, events: Sender<Done>) -> Result<Self, StoreError> {
        Self::start(Db::open(path)?, events)
    }

    pub(super) fn start(db: Db, events: Sender<Done>) -> Result<Self, StoreError> {
        let (wishes, queue) = sync_channel(QUEUE_MAX);
        let closing = CancellationToken::new();
        // Only to wait for room in the outcome channel or for the end, whichever comes first.
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let stored_at = Instant::now();
        let writer = Writer { db, queue, events, closing: closing.clone(), runtime, stored_at, held: None };
        let thread = std::thread::Builder::new().name("kith-store".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared: Arc::new(Shared { wishes, closing, thread: Mutex::new(Some(thread)) }) })
    }

    /// Submits a wish. Never blocks.
    ///
    /// # Errors
    /// Gives it back when the queue is full, or the store is closed.
    #[expect(clippy::result_large_err, reason = "the wish is given back to be kept, not passed on as an error")]
    pub fn try_submit(&self, token: u64, op: Op) -> Result<(), (u64, Op)> {
        match self.shared.wishes.try_send(Wish::Op(token, op)) {
            Ok(()) | Err(TrySendError::Full(Wish::Close) | TrySendError::Disconnected(Wish::Close)) => Ok(()),
            Err(TrySendError::Full(Wish::Op(token, op)) | TrySendError::Disconnected(Wish::Op(token, op))) => {
                Err((token, op))
            }
        }
    }

    /// Ends the thread and waits for it: everything submitted before is committed. Outcomes for which the channel has no
    /// room are dropped from now on. Blocks for as long as the disk takes.
    pub fn close(self) {
        self.shared.close();
    }
}

impl Shared {
    fn close(&self) {
        self.closing.cancel();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread drains the queue without waiting for anybody, so there will be room.
            let told = self.wishes.send(Wish::Close);
            if thread.join().is_err() || told.is_err() {
                tracing::error!("the store's thread ended early");
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

struct Writer {
    db: Db,
    queue: Receiver<Wish>,
    events: Sender<Done>,
    closing: CancellationToken,
    runtime: Runtime,
    /// When something was stored last. Whatever else is wished for, however often, does not keep the index waiting.
    stored_at: Instant,
    /// A search that does not go into the batch that was gathered before it.
    held: Option<Wish>,
}

impl Writer {
    fn run(mut self) {
        let mut open = true;
        while open && let Some(wish) = self.next() {
            let (mut tokens, mut ops, mut bytes) = (vec![], vec![], 0);
            let mut next = Some(wish);
            while let Some(wish) = next {
                match wish {
                    // What is stored gets its row after its commit: a search in the same one would not find what was wished for before it.
                    Wish::Op(_, Op::Search { .. }) if ops.iter().any(brings) => {
                        self.held = Some(wish);
                        break;
                    }
                    Wish::Op(token, op) => {
                        bytes += size(&op);
                        tokens.push(token);
                        ops.push(op);
                    }
                    Wish::Close => {
                        open = false;
                        break;
                    }
                }
                let room = ops.len() < BATCH_MAX && bytes < BATCH_BYTES_MAX;
                next = if room { self.queue.try_recv().ok() } else { None };
            }
            let outcomes = commit(&mut self.db, ops);
            if outcomes.iter().flatten().any(stores) {
                self.stored_at = Instant::now();
            }
            for done in tokens.into_iter().zip(outcomes) {
                self.tell(done);
            }
        }
    }

    /// The next wish. None when nobody can have one any more.
    fn next(&mut self) -> Option<Wish> {
        if self.held.is_some() {
            return self.held.take();
        }
        while self.db.is_behind() {
            match self.queue.recv_timeout(INDEX_AFTER.saturating_sub(self.stored_at.elapsed())) {
                Ok(wish) => return Some(wish),
                Err(RecvTimeoutError::Timeout) => self.index(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.queue.recv().ok()
    }

    fn index(&mut self) {
        let (before, after) = ("store.index.before_commit", "store.index.after_commit");
        if let Err(error) = self.db.index(|| crash_point(before), || crash_point(after)) {
            tracing::warn!(%error, "what was said could not be put into the index");
        }
    }

    fn tell(&self, done: Done) {
        let Err(Unsent::Full(done)) = self.events.try_send(done) else { return };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.closing.cancelled() => {}
                // An error means that nobody reads any more.
                _ = self.events.send(done) => {}
            }
        });
    }
}

/// One transaction, with the crash points of every kind of op in it around its commit.
fn commit(db: &mut Db, ops: Vec<Op>) -> Vec<Result<Outcome, StoreError>> {
    let mut points: Vec<(&str, &str)> = ops.iter().filter_map(points).collect();
    points.sort_unstable();
    points.dedup();
    let before = || points.iter().for_each(|(before, _)| crash_point(before));
    let after = || points.iter().for_each(|(_, after)| crash_point(after));
    db.apply_between(ops, before, after)
}

fn crash_point(name: &'static str) {
    crash::point(name);
}

/// Where a test kills the process around an op's commit.
fn points(op: &Op) -> Option<(&'static str, &'static str)> {
    Some(match op {
        Op::SaveProfile(_) => ("store.profile.before_commit", "store.profile.after_commit"),
        Op::SaveInvitation(_) => ("store.invitation.before_commit", "store.invitation.after_commit"),
        Op::SavePerson(_) | Op::DeletePerson(_) | Op::SaveAddressHidden { .. } => {
            ("store.person.before_commit", "store.person.after_commit")
        }
        Op::SavePeer(_) => ("store.peer.before_commit", "store.peer.after_commit"),
        Op::SaveOwnLog { .. } | Op::SaveSeat { .. } => ("store.own_log.before_commit", "store.own_log.after_commit"),
        Op::Append(_) => ("store.append.before_commit", "store.append.after_commit"),
        Op::Insert { .. } => ("store.insert.before_commit", "store.insert.after_commit"),
        Op::Acked { .. } => ("store.acked.before_commit", "store.acked.after_commit"),
        Op::Believe { .. } | Op::Lower { .. } => ("store.believe.before_commit", "store.believe.after_commit"),
        Op::MarkSent { .. } => ("store.mark_sent.before_commit", "store.mark_sent.after_commit"),
        // Nothing that a person was promised depends on when these are on disk.
        Op::MarkRead { .. }
        | Op::SaveDraft { .. }
        | Op::SaveNickname { .. }
        | Op::Hide { .. }
        | Op::TheyRead { .. }
        | Op::Choose { .. }
        | Op::SaveRecipients { .. }
        | Op::IndexMore => return None,
        Op::Load
        | Op::Have(_)
        | Op::HaveFor { .. }
        | Op::Knows { .. }
        | Op::Here(_)
        | Op::Outbox { .. }
        | Op::History { .. }
        | Op::Page { .. }
        | Op::Message { .. }
        | Op::Summarise(_)
        | Op::CountWaiting
        | Op::Barrier
        | Op::Bare { .. }
        | Op::Group(_)
        | Op::Cut { .. }
        | Op::Deliveries(_)
        | Op::Search { .. } => return None,
    })
}

/// Whether a wish may bring something that can be found.
fn brings(op: &Op) -> bool {
    matches!(op, Op::Append(_) | Op::Insert { .. })
}

fn size(op: &Op) -> usize {
    let entry = |entry: &crate::log::Entry| entry.wire().header.len() + entry.wire().body.as_ref().map_or(0, Vec::len);
    match op {
        Op::Append(appended) => entry(appended),
        Op::Insert { entries, .. } => entries.iter().map(entry).sum(),
        Op::SaveDraft { text, .. } => text.len(),
        _ => 0,
    }
}
