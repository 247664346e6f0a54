//! Typed topics: a topic is never split by hand.
//!
//! ```text
//! user/{userId}/contactRequest                                      the public door
//! user/{inboxId}/offer  answer  iceCandidate  presence  mailbox     one private inbox per device pair and direction
//! ```

use std::fmt;

use thiserror::Error;
use uuid::Uuid;

use super::InboxId;
use crate::identity::UserId;

/// The last level of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// Requests of strangers.
    ContactRequest,
    /// Connection offers.
    Offer,
    /// Their answers.
    Answer,
    /// Trickled candidates.
    IceCandidate,
    /// Hello.
    Presence,
    /// Mail.
    Mailbox,
}

impl Leaf {
    /// What a live session of a contact listens to.
    pub const LIVE: [Self; 4] = [Self::Offer, Self::Answer, Self::IceCandidate, Self::Presence];

    /// The level's text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContactRequest => "contactRequest",
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::IceCandidate => "iceCandidate",
            Self::Presence => "presence",
            Self::Mailbox => "mailbox",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::ContactRequest, Self::Offer, Self::Answer, Self::IceCandidate, Self::Presence, Self::Mailbox]
            .into_iter()
            .find(|leaf| leaf.as_str() == text)
    }
}

/// One topic of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// A user id for the door, an inbox id for the rest.
    pub id: Uuid,
    /// What travels there.
    pub leaf: Leaf,
}

/// A text that is no topic of ours.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a topic of Kith")]
pub struct TopicError;

impl Topic {
    /// The public door of a person.
    #[must_use]
    pub fn door(user: UserId) -> Self {
        Self { id: user.0, leaf: Leaf::ContactRequest }
    }

    /// A topic of a private inbox.
    #[must_use]
    pub fn inbox(inbox: InboxId, leaf: Leaf) -> Self {
        Self { id: inbox.0, leaf }
    }

    /// Reads a topic; only the one form that [`Topic`] itself writes is accepted.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        let mut levels = text.split('/');
        let (Some("user"), Some(id), Some(leaf), None) = (levels.next(), levels.next(), levels.next(), levels.next())
        else {
            return Err(TopicError);
        };
        let topic =
            Self { id: Uuid::try_parse(id).map_err(|_| TopicError)?, leaf: Leaf::parse(leaf).ok_or(TopicError)? };
        if topic.to_string() == text { Ok(topic) } else { Err(TopicError) }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user/{}/{}", self.id.as_hyphenated(), self.leaf.as_str())
    }
}
