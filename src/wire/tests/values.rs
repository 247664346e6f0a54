//! Arbitrary values of every wire type, within its limits and also at them.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::wire::signal::{Heartbeat, INTERVAL_MS_MAX, INTERVAL_MS_MIN, tests::signal};
use crate::wire::*;

/// A byte string of a fixed length, under each of its names.
macro_rules! strategies {
    ($($name:ident: $of:ident, $length:literal;)*) => {
        $( pub fn $name() -> impl Strategy<Value = $of> { any::<[u8; $length]>().prop_map($of) } )*
    };
}

strategies! {
    root: RootKey, 32;
    device: DeviceKey, 32;
    exchange: ExchangeKey, 32;
    entry_id: EntryId, 32;
    conversation: ConversationId, 32;
    blob: BlobHash, 32;
    body_hash: BodyHash, 32;
    salt: Salt, 32;
    log_id: LogId, 16;
    nonce: Nonce, 16;
}

/// Proptest draws no arrays of 64 by itself.
pub fn signature() -> impl Strategy<Value = Signature> {
    any::<[[u8; 32]; 2]>().prop_map(|[low, high]| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        Signature(bytes)
    })
}

/// Any bytes of a length up to this; now and then of exactly this.
pub fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..=max.min(200)),
        1 => any::<u8>().prop_map(move |byte| vec![byte; max]),
    ]
}

/// Small numbers, whose encoding is short, and any others.
pub fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..300, any::<u64>(), Just(u64::MAX)]
}

pub fn heartbeat() -> impl Strategy<Value = Heartbeat> {
    let interval = INTERVAL_MS_MIN..=INTERVAL_MS_MAX;
    let told = (interval, number(), option::of(number()), any::<Option<bool>>());
    told.prop_map(|(interval_ms, stamp, echo, relayed)| Heartbeat { interval_ms, stamp, echo, relayed })
}

pub fn header() -> impl Strategy<Value = Header> {
    let who = (root(), device(), conversation(), log_id());
    let place = (number(), option::of(entry_id()), vec(entry_id(), 0..=AFTER_MAX));
    let what = (number(), any::<u32>(), option::of(entry_id()), any::<u32>(), body_hash());
    (who, place, what).prop_map(|(who, place, what)| {
        let (author, device, conversation, log) = who;
        let (sequence, previous, after) = place;
        let (time, kind, target, length, hash) = what;
        Header { author, device, conversation, log, sequence, previous, after, time, kind, target, length, hash }
    })
}

pub fn entry() -> impl Strategy<Value = Entry> {
    (bytes(2_048), signature(), option::of(salt()), option::of(bytes(BODY_BYTES_MAX)))
        .prop_map(|(header, signature, salt, body)| Entry { header, signature, salt, body })
}

/// Ascending, not empty, not touching.
pub fn ranges(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<Range>> {
    vec((1u64..1_000_000, 1u64..1_000_000), count).prop_map(|steps| {
        let mut from = 0;
        let ascending = steps.into_iter().map(|(gap, count)| {
            let range = Range { from: from + gap, count };
            from = range.end();
            range
        });
        ascending.collect()
    })
}

pub fn have() -> impl Strategy<Value = Have> {
    let log = (option::of((1..=u64::MAX, entry_id())), ranges(0..=RANGES_MAX), vec(entry_id(), 0..=TIPS_MAX));
    let logs = btree_map((device(), log_id()), log, 0..6);
    (conversation(), logs, any::<bool>()).prop_map(|(conversation, logs, all)| {
        let logs = logs.into_iter().map(|((device, log), (contiguous, ranges, tips))| {
            let (count, head) = contiguous.map_or((0, None), |(count, head)| (count, Some(head)));
            LogHave { device, log, count, head, ranges, tips }
        });
        Have { conversation, logs: logs.collect(), all }
    })
}

pub fn lack() -> impl Strategy<Value = Lack> {
    (conversation(), device(), log_id(), ranges(1..=RANGES_MAX)).prop_map(|(conversation, device, log, ranges)| Lack {
        conversation,
        device,
        log,
        ranges,
    })
}

pub fn ack() -> impl Strategy<Value = Ack> {
    prop_oneof![4 => vec(entry_id(), 0..8), 1 => vec(entry_id(), ACK_IDS_MAX)].prop_map(|ids| Ack { ids })
}

pub fn state() -> impl Strategy<Value = State> {
    (any::<u32>(), number(), bytes(STATE_BYTES_MAX)).prop_map(|(kind, counter, value)| State { kind, counter, value })
}

/// Every kind of frame.
pub fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        heartbeat().prop_map(Frame::Heartbeat),
        entry().prop_map(Frame::Entry),
        have().prop_map(Frame::Have),
        lack().prop_map(Frame::Lack),
        ack().prop_map(Frame::Ack),
        state().prop_map(Frame::State),
    ]
}

pub fn working_key() -> impl Strategy<Value = WorkingKey> {
    (exchange(), number()).prop_map(|(key, counter)| WorkingKey { key, counter })
}

fn request() -> impl Strategy<Value = Request> {
    (nonce(), bytes(2_048), option::of(nonce()), working_key()).prop_map(|(id, card, token, key)| Request {
        id,
        card,
        token,
        key,
    })
}

fn hello() -> impl Strategy<Value = Hello> {
    (nonce(), nonce(), option::of(nonce()), working_key()).prop_map(|(boot, nonce, echo, key)| Hello {
        boot,
        nonce,
        echo,
        key,
    })
}

fn mail() -> impl Strategy<Value = Mail> {
    let accept = (nonce(), bytes(2_048)).prop_map(|(request, card)| Accept { request, card });
    let frames = vec(bytes(MAIL_BYTES_MAX / 8), 0..8);
    (number(), working_key(), frames, option::of(accept), option::of(nonce()), option::of(number())).prop_map(
        |(number, key, frames, accept, accepted, seen)| {
            let frames = frames.into_iter().map(Into::into).collect();
            Mail { number, key, frames, accept, accepted, seen }
        },
    )
}

/// Every kind of message.
pub fn message() -> impl Strategy<Value = Message> {
    let signalled = (nonce(), nonce(), signal()).prop_map(|(to, from, signal)| Signalled { to, from, signal });
    prop_oneof![
        request().prop_map(Message::Request),
        hello().prop_map(Message::Hello),
        signalled.prop_map(Message::Signalled),
        mail().prop_map(Message::Mail),
        working_key().prop_map(|key| Message::NewKey(NewKey { key })),
    ]
}

pub fn inner() -> impl Strategy<Value = Inner> {
    // A map of three keys, their heads, a key of 32 bytes and a signature of 64 take less than 128.
    (device(), signature(), bytes(INNER_BYTES_MAX - 128)).prop_map(|(device, signature, message)| Inner {
        device,
        signature,
        message,
    })
}

pub fn bulk() -> impl Strategy<Value = Bulk> {
    let bytes = bytes(BULK_BYTES_MAX).prop_filter("nothing", |bytes| !bytes.is_empty());
    (blob(), number(), bytes).prop_map(|(blob, offset, bytes)| {
        let offset = offset.min(u64::MAX - bytes.len() as u64);
        Bulk { blob, offset, bytes }
    })
}
