//! One side of a life that ends and goes on: a node's process, and what a person would do with it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use kith::platform::crash::VARIABLE;
use serde_json::{Value, json};

use crate::support::World;

/// How long any one step of a life may take. Every wait ends as soon as what it waits for is there.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a state that no event announces is asked for.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// One side of a life: its node's process, and everything it was told.
pub(super) struct Side {
    pub(super) name: &'static str,
    dir: PathBuf,
    url: String,
    /// Where to die, and at which time; gone once it has died.
    crash: Option<String>,
    process: Option<(Child, ChildStdin, Receiver<Value>)>,
    pub(super) died: bool,
    /// Away on purpose: nobody starts it again.
    away: bool,
    pub(super) user: String,
    pub(super) link: String,
    next: u64,
    /// Ids that `message.send` has answered with.
    pub(super) acknowledged: Vec<String>,
    /// Ids of all `messageReceived` events.
    pub(super) told: Vec<String>,
}

impl Side {
    pub(super) fn new(name: &'static str, world: &World, crash: Option<String>) -> Self {
        let dir = world.dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let url = world.url().to_owned();
        let (user, link) = (String::new(), String::new());
        Self {
            name,
            dir,
            url,
            crash,
            process: None,
            died: false,
            away: true,
            user,
            link,
            next: 0,
            acknowledged: vec![],
            told: vec![],
        }
    }

    fn start(&mut self) {
        self.away = false;
        let log = File::options().create(true).append(true).open(self.dir.join("stderr")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command
            .arg("node")
            .arg("--data")
            .arg(self.dir.join("data"))
            .arg("--broker")
            .arg(&self.url)
            .arg("--no-default-ice");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).env("KITH_LOG", "kith=debug");
        command.env_remove(VARIABLE);
        if let Some(crash) = &self.crash {
            command.env(VARIABLE, crash);
        }
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the process's output.
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                let value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        self.process = Some((child, input, lines));
    }

    /// It ended by the death that was planned for it, and this was the only one: by the signal that a crash point sends,
    /// after it has named that point.
    fn died_as_planned(&mut self, status: ExitStatus) {
        let said = fs::read_to_string(self.dir.join("stderr")).unwrap();
        let deaths: Vec<&str> = said.lines().filter(|line| line.contains("killed at a crash point")).collect();
        let Some(crash) = self.crash.take() else {
            panic!("{} ended by itself: {status}; see {:?}", self.name, self.dir);
        };
        let point = crash.split(':').next().unwrap();
        assert_eq!(deaths.len(), 1, "{} ended by itself and not at {crash}: {status}: {said}", self.name);
        assert!(deaths[0].contains(point), "{} ended elsewhere than at {crash}: {deaths:?}", self.name);
        #[cfg(unix)]
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{}: {status}", self.name);
        self.died = true;
    }

    /// The process is gone: by its crash point, which must be why.
    fn gone(&mut self) {
        let Some((mut child, ..)) = self.process.take() else { return };
        let status = child.wait().unwrap();
        self.died_as_planned(status);
    }

    fn hear(&mut self, line: &Value) {
        if line["params"]["type"] == "messageReceived" {
            self.told.push(line["params"]["id"].as_str().unwrap().to_owned());
        }
    }

    /// Nobody asks it for anything. What was said goes into the index then, and who shall die of that does.
    pub(super) fn rests(&mut self) {
        if self.crash.as_ref().is_none_or(|crash| !crash.starts_with("store.index.")) {
            return;
        }
        let end = Instant::now() + PATIENCE;
        while let Some((.., lines)) = self.process.as_ref() {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.hear(&line),
                Err(RecvTimeoutError::Disconnected) => self.gone(),
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
    }

    /// Runs a method; `None` when the process died before it answered (it runs again afterwards).
    fn call(&mut self, method: &str, params: &Value) -> Option<Result<Value, String>> {
        if self.process.is_none() {
            self.start();
        }
        self.next += 1;
        let id = self.next;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let (_, input, _) = self.process.as_mut()?;
        if writeln!(input, "{request}").is_err() {
            self.drain();
            self.gone();
            return None;
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let (.., lines) = self.process.as_ref()?;
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line["id"] == id => {
                    let code = || line["error"]["data"]["code"].as_str().unwrap_or("?").to_owned();
                    return Some(if line.get("error").is_some() { Err(code()) } else { Ok(line["result"].clone()) });
                }
                Ok(line) => self.hear(&line),
                Err(RecvTimeoutError::Disconnected) => {
                    self.gone();
                    return None;
                }
                Err(RecvTimeoutError::Timeout) => panic!("{} did not answer {method}; see {:?}", self.name, self.dir),
            }
        }
    }

    /// Reads what was said without waiting.
    fn drain(&mut self) {
        while let Some(line) = self.process.as_ref().and_then(|(.., lines)| lines.try_recv().ok()) {
            self.hear(&line);
        }
    }

    /// Asks again and again until the answer fits, each time after something was heard or a moment has passed.
    pub(super) fn until<T>(
        &mut self,
        other: &mut Self,
        what: &str,
        method: &str,
        params: &Value,
        fits: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            other.lives_on();
            let answer = self.call(method, params);
            if let Some(Ok(answer)) = &answer
                && let Some(found) = fits(answer)
            {
                return found;
            }
            assert!(Instant::now() < end, "{}: {what} did not come: {answer:?}; see {:?}", self.name, self.dir);
            self.listen(LOOK_AGAIN);
        }
    }

    fn listen(&mut self, time: Duration) {
        let Some((.., lines)) = &self.process else { return };
        match lines.recv_timeout(time) {
            Ok(line) => self.hear(&line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.gone(),
        }
    }

    pub(super) fn is_born(&mut self, other: &mut Self) {
        let identity = loop {
            match self.call("identity.create", &json!({ "name": self.name })) {
                Some(Ok(identity)) => break identity,
                // It was created, and the answer was lost.
                Some(Err(code)) if code == "identity_exists" => {
                    break self
                        .until(other, "the identity", "identity.show", &json!({}), |identity| Some(identity.clone()));
                }
                Some(Err(code)) => panic!("{}: no identity: {code}", self.name),
                None => {}
            }
        };
        self.user = identity["userId"].as_str().unwrap().to_owned();
        self.link = identity["link"].as_str().unwrap().to_owned();
    }

    pub(super) fn online(&mut self, other: &mut Self) {
        self.until(other, "the broker", "status", &json!({}), |status| {
            status["brokers"].as_array()?.iter().all(|broker| broker["state"] == "connected").then_some(())
        });
    }

    pub(super) fn knows(&mut self, other: &mut Self) {
        let user = other.user.clone();
        self.until(other, "the contact", "contact.list", &json!({}), |list| {
            list.as_array()?
                .iter()
                .any(|contact| contact["userId"] == user.as_str() && contact["accepted"] == true)
                .then_some(())
        });
    }

    /// Writes; what is not answered is written again, as another message.
    pub(super) fn writes(&mut self, other: &str, text: &str) {
        loop {
            match self.call("message.send", &json!({ "to": other, "text": text })) {
                Some(Ok(sent)) => break self.acknowledged.push(sent["id"].as_str().unwrap().to_owned()),
                Some(Err(code)) => panic!("{}: not written: {code}", self.name),
                None => {}
            }
        }
    }

    pub(super) fn outbox_is_empty(&mut self, other: &mut Self) {
        self.until(other, "every delivery", "status", &json!({}), |status| (status["outbox"] == 0).then_some(()));
    }

    /// Everything of ours has at least been taken by the broker.
    pub(super) fn has_handed_over(&mut self, other: &mut Self) {
        let user = other.user.clone();
        self.until(other, "the broker's queue", "message.history", &json!({ "with": user }), |messages| {
            messages.as_array()?.iter().all(|message| message["state"] != "queued").then_some(())
        });
    }

    pub(super) fn history(&mut self, other: &mut Self) -> Vec<String> {
        let user = other.user.clone();
        self.until(other, "the history", "message.history", &json!({ "with": user, "limit": 1000 }), |messages| {
            Some(messages.as_array()?.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect())
        })
    }

    /// When it has died while nobody looked, it is started again.
    fn lives_on(&mut self) {
        self.drain();
        let ended = self.process.as_mut().is_some_and(|(child, ..)| child.try_wait().unwrap().is_some());
        if ended {
            self.listen(PATIENCE);
        }
        if self.process.is_none() && !self.away {
            self.start();
        }
    }

    /// It comes back.
    pub(super) fn lives_on_here(&mut self) {
        self.away = false;
        self.lives_on();
    }

    /// An orderly end.
    pub(super) fn leaves(&mut self) {
        self.away = true;
        if self.process.is_some() && self.call("shutdown", &json!({})).is_some() {
            let Some((mut child, input, lines)) = self.process.take() else { return };
            drop(input);
            lines.iter().for_each(|line| self.hear(&line));
            // It may die at the very end, after it has answered.
            let status = child.wait().unwrap();
            if !status.success() {
                self.died_as_planned(status);
            }
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if let Some((mut child, ..)) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
