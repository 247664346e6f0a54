//! An orderly end: what was pushed gets a moment to be confirmed, the rest is deposited as mail, and then links close.
//!
//! Nothing depends on it: whatever is not handed over in time is on disk and goes out at the next start.

use std::time::Duration;

use super::Engine;
use super::io::Output;
use super::state::{Finishing, PeerState};
use crate::coordinator::BrokerState;
use crate::link;
use crate::wire::DeviceKey;

/// A peer that lives confirms within a few round trips.
const LINKS_PATIENCE: Duration = Duration::from_millis(1_000);
/// A broker that lives takes a deposit within a few more. Longer, and people kill what they wanted to close.
const PATIENCE: Duration = Duration::from_secs(3);

impl Engine {
    /// Begins to finish.
    pub(super) fn shut_down(&mut self) {
        if self.finishing.is_some() {
            return;
        }
        let now = self.now.mono;
        self.finishing =
            Some(Finishing { links_until: now + LINKS_PATIENCE, until: now + PATIENCE, mailing: false, done: false });
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            let waits = self.peers.get(&device).is_some_and(|peer| peer.open.is_none() && peer.mailer.is_busy());
            if waits {
                self.wake_mail(&device);
                self.tick_mail(&device);
            }
        }
        self.hurry_everybody();
    }

    pub(super) fn finish_deadline(&self) -> Option<Duration> {
        let finishing = self.finishing.as_ref().filter(|finishing| !finishing.done)?;
        Some(if finishing.mailing { finishing.until } else { finishing.links_until })
    }

    /// After every input: is everything handed over that can be?
    pub(super) fn finish_step(&mut self) {
        let now = self.now.mono;
        let Some(finishing) = &self.finishing else { return };
        if finishing.done {
            return;
        }
        let (until, links_until, mailing) = (finishing.until, finishing.links_until, finishing.mailing);
        let busy_links: Vec<DeviceKey> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.open.is_some() && !peer.push.is_idle())
            .map(|(device, _)| *device)
            .collect();
        if !mailing && (busy_links.is_empty() || now >= links_until) {
            if let Some(finishing) = &mut self.finishing {
                finishing.mailing = true;
            }
            for device in self.peers.keys().copied().collect::<Vec<_>>() {
                self.link(&device, link::Input::Wanted(false));
            }
            for device in busy_links {
                self.wake_mail(&device);
                self.tick_mail(&device);
            }
        }
        let mailing = self.finishing.as_ref().is_some_and(|finishing| finishing.mailing);
        if mailing {
            self.flush_acks();
        }
        if now >= until || (mailing && self.pending.is_empty() && !self.owes_anything()) {
            if let Some(finishing) = &mut self.finishing {
                finishing.done = true;
            }
            self.emit(Output::Finished);
        }
    }

    /// Whether a broker that may still take it has not taken something yet.
    fn owes_anything(&self) -> bool {
        // Acks too: a broker may read on only when it has answered what came before.
        let mut sessions = self.brokers.values().flat_map(|broker| broker.sessions.values());
        if !self.publishing.is_empty() || sessions.any(|session| session.state.owes_publishes()) {
            return true;
        }
        self.people.iter().any(|(root, contact)| {
            let possible = self.route(root).is_some() || self.may_connect(contact.card.fields().brokers.as_slice());
            let mail = self.shares(root)
                && self.devices_of(root).iter().any(|device| {
                    let waits = |peer: &PeerState| peer.mailer.is_busy() || !peer.acks.is_empty();
                    self.peers.get(device).is_some_and(|peer| peer.row.key.is_some() && waits(peer))
                });
            possible && (mail || self.owes(root))
        })
    }

    fn may_connect(&self, brokers: &[crate::wire::broker_url::BrokerUrl]) -> bool {
        let known = brokers.iter().filter_map(|url| self.brokers.get(&url.without_credentials()));
        known.into_iter().any(|broker| Self::broker_state(broker).0 == BrokerState::Connecting)
    }
}
