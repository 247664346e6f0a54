//! What Linux says of its network (rtnetlink(7)): which messages are a change by themselves.
//!
//! Only what goes away is, and of that only what others could see: an address that is lost and given again within a millisecond
//! looks as before, and connections over it may lead nowhere. An interface that goes down is none by itself (containers' come
//! and go all day): when it was the way out, the addresses show it. What comes is seen in the addresses too; a router repeats its
//! announcements every few minutes, and Linux tells of each as if the address were new.

/// An address is gone.
const DELADDR: u16 = 21;
/// A route is gone.
const DELROUTE: u16 = 25;
/// Length, type, flags, number, sender.
const HEADER: usize = 16;
/// Messages begin at multiples of this.
const ALIGNED: usize = 4;
/// In an address's head: where its scope stands.
const ADDRESS_SCOPE: usize = 3;
/// Scopes from here on are of one link or of this host.
const SCOPE_LINK: u8 = 253;
/// In a route's head: how long its destination is. 0 is the way to everywhere.
const DESTINATION_LENGTH: usize = 1;

/// Whether one of these messages is a change by itself. What cannot be understood is none.
pub(super) fn is_a_change(mut messages: &[u8]) -> bool {
    while let Some((length, kind)) = header(messages) {
        let Some(body) = messages.get(HEADER..length) else { return false };
        let changed = match kind {
            DELADDR => body.get(ADDRESS_SCOPE).is_some_and(|scope| *scope < SCOPE_LINK),
            DELROUTE => body.get(DESTINATION_LENGTH) == Some(&0),
            _ => false,
        };
        if changed {
            return true;
        }
        messages = messages.get(length.next_multiple_of(ALIGNED)..).unwrap_or_default();
    }
    false
}

fn header(messages: &[u8]) -> Option<(usize, u16)> {
    let length = u32::from_ne_bytes(messages.get(..4)?.try_into().ok()?);
    let kind = u16::from_ne_bytes(messages.get(4..6)?.try_into().ok()?);
    let length = usize::try_from(length).ok().filter(|length| *length >= HEADER)?;
    Some((length, kind))
}
