//! The data directory of somebody with a long past: real entries of real people, signed, through the real store. Only the disk is
//! not waited for.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::{Context, Result, ensure};
use ed25519_dalek::SigningKey;
use kith::identity::{Card, CardFields, Name, Secrets};
use kith::log::{Draft, Entry, Text, direct_conversation};
use kith::platform;
use kith::store::{Db, Op, Peer, Person, Profile, Standing, Way};
use kith::wire::broker_url::BrokerUrl;
use kith::wire::{ConversationId, EntryId, LogId, RootKey, Salt, kind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What everybody's card names. Nobody is there: what is measured needs no network.
pub const BROKER: &str = "mqtt://127.0.0.1:9";
/// Messages in one transaction.
const BATCH: usize = 20_000;
/// Messages on their way from who writes to who keeps.
const AHEAD: usize = 4_000;
/// One conversation of so many has unread messages.
const UNREAD_EVERY: usize = 5;
/// Unix milliseconds of the first message, and the time between two.
const BEGUN: u64 = 1_600_000_000_000;
const PACE: u64 = 60_000;

/// One side of a conversation.
struct Side {
    device: SigningKey,
    author: RootKey,
    log: LogId,
    next: u64,
    last: Option<EntryId>,
}

/// What goes to the database.
enum Step {
    Own(Box<Entry>),
    Theirs(Box<Entry>),
    Read(ConversationId, EntryId),
}

pub fn run(folder: &Path, messages: usize, conversations: usize) -> Result<()> {
    ensure!(messages >= 100 * conversations, "at least a hundred messages for each conversation");
    platform::private_dir(folder)?;
    let mut rng = StdRng::seed_from_u64(5);
    let me = Secrets::generate(&mut rng);
    platform::write_secret(&folder.join("identity.key"), &me.to_bytes())?;
    let people: Vec<Secrets> = (0..conversations).map(|_| Secrets::generate(&mut rng)).collect();
    let mut db = Db::open(&folder.join("kith.sqlite3"))?;
    db.hurry()?;
    let mut ops =
        vec![Op::SaveProfile(Profile { name: "Alice".to_owned(), counter: 1, brokers: vec![BROKER.to_owned()] })];
    let mut logs = vec![];
    for (number, person) in people.iter().enumerate() {
        let (card, peer) = known(person, number)?;
        let conversation = direct_conversation(&me.root_key(), &person.root_key());
        let log = LogId(rng.random());
        ops.extend([
            Op::SavePerson(Box::new(card)),
            Op::SavePeer(Box::new(peer)),
            Op::SaveOwnLog { conversation, log },
        ]);
        logs.push(log);
    }
    keep(&mut db, ops)?;
    // Signing on one core, keeping on another.
    let (sender, steps) = sync_channel(AHEAD);
    let mut all: Vec<[Side; 2]> =
        people.iter().zip(logs).map(|(person, log)| sides(&me, person, log, &mut rng)).collect();
    let writer = std::thread::spawn(move || write(&mut all, messages, &sender, rng));
    let (mut ops, mut kept) = (vec![], 0);
    for step in steps {
        match step {
            Step::Own(entry) => ops.push(Op::Append(entry)),
            Step::Theirs(entry) => {
                ops.push(Op::Insert {
                    from: None,
                    entries: vec![*entry],
                    way: Way::Direct,
                    own: vec![],
                    outside: vec![],
                });
            }
            Step::Read(conversation, up_to) => ops.push(Op::MarkRead { conversation, up_to }),
        }
        if ops.len() >= BATCH {
            kept += ops.len();
            keep(&mut db, std::mem::take(&mut ops))?;
            println!("{kept} of {messages} messages");
        }
    }
    keep(&mut db, ops)?;
    writer.join().expect("who writes")?;
    drop(db);
    // As it would be after years: opened and closed once more, waiting for the disk.
    drop(Db::open(&folder.join("kith.sqlite3"))?);
    Ok(())
}

/// Conversations grow in turn, as they do when somebody lives for years.
fn write(all: &mut [[Side; 2]], messages: usize, to: &SyncSender<Step>, mut rng: StdRng) -> Result<()> {
    let (mut turn, mut time) = (0, BEGUN);
    let rounds = messages / all.len();
    for round in 0..rounds {
        for number in 0..all.len() {
            time += PACE / 60;
            // Runs of some messages on each side.
            turn = if rng.random_bool(0.4) { 1 - turn } else { turn };
            // The last ones in a conversation with unread messages are the other's.
            let tail = tail(number, rounds);
            let unread = rounds - round <= tail;
            let side = if unread { 1 } else { turn };
            let sides = all.get_mut(number).context("a conversation")?;
            let conversation = direct_conversation(&sides[0].author, &sides[1].author);
            let entry = sides_write(sides, side, conversation, time, &text(round * 7 + number, &mut rng), &mut rng);
            let id = entry.id();
            let step = if side == 0 { Step::Own(Box::new(entry)) } else { Step::Theirs(Box::new(entry)) };
            to.send(step)?;
            if rounds - round == tail + 1 {
                to.send(Step::Read(conversation, id))?;
            }
        }
    }
    Ok(())
}

/// How many messages at the end of a conversation are unread: mostly none, some dozens, or more than are counted.
fn tail(number: usize, rounds: usize) -> usize {
    match number % (UNREAD_EVERY * 10) {
        0 => rounds / 2,
        other if other % UNREAD_EVERY == 0 => 1 + other % 90,
        _ => 0,
    }
}

fn sides_write(
    sides: &mut [Side; 2],
    side: usize,
    conversation: ConversationId,
    time: u64,
    text: &Text,
    rng: &mut StdRng,
) -> Entry {
    let seen = sides[1 - side].last;
    let writer = &mut sides[side];
    let entry = Entry::write(
        &writer.device,
        Draft {
            author: writer.author,
            conversation,
            log: writer.log,
            sequence: writer.next,
            previous: writer.last,
            after: seen.into_iter().collect(),
            time,
            kind: kind::TEXT,
            target: None,
            body: text.to_bytes(),
            salt: Salt(rng.random()),
        },
    );
    writer.next += 1;
    writer.last = Some(entry.id());
    entry
}

fn sides(me: &Secrets, other: &Secrets, log: LogId, rng: &mut StdRng) -> [Side; 2] {
    let side = |of: &Secrets, log| Side { device: of.device.clone(), author: of.root_key(), log, next: 0, last: None };
    [side(me, log), side(other, LogId(rng.random()))]
}

/// Somebody as a contact, with their device.
fn known(person: &Secrets, number: usize) -> Result<(Person, Peer)> {
    let fields = CardFields {
        sealing: person.card_key(),
        counter: 1,
        name: Name::parse(&format!("Contact {number}"))?,
        brokers: vec![BrokerUrl::parse(BROKER)?],
    };
    let card = Card::sign(&person.device, person.certificate(), person.device_list(), fields);
    let row = Person {
        root: person.root_key(),
        standing: Standing::Contact,
        card: card.bytes().to_vec(),
        asked: None,
        token: None,
        asking: None,
        accepting: false,
    };
    let peer = Peer {
        device: person.device_key(),
        root: person.root_key(),
        rendezvous: person.certificate().rendezvous,
        key: Some(person.working_key()),
        mail_sent: 0,
        mail_seen: 0,
    };
    Ok((row, peer))
}

/// Texts of all lengths that people write.
fn text(number: usize, rng: &mut StdRng) -> Text {
    const WORDS: [&str; 24] = [
        "we", "could", "take", "the", "early", "train", "and", "be", "there", "before", "rain", "comes", "back",
        "over", "hills", "tomorrow", "東京", "with", "Müller", "coffee", "at", "noon", "please", "thanks",
    ];
    let count = [2, 6, 4, 15, 1, 25, 5][number % 7];
    let words: Vec<&str> = (0..count).map(|_| WORDS[rng.random_range(0..WORDS.len())]).collect();
    Text::new(format!("{} {number}", words.join(" "))).expect("a text")
}

fn keep(db: &mut Db, ops: Vec<Op>) -> Result<()> {
    for outcome in db.apply(ops) {
        let outcome = outcome?;
        ensure!(!matches!(outcome, kith::store::Outcome::Refused(_)), "the store refused: {outcome:?}");
    }
    Ok(())
}
