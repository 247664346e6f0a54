//! One `kith node` process: its lines read by a thread, its events kept, and waits that end at a deadline.

mod heard;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::heard::{Heard, Shared};
use super::broker::tail;
use super::deadline;
use super::verbs::Identity;

/// How often a condition that no event announces is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// JSON-RPC's number.
    pub number: i64,
    /// For people.
    pub message: String,
    /// The stable `data.code`.
    pub code: String,
}

/// A person's node: a process that can be killed and started again on the same files.
pub struct Node {
    name: String,
    home: PathBuf,
    brokers: Vec<String>,
    /// More options of the command line.
    options: Vec<String>,
    variables: Vec<(String, String)>,
    process: Option<Process>,
    heard: Arc<Shared>,
    next_id: AtomicU64,
    pub(super) identity: Option<Identity>,
}

struct Process {
    child: Child,
    input: Mutex<Option<ChildStdin>>,
    reader: JoinHandle<()>,
}

impl Node {
    pub(super) fn start(name: &str, home: &Path, brokers: Vec<String>, variables: Vec<(String, String)>) -> Self {
        Self::start_with(name, home, brokers, vec![], variables)
    }

    pub(super) fn start_with(
        name: &str,
        home: &Path,
        brokers: Vec<String>,
        options: Vec<String>,
        variables: Vec<(String, String)>,
    ) -> Self {
        fs::create_dir_all(home).expect("a home");
        let mut node = Self {
            name: name.to_owned(),
            home: home.to_owned(),
            brokers,
            options,
            variables,
            process: None,
            heard: Arc::default(),
            next_id: AtomicU64::new(1),
            identity: None,
        };
        node.run();
        node
    }

    /// The name of the person.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The process id, for `/proc`.
    pub fn pid(&self) -> u32 {
        self.process().child.id()
    }

    /// The command line of this node, not started: for a second process on the same directory.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command.arg("node").arg("--data").arg(self.data_dir()).arg("--no-default-ice");
        for url in &self.brokers {
            command.args(["--broker", url]);
        }
        command.args(&self.options);
        if std::env::var_os("KITH_LOG").is_none() {
            command.env("KITH_LOG", "kith=debug");
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Calls a method and waits for its answer.
    pub fn call(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.says(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().as_bytes());
        let reply = self.reply(&json!(id), &format!("the answer to {method}"));
        match reply.get("error") {
            None => Ok(reply["result"].clone()),
            Some(error) => Err(RpcError {
                number: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                code: error["data"]["code"].as_str().unwrap_or_default().to_owned(),
            }),
        }
    }

    /// Calls a method that must succeed.
    pub fn does(&self, method: &str, params: Value) -> Value {
        match self.call(method, params) {
            Ok(result) => result,
            Err(error) => self.fail(&format!("{method} was refused: {error:?}")),
        }
    }

    /// Writes one raw line to standard input.
    pub fn says(&self, line: &[u8]) {
        let mut input = self.process().input.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match input.as_mut() {
            Some(input) => input.write_all(line).and_then(|()| input.write_all(b"\n")).and_then(|()| input.flush()),
            None => self.fail("its input is closed"),
        };
        drop(input);
        if let Err(error) = written {
            self.fail(&format!("it does not read any more: {error}"));
        }
    }

    /// Waits for the answer with this id (which is `null` where the request could not be understood) and takes it.
    pub fn reply(&self, id: &Value, what: &str) -> Value {
        self.wait(what, deadline(), |heard| {
            let at = heard.replies.iter().position(|reply| reply["id"] == *id)?;
            Some(heard.replies.remove(at))
        })
    }

    /// Waits for the first event of a type, not yet taken, that fits; and takes it. Others stay for later.
    pub fn event(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.event_within(deadline(), kind, fits)
    }

    /// As [`Node::event`] with a deadline of one's own.
    pub fn event_within(&self, within: Duration, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait(&format!("an event {kind}"), within, |heard| {
            let event = heard
                .events
                .iter_mut()
                .find(|event| !event.taken && event.params["type"] == kind && fits(&event.params))?;
            event.taken = true;
            Some(event.params.clone())
        })
    }

    /// Whether an answer came that nobody has read.
    pub fn has_unread_reply(&self) -> bool {
        !self.heard.lock().replies.is_empty()
    }

    /// Every event of every run so far, taken or not, in order of arrival.
    pub fn events_so_far(&self) -> Vec<Value> {
        self.heard.lock().events.iter().map(|event| event.params.clone()).collect()
    }

    /// As [`Node::events_so_far`], of one type.
    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events_so_far().into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// Waits until a look at the node finds what it wants: after every event, and now and then for what no event
    /// announces.
    pub fn until<T>(&self, what: &str, look: impl FnMut(&Self) -> Option<T>) -> T {
        self.until_within(deadline(), what, look)
    }

    /// As [`Node::until`] with a deadline of one's own.
    pub fn until_within<T>(&self, within: Duration, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let end = Instant::now() + within;
        loop {
            let known = self.heard.lock().events.len();
            if let Some(found) = look(self) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.fail(&format!("waited {within:?} in vain until {what}"));
            }
            let heard = self.heard.lock();
            drop(
                self.heard.changed.wait_timeout_while(heard, left.min(LOOK_AGAIN), |heard| heard.events.len() == known),
            );
        }
    }

    /// Kills the process (SIGKILL): it gets no chance to write anything.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.child.kill();
            let _ = process.child.wait();
            let _ = process.reader.join();
        }
    }

    /// Asks for a clean end through the API, and waits for it.
    pub fn shutdown(&mut self) {
        self.does("shutdown", json!({}));
        self.ends_well("shutdown");
    }

    /// Closes standard input, which means the same, and waits for the end.
    pub fn ends_its_input(&mut self) {
        self.process().input.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.ends_well("the end of its input");
    }

    /// Starts the node again on the same files. What runs is killed first; events of earlier runs are kept, and count
    /// as taken.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Starts a node that has ended. Returns when it answers.
    pub fn starts(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        self.run();
    }

    /// Whether the process runs.
    pub fn runs(&self) -> bool {
        self.process.is_some() && !self.heard.lock().ended
    }

    /// How many lines with this text the node has written on standard error, in all of its runs.
    pub fn lines_with(&self, text: &str) -> usize {
        let log = fs::read(self.home.join("stderr.log")).expect("a log file");
        String::from_utf8_lossy(&log).lines().filter(|line| line.contains(text)).count()
    }

    /// The end of what the node said on standard error.
    pub fn last_words(&self) -> String {
        tail(&self.home.join("stderr.log"))
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("/proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
    }

    /// Fails the story with everything that is known about this node.
    pub fn fail(&self, what: &str) -> ! {
        let events: Vec<String> = self.heard.lock().events.iter().map(|event| event.params.to_string()).collect();
        let last = &events[events.len().saturating_sub(40)..];
        panic!("{}: {what}\nlast of {} events:\n  {}", self.name, events.len(), last.join("\n  "));
    }

    fn process(&self) -> &Process {
        match &self.process {
            Some(process) => process,
            None => self.fail("its node does not run"),
        }
    }

    fn run(&mut self) {
        let mut log = File::options().create(true).append(true).open(self.home.join("stderr.log")).expect("a log file");
        let _ = writeln!(log, "---- {} starts", self.name);
        let mut child =
            self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().expect("kith node");
        let input = Mutex::new(child.stdin.take());
        let output = child.stdout.take().expect("stdout");
        {
            let mut heard = self.heard.lock();
            heard.ended = false;
            heard.replies.clear();
            heard.events.iter_mut().for_each(|event| event.taken = true);
        }
        let shared = Arc::clone(&self.heard);
        let reader = thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            loop {
                line.clear();
                match output.read_until(b'\n', &mut line) {
                    // A line without an end was cut short by a kill.
                    Ok(_) if line.ends_with(b"\n") => shared.hear(&line),
                    _ => break,
                }
            }
            shared.lock().ended = true;
            shared.changed.notify_all();
        });
        self.process = Some(Process { child, input, reader });
        // Any answer will do: it reads its input and has opened its files.
        let _ = self.call("status", json!({}));
    }

    fn ends_well(&mut self, asked_by: &str) {
        let end = Instant::now() + deadline();
        let mut heard = self.heard.lock();
        while !heard.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(heard);
                self.fail(&format!("did not end after {asked_by}"));
            }
            heard = self.heard.changed.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(heard);
        let status = self.reap();
        assert!(status.success(), "{} ended with {status} after {asked_by}\n{}", self.name, self.last_words());
        self.check_faults();
    }

    /// Output is closed only by the end of the process, so this does not block.
    fn reap(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("a process");
        let status = process.child.wait().expect("an exit status");
        let _ = process.reader.join();
        status
    }

    fn wait<T>(&self, what: &str, within: Duration, mut look: impl FnMut(&mut Heard) -> Option<T>) -> T {
        let end = Instant::now() + within;
        let mut heard = self.heard.lock();
        loop {
            if let Some(found) = look(&mut heard) {
                return found;
            }
            let problem = if let Some(fault) = heard.faults.first() {
                fault.clone()
            } else if heard.ended {
                format!("its process ended while we waited for {what}")
            } else if Instant::now() >= end {
                format!("waited {within:?} in vain for {what}")
            } else {
                let left = end.saturating_duration_since(Instant::now());
                heard = self.heard.changed.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            };
            drop(heard);
            self.fail(&problem);
        }
    }

    fn check_faults(&self) {
        let fault = self.heard.lock().faults.first().cloned();
        if let Some(fault) = fault {
            self.fail(&fault);
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- {}'s last words on standard error\n{}", self.name, self.last_words());
        } else {
            self.check_faults();
        }
    }
}
