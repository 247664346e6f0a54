//! One MQTT session: what it listens to, when it tries again, when it is ready, when its broker has fallen silent.
//!
//! Pure. A broker remembers nothing that counts: on every connection all topics are subscribed again. One that lets us in and
//! then answers nothing is as good as none: it is left, and tried again as after any loss.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng;

use super::Topic;
use crate::clock::Backoff;

/// A broker may take this long for its next answer while it owes one: a PUBACK of 64 KiB over a line of 5 kB/s takes 13 s.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(20);
/// After this long without an answer that it owes, another broker is better where there is one.
const MUTE_AFTER: Duration = Duration::from_secs(2);
/// How long a broker may take for a sign of life when there is reason to think that the way to it is gone: a round trip over a
/// bad mobile network. Who is wrong about it has connected anew for nothing, which costs a few round trips.
pub const DOUBT_PATIENCE: Duration = Duration::from_millis(500);
/// How long an attempt may take, from its beginning, when it began because the network changed and the network changes again:
/// four or five round trips over a bad mobile network (name, TCP, TLS, MQTT), or one of them and a packet that TCP sends again
/// after a second. A system gives a new network's addresses one by one, and it may well be on its way there.
pub const ATTEMPT_PATIENCE: Duration = Duration::from_secs(3);
/// A session that has stood for this long was no accident: the next loss is the first again.
const STEADY: Duration = Duration::from_secs(10);
/// An attempt that took less than this waits less before the next one. No attempt to connect takes longer.
const KEPT_MAX: Duration = Duration::from_secs(10);
/// The longest wait while a broker has not been away for long: it is back within five seconds of its restart.
const PROMPT_LAST: Duration = Duration::from_secs(4);
/// Attempts with such short waits: five minutes. Who is away for longer is asked less often.
const PROMPT_ATTEMPTS: u32 = 75;
/// The waits after those: 8, 16, 32 s.
const PATIENT_FIRST: Duration = Duration::from_secs(8);
/// The longest wait of all.
const PATIENT_LAST: Duration = Duration::from_secs(32);

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
    /// Ask for a sign of life.
    Probe,
    /// Subscribe to these.
    Subscribe(Vec<Topic>),
    /// Unsubscribe from these.
    Unsubscribe(Vec<Topic>),
    /// The session has just become ready: say again what must not be lost.
    Ready,
    /// The broker answers nothing: end this connection and begin another.
    GiveUp,
}

/// One session with one broker.
#[derive(Clone, Debug)]
pub struct Session {
    topics: BTreeSet<Topic>,
    unconfirmed: BTreeSet<Topic>,
    connected: bool,
    readiness: Readiness,
    /// Answers that the broker owes, to subscriptions and to publishes.
    owed: usize,
    /// Those to publishes.
    unconfirmed_publishes: usize,
    /// While it owes some: when it was asked, or answered last.
    silent_since: Option<Duration>,
    /// When a sign of life must have come, or the connection (or the attempt at one) is given up.
    doubted_until: Option<Duration>,
    /// When there was reason for it last.
    doubted_at: Option<Duration>,
    /// There is reason to think that the next loss is over as soon as it is noticed.
    hasty: bool,
    steady_since: Option<Duration>,
    /// When the last attempt began: waits count from there.
    tried_at: Duration,
    prompt: Backoff,
    patient: Backoff,
    retry_at: Option<Duration>,
    /// When what was not granted is asked for again: a cluster that elects a leader refuses for a moment.
    again_at: Option<Duration>,
    again: Backoff,
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
            owed: 0,
            unconfirmed_publishes: 0,
            silent_since: None,
            doubted_until: None,
            doubted_at: None,
            hasty: false,
            steady_since: None,
            tried_at: Duration::ZERO,
            prompt: Backoff::new(Duration::from_secs(1), PROMPT_LAST),
            patient: Backoff::new(PATIENT_FIRST, PATIENT_LAST),
            retry_at: Some(Duration::ZERO),
            again_at: None,
            again: Backoff::standard(),
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

    /// Whether the broker owes an answer for so long that another one is better.
    #[must_use]
    pub fn is_mute(&self, now: Duration) -> bool {
        self.silent_since.is_some_and(|since| now >= since.saturating_add(MUTE_AFTER))
    }

    /// Whether this topic is subscribed and confirmed.
    #[must_use]
    pub fn hears(&self, topic: &Topic) -> bool {
        self.connected && self.topics.contains(topic) && !self.unconfirmed.contains(topic)
    }

    /// When [`Session::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let silent = self.silent_since.map(|since| since.saturating_add(ANSWER_DEADLINE));
        [self.retry_at, self.again_at, silent, self.doubted_until].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Option<Action> {
        if self.silent_since.is_some_and(|since| now >= since.saturating_add(ANSWER_DEADLINE)) {
            self.silent_since = None;
            return Some(Action::GiveUp);
        }
        if self.doubted_until.is_some_and(|until| now >= until) {
            self.doubted_until = None;
            return Some(Action::GiveUp);
        }
        if self.again_at.is_some_and(|at| now >= at) {
            self.again_at = None;
            let topics: Vec<Topic> = self.unconfirmed.iter().copied().collect();
            self.asks(topics.len(), now);
            return (!topics.is_empty()).then_some(Action::Subscribe(topics));
        }
        if self.retry_at.is_none_or(|at| now < at) {
            return None;
        }
        self.retry_at = None;
        self.tried_at = now;
        self.readiness = Readiness::Connecting;
        Some(Action::Connect)
    }

    /// The broker has just let in another session of ours: no need to wait any longer.
    pub fn hurry(&mut self, now: Duration) {
        self.retry_at = self.retry_at.map(|at| at.min(now));
    }

    /// The network has changed, or the device woke: a connection or an attempt may lead nowhere, and whatever kept the last
    /// attempts from succeeding may be over. Nothing is waited for longer than `DOUBT_PATIENCE`, but for an attempt that the
    /// change before this one has caused.
    pub fn doubt(&mut self, now: Duration) -> Option<Action> {
        self.prompt.reset();
        self.patient.reset();
        let before = self.doubted_at.replace(now);
        if self.retry_at.is_some() {
            self.hurry(now);
            return None;
        }
        self.hasty = true;
        let asked = self.doubted_until.is_some();
        let patience = now.saturating_add(DOUBT_PATIENCE);
        let until = if self.tries_since(before) {
            patience.max(self.tried_at.saturating_add(ATTEMPT_PATIENCE))
        } else {
            patience
        };
        self.doubted_until.get_or_insert(until);
        (self.connected && !asked).then_some(Action::Probe)
    }

    /// Addresses came or went that most connections do not need: as [`Session::doubt`], but an attempt takes the way out that is
    /// still there, and goes on.
    pub fn ask(&mut self, now: Duration) -> Option<Action> {
        (self.connected || self.retry_at.is_some()).then(|| self.doubt(now)).flatten()
    }

    /// Whether an attempt is under way that began at that doubt or soon after it, and is likely to be on the network of now.
    fn tries_since(&self, doubt: Option<Duration>) -> bool {
        let soon = |doubt: Duration| (doubt..doubt.saturating_add(ATTEMPT_PATIENCE)).contains(&self.tried_at);
        !self.connected && doubt.is_some_and(soon)
    }

    /// The broker has answered a probe.
    pub fn alive(&mut self) {
        self.doubted_until = None;
        self.hasty = false;
    }

    /// The broker has let us in.
    pub fn connected(&mut self, now: Duration) -> Action {
        self.alive();
        self.connected = true;
        self.readiness = Readiness::Connecting;
        self.unconfirmed = self.topics.clone();
        (self.owed, self.unconfirmed_publishes) = (0, 0);
        if self.topics.is_empty() {
            return self.ready(now);
        }
        self.asks(self.topics.len(), now);
        Action::Subscribe(self.topics.iter().copied().collect())
    }

    /// The broker has answered one subscription.
    pub fn subscribed(&mut self, topic: &Topic, granted: bool, now: Duration, rng: &mut impl Rng) -> Option<Action> {
        self.answered(now);
        if !granted {
            self.readiness = Readiness::Refused("it does not allow our subscriptions".to_owned());
            if self.again_at.is_none() && self.unconfirmed.contains(topic) {
                self.again_at = Some(now.saturating_add(self.again.next_delay(rng)));
            }
            return None;
        }
        (self.unconfirmed.remove(topic) && self.unconfirmed.is_empty()).then(|| self.ready(now))
    }

    /// Something is published.
    pub fn publishes(&mut self, now: Duration) {
        if self.connected {
            self.unconfirmed_publishes = self.unconfirmed_publishes.saturating_add(1);
            self.asks(1, now);
        }
    }

    /// Whether the broker has not confirmed something that was published.
    #[must_use]
    pub fn owes_publishes(&self) -> bool {
        self.unconfirmed_publishes > 0
    }

    /// The broker has answered a publish.
    pub fn published(&mut self, now: Duration) {
        self.unconfirmed_publishes = self.unconfirmed_publishes.saturating_sub(1);
        self.answered(now);
    }

    /// Listens to more topics.
    pub fn listen(&mut self, topics: impl IntoIterator<Item = Topic>, now: Duration) -> Option<Action> {
        let fresh: Vec<Topic> = topics.into_iter().filter(|topic| self.topics.insert(*topic)).collect();
        if fresh.is_empty() || !self.connected {
            return None;
        }
        self.unconfirmed.extend(&fresh);
        self.asks(fresh.len(), now);
        Some(Action::Subscribe(fresh))
    }

    /// Listens to fewer topics.
    pub fn mute(&mut self, topics: impl IntoIterator<Item = Topic>) -> Option<Action> {
        let gone: Vec<Topic> = topics.into_iter().filter(|topic| self.topics.remove(topic)).collect();
        self.unconfirmed.retain(|topic| !gone.contains(topic));
        (self.connected && !gone.is_empty()).then_some(Action::Unsubscribe(gone))
    }

    /// The connection was lost or refused; the next attempt waits, counted from the beginning of this one.
    pub fn lost(&mut self, readiness: Readiness, now: Duration, rng: &mut impl Rng) {
        self.connected = false;
        self.readiness = readiness;
        (self.owed, self.unconfirmed_publishes) = (0, 0);
        self.silent_since = None;
        self.again_at = None;
        self.doubted_until = None;
        let steady = self.steady_since.take().is_some_and(|since| now >= since.saturating_add(STEADY));
        if steady {
            self.prompt.reset();
            self.patient.reset();
        }
        let backoff = if self.prompt.failures() < PROMPT_ATTEMPTS { &mut self.prompt } else { &mut self.patient };
        let delay = backoff.next_delay(rng);
        // Whoever waited for seconds in vain has waited. A cluster that elects leaders keeps an attempt for 4 s and then drops it,
        // and can be through with it a moment later. One that stood for long is not hurried, since its end may be everybody's, and neither
        // is one that answers nothing for longer than that.
        let kept = now.saturating_sub(self.tried_at);
        let from = if steady || kept >= KEPT_MAX { now } else { self.tried_at };
        let at = from.saturating_add(delay).max(now);
        self.retry_at = Some(if std::mem::take(&mut self.hasty) { now } else { at });
    }

    fn ready(&mut self, now: Duration) -> Action {
        self.steady_since.get_or_insert(now);
        self.again.reset();
        self.readiness = Readiness::Ready;
        Action::Ready
    }

    fn asks(&mut self, questions: usize, now: Duration) {
        self.owed = self.owed.saturating_add(questions);
        self.silent_since.get_or_insert(now);
    }

    fn answered(&mut self, now: Duration) {
        self.owed = self.owed.saturating_sub(1);
        self.silent_since = (self.connected && self.owed > 0).then_some(now);
    }
}

#[cfg(test)]
mod tests;
