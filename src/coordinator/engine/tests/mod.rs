//! Stories of the engine in a simulated world: no process, no network, no clock.

mod beside;
mod bodies;
mod brokers;
mod chaos;
mod choices;
mod delivered;
mod disk;
mod door;
mod groups;
mod heirs;
mod hiding;
mod keys;
mod leaving;
mod links;
mod live;
mod many;
mod moving;
mod newer;
mod outsiders;
mod promises;
mod restored;
mod search;
mod stories;
mod strangers;
mod upgrades;
mod watching;
