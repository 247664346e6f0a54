//! Runs that go on at the same time, a few of them, and do not begin at the same moment.

use std::collections::VecDeque;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Does all of these, `jobs` at a time, none earlier than `apart` after the one before it. Tells of each as it is done, and
/// returns all in the order in which they were given.
pub fn run<J: Send, T: Send>(
    all: Vec<J>,
    jobs: usize,
    apart: Duration,
    act: impl Fn(&J) -> T + Sync,
    mut told: impl FnMut(&J, &T),
) -> Vec<(J, T)> {
    let count = all.len();
    let waiting = Mutex::new((all.into_iter().enumerate().collect::<VecDeque<_>>(), Instant::now()));
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (queue, begins) = &mut *waiting;
        let job = queue.pop_front()?;
        let at = (*begins).max(Instant::now());
        *begins = at + apart;
        Some((job, at))
    };
    let mut done: Vec<(usize, J, T)> = Vec::with_capacity(count);
    thread::scope(|scope| {
        let (send, results) = sync_channel(jobs.max(1));
        for _ in 0..jobs.max(1) {
            let (send, next, act) = (send.clone(), &next, &act);
            scope.spawn(move || {
                while let Some(((index, job), at)) = next() {
                    thread::sleep(at.saturating_duration_since(Instant::now()));
                    let result = act(&job);
                    if send.send((index, job, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (index, job, result) in results {
            told(&job, &result);
            done.push((index, job, result));
        }
    });
    done.sort_by_key(|(index, ..)| *index);
    done.into_iter().map(|(_, job, result)| (job, result)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All are done, each is told of, and the order is kept.
    #[test]
    fn all_are_done_in_order() {
        let mut told = 0;
        let done = run(vec![3, 1, 2], 2, Duration::ZERO, |job| job * 10, |_, _| told += 1);
        assert_eq!((done, told), (vec![(3, 30), (1, 10), (2, 20)], 3));
    }
}
