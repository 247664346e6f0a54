use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::addresses::{Addresses, Gone, counts, way_shown};
use super::netlink::note_gone;
use super::settling::{LOOK_PAUSE, POLL, QUIET, RESTLESS, Settling};
use super::{NetworkChange, NetworkWatch};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A device with these addresses, each "interface address", that leaves from the first one of each family.
fn device(listed: &[&str]) -> Addresses {
    let listed: Vec<_> = listed.iter().map(|line| line.split_once(' ').unwrap()).collect();
    let way = |family: fn(&IpAddr) -> bool| listed.iter().map(|(_, address)| ip(address)).find(family);
    let ways = [way(IpAddr::is_ipv4), way(IpAddr::is_ipv6)];
    Addresses { listed: listed.into_iter().map(|(name, address)| (name.to_owned(), ip(address))).collect(), ways }
}

const HOME: &str = "wlan0 192.168.1.2";
const HOME_6: &str = "wlan0 2001:db8:1::2";
const ELSEWHERE: &str = "wlan0 10.0.0.7";
const CONTAINERS: &str = "docker0 172.17.0.1";

/// One that has looked already.
fn at_home() -> Settling {
    let mut settling = Settling::new(false);
    assert!(settling.wants_look(ms(0)));
    settling.looked(Some(device(&[HOME])), ms(0));
    assert_eq!(settling.due(), None);
    settling
}

/// However many things a system reports of one change, it is told once, when it is over.
#[test]
fn many_small_changes_are_told_once() {
    let mut settling = at_home();
    for step in 0..5 {
        let now = ms(1_000) + ms(60) * step;
        settling.rung(&Gone::default(), now);
        assert!(settling.wants_look(now));
        settling.looked(Some(device(&[&format!("wlan0 10.0.0.{}", 7 + step)])), now);
        assert_eq!(settling.settled(now), None);
    }
    let over = settling.due().unwrap();
    assert_eq!(over, ms(1_240) + QUIET);
    assert_eq!(settling.settled(over), Some(NetworkChange::WayOut));
    assert_eq!(settling.settled(over + ms(1)), None);
    assert_eq!(settling.due(), None);
}

/// The same as before is no change, unless something is known to have gone away between.
#[test]
fn the_same_as_before_is_no_change() {
    let mut settling = at_home();
    settling.rung(&Gone::default(), ms(100));
    settling.looked(Some(device(&[HOME])), ms(100));
    assert_eq!(settling.due(), None);
    for (address, change) in [("192.168.1.2", NetworkChange::WayOut), ("172.17.0.1", NetworkChange::Beside)] {
        let now = settling.due().unwrap_or(ms(1_000)) + ms(1_000);
        settling.rung(&Gone { addresses: BTreeSet::from([ip(address)]), ..Gone::default() }, now);
        settling.looked(Some(device(&[HOME])), now);
        assert_eq!(settling.settled(now + QUIET), Some(change), "{address}");
    }
}

/// A network that never comes to rest is told of all the same.
#[test]
fn a_restless_network_is_told_of() {
    let mut settling = at_home();
    let told = (1..100_u32).map(|step| ms(100) * step).find(|now| {
        settling.rung(&Gone { way_out: true, ..Gone::default() }, *now);
        settling.looked(Some(device(&[HOME])), *now);
        settling.settled(*now).is_some()
    });
    assert_eq!(told.unwrap(), ms(100) + RESTLESS);
}

/// When the system cannot say which addresses there are, none of them has gone: the next answer is waited for.
#[test]
fn a_look_that_shows_nothing_is_no_change() {
    let mut settling = at_home();
    settling.rung(&Gone::default(), ms(1_000));
    settling.looked(None, ms(1_000));
    assert_eq!((settling.settled(ms(1_900)), settling.due()), (None, Some(ms(1_000) + POLL)));
    settling.looked(Some(device(&[HOME])), ms(3_000));
    assert_eq!(settling.due(), None, "nothing has changed");

    // Nor does a first look that fails make the second a change.
    let mut settling = Settling::new(false);
    settling.looked(None, ms(0));
    settling.looked(Some(device(&[HOME])), POLL);
    assert_eq!(settling.due(), None);
}

/// Too few descriptors say nothing of the way out. Every other answer says that there is none.
#[cfg(unix)]
#[test]
fn only_a_shortage_says_nothing_of_the_way_out() {
    use rustix::io::Errno;
    let shown = |errno: Errno| way_shown(Err(io::Error::from(errno)));
    for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM] {
        assert!(shown(errno).is_err(), "{errno:?}");
    }
    for errno in [Errno::NETUNREACH, Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT, Errno::HOSTUNREACH, Errno::ACCESS] {
        assert_eq!(shown(errno).unwrap(), None, "{errno:?}");
    }
    assert_eq!(way_shown(Ok(ip("192.168.1.2"))).unwrap(), Some(ip("192.168.1.2")));
    assert_eq!(way_shown(Ok(ip("169.254.1.2"))).unwrap(), None);
}

/// A system that says something all the time is looked at now and then, at once after a silence.
#[test]
fn who_is_rung_for_all_the_time_looks_now_and_then() {
    let mut settling = at_home();
    let looks = (1_000..2_000).filter(|now| {
        settling.rung(&Gone::default(), ms(*now));
        let looks = settling.wants_look(ms(*now));
        if looks {
            settling.looked(Some(device(&[HOME])), ms(*now));
        }
        looks
    });
    let looks: Vec<_> = looks.collect();
    assert_eq!(looks[0], 1_000);
    assert!(looks.windows(2).all(|pair| ms(pair[1] - pair[0]) == LOOK_PAUSE), "{looks:?}");
    assert_eq!(settling.due(), Some(ms(1_950) + LOOK_PAUSE), "the last ring is not forgotten");
}

/// Nothing is told while a look is due that might show more.
#[test]
fn who_was_rung_for_looks_before_telling() {
    let mut settling = at_home();
    settling.rung(&Gone { way_out: true, ..Gone::default() }, ms(1_000));
    settling.looked(Some(device(&[])), ms(1_000));
    let over = ms(1_000) + QUIET;
    settling.rung(&Gone::default(), over - ms(10));
    settling.looked(Some(device(&[])), over - ms(10));
    settling.rung(&Gone::default(), over - ms(1));
    assert!(!settling.wants_look(over - ms(1)) && settling.wants_look(over));
}

/// Containers, virtual machines and temporary addresses of IPv6 are beside the way out; another address, network or
/// interface to leave from is not, even if the address stays.
#[test]
fn what_is_beside_the_way_out_is_told_apart() {
    use NetworkChange::{Beside, WayOut};
    let temporary = "wlan0 2001:db8:1::ab";
    for (before, after, expected) in [
        (&[HOME][..], &[HOME][..], None),
        (&[HOME], &[HOME, CONTAINERS], Some(Beside)),
        (&[HOME, CONTAINERS], &[HOME], Some(Beside)),
        (&[HOME, HOME_6], &[HOME, temporary, HOME_6], Some(Beside)),
        (&[HOME, temporary, HOME_6], &[HOME, temporary], Some(Beside)),
        (&[HOME], &[ELSEWHERE], Some(WayOut)),
        (&[HOME], &[], Some(WayOut)),
        (&[], &[HOME], Some(WayOut)),
        (&[HOME], &[HOME, HOME_6], Some(WayOut)),
        (&[HOME, HOME_6], &[HOME, temporary], Some(WayOut)),
        (&[HOME], &["tun0 10.8.0.2", HOME], Some(WayOut)),
        (&[HOME], &["eth0 192.168.1.2"], Some(WayOut)),
        (&[HOME], &[ELSEWHERE, CONTAINERS], Some(WayOut)),
    ] {
        assert_eq!(device(after).change_since(&device(before)), expected, "{before:?} {after:?}");
    }
}

/// A new address comes and is preferred, and then the old one goes: each step is beside the way out, and all of them are not.
#[test]
fn a_way_out_that_is_exchanged_in_steps_is_another() {
    let (mut settling, new) = (at_home(), "wlan0 192.168.1.3");
    for (step, shown) in [&[new, HOME][..], &[new]].into_iter().enumerate() {
        settling.looked(Some(device(shown)), ms(1_000 + 100 * u64::try_from(step).unwrap()));
    }
    assert_eq!(settling.settled(ms(2_000)), Some(NetworkChange::WayOut));
    settling.looked(Some(device(&[new, CONTAINERS])), ms(3_000));
    assert_eq!(settling.settled(ms(4_000)), Some(NetworkChange::Beside), "the next is another change");
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

/// An address's message body: of this scope, with a name beside the address.
fn address(scope: u8, bytes: &[u8]) -> Vec<u8> {
    let attribute = |kind: u16, value: &[u8]| {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    [vec![2, 24, 0, scope, 1, 0, 0, 0], attribute(3, b"wlan0"), attribute(2, bytes), attribute(1, bytes)].concat()
}

fn gone(messages: &[u8]) -> Gone {
    let mut gone = Gone::default();
    note_gone(messages, &mut gone);
    gone
}

/// A lost address or way out is gone; a router's announcement, or what belongs to one cable, is not.
#[test]
fn what_the_kernel_says_is_gone() {
    let (four, six) = ([192, 168, 1, 2], [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    let (default, other) = (vec![2, 0, 0, 0, 254, 3, 0, 1], vec![2, 24, 0, 0, 254, 3, 0, 1]);
    for (kind, body, way_out, address) in [
        (21, address(0, &four), false, Some("192.168.1.2")),
        (21, address(0, &six), false, Some("2001:db8::2")),
        (21, address(253, &four), false, None),
        (20, address(0, &four), false, None),
        (25, default.clone(), true, None),
        (25, other, false, None),
        (24, default, false, None),
    ] {
        let expected = Gone { way_out, addresses: address.map(ip).into_iter().collect() };
        assert_eq!(gone(&message(kind, &body)), expected, "{kind}");
        let behind = [message(16, &[1, 2, 3]), message(kind, &body)].concat();
        assert_eq!(gone(&behind), expected, "{kind}, behind another");
    }
    for broken in
        [&[][..], &[1], &[0; 16], &[255; 64], &message(21, &[]), &message(21, &[2, 24, 0, 0, 1, 0, 0, 0, 9, 0, 1])]
    {
        assert_eq!(gone(broken), Gone::default());
    }
}

/// The kernel lets us listen, and lists this computer's addresses: the loopback one is there wherever this runs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_can_be_asked() {
    super::alarm::Alarm::new().unwrap();
    let listed: Vec<_> = super::addresses::listed().unwrap().collect();
    assert!(listed.iter().any(|(_, address)| address.is_loopback()), "{listed:?}");
    super::addresses::read().unwrap();
}

/// What the kernel says is heard: however much waits it rings once, and a way that is gone is told as a change, although the
/// addresses look as before.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_kernel_says_is_heard() {
    let (kernel, ours) = tokio::net::UnixDatagram::pair().unwrap();
    let mut alarm = super::alarm::Alarm::over(ours);
    let (new, gone) = (message(20, &address(0, &[203, 0, 113, 5])), message(21, &address(0, &[203, 0, 113, 5])));
    let default = message(25, &[2, 0, 0, 0, 254, 3, 0, 1]);
    kernel.send(&new).await.unwrap();
    assert_eq!(alarm.rings().await.unwrap(), Gone::default());
    for said in [&new, &gone, &new] {
        kernel.send(said).await.unwrap();
    }
    assert_eq!(alarm.rings().await.unwrap().addresses, BTreeSet::from([ip("203.0.113.5")]));
    assert!(tokio::time::timeout(ms(50), alarm.rings()).await.is_err(), "it has rung for all of them");

    let mut watch = NetworkWatch::with(Some(alarm));
    kernel.send(&new).await.unwrap();
    assert!(tokio::time::timeout(ms(300), watch.changed()).await.is_err(), "an announcement is no change");
    for (said, expected) in [(&gone, NetworkChange::Beside), (&default, NetworkChange::WayOut)] {
        kernel.send(said).await.unwrap();
        assert_eq!(tokio::time::timeout(ms(10_000), watch.changed()).await.unwrap(), expected);
        assert!(tokio::time::timeout(ms(300), watch.changed()).await.is_err(), "it is told once");
    }
}

/// Where nothing changes nothing is told, whether the system tells or has to be asked, and however often the wait is left.
#[tokio::test]
async fn nothing_is_told_while_nothing_changes() {
    for mut watch in [NetworkWatch::begin(), NetworkWatch::with(None)] {
        for _ in 0..30 {
            assert!(tokio::time::timeout(ms(10), watch.changed()).await.is_err());
        }
        assert!(watch.looking.is_none() && !watch.settling.wants_look(watch.origin.elapsed()), "it has looked");
    }
}
