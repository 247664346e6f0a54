//! Says when this device's addresses, or the way out of it, have changed.
//!
//! One small promise for every system: [`NetworkWatch::changed`] comes once for each change, however many things the system
//! reports of it. It does not say what is there now: whoever asks must look at everything anyway. It does say whether the way out
//! is another ([`NetworkChange`]), since most changes are beside it: containers, virtual machines and IPv6's temporary addresses
//! come and go all day.
//!
//! | system | how a change is noticed |
//! |---|---|
//! | Linux | the kernel says so (netlink) |
//! | macOS, iOS | the kernel says so (routing socket) |
//! | Android, Windows, others, or where the kernel does not tell | the addresses are read every two seconds (`POLL`) |
//!
//! Android forbids netlink to applications, and the others would need unsafe code of ours.

mod addresses;
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
mod alarm;
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
#[path = "no_alarm.rs"]
mod alarm;
#[cfg(any(target_os = "linux", test))]
mod netlink;
mod settling;

use std::io;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::addresses::{Addresses, Gone};
use self::alarm::Alarm;
use self::settling::Settling;

/// What has changed of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkChange {
    /// Addresses beside the way out came or went. What runs over one of them may lead nowhere; most of it does not.
    Beside,
    /// The rest of the world is reached from another address, or not at all, or the way there was gone for a moment.
    WayOut,
}

/// Watches this device's addresses. It has no task of its own: it goes on while somebody waits.
#[derive(Debug)]
pub struct NetworkWatch {
    alarm: Option<Alarm>,
    settling: Settling,
    /// A look under way, where looks may take long.
    looking: Option<JoinHandle<io::Result<Addresses>>>,
    origin: Instant,
}

impl NetworkWatch {
    /// Begins; on a Tokio runtime.
    #[must_use]
    pub fn begin() -> Self {
        let alarm =
            Alarm::new().inspect_err(|error| tracing::debug!(%error, "the system does not tell of its network"));
        Self::with(alarm.ok())
    }

    fn with(alarm: Option<Alarm>) -> Self {
        Self { settling: Settling::new(alarm.is_none()), alarm, looking: None, origin: Instant::now() }
    }

    /// Comes when the network has changed since the last time. Cancel safe.
    pub async fn changed(&mut self) -> NetworkChange {
        loop {
            let due = self.settling.due().map(|at| self.origin + at);
            tokio::select! {
                biased;
                rung = rings(&mut self.alarm) => self.rung(rung),
                shown = looked(&mut self.looking) => {
                    self.looking = None;
                    self.looked(shown);
                }
                () = until(due), if self.looking.is_none() => {}
            }
            let now = self.origin.elapsed();
            if self.looking.is_none() && self.settling.wants_look(now) {
                self.look();
            }
            if self.looking.is_none()
                && let Some(change) = self.settling.settled(now)
            {
                return change;
            }
        }
    }

    fn rung(&mut self, rung: io::Result<Gone>) {
        let now = self.origin.elapsed();
        match rung {
            Ok(gone) => self.settling.rung(&gone, now),
            Err(error) => {
                tracing::warn!(%error, "the system does not tell of its network any more");
                self.alarm = None;
                self.settling.polls(now);
            }
        }
    }

    /// Where the kernel tells, it answers at once; elsewhere this may take milliseconds, in which others have to go on.
    fn look(&mut self) {
        if self.alarm.is_some() {
            self.looked(addresses::read());
        } else {
            self.looking = Some(tokio::task::spawn_blocking(addresses::read));
        }
    }

    fn looked(&mut self, shown: io::Result<Addresses>) {
        let shown = shown.inspect_err(|error| tracing::debug!(%error, "the addresses cannot be read"));
        self.settling.looked(shown.ok(), self.origin.elapsed());
    }
}

/// Comes when the system says something.
async fn rings(alarm: &mut Option<Alarm>) -> io::Result<Gone> {
    match alarm {
        Some(alarm) => alarm.rings().await,
        None => std::future::pending().await,
    }
}

/// Comes when the look has ended.
async fn looked(looking: &mut Option<JoinHandle<io::Result<Addresses>>>) -> io::Result<Addresses> {
    match looking {
        Some(looking) => looking.await.unwrap_or_else(|error| Err(io::Error::other(error))),
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
