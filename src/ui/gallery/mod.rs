//! Test builds only: a small world that stands still, for pictures and for tests of components.
//!
//! It answers the window's commands as a coordinator would, from memory, with ids, names and times that never change. It
//! is no second engine: nothing travels, nothing is kept.

mod people;
mod world;

pub use people::NOW;
pub use world::World;
