//! The heartbeat of an open link: when to be heard, and when silence means that it is lost.

use std::time::Duration;

use crate::link::Path;
use crate::wire::signal::{Heartbeat, INTERVAL_MS_MAX, INTERVAL_MS_MIN};

/// Until the peer has answered one, heartbeats go out this often: the first may be lost for good, when the peer's side
/// of the channel opens a little later than ours.
const OPENING_REPEAT: Duration = Duration::from_secs(1);
/// What the peer is assumed to promise before it has said so.
const FIRST_INTERVAL: Duration = Duration::from_secs(4);
/// After so many of its own intervals without a frame the peer is suspect, and asked.
const SUSPECT_AFTER: u32 = 2;
/// After so many it is lost.
const LOST_AFTER: u32 = 3;
/// How long a peer that may have been restarted has to show that this link is not to its last run. Longer than any
/// round trip on which people still talk.
pub(super) const RESTARTED_PATIENCE: Duration = Duration::from_secs(3);
/// How long a peer has to be heard after a restart, beside two round trips. What was lost before it blocks what comes after:
/// the library sends it again 1 s after the first loss, then 2, 4 … s later. The first is worth waiting for, and is on its way
/// within 1 s; instead of the others a fresh connection is made.
pub(super) const RECONNECTED_PATIENCE: Duration = Duration::from_millis(1_100);
/// How long a peer has to be heard after we woke, beside two round trips: a link that is no more is to be replaced within
/// 3 s of that.
pub(super) const WOKE_PATIENCE: Duration = Duration::from_millis(1_200);

pub(super) enum Verdict {
    /// Nothing to do.
    Fine,
    /// It is time to be heard.
    Beat(Heartbeat),
    /// The peer has been silent for too long; ask it.
    Suspect(Heartbeat),
    /// The link is lost.
    Lost,
}

#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) interval: Duration,
    pub(super) rtt: Option<Duration>,
    peer_interval: Duration,
    last_alive: Duration,
    beat_at: Duration,
    suspected: bool,
    answered: bool,
    probe_until: Option<Duration>,
    /// The path as our driver sees it, and whether the peer said that it sees a relay.
    seen: Path,
    told_of_relay: bool,
    /// The stamp at which we woke, until the peer has answered something that was asked at it or after. What was on its way before
    /// was read late, and shows nothing. A stamp and not a time, since what is asked at once has the same one.
    unproven: Option<u64>,
}

impl Pulse {
    pub(super) fn new(interval: Duration, seen: Path, now: Duration) -> Self {
        Self {
            interval,
            rtt: None,
            peer_interval: FIRST_INTERVAL,
            last_alive: now,
            beat_at: now,
            suspected: false,
            answered: false,
            probe_until: None,
            seen,
            told_of_relay: false,
            unproven: None,
        }
    }

    /// Our driver sees this path. True when it is another one than before, which the peer is to be told.
    pub(super) fn see(&mut self, path: Path) -> bool {
        std::mem::replace(&mut self.seen, path) != path
    }

    /// How packets travel, by what both sides see. The peer's relay may look to us like a plain address: its packets can
    /// arrive before it has named it.
    pub(super) fn path(&self) -> Path {
        if self.told_of_relay { Path::Relay } else { self.seen }
    }

    /// A heartbeat that asks, and when the next is due.
    pub(super) fn beat(&mut self, now: Duration) -> Heartbeat {
        let pause = if self.answered { self.interval } else { self.interval.min(OPENING_REPEAT) };
        self.beat_at = now + pause;
        self.heartbeat(now, None)
    }

    /// Asks the peer to show within `patience` that it is the one this link leads to.
    pub(super) fn probe(&mut self, patience: Duration, now: Duration) -> Heartbeat {
        let until = now + patience;
        self.probe_until = Some(self.probe_until.map_or(until, |earlier| earlier.min(until)));
        self.beat(now)
    }

    /// The time until now does not count as silence, since nobody listened; and what was said in it does not count as life.
    pub(super) fn woke(&mut self, now: Duration) {
        self.last_alive = now;
        self.unproven = Some(stamp_of(now));
    }

    /// Whether the peer has shown nothing since we woke.
    pub(super) fn is_unproven(&self) -> bool {
        self.unproven.is_some()
    }

    /// Whether a frame arrived after that time.
    pub(super) fn was_alive_after(&self, time: Duration) -> bool {
        self.last_alive > time
    }

    /// A frame arrived.
    pub(super) fn alive(&mut self, now: Duration) {
        if self.is_unproven() {
            return;
        }
        self.last_alive = now;
        self.suspected = false;
        self.probe_until = None;
    }

    /// A heartbeat arrived; one that asks is answered at once, so that what it measures is the way and not our interval.
    pub(super) fn received(&mut self, heartbeat: Heartbeat, now: Duration) -> Option<Heartbeat> {
        let interval_ms = heartbeat.interval_ms.clamp(INTERVAL_MS_MIN, INTERVAL_MS_MAX);
        self.peer_interval = Duration::from_millis(interval_ms.into());
        self.told_of_relay = heartbeat.relayed.unwrap_or(self.told_of_relay);
        match heartbeat.echo {
            None => Some(self.heartbeat(now, Some(heartbeat.stamp))),
            Some(stamp) if self.unproven.is_some_and(|woke| stamp < woke) => None,
            Some(stamp) => {
                self.unproven = None;
                if !self.answered {
                    self.answered = true;
                    self.beat_at = now + self.interval;
                }
                self.rtt = now.checked_sub(Duration::from_micros(stamp)).or(self.rtt);
                None
            }
        }
    }

    pub(super) fn on_time(&mut self, now: Duration) -> Verdict {
        if now >= self.silent(LOST_AFTER) || self.probe_until.is_some_and(|until| now >= until) {
            Verdict::Lost
        } else if now >= self.silent(SUSPECT_AFTER) && !self.suspected {
            self.suspected = true;
            Verdict::Suspect(self.beat(now))
        } else if now >= self.beat_at {
            Verdict::Beat(self.beat(now))
        } else {
            Verdict::Fine
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        let silence = self.silent(if self.suspected { LOST_AFTER } else { SUSPECT_AFTER });
        let due = silence.min(self.beat_at);
        self.probe_until.map_or(due, |until| due.min(until))
    }

    fn silent(&self, intervals: u32) -> Duration {
        self.last_alive + self.peer_interval * intervals
    }

    fn heartbeat(&self, now: Duration, echo: Option<u64>) -> Heartbeat {
        let interval_ms = u32::try_from(self.interval.as_millis()).unwrap_or(INTERVAL_MS_MAX);
        Heartbeat {
            interval_ms: interval_ms.clamp(INTERVAL_MS_MIN, INTERVAL_MS_MAX),
            stamp: stamp_of(now),
            echo,
            relayed: Some(self.seen == Path::Relay),
        }
    }
}

/// A time as heartbeats carry it, in whole microseconds.
fn stamp_of(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
