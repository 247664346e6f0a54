use proptest::prelude::*;

use super::*;

fn spelled(text: &str) -> String {
    BrokerUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

/// However a person writes an address, it is written back in one way.
#[test]
fn one_address_has_one_spelling() {
    for (typed, canonical) in [
        ("mqtt://localhost", "mqtt://localhost"),
        ("MQTT://LocalHost:1883/", "mqtt://localhost"),
        ("mqtts://broker.example:8883", "mqtts://broker.example"),
        ("mqtts://broker.example:1883", "mqtts://broker.example:1883"),
        ("ws://10.0.0.1:80", "ws://10.0.0.1"),
        ("wss://b.example:443/mqtt", "wss://b.example/mqtt"),
        ("wss://b.example/a%7eb/%c3%a9", "wss://b.example/a~b/%C3%A9"),
        ("mqtt://[0:0::1]:1884", "mqtt://[::1]:1884"),
        ("mqtt://ann@b.example", "mqtt://ann@b.example"),
        ("mqtt://ann:@b.example", "mqtt://ann@b.example"),
        ("mqtt://ann:p%40ss!@b.example", "mqtt://ann:p%40ss%21@b.example"),
    ] {
        assert_eq!(spelled(typed), canonical);
        assert_eq!(BrokerUrl::parse_canonical(canonical).unwrap(), BrokerUrl::parse(typed).unwrap());
        let refused = BrokerUrl::parse_canonical(typed).err();
        assert_eq!(refused, (typed != canonical).then_some(BrokerUrlError::NotCanonical), "{typed}");
    }
}

/// A certificate is named as openssl prints it or in short, and written back in short; a card takes the short form only.
#[test]
fn a_pinned_certificate_has_one_spelling() {
    let short = "wss://b.example/mqtt#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let colons: Vec<String> = hex.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).to_uppercase()).collect();
    for digits in [hex.to_owned(), hex.to_uppercase(), colons.join(":")] {
        let typed = format!("wss://b.example/mqtt#sha256={digits}");
        assert_eq!(spelled(&typed), short);
        assert_eq!(BrokerUrl::parse_canonical(&typed), Err(BrokerUrlError::NotCanonical));
    }
    let url = BrokerUrl::parse_canonical(short).unwrap();
    assert_eq!(url.pin().unwrap().0[..2], [0xe3, 0xb0]);
    assert_eq!(url.redacted(), short);
    assert_ne!(url, BrokerUrl::parse("wss://b.example/mqtt").unwrap(), "trust is part of the address");
}

/// What is no address gets an error that says what is wrong with it.
#[test]
fn each_mistake_is_named() {
    use BrokerUrlError as E;
    let long = format!("mqtt://{}", "a.".repeat(130));
    let grows = format!("mqtt://{}@b", "!".repeat(100));
    for (text, error) in [
        ("", E::Scheme),
        ("localhost:1883", E::Scheme),
        ("http://localhost", E::Scheme),
        ("://localhost", E::Scheme),
        ("mqtt://", E::Host),
        ("mqtt://:1883", E::Host),
        ("mqtt://-a", E::Host),
        ("mqtt://a..b", E::Host),
        ("mqtt://a.", E::Host),
        ("mqtt://1.2.3", E::Host),
        ("mqtt://1.2.3.256", E::Host),
        ("mqtt://01.2.3.4", E::Host),
        ("mqtt://::1", E::Host),
        ("mqtt://[::1", E::Host),
        ("mqtt://[fe80::1%25eth0]", E::Host),
        ("mqtt://bücher.example", E::Host),
        ("mqtt://a%2eb", E::Host),
        ("mqtt://a:0", E::Port),
        ("mqtt://a:65536", E::Port),
        ("mqtt://a:", E::Port),
        ("mqtt://a:+1", E::Port),
        ("mqtt://a:01883", E::Port),
        ("mqtt://@a", E::Login),
        ("mqtt://:secret@a", E::Login),
        ("mqtt://a:b:c@d", E::Login),
        ("mqtt://a@b@c", E::Login),
        ("mqtt://a%4@b", E::Login),
        ("mqtt://a%zz@b", E::Login),
        ("mqtt://a%00@b", E::Login),
        ("mqtt://a%FF@b", E::Login),
        ("mqtt://a/topic", E::PathNotAllowed),
        ("ws://a/%2", E::Path),
        ("ws://a/[", E::Path),
        ("ws://a/é", E::Path),
        ("ws://a/x?y", E::Query),
        ("ws://a/#x", E::PinNotAllowed),
        ("mqtt://a#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", E::PinNotAllowed),
        ("mqtts://a#", E::Pin),
        ("mqtts://a#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", E::Pin),
        ("mqtts://a#SHA256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", E::Pin),
        ("mqtts://a#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF", E::Pin),
        ("mqtts://a#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV", E::Pin),
        ("mqtts://a#sha256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", E::Pin),
        ("mqtts://a#sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU#", E::Pin),
        ("mqtt://a b", E::Control),
        (" mqtt://a", E::Control),
        ("mqtt://a\u{0}", E::Control),
        ("mqtt://a\n", E::Control),
        (&long, E::TooLong),
        (&grows, E::TooLong),
    ] {
        assert_eq!(BrokerUrl::parse(text), Err(error), "{text:?}");
    }
}

/// No text that a person is shown holds the password.
#[test]
fn secrets_are_not_shown() {
    let url = BrokerUrl::parse("wss://ann:hunter2@b.example:9001/mqtt").unwrap();
    assert_eq!(url.redacted(), "wss://***@b.example:9001/mqtt");
    assert_eq!(url.without_credentials().to_string(), "wss://b.example:9001/mqtt");
    assert_eq!(url.credentials().unwrap().password, "hunter2");
    for shown in [format!("{url:?}"), format!("{:?}", url.credentials()), url.redacted()] {
        assert!(!shown.contains("hunter2") && !shown.contains("ann"), "{shown}");
    }
}

/// A card that names this computer is told from one that names another.
#[test]
fn loopback_is_recognised() {
    for here in ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"]
    {
        assert!(BrokerUrl::parse(&format!("mqtt://{here}")).unwrap().is_loopback(), "{here}");
    }
    for there in ["localhost.example", "10.0.0.1", "[fe80::1]", "notlocalhost"] {
        assert!(!BrokerUrl::parse(&format!("mqtt://{there}")).unwrap().is_loopback(), "{there}");
    }
}

proptest! {
    /// Whatever is accepted is written back as a text that is accepted and means the same.
    #[test]
    fn what_is_accepted_comes_back(
        scheme in "mqtt|mqtts|ws|wss|MQTT|Wss",
        login in "([a-z!%20]{1,6}(:[a-zA-Z0-9$%]{0,6})?@)?",
        host in "[a-zA-Z0-9._-]{1,20}|\\[[0-9a-f:]{2,20}\\]|[0-9]{1,3}(\\.[0-9]{1,3}){3}",
        port in "(:[0-9]{1,5})?",
        path in "(/[a-zA-Z0-9%:@/~]{0,10})?",
        pin in "(#sha256=([a-zA-Z0-9_-]{42}[AEIMQUYcgkosw048]|[0-9a-fA-F:]{64}))?",
    ) {
        if let Ok(url) = BrokerUrl::parse(&format!("{scheme}://{login}{host}{port}{path}{pin}")) {
            prop_assert_eq!(&BrokerUrl::parse_canonical(&url.to_string()), &Ok(url.clone()));
            let bare = url.without_credentials();
            prop_assert_eq!(BrokerUrl::parse_canonical(&bare.to_string()), Ok(bare.into_owned()));
        }
    }

    /// Any user name and password without control characters survives.
    #[test]
    fn any_login_survives(user in "\\PC{1,20}", password in "\\PC{0,20}") {
        let mut text = "mqtt://".to_owned();
        write_escaped(&mut text, &user).unwrap();
        text.push(':');
        write_escaped(&mut text, &password).unwrap();
        text.push_str("@b");
        match BrokerUrl::parse(&text) {
            Ok(url) => prop_assert_eq!(url.credentials(), Some(&Credentials { user, password })),
            Err(error) => prop_assert_eq!(error, BrokerUrlError::TooLong),
        }
    }

    /// Arbitrary text is refused or accepted, never a panic.
    #[test]
    fn arbitrary_text_is_harmless(text in "\\PC{0,300}") {
        if let Ok(url) = BrokerUrl::parse(&text) {
            prop_assert!(url.to_string().len() <= BROKER_URL_BYTES_MAX);
        }
    }
}
