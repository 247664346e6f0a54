//! A `kith node` as a child process: JSON-RPC 2.0 over its standard input and output, one object a line.
//!
//! A small client of its own on purpose: it knows the published interface (`docs/node-api.md`) and nothing else.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::process::{Guard, wait_at_most};

/// An answer to a request is there within this long, or something is wrong.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// A clean end takes at most this long.
const END_LIMIT: Duration = Duration::from_secs(20);
/// Lines that may wait to be read; a node that says more waits with it.
const LINES_MAX: usize = 4096;

/// A child process whose standard output is read line by line, and which ends when this is dropped.
pub struct Talker {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    _guard: Guard,
}

impl Talker {
    /// Starts `kith` with these arguments; what it logs goes to `log`.
    pub fn start(kith: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>, log: &Path) -> Result<Self> {
        let mut command = Command::new(kith);
        command.args(args);
        Self::of(command, log)
    }

    /// Starts this command; what it logs goes to `log`.
    pub fn of(mut command: Command, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let program = command.get_program().to_owned();
        let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
        let guard = Guard::single(child.id());
        let input = child.stdin.take();
        let output = child.stdout.take().context("no standard output")?;
        let (send, lines) = sync_channel(LINES_MAX);
        thread::spawn(move || {
            let _ = BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| send.send(line));
        });
        Ok(Self { child, input, lines, _guard: guard })
    }

    /// The next line it prints.
    pub fn line(&mut self, deadline: Instant) -> Result<String> {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("it said nothing more in time"),
            Err(RecvTimeoutError::Disconnected) => bail!("it has ended ({:?})", self.child.wait()),
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        // Ended already, perhaps; then there is nothing to end.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A running node.
pub struct Node {
    name: &'static str,
    talker: Talker,
    asked: u64,
    /// Events that nobody has waited for yet.
    events: VecDeque<Value>,
}

impl Node {
    /// Starts a node on this data directory with this broker.
    pub fn start(name: &'static str, kith: &Path, data: &Path, broker: &str, log: &Path) -> Result<Self> {
        let args = ["node".as_ref(), "--data".as_ref(), data.as_os_str(), "--broker".as_ref(), broker.as_ref()];
        // Both ends are on this machine: no server on the Internet is asked for anything.
        let talker = Talker::start(kith, args.into_iter().chain(["--no-default-ice".as_ref()]), log)?;
        Ok(Self::over(name, talker))
    }

    /// Starts a node by this command.
    pub fn of(name: &'static str, command: Command, log: &Path) -> Result<Self> {
        Ok(Self::over(name, Talker::of(command, log)?))
    }

    fn over(name: &'static str, talker: Talker) -> Self {
        Self { name, talker, asked: 0, events: VecDeque::new() }
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.asked += 1;
        let id = self.asked;
        let mut line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        line.push('\n');
        let input = self.talker.input.as_mut().context("its input is closed")?;
        input.write_all(line.as_bytes()).with_context(|| format!("{} does not listen", self.name))?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let message = self.read(deadline).with_context(|| format!("{}: {method} got no answer", self.name))?;
            if message.get("id").and_then(Value::as_u64) != Some(id) {
                self.events.push_back(message);
            } else if let Some(error) = message.get("error") {
                bail!("{}: {method} was refused: {error}", self.name);
            } else {
                return Ok(message.get("result").cloned().unwrap_or(Value::Null));
            }
        }
    }

    /// Asks for each of these in one batch (as many as a node takes), and waits until all are answered well.
    pub fn ask_all(&mut self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<()> {
        let mut requests = Vec::new();
        for params in params {
            self.asked += 1;
            requests.push(json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}));
        }
        let mut line = Value::Array(requests).to_string();
        line.push('\n');
        let input = self.talker.input.as_mut().context("its input is closed")?;
        input.write_all(line.as_bytes()).with_context(|| format!("{} does not listen", self.name))?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let message = self.read(deadline).with_context(|| format!("{}: {method} got no answer", self.name))?;
            match message.as_array() {
                None => self.events.push_back(message),
                Some(answers) => match answers.iter().find_map(|answer| answer.get("error")) {
                    None => return Ok(()),
                    Some(error) => bail!("{}: {method} was refused: {error}", self.name),
                },
            }
        }
    }

    /// Asks for one text of the answer.
    pub fn ask_text(&mut self, method: &str, params: Value, field: &str) -> Result<String> {
        let answer = self.ask(method, params)?;
        let text = answer.get(field).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| anyhow!("{}: the answer to {method} has no {field}: {answer}", self.name))
    }

    /// Waits until an event of this type comes (or takes one that has come already) whose parameters hold all of `wanted`.
    pub fn event(&mut self, kind: &str, wanted: &Value, limit: Duration) -> Result<Value> {
        let fits = |message: &Value| {
            let params = message.get("params").unwrap_or(&Value::Null);
            let same = |(key, value): (&String, &Value)| params.get(key) == Some(value);
            params.get("type").and_then(Value::as_str) == Some(kind)
                && wanted.as_object().is_none_or(|wanted| wanted.iter().all(same))
        };
        if let Some(found) = self.events.iter().position(fits) {
            return Ok(self.events.remove(found).unwrap_or(Value::Null));
        }
        let deadline = Instant::now() + limit;
        loop {
            let message = self
                .read(deadline)
                .with_context(|| format!("{}: waited {} s for {kind} with {wanted}", self.name, limit.as_secs()))?;
            if fits(&message) {
                return Ok(message);
            }
            self.events.push_back(message);
        }
    }

    /// How many events of this type have come that nobody waited for.
    pub fn seen(&self, kind: &str) -> usize {
        let same = |event: &&Value| event.pointer("/params/type").is_some_and(|known| known == kind);
        self.events.iter().filter(same).count()
    }

    /// Forgets events that came before now.
    pub fn forget_events(&mut self) {
        self.events.clear();
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.talker.id()
    }

    /// Ends it as a power cut would.
    pub fn kill(self) -> Result<()> {
        self.talker.kill()
    }

    /// Asks it to end, and waits until it has.
    pub fn shut_down(mut self) -> Result<()> {
        self.ask("shutdown", json!({}))?;
        drop(self.talker.input.take());
        if !wait_at_most(&mut self.talker.child, END_LIMIT) {
            bail!("{} did not end within {} s of its shutdown", self.name, END_LIMIT.as_secs());
        }
        let status = self.talker.child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }

    fn read(&mut self, deadline: Instant) -> Result<Value> {
        let line = self.talker.line(deadline)?;
        serde_json::from_str(&line).with_context(|| format!("its standard output holds what is not JSON: {line}"))
    }
}
