//! Times as people write them: "12:41", "Yesterday", "Sat", "3 Mar".

use jiff::civil::Date;

use crate::ui::clock::Clock;
use crate::ui::words::Words;

/// The hour and minute.
#[must_use]
pub fn short_time(clock: &Clock, at: u64) -> String {
    clock.at(at).strftime("%H:%M").to_string()
}

/// The day in the person's own zone.
#[must_use]
pub fn date_of(clock: &Clock, at: u64) -> Date {
    clock.at(at).date()
}

/// What stands above the messages of a day.
#[must_use]
pub fn day_label(clock: &Clock, words: &Words, day: Date) -> String {
    let today = clock.now().date();
    match days_ago(today, day) {
        0 => words.say("today"),
        1 => words.say("yesterday"),
        2..=6 => day.strftime("%A").to_string(),
        _ if day.year() == today.year() => day.strftime("%A, %-d %B").to_string(),
        _ => day.strftime("%-d %B %Y").to_string(),
    }
}

/// What stands beside a chat: the time today, the weekday this week, the date before that.
#[must_use]
pub fn list_time(clock: &Clock, words: &Words, at: u64) -> String {
    let (today, day) = (clock.now().date(), date_of(clock, at));
    match days_ago(today, day) {
        0 => short_time(clock, at),
        1 => words.say("yesterday"),
        2..=6 => day.strftime("%a").to_string(),
        _ if day.year() == today.year() => day.strftime("%-d %b").to_string(),
        _ => day.strftime("%-d %b %Y").to_string(),
    }
}

/// Days from one to the other; what lies in the future is a date like any other.
fn days_ago(today: Date, day: Date) -> i32 {
    (today - day).get_days()
}
