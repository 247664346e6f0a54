//! Stories of one machine, each a rule; and `world`, two machines in a bad world.

mod stories;
mod world;
