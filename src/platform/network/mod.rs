//! Says when this device's addresses, or the way out of it, have changed.
//!
//! One small promise for every system: [`NetworkWatch::changed`] comes once for each change, however many things the system
//! reports of it. It never says what has changed: whoever asks must look at everything anyway.
//!
//! | system | how a change is noticed |
//! |---|---|
//! | Linux | the kernel says so (netlink) |
//! | macOS, iOS | the kernel says so (routing socket) |
//! | Android, Windows, others, or where the kernel does not tell | the addresses are read every two seconds ([`POLL`]) |
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

use std::time::Duration;

use tokio::time::Instant;

use self::addresses::Addresses;
use self::alarm::Alarm;
use self::settling::Settling;

/// How often the addresses are read where nobody tells: a change is noticed within the three seconds that are promised, and
/// reading them takes a tenth of a millisecond.
const POLL: Duration = Duration::from_secs(2);

/// Watches this device's addresses. It has no task of its own: it goes on while somebody waits.
#[derive(Debug)]
pub struct NetworkWatch {
    alarm: Option<Alarm>,
    settling: Settling<Addresses>,
    /// When the addresses are read without an alarm.
    look_at: Instant,
    origin: Instant,
}

impl NetworkWatch {
    /// Begins; on a Tokio runtime.
    #[must_use]
    pub fn begin() -> Self {
        let alarm =
            Alarm::new().inspect_err(|error| tracing::debug!(%error, "the system does not tell of its network"));
        let now = Instant::now();
        Self { alarm: alarm.ok(), settling: Settling::new(addresses::read()), look_at: now + POLL, origin: now }
    }

    /// Comes when the network has changed since the last time. Cancel safe.
    pub async fn changed(&mut self) {
        loop {
            let due = self.settling.due().map(|at| self.origin + at);
            let look_at = self.look_at;
            let rung = tokio::select! {
                biased;
                rung = rings(&mut self.alarm) => Some(rung),
                () = until(due) => None,
                () = tokio::time::sleep_until(look_at), if self.alarm.is_none() => None,
            };
            let now = self.origin.elapsed();
            match rung {
                Some(Ok(true)) => self.settling.moved(now),
                Some(Ok(false)) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "the system does not tell of its network any more");
                    self.alarm = None;
                }
                None => {}
            }
            self.look_at = Instant::now() + POLL;
            self.settling.seen(addresses::read(), now);
            if self.settling.is_settled(now) {
                return;
            }
        }
    }
}

/// Comes when the system says something; true when that alone is a change.
async fn rings(alarm: &mut Option<Alarm>) -> std::io::Result<bool> {
    match alarm {
        Some(alarm) => alarm.rings().await,
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
