//! What was measured in many runs, beside what was promised.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::promises::Promise;

/// A promise, and how it was kept.
pub struct Figure {
    promise: &'static Promise,
    /// Seconds, in order.
    times: Vec<f64>,
    /// How many runs there should have been.
    runs: usize,
}

impl Figure {
    /// Of these times.
    pub fn new(promise: &'static Promise, times: impl IntoIterator<Item = Duration>, runs: usize) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        Self { promise, times, runs }
    }

    /// The one in the middle.
    pub fn median(&self) -> Option<f64> {
        self.times.get(self.times.len() / 2).copied()
    }

    /// The longest.
    pub fn worst(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// In every run, by the worst of them.
    pub fn is_kept(&self) -> bool {
        self.times.len() == self.runs && self.worst().is_some_and(|worst| worst <= self.promise.seconds)
    }

    /// One line of the table.
    pub fn line(&self) -> String {
        let time = |time: Option<f64>| time.map_or("     –".to_owned(), |time| format!("{time:6.2}"));
        let Promise { what, seconds, .. } = self.promise;
        let verdict = if self.is_kept() { "kept" } else { "MISSED" };
        let late = self.times.iter().filter(|time| **time > *seconds).count() + (self.runs - self.times.len());
        let late = if late > 0 { format!(" in {late} of {} runs", self.runs) } else { String::new() };
        let (median, worst) = (time(self.median()), time(self.worst()));
        format!("{what:<64} {seconds:>6.1} {median} {worst}   {verdict}{late}")
    }

    /// The head of the table.
    pub fn head() -> String {
        format!("{:<64} {:>6} {:>6} {:>6}", "seconds until …", "promise", "median", "worst")
    }

    fn json(&self) -> Value {
        json!({
            "name": self.promise.name, "what": self.promise.what, "unit": "s", "target": self.promise.seconds,
            "value": self.worst(), "median": self.median(), "runs": self.runs, "times": self.times, "met": self.is_kept(),
        })
    }
}

/// Writes them for programs.
pub fn write(file: &Path, figures: &[Figure], more: Value) -> Result<()> {
    let figures: Vec<Value> = figures.iter().map(Figure::json).collect();
    let text = serde_json::to_string_pretty(&json!({"figures": figures, "runs": more}))?;
    fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promises::PROMISES;

    /// One run that is late, or one that brought nothing, is a promise that was not kept.
    #[test]
    fn a_promise_is_kept_in_every_run() {
        let promise = PROMISES.first().unwrap_or_else(|| std::process::abort());
        let figure =
            |seconds: &[u64], runs| Figure::new(promise, seconds.iter().map(|s| Duration::from_secs(*s)), runs);
        assert!(figure(&[1, 2], 2).is_kept());
        assert!(!figure(&[1, 60], 2).is_kept());
        assert!(!figure(&[1], 2).is_kept());
        assert_eq!(figure(&[3, 1, 2], 3).median(), Some(2.0));
    }
}
