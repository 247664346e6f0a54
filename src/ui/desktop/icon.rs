//! The window's icon: two speech bubbles, one over the other, drawn from their geometry so that no picture has to be read.

use dioxus::desktop::tao::window::Icon;

/// Its side in pixels: what window lists show at most.
const SIDE: u32 = 128;
/// Points that are looked at in a pixel, each way: soft edges.
const FINE: u32 = 3;
const GREEN: [u8; 3] = [0x1f, 0x6f, 0x54];
const LIGHT: [u8; 3] = [0xa9, 0xd9, 0xc3];
/// The gap that sets the front bubble off from the one behind, in the unit of the picture.
const GAP: f32 = 3.0;

/// A bubble in a picture of 100 by 100: a box with round corners, and a tail at its lower left or right.
struct Bubble {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    tail: [(f32, f32); 3],
}

const BEHIND: Bubble =
    Bubble { left: 8.0, top: 12.0, right: 70.0, bottom: 58.0, tail: [(18.0, 50.0), (16.0, 74.0), (38.0, 56.0)] };
const FRONT: Bubble =
    Bubble { left: 32.0, top: 36.0, right: 92.0, bottom: 80.0, tail: [(62.0, 78.0), (84.0, 94.0), (82.0, 72.0)] };
const RADIUS: f32 = 15.0;

impl Bubble {
    /// Whether a point lies in it, or within `margin` of its box.
    fn holds(&self, x: f32, y: f32, margin: f32) -> bool {
        let from = |at: f32, low: f32, high: f32| (low + RADIUS - at).max(at - (high - RADIUS)).max(0.0);
        let (across, down) = (from(x, self.left, self.right), from(y, self.top, self.bottom));
        across.hypot(down) <= RADIUS + margin || self.tail_holds(x, y)
    }

    fn tail_holds(&self, x: f32, y: f32) -> bool {
        let [a, b, c] = self.tail;
        let side = |p: (f32, f32), q: (f32, f32)| (q.0 - p.0) * (y - p.1) - (q.1 - p.1) * (x - p.0);
        let sides = [side(a, b), side(b, c), side(c, a)];
        sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
    }
}

/// The colour at a point; none outside.
fn colour(x: f32, y: f32) -> Option<[u8; 3]> {
    if FRONT.holds(x, y, 0.0) {
        return Some(GREEN);
    }
    (BEHIND.holds(x, y, 0.0) && !FRONT.holds(x, y, GAP)).then_some(LIGHT)
}

/// Red, green, blue and opacity of every pixel, row by row.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "sides of some hundred pixels")]
fn pixels(side: u32) -> Vec<u8> {
    let unit = 100.0 / (side * FINE) as f32;
    let mut pixels = Vec::with_capacity((side * side * 4) as usize);
    for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
        let points = (0..FINE * FINE).filter_map(|point| {
            let (x, y) = (column * FINE + point % FINE, row * FINE + point / FINE);
            colour((x as f32 + 0.5) * unit, (y as f32 + 0.5) * unit)
        });
        let (sum, count) = points.fold(([0_u32; 3], 0_u32), |(sum, count), [red, green, blue]| {
            let [r, g, b] = sum;
            ([r + u32::from(red), g + u32::from(green), b + u32::from(blue)], count + 1)
        });
        pixels.extend(sum.map(|part| (part / count.max(1)) as u8));
        pixels.push((count * 255 / (FINE * FINE)) as u8);
    }
    pixels
}

/// The icon; none when the system takes none.
pub(super) fn icon() -> Option<Icon> {
    Icon::from_rgba(pixels(SIDE), SIDE, SIDE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The icon is a picture: clear around, and both bubbles on it.
    #[test]
    fn the_icon_shows_two_bubbles() {
        let pixels = pixels(32);
        let pixel = |x: usize, y: usize| pixels[(y * 32 + x) * 4..][..4].to_vec();
        assert_eq!(pixels.len(), 32 * 32 * 4);
        assert_eq!(pixel(0, 0)[3], 0);
        assert_eq!(pixel(20, 18), [0x1f, 0x6f, 0x54, 255]);
        assert_eq!(pixel(8, 10), [0xa9, 0xd9, 0xc3, 255]);
    }
}
