//! A device whose older Kith named what stands beside a group.

use rand::{SeedableRng, rngs::StdRng};

use super::groups::{MINUTE, told, trio};
use crate::coordinator::world::World;
use crate::identity::Secrets;
use crate::log::{Draft, Entry, Text};
use crate::store::{Op, Outcome, OwnLog};
use crate::wire::{EntryId, LogId, Salt, kind};

const ALICE: usize = 0;
const BOB: usize = 1;

/// Whatever goes on with such an entry stands beside the group too. So a new log begins, and what is written from then on arrives.
#[test]
fn who_named_an_outsider_writes_on_in_a_new_log() {
    let mut world = World::new(31);
    let (_, group) = trio(&mut world);
    world.pass(MINUTE);
    world.kill(ALICE);
    let own = own_log(&mut world);
    let write = |secrets: &Secrets, log: &OwnLog, after: Vec<EntryId>| {
        let draft = Draft {
            author: secrets.root_key(),
            conversation: log.conversation,
            log: log.log,
            sequence: log.next,
            previous: log.last,
            after,
            time: 1_700_000_100_000,
            kind: kind::TEXT,
            target: None,
            body: Text::new("look at me").unwrap().to_bytes(),
            salt: Salt([9; 32]),
        };
        Entry::write(&secrets.device, draft)
    };
    let stranger = Secrets::generate(&mut StdRng::seed_from_u64(77));
    let theirs = OwnLog { log: LogId([7; 16]), next: 0, last: None, ..own.clone() };
    let outside = write(&stranger, &theirs, own.heads.clone());
    let alice = Secrets::from_bytes(&world.key_file(ALICE)).unwrap();
    let careless = write(&alice, &own, vec![outside.id()]);
    for entry in [outside, careless.clone()] {
        let outcome = world.db(ALICE).apply(vec![Op::Append(Box::new(entry))]).remove(0);
        assert!(matches!(outcome, Ok(Outcome::Appended { .. })), "{outcome:?}");
    }
    world.note_kept(ALICE, own.conversation);
    assert_eq!(own_log(&mut world).last, Some(careless.id()));
    world.start(ALICE);
    world.pass(MINUTE);
    let said = world.write(ALICE, group, "can you read this?");
    world.until("Bob has it", 2 * MINUTE, |world| told(world, BOB, &said) == 1);
    world.pass(MINUTE);
    assert_eq!(world.status(ALICE).outbox, 0, "what stands beside the group waits for nobody");
    let log = own_log(&mut world);
    assert!(log.log != own.log && log.next == 1 && !log.beside, "{log:?}");
    // The next start goes on with it.
    world.kill(ALICE);
    world.start(ALICE);
    world.pass(MINUTE);
    world.write(ALICE, group, "and this?");
    world.pass(MINUTE);
    assert_eq!(own_log(&mut world).next, 2);
}

/// Alice's log in the group.
fn own_log(world: &mut World) -> OwnLog {
    let Some(Ok(Outcome::Loaded(loaded))) = world.db(ALICE).apply(vec![Op::Load]).pop() else { panic!("no logs") };
    let group = loaded.groups[0].conversation;
    loaded.logs.into_iter().find(|log| log.conversation == group).unwrap()
}
