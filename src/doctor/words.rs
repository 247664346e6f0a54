//! Small things in words.

use std::time::Duration;

/// A time as people say it: `0.4 ms`, `35 ms`, `1.8 s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1_000.0;
    match millis {
        ..10.0 => format!("{millis:.1} ms"),
        ..1_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1_000.0),
    }
}
