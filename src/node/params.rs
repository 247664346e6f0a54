//! Parameters of a method: taken by name, each of the right kind, none left over.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::code::{FrontCode, Refusal};

/// The parameters that have not been taken yet.
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// An object, or nothing at all.
    pub(super) fn new(value: Option<Value>) -> Result<Self, Refusal> {
        match value {
            None => Ok(Self(Map::new())),
            Some(Value::Object(map)) => Ok(Self(map)),
            Some(Value::Array(list)) if list.is_empty() => Ok(Self(Map::new())),
            Some(Value::Array(_)) => {
                Err(Refusal::new(FrontCode::InvalidParams, "Parameters go by name: `params` must be an object."))
            }
            Some(_) => Err(Refusal::new(FrontCode::InvalidRequest, "`params` must be an object.")),
        }
    }

    pub(super) fn text(&mut self, field: &str) -> Result<String, Refusal> {
        self.optional_text(field)?.ok_or_else(|| Refusal::param(field, "is missing"))
    }

    pub(super) fn optional_text(&mut self, field: &str) -> Result<Option<String>, Refusal> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::param(field, "must be a string")),
        }
    }

    /// A user id, in the one spelling that this program writes too (lower or upper case).
    pub(super) fn user(&mut self, field: &str) -> Result<Uuid, Refusal> {
        self.optional_user(field)?.ok_or_else(|| Refusal::param(field, "is missing"))
    }

    pub(super) fn optional_user(&mut self, field: &str) -> Result<Option<Uuid>, Refusal> {
        let Some(text) = self.optional_text(field)? else { return Ok(None) };
        let wrong = || Refusal::param(field, "must be a user id, like 8c2f0a5e-1b7d-8e3a-9f46-0d5b7c1e2a90");
        user_id(&text).ok_or_else(wrong).map(Some)
    }

    /// A list of user ids.
    pub(super) fn users(&mut self, field: &str) -> Result<Vec<Uuid>, Refusal> {
        let wrong = || Refusal::param(field, "must be a list of user ids");
        match self.0.remove(field) {
            None => Err(Refusal::param(field, "is missing")),
            Some(Value::Array(list)) => list.iter().map(|id| id.as_str().and_then(user_id).ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }

    pub(super) fn flag(&mut self, field: &str) -> Result<bool, Refusal> {
        self.optional_flag(field)?.ok_or_else(|| Refusal::param(field, "is missing"))
    }

    pub(super) fn optional_flag(&mut self, field: &str) -> Result<Option<bool>, Refusal> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Refusal::param(field, "must be true or false")),
        }
    }

    /// A whole number; one that no `u32` can hold becomes the nearest that it can, so that whoever knows the range
    /// refuses all of them alike.
    pub(super) fn optional_number(&mut self, field: &str) -> Result<Option<u32>, Refusal> {
        let Some(value) = self.0.remove(field) else { return Ok(None) };
        if let Some(number) = value.as_u64() {
            return Ok(Some(u32::try_from(number).unwrap_or(u32::MAX)));
        }
        if value.is_i64() {
            return Ok(Some(0));
        }
        Err(Refusal::param(field, "must be a whole number"))
    }

    /// A whole number of 64 bits.
    pub(super) fn optional_large(&mut self, field: &str) -> Result<Option<u64>, Refusal> {
        match self.0.remove(field) {
            None => Ok(None),
            Some(value) => {
                value.as_u64().map(Some).ok_or_else(|| Refusal::param(field, "must be a whole number, not below 0"))
            }
        }
    }

    /// Nothing may be left: a misspelt optional parameter must not be silent.
    pub(super) fn end(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(field) => Err(Refusal::param(field, "is not one that this method knows")),
        }
    }
}

fn user_id(text: &str) -> Option<Uuid> {
    const HYPHENATED: usize = 36;
    (text.len() == HYPHENATED).then(|| Uuid::try_parse(text).ok()).flatten()
}
