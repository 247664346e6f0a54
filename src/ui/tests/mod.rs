//! The window without a window: components drawn as text, events given to them, a scripted coordinator behind them.

#![cfg(feature = "component-tests")]

mod connection;
mod find;
mod groups;
mod hiding;
mod messages;
mod missing;
mod people;
mod screens;
mod search;
mod stage;
mod texts;
