//! temporary writer
use super::{Db, Op, Outcome, StoreError};
use std::sync::mpsc as std_mpsc;
use tokio::sync::mpsc;
/// x
#[derive(Debug)]
pub struct Store {
    sender: Option<std_mpsc::SyncSender<(u64, Op)>>,
    thread: Option<std::thread::JoinHandle<()>>,
}
impl Store {
    /// x
    /// # Errors
    /// x
    pub fn open(
        path: &std::path::Path,
        out: mpsc::Sender<(u64, Result<Outcome, StoreError>)>,
    ) -> Result<Self, StoreError> {
        let mut db = Db::open(path)?;
        let (sender, receiver) = std_mpsc::sync_channel::<(u64, Op)>(256);
        let thread = std::thread::spawn(move || {
            while let Ok(first) = receiver.recv() {
                let mut batch = vec![first];
                while batch.len() < 256 {
                    match receiver.try_recv() {
                        Ok(x) => batch.push(x),
                        Err(_) => break,
                    }
                }
                let (tokens, ops): (Vec<u64>, Vec<Op>) = batch.into_iter().unzip();
                for (t, r) in tokens.into_iter().zip(db.apply(ops)) {
                    let _ = out.blocking_send((t, r));
                }
            }
        });
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }
    /// x
    /// # Errors
    /// x
    pub fn try_submit(&self, token: u64, op: Op) -> Result<(), (u64, Op)> {
        match &self.sender {
            Some(s) => s.try_send((token, op)).map_err(|e| match e {
                std_mpsc::TrySendError::Full(x) | std_mpsc::TrySendError::Disconnected(x) => x,
            }),
            None => Err((token, op)),
        }
    }
    /// x
    pub fn close(mut self) {
        self.sender = None;
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}
