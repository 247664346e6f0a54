//! For tests: a disk that fails. Whatever SQLite writes is counted, and one of these writes, or every one from it on, is refused.
//!
//! SQLite's own way to files does the work; only what changes a file goes through here first: creating, writing, truncating,
//! syncing, deleting, and making room for the shared memory of a WAL. Plans belong to a thread, so tests beside each other do not
//! meet. On a thread without a plan nothing changes.
#![allow(unsafe_code, reason = "SQLite takes its way to files as a table of C functions")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test's disk")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

/// How a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no room.
    Full,
    /// The disk reports an error, and has written nothing.
    Error,
    /// The disk reports an error, and has written the first half.
    Torn,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Writes that still succeed.
    left: u64,
    failure: Failure,
    lasting: bool,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    /// Writes of this thread since the last plan.
    static WRITES: Cell<u64> = const { Cell::new(0) };
    static REFUSED: Cell<u64> = const { Cell::new(0) };
}

/// From now on, on this thread, the write after `left` others fails; `lasting`: and so does each one after it, until [`heal`].
/// Syncs that succeed are not carried out: what is tested is not a power cut.
pub fn fail_after(left: u64, failure: Failure, lasting: bool) {
    install();
    PLAN.set(Some(Plan { left, failure, lasting }));
    WRITES.set(0);
    REFUSED.set(0);
}

/// The disk works again. Tells how many writes there were, and how many of them were refused.
pub fn heal() -> (u64, u64) {
    PLAN.set(None);
    (WRITES.take(), REFUSED.take())
}

/// Whether the next write is refused, and how.
fn refuses() -> Option<Failure> {
    let mut plan = PLAN.get()?;
    WRITES.set(WRITES.get() + 1);
    if let Some(left) = plan.left.checked_sub(1) {
        plan.left = left;
        PLAN.set(Some(plan));
        return None;
    }
    if !plan.lasting {
        // The others succeed, and are counted.
        PLAN.set(Some(Plan { left: u64::MAX, ..plan }));
    }
    REFUSED.set(REFUSED.get() + 1);
    Some(plan.failure)
}

fn code(failure: Failure, error: c_int) -> c_int {
    if failure == Failure::Full { ffi::SQLITE_FULL } else { error }
}

const NAME: &CStr = c"kith-fault";

/// Puts this disk between SQLite and the system's files, for all databases that are opened from now on.
fn install() {
    static ORIGINAL: OnceLock<usize> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        // SAFETY: no name means the default; SQLite keeps it for as long as the process lives.
        let original = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        assert!(!original.is_null(), "SQLite has no way to files");
        // SAFETY: it is not null, and a plain table of numbers and pointers.
        let mut vfs = unsafe { *original };
        vfs.zName = NAME.as_ptr();
        vfs.pNext = std::ptr::null_mut();
        vfs.pAppData = original.cast();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        // The other functions take what they need from the original's `pAppData` only when they open.
        let vfs = Box::leak(Box::new(vfs));
        // SAFETY: it lives for ever.
        let answer = unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
        assert_eq!(answer, ffi::SQLITE_OK, "SQLite took no other way to files");
        original as usize
    });
}

/// A file's functions with ours among them. SQLite sees the first field only.
#[repr(C)]
struct Wrapped {
    methods: sqlite3_io_methods,
    original: *const sqlite3_io_methods,
}

fn original_of(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: SQLite hands back the table that `install` has made.
    unsafe { (*vfs).pAppData.cast() }
}

fn methods_of(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    // SAFETY: `open` has given this file a `Wrapped` that lives for ever, and so does the original.
    unsafe { &*(*(*file).pMethods.cast::<Wrapped>()).original }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    opened: *mut c_int,
) -> c_int {
    let original = original_of(vfs);
    // SAFETY: SQLite's arguments go on as they came, to the function that they are meant for.
    unsafe {
        let mut exists = 0;
        if flags & ffi::SQLITE_OPEN_CREATE != 0 && !name.is_null() {
            ((*original).xAccess.expect("access"))(original, name, ffi::SQLITE_ACCESS_EXISTS, &raw mut exists);
            if exists == 0 && refuses().is_some() {
                (*file).pMethods = std::ptr::null();
                return ffi::SQLITE_CANTOPEN;
            }
        }
        let answer = ((*original).xOpen.expect("open"))(original, name, file, flags, opened);
        if answer == ffi::SQLITE_OK && !(*file).pMethods.is_null() {
            (*file).pMethods = wrapped((*file).pMethods);
        }
        answer
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    if refuses().is_some() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    let original = original_of(vfs);
    // SAFETY: as they came.
    unsafe { ((*original).xDelete.expect("delete"))(original, name, sync) }
}

/// The functions of one kind of file, each kind once.
fn wrapped(original: *const sqlite3_io_methods) -> *const sqlite3_io_methods {
    static KINDS: std::sync::Mutex<Vec<(usize, usize)>> = std::sync::Mutex::new(vec![]);
    let mut kinds = KINDS.lock().expect("no test panics with it");
    if let Some((_, ours)) = kinds.iter().find(|(kind, _)| *kind == original as usize) {
        return *ours as *const sqlite3_io_methods;
    }
    // SAFETY: SQLite's tables live for ever.
    let mut methods = unsafe { *original };
    methods.xWrite = Some(write);
    methods.xTruncate = Some(truncate);
    methods.xSync = Some(sync);
    methods.xShmMap = methods.xShmMap.map(|_| shm_map as _);
    let ours = Box::leak(Box::new(Wrapped { methods, original })) as *const Wrapped as usize;
    kinds.push((original as usize, ours));
    ours as *const sqlite3_io_methods
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, count: c_int, at: i64) -> c_int {
    let write = methods_of(file).xWrite.expect("write");
    match refuses() {
        // SAFETY: as it came.
        None => unsafe { write(file, bytes, count, at) },
        Some(failure) => {
            if failure == Failure::Torn {
                // SAFETY: the first half of what came.
                unsafe { write(file, bytes, count / 2, at) };
            }
            code(failure, ffi::SQLITE_IOERR_WRITE)
        }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    match refuses() {
        // SAFETY: as it came.
        None => unsafe { (methods_of(file).xTruncate.expect("truncate"))(file, size) },
        Some(_) => ffi::SQLITE_IOERR_TRUNCATE,
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    if PLAN.get().is_none() {
        // SAFETY: as it came.
        return unsafe { (methods_of(file).xSync.expect("sync"))(file, flags) };
    }
    if refuses().is_some() { ffi::SQLITE_IOERR_FSYNC } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    found: *mut *mut c_void,
) -> c_int {
    if extend != 0 && region_is_new(file, region, size, found) && refuses().is_some() {
        return ffi::SQLITE_IOERR_SHMSIZE;
    }
    // SAFETY: as it came.
    unsafe { (methods_of(file).xShmMap.expect("shared memory"))(file, region, size, extend, found) }
}

/// Whether a part of the shared memory is not there yet: only then is anything written.
fn region_is_new(file: *mut sqlite3_file, region: c_int, size: c_int, found: *mut *mut c_void) -> bool {
    // SAFETY: as it came, but that nothing shall be made.
    let answer = unsafe { (methods_of(file).xShmMap.expect("shared memory"))(file, region, size, 0, found) };
    // SAFETY: SQLite has a place for the answer.
    answer == ffi::SQLITE_OK && unsafe { (*found).is_null() }
}
