use super::{Op, Outcome};
use tokio::sync::mpsc;
/// x
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("x")]
pub struct StoreError;
/// x
#[derive(Clone)]
pub struct Store;
impl Store {
    /// x
    /// # Errors
    pub fn open(_: &std::path::Path, _: mpsc::Sender<(u64, Result<Outcome, StoreError>)>) -> Result<Self, StoreError> {
        Err(StoreError)
    }
    /// x
    /// # Errors
    pub fn try_submit(&self, token: u64, op: Op) -> Result<(), (u64, Op)> {
        Err((token, op))
    }
    /// x
    pub fn close(self) {}
}
