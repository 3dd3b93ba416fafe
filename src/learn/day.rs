//! Days: of what a journal's file holds, and what analytics count by.
//!
//! Owns the mapping between instants, days since 1970 in UTC, and their written form. It knows no time zones: a shop's
//! own midnight would have to be configured, and the days of two nodes would differ while it is not.

use std::fmt;

use storefind_index::product::released_seconds;

const MS_PER_DAY: u64 = 86_400_000;
/// The last day that has four digits of a year.
const LAST: u32 = 2_932_896;

/// A day in UTC; the first of 1970 if no other is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// The day of an instant in milliseconds since 1970.
    pub fn of(time_ms: u64) -> Self {
        Self(u32::try_from(time_ms / MS_PER_DAY).unwrap_or(LAST).min(LAST))
    }

    /// Reads `2026-11-23`.
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = released_seconds(text).filter(|_| text.len() == 10)?;
        (seconds >= 0.0).then(|| Self::of((seconds * 1e3) as u64))
    }

    /// So many days before.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// How many days after `earlier`; 0 if it is not.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Day {
    /// The civil date in the proleptic Gregorian calendar, by the usual arithmetic of eras of 400 years that begin in
    /// March.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_read_as_it_is_written() {
        for number in (0..=LAST).step_by(97).chain([LAST]).chain(10_000..22_000) {
            let day = Day(number);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
        assert_eq!(Day::of(0).to_string(), "1970-01-01");
        assert_eq!(Day::of(1_709_164_800_000).to_string(), "2024-02-29");
        assert_eq!(Day::of(u64::MAX).to_string(), "9999-12-31");
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-13-01", "2026-02-30", "20260101", "2026-01-01T00:00:00Z", "1969-12-31", "yesterday"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
