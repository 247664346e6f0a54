//! Entries come in: our own by appending, a peer's by inserting. What is kept is kept once, whatever arrives how often.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::logs::{self, Log};
use super::progress::{DELIVERED, QUEUED, RECEIVED, way_number};
use super::value::int;
use super::{Outcome, Refusal, StoreError, Way, belief, groups, have, live, order, outsiders, voids};
use crate::log::Entry;
use crate::log::fold::is_shown;
use crate::log::order::Node;
use crate::wire::{ConversationId, DeviceKey, EntryId, TIPS_MAX, kind};

/// Entries of one conversation that may wait for a parent: more than anybody writes while a peer is away, and few
/// enough that the index of them stays small.
pub(super) const WAITING_MAX: i64 = 10_000;
/// Their bytes: they are handed out together when the one parent comes, and must fit in memory then.
pub(super) const WAITING_BYTES_MAX: i64 = 32 << 20;
/// Logs of one device in one conversation: a device starts one for each install and each restore.
pub(super) const LOGS_MAX: i64 = 64;
/// Fork entries of one log: as many as a `have` can name, so that peers can tell each other what they hold. A log that has
/// so many takes nothing more but what continues its chain.
pub(super) const FORKS_MAX: i64 = TIPS_MAX as i64;
/// What those write who are not in a group, and bring themselves, is taken until so much stands there that does not count, or that
/// such people have changed: more than anybody writes before they hear that they are out, and a bound for what they can make others
/// keep. It is one for all authors together, for these cost nothing. What members bring is taken, for they may have written after it;
/// and what waits for a parent already (no more than half of what may wait at all) gets its place with that, whatever there is by then.
pub const VOID_MAX: i64 = 1_000;
/// Entries that wait for a parent and are by nobody who is in the group, as far as is known here: the rest is kept for those who are.
pub(super) const STRANGERS_WAITING_MAX: i64 = WAITING_MAX / 2;
/// Their bytes.
pub(super) const STRANGERS_WAITING_BYTES_MAX: i64 = WAITING_BYTES_MAX / 2;

/// Appends an own entry. It must continue a log that is whole, and name only parents that have their place.
pub(super) fn append(tx: &Connection, entry: &Entry) -> Result<Outcome, StoreError> {
    let header = entry.header();
    let conversation = logs::conversation(tx, &entry.conversation())?;
    let log = match conversation {
        Some(conversation) => logs::find(tx, conversation, &header.device, &header.log)?,
        None => None,
    };
    let continues = match &log {
        Some(log) => {
            log.own == logs::OWN
                && log.top == log.count
                && log.continues(int(header.sequence), header.previous.map(|id| id.0))
        }
        None => header.sequence == 0 && header.previous.is_none(),
    };
    if !continues || !order::missing(tx, conversation, entry)?.is_empty() {
        return Ok(Outcome::Refused(Refusal::OutOfSequence));
    }
    let conversation = match conversation {
        Some(conversation) => conversation,
        None => logs::intern_conversation(tx, &entry.conversation())?,
    };
    let log = match log {
        Some(log) => log,
        None => logs::create(tx, conversation, &header.device, &header.log, logs::OWN)?,
    };
    let place = Place { conversation, log, fork: false, missing: vec![], progress: QUEUED, way: None };
    let mut placed = vec![];
    keep(tx, entry, place, &mut placed)?;
    voids::settle(tx, &placed)?;
    // Who wrote it knows what it means, and is not told.
    live::take_effect(tx, &placed, &BTreeSet::new())?;
    Ok(Outcome::Appended { heads: order::heads(tx, conversation)? })
}

/// Inserts what a peer sent.
pub(super) fn insert(
    tx: &Connection,
    from: Option<&DeviceKey>,
    entries: &[Entry],
    way: Way,
    own: &[DeviceKey],
    outside: &[ConversationId],
) -> Result<Outcome, StoreError> {
    let (mut stored, mut refused, mut placed, mut has) = (vec![], vec![], vec![], vec![]);
    let (mut touched, mut changed, mut anew) = (BTreeSet::new(), BTreeMap::new(), vec![]);
    let (mut filled, mut believed) = (BTreeSet::new(), vec![]);
    // Bodies of known changes first: what comes with them is judged by whom they let in. To find out anew who is in a group is dear, so it is
    // done once for all that come together, however many.
    let mut unclear = BTreeSet::new();
    for entry in entries.iter().filter(|entry| entry.header().kind == kind::GROUP && entry.wire().body.is_some()) {
        if let Some((local, ..)) = known(tx, &entry.id())?
            && live::fill_in(tx, local, entry, &mut unclear)?
        {
            placed.push(local);
            if let Some(conversation) = logs::conversation(tx, &entry.conversation())? {
                changed.insert(entry.conversation(), conversation);
            }
        }
    }
    look_again(tx, &mut unclear, &mut anew)?;
    for entry in entries {
        match known(tx, &entry.id())? {
            Some((local, progress, whole)) => {
                if live::fill_in(tx, local, entry, &mut unclear)? {
                    placed.push(local);
                    filled.insert(local);
                    // A card in it may let somebody in whose entries were here.
                    if let Some(conversation) = logs::conversation(tx, &entry.conversation())? {
                        changed.insert(entry.conversation(), conversation);
                    }
                }
                // An own entry that comes back is not taken as a sign of its delivery here: there would be nobody to tell.
                // It stays in the outbox, and the answer to that is an ack.
                if progress >= DELIVERED {
                    has.push(local);
                    // Who brings it without what it says, which is here, lacks that, and may have asked for it just before.
                    if !whole || entry.wire().body.is_some() {
                        believed.push(local);
                    }
                }
            }
            None => match admit(tx, entry, own, outside)? {
                Ok(place) => {
                    let header = entry.header();
                    touched.insert((place.conversation, entry.conversation(), header.device, header.log));
                    changed.insert(entry.conversation(), place.conversation);
                    let local = keep(tx, entry, Place { way: Some(way), ..place }, &mut placed)?;
                    has.push(local);
                    believed.push(local);
                }
                Err(reason) => {
                    refused.push((entry.id(), reason));
                    continue;
                }
            },
        }
        stored.push(entry.id());
    }
    if let Some(from) = from.filter(|_| !believed.is_empty()) {
        let peer = logs::intern_device(tx, from)?;
        belief::raise(tx, peer, &believed)?;
    }
    // Some came without their body and then with it.
    look_again(tx, &mut unclear, &mut anew)?;
    let mut gaps = vec![];
    for (conversation, key, device, name) in &touched {
        if let Some(log) = logs::find(tx, *conversation, device, name)? {
            gaps.extend(have::gaps(tx, *key, *device, *name, &log)?);
        }
    }
    // One that came without its body and then with it is told of once.
    placed.sort_unstable();
    placed.dedup();
    anew.extend_from_slice(&placed);
    voids::settle(tx, &anew)?;
    let fresh = live::take_effect(tx, &placed, &filled)?;
    let mut heads = vec![];
    for (key, conversation) in changed {
        if fresh.iter().any(|fresh| fresh.conversation == key) {
            heads.push((key, order::heads(tx, conversation)?));
        }
    }
    has.retain(|local| placed.binary_search(local).is_err());
    let waiting = any_waits(tx, &has)?;
    Ok(Outcome::Inserted { stored, fresh, refused, heads, gaps, waiting })
}

/// Whether one of these has no place yet.
fn any_waits(tx: &Connection, locals: &[i64]) -> Result<bool, StoreError> {
    let mut waits = tx.prepare_cached("SELECT 1 FROM entry WHERE local = ?1 AND position IS NULL")?;
    for local in locals {
        if waits.exists([local])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finds out anew who is in these groups. Adds their creations: everybody is to be judged anew in them.
fn look_again(tx: &Connection, unclear: &mut BTreeSet<i64>, anew: &mut Vec<i64>) -> Result<(), StoreError> {
    for conversation in std::mem::take(unclear) {
        anew.extend(groups::look_again(tx, conversation)?);
    }
    Ok(())
}

/// Its number, how far it has come, and whether what it says is here.
fn known(tx: &Connection, id: &EntryId) -> Result<Option<(i64, i64, bool)>, StoreError> {
    let found = tx
        .prepare_cached("SELECT local, progress, body IS NOT NULL FROM entry WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(found)
}

/// Where an entry is going to be kept.
struct Place {
    conversation: i64,
    log: Log,
    fork: bool,
    missing: Vec<EntryId>,
    progress: i64,
    way: Option<Way>,
}

/// Decides whether a new entry is kept, before anything is written.
fn admit(
    tx: &Connection,
    entry: &Entry,
    own: &[DeviceKey],
    outside: &[ConversationId],
) -> Result<Result<Place, &'static str>, StoreError> {
    let header = entry.header();
    let (sequence, previous) = (int(header.sequence), header.previous.map(|id| id.0));
    let conversation = logs::conversation(tx, &entry.conversation())?;
    let missing = order::missing(tx, conversation, entry)?;
    let mut log = None;
    if let Some(conversation) = conversation {
        log = logs::find(tx, conversation, &header.device, &header.log)?;
        if log.is_none() && logs::count_of(tx, conversation, &header.device)? >= LOGS_MAX {
            return Ok(Err("this device has too many logs here"));
        }
        let is_outside = outside.contains(&entry.conversation());
        if let Some(reason) = outsiders::refuses(tx, conversation, entry, &missing, is_outside)? {
            return Ok(Err(reason));
        }
        if !missing.is_empty() {
            let (entries, bytes) = order::waiting(tx, conversation)?;
            if entries >= WAITING_MAX || bytes >= WAITING_BYTES_MAX {
                return Ok(Err("too many entries wait for others here"));
            }
        }
    }
    let fork = match &log {
        Some(log) => is_fork(tx, log, sequence, previous)?,
        None => false,
    };
    // What comes above a gap in such a log may be the rest of a branch that was refused.
    let chained = log.as_ref().is_none_or(|log| log.continues(sequence, previous));
    if !chained && log.as_ref().is_some_and(|log| log.forks >= FORKS_MAX) {
        return Ok(Err("this log has too many branches"));
    }
    let conversation = match conversation {
        Some(conversation) => conversation,
        None => logs::intern_conversation(tx, &entry.conversation())?,
    };
    let ours = logs::is_ours(tx, conversation, &header.device, &header.log, own)?;
    let mut log = match log {
        Some(log) => log,
        None => {
            let own = if ours { logs::CLOSED } else { logs::FOREIGN };
            logs::create(tx, conversation, &header.device, &header.log, own)?
        }
    };
    if ours {
        logs::close_own(tx, conversation, &mut log, &header.log)?;
    }
    let progress = if ours { DELIVERED } else { RECEIVED };
    Ok(Ok(Place { conversation, log, fork, missing, progress, way: None }))
}

fn is_fork(tx: &Connection, log: &Log, sequence: i64, previous: Option<[u8; 32]>) -> Result<bool, StoreError> {
    // What continues the chain is on the main branch, whoever took its place while there was a gap.
    if log.continues(sequence, previous) {
        return Ok(false);
    }
    if sequence <= log.count || logs::main_at(tx, log.id, sequence)?.is_some() {
        return Ok(true);
    }
    let Some(previous) = previous.filter(|_| log.forks > 0) else { return Ok(false) };
    let fork = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE id = ?1 AND log = ?2 AND fork = 1)")?
        .query_row(params![previous, log.id], |row| row.get(0))?;
    Ok(fork)
}

fn keep(tx: &Connection, entry: &Entry, place: Place, placed: &mut Vec<i64>) -> Result<i64, StoreError> {
    let Place { conversation, mut log, fork, missing, progress, way } = place;
    let (header, wire) = (entry.header(), entry.wire());
    let sequence = int(header.sequence);
    let erased = live::is_erased(tx, conversation, &entry.id(), header)?;
    let (salt, body) = (wire.salt.filter(|_| !erased), wire.body.as_ref().filter(|_| !erased));
    let bare = body.is_none() && !erased;
    let shown = is_shown(header.kind, header.target.is_some()) && !bare;
    // Nearly always it is the next one of a log that is whole: then there is nothing in its place, and nothing above it.
    let next = !fork && log.top == log.count && log.continues(sequence, header.previous.map(|id| id.0));
    if !fork
        && !next
        && let Some(other) = logs::main_at(tx, log.id, sequence)?
    {
        logs::demote(tx, &mut log, other)?;
    }
    let node = Node::from(entry);
    let spot = if missing.is_empty() { order::spot(tx, conversation, &node)? } else { None };
    tx.prepare_cached(
        "INSERT INTO entry (conversation, log, sequence, fork, progress, kind, time, id, author, previous, header,
             signature, salt, body, unread, way, target, shown, bare, forged, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?
    .execute(params![
        conversation,
        log.id,
        sequence,
        fork,
        progress,
        header.kind,
        int(header.time),
        entry.id().0,
        header.author.0,
        header.previous.map(|id| id.0),
        wire.header,
        wire.signature.0,
        salt.map(|salt| salt.0),
        body,
        progress == RECEIVED && shown && body.is_some(),
        way.map(way_number),
        header.target.map(|id| id.0),
        shown,
        bare,
        groups::is_forged(header.kind, body.map(Vec::as_slice)),
        spot.as_ref().map(|spot| spot.position),
    ])?;
    let local = tx.last_insert_rowid();
    log.entries += 1;
    log.latest = local;
    if fork {
        log.forks += 1;
        // What came before it and stands on it is on its branch.
        let child = logs::main_at(tx, log.id, sequence.saturating_add(1))?;
        if let Some(child) = child.filter(|child| child.previous == Some(entry.id().0)) {
            logs::demote(tx, &mut log, child)?;
        }
    } else {
        log.top = log.top.max(sequence.saturating_add(1));
    }
    if next {
        log.count += 1;
        log.head = Some(entry.id().0);
    }
    if !next || log.forks > 0 {
        logs::extend(tx, &mut log)?;
    }
    logs::save(tx, &log)?;
    if missing.is_empty() {
        order::settle(tx, conversation, local, node, spot, placed)?;
    } else {
        let bytes = wire.header.len() + body.map_or(0, Vec::len);
        order::wait(tx, conversation, local, int(bytes as u64), &missing)?;
    }
    Ok(local)
}
