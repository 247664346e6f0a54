//! Somebody whose process is killed at any moment, and who starts it again and goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::World;

/// Messages that are handed over together, to each of the others and to the group, without waiting for an answer.
const TOGETHER: usize = 3;
/// Between two of these.
const PACE: Duration = Duration::from_millis(200);
/// How often what no event announces is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// So many wait before a node has said how many; three of them still have a sum.
const UNKNOWN: u64 = u32::MAX as u64;
/// What any single answer may take, with three processes that start and die on two cores.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Person {
    pub name: &'static str,
    home: PathBuf,
    url: String,
    variables: Vec<(String, String)>,
    /// Whoever kills and whoever talks to it share the process, not its pipes.
    process: Mutex<Option<Child>>,
    /// Held for as long as this person lives.
    talk: Mutex<Talk>,
    /// The user id and the link that invites others.
    identity: OnceLock<(String, String)>,
    kills: AtomicUsize,
    /// What its node says to be undelivered, and without an answer; the largest number while that is not known.
    waiting: AtomicU64,
    /// How its node says that things stand.
    status: Mutex<Value>,
}

/// What this person says and hears.
#[derive(Default)]
struct Talk {
    pipes: Option<(ChildStdin, Receiver<Value>)>,
    next: u64,
    /// Texts whose command has no answer yet, by request.
    open: BTreeMap<u64, (String, String)>,
    /// Answered: the id, to whom, and the text.
    acknowledged: Vec<Said>,
    /// Texts of commands that died with their process: they may be there, once.
    unanswered: Vec<String>,
    /// Ids of `messageReceived`, over all processes.
    told: BTreeSet<String>,
    runs: usize,
}

/// A message whose command was answered.
#[derive(Clone)]
pub struct Said {
    pub id: String,
    pub to: String,
    pub text: String,
}

impl Person {
    /// Starts, and makes an identity.
    pub fn born(name: &'static str, world: &World) -> Self {
        let home = world.dir().join(name);
        fs::create_dir_all(&home).unwrap();
        let person = Self {
            name,
            home,
            url: world.url().to_owned(),
            variables: world.home(),
            process: Mutex::default(),
            talk: Mutex::default(),
            identity: OnceLock::new(),
            kills: AtomicUsize::new(0),
            waiting: AtomicU64::new(UNKNOWN),
            status: Mutex::default(),
        };
        let mut talk = person.talk();
        person.start(&mut talk);
        person.must(&mut talk, "identity.create", &json!({"name": name}));
        let shown = person.must(&mut talk, "identity.show", &json!({}));
        drop(talk);
        let text = |field: &str| shown[field].as_str().unwrap().to_owned();
        person.identity.set((text("userId"), text("link"))).unwrap();
        person
    }

    /// The user id.
    pub fn user(&self) -> String {
        self.identity.get().unwrap().0.clone()
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Asks another one to become a contact.
    pub fn asks(&self, other: &Self) {
        let (_, link) = other.identity.get().unwrap();
        self.must(&mut self.talk(), "contact.add", &json!({"link": link}));
    }

    /// Waits for somebody's request, and accepts it.
    pub fn accepts(&self, other: &Self) {
        let user = other.user();
        let mut talk = self.talk();
        self.until(&mut talk, "contact.requests", |list| {
            list.as_array().unwrap().iter().any(|request| request["userId"] == user.as_str())
        });
        self.must(&mut talk, "contact.accept", &json!({"userId": user}));
    }

    /// Waits until so many are contacts.
    pub fn knows(&self, count: usize) {
        self.until(&mut self.talk(), "contact.list", |list| {
            list.as_array().unwrap().iter().filter(|contact| contact["accepted"] == true).count() == count
        });
    }

    /// Makes a group with these people; tells its id.
    pub fn makes_a_group(&self, others: &[Self]) -> String {
        let members: Vec<String> = others.iter().map(Self::user).collect();
        let made = self.must(&mut self.talk(), "group.create", &json!({"name": "All", "members": members}));
        made["groupId"].as_str().unwrap().to_owned()
    }

    /// Waits until this person is in a group of so many.
    pub fn is_in(&self, group: &str, members: usize) {
        self.until(&mut self.talk(), "group.list", |list| {
            let known = list.as_array().unwrap().iter().find(|known| known["groupId"] == group);
            known.is_some_and(|known| known["members"].as_array().unwrap().len() == members)
        });
    }

    /// Kills the process with -9. False when there is none.
    pub fn kill(&self) -> bool {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(child) = process.as_mut() else { return false };
        // One that has died already is about to be started again.
        let runs = matches!(child.try_wait(), Ok(None));
        if runs {
            child.kill().unwrap();
            self.kills.fetch_add(1, Ordering::SeqCst);
        }
        runs
    }

    /// Whether all that was written has been delivered.
    pub fn is_calm(&self) -> bool {
        self.waiting() == 0
    }

    /// How many messages have not been delivered, as far as that is known.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Says how things stand, and what the node has logged.
    pub fn testify(&self) {
        println!("{}: {}\n{}", self.name, self.status.lock().unwrap(), self.last_words());
    }

    pub fn acknowledged(&self) -> Vec<Said> {
        self.talk().acknowledged.clone()
    }

    pub fn unanswered(&self) -> Vec<String> {
        self.talk().unanswered.clone()
    }

    pub fn acknowledged_count(&self) -> usize {
        self.talk().acknowledged.len()
    }

    pub fn unanswered_count(&self) -> usize {
        self.talk().unanswered.len()
    }

    /// How often it was killed.
    pub fn told(&self) -> String {
        format!("{} {}", self.name, self.kills.load(Ordering::SeqCst))
    }

    /// Writes to the others and into the group until there is peace, then waits until all of it is delivered, and ends when it is told to. Starts
    /// again whenever it was killed.
    pub fn live(&self, others: &[&Self], group: &str, peace: &AtomicBool, done: &AtomicBool) {
        let mut to: Vec<(String, &str)> = others.iter().map(|other| (other.user(), other.name)).collect();
        to.push((group.to_owned(), "all"));
        let mut talk = self.talk();
        let mut number = 0;
        while !peace.load(Ordering::SeqCst) {
            let round = Instant::now();
            for (user, name) in &to {
                for _ in 0..TOGETHER {
                    number += 1;
                    let text = format!("{} to {name}: {number}", self.name);
                    self.says(&mut talk, user, text);
                }
            }
            self.hears(&mut talk, round + PACE);
        }
        while !done.load(Ordering::SeqCst) {
            if let Some(status) = self.call(&mut talk, "status", &json!({})) {
                let waiting = status["outbox"].as_u64().unwrap() + talk.open.len() as u64;
                self.waiting.store(waiting, Ordering::SeqCst);
                *self.status.lock().unwrap() = status;
            }
            self.hears(&mut talk, Instant::now() + LOOK_AGAIN);
        }
        self.must(&mut talk, "shutdown", &json!({}));
        let child = self.process.lock().unwrap().take();
        assert!(child.unwrap().wait().unwrap().success(), "{}'s end was none", self.name);
        talk.pipes = None;
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, talk: &mut Talk) {
        let log = File::options().create(true).append(true).open(self.home.join("stderr.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command.arg("node").arg("--data").arg(self.data()).args(["--broker", &self.url, "--no-default-ice"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the process's output.
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = vec![];
            // A line without an end was cut short by a kill.
            while output.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n") {
                let value = serde_json::from_slice(&line).expect("a line of JSON");
                if sender.send(value).is_err() {
                    return;
                }
                line.clear();
            }
        });
        talk.runs += 1;
        talk.pipes = Some((input, lines));
        *self.process.lock().unwrap() = Some(child);
    }

    /// The process is gone, which only a kill may do: what had no answer may or may not be there.
    fn gone(&self, talk: &mut Talk) {
        talk.pipes = None;
        let child = self.process.lock().unwrap().take();
        let status = child.unwrap().wait().unwrap();
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9),
            "{} ended by itself: {status}\n{}",
            self.name,
            self.last_words()
        );
        let open = std::mem::take(&mut talk.open);
        talk.unanswered.extend(open.into_values().map(|(_, text)| text));
        self.start(talk);
    }

    fn last_words(&self) -> String {
        let said = fs::read_to_string(self.home.join("stderr.log")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Hands a message over; its answer comes when it comes.
    fn says(&self, talk: &mut Talk, to: &str, text: String) {
        let params = json!({"to": to, "text": text});
        if let Some(id) = self.request(talk, "message.send", &params) {
            talk.open.insert(id, (to.to_owned(), text));
        } else {
            // It was never handed over as a whole; the process may still have read it.
            talk.unanswered.push(text);
        }
    }

    /// Writes a request. None when the process was gone; another one runs then.
    fn request(&self, talk: &mut Talk, method: &str, params: &Value) -> Option<u64> {
        talk.next += 1;
        let id = talk.next;
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n";
        let (input, _) = talk.pipes.as_mut().unwrap();
        if input.write_all(line.as_bytes()).is_ok() {
            return Some(id);
        }
        // What it had answered before it died is heard first, then the end of its output.
        let (runs, end) = (talk.runs, Instant::now() + PATIENCE);
        while talk.runs == runs {
            assert!(Instant::now() < end, "{} does not listen, and lives", self.name);
            self.hears(talk, Instant::now() + LOOK_AGAIN);
        }
        None
    }

    /// Hears what comes until a moment.
    fn hears(&self, talk: &mut Talk, until: Instant) {
        loop {
            let (_, lines) = talk.pipes.as_ref().unwrap();
            match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => drop(self.heard(talk, line)),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.gone(talk),
            }
        }
    }

    /// One line: an event, the answer to a message, or the answer to something else, which is given back.
    fn heard(&self, talk: &mut Talk, line: Value) -> Option<Value> {
        if line["method"] == "event" {
            if line["params"]["type"] == "messageReceived" {
                let id = line["params"]["id"].as_str().unwrap().to_owned();
                assert!(talk.told.insert(id.clone()), "{} was told of {id} twice", self.name);
            }
            return None;
        }
        let Some((to, text)) = line["id"].as_u64().and_then(|id| talk.open.remove(&id)) else { return Some(line) };
        match line["result"]["id"].as_str() {
            Some(id) => talk.acknowledged.push(Said { id: id.to_owned(), to, text }),
            None => panic!("{}: “{text}” was refused: {line}", self.name),
        }
        None
    }

    /// Asks, and waits for the answer. None when the process died before it came.
    fn call(&self, talk: &mut Talk, method: &str, params: &Value) -> Option<Value> {
        let id = self.request(talk, method, params)?;
        let (runs, end) = (talk.runs, Instant::now() + PATIENCE);
        while talk.runs == runs {
            let (_, lines) = talk.pipes.as_ref().unwrap();
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(answer) = self.heard(talk, line)
                        && answer["id"] == id
                    {
                        assert!(answer.get("error").is_none(), "{}: {method} was refused: {answer}", self.name);
                        return Some(answer["result"].clone());
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{}: no answer to {method}\n{}", self.name, self.last_words()),
                Err(RecvTimeoutError::Disconnected) => self.gone(talk),
            }
        }
        None
    }

    /// The same, while nobody dies.
    fn must(&self, talk: &mut Talk, method: &str, params: &Value) -> Value {
        self.call(talk, method, params).unwrap_or_else(|| panic!("{} died during {method}", self.name))
    }

    fn until(&self, talk: &mut Talk, method: &str, so: impl Fn(&Value) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(&self.must(talk, method, &json!({}))) {
            assert!(Instant::now() < end, "{}: {method} does not say what it should", self.name);
            self.hears(talk, Instant::now() + LOOK_AGAIN);
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Ended already, perhaps.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
