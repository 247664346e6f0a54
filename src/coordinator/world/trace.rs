//! What happens in a world, as lines of its log: for whoever looks why a story fails. Nothing is written unless somebody asks for it.

use super::World;
use crate::log::Entry;
use crate::store::{Op, Outcome};
use crate::wire::Frame;

impl World {
    /// A wish is on disk, or was refused there.
    pub(super) fn trace_stored(device: usize, said: &str, outcome: Result<&Outcome, String>) {
        match outcome {
            Ok(Outcome::Inserted { stored, fresh, refused, .. }) => {
                let fresh: Vec<_> = fresh.iter().map(|fresh| fresh.id).collect();
                tracing::trace!(device, said, ?stored, ?fresh, ?refused, "inserted");
            }
            Ok(Outcome::Refused(why)) => tracing::trace!(device, said, %why, "not done"),
            Ok(_) => tracing::trace!(device, said, "done"),
            Err(why) => tracing::trace!(device, said, why, "refused by the disk"),
        }
    }

    /// A frame goes out, and it may or may not arrive.
    pub(super) fn trace_frame(device: usize, to: usize, bytes: &[u8]) {
        match Frame::parse(bytes) {
            Ok(Frame::Entry(entry)) => {
                let entry = Entry::verify(entry).unwrap();
                tracing::trace!(device, to, entry = in_words(&entry), "an entry");
            }
            Ok(Frame::Have(have)) => {
                let logs: Vec<_> = have.logs.iter().map(|log| (log.log, log.count, log.ranges.len())).collect();
                tracing::trace!(device, to, conversation = ?have.conversation, ?logs, "have");
            }
            Ok(Frame::Ack(ack)) => tracing::trace!(device, to, ids = ?ack.ids, "ack"),
            Ok(Frame::Lack(lack)) => tracing::trace!(device, to, ?lack, "lack"),
            Ok(Frame::State(state)) => tracing::trace!(device, to, kind = state.kind, "state"),
            _ => {}
        }
    }
}

/// A wish that is worth a line.
pub(super) fn wish(op: &Op) -> Option<String> {
    match op {
        Op::Append(entry) => Some(format!("append {}", in_words(entry))),
        Op::Insert { entries, way, outside, .. } => {
            let entries: Vec<String> = entries.iter().map(in_words).collect();
            Some(format!("insert by {way:?} from outside {}: {}", !outside.is_empty(), entries.join(", ")))
        }
        Op::SaveRecipients { devices, .. } => Some(format!("recipients {devices:?}")),
        Op::SaveSeat { seat, .. } => Some(format!("seat {seat:?}")),
        Op::Group(_) => Some("group".into()),
        Op::Believe { peer, have } => Some(format!("believe {peer:?} {:?}", have.conversation)),
        Op::Acked { peer, ids, .. } => Some(format!("acked by {peer:?} {ids:?}")),
        Op::Outbox { peer, conversations, after, .. } => Some(format!(
            "outbox for {peer:?} after {after}: {:?}",
            conversations.iter().map(|wanted| (wanted.conversation, wanted.only_by)).collect::<Vec<_>>()
        )),
        _ => None,
    }
}

fn in_words(entry: &Entry) -> String {
    let header = entry.header();
    let action = entry.body().filter(|_| header.kind == crate::wire::kind::GROUP);
    let action = action.and_then(|body| crate::log::group::Action::parse(body).ok()).map(|action| {
        let text = format!("{action:?}");
        text.chars().take(60).collect::<String>()
    });
    format!(
        "{:?} (by {:?}, log {:?} at {}, kind {}{}{})",
        entry.id(),
        header.author,
        header.log,
        header.sequence,
        header.kind,
        action.map(|action| format!(" {action}")).unwrap_or_default(),
        if entry.body().is_none() { ", bare" } else { "" }
    )
}
