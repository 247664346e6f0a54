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
        2..=6 => named(words, "weekday", weekday(day)),
        _ if day.year() == today.year() => date(words, "date-this-year", "weekday", "month", day),
        _ => date(words, "date", "weekday", "month", day),
    }
}

/// What stands beside a chat: the time today, the weekday this week, the date before that.
#[must_use]
pub fn list_time(clock: &Clock, words: &Words, at: u64) -> String {
    let (today, day) = (clock.now().date(), date_of(clock, at));
    match days_ago(today, day) {
        0 => short_time(clock, at),
        1 => words.say("yesterday"),
        2..=6 => named(words, "weekday-short", weekday(day)),
        _ if day.year() == today.year() => date(words, "date-short-this-year", "weekday-short", "month-short", day),
        _ => date(words, "date-short", "weekday-short", "month-short", day),
    }
}

/// A date in a language's own order, with the names of its weekdays and months.
fn date(words: &Words, key: &str, weekdays: &str, months: &str, day: Date) -> String {
    let values = [
        ("weekday", named(words, weekdays, weekday(day)).into()),
        ("day", i64::from(day.day()).into()),
        ("month", named(words, months, day.month()).into()),
        ("year", i64::from(day.year()).into()),
    ];
    words.with_all(key, values)
}

fn named(words: &Words, key: &str, number: i8) -> String {
    words.with(key, "number", i64::from(number))
}

/// Monday is 1.
fn weekday(day: Date) -> i8 {
    day.weekday().to_monday_one_offset()
}

/// Days from one to the other; what lies in the future is a date like any other.
fn days_ago(today: Date, day: Date) -> i32 {
    (today - day).get_days()
}
