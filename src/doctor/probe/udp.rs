//! Questions over UDP: several at once from one socket, each said again until it is answered or its time is over.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rand::RngExt;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use crate::doctor::stun::{self, Answer, DATAGRAM_BYTES_MAX, Transaction};

/// When a question is said (again). RFC 8489 §6.2.1 doubles from 500 ms and goes on for half a minute; a person waits here.
const SAID_AT: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(300), Duration::from_millis(800), Duration::from_millis(1_600)];
/// When an answer is waited for no longer.
const PATIENCE: Duration = Duration::from_millis(2_600);

/// One question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Whom to ask.
    pub(super) to: SocketAddr,
    /// What is said.
    pub(super) bytes: Vec<u8>,
    /// What the answer must bear.
    pub(super) transaction: Transaction,
    /// Where else the answer may come from: that is the question then.
    pub(super) elsewhere: Option<SocketAddr>,
}

/// What was heard of a question.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// What was said.
    pub(super) answer: Answer,
    /// How long after the question was first said.
    pub(super) took: Duration,
    /// By whom: where was asked, or where else it may come from.
    pub(super) from: SocketAddr,
}

/// A number that nobody guesses.
pub(super) fn transaction() -> Transaction {
    rand::rng().random()
}

/// Asks, and waits until all are answered or the time is over. In the order of the questions.
pub(super) async fn ask(socket: &UdpSocket, questions: &[Question]) -> Vec<Option<Heard>> {
    let mut heard: Vec<Option<Heard>> = vec![None; questions.len()];
    let started = Instant::now();
    let mut moments: VecDeque<Instant> = SAID_AT.into_iter().chain([PATIENCE]).map(|after| started + after).collect();
    // One byte more than is read: what fills it is too long.
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX + 1];
    while heard.iter().any(Option::is_none) {
        let Some(moment) = moments.front().copied() else { break };
        tokio::select! {
            biased;
            () = sleep_until(moment) => {
                moments.pop_front();
                if !moments.is_empty() {
                    say(socket, questions, &heard).await;
                }
            }
            received = socket.recv_from(&mut buffer) => {
                // An error tells of a packet that did not arrive: it may be a router's word, and is no answer.
                let Ok((length, from)) = received else { continue };
                let Some(answer) = buffer.get(..length).and_then(stun::read) else { continue };
                let from = canonical(from);
                for (question, heard) in questions.iter().zip(&mut heard) {
                    let expected = question.to == from || question.elsewhere == Some(from);
                    if heard.is_none() && expected && question.transaction == answer.transaction {
                        *heard = Some(Heard { answer: answer.clone(), took: started.elapsed(), from });
                    }
                }
            }
        }
    }
    heard
}

async fn say(socket: &UdpSocket, questions: &[Question], heard: &[Option<Heard>]) {
    for (question, _) in questions.iter().zip(heard).filter(|(_, heard)| heard.is_none()) {
        if let Err(error) = socket.send_to(&question.bytes, question.to).await {
            tracing::debug!(%error, "a question could not be sent");
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
