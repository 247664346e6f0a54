//! Messages: what is accepted is within its limits and has one form.
#![cfg_attr(not(test), no_main)]

use kith::wire::{self, Message};
use kith_fuzz::assert_one_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = Message::parse(bytes);
    assert_eq!(read, Message::parse(bytes));
    let Ok(message) = read else { return };
    let written = wire::cbor::encode(&message);
    assert_one_form(bytes, &written);
    match &message {
        Message::Mail(mail) => {
            assert!(mail.frames.len() <= wire::FRAMES_PER_MAIL_MAX);
            assert!(mail.frames.iter().map(|frame| frame.len()).sum::<usize>() <= wire::MAIL_BYTES_MAX);
        }
        Message::Signalled(signalled) => assert_eq!(signalled.signal.validate(), Ok(())),
        Message::Request(_) | Message::Hello(_) | Message::NewKey(_) => {}
    }
    assert_eq!(Message::parse(&written), Ok(message));
});
