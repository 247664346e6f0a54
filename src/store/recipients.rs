//! Who has to have an own message before it counts as delivered.
//!
//! Between two people whoever confirms is the recipient. In a group every device of everybody else is named here, and a message
//! is delivered when each of them is believed to have it. Delivered stays delivered, also when somebody new comes in.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::belief::believed_to_have;
use super::progress::DELIVERED;
use super::{Delivery, StoreError, logs};
use crate::wire::{ConversationId, DeviceKey, EntryId};

/// Whether everybody has an entry who has to have it, now that one more has.
pub(super) fn all_have(tx: &Connection, local: i64) -> Result<bool, StoreError> {
    let lacks: bool = tx
        .prepare_cached(concat!(
            "SELECT EXISTS (SELECT 1 FROM entry e JOIN recipient r ON r.conversation = e.conversation
             WHERE e.local = ?1 AND NOT ",
            believed_to_have!("r.device"),
            ")"
        ))?
        .query_row([local], |row| row.get(0))?;
    Ok(!lacks)
}

/// From now on these devices have to have what is written in a group. Tells which own entries are delivered by that: who waited for
/// somebody who is gone waits no more.
pub(super) fn save(tx: &Connection, key: &ConversationId, devices: &[DeviceKey]) -> Result<Vec<Delivery>, StoreError> {
    let conversation = logs::intern_conversation(tx, key)?;
    let wanted = devices.iter().map(|device| logs::intern_device(tx, device)).collect::<Result<BTreeSet<i64>, _>>()?;
    let known: BTreeSet<i64> = tx
        .prepare_cached("SELECT device FROM recipient WHERE conversation = ?1")?
        .query_map([conversation], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for fresh in wanted.difference(&known) {
        tx.prepare_cached("INSERT INTO recipient (conversation, device) VALUES (?1, ?2)")?
            .execute([conversation, *fresh])?;
    }
    for gone in known.difference(&wanted) {
        tx.prepare_cached("DELETE FROM recipient WHERE conversation = ?1 AND device = ?2")?
            .execute([conversation, *gone])?;
    }
    let mut delivered = vec![];
    // Who is waited for is the same as before, or others too. After nobody was, who comes in may have had everything all along.
    let only_more = known.is_subset(&wanted) && !known.is_empty();
    if only_more || wanted.is_empty() {
        return Ok(delivered);
    }
    let waiting: Vec<(i64, [u8; 32], bool)> = tx
        .prepare_cached(
            "SELECT e.local, e.id, e.shown FROM log l JOIN entry e INDEXED BY entry_unconfirmed ON e.log = l.id AND e.progress < 3
             WHERE l.conversation = ?1 AND l.own > 0 ORDER BY e.local",
        )?
        .query_map([conversation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (local, id, shown) in waiting {
        if all_have(tx, local)? {
            tx.prepare_cached("UPDATE entry SET progress = ?2 WHERE local = ?1")?.execute([local, DELIVERED])?;
            delivered.push(Delivery { conversation: *key, id: EntryId(id), shown });
        }
    }
    Ok(delivered)
}

/// Which devices have to have an entry, and whether each is believed to have it.
pub(super) fn of_entry(tx: &Connection, id: &EntryId) -> Result<Vec<(DeviceKey, bool)>, StoreError> {
    let mut statement = tx.prepare_cached(concat!(
        "SELECT d.key, ",
        believed_to_have!("r.device"),
        " FROM entry e JOIN recipient r ON r.conversation = e.conversation JOIN device d ON d.id = r.device
         WHERE e.id = ?1 ORDER BY d.key"
    ))?;
    let rows = statement.query_map([id.0], |row| Ok((DeviceKey(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
