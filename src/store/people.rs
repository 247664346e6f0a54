//! Profile, invitations, people and their devices, and the names of our own logs: small rows, kept whole.

use rusqlite::{Connection, OptionalExtension, params};

use super::value::{bits, from_bits, uint};
use super::{
    Invitation, Loaded, OwnLog, Peer, Person, Profile, Standing, StoreError, groups, logs, order, reading, search,
    summary,
};
use crate::wire::{ConversationId, DeviceKey, EntryId, ExchangeKey, LogId, Nonce, RootKey, WorkingKey};

pub(super) fn load(tx: &Connection) -> Result<Loaded, StoreError> {
    let logs = own_logs(tx)?;
    let conversations: Vec<ConversationId> = logs.iter().map(|log| log.conversation).collect();
    Ok(Loaded {
        profile: profile(tx)?,
        invitations: invitations(tx)?,
        people: people(tx)?,
        peers: peers(tx)?,
        nicknames: summary::nicknames(tx)?,
        hidden_from: summary::hidden_from(tx)?,
        summaries: summary::summarise(tx, &conversations)?,
        unsearched: search::unsearched(tx)?.is_some(),
        groups: groups::all(tx)?,
        logs,
    })
}

pub(super) fn save_profile(tx: &Connection, profile: &Profile) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO profile (id, name, counter) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, counter = excluded.counter",
    )?
    .execute(params![profile.name, bits(profile.counter)])?;
    tx.prepare_cached("DELETE FROM profile_broker")?.execute([])?;
    let mut insert = tx.prepare_cached("INSERT INTO profile_broker (url) VALUES (?1)")?;
    for url in &profile.brokers {
        insert.execute([url])?;
    }
    Ok(())
}

fn profile(tx: &Connection) -> Result<Option<Profile>, StoreError> {
    let row = tx
        .prepare_cached("SELECT name, counter FROM profile")?
        .query_row([], |row| Ok((row.get(0)?, from_bits(row.get(1)?))))
        .optional()?;
    let Some((name, counter)) = row else { return Ok(None) };
    let brokers = tx
        .prepare_cached("SELECT url FROM profile_broker ORDER BY place")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Profile { name, counter, brokers }))
}

pub(super) fn save_invitation(tx: &Connection, invitation: &Invitation) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO invitation (token, uses) VALUES (?1, ?2) ON CONFLICT (token) DO UPDATE SET uses = excluded.uses",
    )?
    .execute(params![invitation.token.0, invitation.uses])?;
    Ok(())
}

fn invitations(tx: &Connection) -> Result<Vec<Invitation>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT token, uses FROM invitation WHERE uses > 0 ORDER BY id")?
        .query_map([], |row| Ok(Invitation { token: Nonce(row.get(0)?), uses: row.get(1)? }))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn save_person(tx: &Connection, person: &Person) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO person (root, standing, card, asked, token, asking, accepting) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (root) DO UPDATE SET standing = excluded.standing, card = excluded.card, asked = excluded.asked,
             token = excluded.token, asking = excluded.asking, accepting = excluded.accepting",
    )?
    .execute(params![
        person.root.0,
        number(person.standing),
        person.card,
        person.asked.map(|id| id.0),
        person.token.map(|token| token.0),
        person.asking.map(|id| id.0),
        person.accepting,
    ])?;
    Ok(())
}

fn people(tx: &Connection) -> Result<Vec<Person>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT root, standing, card, asked, token, asking, accepting FROM person ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut people = vec![];
    while let Some(row) = rows.next()? {
        people.push(Person {
            root: RootKey(row.get(0)?),
            standing: standing(row.get(1)?)?,
            card: row.get(2)?,
            asked: row.get::<_, Option<_>>(3)?.map(Nonce),
            token: row.get::<_, Option<_>>(4)?.map(Nonce),
            asking: row.get::<_, Option<_>>(5)?.map(Nonce),
            accepting: row.get(6)?,
        });
    }
    Ok(people)
}

/// The people whose conversations count as open ones.
pub(super) fn contacts(tx: &Connection) -> Result<Vec<RootKey>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT root FROM person WHERE standing = ?1")?
        .query_map([number(Standing::Contact)], |row| row.get(0).map(RootKey))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// With their devices goes what these are believed to have: should they come back, they say it themselves.
pub(super) fn delete_person(tx: &Connection, root: &RootKey) -> Result<(), StoreError> {
    let devices = "SELECT device.id FROM peer JOIN device ON device.key = peer.device WHERE peer.root = ?1";
    tx.prepare_cached(&format!("DELETE FROM belief WHERE device IN ({devices})"))?.execute([root.0])?;
    tx.prepare_cached(&format!("DELETE FROM belief_entry WHERE device IN ({devices})"))?.execute([root.0])?;
    tx.prepare_cached("DELETE FROM peer WHERE root = ?1")?.execute([root.0])?;
    tx.prepare_cached("DELETE FROM person WHERE root = ?1")?.execute([root.0])?;
    Ok(())
}

pub(super) fn save_peer(tx: &Connection, peer: &Peer) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO peer (device, root, rendezvous, key, key_counter, mail_sent, mail_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (device) DO UPDATE SET root = excluded.root, rendezvous = excluded.rendezvous, key = excluded.key,
             key_counter = excluded.key_counter, mail_sent = excluded.mail_sent, mail_seen = excluded.mail_seen",
    )?
    .execute(params![
        peer.device.0,
        peer.root.0,
        peer.rendezvous.0,
        peer.key.map(|key| key.key.0),
        bits(peer.key.map_or(0, |key| key.counter)),
        bits(peer.mail_sent),
        bits(peer.mail_seen),
    ])?;
    Ok(())
}

fn peers(tx: &Connection) -> Result<Vec<Peer>, StoreError> {
    let rows = tx
        .prepare_cached(
            "SELECT device, root, rendezvous, key, key_counter, mail_sent, mail_seen FROM peer ORDER BY id",
        )?
        .query_map([], |row| {
            let counter = from_bits(row.get(4)?);
            Ok(Peer {
                device: DeviceKey(row.get(0)?),
                root: RootKey(row.get(1)?),
                rendezvous: ExchangeKey(row.get(2)?),
                key: row.get::<_, Option<_>>(3)?.map(|key| WorkingKey { key: ExchangeKey(key), counter }),
                mail_sent: from_bits(row.get(5)?),
                mail_seen: from_bits(row.get(6)?),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn save_own_log(tx: &Connection, conversation: &ConversationId, log: &LogId) -> Result<(), StoreError> {
    let conversation = logs::intern_conversation(tx, conversation)?;
    tx.prepare_cached(
        "INSERT INTO own_log (conversation, name) VALUES (?1, ?2)
         ON CONFLICT (conversation) DO UPDATE SET name = excluded.name",
    )?
    .execute(params![conversation, log.0])?;
    Ok(())
}

pub(super) fn save_seat(tx: &Connection, conversation: &ConversationId, seat: &EntryId) -> Result<(), StoreError> {
    let conversation = logs::intern_conversation(tx, conversation)?;
    tx.prepare_cached("UPDATE own_log SET seat = ?2 WHERE conversation = ?1")?
        .execute(params![conversation, seat.0])?;
    Ok(())
}

fn own_logs(tx: &Connection) -> Result<Vec<OwnLog>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT c.id, c.key, o.name, l.count, l.head, o.seat,
             EXISTS (SELECT 1 FROM entry e WHERE e.id = l.head AND e.beside = 1)
         FROM own_log o JOIN conversation c ON c.id = o.conversation
         LEFT JOIN log l ON l.conversation = c.id AND l.name = o.name AND l.own = 1
         ORDER BY c.id",
    )?;
    let mut rows = statement.query([])?;
    let mut logs = vec![];
    while let Some(row) = rows.next()? {
        logs.push(OwnLog {
            conversation: ConversationId(row.get(1)?),
            log: LogId(row.get(2)?),
            next: row.get::<_, Option<i64>>(3)?.map_or(0, uint),
            last: row.get::<_, Option<_>>(4)?.map(EntryId),
            heads: order::heads(tx, row.get(0)?)?,
            read: reading::own(tx, row.get(0)?)?,
            seat: row.get::<_, Option<_>>(5)?.map(EntryId),
            beside: row.get(6)?,
        });
    }
    Ok(logs)
}

fn number(standing: Standing) -> i64 {
    match standing {
        Standing::Asked => 1,
        Standing::Asking => 2,
        Standing::Uninvited => 3,
        Standing::Contact => 4,
        Standing::Declined => 5,
        Standing::Blocked => 6,
        Standing::Member => 7,
    }
}

fn standing(number: i64) -> Result<Standing, StoreError> {
    match number {
        1 => Ok(Standing::Asked),
        2 => Ok(Standing::Asking),
        3 => Ok(Standing::Uninvited),
        4 => Ok(Standing::Contact),
        5 => Ok(Standing::Declined),
        6 => Ok(Standing::Blocked),
        7 => Ok(Standing::Member),
        other => Err(StoreError::Damaged(format!("a person stands at {other}"))),
    }
}
