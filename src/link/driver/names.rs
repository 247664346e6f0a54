//! The addresses of STUN and TURN servers' names, asked for and remembered.
//!
//! The library asks for one name after the other in the turn in which it also reads its sockets: while a name server is silent no
//! connection would come about, not even between two devices on one cable. So whoever asks waits [`PATIENCE`], and not again for
//! the same question; the answer is there for the next connection, and the last one known serves until then.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, timeout_at};

/// A name server on the way out answers within this; a link that waits longer for a server that it may not need is late.
const PATIENCE: Duration = Duration::from_millis(300);
/// Names that are remembered: those of many changes of the settings.
const NAMES_MAX: usize = 64;

type Answer = Option<Vec<SocketAddr>>;
type Ask = dyn Fn(String) -> BoxFuture<'static, Answer> + Send + Sync;

/// What is known of names; clones share it.
#[derive(Clone)]
pub struct Names {
    ask: Arc<Ask>,
    known: Arc<Mutex<HashMap<String, Name>>>,
}

#[derive(Default)]
struct Name {
    /// The last answer; empty before there was one.
    addresses: Vec<SocketAddr>,
    /// The question that was asked last, until its answer is taken.
    asked: Option<Question>,
}

/// A question under way.
#[derive(Clone)]
struct Question {
    answer: Shared<BoxFuture<'static, Answer>>,
    /// Nobody waits for it beyond this.
    until: Instant,
}

impl Default for Names {
    /// Asks the system.
    fn default() -> Self {
        Self::new(|host| async move { tokio::net::lookup_host(host).await.ok().map(Iterator::collect) }.boxed())
    }
}

impl Debug for Names {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl Names {
    /// Asks by this.
    pub(super) fn new(ask: impl Fn(String) -> BoxFuture<'static, Answer> + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), known: Arc::default() }
    }

    /// The addresses of `name:port`, or of an address and a port.
    ///
    /// # Errors
    /// When there is no such name, or nobody says so in time and it was not known before.
    pub(super) async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let Question { answer, until } = self.question(host);
        let answer = timeout_at(until, answer).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = known.entry(host.to_owned()).or_default();
        if let Ok(answer) = answer {
            name.take(answer);
        }
        if name.addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no known address"));
        }
        Ok(name.addresses.clone())
    }

    /// The question of this name: the one that is under way, or a new one.
    fn question(&self, host: &str) -> Question {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NAMES_MAX && !known.contains_key(host) {
            known.clear();
        }
        let name = known.entry(host.to_owned()).or_default();
        match name.asked.clone().map(|asked| (asked.answer.clone().now_or_never(), asked)) {
            // All who want it wait until the same moment, so that a silent name server is waited for once.
            Some((None, asked)) => return asked,
            // It came when nobody waited any more, who knows when. It may have come of a network that is gone.
            Some((Some(answer), _)) => name.take(answer),
            None => {}
        }
        let asked = Question { answer: (self.ask)(host.to_owned()).shared(), until: Instant::now() + PATIENCE };
        name.asked = Some(asked.clone());
        asked
    }
}

impl Name {
    fn take(&mut self, answer: Answer) {
        self.asked = None;
        if let Some(addresses) = answer.filter(|addresses| !addresses.is_empty()) {
            self.addresses = addresses;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::{mpsc, oneshot};

    const NAME: &str = "stun.example:3478";

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 3478))
    }

    /// Names, and each question as it is asked, to be answered by whoever holds it.
    fn asked() -> (Names, mpsc::Receiver<oneshot::Sender<Answer>>) {
        let (questions, asked) = mpsc::channel(8);
        let names = Names::new(move |_| {
            let (answer, answered) = oneshot::channel();
            questions.try_send(answer).unwrap();
            async move { answered.await.unwrap() }.boxed()
        });
        (names, asked)
    }

    /// Asks, and answers at once.
    async fn answered(
        names: &Names,
        questions: &mut mpsc::Receiver<oneshot::Sender<Answer>>,
        answer: Answer,
    ) -> Vec<SocketAddr> {
        let (addresses, ()) = tokio::join!(names.resolve(NAME), async {
            questions.recv().await.unwrap().send(answer).unwrap();
        });
        addresses.unwrap_or_default()
    }

    #[tokio::test]
    async fn an_address_is_asked_of_nobody() {
        let (names, mut questions) = asked();
        assert_eq!(names.resolve("192.0.2.7:3478").await.unwrap(), [address(7)]);
        assert_eq!(names.resolve("[2001:db8::1]:1").await.unwrap(), ["[2001:db8::1]:1".parse::<SocketAddr>().unwrap()]);
        assert!(questions.try_recv().is_err());
    }

    /// A silent name server is waited for once and for a moment, however many want the same name.
    #[tokio::test]
    async fn nobody_waits_for_a_silent_name_server() {
        let (names, mut questions) = asked();
        let begun = Instant::now();
        assert!(names.resolve(NAME).await.is_err());
        assert!(begun.elapsed() >= PATIENCE);
        let asked_once = questions.try_recv().unwrap();
        // Whoever comes later does not wait at all: these are done the first time that they are looked at.
        for _ in 0..100 {
            assert!(names.resolve(NAME).now_or_never().unwrap().is_err());
        }
        assert!(questions.try_recv().is_err(), "asked twice");
        // Its late answer may be of another network, so it is asked again, and serves until there is a newer one.
        asked_once.send(Some(vec![address(1)])).unwrap();
        assert_eq!(answered(&names, &mut questions, None).await, [address(1)]);
        assert_eq!(answered(&names, &mut questions, Some(vec![address(2)])).await, [address(2)]);
    }

    /// Many links begin at the same moment, and all of them get the answer to the one question.
    #[tokio::test]
    async fn all_who_want_a_name_at_once_get_it() {
        let (names, mut questions) = asked();
        let (first, second, ()) = tokio::join!(names.resolve(NAME), names.resolve(NAME), async {
            let question = questions.recv().await.unwrap();
            tokio::task::yield_now().await;
            question.send(Some(vec![address(1)])).unwrap();
        });
        assert_eq!([first.unwrap(), second.unwrap()], [[address(1)], [address(1)]]);
        assert!(questions.try_recv().is_err(), "asked twice");
    }

    #[tokio::test]
    async fn what_was_known_serves_when_nobody_answers() {
        let (names, mut questions) = asked();
        assert_eq!(answered(&names, &mut questions, Some(vec![address(1)])).await, [address(1)]);
        assert_eq!(answered(&names, &mut questions, None).await, [address(1)], "it failed");
        assert_eq!(answered(&names, &mut questions, Some(vec![])).await, [address(1)], "it says nothing");
        assert_eq!(names.resolve(NAME).await.unwrap(), [address(1)], "it is silent");
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let names = Names::new(|_| async { Some(vec![address(1)]) }.boxed());
        for number in 0..10 * NAMES_MAX {
            names.resolve(&format!("{number}.example:1")).await.unwrap();
        }
        assert!(names.known.lock().unwrap().len() <= NAMES_MAX);
    }
}
