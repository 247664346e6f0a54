//! Lines of JSON-RPC: whatever the bytes, a line is understood in one way, and within its limits.
#![cfg_attr(not(test), no_main)]

use kith::node::rpc::{Parsed, parse_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = parse_line(bytes);
    assert_eq!(read, parse_line(bytes));
    let blank = bytes.iter().all(u8::is_ascii_whitespace);
    assert_eq!(matches!(read, Parsed::Blank), blank);
    match &read {
        Parsed::Blank => {}
        // Who cannot be answered by id got no request understood.
        Parsed::Single(request) => {
            assert!(request.id.is_some() || serde_json::from_slice::<serde_json::Value>(bytes).is_ok())
        }
        Parsed::Batch(requests) => assert!((1..=kith::node::REQUESTS_MAX).contains(&requests.len())),
        Parsed::Refused(_) => {}
    }
});
