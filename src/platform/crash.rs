//! Crash points: named places where a test kills the process.
//!
//! Test builds only (feature `crash-points`): `KITH_CRASH_AT=<name>:<n>` ends the process the n-th time it comes to that
//! point, as abruptly as a power cut would (nothing is flushed, nothing is dropped). In any other build a point is
//! nothing at all. [`POINTS`] names every one; a test kills each side at each and checks that nothing acknowledged is lost
//! or doubled.

/// Says at which point to end the process.
pub const VARIABLE: &str = "KITH_CRASH_AT";

/// Every point: each commit, publish, send and acknowledgement, before and after.
///
/// `before` is when the program hands something over. `after` is when the outside world has it and the program has not
/// been told yet: a publish is confirmed by the broker, an acknowledgement is on the socket, a frame is with WebRTC.
pub const POINTS: &[&str] = &[
    "broker.after_ack",
    "broker.before_ack",
    "end.before_answer",
    "link.after_ack",
    "link.after_entry",
    "link.after_have",
    "link.after_lack",
    "link.after_state",
    "link.before_ack",
    "link.before_entry",
    "link.before_have",
    "link.before_lack",
    "link.before_state",
    "publish.after_answer",
    "publish.after_candidates",
    "publish.after_hello",
    "publish.after_mail",
    "publish.after_offer",
    "publish.after_request",
    "publish.before_answer",
    "publish.before_candidates",
    "publish.before_hello",
    "publish.before_mail",
    "publish.before_offer",
    "publish.before_request",
    "reply.before",
    "secrets.after_write",
    "secrets.before_write",
    "store.acked.after_commit",
    "store.acked.before_commit",
    "store.append.after_commit",
    "store.append.before_commit",
    "store.believe.after_commit",
    "store.believe.before_commit",
    "store.index.after_commit",
    "store.index.before_commit",
    "store.insert.after_commit",
    "store.insert.before_commit",
    "store.invitation.after_commit",
    "store.invitation.before_commit",
    "store.mark_sent.after_commit",
    "store.mark_sent.before_commit",
    "store.own_log.after_commit",
    "store.own_log.before_commit",
    "store.peer.after_commit",
    "store.peer.before_commit",
    "store.person.after_commit",
    "store.person.before_commit",
    "store.profile.after_commit",
    "store.profile.before_commit",
];

/// A point that no process is ever killed at: an envelope or a frame that has none.
const NOWHERE: &str = "";

/// One place. Does nothing unless this build has crash points and this one is asked for.
#[inline]
pub fn point(name: &'static str) {
    #[cfg(feature = "crash-points")]
    armed::hit(name);
    #[cfg(not(feature = "crash-points"))]
    let _ = name;
}

/// The point before a publish to this topic.
#[must_use]
pub fn before_publish(topic: &str) -> &'static str {
    around_publish(topic).0
}

/// The point after the broker has confirmed a publish to this topic.
#[must_use]
pub fn after_publish(topic: &str) -> &'static str {
    around_publish(topic).1
}

fn around_publish(topic: &str) -> (&'static str, &'static str) {
    match topic.rsplit('/').next() {
        Some("contactRequest") => ("publish.before_request", "publish.after_request"),
        Some("presence") => ("publish.before_hello", "publish.after_hello"),
        Some("offer") => ("publish.before_offer", "publish.after_offer"),
        Some("answer") => ("publish.before_answer", "publish.after_answer"),
        Some("iceCandidate") => ("publish.before_candidates", "publish.after_candidates"),
        Some("mailbox") => ("publish.before_mail", "publish.after_mail"),
        _ => (NOWHERE, NOWHERE),
    }
}

/// The point before a frame is handed to its link's driver.
#[must_use]
pub fn before_frame(frame: &[u8]) -> &'static str {
    around_frame(frame).0
}

/// The point after a frame was handed to WebRTC.
#[must_use]
pub fn after_frame(frame: &[u8]) -> &'static str {
    around_frame(frame).1
}

/// The points before and after a frame (its kind is its second byte: an array head, then the kind).
fn around_frame(frame: &[u8]) -> (&'static str, &'static str) {
    match frame.get(1) {
        Some(1) => ("link.before_entry", "link.after_entry"),
        Some(2) => ("link.before_have", "link.after_have"),
        Some(3) => ("link.before_lack", "link.after_lack"),
        Some(4) => ("link.before_ack", "link.after_ack"),
        Some(5) => ("link.before_state", "link.after_state"),
        _ => (NOWHERE, NOWHERE),
    }
}

/// Why [`VARIABLE`] cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{VARIABLE} is not <name>:<n>, with a name from the table of crash points and n from 1: {0}")]
pub struct CrashAtError(String);

/// Says at the start when [`VARIABLE`] cannot be followed: a test with a slip in it must not pass because nothing was
/// killed. Without the feature there is nothing to check.
///
/// # Errors
/// When it names no point, or a number below 1.
pub fn check() -> Result<(), CrashAtError> {
    #[cfg(feature = "crash-points")]
    if let Some(text) = std::env::var_os(VARIABLE) {
        parse(&text.to_string_lossy())?;
    }
    Ok(())
}

#[cfg(any(feature = "crash-points", test))]
pub(super) fn parse(text: &str) -> Result<(&'static str, u64), CrashAtError> {
    let slip = || CrashAtError(text.to_owned());
    let (name, count) = text.rsplit_once(':').ok_or_else(slip)?;
    let name = POINTS.iter().find(|point| **point == name).ok_or_else(slip)?;
    let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(slip)?;
    Ok((name, count))
}

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{VARIABLE, parse};

    static ASKED: LazyLock<Option<(&'static str, u64)>> = LazyLock::new(|| parse(&std::env::var(VARIABLE).ok()?).ok());
    static HITS: AtomicU64 = AtomicU64::new(0);

    pub(super) fn hit(name: &'static str) {
        let Some((asked, count)) = *ASKED else { return };
        if asked == name && HITS.fetch_add(1, Ordering::SeqCst) + 1 == count {
            tracing::error!(name, "killed at a crash point");
            #[cfg(unix)]
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            // Where there is no such signal; it runs no destructor and flushes nothing either.
            std::process::abort();
        }
    }
}
