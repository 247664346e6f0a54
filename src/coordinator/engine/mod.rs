//! The engine: every decision of a running Kith, without I/O, clock or chance.
//!
//! `handle(input, now) -> outputs`. The generator is passed in at the start, so one seed replays a whole life. The task
//! beside it carries out the outputs; a test carries them out in a simulated world.
//!
//! | file | what it decides |
//! |---|---|
//! | `commands` | what a person or a script asks for: which of the files below does it |
//! | `choices` | one's own name, brokers, names for others |
//! | `people` | the people and devices that are known, and the indices over them |
//! | `first_contact` | requests, acceptances, and their repetition |
//! | `groups` | what a person asks for about groups |
//! | `group_changes` | what was changed in a group, as lines for people |
//! | `members` | being in a group: joining, taking it over, and what is told of that |
//! | `sharing` | whom we know for a group's sake, who shares what with us, with whom a link is kept |
//! | `former` | what contacts hear who are in a group no more, and who has to hear that we have left one |
//! | `carry` | what of a group goes to whom, and is taken from whom |
//! | `questions` | by mail: who misses something of a group asks, and who is asked gives it |
//! | `bodies` | what came without its body: who is asked for it, and when |
//! | `misses` | what others have asked for in vain: when they get it |
//! | `delivered` | how people hear that what they wrote is with the other |
//! | `receipts` | by which way a word goes through a large group, and how its author hears who has it |
//! | `brokers` | which sessions there are, what they listen to and bring |
//! | `reach` | at which brokers of others we are, and for whose sake |
//! | `routes` | over which of them something is said |
//! | `hiding` | who learns an address of this device |
//! | `keys` | how devices of a group that have never spoken learn each other's working key |
//! | `presence` | hello, signals, and what the link's machine wants |
//! | `frames` | entries, acks, have and lack, whichever path they came |
//! | `pushing` | what goes over a link, and when |
//! | `mail` | deposits, and what arrives in a mailbox |
//! | `telling` | what mail says of what each side has, and which mail counts |
//! | `pending` | why the store was asked: what to do when it answers |
//! | `stored` | what follows when something is on disk |
//! | `refused` | what follows when the disk refused it |
//! | `turns` | in which order the commands of a conversation are done |
//! | `live` | messages: saying, answering, editing, deleting, reacting, passing on |
//! | `write` | own entries: their place, their signature, what follows them |
//! | `statements` | how far somebody has read, who types |
//! | `reading` | pages for a window, what was read, drafts |
//! | `search` | what is looked up in what was said |
//! | `chosen` | silence for a conversation, a place on top, a place out of sight |
//! | `view` | how things stand, for people |
//! | `changes` | what watchers are told of that |
//! | `finish` | an orderly end |
//! | `otherwise` | for tests: what another program would do |
//!
//! **Acknowledged means committed**: an ack, a broker's acknowledgement, and a reply or an event about something that was written
//! are only ever produced from the store's outcome. `stored` takes all of those, and hands them on to the file whose they are. That a
//! message is delivered is the other's word about their disk, and may be told before ours has it (`delivered`).

mod bodies;
mod brokers;
mod carry;
mod changes;
mod choices;
mod chosen;
mod commands;
mod delivered;
mod finish;
mod first_contact;
mod former;
mod frames;
mod group_changes;
mod groups;
mod hiding;
mod io;
mod keys;
mod live;
mod mail;
mod members;
mod misses;
#[cfg(any(test, feature = "testing"))]
mod otherwise;
mod pending;
mod people;
mod presence;
mod pushing;
mod questions;
mod reach;
mod reading;
mod receipts;
mod refused;
mod routes;
mod search;
mod sharing;
mod state;
mod statements;
mod stored;
mod telling;
mod turns;
mod view;
mod write;

use std::time::Duration;

use rand::rngs::StdRng;

pub use io::{BrokerConn, BrokerInput, BrokerOutput, CallId, Input, Now, Output, StoreToken};
#[cfg(any(test, feature = "testing"))]
pub use otherwise::Otherwise;
pub use state::{Engine, Settings};

use crate::identity::Secrets;
use crate::link;
use crate::signaling::{Action, Session};
use crate::store::Op;

impl Engine {
    /// Starts; the first output asks the store for what it has.
    #[must_use]
    pub fn start(settings: Settings, secrets: Option<Secrets>, rng: StdRng, now: Now) -> (Self, Vec<Output>) {
        let mut engine = Self::new(settings, secrets, rng, now);
        engine.ask(pending::Pending::Load, Op::Load);
        let outputs = engine.take();
        (engine, outputs)
    }

    /// One input, and everything that follows from it.
    pub fn handle(&mut self, input: Input, now: Now) -> Vec<Output> {
        self.now = now;
        match input {
            Input::Command(call, command) => self.command(call, command),
            Input::SecretsKept(result) => self.secrets_kept(result),
            Input::Stored(token, result) => self.stored(token, result),
            Input::Broker(conn, input) => self.broker(conn, input),
            Input::Link(device, event) => self.driver(&device, event),
            Input::FrameDropped(device) => self.frame_dropped(&device),
            Input::NetworkChanged => self.doubt_everything(&link::Input::NetworkChanged, Session::doubt),
            Input::AddressesChanged => self.doubt_everything(&link::Input::AddressesChanged, Session::ask),
            Input::Woke => self.doubt_everything(&link::Input::Woke, Session::doubt),
            Input::Tick => self.tick(),
            Input::Shutdown => self.shut_down(),
        }
        self.finish_step();
        self.take()
    }

    /// What acknowledgements have come together since the last call. The task calls this when no input waits, so that
    /// many entries that were committed together are acknowledged together, and what changed is told once.
    pub fn flush(&mut self, now: Now) -> Vec<Output> {
        self.now = now;
        self.flush_arrived();
        self.flush_written();
        self.flush_acks();
        self.tell_changes();
        self.take()
    }

    /// When [`Input::Tick`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let sessions = self.brokers.values().flat_map(|broker| broker.sessions.values());
        let sessions = sessions.filter_map(|session| session.state.deadline());
        let peers = self.peers.values().flat_map(|peer| {
            // As `tick_mail` has it: a deadline that no tick meets would come again at once, for ever.
            let linked = peer.link.state() == link::State::Open;
            let said = [peer.mailer.deadline(), peer.telling.deadline(), Self::questions_deadline(peer)];
            let said = said.into_iter().flatten().filter(|_| !linked);
            let mail = said.chain(peer.acks.deadline()).min().filter(|_| self.mail_route(peer).is_some());
            let own = [peer.active_until, peer.key_offer.again, peer.misses.deadline(), mail];
            [peer.link.deadline(), peer.push.deadline(), peer.sent.deadline()].into_iter().chain(own)
        });
        let couriers = self.people.values().filter_map(|person| person.courier.at);
        sessions
            .chain(peers.flatten())
            .chain(couriers)
            .chain(self.refused_deadline())
            .chain(self.finish_deadline())
            .chain(self.statements_deadline())
            .chain(self.receipts_deadline())
            .chain(self.former_deadline())
            .chain(self.bodies_deadline())
            .min()
    }

    /// Whether the store's answer to the first question has come: before it no command is taken. After an answer that the
    /// database cannot be read, commands are taken and refused.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded || self.unreadable.is_some()
    }

    /// Whether what the last change of the protocol has brought is unknown here.
    pub(super) fn is_older(&self) -> bool {
        #[cfg(any(test, feature = "testing"))]
        return self.older;
        #[cfg(not(any(test, feature = "testing")))]
        false
    }

    /// What was believed of paths and brokers need not hold any more: all are asked at once.
    fn doubt_everything(&mut self, input: &link::Input, ask: fn(&mut Session, Duration) -> Option<Action>) {
        tracing::info!(because = ?input, "links and brokers are asked whether they live");
        self.doubt_brokers(ask);
        self.every_link(input);
    }

    fn tick(&mut self) {
        self.tick_sessions();
        self.tick_refused();
        let now = self.now.mono;
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            if self.peers.get(&device).is_some_and(|peer| peer.link.deadline().is_some_and(|at| now >= at)) {
                self.link(&device, link::Input::Tick);
            }
            self.tick_use(&device);
            self.tick_key(&device);
            self.tick_push(&device);
            self.tick_mail(&device);
        }
        self.tick_couriers();
        self.tick_statements();
        self.tick_receipts();
        self.tick_former();
        self.tick_bodies();
        self.tick_misses();
    }
}

#[cfg(test)]
mod tests;
