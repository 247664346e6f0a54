//! A script at the other end of a node's input and output, and a coordinator that a test answers for.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::coordinator::double::Double;
use crate::coordinator::{Command, CommandError, Reply};
use crate::host::{Control, Settings};
use crate::node::End;
use crate::node::front::serve_within;

/// What a test waits for comes well within this.
const DEADLINE: Duration = Duration::from_secs(20);
/// Bytes that each of the two pipes holds: what a Linux pipe does.
pub const PIPE: usize = 64 * 1024;
/// Commands that may wait for the double.
const CALLS: usize = 256;

/// Settings that no disk keeps.
fn kept_in_memory() -> Control {
    let (control, told, mut orders) = Control::new(Settings::default(), vec![]);
    tokio::spawn(async move {
        while let Some(order) = orders.recv().await {
            told.send_modify(|settings| *settings = settings.clone().with(order.choice));
            let _ = order.answer.send(Ok(()));
        }
    });
    control
}

pub struct Script {
    pub input: Option<DuplexStream>,
    pub output: BufReader<DuplexStream>,
    pub stop: CancellationToken,
    node: JoinHandle<End>,
}

impl Script {
    /// A node, and the double behind it.
    pub fn with_double() -> (Self, Double) {
        Self::with_pipes(PIPE, Duration::from_millis(50))
    }

    pub fn with_pipes(pipe: usize, farewell: Duration) -> (Self, Double) {
        let (core, double) = Double::new(CALLS);
        let (input, node_input) = tokio::io::duplex(pipe);
        let (node_output, output) = tokio::io::duplex(pipe);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let control = kept_in_memory();
        let node = tokio::spawn(async move {
            serve_within(farewell, &core, &control, node_input, node_output, stopped.cancelled()).await
        });
        (Self { input: Some(input), output: BufReader::new(output), stop, node }, double)
    }

    /// A node whose commands are answered by a rule.
    pub fn with_rule(rule: impl FnMut(&Double, Command) -> Result<Reply, CommandError> + Send + 'static) -> Self {
        let (script, double) = Self::with_double();
        tokio::spawn(double.serve(rule));
        script
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.input.as_mut().unwrap().write_all(bytes.as_ref())).await.unwrap();
    }

    /// Writes a line.
    pub async fn line(&mut self, line: impl AsRef<str>) {
        self.write(format!("{}\n", line.as_ref())).await;
    }

    /// Asks by method, with parameters as JSON.
    pub async fn ask(&mut self, id: u64, method: &str, params: &Value) {
        self.line(request(id, method, params)).await;
    }

    /// The next line that the node writes; none at its end.
    pub async fn read(&mut self) -> Option<Value> {
        let mut line = Vec::new();
        within(self.output.read_until(b'\n', &mut line)).await.unwrap();
        (!line.is_empty()).then(|| {
            assert_eq!(line.pop(), Some(b'\n'), "a line without its end");
            serde_json::from_slice(&line).unwrap()
        })
    }

    /// What one line is answered with.
    pub async fn answer_to(&mut self, line: impl AsRef<str>) -> Value {
        self.line(line).await;
        self.read().await.unwrap()
    }

    /// Ends the input, reads what is left, and waits for the node's end.
    pub async fn end(mut self) -> (Vec<Value>, End) {
        drop(self.input.take());
        self.rest().await
    }

    /// Reads what is left and waits for the node's end.
    pub async fn rest(mut self) -> (Vec<Value>, End) {
        let mut lines = Vec::new();
        while let Some(line) = self.read().await {
            lines.push(line);
        }
        (lines, self.ended().await)
    }

    /// Waits for the node's end, and reads nothing.
    pub async fn ended(self) -> End {
        within(self.node).await.unwrap()
    }
}

pub fn request(id: u64, method: &str, params: &Value) -> String {
    serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// Waits, and fails instead of hanging.
pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("within the deadline")
}
