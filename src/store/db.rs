//! The database, synchronous: a batch of [`Op`]s in, one outcome each, all of them or none.
//!
//! Nothing is cached beyond a batch, so a batch that fails leaves nothing behind but its error.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::sound::{Note, Sound, WHOLE_BYTES_MAX};
use super::{
    Op, Outcome, StoreError, bare, belief, chat, claims, entries, groups, have, history, live, logs, outbox, page,
    people, progress, reading, recipients, schema, search, summary,
};
use crate::wire::kind;

/// The database. One thread owns it; see [`super::Store`].
#[derive(Debug)]
pub struct Db {
    // Dropped in this order: the look at the pages ends, the file is closed, and then it is noted how it was left.
    sound: Option<Sound>,
    connection: Connection,
    _note: Option<Note>,
    /// Something was erased, and older pages that hold it are in the WAL.
    erased: bool,
    /// Something may wait for its place in the index.
    behind: bool,
}

impl Db {
    /// Opens a database, or creates one that only its owner may read.
    ///
    /// # Errors
    /// When the file cannot be used, is damaged, or belongs to a newer or another program; such a file is not changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, WHOLE_BYTES_MAX)
    }

    /// The same, where files up to another size are read whole first.
    pub(super) fn open_as(path: &Path, whole_max: u64) -> Result<Self, StoreError> {
        let (connection, due) = schema::open(path, whole_max)?;
        let sound = Sound::watch(path, due)?;
        let note = sound.note(path, due, whole_max);
        Ok(Self { sound: Some(sound), connection, _note: Some(note), erased: false, behind: true })
    }

    /// A database that lives as long as this value, for tests.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { sound: None, connection: schema::in_memory()?, _note: None, erased: false, behind: true })
    }

    /// Does a batch in one transaction. When a statement or the commit fails, nothing has changed and every op of the
    /// batch gets that error.
    pub fn apply(&mut self, ops: Vec<Op>) -> Vec<Result<Outcome, StoreError>> {
        self.apply_between(ops, || (), || ())
    }

    /// [`Db::apply`], with what is to happen right before and right after the commit.
    pub(super) fn apply_between(
        &mut self,
        ops: Vec<Op>,
        before: impl FnOnce(),
        after: impl FnOnce(),
    ) -> Vec<Result<Outcome, StoreError>> {
        let count = ops.len();
        if let Some(damage) = self.damage() {
            return vec![Err(damage.clone()); count];
        }
        if ops.iter().any(|op| matches!(op, Op::Search { .. })) {
            self.index_before_search();
        }
        let deletes = ops.iter().any(deletes);
        match self.transaction(ops, before, after, deletes) {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); count],
        }
    }

    fn transaction(
        &mut self,
        ops: Vec<Op>,
        before: impl FnOnce(),
        after: impl FnOnce(),
        deletes: bool,
    ) -> Result<Vec<Outcome>, StoreError> {
        let transaction = Transaction::begin(&self.connection)?;
        let tx = transaction.0;
        let outcomes = ops.into_iter().map(|op| apply(tx, op)).collect::<Result<Vec<_>, _>>()?;
        let stored = outcomes.iter().any(stores);
        if stored {
            search::keep_up(tx)?;
        }
        before();
        transaction.commit()?;
        after();
        self.behind |= stored;
        self.erased |= deletes || outcomes.iter().any(erases);
        self.empty_wal();
        Ok(outcomes)
    }

    /// Whether something may wait for its place in the index ([`Db::index`]).
    pub(super) fn is_behind(&self) -> bool {
        self.behind
    }

    /// Puts some of what waits into the index, in a transaction of its own. When that fails nothing is lost: it is tried again with whatever is
    /// stored next, and before a search.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn index(&mut self, before: impl FnOnce(), after: impl FnOnce()) -> Result<(), StoreError> {
        self.behind = false;
        if self.damage().is_some() {
            return Ok(());
        }
        let transaction = Transaction::begin(&self.connection)?;
        let more = search::catch_up(transaction.0)?;
        before();
        transaction.commit()?;
        after();
        self.behind = more;
        self.empty_wal();
        Ok(())
    }

    /// Puts what waits into the index, as far as that takes no time that is felt. Nothing depends on it: the search says what it did not look
    /// through, and whatever else is wished for in its batch does not fail with it.
    fn index_before_search(&mut self) {
        for _ in 0..search::BEFORE_SEARCH_MAX {
            match self.index(|| (), || ()) {
                Ok(()) if self.behind => {}
                Ok(()) => return,
                Err(error) => {
                    return tracing::warn!(%error, "what was said last could not be put into the index before a search");
                }
            }
        }
    }

    /// What was found after the opening.
    pub(super) fn damage(&self) -> Option<&StoreError> {
        self.sound.as_ref().and_then(Sound::damage)
    }

    /// What was erased is gone from the WAL too before anybody is told. What is committed stays so when that fails, and it is
    /// tried again after the next commit.
    fn empty_wal(&mut self) {
        if self.erased {
            // Whoever reads keeps the WAL from being emptied. The next start looks again.
            self.sound.iter_mut().for_each(Sound::stop);
            match schema::empty_wal(&self.connection) {
                Ok(done) => self.erased = !done,
                Err(error) => tracing::warn!(%error, "the WAL could not be emptied after a deletion"),
            }
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

#[cfg(any(test, feature = "testing"))]
impl From<Connection> for Db {
    fn from(connection: Connection) -> Self {
        Self { sound: None, connection, _note: None, erased: false, behind: true }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        // A damaged file stays as it is, with what waits beside it.
        if self.damage().is_some()
            && let Err(error) = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        {
            tracing::warn!(%error, "a damaged database is closed as if it were whole");
        }
    }
}

/// A transaction, rolled back unless it was committed. Unlike rusqlite's it has its statements parsed once, and not for each batch.
struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    fn begin(connection: &'a Connection) -> Result<Self, StoreError> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> Result<(), StoreError> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}

/// Whether an entry of this kind may erase something: a deletion, or a change of a group by which one counts again.
fn may_erase(kind: u32) -> bool {
    matches!(kind, kind::DELETE | kind::GROUP)
}

/// Whether a wish may erase something.
fn deletes(op: &Op) -> bool {
    matches!(op, Op::Append(entry) if may_erase(entry.header().kind))
}

/// Whether something was erased: a deletion may have waited for what this batch has brought.
fn erases(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Inserted { fresh, .. } if fresh.iter().any(|fresh| may_erase(fresh.kind)))
}

/// Whether entries may have been stored.
pub(super) fn stores(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Appended { .. } | Outcome::Inserted { .. })
}

fn apply(tx: &Connection, op: Op) -> Result<Outcome, StoreError> {
    match op {
        Op::Load => people::load(tx).map(|loaded| Outcome::Loaded(Box::new(loaded))),
        Op::SaveProfile(profile) => people::save_profile(tx, &profile).map(done),
        Op::SaveInvitation(invitation) => people::save_invitation(tx, &invitation).map(done),
        Op::SavePerson(person) => people::save_person(tx, &person).map(done),
        Op::DeletePerson(root) => people::delete_person(tx, &root).map(done),
        Op::SavePeer(peer) => people::save_peer(tx, &peer).map(done),
        Op::SaveOwnLog { conversation, log } => people::save_own_log(tx, &conversation, &log).map(done),
        Op::SaveSeat { conversation, seat } => people::save_seat(tx, &conversation, &seat).map(done),
        Op::Append(entry) => entries::append(tx, &entry),
        Op::Insert { from, entries, way, own, outside } => {
            entries::insert(tx, from.as_ref(), &entries, way, &own, &outside)
        }
        Op::Acked { peer, ids, of, way } => belief::acked(tx, &peer, &ids, &of, way),
        Op::Believe { peer, have } => claims::believe(tx, &peer, &have).map(Outcome::Delivered),
        Op::Lower { peer, lack } => belief::lower(tx, &peer, &lack).map(|bare| Outcome::Lowered { bare }),
        Op::MarkSent { ids, way } => progress::mark_sent(tx, &ids, way).map(Outcome::Changed),
        Op::Have(conversation) => have::have(tx, &conversation).map(Outcome::Have),
        Op::HaveFor { conversation, to } => have::have_for(tx, &conversation, to).map(Outcome::Have),
        Op::Knows { conversation, peer, to, ids } => belief::known(tx, &conversation, &peer, to, &ids),
        Op::Here(ids) => logs::here(tx, &ids).map(Outcome::Count),
        Op::Outbox { peer, conversations, after, bytes } => outbox::outbox(tx, &peer, &conversations, after, bytes),
        Op::History { conversation, before, limit } => history::page(tx, &conversation, before.as_ref(), limit),
        Op::Page { conversation, at, limit } => page::page(tx, &conversation, &at, limit),
        Op::MarkRead { conversation, up_to } => page::mark_read(tx, &conversation, &up_to),
        Op::SaveDraft { conversation, text } => summary::save_draft(tx, &conversation, &text).map(done),
        Op::SaveNickname { root, nickname } => summary::save_nickname(tx, &root, &nickname).map(done),
        Op::SaveAddressHidden { root, hidden } => summary::save_address_hidden(tx, &root, hidden).map(done),
        Op::Message { id, conversation } => page::one(tx, &id, conversation.as_ref()),
        Op::Summarise(conversations) => summary::summarise(tx, &conversations).map(Outcome::Summaries),
        Op::Barrier => Ok(Outcome::Done),
        Op::CountWaiting => outbox::count_waiting(tx).map(Outcome::Count),
        Op::Hide { conversation, id } => live::hide(tx, &conversation, &id),
        Op::Bare { conversation, to, after } => bare::bare(tx, &conversation, to, after),
        Op::TheyRead { device, conversation, mark } => reading::said(tx, &conversation, &device, &mark),
        Op::Search { query, within, before, limit } => search::search(tx, &query, within.as_ref(), before, limit),
        Op::IndexMore => search::index_more(tx),
        Op::Choose { conversation, choice } => chat::choose(tx, &conversation, choice),
        Op::Group(conversation) => groups::read(tx, &conversation),
        Op::Cut { conversation, author } => groups::cut(tx, &conversation, &author).map(Outcome::Cut),
        Op::SaveRecipients { conversation, devices } => {
            recipients::save(tx, &conversation, &devices).map(Outcome::Delivered)
        }
        Op::Deliveries(id) => recipients::of_entry(tx, &id).map(Outcome::Deliveries),
    }
}

fn done((): ()) -> Outcome {
    Outcome::Done
}
