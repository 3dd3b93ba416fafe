//! The ledger: which questions are worth most to have answered beforehand.
//!
//! A question's value is how often it was asked times what it costs to compute: the time that its answers saved. Counts
//! fade, so that what was asked lately weighs more. It owns counting, fading and the bound; where counts come from and
//! where they are kept is for others. Time is passed in.
//!
//! Invariant: at most [`KEPT_MAX`] questions after [`Ledger::trim`], and twice as many at any time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// Questions kept. At two milliseconds each, which is where it begins to matter, one thread answers them in the two
/// seconds that a start waits; with their texts they are a megabyte at most.
pub(super) const KEPT_MAX: usize = 1_024;
/// Time in which a count halves: this evening outweighs this morning, and a quiet night does not empty the ledger.
const HALF_LIFE: Duration = Duration::from_secs(6 * 3_600);
/// Least count of what is saved and asked again: twice within a half-life. What was asked once comes back rarely, and is
/// where a shopper's own name or number would be, pasted by mistake.
const TIMES_MIN: f64 = 1.5;
/// Below it a question is forgotten: asked once, a day ago.
const TIMES_FORGOTTEN: f64 = 1.0 / 16.0;
/// Weight of the latest cost: the first computation after a start is dearer than those that follow.
const COST_GAIN: f64 = 0.25;

/// A question and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    /// As text.
    pub(super) question: Box<str>,
    /// How often it was asked, faded.
    pub(super) times: f64,
    /// What computing it takes.
    pub(super) cost: Duration,
}

impl Kept {
    /// Seconds that answering it beforehand saves, on the measure of the past.
    fn value(&self) -> f64 {
        value(self.times, self.cost)
    }
}

fn value(times: f64, cost: Duration) -> f64 {
    times * cost.as_secs_f64()
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    kept: HashMap<Box<str>, (f64, Duration)>,
    faded: Option<Instant>,
}

impl Ledger {
    /// A ledger that goes on where one was saved. The time in between does not count: nobody could ask.
    pub(super) fn restored(kept: Vec<Kept>, now: Instant) -> Self {
        let kept = kept.into_iter().map(|kept| (kept.question, (kept.times, kept.cost))).collect();
        let mut ledger = Self { kept, faded: Some(now) };
        ledger.trim();
        ledger
    }

    /// Notes that a question was asked again so often.
    pub(super) fn note(&mut self, question: Box<str>, times: u32, cost: Duration) {
        let asked = f64::from(times);
        if let Some((times, mean)) = self.kept.get_mut(&question) {
            *times += asked;
            *mean = mean.mul_f64(1.0 - COST_GAIN) + cost.mul_f64(COST_GAIN);
            return;
        }
        if self.kept.len() >= 2 * KEPT_MAX {
            self.trim();
        }
        self.kept.insert(question, (asked, cost));
    }

    /// Lets counts fade up to `now`, and forgets what has faded.
    pub(super) fn fade(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.faded.replace(now).unwrap_or(now));
        let share = 0.5_f64.powf(since.as_secs_f64() / HALF_LIFE.as_secs_f64());
        self.kept.retain(|_, (times, _)| {
            *times *= share;
            *times >= TIMES_FORGOTTEN
        });
    }

    /// Forgets all but the [`KEPT_MAX`] that are worth most.
    pub(super) fn trim(&mut self) {
        if self.kept.len() <= KEPT_MAX {
            return;
        }
        let mut values: Vec<f64> = self.kept.values().map(|(times, cost)| value(*times, *cost)).collect();
        let (_, least, _) = values.select_nth_unstable_by(KEPT_MAX - 1, |a, b| b.total_cmp(a));
        let least = *least;
        let mut ties = KEPT_MAX - self.kept.values().filter(|(times, cost)| value(*times, *cost) > least).count();
        self.kept.retain(|_, (times, cost)| {
            let value = value(*times, *cost);
            let is_tie_kept = value == least && ties > 0;
            ties -= usize::from(is_tie_kept);
            value > least || is_tie_kept
        });
    }

    /// What is saved and asked again, the most valuable first.
    pub(super) fn worth_keeping(&self) -> Vec<Kept> {
        let frequent = self.kept.iter().filter(|(_, (times, _))| *times >= TIMES_MIN);
        let mut kept: Vec<Kept> = frequent
            .map(|(question, (times, cost))| Kept { question: question.clone(), times: *times, cost: *cost })
            .collect();
        kept.sort_unstable_by(|a, b| b.value().total_cmp(&a.value()).then_with(|| a.question.cmp(&b.question)));
        kept.truncate(KEPT_MAX);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn noted(questions: &[(&str, u32, Duration)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (question, times, cost) in questions {
            ledger.note((*question).into(), *times, *cost);
        }
        ledger
    }

    fn names(ledger: &Ledger) -> Vec<String> {
        ledger.worth_keeping().into_iter().map(|kept| kept.question.into()).collect()
    }

    #[test]
    fn questions_rank_by_how_often_they_were_asked_times_what_they_cost() {
        let ledger = noted(&[("often", 100, MS), ("dear", 2, 100 * MS), ("both", 50, 50 * MS), ("neither", 2, MS)]);
        assert_eq!(names(&ledger), ["both", "dear", "often", "neither"]);
    }

    #[test]
    fn a_question_asked_once_is_not_kept_and_one_asked_twice_is() {
        let mut ledger = noted(&[("once", 1, MS), ("twice", 1, MS), ("twice", 1, MS)]);
        assert_eq!(names(&ledger), ["twice"]);
        ledger.note("once".into(), 1, MS);
        assert_eq!(names(&ledger), ["once", "twice"]);
    }

    #[test]
    fn counts_halve_in_a_half_life_and_what_has_faded_is_forgotten() {
        let start = Instant::now();
        let mut ledger = noted(&[("yesterday", 400, MS)]);
        ledger.fade(start);
        ledger.note("today".into(), 300, MS);
        assert_eq!(names(&ledger), ["yesterday", "today"]);
        ledger.fade(start + HALF_LIFE);
        ledger.note("today".into(), 150, MS);
        assert_eq!(names(&ledger), ["today", "yesterday"]);
        let kept = ledger.worth_keeping();
        assert!((kept[0].times - 300.0).abs() < 1e-6 && (kept[1].times - 200.0).abs() < 1e-6, "{kept:?}");
        // An earlier moment changes nothing.
        ledger.fade(start);
        assert_eq!(ledger.worth_keeping(), kept);
        ledger.fade(start + 20 * HALF_LIFE);
        assert!(ledger.kept.is_empty());
    }

    #[test]
    fn no_more_than_the_most_valuable_are_kept_and_never_more_than_twice_as_many() {
        let mut ledger = Ledger::default();
        for n in 0..10 * KEPT_MAX {
            ledger.note(format!("q={n}").into(), 2, MS);
            assert!(ledger.kept.len() <= 2 * KEPT_MAX);
        }
        ledger.note("dear".into(), 2, 2 * MS);
        ledger.trim();
        assert_eq!(ledger.kept.len(), KEPT_MAX);
        let kept = ledger.worth_keeping();
        assert_eq!((kept.len(), &*kept[0].question), (KEPT_MAX, "dear"));
        let at_the_limit = Ledger::restored(kept, Instant::now());
        assert_eq!(at_the_limit.kept.len(), KEPT_MAX);
    }

    #[test]
    fn a_cost_follows_the_latest_computations() {
        let mut ledger = noted(&[("q", 2, 100 * MS)]);
        for _ in 0..20 {
            ledger.note("q".into(), 1, 10 * MS);
        }
        let cost = ledger.worth_keeping()[0].cost;
        assert!(cost > 10 * MS && cost < 11 * MS, "{cost:?}");
    }
}
