//! Bulk beside frames: it arrives when it is expected, is dropped when it is not, and never stands in a message's way.

use super::*;
use crate::link::driver::{BULK_EXPECTED_BYTES_MAX, BULK_QUEUE_BYTES_MAX};
use crate::wire::{BULK_BYTES_MAX, BULK_MESSAGE_BYTES_MAX, BlobHash, Bulk};

/// A piece of a blob of sevens.
fn piece(offset: usize, length: usize) -> Bytes {
    Bulk { blob: BlobHash([1; 32]), offset: offset as u64, bytes: vec![7; length] }.to_bytes().into()
}

/// Sends 8 MiB while the reader expects it, with a frame now and then; checks that nothing is lost, and says how many bytes
/// had arrived when each frame did.
async fn transfer(pair: &mut Pair, connection: ConnectionId) -> Vec<(usize, usize)> {
    const BYTES: usize = 8 * 1024 * 1024;
    const FRAME_EVERY: usize = 512 * 1024;
    let mut pieces = pair.handles[1].take_bulk().unwrap();
    assert!(pair.handles[1].take_bulk().is_none());
    pair.handles[1].expect_bulk(BULK_EXPECTED_BYTES_MAX);
    let (mut sent, mut arrived, mut room) = (0, 0, true);
    // What was handed over when a frame was sent, and what had arrived when it came.
    let (mut frames, mut came) = (Vec::new(), Vec::new());
    while arrived < BYTES || came.len() < frames.len() {
        while room && sent < BYTES {
            let length = pair.handles[0].bulk_piece_bytes().min(BYTES - sent);
            match pair.handles[0].send_bulk(connection, piece(sent, length)) {
                Ok(more) => {
                    assert!(more <= BULK_QUEUE_BYTES_MAX);
                    sent += length;
                }
                Err(error) => {
                    assert_eq!(error, SendError::Full);
                    room = false;
                }
            }
            if sent / FRAME_EVERY > frames.len() {
                frames.push(sent);
                pair.handles[0].send(connection, Bytes::from_static(b"first")).unwrap();
            }
        }
        tokio::select! {
            (side, event) = pair.event() => match pair.carry(side, event, None) {
                Some(DriverEvent::BulkWritable { connection: on }) => {
                    assert_eq!((side, on), (0, connection));
                    room = true;
                }
                Some(DriverEvent::Frame { .. }) => {
                    assert_eq!(side, 1);
                    came.push((frames[came.len()], arrived));
                }
                Some(other) => panic!("{side}: {other:?}"),
                None => {}
            },
            Some((on, message)) = pieces.recv() => {
                let piece = Bulk::parse(&message).unwrap();
                assert_eq!((on, piece.offset), (connection, arrived as u64), "in order");
                arrived += piece.bytes.len();
                pair.handles[1].expect_bulk(message.len());
            }
        }
    }
    assert_eq!(pair.handles[1].bulk_dropped(), 0);
    came
}

/// A blob arrives whole and in order at the pace of its reader, and messages that are sent meanwhile overtake the bulk that was
/// handed over before them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_overtake_bulk() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let came = transfer(&mut pair, id(1)).await;
    let overtook = came.iter().filter(|(handed, arrived)| arrived < handed).count();
    assert!(overtook > came.len() / 2, "{overtook} of {} messages overtook bulk: {came:?}", came.len());
    pair.end().await;
}

/// What nobody expects is dropped and counted, holds up no frame, and is not kept for whoever asks later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_that_nobody_expects_is_dropped_and_counted() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let mut pieces = pair.handles[1].take_bulk().unwrap();
    const UNASKED: usize = 40;
    let (mut sent, mut room) = (0, true);
    while pair.handles[1].bulk_dropped() < UNASKED as u64 {
        while room && sent < UNASKED {
            room = pair.handles[0].send_bulk(id(1), piece(sent, 16 * 1024)).is_ok();
            sent += usize::from(room);
        }
        // A frame each way shows that the link goes on, and gives the bulk its time.
        pair.handles[0].send(id(1), Bytes::from_static(b"there")).unwrap();
        loop {
            let (side, event) = pair.event().await;
            match pair.carry(side, event, None) {
                Some(DriverEvent::Frame { .. }) => break,
                Some(DriverEvent::BulkWritable { .. }) => room = true,
                Some(other) => panic!("{side}: {other:?}"),
                None => {}
            }
        }
    }
    assert!(pieces.try_recv().is_err());
    // One is asked for and comes; the next is not.
    pair.handles[1].expect_bulk(1);
    pair.handles[0].send_bulk(id(1), piece(0, 100)).unwrap();
    pair.handles[0].send_bulk(id(1), piece(100, 100)).unwrap();
    let (_, message) = tokio::time::timeout(DEADLINE, pieces.recv()).await.expect("in time").unwrap();
    assert_eq!(Bulk::parse(&message).unwrap().offset, 0);
    while pair.handles[1].bulk_dropped() == UNASKED as u64 {
        pair.deliver(0, id(1), b"there").await;
    }
    assert!(pieces.try_recv().is_err());
    pair.end().await;
}

/// The longest piece goes; one that is longer is refused at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_that_is_too_long_is_refused_at_once() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let long = Bytes::from(vec![7; BULK_MESSAGE_BYTES_MAX + 1]);
    assert_eq!(pair.handles[0].send_bulk(id(1), long), Err(SendError::TooLong(BULK_MESSAGE_BYTES_MAX + 1)));
    let mut pieces = pair.handles[1].take_bulk().unwrap();
    pair.handles[1].expect_bulk(1);
    let longest =
        Bulk { blob: BlobHash([1; 32]), offset: u64::MAX - BULK_BYTES_MAX as u64, bytes: vec![7; BULK_BYTES_MAX] };
    assert_eq!(longest.to_bytes().len(), BULK_MESSAGE_BYTES_MAX);
    pair.handles[0].send_bulk(id(1), longest.to_bytes().into()).unwrap();
    let (_, message) = tokio::time::timeout(DEADLINE, pieces.recv()).await.expect("in time").unwrap();
    assert_eq!(Bulk::parse(&message), Ok(longest));
    pair.end().await;
}

/// What was expected ends with its connection: on the next one nothing comes until it is asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_expected_ends_with_its_connection() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let mut pieces = pair.handles[1].take_bulk().unwrap();
    pair.handles[1].expect_bulk(BULK_EXPECTED_BYTES_MAX);
    pair.command(0, DriverCommand::Close);
    while !matches!(pair.event().await, (1, DriverEvent::Closed { .. })) {}
    pair.connect(id(2)).await;
    pair.handles[0].send_bulk(id(2), piece(0, 100)).unwrap();
    while pair.handles[1].bulk_dropped() == 0 && pieces.is_empty() {
        pair.deliver(0, id(2), b"there").await;
    }
    assert!(pieces.try_recv().is_err(), "it was expected of the first connection");
    pair.handles[1].expect_bulk(1);
    pair.handles[0].send_bulk(id(2), piece(100, 100)).unwrap();
    let (on, _) = tokio::time::timeout(DEADLINE, pieces.recv()).await.expect("in time").unwrap();
    assert_eq!(on, id(2));
    pair.end().await;
}
