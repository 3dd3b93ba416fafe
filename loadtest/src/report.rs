//! Showing results: on the terminal and as a page.
//!
//! Owns how figures are written. It refuses to compute any that a result does not hold.
//!
//! Invariant: a figure beyond the generator's limit is not shown as a figure.

pub(crate) mod html;
pub(crate) mod rows;
pub(crate) mod terminal;

use crate::result::RunResult;
use crate::result::pairs::PairsResult;

/// What stands in place of a figure that the generator cannot claim.
pub(crate) const BEYOND: &str = "beyond the generator's limit";

/// Whether the counted phases met the goal.
pub(crate) fn verdict(run: &RunResult) -> String {
    if !run.claimed() {
        return format!("goal: {BEYOND}");
    }
    let missed = run.total.missed(&run.scenario.goal);
    if missed.is_empty() {
        let goal = &run.scenario.goal;
        return format!("goal: met (mean at most {} ms, p99 at most {} ms)", goal.mean_ms, goal.p99_ms);
    }
    format!("goal: not met: {}", missed.join("; "))
}

/// What two scenarios in turns came to, in a sentence.
pub(crate) fn pairs_verdict(pairs: &PairsResult) -> String {
    if !pairs.claimed() {
        return format!("A ÷ B: {BEYOND}");
    }
    let Some((measure, ratio)) = pairs.measures.iter().find_map(|measure| Some((measure, measure.median?))) else {
        return "A ÷ B: no pair has a figure".to_owned();
    };
    let interval = measure.interval.map_or_else(String::new, |seen| {
        format!(" ({:.3}–{:.3}, level {})", seen.low, seen.high, percent(Some(seen.level)))
    });
    format!("{} ÷ {}: {} {ratio:.3}{interval}, {} pairs", pairs.a.name, pairs.b.name, measure.name(), pairs.pairs)
}

/// What a reader of two scenarios in turns should know of this result.
pub(crate) fn pairs_caveats(pairs: &PairsResult) -> Vec<String> {
    let mut caveats = Vec::new();
    if pairs.interrupted {
        caveats.push(format!("Interrupted after {} whole pairs.", pairs.pairs));
    }
    if !pairs.asks_alike {
        caveats.push("A and B do not ask the same: more than their servers differs.".to_owned());
    }
    for (is_b, name) in [(false, &pairs.a.name), (true, &pairs.b.name)] {
        let unanswered: u64 = pairs.side(is_b).map(|run| run.total.shed + run.total.failed).sum();
        if unanswered > 0 {
            caveats
                .push(format!("{name}: {} requests were shed or failed, which no latency shows.", count(unanswered)));
        }
        let due: u64 = pairs.side(is_b).map(|run| run.changes_due).sum();
        let accepted: u64 = pairs.side(is_b).map(|run| run.changes_accepted).sum();
        if accepted < due {
            caveats.push(format!("{name}: {} of {} changes were accepted.", count(accepted), count(due)));
        }
    }
    caveats
}

/// A latency in milliseconds with three significant digits.
pub(crate) fn milliseconds(microseconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
    let milliseconds = microseconds as f64 / 1e3;
    written(milliseconds, " ms")
}

/// A mean latency.
pub(crate) fn mean_milliseconds(microseconds: f64) -> String {
    written(microseconds / 1e3, " ms")
}

fn written(value: f64, unit: &str) -> String {
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$}{unit}")
}

/// A whole number with thousands told apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate, rounded to a whole number.
pub(crate) fn rate(per_second: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates are counts by seconds")]
    count(per_second.round().max(0.0) as u64)
}

/// A share in percent; a dash where there is none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([50, 1_234, 12_345, 123_456].map(milliseconds), ["0.05 ms", "1.23 ms", "12.3 ms", "123 ms"]);
        assert_eq!(percent(Some(0.4321)), "43.2 %");
        assert_eq!(percent(None), "-");
        assert_eq!(rate(1999.6), "2,000");
    }
}
