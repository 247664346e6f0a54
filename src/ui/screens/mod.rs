//! What fills a pane. One file or folder a screen; what several share is in [`super::components`].

mod add;
mod brokers;
mod chats;
mod connection;
mod contact;
mod conversation;
mod group;
mod hiding;
mod ice;
mod nothing;
mod reach;
mod requests;
mod settings;
mod welcome;

pub use add::Add;
pub use chats::Chats;
pub use connection::Connection;
pub use contact::Contact;
pub use conversation::Conversation;
pub use group::{Group, NewGroup};
pub use nothing::Nothing;
pub use requests::Requests;
pub use settings::Settings;
pub use welcome::Welcome;
