//! Links that are not what they should be: each gets an error that says which.

use data_encoding::BASE64URL_NOPAD;

use crate::support::{Node, World};

fn code(node: &Node, link: &str) -> String {
    match node.adds(link) {
        Ok(answer) => node.fail(&format!("{:?} was taken: {answer}", link.chars().take(200).collect::<String>())),
        Err(error) => {
            assert!(!error.message.is_empty());
            error.code
        }
    }
}

/// A link in which any one character was changed is refused as tampered with.
#[test]
fn a_link_with_any_changed_character_is_refused() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    let link = bob.link().to_owned();
    let body = "kith:".len();
    let last = link.len() - 1;

    // Forty places all over, and all of the first and last few.
    let step = ((link.len() - body) / 40).max(1);
    let mut places: Vec<usize> = (body..link.len()).step_by(step).collect();
    places.extend(body..body + 8);
    places.extend(last - 24..=last);
    for place in places {
        for other in ["A", "z", "_"] {
            if link[place..].starts_with(other) {
                continue;
            }
            let changed = format!("{}{other}{}", &link[..place], &link[place + 1..]);
            let code = code(&alice, &changed);
            // The first bytes hold the version and the length: changed, they can claim a longer link.
            let says_longer = place < body + 4 && code == "link_truncated";
            assert!(code == "link_tampered" || says_longer, "{code} for {other} at {place}");
        }
    }
    // Characters that no link has, swapped neighbours, a letter's case.
    for odd in ["!", " ", "é", "=", "\u{0}", "\u{202e}"] {
        let changed = format!("{}{odd}{}", &link[..body + 40], &link[body + 41..]);
        assert_eq!(code(&alice, &changed), "link_tampered", "{odd:?}");
    }
    // In the scheme, it is no link of ours any more.
    for place in 0..body {
        let changed = format!("{}x{}", &link[..place], &link[place + 1..]);
        assert_eq!(code(&alice, &changed), "link_foreign");
    }

    assert!(alice.contacts().is_empty());
    alice.asks(&bob);
    assert_eq!(alice.contacts().len(), 1);
}

/// A link that was cut off says so.
#[test]
fn a_truncated_link_is_refused() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    let link = bob.link();
    let whole = link.len();
    for length in
        [6, 7, 8, 9, 20, 60, whole / 4, whole / 2, whole - 30, whole - 5, whole - 4, whole - 3, whole - 2, whole - 1]
    {
        assert_eq!(code(&alice, &link[..length]), "link_truncated", "{length} of {whole} characters");
    }
    assert_eq!(code(&alice, "kith:"), "link_truncated");
}

/// What is no link of ours, too long for one, or one's own, says so.
#[test]
fn foreign_oversize_and_own_links_are_refused() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    for foreign in ["", "https://example.org/", "mailto:bob@example.org", "kit:abc", "hello", "kith", "{}", "👋"] {
        assert_eq!(code(&alice, foreign), "link_foreign", "{foreign}");
    }
    let long = format!("{}{}", alice.link(), "A".repeat(64 * 1024));
    assert_eq!(code(&alice, &long), "link_oversize");
    assert_eq!(code(&alice, &format!("kith:{}", "A".repeat(64 * 1024))), "link_oversize");
    assert_eq!(code(&alice, alice.link()), "link_own");
}

/// A link of a newer version says so, and not that it was tampered with.
#[test]
fn a_newer_link_is_refused_as_newer() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    // docs/protocol.md, links: version, …, and a check over everything before it.
    let mut bytes = BASE64URL_NOPAD.decode(&bob.link().as_bytes()["kith:".len()..]).unwrap();
    let check = bytes.len() - 16;
    bytes.truncate(check);
    bytes[0] += 1;
    let mut hasher = blake3::Hasher::new_derive_key("kith 2026 link check");
    hasher.update(&bytes);
    let mut check = [0; 16];
    hasher.finalize_xof().fill(&mut check);
    bytes.extend_from_slice(&check);
    assert_eq!(code(&alice, &format!("kith:{}", BASE64URL_NOPAD.encode(&bytes))), "link_newer");
}
