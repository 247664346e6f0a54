//! Figures and what they shall be.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What a figure shall be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// Something that was measured.
#[derive(Debug)]
pub struct Figure {
    /// A short name that stays.
    name: &'static str,
    /// In plain words.
    what: &'static str,
    value: f64,
    unit: &'static str,
    target: Target,
    /// How the value came about.
    detail: Value,
}

impl Figure {
    fn is_met(&self) -> bool {
        match self.target {
            // What is no number meets nothing.
            Target::AtMost(most) => self.value <= most,
            Target::AtLeast(least) => self.value >= least,
        }
    }

    fn measured(&self) -> String {
        let Self { value, unit, .. } = self;
        // Near a small target a tenth is much.
        if *value < 10.0 { format!("{value:.2} {unit}") } else { format!("{value:.1} {unit}") }
    }

    fn wanted(&self) -> String {
        match self.target {
            Target::AtMost(most) => format!("at most {most} {}", self.unit),
            Target::AtLeast(least) => format!("at least {least} {}", self.unit),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.what, self.measured(), self.wanted())
    }
}

/// All that were measured.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Adds one.
    pub fn add(
        &mut self,
        name: &'static str,
        what: &'static str,
        value: f64,
        unit: &'static str,
        target: Target,
        detail: Value,
    ) {
        self.0.push(Figure { name, what, value, unit, target, detail });
    }

    /// Those that are not what they shall be.
    pub fn missed(&self) -> Vec<&Figure> {
        self.0.iter().filter(|figure| !figure.is_met()).collect()
    }

    /// A table, each line with how it came about below it.
    pub fn print(&self) {
        let width =
            |text: fn(&Figure) -> String| self.0.iter().map(|figure| text(figure).len()).max().unwrap_or_default();
        let (measured, wanted) = (width(Figure::measured), width(Figure::wanted));
        println!();
        for figure in &self.0 {
            let met = if figure.is_met() { "✓" } else { "✗" };
            println!("{met}  {:>measured$}  {:<wanted$}  {}", figure.measured(), figure.wanted(), figure.what);
            println!("     {}", figure.detail);
        }
    }

    /// All of it, for programs.
    pub fn write(&self, file: &Path) -> Result<()> {
        let figures: Vec<Value> = self
            .0
            .iter()
            .map(|figure| {
                let (most, least) = match figure.target {
                    Target::AtMost(most) => (Some(most), None),
                    Target::AtLeast(least) => (None, Some(least)),
                };
                json!({
                    "name": figure.name, "what": figure.what, "value": figure.value, "unit": figure.unit,
                    "atMost": most, "atLeast": least, "met": figure.is_met(), "detail": figure.detail,
                })
            })
            .collect();
        let text = serde_json::to_string_pretty(&json!({ "figures": figures }))?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Times in order, and what is said of them.
pub struct Samples(Vec<f64>);

impl Samples {
    /// In whatever order.
    pub fn new(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The one in the middle; no number when there is none.
    pub fn median(&self) -> f64 {
        let half = self.0.len() / 2;
        match self.0.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => self.at(half),
            _ => f64::midpoint(self.at(half - 1), self.at(half)),
        }
    }

    /// The one that this share of them does not exceed: 0.95 of twenty is the nineteenth.
    pub fn at_share(&self, share: f64) -> f64 {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.at(rank.saturating_sub(1))
    }

    /// The largest.
    pub fn worst(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }

    /// The middle of them all.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// For the detail of a figure.
    pub fn detail(&self) -> Value {
        let short = |value: f64| (value * 10.0).round() / 10.0;
        let least = self.0.first().copied().unwrap_or(f64::NAN);
        json!({"runs": self.0.len(), "least": short(least), "median": short(self.median()), "worst": short(self.worst())})
    }

    fn at(&self, index: usize) -> f64 {
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target is met at its very value, and never by what is no number.
    #[test]
    fn targets_are_met_or_missed() {
        let mut figures = Figures::default();
        for (value, target) in [
            (1.0, Target::AtMost(1.0)),
            (1.1, Target::AtMost(1.0)),
            (0.8, Target::AtLeast(0.8)),
            (0.7, Target::AtLeast(0.8)),
            (f64::NAN, Target::AtMost(1.0)),
            (f64::NAN, Target::AtLeast(1.0)),
        ] {
            figures.add("name", "what", value, "ms", target, Value::Null);
        }
        let missed: Vec<String> = figures.missed().into_iter().map(ToString::to_string).collect();
        assert_eq!(missed.len(), 4, "{missed:?}");
        assert_eq!(missed[0], "what: 1.10 ms (at most 1 ms)");
    }

    /// The middle, the worst, and nothing from nothing.
    #[test]
    fn samples_are_summed_up() {
        let samples = Samples::new([4.0, 1.0, 3.0, 2.0]);
        assert_eq!((samples.median(), samples.worst(), samples.mean()), (2.5, 4.0, 2.5));
        assert_eq!(Samples::new([3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!((samples.at_share(0.5), samples.at_share(0.75), samples.at_share(0.76)), (2.0, 3.0, 4.0));
        assert!(Samples::new([]).median().is_nan());
    }
}
