//! Times, durations, sizes and numbers, as people say them.

use chrono::{DateTime, TimeDelta, Utc};

#[cfg(test)]
mod tests;

/// `13:58 UTC`; with the day where it is not that of `now`.
pub(super) fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let format = if at.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%-d %b %H:%M UTC" };
    at.format(format).to_string()
}

/// `18 Feb 2027`
pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y").to_string()
}

/// `40 s`, `22 min`, `2 h`, `1 h 5 min`
pub(super) fn short(duration: TimeDelta) -> String {
    let (hours, minutes, seconds) = split(duration);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min"),
        (_, 0) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// `3 days`, or as [`long`] where it is no whole days.
pub(super) fn days(duration: TimeDelta) -> String {
    match duration.num_days() {
        1 if duration == TimeDelta::days(1) => "1 day".to_owned(),
        days if days > 1 && duration == TimeDelta::days(days) => format!("{days} days"),
        _ => long(duration),
    }
}

/// `2 hours`, `1 hour 30 minutes`
pub(super) fn long(duration: TimeDelta) -> String {
    let (hours, minutes, seconds) = split(duration);
    let parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

fn split(duration: TimeDelta) -> (i64, i64, i64) {
    let seconds = duration.num_seconds().max(0);
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `84 MB`, `1.4 GB`: decimal units, one decimal below ten.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let in_units_of = |scale: u128| (u128::from(bytes) + scale / 2) / scale;
    let (mut scale, mut unit) = (1000, 0);
    while in_units_of(scale) >= 1000 && unit + 1 < UNITS.len() {
        scale *= 1000;
        unit += 1;
    }
    let tenths = in_units_of(scale / 10);
    if tenths < 100 && tenths % 10 != 0 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", in_units_of(scale), UNITS[unit])
    }
}

/// `One`, `Two` … `Ten`, `11`
pub(super) fn count(number: usize) -> String {
    const WORDS: [&str; 10] = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];
    let word = number.checked_sub(1).and_then(|index| WORDS.get(index));
    word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// The words as a sentence begins.
pub(super) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
