//! Frames: what is accepted is within its limits and has one form.
#![cfg_attr(not(test), no_main)]

use kith::wire::{self, Frame, Range};
use kith_fuzz::assert_one_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = Frame::parse(bytes);
    assert_eq!(read, Frame::parse(bytes));
    let Ok(frame) = read else { return };
    let written = frame.to_bytes();
    assert_one_form(bytes, &written);
    assert!(written.len() <= wire::FRAME_BYTES_MAX);
    match &frame {
        Frame::Heartbeat(heartbeat) => assert_eq!(heartbeat.validate(), Ok(())),
        Frame::Entry(entry) => {
            assert!(wire::cbor::encode(entry).len() <= wire::ENTRY_BYTES_MAX);
        }
        Frame::Have(have) => {
            assert!(have.logs.len() <= wire::HAVE_LOGS_MAX);
            assert!(have.logs.is_sorted_by(|a, b| (a.device, a.log) < (b.device, b.log)));
            for log in &have.logs {
                assert!(log.tips.len() <= wire::TIPS_MAX);
                assert_eq!(log.head.is_some(), log.count > 0);
                apart(&log.ranges);
            }
        }
        Frame::Lack(lack) => {
            assert!(!lack.ranges.is_empty());
            apart(&lack.ranges);
        }
        Frame::Ack(ack) => assert!(ack.ids.len() <= wire::ACK_IDS_MAX),
        Frame::State(state) => {
            assert!(state.value.len() <= wire::STATE_BYTES_MAX);
            if let Ok(reading) = wire::cbor::decode::<wire::Reading>(&state.value, wire::STATE_BYTES_MAX) {
                assert_one_form(&state.value, &wire::cbor::encode(&reading));
            }
            if let Ok(held) = wire::cbor::decode::<wire::Held>(&state.value, wire::STATE_BYTES_MAX) {
                assert_one_form(&state.value, &wire::cbor::encode(&held));
            }
            if let Ok(typing) = wire::cbor::decode::<wire::Typing>(&state.value, wire::STATE_BYTES_MAX) {
                assert_one_form(&state.value, &wire::cbor::encode(&typing));
            }
        }
    }
    assert_eq!(Frame::parse(&written), Ok(frame));
});

/// Ranges are few, ascending, and neither touch nor overlap.
fn apart(ranges: &[Range]) {
    assert!(ranges.len() <= wire::RANGES_MAX);
    let mut free = 0;
    for (index, range) in ranges.iter().enumerate() {
        assert!(range.count > 0 && (index == 0 || range.from > free), "{ranges:?}");
        free = range.end();
    }
}
