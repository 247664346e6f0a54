//! What the machines of this layer ask their driver for.

use crate::wire::ConversationId;

/// What a machine of this layer needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Ask the store what we have of these conversations and say it.
    Have(Of),
    /// Ask the outbox of the conversations that the peer has spoken of ([`super::Push::heard`]) for entries after this cursor; a mailer
    /// asks that of all that the peer shares.
    Outbox {
        /// Which question this is: the answer to an earlier one comes too late to count.
        number: u64,
        /// Exclusive.
        after: u64,
        /// About this many bytes.
        bytes: usize,
    },
}

/// Which of the conversations that a peer shares with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All.
    All,
    /// Those of which the peer has not said yet, on this link, what it has.
    Unheard,
    /// This one.
    One(ConversationId),
}
