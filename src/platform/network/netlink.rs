//! What Linux says of its network (rtnetlink(7)): what is gone by its messages.
//!
//! Only what others could see: an address that is lost and given again within a millisecond looks as before, and connections
//! over it may lead nowhere. An interface that goes down is nothing by itself (containers' come and go all day): when it was the
//! way out, the addresses show it. What comes is seen in the addresses too; a router repeats its announcements every few minutes,
//! and Linux tells of each as if the address were new.

use std::net::IpAddr;

use super::addresses::Gone;

/// An address is gone.
const DELADDR: u16 = 21;
/// A route is gone.
const DELROUTE: u16 = 25;
/// Length, type, flags, number, sender.
const HEADER: usize = 16;
/// Messages and attributes begin at multiples of this.
const ALIGNED: usize = 4;
/// In an address's head: where its scope stands.
const ADDRESS_SCOPE: usize = 3;
/// Behind an address's head are its attributes.
const ADDRESS_HEAD: usize = 8;
/// Length and type of an attribute.
const ATTRIBUTE_HEAD: usize = 4;
/// `IFA_ADDRESS` and `IFA_LOCAL`: on a line with two ends the first is the other end's.
const ADDRESSES: [u16; 2] = [1, 2];
/// Scopes from here on are of one link or of this host.
const SCOPE_LINK: u8 = 253;
/// In a route's head: how long its destination is. 0 is the way to everywhere.
const DESTINATION_LENGTH: usize = 1;

/// Adds what is gone by these messages. What cannot be understood says nothing.
pub(super) fn note_gone(mut messages: &[u8], gone: &mut Gone) {
    while let Some((length, kind)) = header(messages) {
        let Some(body) = messages.get(HEADER..length) else { return };
        match kind {
            DELADDR if body.get(ADDRESS_SCOPE).is_some_and(|scope| *scope < SCOPE_LINK) => {
                note_addresses(body.get(ADDRESS_HEAD..).unwrap_or_default(), gone);
            }
            DELROUTE => gone.way_out |= body.get(DESTINATION_LENGTH) == Some(&0),
            _ => {}
        }
        messages = messages.get(length.next_multiple_of(ALIGNED)..).unwrap_or_default();
    }
}

fn header(messages: &[u8]) -> Option<(usize, u16)> {
    let length = u32::from_ne_bytes(messages.get(..4)?.try_into().ok()?);
    let kind = u16::from_ne_bytes(messages.get(4..6)?.try_into().ok()?);
    let length = usize::try_from(length).ok().filter(|length| *length >= HEADER)?;
    Some((length, kind))
}

fn note_addresses(mut attributes: &[u8], gone: &mut Gone) {
    while let Some((length, kind)) = attribute(attributes) {
        let address = attributes.get(ATTRIBUTE_HEAD..length).and_then(address);
        gone.addresses.extend(address.filter(|_| ADDRESSES.contains(&kind)));
        attributes = attributes.get(length.next_multiple_of(ALIGNED)..).unwrap_or_default();
    }
}

fn attribute(attributes: &[u8]) -> Option<(usize, u16)> {
    let length = u16::from_ne_bytes(attributes.get(..2)?.try_into().ok()?);
    let kind = u16::from_ne_bytes(attributes.get(2..4)?.try_into().ok()?);
    let length = usize::from(length);
    (length >= ATTRIBUTE_HEAD).then_some((length, kind))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
