//! Answers of STUN and TURN servers: anybody can send one to an open port.
//!
//! First byte: 0 reads the rest as it is; above, behind the header of an answer, so that attributes are reached.
#![cfg_attr(not(test), no_main)]

use kith::doctor::stun::{DATAGRAM_BYTES_MAX, Login, allocate, read};
use libfuzzer_sys::fuzz_target;

/// The types of answers: each method's success and error.
const TYPES: [[u8; 2]; 6] = [[0x01, 0x01], [0x01, 0x11], [0x01, 0x03], [0x01, 0x13], [0x01, 0x04], [0x01, 0x14]];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match TYPES.get(usize::from(*choice).wrapping_sub(1)) {
        None => check(rest),
        Some(kind) => {
            let Ok(length) = u16::try_from(rest.len()) else { return };
            check(&[&kind[..], &length.to_be_bytes(), &[0x21, 0x12, 0xa4, 0x42], &[7; 12], rest].concat());
        }
    }
});

fn check(datagram: &[u8]) {
    let answer = read(datagram);
    assert_eq!(answer, read(datagram));
    let Some(answer) = answer else { return };
    assert!(datagram.len() <= DATAGRAM_BYTES_MAX && datagram.get(8..20) == Some(&answer.transaction[..]));
    // Whatever a server says can be said again to it.
    if let (Some(realm), Some(nonce)) = (answer.realm, answer.nonce) {
        let login = Login { user: "u".to_owned(), password: "p".to_owned(), realm, nonce };
        assert!(allocate([0; 12], Some(&login)).is_ok());
    }
}
