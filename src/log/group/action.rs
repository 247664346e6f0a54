//! The body of an entry of kind GROUP: one change of a group.

use minicbor::{Decode, Decoder, Encode};
use thiserror::Error;

use crate::identity::{Card, CardError, Name, NameError};
use crate::wire::{BODY_BYTES_MAX, DeviceKey, EntryId, LogId, RootKey, cbor};

/// People in a group. Every one of them is told everything by somebody, and a list of them still reads like people.
pub const MEMBERS_MAX: usize = 100;
/// Logs that a removal can name: with 97 bytes each as many as a body holds. A device has at most 64, and more than three devices
/// that each were restored 64 times are nobody's.
pub const CUT_LOGS_MAX: usize = 240;
/// Hues of a group's picture: degrees, as those of people.
pub const HUE_MAX: u16 = 359;

/// What an entry of a group does, read and within its limits. Whether its author may do it is for the fold to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The first entry of a group, and its author's first one in it.
    Create {
        /// What it is called.
        name: Name,
        /// The picture's colour, at most [`HUE_MAX`].
        hue: u16,
        /// Whether those who come later get what was written before.
        history: bool,
        /// Who is in it, the creator first. Who does not fit any more (see [`Action::fits`]) is added by entries that follow.
        cards: Vec<Card>,
    },
    /// Somebody comes in. By a member about themselves: their card has changed.
    Add {
        /// Who.
        card: Box<Card>,
    },
    /// Somebody is put out.
    Remove {
        /// Who.
        root: RootKey,
        /// What counts of what they wrote.
        cut: Vec<Last>,
    },
    /// The author goes.
    Leave {
        /// What counts of what their devices wrote.
        cut: Vec<Last>,
    },
    /// A member becomes an admin. By the heir of a group without admins about themselves: they take over.
    Promote {
        /// Who.
        root: RootKey,
    },
    /// An admin becomes a member like the others.
    Demote {
        /// Who.
        root: RootKey,
    },
    /// The group is called and looks different.
    Rename {
        /// The name.
        name: Name,
        /// The colour; absent when it stays as it is.
        hue: Option<u16>,
    },
    /// Whether those who come from now on get what was written before.
    History {
        /// Whether.
        shared: bool,
    },
}

/// The last entry of one log that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Last {
    /// Whose log.
    #[n(0)]
    pub device: DeviceKey,
    /// Which log of that device.
    #[n(1)]
    pub log: LogId,
    /// Where in the log.
    #[n(2)]
    pub sequence: u64,
    /// The entry: what counts is the branch that ends with it.
    #[n(3)]
    pub id: EntryId,
}

/// Why a body was refused. Its entry keeps its place and changes nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ActionError {
    /// Not an action.
    #[error("not a change of a group: {0}")]
    Malformed(#[from] cbor::DecodeError),
    /// An action that this program does not know.
    #[error("a change of a group that a newer version has written ({0})")]
    Newer(u32),
    /// A card in it does not hold.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The name cannot be shown.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A list is too long or out of order, or a number too high.
    #[error("{0}")]
    Limit(&'static str),
}

#[derive(Encode, Decode)]
enum Body {
    #[n(0)]
    #[cbor(map)]
    Create {
        #[n(0)]
        name: String,
        #[n(1)]
        hue: u16,
        #[n(2)]
        history: bool,
        #[n(3)]
        cards: Vec<Bytes>,
    },
    #[n(1)]
    #[cbor(map)]
    Add {
        #[n(0)]
        card: Bytes,
    },
    #[n(2)]
    #[cbor(map)]
    Remove {
        #[n(0)]
        root: RootKey,
        #[n(1)]
        cut: Vec<Last>,
    },
    #[n(3)]
    #[cbor(map)]
    Leave {
        #[n(0)]
        cut: Vec<Last>,
    },
    #[n(4)]
    #[cbor(map)]
    Promote {
        #[n(0)]
        root: RootKey,
    },
    #[n(5)]
    #[cbor(map)]
    Demote {
        #[n(0)]
        root: RootKey,
    },
    #[n(6)]
    #[cbor(map)]
    Rename {
        #[n(0)]
        name: String,
        #[n(1)]
        hue: Option<u16>,
    },
    #[n(7)]
    #[cbor(map)]
    History {
        #[n(0)]
        shared: bool,
    },
}

/// The highest action that this program knows.
const ACTION_LAST: u32 = 7;

/// A byte string in a list.
#[derive(Encode, Decode)]
#[cbor(transparent)]
struct Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl From<&Card> for Bytes {
    fn from(card: &Card) -> Self {
        Self(card.bytes().to_vec())
    }
}

impl Action {
    /// The body's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = |name: &Name| name.as_str().to_owned();
        cbor::encode(&match self {
            Self::Create { name, hue, history, cards } => Body::Create {
                name: text(name),
                hue: *hue,
                history: *history,
                cards: cards.iter().map(Bytes::from).collect(),
            },
            Self::Add { card } => Body::Add { card: Bytes::from(&**card) },
            Self::Remove { root, cut } => Body::Remove { root: *root, cut: cut.clone() },
            Self::Leave { cut } => Body::Leave { cut: cut.clone() },
            Self::Promote { root } => Body::Promote { root: *root },
            Self::Demote { root } => Body::Demote { root: *root },
            Self::Rename { name, hue } => Body::Rename { name: text(name), hue: *hue },
            Self::History { shared } => Body::History { shared: *shared },
        })
    }

    /// Reads a body that came from somebody else, and verifies every card in it.
    ///
    /// # Errors
    /// When it is no action, a newer one, beyond a limit, or a card in it does not hold.
    pub fn parse(body: &[u8]) -> Result<Self, ActionError> {
        Self::read(body, Card::verify)
    }

    /// Reads a body that [`Action::parse`] has taken before: the cards' signatures are not verified again.
    ///
    /// # Errors
    /// As [`Action::parse`].
    pub fn known(body: &[u8]) -> Result<Self, ActionError> {
        Self::read(body, Card::known)
    }

    fn read(body: &[u8], card: impl Fn(&[u8]) -> Result<Card, CardError>) -> Result<Self, ActionError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(cbor::DecodeError::TooLong { actual: body.len(), limit: BODY_BYTES_MAX }.into());
        }
        cbor::check(body)?;
        let mut decoder = Decoder::new(body);
        if let (Ok(Some(_)), Ok(action)) = (decoder.array(), decoder.u32())
            && action > ACTION_LAST
        {
            return Err(ActionError::Newer(action));
        }
        let action = match cbor::decode(body, BODY_BYTES_MAX)? {
            Body::Create { name, hue, history, cards } => {
                ensure((1..=MEMBERS_MAX).contains(&cards.len()), "a group begins with 1 to 100 people")?;
                ensure(hue <= HUE_MAX, "no such colour")?;
                let cards = cards.iter().map(|bytes| card(&bytes.0)).collect::<Result<Vec<_>, _>>()?;
                let mut roots: Vec<_> = cards.iter().map(Card::root).collect();
                roots.sort_unstable();
                ensure(roots.is_sorted_by(|a, b| a < b), "somebody is in the group twice")?;
                Self::Create { name: shown(&name)?, hue, history, cards }
            }
            Body::Add { card: bytes } => Self::Add { card: Box::new(card(&bytes.0)?) },
            Body::Remove { root, cut } => Self::Remove { root, cut: ordered(cut)? },
            Body::Leave { cut } => Self::Leave { cut: ordered(cut)? },
            Body::Promote { root } => Self::Promote { root },
            Body::Demote { root } => Self::Demote { root },
            Body::Rename { name, hue } => {
                ensure(hue.is_none_or(|hue| hue <= HUE_MAX), "no such colour")?;
                Self::Rename { name: shown(&name)?, hue }
            }
            Body::History { shared } => Self::History { shared },
        };
        Ok(action)
    }

    /// How many of these cards, from the first, fit the entry that creates a group: at least 11 of the longest, some 40 of the usual
    /// ones. The others are added by entries of their own.
    #[must_use]
    pub fn fits(cards: &[Card]) -> usize {
        let mut left = BODY_BYTES_MAX - CREATE_BYTES;
        let fit = cards.iter().take(MEMBERS_MAX).take_while(|card| {
            let size = card.bytes().len() + CARD_HEAD_BYTES;
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        });
        fit.count()
    }
}

/// What a creation needs beside its cards: heads of five items, four keys, the colour, the flag and the longest name.
const CREATE_BYTES: usize = 32 + crate::identity::NAME_BYTES_MAX;
/// The head of a byte string of up to 64 KiB.
const CARD_HEAD_BYTES: usize = 3;

/// A name in no other form than that in which it is shown: otherwise two bodies would mean the same.
fn shown(name: &str) -> Result<Name, ActionError> {
    let shown = Name::parse(name)?;
    ensure(shown.as_str() == name, "a name that is not shown as it is written")?;
    Ok(shown)
}

fn ordered(cut: Vec<Last>) -> Result<Vec<Last>, ActionError> {
    ensure(cut.len() <= CUT_LOGS_MAX, "more logs than a removal can name")?;
    ensure(cut.is_sorted_by(|a, b| (a.device, a.log) < (b.device, b.log)), "logs out of order")?;
    Ok(cut)
}

fn ensure(holds: bool, otherwise: &'static str) -> Result<(), ActionError> {
    if holds { Ok(()) } else { Err(ActionError::Limit(otherwise)) }
}
