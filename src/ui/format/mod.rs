//! How values look as text: times, names, colours, links. Pure: the clock and the words are passed in.

mod emoji;
mod face;
mod links;
mod time;

pub use emoji::is_emoji;
pub use face::{hue, initials};
pub use links::{Piece, pieces};
pub use time::{date_of, day_label, list_time, short_time};

#[cfg(test)]
mod tests;
