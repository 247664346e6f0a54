//! What exceeds a limit is refused, in bytes that are otherwise right; at the limit it is accepted.

use crate::wire::cbor::{self, DecodeError};
use crate::wire::signal::{CANDIDATES_PER_BATCH_MAX, Candidate, Heartbeat, Signal};
use crate::wire::*;

fn is_refused(frame: &Frame) -> bool {
    match Frame::parse(&frame.to_bytes()) {
        Ok(parsed) => {
            assert_eq!(parsed, *frame);
            false
        }
        Err(FrameError::Limit(_)) => true,
        Err(error) => panic!("refused for another reason: {error}"),
    }
}

fn log(number: u16) -> LogHave {
    let mut device = [0; 32];
    device[..2].copy_from_slice(&number.to_be_bytes());
    let (device, log) = (DeviceKey(device), LogId([1; 16]));
    LogHave { device, log, count: 0, head: None, ranges: vec![], tips: vec![] }
}

fn have(logs: Vec<LogHave>) -> Frame {
    Frame::Have(Have { conversation: ConversationId([1; 32]), logs, all: true })
}

fn apart(count: u64) -> Vec<Range> {
    (0..count).map(|number| Range { from: 2 * number, count: 1 }).collect()
}

fn lack(ranges: Vec<Range>) -> Frame {
    let (device, log) = (DeviceKey([2; 32]), LogId([1; 16]));
    Frame::Lack(Lack { conversation: ConversationId([1; 32]), device, log, ranges })
}

/// An ack, a state, an entry and a heartbeat hold so much and no more.
#[test]
fn frames_hold_so_much_and_no_more() {
    let ack = |count| Frame::Ack(Ack { ids: vec![EntryId([1; 32]); count] });
    assert!(!is_refused(&ack(ACK_IDS_MAX)));
    assert!(is_refused(&ack(ACK_IDS_MAX + 1)));

    let state = |bytes| Frame::State(State { kind: state::CARD, counter: 1, value: vec![0; bytes] });
    assert!(!is_refused(&state(STATE_BYTES_MAX)));
    assert!(is_refused(&state(STATE_BYTES_MAX + 1)));

    let entry = |header, body| {
        let (header, body) = (vec![0; header], Some(vec![0; body]));
        Frame::Entry(Entry { header, signature: Signature([1; 64]), salt: Some(Salt([1; 32])), body })
    };
    assert!(!is_refused(&entry(2_048, ENTRY_BYTES_MAX - 128 - 2_048)));
    assert!(is_refused(&entry(2_049, ENTRY_BYTES_MAX - 128 - 2_048)));
    assert!(is_refused(&entry(2_048, ENTRY_BYTES_MAX - 128 - 2_047)));

    for (interval_ms, refused) in [(999, true), (1_000, false), (60_000, false), (60_001, true)] {
        assert_eq!(
            is_refused(&Frame::Heartbeat(Heartbeat { interval_ms, stamp: 1, echo: None, relayed: None })),
            refused
        );
    }
}

/// What somebody has is said in lists that are short, ascending and apart, and agree with themselves.
#[test]
fn haves_and_lacks_are_short_and_in_order() {
    assert!(!is_refused(&have((0..256).map(log).collect())));
    assert!(is_refused(&have((0..257).map(log).collect())));
    assert!(is_refused(&have(vec![log(2), log(1)])), "out of order");
    assert!(is_refused(&have(vec![log(1), log(1)])), "one log twice");

    let head = Some(EntryId([1; 32]));
    assert!(!is_refused(&have(vec![LogHave { count: 1, head, ..log(1) }])));
    assert!(is_refused(&have(vec![LogHave { head, ..log(1) }])), "a head of nothing");
    assert!(is_refused(&have(vec![LogHave { count: 1, ..log(1) }])), "no head of something");
    let tips = |count| have(vec![LogHave { tips: vec![EntryId([1; 32]); count], ..log(1) }]);
    assert!(!is_refused(&tips(TIPS_MAX)));
    assert!(is_refused(&tips(TIPS_MAX + 1)));

    for said in [|ranges| have(vec![LogHave { ranges, ..log(1) }]), lack] {
        assert!(!is_refused(&said(apart(32))));
        assert!(is_refused(&said(apart(33))));
        assert!(is_refused(&said(vec![Range { from: 1, count: 0 }])), "an empty range");
        assert!(is_refused(&said(vec![Range { from: 1, count: 2 }, Range { from: 3, count: 1 }])), "touching");
        assert!(is_refused(&said(vec![Range { from: 5, count: 1 }, Range { from: 1, count: 1 }])), "out of order");
        let beyond = Range { from: u64::MAX, count: u64::MAX };
        assert!(is_refused(&said(vec![beyond, Range { from: 1, count: 1 }])), "beyond every number");
    }
    assert!(is_refused(&lack(vec![])), "nothing is asked for");
}

/// A frame that is too long, and one of a kind to come, are each told from a malformed one.
#[test]
fn long_and_newer_frames_are_named() {
    let long = FRAME_BYTES_MAX + 1;
    let error = DecodeError::TooLong { actual: long, limit: FRAME_BYTES_MAX };
    assert_eq!(Frame::parse(&vec![0; long]), Err(FrameError::Malformed(error)));
    assert_eq!(Frame::parse(&[0x82, 0x06, 0xa0]), Err(FrameError::Newer(6)));
    assert!(matches!(Frame::parse(&[0x82, 0x05, 0xa0]), Err(FrameError::Malformed(_))));
}

/// A piece has something in it, fits a data channel message, and ends where a blob may.
#[test]
fn pieces_have_limits() {
    let parse =
        |offset, length| Bulk::parse(&Bulk { blob: BlobHash([1; 32]), offset, bytes: vec![7; length] }.to_bytes());
    assert!(parse(u64::MAX - BULK_BYTES_MAX as u64, BULK_BYTES_MAX).is_ok());
    assert_eq!(parse(0, 0), Err(BulkError::Limit("a piece of nothing")));
    assert_eq!(parse(0, BULK_BYTES_MAX + 1), Err(BulkError::Limit("a piece that is too long")));
    assert_eq!(parse(u64::MAX, 1), Err(BulkError::Limit("a piece beyond the end of every blob")));
    let long = BULK_MESSAGE_BYTES_MAX + 1;
    let error = DecodeError::TooLong { actual: long, limit: BULK_MESSAGE_BYTES_MAX };
    assert_eq!(Bulk::parse(&vec![0; long]), Err(BulkError::Malformed(error)));
}

/// A message is as long as the largest envelope allows, and a signal in one keeps its own limits.
#[test]
fn messages_have_limits() {
    let key = WorkingKey { key: ExchangeKey([1; 32]), counter: 1 };
    let request = |bytes| Message::Request(Request { id: Nonce([1; 16]), card: vec![0; bytes], token: None, key });
    let fits = MESSAGE_BYTES_MAX - (cbor::encode(&request(60_000)).len() - 60_000);
    assert!(Message::parse(&cbor::encode(&request(fits))).is_ok());
    let refused = Message::parse(&cbor::encode(&request(fits + 1)));
    assert_eq!(refused, Err(DecodeError::TooLong { actual: MESSAGE_BYTES_MAX + 1, limit: MESSAGE_BYTES_MAX }));

    let signalled = |count| {
        let candidate = Candidate { line: "candidate:1".to_owned(), mid: None, mline: None };
        let candidates = vec![candidate; count];
        let signal =
            Signal::Candidates { connection: ConnectionId([1; 16]), number: 1, candidates, end: true, generation: 0 };
        Message::Signalled(Signalled { to: Nonce([1; 16]), from: Nonce([2; 16]), signal })
    };
    assert!(Message::parse(&cbor::encode(&signalled(CANDIDATES_PER_BATCH_MAX))).is_ok());
    assert!(Message::parse(&cbor::encode(&signalled(CANDIDATES_PER_BATCH_MAX + 1))).is_err());
}

/// An envelope has one of four lengths, and what does not fit the largest is not padded.
#[test]
fn envelopes_have_four_lengths() {
    let inner = |class: usize| class - 34 - 16 - 4;
    for (number, class) in CLASSES.into_iter().enumerate() {
        assert_eq!(class_for(inner(class)), Ok(class));
        let next = CLASSES.get(number + 1).copied().ok_or(EnvelopeError::TooLong(inner(class) + 1));
        assert_eq!(class_for(inner(class) + 1), next);
    }
    assert_eq!(Envelope::pad(&vec![0; INNER_BYTES_MAX + 1]), Err(EnvelopeError::TooLong(INNER_BYTES_MAX + 1)));
    assert_eq!(Envelope::parse(&[1; 1_025]), Err(EnvelopeError::Length(1_025)));
    let mut bytes = [1; 1_024];
    bytes[1] = 2;
    assert_eq!(Envelope::parse(&bytes), Err(EnvelopeError::Key));
    bytes[0] = PROTOCOL_VERSION + 1;
    assert_eq!(Envelope::parse(&bytes), Err(EnvelopeError::Version(PROTOCOL_VERSION + 1)));
}
