//! Where no kernel tells us that the network has changed.

use std::io;

use super::addresses::Gone;

/// There is none.
#[derive(Debug)]
pub(super) enum Alarm {}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) async fn rings(&mut self) -> io::Result<Gone> {
        match *self {}
    }
}
