//! A `kith node` in a namespace: JSON-RPC 2.0 over its standard input and output, and when each line came.
//!
//! It knows the published interface (`docs/node-api.md`) and nothing else. Lines are stamped as they are read, so that an
//! event has its own time however long nobody asked for it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// An answer to a request is there within this long, or something is wrong.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// Lines that may wait to be read; a node that says more waits with it.
const LINES_MAX: usize = 4096;

/// A line, and when it came.
type Stamped = (Instant, Value);

/// A running node. It is killed when this is dropped.
pub struct Node {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Stamped>,
    asked: u64,
    /// Events that nobody has waited for yet.
    events: VecDeque<Stamped>,
}

impl Node {
    /// Takes over a child whose standard input and output are pipes.
    pub fn over(mut child: Child) -> Result<Self> {
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let (send, lines) = sync_channel(LINES_MAX);
        // It ends with the node's output, or when nobody listens any more.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if send.send((Instant::now(), value)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input, lines, asked: 0, events: VecDeque::new() })
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.ask_until(method, params, Instant::now() + ANSWER_LIMIT)
    }

    fn ask_until(&mut self, method: &str, params: Value, deadline: Instant) -> Result<Value> {
        self.asked += 1;
        let id = self.asked;
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        writeln!(self.input, "{line}").with_context(|| format!("it does not listen to {method}"))?;
        loop {
            let (at, message) = self.read(deadline).with_context(|| format!("{method} got no answer"))?;
            if message.get("id").and_then(Value::as_u64) != Some(id) {
                self.events.push_back((at, message));
            } else if let Some(error) = message.get("error") {
                bail!("{method} was refused: {error}");
            } else {
                return Ok(message.get("result").cloned().unwrap_or(Value::Null));
            }
        }
    }

    /// Asks for one text of the answer.
    pub fn ask_text(&mut self, method: &str, params: Value, field: &str) -> Result<String> {
        let answer = self.ask(method, params)?;
        let text = answer.get(field).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| anyhow!("the answer to {method} has no {field}: {answer}"))
    }

    /// Waits until an event of this type comes (or takes one that has come) whose parameters hold all of `wanted`; when it came.
    pub fn event(&mut self, kind: &str, wanted: &Value, deadline: Instant) -> Result<Stamped> {
        if let Some(found) = self.events.iter().position(|(_, message)| fits(message, kind, wanted)) {
            return self.events.remove(found).context("it was there");
        }
        loop {
            let stamped = self.read(deadline).with_context(|| format!("waited for {kind} with {wanted}"))?;
            if fits(&stamped.1, kind, wanted) {
                return Ok(stamped);
            }
            self.events.push_back(stamped);
        }
    }

    /// Reads whatever comes until then, and keeps it.
    pub fn listen(&mut self, until: Instant) {
        while let Ok(stamped) = self.read(until) {
            self.events.push_back(stamped);
        }
    }

    /// The parameters of every event of this type that has come and nobody waited for.
    pub fn kept(&self, kind: &str) -> impl Iterator<Item = (Instant, &Value)> {
        self.events
            .iter()
            .filter(move |(_, message)| fits(message, kind, &Value::Null))
            .filter_map(|(at, message)| Some((*at, message.get("params")?)))
    }

    /// Forgets the events of this type that came before now.
    pub fn forget(&mut self, kind: &str) {
        self.listen(Instant::now());
        self.events.retain(|(_, message)| !fits(message, kind, &Value::Null));
    }

    /// Stops it where it stands, as a laptop's lid does.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub fn shut_down(mut self) -> Result<()> {
        self.ask("shutdown", json!({}))?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        while self.child.try_wait()?.is_none() {
            if Instant::now() >= deadline {
                bail!("it did not end within {} s of its shutdown", ANSWER_LIMIT.as_secs());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
        Ok(kill_process(id, signal)?)
    }

    fn read(&mut self, deadline: Instant) -> Result<Stamped> {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((_, Value::String(line))) => bail!("its standard output holds what is not JSON: {line}"),
            Ok(stamped) => Ok(stamped),
            Err(RecvTimeoutError::Timeout) => bail!("nothing came in time"),
            Err(RecvTimeoutError::Disconnected) => bail!("it has ended ({:?})", self.child.wait()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Ended already, perhaps; then there is nothing to end.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn fits(message: &Value, kind: &str, wanted: &Value) -> bool {
    let Some(params) = message.get("params") else { return false };
    let same = |(key, value): (&String, &Value)| params.get(key) == Some(value);
    params.get("type").and_then(Value::as_str) == Some(kind)
        && wanted.as_object().is_none_or(|wanted| wanted.iter().all(same))
}
