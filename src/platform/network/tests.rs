use std::net::IpAddr;
use std::time::Duration;

use super::addresses::counts;
use super::netlink::is_a_change;
use super::settling::{QUIET, RESTLESS, Settling};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// However many things a system reports of one change, it is told once, when it is over.
#[test]
fn many_small_changes_are_told_once() {
    let mut settling = Settling::new(0);
    assert_eq!(settling.due(), None);
    for step in 0..5 {
        settling.seen(step, ms(20) * step);
        assert!(!settling.is_settled(ms(20) * step));
    }
    let over = settling.due().unwrap();
    assert_eq!(over, ms(80) + QUIET);
    assert!(settling.is_settled(over));
    assert!(!settling.is_settled(over + ms(1)));
    assert_eq!(settling.due(), None);
}

/// The same as before is no change, unless something is known to have gone away between.
#[test]
fn the_same_as_before_is_no_change() {
    let mut settling = Settling::new(7);
    settling.seen(7, ms(10));
    assert_eq!(settling.due(), None);
    settling.moved(ms(20));
    settling.seen(7, ms(20));
    assert!(settling.is_settled(ms(20) + QUIET));
}

/// A network that never comes to rest is told of all the same.
#[test]
fn a_restless_network_is_told_of() {
    let mut settling = Settling::new(0);
    let told = (1..100_u32).map(|step| (step, ms(100) * step)).find(|(step, now)| {
        settling.seen(*step, *now);
        settling.is_settled(*now)
    });
    assert_eq!(told.unwrap().1, ms(100) + RESTLESS);
}

/// What nobody outside this machine or this cable can use is no reason to look for new paths.
#[test]
fn addresses_of_no_use_do_not_count() {
    for (text, expected) in [
        ("127.0.0.1", false),
        ("::1", false),
        ("fe80::1", false),
        ("169.254.3.4", false),
        ("0.0.0.0", false),
        ("192.168.1.2", true),
        ("2001:db8::2", true),
        ("fd00::2", true),
    ] {
        assert_eq!(counts(text.parse::<IpAddr>().unwrap()), expected, "{text}");
    }
}

fn message(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], body].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A lost address or way out is a change by itself; a router's announcement, or what belongs to one cable, is none.
#[test]
fn only_what_goes_away_is_a_change_by_itself() {
    let (global, link) = ([2, 24, 0, 0, 1, 0, 0, 0], [10, 64, 0, 253, 1, 0, 0, 0]);
    let (default, other) = ([2, 0, 0, 0, 254, 3, 0, 1], [2, 24, 0, 0, 254, 3, 0, 1]);
    for (kind, body, expected) in [
        (21, global, true),
        (21, link, false),
        (20, global, false),
        (25, default, true),
        (25, other, false),
        (24, default, false),
    ] {
        assert_eq!(is_a_change(&message(kind, &body)), expected, "{kind}");
        let behind = [message(16, &[1, 2, 3]), message(kind, &body)].concat();
        assert_eq!(is_a_change(&behind), expected, "{kind}, behind another");
    }
    for broken in [&[][..], &[1], &[0; 16], &[255; 64], &message(21, &[])[..]] {
        assert!(!is_a_change(broken));
    }
}

/// The kernel lets us listen, and lists this computer's addresses: the loopback one is there wherever this runs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_can_be_asked() {
    super::alarm::Alarm::new().unwrap();
    let listed: Vec<_> = super::addresses::listed().collect();
    assert!(listed.iter().any(|(_, address)| address.is_loopback()), "{listed:?}");
}

/// What the kernel says is heard: however much waits it rings once, and a way that is gone is told as a change, although the
/// addresses look as before.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_kernel_says_is_heard() {
    let (kernel, ours) = tokio::net::UnixDatagram::pair().unwrap();
    let mut alarm = super::alarm::Alarm::over(ours);
    let (new, gone) = (message(20, &[2, 24, 0, 0, 1, 0, 0, 0]), message(21, &[2, 24, 0, 0, 1, 0, 0, 0]));
    kernel.send(&new).await.unwrap();
    assert!(!alarm.rings().await.unwrap());
    for said in [&new, &gone, &new] {
        kernel.send(said).await.unwrap();
    }
    assert!(alarm.rings().await.unwrap());
    assert!(tokio::time::timeout(ms(50), alarm.rings()).await.is_err(), "it has rung for all of them");

    let mut watch = super::NetworkWatch { alarm: Some(alarm), ..super::NetworkWatch::begin() };
    kernel.send(&new).await.unwrap();
    assert!(tokio::time::timeout(ms(300), watch.changed()).await.is_err(), "an announcement is no change");
    kernel.send(&gone).await.unwrap();
    tokio::time::timeout(ms(10_000), watch.changed()).await.unwrap();
    assert!(tokio::time::timeout(ms(300), watch.changed()).await.is_err(), "it is told once");
}

/// Where nothing changes nothing is told.
#[tokio::test]
async fn nothing_is_told_while_nothing_changes() {
    let mut watch = super::NetworkWatch::begin();
    let told = tokio::time::timeout(ms(300), watch.changed()).await;
    assert!(told.is_err());
}
