//! Broker addresses: one spelling, within the limit, and no password where none may be.
#![cfg_attr(not(test), no_main)]

use kith::wire::broker_url::{BROKER_URL_BYTES_MAX, BrokerUrl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = BrokerUrl::parse(text);
    assert_eq!(read, BrokerUrl::parse(text));
    let Ok(url) = read else {
        assert!(BrokerUrl::parse_canonical(text).is_err());
        return;
    };
    let written = url.to_string();
    assert!(written.len() <= BROKER_URL_BYTES_MAX && written.is_ascii());
    assert_eq!(BrokerUrl::parse(&written).as_ref(), Ok(&url));
    assert_eq!(BrokerUrl::parse_canonical(&written).as_ref(), Ok(&url));
    assert_eq!(BrokerUrl::parse_canonical(text).is_ok(), text == written);
    assert!(url.port() != 0 && (url.path().is_empty() || url.scheme().is_websocket()));
    assert!(url.pin().is_none() || url.scheme().is_tls());

    let public = url.without_credentials();
    assert_eq!(BrokerUrl::parse(&public.to_string()).as_ref(), Ok(&*public));
    let shown = if url.credentials().is_some() { "://***@" } else { "://" };
    assert_eq!(url.redacted(), public.to_string().replacen("://", shown, 1));
    assert_eq!(url.is_loopback(), public.is_loopback());
});
