//! Where the window is, and where it may come back to. Pure.

use std::time::Duration;

use crate::host::WindowPlace;

/// The least size: below it even one pane does not fit.
pub(super) const SIZE_MIN: (f64, f64) = (360.0, 480.0);
/// The size of the first start: two panes, and room beside it on a small screen.
pub(super) const SIZE_FIRST: (f64, f64) = (1000.0, 720.0);
/// Wider or higher is no window of a person.
const SIZE_MAX: f64 = 16_384.0;
/// So much of the window must lie on a screen for a hand to reach it.
const GRIP: f64 = 80.0;
/// A window that is being maximized tells its new size before it tells why: a size counts when it has stood this long.
const SETTLED: Duration = Duration::from_millis(500);

/// A screen or a window, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The place to open with: what was kept, as far as it makes sense.
pub(super) fn sane(kept: Option<WindowPlace>) -> WindowPlace {
    let first = WindowPlace { x: None, y: None, width: SIZE_FIRST.0, height: SIZE_FIRST.1, maximized: false };
    let Some(kept) = kept else { return first };
    let fits = |size: f64| size.is_finite() && (1.0..=SIZE_MAX).contains(&size);
    if !fits(kept.width) || !fits(kept.height) {
        return WindowPlace { maximized: kept.maximized, ..first };
    }
    let near = |at: Option<f64>| at.filter(|at| at.is_finite() && at.abs() <= SIZE_MAX);
    let (x, y) = match (near(kept.x), near(kept.y)) {
        (Some(x), Some(y)) => (Some(x), Some(y)),
        _ => (None, None),
    };
    WindowPlace { x, y, width: kept.width.max(SIZE_MIN.0), height: kept.height.max(SIZE_MIN.1), ..kept }
}

/// Whether a hand can reach the top of a window at this place. Without a known screen nobody can say no.
pub(super) fn is_reachable(place: &WindowPlace, screens: &[Rect]) -> bool {
    let (Some(x), Some(y)) = (place.x, place.y) else { return true };
    screens.is_empty()
        || screens.iter().any(|screen| {
            let across = (x + place.width).min(screen.x + screen.width) - x.max(screen.x);
            across >= GRIP && y >= screen.y - GRIP / 4.0 && y <= screen.y + screen.height - GRIP
        })
}

/// Follows a window: where to come back to when it was maximized last.
#[derive(Debug)]
pub(super) struct Tracker {
    settled: WindowPlace,
    recent: Option<(Duration, WindowPlace)>,
}

impl Tracker {
    pub(super) fn new(kept: Option<WindowPlace>) -> Self {
        Self { settled: sane(kept), recent: None }
    }

    /// What to keep from now on, by what the window says of itself.
    pub(super) fn measure(&mut self, now: Duration, place: WindowPlace) -> WindowPlace {
        if let Some((since, place)) = self.recent
            && now.saturating_sub(since) >= SETTLED
        {
            self.settled = place;
        }
        if place.maximized {
            self.recent = None;
            return WindowPlace { maximized: true, ..self.settled };
        }
        self.recent = Some((now, place));
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64, width: f64, height: f64) -> WindowPlace {
        WindowPlace { x: Some(x), y: Some(y), width, height, maximized: false }
    }

    /// A place that makes sense comes back as it was; anything else gives way to a usual one.
    #[test]
    fn only_a_sane_place_comes_back() {
        let place = at(-1200.0, 40.0, 900.0, 700.0);
        assert_eq!(sane(Some(place)), place);
        let first = sane(None);
        assert_eq!((first.width, first.height, first.x), (SIZE_FIRST.0, SIZE_FIRST.1, None));
        for broken in [at(0.0, 0.0, f64::NAN, 1.0), at(0.0, 0.0, 0.0, 500.0), at(0.0, 0.0, 500.0, 1e9)] {
            assert_eq!(sane(Some(broken)), first);
        }
        let lost = sane(Some(at(1e9, 0.0, 500.0, 500.0)));
        assert_eq!((lost.x, lost.y, lost.width), (None, None, 500.0));
        assert_eq!(sane(Some(at(0.0, 0.0, 10.0, 10.0))), at(0.0, 0.0, SIZE_MIN.0, SIZE_MIN.1));
    }

    /// A window comes back only where a hand can reach it: the second screen may be gone.
    #[test]
    fn a_window_never_comes_back_out_of_reach() {
        let one = [Rect { x: 0.0, y: 0.0, width: 1920.0, height: 1080.0 }];
        let two = [one[0], Rect { x: 1920.0, y: 0.0, width: 1280.0, height: 1024.0 }];
        let second = at(2000.0, 100.0, 800.0, 600.0);
        assert!(is_reachable(&second, &two) && !is_reachable(&second, &one));
        assert!(is_reachable(&at(-700.0, 0.0, 800.0, 600.0), &one));
        assert!(!is_reachable(&at(-780.0, 0.0, 800.0, 600.0), &one));
        assert!(!is_reachable(&at(0.0, 1060.0, 800.0, 600.0), &one));
        assert!(!is_reachable(&at(0.0, -300.0, 800.0, 600.0), &one));
        assert!(is_reachable(&second, &[]));
    }

    /// A window that was maximized keeps the size that it had before, though the system tells the big size first.
    #[test]
    fn a_maximized_window_remembers_its_size() {
        let mut tracker = Tracker::new(None);
        let (small, big) = (at(10.0, 20.0, 600.0, 500.0), at(0.0, 0.0, 1920.0, 1080.0));
        let ms = Duration::from_millis;
        assert_eq!(tracker.measure(ms(0), small), small);
        assert_eq!(tracker.measure(ms(2000), big), big);
        let full = WindowPlace { maximized: true, ..big };
        assert_eq!(tracker.measure(ms(2010), full), WindowPlace { maximized: true, ..small });
        assert_eq!(tracker.measure(ms(9000), full), WindowPlace { maximized: true, ..small });
        assert_eq!(tracker.measure(ms(9900), small), small);
    }
}
