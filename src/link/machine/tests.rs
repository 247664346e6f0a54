//! Stories of one machine, each a rule (`restarts` has those of new paths); and `world`, two machines in a bad world.

mod hidden;
mod restarts;
mod stories;
mod world;
