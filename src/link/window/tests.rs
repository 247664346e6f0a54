use super::*;

/// A path: bytes leave its narrowest place at a rate, and are confirmed a round trip later.
struct Path {
    /// Bytes a second.
    rate: f64,
    round_trip: Duration,
}

/// What a sender with always more to send saw.
struct Seen {
    /// Bytes a second, over the last seconds.
    rate: f64,
    /// How long a message would have waited behind what the path held, at worst.
    wait: Duration,
    /// The window at the end.
    window: usize,
}

/// Sends for so long as the window allows, and looks at the part after the first `skip`.
fn send(window: &mut Window, path: &Path, from: Duration, skip: Duration, time: Duration) -> Seen {
    let mut now = from;
    // When the narrowest place is free, and what comes back when.
    let mut free = from;
    let mut confirmations: VecDeque<(Duration, usize)> = VecDeque::new();
    let (mut confirmed, mut wait) = (0, Duration::ZERO);
    while now < from + time {
        loop {
            let bytes = window.piece_bytes() + HEAD_BYTES;
            if !window.has_room(bytes) {
                break;
            }
            free = free.max(now) + Duration::from_secs_f64(bytes as f64 / path.rate);
            window.handed(bytes, now);
            confirmations.push_back((free + path.round_trip, bytes));
            if now >= from + skip {
                wait = wait.max(free.saturating_sub(now));
            }
        }
        let (at, bytes) = confirmations.pop_front().unwrap();
        now = at;
        if now >= from + skip {
            confirmed += bytes;
        }
        window.left(window.under_way() - bytes, now);
    }
    // What is under way at the end does not confuse who goes on.
    while let Some((at, bytes)) = confirmations.pop_front() {
        window.left(window.under_way() - bytes, at);
    }
    Seen { rate: confirmed as f64 / (time - skip).as_secs_f64(), wait, window: window.bytes() }
}

const SECOND: Duration = Duration::from_secs(1);

/// Whatever the path: it is filled, and a message waits no longer than a round trip, or a moment, or a few packets' time.
#[test]
fn a_path_is_filled_and_messages_do_not_wait() {
    for rate in [30e3, 125e3, 1.25e6, 12.5e6, 80e6] {
        for millis in [0.2, 3.0, 30.0, 200.0] {
            let path = Path { rate, round_trip: Duration::from_secs_f64(millis / 1e3) };
            let mut window = Window::default();
            let seen = send(&mut window, &path, SECOND, 25 * SECOND, 60 * SECOND);
            // The peer's receive window is a limit of its own.
            let possible = rate.min(WINDOW_BYTES_MAX as f64 / path.round_trip.as_secs_f64());
            let what = format!(
                "{rate} bytes a second, {millis} ms: {} bytes a second, {:?}, {}",
                seen.rate, seen.wait, seen.window
            );
            println!("{what}");
            assert!(seen.rate >= 0.9 * possible, "not filled: {what}");
            let packets = Duration::from_secs_f64(2.0 * WINDOW_BYTES_MIN as f64 / rate);
            assert!(seen.wait <= PATIENCE.max(path.round_trip).mul_f64(1.5) + packets, "a message waits: {what}");
        }
    }
}

/// A path that grows longer, or becomes slower or quicker, is measured anew.
#[test]
fn a_path_that_changes_is_measured_anew() {
    let mut window = Window::default();
    let ways = [(1.25e6, 20), (1.25e6, 150), (0.2e6, 150), (5e6, 30)];
    for (number, (rate, millis)) in (1..).zip(ways) {
        let path = Path { rate, round_trip: Duration::from_millis(millis) };
        let seen = send(&mut window, &path, number * 100 * SECOND, 30 * SECOND, 60 * SECOND);
        assert!(seen.rate >= 0.9 * rate, "{number}: {}", seen.rate);
        assert!(seen.wait <= path.round_trip.mul_f64(2.0) + Duration::from_millis(200), "{number}: {:?}", seen.wait);
    }
}

/// A confirmation that comes 200 ms late, as the last of a burst may, does not make the path seem long.
#[test]
fn a_late_confirmation_is_not_the_path() {
    let mut window = Window::default();
    let path = Path { rate: 10e6, round_trip: Duration::from_millis(1) };
    send(&mut window, &path, SECOND, SECOND, 5 * SECOND);
    // A pause longer than any measurement counts; then pieces whose every third is confirmed late.
    let mut now = 60 * SECOND;
    for number in 0..400 {
        let bytes = window.piece_bytes();
        assert!(window.has_room(bytes));
        window.handed(bytes, now);
        now += Duration::from_millis(if number % 3 == 0 { 200 } else { 2 });
        window.left(0, now);
    }
    assert!(window.round_trip.unwrap().0 <= Duration::from_millis(2), "{:?}", window.round_trip);
}

/// Nothing is lost by a piece that is larger than the window: it goes when nothing else is under way.
#[test]
fn a_piece_larger_than_the_window_goes_alone() {
    let mut window = Window::default();
    let large = WINDOW_BYTES_FIRST + 1;
    assert!(window.has_room(large));
    window.handed(large, SECOND);
    assert!(!window.has_room(1));
    window.left(0, 2 * SECOND);
    assert!(window.has_room(large));
}

/// A loss is seen by how late a piece is confirmed: the window shrinks, once for all that was lost together, and grows again
/// by and by.
#[test]
fn a_loss_halves_the_window() {
    let mut window = Window::default();
    let path = Path { rate: 20e6, round_trip: Duration::from_millis(20) };
    let before = send(&mut window, &path, SECOND, SECOND, 5 * SECOND).window;
    let bytes = window.piece_bytes();
    window.handed(bytes, 10 * SECOND);
    window.handed(bytes, 10 * SECOND);
    window.left(bytes, 11 * SECOND + path.round_trip);
    window.left(0, 11 * SECOND + path.round_trip);
    let after = window.bytes();
    assert!(after <= before * 3 / 5 && after >= before / 3, "{before} became {after}");
    let later = send(&mut window, &path, 12 * SECOND, SECOND, 100 * SECOND).window;
    assert!(later >= before * 9 / 10, "{before} became {later}");
}

/// On a short way the window is what the peer's socket takes: more where it has said so, and never more than is of use.
#[test]
fn a_larger_socket_takes_more() {
    let path = Path { rate: 400e6, round_trip: Duration::from_micros(200) };
    let window = |room: Option<usize>| {
        let mut window = Window::default();
        room.into_iter().for_each(|room| window.set_room(room));
        send(&mut window, &path, Duration::ZERO, SECOND, 2 * SECOND).window
    };
    assert_eq!(window(None), 80 * 1024);
    assert_eq!(window(Some(1)), 80 * 1024);
    assert_eq!(window(Some(416 * 1024)), 184 * 1024);
    assert_eq!(window(Some(usize::MAX)), 360 * 1024);
}
