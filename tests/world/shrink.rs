//! A story that fails, with as few moves as it still fails with.
//!
//! Halves, quarters, eighths … of its moves are left out for as long as it fails without them (delta debugging:
//! Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).

use std::time::{Duration, Instant};

use super::moves::Story;

/// How long it may take: a story that is not as short as it could be is worth more than one that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leaves out what the failure does not need.
pub fn shrink(mut story: Story, fails: impl Fn(&Story) -> bool) -> Story {
    let (mut size, start) = (story.moves.len().div_ceil(2), Instant::now());
    while size > 0 && start.elapsed() < PATIENCE {
        let mut from = 0;
        while from < story.moves.len() && start.elapsed() < PATIENCE {
            let mut less = story.clone();
            less.moves.drain(from..(from + size).min(story.moves.len()));
            if fails(&less) {
                story = less;
            } else {
                from += size;
            }
        }
        size /= 2;
    }
    story
}

/// Only the moves that matter are left, in their order.
#[test]
fn only_what_matters_is_left() {
    let story = Story::of(1);
    let marked = [story.moves[3].what, story.moves[90].what];
    let short = shrink(story, |story| {
        let all: Vec<u32> = story.moves.iter().map(|step| step.what).collect();
        marked.iter().all(|what| all.contains(what))
    });
    assert_eq!(short.moves.iter().map(|step| step.what).collect::<Vec<_>>(), marked);
}
