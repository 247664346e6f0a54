//! Groups without an admin, and who becomes one.

use std::time::Duration;

use uuid::Uuid;

use super::groups::{MINUTE, trio};
use crate::coordinator::Command;
use crate::coordinator::world::{Moment, World};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

/// The last two admins have left at the same time, each in the belief that the other stays. Carol has not heard it yet.
fn abandoned(seed: u64) -> (World, Vec<Uuid>, Uuid) {
    let mut world = World::new(seed);
    let (users, group) = trio(&mut world);
    // Who leaves where nobody hears it tells contacts later.
    world.befriend(BOB, CAROL);
    world.run(ALICE, Command::Promote { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.links_work = false;
    world.cut_links();
    world.broker(false);
    world.run(ALICE, Command::LeaveGroup(group)).unwrap();
    world.run(BOB, Command::LeaveGroup(group)).unwrap();
    world.broker(true);
    world.links_work = true;
    (world, users, group)
}

fn only_admin(world: &mut World, device: usize, group: Uuid) -> Vec<(Uuid, bool)> {
    let view = world.group_view(device, group).unwrap();
    view.members.iter().map(|member| (member.user_id, member.admin)).collect()
}

/// Whoever has been in longest is one by themselves; everybody agrees on it.
#[test]
fn a_group_without_an_admin_gets_one() {
    let (mut world, users, group) = abandoned(10);
    world.pass(5 * MINUTE);
    assert_eq!(only_admin(&mut world, CAROL, group), [(users[CAROL], true)]);
    assert!(world.run(CAROL, Command::RenameGroup { group, name: "Mine".into() }).is_ok());
}

/// Somebody who writes all the time while the last admins leave is the next one when they stop.
#[test]
fn who_writes_meanwhile_takes_over_afterwards() {
    let (mut world, users, group) = abandoned(11);
    world.disk_takes = Duration::from_millis(20);
    for number in 0..2_000 {
        world.submit(CAROL, Command::SendMessage { to: group, text: format!("{number}"), reply_to: None });
        world.pass(Duration::from_millis(15));
    }
    assert!(world.group_view(CAROL, group).unwrap().members.len() == 1, "they have gone meanwhile");
    world.disk_takes = Duration::ZERO;
    world.pass(5 * MINUTE);
    assert_eq!(only_admin(&mut world, CAROL, group), [(users[CAROL], true)]);
}

/// Wherever the heir's process dies on the way, the next one makes them an admin.
#[test]
fn a_killed_heir_takes_over_at_the_next_start() {
    for wishes in 0..24 {
        for moment in [Moment::Before, Moment::After] {
            let (mut world, users, group) = abandoned(12);
            world.crash_at(CAROL, wishes, moment);
            world.pass(2 * MINUTE);
            if !world.is_running(CAROL) {
                world.start(CAROL);
            }
            world.calm_disks();
            world.pass(5 * MINUTE);
            assert_eq!(only_admin(&mut world, CAROL, group), [(users[CAROL], true)], "{wishes} {moment:?}");
        }
    }
}
