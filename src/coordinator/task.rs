//! The coordinator's task: drives the engine, and holds no decision of its own.

use std::path::PathBuf;

use thiserror::Error;

use super::Handle;

/// How to start a coordinator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the database and the keys live; the caller holds its lock ([`crate::platform::DataDir`]).
    pub data_dir: PathBuf,
    /// Brokers where this person can be reached, first one first; empty when there is none yet.
    pub brokers: Vec<String>,
    /// ICE servers (`stun:` and `turn:` URLs).
    pub ice: Vec<String>,
}

/// Why a coordinator could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database cannot be opened, or is damaged, or belongs to a newer Kith.
    #[error("{0}")]
    Storage(String),
    /// A broker's or an ICE server's address is not one.
    #[error("{0}")]
    Address(String),
}

/// Starts the coordinator on the current Tokio runtime.
///
/// # Errors
/// When the database cannot be opened or an address is wrong.
pub async fn start(options: Options) -> Result<Handle, StartError> {
    let _ = options;
    Err(StartError::Storage("the coordinator is being written".to_owned()))
}
