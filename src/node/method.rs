//! Methods: a request as a command, a reply as a result. Pure.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::rpc::{Failure, INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED, Request};
use crate::coordinator::{Command, CommandError, ContactView, Reply, RequestView};

/// What a line asks the node for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    /// A command, and how its reply is shown.
    Run(Command, Shape),
    /// Finish.
    Shutdown,
}

/// How a reply is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    Plain,
    /// Requests with an invitation only.
    InvitedOnly,
}

/// Parameters by name; what is left over at the end was a mistake.
struct Params(Map<String, Value>);

impl Params {
    fn text(&mut self, name: &str) -> Result<String, Failure> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(wrong(format!("“{name}” is a text."))),
            None => Err(wrong(format!("“{name}” is missing."))),
        }
    }

    fn user(&mut self, name: &str) -> Result<Uuid, Failure> {
        let text = self.text(name)?;
        Uuid::try_parse(&text).map_err(|_| wrong(format!("“{name}” is a user id (a UUID).")))
    }

    fn optional_text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.0.get(name) {
            None | Some(Value::Null) => {
                self.0.remove(name);
                Ok(None)
            }
            Some(_) => self.text(name).map(Some),
        }
    }

    /// A number that does not fit is as wrong as one that is too large; who asked is told the limits.
    fn optional_count(&mut self, name: &str) -> Result<Option<u32>, Failure> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(count) => Ok(Some(u32::try_from(count).unwrap_or(0))),
                None if number.is_u64() => Ok(Some(0)),
                None => Err(wrong(format!("“{name}” is a whole number."))),
            },
            Some(_) => Err(wrong(format!("“{name}” is a whole number."))),
        }
    }

    fn optional_flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(wrong(format!("“{name}” is true or false."))),
        }
    }

    fn nothing_more(self) -> Result<(), Failure> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(format!("There is no parameter “{name}” here."))),
        }
    }
}

fn wrong(message: String) -> Failure {
    Failure::new(INVALID_PARAMS, "invalid_params", message)
}

/// Reads a request.
pub(super) fn call(request: Request) -> Result<Call, Failure> {
    let mut params = Params(request.params);
    let mut shape = Shape::Plain;
    let command = match request.method.as_str() {
        "identity.create" => Command::CreateIdentity { name: params.text("name")? },
        "identity.show" => Command::ShowIdentity,
        "contact.add" => Command::AddContact { link: params.text("link")? },
        "contact.requests" => {
            if !params.optional_flag("uninvited")? {
                shape = Shape::InvitedOnly;
            }
            Command::ListRequests
        }
        "contact.accept" => Command::AcceptContact(params.user("userId")?),
        "contact.decline" => Command::DeclineContact(params.user("userId")?),
        "contact.block" => Command::BlockContact(params.user("userId")?),
        "contact.remove" => Command::RemoveContact(params.user("userId")?),
        "contact.list" => Command::ListContacts,
        "message.send" => Command::SendMessage { to: params.user("to")?, text: params.text("text")? },
        "message.history" => Command::ReadHistory {
            with: params.user("with")?,
            before: params.optional_text("before")?,
            limit: params.optional_count("limit")?,
        },
        "status" => Command::ShowStatus,
        "shutdown" => {
            params.nothing_more()?;
            return Ok(Call::Shutdown);
        }
        other => {
            let message = format!("There is no method “{}”.", other.chars().take(64).collect::<String>());
            return Err(Failure::new(METHOD_NOT_FOUND, "unknown_method", message));
        }
    };
    params.nothing_more()?;
    Ok(Call::Run(command, shape))
}

/// Shows a reply.
pub(super) fn result(reply: Reply, shape: Shape) -> Value {
    match reply {
        Reply::Done => json!({}),
        Reply::Identity(identity) => json!(identity),
        Reply::User(user) => json!({ "userId": user }),
        Reply::Requests(requests) => {
            let shown = |request: &RequestView| shape == Shape::Plain || request.invited;
            json!(requests.into_iter().filter(shown).collect::<Vec<_>>())
        }
        Reply::Contacts(contacts) => json!(contacts.into_iter().collect::<Vec<ContactView>>()),
        Reply::Message(id) => json!({ "id": id }),
        Reply::History(messages) => json!(messages),
        Reply::Status(status) => json!(status),
    }
}

/// Shows a refusal.
pub(super) fn refusal(error: &CommandError) -> Failure {
    let code = json!(error.code);
    Failure::new(REFUSED, code.as_str().unwrap_or("refused"), error.message.clone())
}
