//! The window without a window: components drawn as text, events given to them, the gallery behind them.

mod find;
mod screens;
mod stage;
mod texts;
