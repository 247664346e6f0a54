//! A device's disk: wishes wait, commits take time, and a process may die around each of them.
//!
//! The database is the real one, in memory or in a folder. What waits when the process dies was never asked for; what was
//! committed is there at the next start, whether or not the process was told.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rand::RngExt;

use super::{What, World, trace};
use crate::coordinator::engine::{Input, StoreToken};
use crate::store::{Db, Op, Outcome};
use crate::wire::{EntryId, LogId};

/// A kind of wish to the store.
pub type Kind = fn(&Op) -> bool;

/// As many wishes as the real store puts into one transaction.
const BATCH_MAX: usize = 256;
/// The database's file in a device's folder.
const FILE: &str = "kith.sqlite3";
/// A database's file without anything in it. To make one anew for each device, table by table, takes longer than all else that a
/// device does before it is somebody.
static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();

/// On which side of a commit something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it is on disk.
    Before,
    /// All of it is, and nobody was told.
    After,
}

/// A copy of a device's database from some moment.
pub struct Backup {
    content: Content,
    kept: BTreeSet<EntryId>,
}

enum Content {
    Memory(Db),
    File(PathBuf),
}

pub(super) struct Disk {
    /// None while the process of a device with a folder is gone: its file is closed then.
    db: Option<Db>,
    folder: Option<PathBuf>,
    waiting: VecDeque<(StoreToken, Op)>,
    /// The transaction that is under way; what comes meanwhile waits for the next one.
    taken: Vec<(StoreToken, Op)>,
    /// Wishes of this process that brought entries and are on disk.
    committed: BTreeSet<StoreToken>,
    /// The disk does not answer.
    stalled: bool,
    /// It refuses so many more of these.
    refuses: Option<(u32, Kind)>,
    /// The process dies around the commit of the wish after so many others.
    crash: Option<(u32, Moment)>,
    /// Rows of people and devices that were written.
    writes: usize,
    /// Entries that are on it; entries that ever were.
    pub kept: BTreeSet<EntryId>,
    pub ever: BTreeSet<EntryId>,
    /// What its processes have told people of since it was restored.
    pub told: BTreeSet<EntryId>,
    backups: usize,
}

impl Disk {
    pub(super) fn in_memory() -> Self {
        Self::new(Some(Db::borrowed().unwrap()), None)
    }

    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::new(None, Some(folder.to_owned()))
    }

    /// The same with an empty database in the folder: a file as a first start leaves it, which was made once for all.
    pub(super) fn fresh_in(folder: &Path) -> Self {
        let path = folder.join(FILE);
        match EMPTY.get() {
            Some(bytes) => std::fs::write(path, bytes).unwrap(),
            None => {
                drop(Db::open(&path).unwrap());
                EMPTY.get_or_init(|| std::fs::read(&path).unwrap());
            }
        }
        Self::in_folder(folder)
    }

    fn new(db: Option<Db>, folder: Option<PathBuf>) -> Self {
        Self {
            db,
            folder,
            waiting: VecDeque::new(),
            taken: vec![],
            committed: BTreeSet::new(),
            stalled: false,
            refuses: None,
            crash: None,
            writes: 0,
            kept: BTreeSet::new(),
            ever: BTreeSet::new(),
            told: BTreeSet::new(),
            backups: 0,
        }
    }

    /// A process starts.
    pub(super) fn wake(&mut self) {
        if let Some(folder) = &self.folder {
            self.db = Some(Db::open(&folder.join(FILE)).unwrap());
        }
    }

    /// What is on it was put there by somebody else.
    pub(super) fn take_stock(&mut self) {
        self.wake();
        let Some(Ok(Outcome::Loaded(loaded))) = self.db().apply(vec![Op::Load]).pop() else { panic!("no logs") };
        for log in loaded.logs {
            let ids: BTreeSet<EntryId> =
                self.db().entries(&log.conversation).unwrap().into_iter().map(|kept| kept.id).collect();
            self.kept.extend(&ids);
            self.ever.extend(ids);
        }
        self.power_off();
    }

    /// The process is gone, and with it what it had not written.
    pub(super) fn power_off(&mut self) {
        self.waiting.clear();
        self.taken.clear();
        self.committed.clear();
        self.stalled = false;
        self.crash = None;
        if self.folder.is_some() {
            self.db = None;
        }
    }

    pub(super) fn db(&mut self) -> &mut Db {
        self.db.as_mut().unwrap()
    }

    pub(super) fn committed(&self, token: StoreToken) -> bool {
        self.committed.contains(&token)
    }

    /// Takes the next wishes that go into one transaction. One that the disk refuses goes alone.
    fn batch(&mut self) -> Vec<(StoreToken, Op)> {
        let refused = |op: &Op| self.refuses.is_some_and(|(left, which)| left > 0 && which(op));
        let count = match self.waiting.iter().position(|(_, op)| refused(op)) {
            Some(0) => 1,
            Some(first) => first,
            None => self.waiting.len(),
        };
        self.waiting.drain(..count.min(BATCH_MAX)).collect()
    }

    fn refuse_one(&mut self, batch: &[(StoreToken, Op)]) -> bool {
        let (Some((left, which)), [(_, op)]) = (&mut self.refuses, batch) else { return false };
        let refused = *left > 0 && which(op);
        *left -= u32::from(refused);
        refused
    }

    /// Whether the process dies around the commit of so many wishes.
    fn crashes(&mut self, wishes: usize) -> Option<Moment> {
        let (left, _) = self.crash.as_mut()?;
        match left.checked_sub(u32::try_from(wishes).unwrap()) {
            Some(rest) => *left = rest,
            None => return self.crash.take().map(|(_, moment)| moment),
        }
        None
    }

    fn note(&mut self, token: StoreToken, appended: Option<EntryId>, outcome: &Outcome) {
        let stored = match outcome {
            Outcome::Appended { .. } => appended.into_iter().collect(),
            Outcome::Inserted { stored, .. } => stored.clone(),
            _ => return,
        };
        self.committed.insert(token);
        self.kept.extend(&stored);
        self.ever.extend(stored);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(db) = self.db.take().filter(|_| self.folder.is_none() && !std::thread::panicking()) {
            db.give_back();
        }
    }
}

impl World {
    pub(super) fn store(&mut self, device: usize, token: StoreToken, op: Op) {
        self.devices[device].disk.waiting.push_back((token, op));
        self.begin(device);
    }

    /// Begins a transaction with what waits, unless one is under way.
    fn begin(&mut self, device: usize) {
        let takes = self.disk_takes;
        let takes = if takes.is_zero() { takes } else { self.rng.random_range(Duration::ZERO..=takes) };
        let disk = &mut self.devices[device].disk;
        if !disk.taken.is_empty() || disk.waiting.is_empty() {
            return;
        }
        disk.taken = disk.batch();
        self.happen(device, self.now + takes, What::Commit);
    }

    /// The transaction that is under way ends.
    pub(super) fn commit(&mut self, device: usize) {
        let disk = &mut self.devices[device].disk;
        if disk.stalled {
            return;
        }
        let batch = std::mem::take(&mut disk.taken);
        let is_traced = tracing::enabled!(tracing::Level::TRACE);
        if disk.refuse_one(&batch) {
            for (token, op) in batch {
                if let Some(said) = trace::wish(&op).filter(|_| is_traced) {
                    Self::trace_stored(device, &said, Err("it is full".into()));
                }
                self.later(device, 1, Input::Stored(token, Err("the disk is full".into())));
            }
        } else {
            let dies = disk.crashes(batch.len());
            if dies == Some(Moment::Before) {
                return self.kill(device);
            }
            let rows = |(_, op): &&(StoreToken, Op)| matches!(op, Op::SavePerson(_) | Op::SavePeer(_));
            disk.writes += batch.iter().filter(rows).count();
            let appended = |op: &Op| match op {
                Op::Append(entry) => Some(entry.id()),
                _ => None,
            };
            let ids: Vec<Option<EntryId>> = batch.iter().map(|(_, op)| appended(op)).collect();
            let said: Vec<Option<String>> =
                if is_traced { batch.iter().map(|(_, op)| trace::wish(op)).collect() } else { vec![] };
            let (tokens, ops): (Vec<StoreToken>, Vec<Op>) = batch.into_iter().unzip();
            let outcomes = disk.db().apply(ops);
            // A database without a journal does not come back from an error.
            let outcomes = outcomes.into_iter().map(|outcome| outcome.expect("a batch that the disk does not refuse"));
            let outcomes: Vec<Outcome> = outcomes.collect();
            for (said, outcome) in said.iter().zip(&outcomes) {
                if let Some(said) = said {
                    Self::trace_stored(device, said, Ok(outcome));
                }
            }
            for ((token, id), outcome) in tokens.iter().zip(ids).zip(&outcomes) {
                disk.note(*token, id, outcome);
            }
            if dies == Some(Moment::After) {
                return self.kill(device);
            }
            for (token, outcome) in tokens.into_iter().zip(outcomes) {
                self.later(device, 1, Input::Stored(token, Ok(outcome)));
            }
        }
        self.begin(device);
    }

    /// From now on the disk takes nothing: what is written stays in the process's memory.
    pub fn stall(&mut self, device: usize) {
        self.devices[device].disk.stalled = true;
    }

    /// The disk works again, and takes what has waited.
    pub fn resume(&mut self, device: usize) {
        let disk = &mut self.devices[device].disk;
        if std::mem::take(&mut disk.stalled) && !disk.taken.is_empty() {
            self.happen(device, self.now, What::Commit);
        }
    }

    /// What waits for the disk, or is on its way to it.
    pub fn wishes(&self, device: usize) -> impl Iterator<Item = &Op> {
        let disk = &self.devices[device].disk;
        disk.taken.iter().chain(&disk.waiting).map(|(_, op)| op)
    }

    /// The disk refuses the next so many wishes of a kind.
    pub fn refuse(&mut self, device: usize, times: u32, which: Kind) {
        self.devices[device].disk.refuses = Some((times, which));
    }

    /// How many of them it has not refused yet.
    #[must_use]
    pub fn left_to_refuse(&self, device: usize) -> u32 {
        self.devices[device].disk.refuses.map_or(0, |(left, _)| left)
    }

    /// The process dies around the commit that holds the wish after `wishes` others.
    pub fn crash_at(&mut self, device: usize, wishes: u32, moment: Moment) {
        self.devices[device].disk.crash = Some((wishes, moment));
    }

    /// No process dies around a commit any more, and no disk refuses anything.
    pub fn calm_disks(&mut self) {
        self.disk_takes = Duration::ZERO;
        for device in &mut self.devices {
            (device.disk.crash, device.disk.refuses) = (None, None);
        }
    }

    /// How often a device has written people or their devices.
    #[must_use]
    pub fn writes(&self, device: usize) -> usize {
        self.devices[device].disk.writes
    }

    /// The database of a device whose process runs, or that has it in memory.
    pub fn db(&mut self, device: usize) -> &mut Db {
        self.devices[device].disk.db()
    }

    /// Entries that are on a device's disk.
    #[must_use]
    pub fn kept(&self, device: usize) -> &BTreeSet<EntryId> {
        &self.devices[device].disk.kept
    }

    /// Somebody else has put entries on a device's disk.
    pub fn note_kept(&mut self, device: usize, conversation: crate::wire::ConversationId) {
        let disk = &mut self.devices[device].disk;
        let ids: BTreeSet<EntryId> =
            disk.db().entries(&conversation).unwrap().into_iter().map(|kept| kept.id).collect();
        disk.kept.extend(&ids);
        disk.ever.extend(ids);
    }

    /// Everything in a device's database, and in the log of what was written last, if these are files.
    #[must_use]
    pub fn bytes_on_disk(&self, device: usize) -> Option<Vec<u8>> {
        let path = self.devices[device].disk.folder.as_ref()?.join(FILE);
        Some([std::fs::read(path).unwrap(), self.log_on_disk(device)?].concat())
    }

    /// The log of what was written last, if a device's database is a file.
    #[must_use]
    pub fn log_on_disk(&self, device: usize) -> Option<Vec<u8>> {
        let path = self.devices[device].disk.folder.as_ref()?.join(format!("{FILE}-wal"));
        Some(std::fs::read(path).unwrap_or_default())
    }

    /// Copies a device's database as it is now, while its process runs.
    pub fn back_up(&mut self, device: usize) -> Backup {
        let disk = &mut self.devices[device].disk;
        disk.backups += 1;
        let content = match &disk.folder {
            None => Content::Memory(disk.db().copy().unwrap()),
            Some(folder) => {
                let path = folder.join(format!("backup-{}.sqlite3", disk.backups));
                disk.db().copy_to(&path).unwrap();
                Content::File(path)
            }
        };
        Backup { content, kept: disk.kept.clone() }
    }

    /// Puts a backup in the place of the database of a device that does not run. `honest`: whoever does it names new logs, so
    /// that none that others have seen further than this copy is gone on with.
    pub fn restore(&mut self, device: usize, backup: &Backup, honest: bool) {
        assert!(!self.is_running(device), "a database is not replaced under a process");
        let disk = &mut self.devices[device].disk;
        match (&backup.content, &disk.folder) {
            (Content::Memory(copy), _) => disk.db().become_copy_of(copy).unwrap(),
            (Content::File(copy), folder) => {
                let path = folder.as_ref().unwrap().join(FILE);
                for end in ["-wal", "-shm"] {
                    std::fs::remove_file(format!("{}{end}", path.display())).ok();
                }
                std::fs::copy(copy, &path).unwrap();
                disk.db = Some(Db::open(&path).unwrap());
            }
        }
        disk.kept = backup.kept.clone();
        disk.told.clear();
        if honest {
            let Some(Ok(Outcome::Loaded(loaded))) = disk.db().apply(vec![Op::Load]).pop() else { panic!("no logs") };
            let rename = |log: crate::store::OwnLog| Op::SaveOwnLog {
                conversation: log.conversation,
                log: LogId(self.rng.random()),
            };
            let ops = loaded.logs.into_iter().map(rename).collect();
            assert!(disk.db().apply(ops).iter().all(Result::is_ok));
        }
        disk.power_off();
    }
}
