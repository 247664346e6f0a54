//! Stories of the engine in a simulated world: no process, no network, no clock.

mod chaos;
mod choices;
mod promises;
mod stories;
mod watching;
mod world;
