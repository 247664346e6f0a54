//! What stands beside a group.

use super::stories::{ALICE, BOB, DAVE, trio};
use super::*;

/// Anybody can write beside a group, as much as they like: neither who is in it nor what has to be named grows with it. What follows
/// such an entry stands there too, so nobody has to take one for the sake of another.
#[test]
fn a_flood_beside_the_group_changes_nothing() {
    let (mut room, creation) = trio();
    let added = room.write(ALICE, &[creation], Some(add(DAVE)));
    let before = room.membership();
    // Strangers, and Bob, who acts as if he did not know of the group; with cards that vouch for each other.
    let mut flood = vec![];
    for number in 0..300 {
        let by = if number % 3 == 0 { BOB } else { DAVE + 1 + number % 2 };
        let action = match number % 4 {
            0 => add(by),
            1 => Action::Leave { cut: vec![] },
            2 => promote(by),
            _ => remove(ALICE),
        };
        flood.push(room.write(by, &[], Some(action)));
    }
    let second = room.write(DAVE + 1, &flood, Some(remove(ALICE)));
    assert_eq!(room.verdict(&second), Err(Void::Device));
    assert_eq!(room.verdict(&flood[0]), Err(Void::Outsider));
    let group = room.group();
    assert_eq!((group.len(), group.tops()), (2, vec![added]));
    assert_eq!(group.fold().membership().unwrap(), before);
    let careless = room.write(ALICE, &[flood[0], added], Some(rename("Theirs")));
    assert_eq!(room.verdict(&careless), Err(Void::Outsider));
    let renamed = room.write(ALICE, &[added], Some(rename("Still ours")));
    assert_eq!(room.verdict(&renamed), Ok(()));
    let group = room.group();
    assert_eq!(group.tops(), [renamed]);
    let said = |seen: &[EntryId]| {
        let device = EVERYBODY[DAVE].secrets.device_key();
        let (id, log) = (EntryId([9; 32]), crate::wire::LogId([9; 16]));
        group.fold().judge(&Written { id, author: root(DAVE), device, log, sequence: 0, seen }, |_| true)
    };
    assert_eq!(said(&[renamed]), Ok(()));
    assert_eq!(said(&[renamed, flood[0]]), Err(Void::Outsider));
}
