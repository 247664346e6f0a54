//! People as a window or a script sees them: oneself, those who ask, contacts.

use serde::Serialize;
use uuid::Uuid;

use super::event::Path;

/// This device's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView {
    /// The person.
    pub user_id: Uuid,
    /// This device.
    pub device_id: Uuid,
    /// What others see.
    pub name: String,
    /// The `kith:` link that invites others.
    pub link: String,
    /// Said to the person when the link cannot work everywhere (it names a loopback address, or no broker).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// Somebody who asks to become a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// The stranger.
    pub user_id: Uuid,
    /// The name they gave themselves.
    pub name: String,
    /// To be compared by voice: twelve groups of five digits.
    pub safety_number: String,
    /// Whether they came with a valid invitation. Requests without one are kept apart and never interrupt.
    pub invited: bool,
    /// Whether the address of this device is hidden from them in particular.
    pub address_hidden: bool,
    /// Said to the person when this contact can hardly be reached (their card names a loopback address).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A contact, or somebody we have asked to become one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactView {
    /// The person.
    pub user_id: Uuid,
    /// The name on their card.
    pub name: String,
    /// The name that this person gave them; nobody else ever sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Whether a link is open or their presence was echoed lately.
    pub online: bool,
    /// How a message would travel now.
    pub path: Path,
    /// Why there is no link to them, when the reason is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoLink>,
    /// Whether they in particular learn no address of this device.
    pub address_hidden: bool,
    /// To be compared by voice: twelve groups of five digits.
    pub safety_number: String,
    /// False while our request has not been accepted.
    pub accepted: bool,
    /// Said to the person when this contact can hardly be reached (their card names a loopback address).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// Why there is no link to somebody, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoLink {
    /// This device hides its address from them, and no relay (TURN server) is set up: everything goes by mail.
    AddressHidden,
    /// This device hides its address from them, and each broker of their card is one where it would have to go for their sake:
    /// nothing goes to them.
    NoSharedBroker,
    /// This device hides its address from them, and no way through its relay was found at the last attempt: mail.
    RelayFails,
    /// They are there and take no link: they hide their address and have no relay. Mail.
    TheyTakeNone,
}
