//! The loop: lines in, lines out.
//!
//! One future does everything, so that what is true stays in order: commands reach the coordinator in the order of their
//! lines, and a reply is written before the events that follow from it. A reader of standard output that is slow stops the
//! loop, not memory.

use std::future::Future;

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt, BufWriter};

use super::lines::{Line, Lines};
use super::method::{self, Call, Shape};
use super::rpc::{self, Failure, Id};
use crate::coordinator::{Command, CommandError, Handle, Reply, Subscription, Update};

/// Requests that may be under way: enough for a script that does not wait, few enough that it gets back-pressure.
const REQUESTS_MAX: usize = 256;

/// What a node needs of the coordinator; a test has its own.
pub trait Core {
    /// Hands over a command, in order, and says where its reply will come.
    fn submit(
        &self,
        command: Command,
    ) -> impl Future<Output = impl Future<Output = Result<Reply, CommandError>> + Send + 'static> + Send;
    /// Subscribes to events.
    fn subscribe(&self) -> impl Future<Output = Result<Subscription, CommandError>> + Send;
    /// Finishes; returns when everything is on disk.
    fn shutdown(&self) -> impl Future<Output = ()> + Send;
}

impl Core for Handle {
    async fn submit(&self, command: Command) -> impl Future<Output = Result<Reply, CommandError>> + Send + 'static {
        Handle::submit(self, command).await
    }

    async fn subscribe(&self) -> Result<Subscription, CommandError> {
        Handle::subscribe(self).await
    }

    async fn shutdown(&self) {
        Handle::shutdown(self).await;
    }
}

/// Serves one stream of lines until `shutdown`, the end of input, or `stop`. Everything is on disk when it returns.
///
/// # Errors
/// When standard output cannot be written any more. Everything is on disk all the same.
pub async fn serve(
    core: &impl Core,
    input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut output = BufWriter::new(output);
    let result = run(core, input, &mut output, stop).await;
    core.shutdown().await;
    if let Ok(Some(id)) = &result {
        output.write_all(rpc::result_line(id, json!({})).as_bytes()).await?;
        output.flush().await?;
    }
    result.map(|_| ())
}

/// Runs until somebody wants to finish; gives back the id of the `shutdown` request, if it was one.
async fn run(
    core: &impl Core,
    input: impl AsyncBufRead + Unpin,
    output: &mut (impl AsyncWrite + Unpin),
    stop: impl Future<Output = ()>,
) -> std::io::Result<Option<Id>> {
    let mut lines = Lines::new(input);
    let mut replies = FuturesUnordered::new();
    let mut subscription = core.subscribe().await.ok();
    tokio::pin!(stop);
    let mut shutdown = None;
    let mut reading = true;
    while reading || !replies.is_empty() {
        let line = tokio::select! {
            biased;
            Some(line) = replies.next(), if !replies.is_empty() => line,
            update = next(&mut subscription) => match update {
                Update::Events(events) => {
                    let lines: Vec<String> = events.iter().map(|event| rpc::event_line(&json!(event))).collect();
                    Some(lines.concat())
                }
                Update::Missed => {
                    subscription = core.subscribe().await.ok();
                    Some(rpc::event_line(&json!({ "type": "missed" })))
                }
                Update::Ended => {
                    subscription = None;
                    None
                }
            },
            () = &mut stop, if reading => {
                reading = false;
                None
            }
            line = lines.next(), if reading && replies.len() < REQUESTS_MAX => match line {
                None => {
                    reading = false;
                    None
                }
                Some(Line::TooLong) => Some(rpc::failure_line(&Id::Null, &Failure::line_too_long())),
                Some(Line::Whole(line)) => match take(&line) {
                    Taken::Answer(line) => line,
                    Taken::Shutdown(id) => {
                        reading = false;
                        shutdown = id;
                        None
                    }
                    Taken::Run(id, command, shape) => {
                        let reply = core.submit(command).await;
                        replies.push(async move {
                            let reply = reply.await;
                            id.map(|id| answer(&id, reply, shape))
                        });
                        None
                    }
                },
            },
        };
        if let Some(line) = line {
            output.write_all(line.as_bytes()).await?;
            output.flush().await?;
        }
    }
    Ok(shutdown)
}

async fn next(subscription: &mut Option<Subscription>) -> Update {
    match subscription {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}

enum Taken {
    Answer(Option<String>),
    Run(Option<Id>, Command, Shape),
    Shutdown(Option<Id>),
}

fn take(line: &[u8]) -> Taken {
    let request = match rpc::parse_line(line) {
        Ok(Some(request)) => request,
        Ok(None) => return Taken::Answer(None),
        Err((id, failure)) => return Taken::Answer(Some(rpc::failure_line(&id, &failure))),
    };
    let id = request.id.clone();
    match method::call(request) {
        Ok(Call::Run(command, shape)) => Taken::Run(id, command, shape),
        Ok(Call::Shutdown) => Taken::Shutdown(id),
        Err(failure) => Taken::Answer(id.map(|id| rpc::failure_line(&id, &failure))),
    }
}

fn answer(id: &Id, reply: Result<Reply, CommandError>, shape: Shape) -> String {
    match reply {
        Ok(reply) => {
            let result: Value = method::result(reply, shape);
            rpc::result_line(id, result)
        }
        Err(error) => rpc::failure_line(id, &method::refusal(&error)),
    }
}
