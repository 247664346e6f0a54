//! Who somebody is: keys, user and device ids, contact cards, the links that carry them, safety numbers.
//!
//! Pure. Secrets are generated from a generator that is passed in; where they are kept is not decided here.
//! **UUIDs name topics, rows and API objects; whatever is signed or authorised names the 32-byte key.**

mod card;
mod devices;
mod id;
mod link;
mod name;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod pretend;
mod safety;
mod secrets;
mod sign;

pub use card::{BROKERS_MAX, CARD_BYTES_MAX, Card, CardError, CardFields};
pub use devices::{Certificate, DEVICES_MAX, DeviceList, DeviceListError};
pub use id::{DeviceId, GroupId, UserId};
pub use link::{LINK_CHARS_MAX, Link, LinkError};
pub use name::{NAME_BYTES_MAX, Name, NameError, visible};
pub use safety::safety_number;
pub use secrets::{SECRETS_BYTES_MAX, Secrets, SecretsError};
pub use sign::{Context, sign, verify};

#[cfg(test)]
pub(crate) mod tests;
