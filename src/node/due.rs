//! A line's work: what it asks for, given to the coordinator in order, and the answer that is due.

use std::future::Future;
use std::pin::Pin;

use super::LINE_BYTES_MAX;
use super::answer::{Answer, Done};
use super::code::{FrontCode, Refusal};
use super::line::Line;
use super::rpc::{self, Call, Id, Parsed, Request};
use crate::coordinator::{Command, CommandError, ErrorCode, Handle, Reply};
use crate::host::{Choice, Control, SettingsError};

/// What a line asks for.
pub(super) struct Work {
    requests: Vec<Request>,
    is_batch: bool,
    /// What it counts for among [`super::REQUESTS_MAX`].
    pub(super) weight: usize,
}

/// What is still owed for a line.
pub(super) struct Due {
    parts: Vec<(Option<Id>, Wait)>,
    is_batch: bool,
    pub(super) weight: usize,
    /// Whether it asks for the end.
    pub(super) ends: bool,
}

/// The answers to a line; a notification has none.
pub(super) struct Said {
    pub(super) answers: Vec<Answer>,
    pub(super) is_batch: bool,
    pub(super) weight: usize,
}

enum Wait {
    Over(Result<Done, Refusal>),
    Pending(Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send>>, Keep),
}

/// Which requests of strangers to list.
#[derive(Clone, Copy)]
enum Keep {
    All,
    Invited,
}

impl Work {
    /// None for a blank line.
    pub(super) fn of(line: Line<'_>) -> Option<Self> {
        let parsed = match line {
            Line::Whole(line) => rpc::parse_line(line),
            Line::TooLong => Parsed::Refused(line_too_long()),
        };
        let (requests, is_batch) = match parsed {
            Parsed::Blank => return None,
            Parsed::Single(request) => (vec![request], false),
            Parsed::Batch(requests) => (requests, true),
            Parsed::Refused(refusal) => (vec![Request { id: Some(Id::Null), call: Err(refusal) }], false),
        };
        let weight = requests.iter().map(Request::weight).sum();
        Some(Self { requests, is_batch, weight })
    }

    /// Gives everything to the coordinator, in order. A setting is waited for: what comes after it relies on it.
    pub(super) async fn begin(self, core: &Handle, control: &Control) -> Due {
        let Self { requests, is_batch, weight } = self;
        let mut due = Due { parts: Vec::with_capacity(requests.len()), is_batch, weight, ends: false };
        for Request { id, call } in requests {
            let wait = match call {
                Err(refusal) => Wait::Over(Err(refusal)),
                Ok(_) if due.ends => Wait::Over(Err(shutting_down().into())),
                Ok(Call::Shutdown) => {
                    due.ends = true;
                    Wait::Over(Ok(Done::Nothing {}))
                }
                Ok(Call::ShowSettings) => Wait::Over(Ok(Done::Settings(control.settings().into()))),
                Ok(Call::ChangeSettings { hide_address }) => Wait::Over(change(control, hide_address).await),
                Ok(Call::Command(command)) => Wait::Pending(Box::pin(core.submit(command).await), Keep::All),
                Ok(Call::ListRequests { uninvited }) => {
                    let keep = if uninvited { Keep::All } else { Keep::Invited };
                    Wait::Pending(Box::pin(core.submit(Command::ListRequests).await), keep)
                }
            };
            due.parts.push((id, wait));
        }
        due
    }
}

impl Due {
    /// Waits for every reply.
    pub(super) async fn finish(self) -> Said {
        let mut answers = Vec::with_capacity(self.parts.len());
        for (id, wait) in self.parts {
            let outcome = match wait {
                Wait::Over(outcome) => outcome,
                Wait::Pending(reply, keep) => match reply.await {
                    Ok(reply) => Ok(kept(reply, keep).into()),
                    Err(error) => Err(error.into()),
                },
            };
            if let Some(id) = id {
                answers.push(Answer::new(id, outcome));
            }
        }
        Said { answers, is_batch: self.is_batch, weight: self.weight }
    }
}

/// Changes what is named, and says how all of it is then.
async fn change(control: &Control, hide_address: Option<bool>) -> Result<Done, Refusal> {
    if let Some(on) = hide_address {
        control.change(Choice::HideAddress(on)).await.map_err(|error| match error {
            SettingsError::Ended => shutting_down(),
            error => CommandError::new(ErrorCode::Storage, error.to_string()),
        })?;
    }
    Ok(Done::Settings(control.settings().into()))
}

fn kept(mut reply: Reply, keep: Keep) -> Reply {
    if let (Reply::Requests(requests), Keep::Invited) = (&mut reply, keep) {
        requests.retain(|request| request.invited);
    }
    reply
}

fn line_too_long() -> Refusal {
    Refusal::new(FrontCode::LineTooLong, format!("A line has at most {LINE_BYTES_MAX} bytes. This one was ignored."))
}

fn shutting_down() -> CommandError {
    CommandError::new(ErrorCode::ShuttingDown, "Kith is shutting down.")
}
