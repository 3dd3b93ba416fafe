//! RFC 3339 dates and times, as `released` and range filters have them.
//!
//! Owns text → seconds since 1970. It keeps no time zones: a date without a time is the day in UTC.

use jiff::civil::{Date, DateTime};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const SECONDS_PER_DAY: f64 = 86_400.0;

/// A span that a date or an instant stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Day {
    /// First second, since 1970.
    pub(crate) start: f64,
    /// First second behind it; equal to `start` for an instant.
    pub(crate) end: f64,
}

/// Seconds since 1970 (UTC) of an RFC 3339 date (its midnight) or date and time; `None` when `text` is neither.
///
/// ```
/// use storefind_index::product::released_seconds;
/// assert_eq!(released_seconds("1970-01-02"), Some(86_400.0));
/// assert_eq!(released_seconds("1970-01-01T01:00:00+01:00"), Some(0.0));
/// assert_eq!(released_seconds("last week"), None);
/// ```
pub fn released_seconds(text: &str) -> Option<f64> {
    day_of(text).map(|day| day.start)
}

/// The day that a date names, or the instant of a date and time.
pub(crate) fn day_of(text: &str) -> Option<Day> {
    if !has_shape_of_date(text.get(..10)?) {
        return None;
    }
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        let start = date.to_datetime(jiff::civil::Time::midnight()).duration_since(EPOCH).as_secs_f64();
        return Some(Day { start, end: start + SECONDS_PER_DAY });
    }
    let (local, offset_seconds) = split_offset(text)?;
    if !has_shape_of_time(local.get(10..)?) {
        return None;
    }
    let local: DateTime = local.parse().ok()?;
    let seconds = local.duration_since(EPOCH).as_secs_f64() - offset_seconds;
    Some(Day { start: seconds, end: seconds })
}

/// `2020-01-31`. Jiff reads more of ISO 8601 (`20200131`, `2020-W05`) than RFC 3339 allows.
fn has_shape_of_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

/// `T10:00:00` with an optional fraction.
fn has_shape_of_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let clock = |at: usize, byte: u8| match at {
        0 => matches!(byte, b'T' | b't' | b' '),
        3 | 6 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    let fraction = bytes.get(9..).unwrap_or_default();
    bytes.len() >= 9
        && bytes.iter().take(9).enumerate().all(|(at, byte)| clock(at, *byte))
        && (fraction.is_empty()
            || fraction.first() == Some(&b'.') && fraction.len() > 1 && fraction.iter().skip(1).all(u8::is_ascii_digit))
}

/// Splits `Z` or `±hh:mm` off; the offset in seconds.
fn split_offset(text: &str) -> Option<(&str, f64)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, 0.0));
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let sign = match offset.as_bytes().first()? {
        b'+' => 1.0,
        b'-' => -1.0,
        _ => return None,
    };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let part = |digits: &str, max: u32| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|value| plain && *value <= max)
    };
    let seconds = part(hours, 23)? * 3_600 + part(minutes, 59)? * 60;
    Some((local, sign * f64::from(seconds)))
}
