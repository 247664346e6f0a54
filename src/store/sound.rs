//! Whether every page of the file is in order: when all of them are read, and what is remembered of it.
//!
//! `PRAGMA quick_check` reads the whole file, a second for each half gigabyte, and nobody waits for that at each start:
//!
//! | the file | all of its pages are read |
//! |---|---|
//! | is small, or about to be brought to another format | before it is opened |
//! | is as this program left it, and was read whole in the last week | not now |
//! | is as this program left it; or its last process was killed (a WAL lies beside it) | in the background, after it was opened |
//! | is anything else: somebody has changed, copied or replaced it | before it is opened |
//!
//! "As this program left it" is its size and its time of change, noted beside it when it is closed. What is found before the
//! opening leaves the file as it is. What is found in the background ends all use of it: whatever is asked from then on is
//! refused, and nothing more is written. A page that a disk has spoiled without either is found when it is read (SQLite
//! says so), or within a week.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, InterruptHandle, OpenFlags};

use super::StoreError;
use crate::platform;

/// Files up to this size are read whole at each start: it takes some ten milliseconds.
pub(super) const WHOLE_BYTES_MAX: u64 = 8 << 20;
/// A file that was found in order is read whole again after this long, in the background.
const AGAIN: Duration = Duration::from_secs(7 * 24 * 3600);
/// What is noted is one short line.
const NOTE_BYTES_MAX: usize = 128;
/// Stands before what is noted; another form gets another number.
const NOTE_HEAD: &str = "kith-sound-1";
/// What stops a look is said again after this long, until it has been heard.
const STOP_AGAIN: Duration = Duration::from_millis(1);

/// When all pages of a file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Before anything else.
    Now,
    /// After it was opened. The time at which it was last found in order, if it is known.
    Later(Option<u64>),
    /// It was found in order at this time (Unix seconds), and that is enough.
    Enough(u64),
}

/// Decides by the file and by what was noted of it.
pub(super) fn due(path: &Path, killed: bool, whole_max: u64) -> Due {
    let Some((size, changed)) = measure(path) else { return Due::Now };
    if size <= whole_max {
        return Due::Now;
    }
    let noted = Noted::read(path);
    let same = noted.as_ref().is_some_and(|noted| (noted.size, noted.changed) == (size, changed));
    let found = noted.and_then(|noted| noted.found);
    match found {
        _ if killed => Due::Later(found),
        _ if !same => Due::Now,
        Some(at) if now().saturating_sub(at) < AGAIN.as_secs() => Due::Enough(at),
        _ => Due::Later(found),
    }
}

/// Reads every page.
pub(super) fn look(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(verdict)) }
}

/// What a whole look has found, once it has ended.
type Verdict = Arc<OnceLock<Result<(), StoreError>>>;

/// What is known of an open file. Its look ends with it.
pub(super) struct Sound {
    verdict: Verdict,
    looking: Option<(InterruptHandle, JoinHandle<()>)>,
}

impl Sound {
    /// Begins to look at all pages, if that is due.
    pub(super) fn watch(path: &Path, due: Due) -> Result<Self, StoreError> {
        let verdict = Verdict::default();
        let looking = match due {
            Due::Now | Due::Enough(_) => None,
            Due::Later(_) => Some(begin(path, &verdict)?),
        };
        Ok(Self { verdict, looking })
    }

    /// The damage that was found.
    pub(super) fn damage(&self) -> Option<&StoreError> {
        self.verdict.get().and_then(|found| found.as_ref().err())
    }

    /// What will be noted of the file once its connection is closed.
    pub(super) fn note(&self, path: &Path, due: Due, whole_max: u64) -> Note {
        let found = match due {
            Due::Now => Some(now()),
            Due::Later(found) => found,
            Due::Enough(at) => Some(at),
        };
        Note { path: path.to_owned(), whole_max, found, verdict: Arc::clone(&self.verdict) }
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sound").field("verdict", &self.verdict.get()).finish_non_exhaustive()
    }
}

impl Sound {
    /// Ends a look that is under way: what was found so far is nothing.
    pub(super) fn stop(&mut self) {
        let Some((interrupt, thread)) = self.looking.take() else { return };
        // Only a statement that runs can be interrupted, and it may be about to.
        while !thread.is_finished() {
            interrupt.interrupt();
            std::thread::sleep(STOP_AGAIN);
        }
        if thread.join().is_err() {
            tracing::error!("the look at the database's pages ended early");
        }
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.stop();
    }
}

fn begin(path: &Path, verdict: &Verdict) -> Result<(InterruptHandle, JoinHandle<()>), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let interrupt = connection.get_interrupt_handle();
    let verdict = Arc::clone(verdict);
    let look = move || {
        let found = look(&connection);
        match &found {
            Ok(()) => tracing::debug!("the database is in order"),
            Err(error @ StoreError::Damaged(_)) => tracing::error!(%error, "the database is used no more"),
            // Stopped, or the disk did not answer: the next start looks again.
            Err(error) => return tracing::debug!(%error, "the look at the database's pages came to no end"),
        }
        // Nobody else sets it.
        let _ = verdict.set(found);
    };
    Ok((interrupt, std::thread::Builder::new().name("kith-store-look".to_owned()).spawn(look)?))
}

/// Notes, when it is dropped, how the file was left. Dropped after the connection is closed.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
    /// Nothing needs to be noted of a file that is no larger.
    whole_max: u64,
    found: Option<u64>,
    verdict: Verdict,
}

impl Drop for Note {
    fn drop(&mut self) {
        let found = match self.verdict.get() {
            Some(Err(_)) => return,
            Some(Ok(())) => Some(now()),
            None => self.found,
        };
        // Commits that are not in the file itself: somebody else has it open. The next start sees that.
        let Some((size, changed)) = measure(&self.path).filter(|_| !super::schema::has_wal(&self.path)) else { return };
        if size > self.whole_max {
            Noted { size, changed, found }.write(&self.path);
        }
    }
}

/// How a file was left.
struct Noted {
    size: u64,
    /// Nanoseconds since 1970.
    changed: u128,
    /// When all of it was last found in order, in Unix seconds.
    found: Option<u64>,
}

impl Noted {
    fn path(database: &Path) -> PathBuf {
        let mut path = database.as_os_str().to_owned();
        path.push("-sound");
        path.into()
    }

    fn read(database: &Path) -> Option<Self> {
        let bytes = platform::read_secret(&Self::path(database), NOTE_BYTES_MAX).ok()??;
        let text = std::str::from_utf8(&bytes).ok()?;
        let mut words = text.strip_prefix(NOTE_HEAD)?.split_whitespace();
        let (size, changed) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { size, changed, found: words.next().and_then(|at| at.parse().ok()) })
    }

    fn write(&self, database: &Path) {
        let Self { size, changed, found } = self;
        let found = found.map(|at| format!(" {at}")).unwrap_or_default();
        let line = format!("{NOTE_HEAD} {size} {changed}{found}\n");
        // Without it the next start reads all of the file.
        if let Err(error) = platform::write_secret(&Self::path(database), line.as_bytes()) {
            tracing::warn!(%error, "how the database was left is not noted");
        }
    }
}

/// Size and time of change of a file.
fn measure(path: &Path) -> Option<(u64, u128)> {
    let file = std::fs::metadata(path).ok()?;
    let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some((file.len(), changed))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
