//! How much bulk may be under way on a link: enough to fill the path, and little more, because a message waits behind what the
//! path already holds. Pure: the driver says what it handed over and what the peer has confirmed, and when.
//!
//! The window is what the path holds and as much again, which waits at its narrowest place. What the path holds is the best
//! rate at which the peer lately confirmed, times the shortest time that a piece lately took (as in BBR,
//! draft-ietf-ccwg-bbr). While the path still takes more, a larger window shows as a higher rate, and the window doubles; when
//! the path is full the rate grows no more, and neither does the window. So a message waits for one round trip at most.
//! Where round trips are shorter than the turns in which two computers work through packets, [`PATIENCE`] stands for them, and
//! what is under way is not on a way but in a socket: it is no more than that takes ([`Window::set_room`]).

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::{BULK_BYTES_MAX, BULK_MESSAGE_BYTES_MAX};

/// Before anything was measured: some 50 packets, which every path of today takes at once.
pub const WINDOW_BYTES_FIRST: usize = 64 * 1024;
/// However slow the path is: some packets, so that losses are noticed by what comes after them and not by a timer.
pub const WINDOW_BYTES_MIN: usize = 16 * 1024;
/// As much as the peer's receive window takes.
pub const WINDOW_BYTES_MAX: usize = 1024 * 1024;
/// A piece that has been begun is sent to its end before any message, so it is a small part of the window.
const PIECES_PER_WINDOW: usize = 4;
/// The longest piece that pays: some 28 packets. The library gives the system 16 or more at a time, and fewer one by one, which
/// costs twice the time and, in the peer's socket, twice the room.
const PIECE_BYTES_MOST: usize = 32 * 1024 - HEAD_BYTES;
/// What a piece's message has beside the data.
const HEAD_BYTES: usize = BULK_MESSAGE_BYTES_MAX - BULK_BYTES_MAX;
/// More data than a small piece has in a few packets, so that its head weighs little.
const PIECE_BYTES_MIN: usize = 4 * 1024 - HEAD_BYTES;
/// What may always wait, as time: a person does not notice it, and it bridges the turns of two busy computers.
pub const PATIENCE: Duration = Duration::from_millis(3);
/// And as bytes: what a socket takes at once while its owner does something else. A packet of ours takes twice its length of the
/// room that a socket has, and messages and acknowledgements need some too ([`SOCKET_BYTES_RESERVED`]). What a full socket throws
/// away is sent again after a second, and whoever waits for it waits as long.
const fn socket_bytes(room: usize) -> usize {
    (room / 2).saturating_sub(SOCKET_BYTES_RESERVED)
}
/// Of a socket, for messages and acknowledgements: some twenty packets.
const SOCKET_BYTES_RESERVED: usize = 24 * 1024;
/// The room of a peer's socket that has not said how much it has: what Linux gives by itself.
pub const ROOM_BYTES_MIN: usize = 208 * 1024;
/// More is of no use: then the turns of two computers no longer count.
pub const ROOM_BYTES_MAX: usize = 768 * 1024;
/// So much of a round trip is not the way but the turns of both computers: what is under way then waits in a socket.
const TURN: Duration = Duration::from_millis(1);
/// A piece that takes so much longer than the way and the window explain was lost: the library sends nothing again before a
/// second has passed (RFC 9260 §16), and a confirmation comes 200 ms late at most.
const LOST_AFTER: Duration = Duration::from_millis(500);
/// For how long a measured rate counts: long enough to see the path when a sender pauses, short enough to see it change.
const RATE_LIFE: Duration = Duration::from_secs(2);
/// For how long a measured round trip counts. After it a window as small as it gets shows how long the empty path takes:
/// what waits at the narrowest place can be told from the way itself by nothing else.
const ROUND_TRIP_LIFE: Duration = Duration::from_secs(10);
/// As many pieces are looked at then: a peer may confirm the end of one 200 ms late (RFC 9260 §6.2), but not of several.
const LOOKS: usize = 4;
/// Beyond what a socket takes the window grows by this part of what is confirmed: an eighth in a round trip.
const SLOWLY: usize = 8;
/// However slow the path seems, in seconds: beyond this nothing is explained.
const LOST_LATEST: f64 = 60.0;

/// A piece under way.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Bytes handed over up to its end.
    end: u64,
    /// When it was handed over.
    at: Duration,
    /// What had been confirmed then, and since when.
    confirmed: u64,
    confirmed_at: Duration,
    /// Whether it was handed over for a look at the empty path.
    look: bool,
}

/// How much may be under way.
#[derive(Debug)]
pub struct Window {
    bytes: usize,
    /// What may wait in the peer's socket.
    socket: usize,
    /// No window is larger: halved by a loss, and let grow again by an eighth with each [`RATE_LIFE`] without.
    most: usize,
    /// Pieces that end below this were handed over before the last loss was seen.
    lost: u64,
    /// All bytes that were handed over, and those of them that are confirmed.
    handed: u64,
    confirmed: u64,
    confirmed_at: Duration,
    pieces: VecDeque<Piece>,
    /// The best rates of this while and of the one before, in bytes a second.
    rates: [f64; 2],
    rates_since: Duration,
    /// The shortest round trip, and when it was measured.
    round_trip: Option<(Duration, Duration)>,
    /// The shortest round trip of a look that is under way, and how many pieces were looked at.
    look: Option<(Duration, usize)>,
    /// What the path held when the look began, and holds again after it; nothing without a look.
    resume: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            bytes: WINDOW_BYTES_FIRST,
            socket: socket_bytes(ROOM_BYTES_MIN),
            most: WINDOW_BYTES_MAX,
            lost: 0,
            handed: 0,
            confirmed: 0,
            confirmed_at: Duration::ZERO,
            pieces: VecDeque::new(),
            rates: [0.0; 2],
            rates_since: Duration::ZERO,
            round_trip: None,
            look: None,
            resume: 0,
        }
    }
}

impl Window {
    /// The peer's socket has so much room, in bytes as its system counts them; taken within [`ROOM_BYTES_MIN`] and
    /// [`ROOM_BYTES_MAX`], whatever it says.
    pub fn set_room(&mut self, room: usize) {
        self.socket = socket_bytes(room.clamp(ROOM_BYTES_MIN, ROOM_BYTES_MAX));
    }

    /// How many bytes may be under way now.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much data a piece should have, in bytes.
    pub fn piece_bytes(&self) -> usize {
        (self.bytes / PIECES_PER_WINDOW).saturating_sub(HEAD_BYTES).clamp(PIECE_BYTES_MIN, PIECE_BYTES_MOST)
    }

    /// The shortest round trip that was lately measured; nothing before there was one.
    pub fn round_trip(&self) -> Duration {
        self.round_trip.map_or(Duration::ZERO, |(shortest, _)| shortest)
    }

    /// Whether a piece of this many bytes may be handed over. One always may when nothing is under way.
    pub fn has_room(&self, bytes: usize) -> bool {
        let under_way = self.under_way();
        under_way == 0 || under_way.saturating_add(bytes) <= self.bytes
    }

    /// What is under way: handed over and not confirmed, in bytes.
    pub fn under_way(&self) -> usize {
        usize::try_from(self.handed.saturating_sub(self.confirmed)).unwrap_or(usize::MAX)
    }

    /// A piece was handed over.
    pub fn handed(&mut self, bytes: usize, now: Duration) {
        let under_way = self.under_way();
        if under_way == 0 {
            // The time in which nothing was sent says nothing of the path.
            self.confirmed_at = now;
        }
        self.handed += bytes as u64;
        self.pieces.push_back(Piece {
            end: self.handed,
            at: now,
            confirmed: self.confirmed,
            confirmed_at: self.confirmed_at,
            look: self.look.is_some() && (under_way == 0 || under_way.saturating_add(bytes) <= WINDOW_BYTES_MIN),
        });
    }

    /// So many bytes are still under way.
    pub fn left(&mut self, under_way: usize, now: Duration) {
        let confirmed = self.handed.saturating_sub(under_way as u64);
        if confirmed <= self.confirmed {
            return;
        }
        let newly = usize::try_from(confirmed - self.confirmed).unwrap_or(usize::MAX);
        (self.confirmed, self.confirmed_at) = (confirmed, now);
        let mut last = None;
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.end <= confirmed) {
            self.see_loss(piece, now);
            self.measure_round_trip(piece, now);
            last = Some(piece);
        }
        // Pieces that are confirmed together say the same of the rate, and the last of them says it for the shortest while.
        if let Some(piece) = last {
            self.measure_rate(piece, now);
            self.set(newly);
        }
    }

    fn see_loss(&mut self, piece: Piece, now: Duration) {
        let Some((round_trip, _)) = self.round_trip else { return };
        let rate = self.rate();
        if rate == 0.0 || piece.end <= self.lost {
            return;
        }
        let explained = round_trip + Duration::from_secs_f64((self.bytes as f64 / rate).min(LOST_LATEST));
        if now.saturating_sub(piece.at) > explained + LOST_AFTER {
            self.most = (self.bytes / 2).max(WINDOW_BYTES_MIN);
            self.lost = self.handed;
        }
    }

    /// The best rate that counts, in bytes a second.
    fn rate(&self) -> f64 {
        let [now, before] = self.rates;
        now.max(before)
    }

    fn measure_round_trip(&mut self, piece: Piece, now: Duration) {
        let took = now.saturating_sub(piece.at);
        if self.round_trip.is_none_or(|(shortest, _)| took <= shortest) {
            self.round_trip = Some((took, now));
            self.look = None;
        } else if let Some((shortest, pieces)) = &mut self.look
            && piece.look
        {
            *shortest = took.min(*shortest);
            *pieces += 1;
            if *pieces == LOOKS {
                self.round_trip = Some((*shortest, now));
                self.look = None;
            }
        }
    }

    fn measure_rate(&mut self, piece: Piece, now: Duration) {
        if now.saturating_sub(self.rates_since) >= RATE_LIFE {
            self.rates = [0.0, self.rates[0]];
            self.most = self.most.saturating_add(self.most / 8).min(WINDOW_BYTES_MAX);
            self.rates_since = now;
        }
        let seconds = now.saturating_sub(piece.confirmed_at).as_secs_f64();
        if seconds > 0.0 {
            let [best, _] = &mut self.rates;
            *best = best.max((self.confirmed - piece.confirmed) as f64 / seconds);
        }
    }

    fn set(&mut self, newly: usize) {
        let Some((round_trip, since)) = self.round_trip else { return };
        if self.confirmed_at >= since + ROUND_TRIP_LIFE {
            if self.look.is_none() {
                self.look = Some((Duration::MAX, 0));
                self.resume = self.bytes / 2;
            }
            self.bytes = WINDOW_BYTES_MIN;
            return;
        }
        let rate = self.rate();
        let bytes = |time: Duration| (rate * time.as_secs_f64()) as usize;
        let on_the_way = bytes(round_trip.saturating_sub(TURN));
        let waiting = bytes(round_trip.max(PATIENCE)).min(on_the_way.max(self.socket));
        // It grows by no more than was confirmed, so that what follows a pause is no burst; and slowly where it is more than a
        // socket takes, since a computer that does much else looks like a long path until it has a moment.
        let step = if self.bytes < self.socket { newly } else { newly / SLOWLY };
        let soon = std::mem::take(&mut self.resume).max(self.bytes.saturating_add(step));
        self.bytes = (on_the_way + waiting).min(soon).min(self.most).max(WINDOW_BYTES_MIN);
    }
}

#[cfg(test)]
mod tests;
