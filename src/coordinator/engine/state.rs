//! What the engine keeps in memory. All of it can be built again from the store and the key file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

use super::bodies::Unasked;
use super::changes::Watching;
use super::choices::Plan;
use super::delivered::Awaited;
use super::io::{BrokerConn, CallId, Now, Output, StoreToken};
use super::keys::KeyOffer;
use super::live::Live;
use super::members::Joined;
use super::misses::Misses;
use super::pending::{Pending, Publishing, Refused};
use super::questions::Questions;
use super::receipts::Receipts;
use crate::clock::{Backoff, RateLimit};
use crate::coordinator::BrokerState;
use crate::identity::{Card, GroupId, Name, Secrets, UserId};
use crate::link;
use crate::signaling::{Hello, InboxId, Session, SessionKind, Turn};
use crate::store::{self, Invitation, Op, Person, Profile};
use crate::sync::{Acks, Mailer, Push, Sent, Telling};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConnectionId, ConversationId, DeviceKey, EntryId, LogId, Nonce, RootKey, WorkingKey};

/// People that one device knows, contacts and others: an address book of any size, and a bound for memory (about
/// 3 KB each).
pub(super) const PEOPLE_MAX: usize = 10_000;
/// Requests with an invitation that wait for an answer: more than anybody reads.
pub(super) const ASKING_MAX: usize = 500;
/// Requests without one: kept apart, and the first hundred are as good as any.
pub(super) const UNINVITED_MAX: usize = 100;
/// Groups that one device is in: more than anybody follows, and with their members (about 2 KB each) a bound for memory.
pub(super) const GROUPS_MAX: usize = 200;
/// Conversations that one device shares with us: all groups that we are in, and the one between two. Beyond that are only groups that
/// somebody is out of.
pub(super) const SHARED_MAX: usize = GROUPS_MAX + 1;
/// Statements of what we have that are on their way before the peer has said its own: six of the longest (40 KiB) fit what a link's
/// driver queues. The next ones follow as it speaks.
pub(super) const HAVES_AT_ONCE: usize = 6;
/// Conversations of which a device is told by mail in each run what we have: some twenty envelopes of large groups. Of more than these
/// others are told in the next run.
pub(super) const HAVES_MAILED_MAX: usize = 64;
/// Messages of one group that wait for it to be read: what one question to the outbox brings. When there are more the last ones are
/// told; the others are there too.
pub(super) const UNTOLD_MAX: usize = 128;
/// And of all such groups together: with a text of 40 KB each, some 40 MB.
pub(super) const UNTOLD_ALL_MAX: usize = 1_024;
/// Groups that one contact tells us of and that we are not in, or not yet.
pub(super) const OFFERED_MAX: usize = 16;
/// Strangers whom one link lets in before a new one is made.
pub(super) const INVITATION_USES: u32 = 100;

/// How an engine behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where this person can be reached.
    pub brokers: Vec<BrokerUrl>,
    /// How links behave.
    pub link: link::Settings,
    /// Nobody learns an address of this device.
    pub hide_address: bool,
    /// A relay is among the ICE servers.
    pub relay: bool,
}

/// A running Kith.
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) now: Now,
    pub(super) rng: StdRng,
    pub(super) boot: Nonce,
    pub(super) loaded: bool,
    /// Why the database could not be read at the start; it is tried again.
    pub(super) unreadable: Option<String>,
    /// What the disk refused, to be done again.
    pub(super) refused: VecDeque<(Duration, Refused)>,
    pub(super) secrets: Option<Secrets>,
    pub(super) me: Option<Me>,
    pub(super) people: BTreeMap<RootKey, Contact>,
    pub(super) users: BTreeMap<UserId, RootKey>,
    pub(super) peers: BTreeMap<DeviceKey, PeerState>,
    pub(super) inboxes: BTreeMap<InboxId, DeviceKey>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    /// Groups by the name that people and scripts use, those among them that we have left.
    pub(super) groups: BTreeMap<uuid::Uuid, ConversationId>,
    /// What was said in groups of which it is not known yet whether we are in them.
    pub(super) untold: BTreeMap<ConversationId, VecDeque<store::Fresh>>,
    /// Groups that a contact has told us of and that we are not in.
    pub(super) offered: BTreeMap<ConversationId, Offer>,
    /// By address: what is in a card has no login, and is the same broker as the one that we log in to.
    pub(super) brokers: BTreeMap<BrokerUrl, Broker>,
    pub(super) conns: BTreeMap<BrokerConn, (BrokerUrl, SessionKind)>,
    pub(super) pending: BTreeMap<StoreToken, Pending>,
    pub(super) publishing: BTreeMap<(BrokerConn, u64), Publishing>,
    pub(super) dropped: BTreeMap<&'static str, u64>,
    pub(super) creating: Option<(CallId, Name, Secrets)>,
    pub(super) finishing: Option<Finishing>,
    pub(super) nicknames: BTreeMap<RootKey, String>,
    /// Those who learn no address of this device.
    pub(super) hidden_from: BTreeSet<RootKey>,
    /// What was chosen for conversations; those that are missing are as they begin.
    pub(super) chosen: BTreeMap<ConversationId, store::Chosen>,
    pub(super) watching: Watching,
    /// The last change of the own card that is not on disk yet.
    pub(super) planned: Option<Plan>,
    pub(super) live: Live,
    pub(super) receipts: Receipts,
    pub(super) awaited: Awaited,
    /// This engine does as the version before the last change of the protocol does: for tests.
    #[cfg(any(test, feature = "testing"))]
    pub(super) older: bool,
    next: u64,
    out: Vec<Output>,
}

/// This person, once there is one.
pub(super) struct Me {
    pub secrets: Secrets,
    /// The secrets' working key: it goes out with every hello and every mail.
    pub working: WorkingKey,
    pub profile: Profile,
    pub name: Name,
    pub card: Card,
    pub invitations: Vec<Invitation>,
    /// The card is not the one that contacts have: it is mailed to them once.
    pub card_changed: bool,
}

/// Somebody we know.
pub(super) struct Contact {
    pub person: Person,
    /// Later ones have higher numbers: when they first came, or came again after they were declined.
    pub arrival: u64,
    pub card: Card,
    pub courier: Courier,
    /// Over which of their brokers signals are said to them.
    pub turn: Turn,
    /// Over which of them mail is.
    pub mail_turn: Turn,
}

/// Repeats a request or an acceptance until it is answered.
pub(super) struct Courier {
    /// When to send next; `None` when nothing is to be sent.
    pub at: Option<Duration>,
    /// Whether a broker has taken it at least once since the start.
    pub taken: bool,
    /// When it was sent last, unless its connection was lost with it.
    pub sent_at: Option<Duration>,
    pub backoff: Backoff,
}

/// A device is asked for missing bodies so often at once, and then once in this time: somebody who is added and removed again and again
/// costs no more mail than that.
pub(super) const BODIES_ASKED: u32 = 4;
pub(super) const BODIES_AGAIN: Duration = Duration::from_secs(15);

/// A request or an acceptance is said again after this long. A broker's PUBACK is no receipt: who made their identity in this
/// moment does not listen at their door yet, and both people are looking at their screens.
const COURIER_FIRST: Duration = Duration::from_secs(6);
/// Several things can make a request possible at once; one request is enough for all of them.
pub(super) const COURIER_ONCE: Duration = Duration::from_secs(5);
/// Somebody who is away for weeks costs their broker one envelope an hour.
const COURIER_LAST: Duration = Duration::from_secs(3600);

impl Default for Courier {
    fn default() -> Self {
        Self { at: None, taken: false, sent_at: None, backoff: Backoff::new(COURIER_FIRST, COURIER_LAST) }
    }
}

/// A conversation that a contact tells us of and that we do not know.
pub(super) struct Offer {
    /// Who told us first.
    pub teller: RootKey,
    /// Whether the entry that creates it was here: it is a group then, and not what two people say to each other.
    pub is_group: bool,
}

/// A device of somebody we know.
pub(super) struct PeerState {
    pub row: store::Peer,
    /// The conversations that it shares with us: statements about others do not count.
    pub shared: BTreeSet<ConversationId>,
    /// The last conversation, in their order, of which we have said on this link what we have; what is behind it is still to be said.
    pub said: Option<ConversationId>,
    /// What it has spoken of on this link before it was shared. At most [`OFFERED_MAX`], or what others have told us of too.
    pub told: BTreeSet<ConversationId>,
    /// What it has named on this link of groups that we know and it does not share, when we answered that: the same is answered once,
    /// or two who each take the other to be out would answer each other for ever.
    pub answered: BTreeMap<ConversationId, Vec<EntryId>>,
    /// What it has asked for in vain.
    pub misses: Misses,
    /// What is asked by mail of groups, either way, as soon as that can be.
    pub questions: Questions,
    /// Envelopes from it to us.
    pub inbox: InboxId,
    /// Envelopes from us to it.
    pub outbox: InboxId,
    pub hello: Hello,
    pub link: link::Machine,
    pub open: Option<ConnectionId>,
    pub push: Push,
    /// What was handed to the open link, until it is written down or answered.
    pub sent: Sent<store::Way>,
    /// Entries that came over the open link and have not been given to the store yet, and how they came.
    pub arrived: Option<(store::Way, Vec<crate::log::Entry>)>,
    /// Own entries for it are on their way to the disk, and the outbox has not been asked behind them yet.
    pub written: bool,
    pub mailer: Mailer,
    /// The highest number of its mail in this run.
    pub mail_heard: u64,
    /// The highest number of its mail whose statement is on disk here, as we tell it; and that it is to be told by mail of its own.
    pub mail_counted: u64,
    pub seen_due: bool,
    pub seens: RateLimit,
    /// The highest number of its mail that said in this run what it lacks.
    pub mail_lacked: u64,
    /// Whether mail has to say what we have.
    pub telling: Telling,
    /// Entries of this peer that are on our disk, to be acknowledged.
    pub acks: Acks,
    /// How often we answer what should not come: envelopes that do not open, requests of a contact.
    pub answers: RateLimit,
    /// When our working key is said to it again.
    pub key_offer: KeyOffer,
    pub lacks: RateLimit,
    /// How often it is asked for bodies, all that are missing of a conversation at once: not at the expense of what is asked as its mail
    /// comes, nor of the answers to it.
    pub bodies: RateLimit,
    /// The conversations of which it is to be asked for bodies.
    pub unasked: BTreeMap<ConversationId, Unasked>,
    /// Our card has changed and this device may not have it.
    pub card_due: bool,
    /// The open link has not carried our card yet.
    pub card_unsaid: bool,
    /// Somebody uses the conversation until then.
    pub active_until: Option<Duration>,
    pub shown: (crate::coordinator::LinkState, crate::coordinator::Path),
}

/// Whom a conversation is with.
pub(super) enum With {
    /// Nobody whom we know any more.
    Nobody,
    /// Somebody.
    Person(RootKey),
    /// A group that we have just made: it is on its way to the disk.
    Created,
    /// A group that we are or were in.
    Group(Box<Joined>),
}

/// A conversation, and the own log in it.
pub(super) struct Conversation {
    pub with: With,
    pub log: LogId,
    pub next: u64,
    pub last: Option<EntryId>,
    pub heads: Vec<EntryId>,
    /// Own entries that are on their way to the disk.
    pub writing: u32,
    /// One of them failed: where the log stands must be read again.
    pub stale: bool,
    /// The entry by which we took ourselves to be in this group.
    pub seat: Option<EntryId>,
}

impl Conversation {
    /// One in which this device has said nothing yet, by a log that it begins.
    pub(super) fn fresh(with: With, log: LogId, heads: Vec<EntryId>) -> Self {
        Self { with, log, next: 0, last: None, heads, writing: 0, stale: false, seat: None }
    }
}

/// A broker in use.
pub(super) struct Broker {
    /// With our login, if we have one there.
    pub url: BrokerUrl,
    pub own: bool,
    /// Only people name it who are in a group with us and nothing else.
    pub of_members: bool,
    pub sessions: BTreeMap<SessionKind, BrokerSession>,
    pub shown: BrokerState,
}

/// One of its sessions.
pub(super) struct BrokerSession {
    pub conn: BrokerConn,
    pub state: Session,
}

/// An end that is under way.
pub(super) struct Finishing {
    /// Links have until then to confirm what was pushed.
    pub links_until: Duration,
    /// Everything has until then.
    pub until: Duration,
    pub mailing: bool,
    pub done: bool,
}

impl Engine {
    pub(super) fn new(settings: Settings, secrets: Option<Secrets>, mut rng: StdRng, now: Now) -> Self {
        let boot = Nonce(rng.random());
        Self {
            settings,
            now,
            boot,
            rng,
            secrets,
            loaded: false,
            unreadable: None,
            refused: VecDeque::new(),
            me: None,
            people: BTreeMap::new(),
            users: BTreeMap::new(),
            peers: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            conversations: BTreeMap::new(),
            groups: BTreeMap::new(),
            offered: BTreeMap::new(),
            untold: BTreeMap::new(),
            brokers: BTreeMap::new(),
            conns: BTreeMap::new(),
            pending: BTreeMap::new(),
            publishing: BTreeMap::new(),
            dropped: BTreeMap::new(),
            creating: None,
            finishing: None,
            nicknames: BTreeMap::new(),
            hidden_from: BTreeSet::new(),
            chosen: BTreeMap::new(),
            watching: Watching::default(),
            planned: None,
            live: Live::default(),
            receipts: Receipts::default(),
            awaited: Awaited::default(),
            #[cfg(any(test, feature = "testing"))]
            older: false,
            next: 0,
            out: vec![],
        }
    }

    pub(super) fn emit(&mut self, output: Output) {
        self.out.push(output);
    }

    pub(super) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// A number that no other token of this run has.
    pub(super) fn token(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Asks the store, and remembers what for.
    pub(super) fn ask(&mut self, pending: Pending, op: Op) {
        let token = self.token();
        self.note_asked(token, &op);
        self.pending.insert(token, pending);
        self.emit(Output::Store(token, op));
    }

    /// Something was refused or dropped: counted, so that a person can see that it happens.
    pub(super) fn drop_counted(&mut self, reason: &'static str) {
        *self.dropped.entry(reason).or_default() += 1;
        tracing::debug!(reason, "dropped");
    }

    /// Devices that share a conversation with us.
    pub(super) fn devices_sharing(&self, conversation: &ConversationId) -> Vec<DeviceKey> {
        self.peers.iter().filter(|(_, peer)| peer.shared.contains(conversation)).map(|(device, _)| *device).collect()
    }
}

impl Conversation {
    /// How people and scripts name it.
    pub(super) fn name(&self, id: &ConversationId) -> Option<uuid::Uuid> {
        match &self.with {
            With::Nobody => None,
            With::Person(root) => Some(UserId::from(root).0),
            With::Created | With::Group(_) => Some(GroupId::from(id).0),
        }
    }
}
