//! Signals, heartbeats and descriptions: limits hold, and exactly one certificate is bound.
//!
//! First byte: 0 reads the rest as a signal; 1 as a heartbeat; above, as a description.
#![cfg_attr(not(test), no_main)]

use kith::wire::cbor;
use kith::wire::signal::{Heartbeat, SDP_BYTES_MAX, SIGNAL_BYTES_MAX, Signal, sdp_fingerprint};
use kith_fuzz::assert_one_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [] => {}
        [0, bytes @ ..] => {
            let read = Signal::parse(bytes);
            assert_eq!(read, Signal::parse(bytes));
            let Ok(signal) = read else { return };
            assert_one_form(bytes, &signal.encode());
            assert!(signal.encode().len() <= SIGNAL_BYTES_MAX);
            if let Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } = &signal {
                check_description(sdp);
            }
            assert_eq!(Signal::parse(&signal.encode()), Ok(signal));
        }
        [1, bytes @ ..] => {
            if let Ok(heartbeat) = Heartbeat::parse(bytes) {
                assert_one_form(bytes, &cbor::encode(&heartbeat));
                assert_eq!(Heartbeat::parse(&cbor::encode(&heartbeat)), Ok(heartbeat));
            }
        }
        [_, text @ ..] => {
            if let Ok(text) = std::str::from_utf8(text) {
                check_description(text);
            }
        }
    }
});

/// Counts what must be there once without the parser's help: a line is anything that another parser may take for one.
fn check_description(text: &str) {
    let Ok(fingerprint) = sdp_fingerprint(text) else { return };
    assert!(text.len() <= SDP_BYTES_MAX && text.is_ascii());
    let lower = text.to_ascii_lowercase();
    let lines: Vec<String> = lower.split(['\r', '\n']).map(|line| line.replace(' ', "")).collect();
    let binds = |line: &&String| line.as_str() == "a=fingerprint" || line.starts_with("a=fingerprint:");
    assert_eq!(lines.iter().filter(binds).count(), 1);
    assert_eq!(text.split(['\r', '\n']).filter(|line| line.starts_with("m=")).count(), 1);
    let digits: Vec<String> = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(lower.contains(&digits.join(":")));
}
