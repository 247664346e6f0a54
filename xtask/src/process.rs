//! Child processes: started in a group of their own, watched line by line, and never left behind.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How often a silent child is looked at.
const TICK: Duration = Duration::from_millis(200);
/// What a child gets to clean up after a polite signal before the hard one.
const GRACE: Duration = Duration::from_secs(5);
/// Lines that may wait to be shown; a faster child waits for us.
const LINES_MAX: usize = 1024;

/// How a child ended.
#[derive(Clone, Copy, Debug)]
pub enum Ended {
    /// By itself.
    Exit(ExitStatus),
    /// We ended it at the deadline.
    Deadline,
}

impl Ended {
    /// Whether it ended by itself and reported success.
    pub fn success(self) -> bool {
        matches!(self, Self::Exit(status) if status.success())
    }
}

/// Runs a command in a process group of its own. `on_line` gets every line of both outputs as it comes, and `None` now
/// and then while there is none. At the deadline, and after the command has ended, the whole group is ended.
pub fn run(command: &mut Command, deadline: Instant, mut on_line: impl FnMut(Option<&str>)) -> Result<Ended> {
    own_group(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let group = Guard::group(child.id());
    let (send, lines) = sync_channel(LINES_MAX);
    let mut readers = Vec::new();
    if let Some(out) = child.stdout.take() {
        let send = send.clone();
        readers.push(thread::spawn(move || forward(out, &send)));
    }
    if let Some(err) = child.stderr.take() {
        readers.push(thread::spawn(move || forward(err, &send)));
    } else {
        drop(send);
    }
    let ended = loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => on_line(Some(&line)),
            Err(RecvTimeoutError::Timeout) => on_line(None),
            // Both outputs are closed; the end itself may still take a moment.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(20)),
        }
        if let Some(status) = child.try_wait()? {
            break Ended::Exit(status);
        }
        if Instant::now() >= deadline {
            group.interrupt();
            wait_at_most(&mut child, GRACE);
            group.kill();
            child.kill().ok();
            child.wait()?;
            break Ended::Deadline;
        }
    };
    // A grandchild that outlived its parent would hold our pipes open, or a port of the next stage.
    drop(group);
    let drained = Instant::now() + GRACE;
    while Instant::now() < drained {
        match lines.recv_timeout(TICK) {
            Ok(line) => on_line(Some(&line)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(ended)
}

/// Waits for a child, and says whether it has ended in time.
pub fn wait_at_most(child: &mut Child, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

fn forward(from: impl Read, to: &SyncSender<String>) {
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if to.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

/// What has to be ended when we are: process groups (negative) and single processes (positive).
static RUNNING: LazyLock<Mutex<BTreeSet<i32>>> = LazyLock::new(Mutex::default);

/// Folders that go with us, however we end.
static PLACES: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// This folder is removed when we are told to stop.
pub fn remove_at_end(place: &Path) {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).insert(place.to_owned());
}

/// It is not, after all: somebody may want to look at it.
pub fn keep_at_end(place: &Path) {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
}

/// Asks one process to end.
pub fn ask_to_end(id: u32) {
    signal(i32::try_from(id).unwrap_or_default(), false);
}

/// Ends a child, or its whole group, when dropped and when this program is told to stop.
pub struct Guard(i32);

impl Guard {
    /// For a child that leads a group of its own.
    pub fn group(id: u32) -> Self {
        Self::new(-i32::try_from(id).unwrap_or_default())
    }

    /// For one child in our group.
    pub fn single(id: u32) -> Self {
        Self::new(i32::try_from(id).unwrap_or_default())
    }

    fn new(target: i32) -> Self {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(target);
        Self(target)
    }

    /// Asks it to end.
    fn interrupt(&self) {
        signal(self.0, false);
    }

    /// Ends it at once.
    fn kill(&self) {
        signal(self.0, true);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A single child is ended by its owner, who knows whether its number is still its own.
        if self.0 < 0 {
            self.kill();
        }
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn signal(target: i32, hard: bool) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    let signal = if hard { Signal::KILL } else { Signal::TERM };
    // It may have ended already, which is what was wanted.
    let _ = match Pid::from_raw(target.abs()) {
        Some(pid) if target < 0 => kill_process_group(pid, signal),
        Some(pid) => kill_process(pid, signal),
        None => Ok(()),
    };
}

/// When this program is told to stop, its children stop too.
#[cfg(unix)]
pub fn end_children_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    thread::spawn(move || {
        if let Some(number) = signals.forever().next() {
            let running: Vec<i32> = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
            running.iter().for_each(|target| signal(*target, false));
            thread::sleep(Duration::from_millis(500));
            running.iter().for_each(|target| signal(*target, true));
            for place in PLACES.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                std::fs::remove_dir_all(place).ok();
            }
            std::process::exit(128 + number);
        }
    });
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}
#[cfg(not(unix))]
fn signal(_: i32, _: bool) {}
/// When this program is told to stop, its children stop too (elsewhere the system's console does that).
#[cfg(not(unix))]
pub fn end_children_on_signals() {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> (Ended, Vec<String>) {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let ended = run(&mut command, Instant::now() + limit, |line| lines.extend(line.map(str::to_owned))).unwrap();
        (ended, lines)
    }

    /// Both outputs are read, and how the command ended is told.
    #[test]
    fn lines_and_the_end_are_told() {
        let (ended, mut lines) = shell("echo out; echo err >&2; exit 3", Duration::from_secs(20));
        lines.sort();
        assert_eq!(lines, ["err", "out"]);
        assert!(matches!(ended, Ended::Exit(status) if status.code() == Some(3)));
    }

    /// At the deadline the command and what it has started are ended.
    #[test]
    fn the_deadline_ends_the_group() {
        let start = Instant::now();
        let (ended, lines) = shell("sleep 600 & echo $!; wait", Duration::from_millis(300));
        assert!(matches!(ended, Ended::Deadline));
        assert!(start.elapsed() < GRACE * 3);
        assert!(dies(&lines[0]), "the grandchild lives");
    }

    /// A grandchild that outlives its parent is ended, and its hold on the pipe does not hold us.
    #[test]
    fn nothing_is_left_behind() {
        let start = Instant::now();
        let (ended, lines) = shell("sleep 600 & echo $!", Duration::from_secs(60));
        assert!(ended.success());
        assert!(start.elapsed() < GRACE * 3);
        assert!(dies(&lines[0]), "the grandchild lives");
    }

    /// Whoever was killed is gone a moment later: on a busy machine not at once.
    fn dies(id: &str) -> bool {
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return true;
            }
            thread::sleep(TICK / 10);
        }
        false
    }
}
