//! What one lost signal costs when nothing else goes wrong. Live topics are delivered with QoS 0, so a broker may drop any.

use super::{World, ms};

/// Whichever of the signals of a first contact is lost, the link opens: those that are missed are said again after a second.
#[test]
fn any_one_signal_may_be_lost() {
    let (mut slowest, mut fastest) = (ms(0), ms(60_000));
    for seed in 0..200 {
        for missed in 0..=6 {
            let mut world = World::new(seed, None);
            (world.loss, world.doubling, world.failing, world.refusing) = (0.0, 0.0, 0.0, 0.0);
            (world.slowest, world.missed) = ([30; 2], missed);
            for at in [0, 1] {
                world.start(at);
            }
            world.pass_until(ms(10_000), World::flows);
            assert!(world.flows(), "seed {seed}: no link without signal {missed}");
            let took = world.now;
            if missed == 0 { fastest = fastest.min(took) } else { slowest = slowest.max(took) }
        }
    }
    println!("with all signals {fastest:?} at best, with one lost {slowest:?} at worst");
    assert!(slowest < ms(2_000), "{slowest:?}");
}
