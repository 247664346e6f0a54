//! Topics: only what we write ourselves is one, and none holds a wildcard.
#![cfg_attr(not(test), no_main)]

use kith::signaling::Topic;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = Topic::parse(text);
    assert_eq!(read, Topic::parse(text));
    if let Ok(topic) = read {
        assert_eq!(topic.to_string(), text);
        assert!(text.is_ascii() && !text.contains(['+', '#', '\0']));
        assert_eq!(text.split('/').count(), 3);
    }
});
