//! Pieces of blobs: what is accepted is within its limits and has one form.
#![cfg_attr(not(test), no_main)]

use kith::wire::{BULK_BYTES_MAX, BULK_MESSAGE_BYTES_MAX, Bulk};
use kith_fuzz::assert_one_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = Bulk::parse(bytes);
    assert_eq!(read, Bulk::parse(bytes));
    let Ok(piece) = read else { return };
    let written = piece.to_bytes();
    assert_one_form(bytes, &written);
    assert!(written.len() <= BULK_MESSAGE_BYTES_MAX);
    assert!((1..=BULK_BYTES_MAX).contains(&piece.bytes.len()));
    assert!(piece.offset.checked_add(piece.bytes.len() as u64).is_some());
    assert_eq!(Bulk::parse(&written), Ok(piece));
});
