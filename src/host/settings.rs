//! What a person chooses for this device. Not a secret and not a message: a small file beside the database.

use serde::{Deserialize, Serialize};

pub use crate::coordinator::BROKERS_MAX;

/// Public brokers for trying things out. Nobody promises that they are there tomorrow; they see sizes and times, no content.
pub const PUBLIC_BROKERS: &[&str] = &["mqtts://broker.hivemq.com:8883"];

/// What a person chooses for this device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Light, dark, or as the system has it.
    pub theme: Theme,
    /// How large texts are.
    pub text_size: TextSize,
    /// How others can reach this person; none until they have chosen.
    pub reach: Option<Reach>,
    /// Who helps to find a way to others.
    pub ice: Ice,
    /// Whether nobody learns an address of this device, whatever was chosen for each.
    pub hide_address: bool,
    /// What was chosen could not be read, so the address is hidden until something is chosen about that.
    pub lost: bool,
    /// Where the window was when it closed.
    pub window: Option<WindowPlace>,
}

/// One thing that a person chose. Each is an order of its own, and says no more than what was chosen: two at once do not undo
/// each other, whatever was on the screen when they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Light or dark.
    Theme(Theme),
    /// How large texts are.
    TextSize(TextSize),
    /// How others can reach this person.
    Reach(Reach),
    /// One more server of their own that helps to find a way to others: a `stun:` or `turn:` address.
    AddServer(String),
    /// One of them less.
    RemoveServer(String),
    /// Whether [`super::DEFAULT_ICE`] are asked too.
    PublicServers(bool),
    /// Whether nobody learns an address of this device.
    HideAddress(bool),
}

impl Settings {
    /// The same settings with another choice.
    #[must_use]
    pub fn with(mut self, choice: Choice) -> Self {
        match choice {
            Choice::Theme(theme) => self.theme = theme,
            Choice::TextSize(size) => self.text_size = size,
            Choice::Reach(reach) => self.reach = Some(reach),
            Choice::AddServer(server) => self.ice.servers.push(server),
            Choice::RemoveServer(server) => self.ice.servers.retain(|own| *own != server),
            Choice::PublicServers(public) => self.ice.public = public,
            Choice::HideAddress(on) => (self.hide_address, self.lost) = (on, false),
        }
        self
    }
}

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How large texts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TextSize {
    /// 87.5 %.
    Small,
    /// 100 %.
    #[default]
    Normal,
    /// 125 %.
    Large,
    /// 150 %.
    Huge,
}

/// How others can reach this person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "brokers")]
pub enum Reach {
    /// Only Kiths on this computer: its own broker, on its loopback address.
    ThisComputer,
    /// Everybody in the local network: this computer's own broker serves it.
    Network,
    /// Everybody who can reach these brokers.
    Brokers(Vec<String>),
    /// [`PUBLIC_BROKERS`].
    Public,
}

/// Servers that help two devices to find a way to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ice {
    /// Whether [`super::DEFAULT_ICE`] are asked too.
    pub public: bool,
    /// The person's own: `stun:` and `turn:` addresses, at most [`ICE_SERVERS_MAX`].
    pub servers: Vec<String>,
}

/// The person's own servers, at most: each is asked at every new connection.
pub const ICE_SERVERS_MAX: usize = 8;
/// The longest address of one: room for a name, and a password that runs out.
pub const ICE_SERVER_BYTES_MAX: usize = 512;

impl Default for Ice {
    fn default() -> Self {
        Self { public: true, servers: vec![] }
    }
}

/// Where a window was, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowPlace {
    /// From the left; may be negative with several screens. Absent where the system does not tell.
    pub x: Option<f64>,
    /// From the top.
    pub y: Option<f64>,
    /// Inner width.
    pub width: f64,
    /// Inner height.
    pub height: f64,
    /// Whether it filled the screen.
    pub maximized: bool,
}

impl Eq for WindowPlace {}
