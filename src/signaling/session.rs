//! One MQTT session: what it listens to, when it tries again, when it is ready.
//!
//! Pure. A broker remembers nothing that counts: on every connection all topics are subscribed again.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng;

use super::Topic;
use crate::clock::Backoff;

/// Separate sessions, so that junk at the door and stale signals cannot displace mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionKind {
    /// Clean: offers, answers, candidates, presence; and everything that we publish.
    Live,
    /// Persistent, acknowledged after our commit: mailboxes.
    Mail,
    /// Persistent: the public door.
    Door,
}

impl SessionKind {
    /// Whether the broker keeps the session while we are away.
    #[must_use]
    pub fn is_persistent(self) -> bool {
        self != Self::Live
    }

    /// Its name in client ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Mail => "mail",
            Self::Door => "door",
        }
    }
}

/// How a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// An attempt is under way, or subscriptions are not all confirmed.
    Connecting,
    /// Connected, every subscription confirmed.
    Ready,
    /// The broker said no.
    Refused(String),
    /// The broker cannot be reached.
    Lost(String),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try to connect.
    Connect,
    /// Subscribe to these.
    Subscribe(Vec<Topic>),
    /// Unsubscribe from these.
    Unsubscribe(Vec<Topic>),
    /// The session has just become ready: say again what must not be lost.
    Ready,
}

/// One session with one broker.
#[derive(Clone, Debug)]
pub struct Session {
    topics: BTreeSet<Topic>,
    unconfirmed: BTreeSet<Topic>,
    connected: bool,
    readiness: Readiness,
    backoff: Backoff,
    retry_at: Option<Duration>,
}

impl Session {
    /// A session that listens to `topics`; it wants to connect at once.
    #[must_use]
    pub fn new(topics: impl IntoIterator<Item = Topic>) -> Self {
        Self {
            topics: topics.into_iter().collect(),
            unconfirmed: BTreeSet::new(),
            connected: false,
            readiness: Readiness::Connecting,
            backoff: Backoff::standard(),
            retry_at: Some(Duration::ZERO),
        }
    }

    /// How it stands.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Whether something can be published now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether this topic is subscribed and confirmed.
    #[must_use]
    pub fn hears(&self, topic: &Topic) -> bool {
        self.connected && self.topics.contains(topic) && !self.unconfirmed.contains(topic)
    }

    /// When [`Session::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.retry_at
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Option<Action> {
        if self.retry_at.is_none_or(|at| now < at) {
            return None;
        }
        self.retry_at = None;
        self.readiness = Readiness::Connecting;
        Some(Action::Connect)
    }

    /// The broker has let us in.
    pub fn connected(&mut self) -> Action {
        self.connected = true;
        self.readiness = Readiness::Connecting;
        self.unconfirmed = self.topics.clone();
        if self.topics.is_empty() {
            return self.ready();
        }
        Action::Subscribe(self.topics.iter().copied().collect())
    }

    /// The broker has answered one subscription.
    pub fn subscribed(&mut self, topic: &Topic, granted: bool) -> Option<Action> {
        if !granted {
            self.readiness = Readiness::Refused("it does not allow our subscriptions".to_owned());
            return None;
        }
        (self.unconfirmed.remove(topic) && self.unconfirmed.is_empty()).then(|| self.ready())
    }

    /// Listens to more topics.
    pub fn listen(&mut self, topics: impl IntoIterator<Item = Topic>) -> Option<Action> {
        let fresh: Vec<Topic> = topics.into_iter().filter(|topic| self.topics.insert(*topic)).collect();
        if fresh.is_empty() || !self.connected {
            return None;
        }
        self.unconfirmed.extend(&fresh);
        Some(Action::Subscribe(fresh))
    }

    /// Listens to fewer topics.
    pub fn mute(&mut self, topics: impl IntoIterator<Item = Topic>) -> Option<Action> {
        let gone: Vec<Topic> = topics.into_iter().filter(|topic| self.topics.remove(topic)).collect();
        self.unconfirmed.retain(|topic| !gone.contains(topic));
        (self.connected && !gone.is_empty()).then_some(Action::Unsubscribe(gone))
    }

    /// The connection was lost or refused; the next attempt waits.
    pub fn lost(&mut self, readiness: Readiness, now: Duration, rng: &mut impl Rng) {
        self.connected = false;
        self.readiness = readiness;
        self.retry_at = Some(now.saturating_add(self.backoff.next_delay(rng)));
    }

    fn ready(&mut self) -> Action {
        self.backoff.reset();
        self.readiness = Readiness::Ready;
        Action::Ready
    }
}
