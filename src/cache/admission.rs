//! Admission: whether asking a remote tier is expected to pay for itself.
//!
//! A lookup in a remote tier costs its latency each time and saves a computation only when it hits. So the stack
//! measures both sides: what computing costs by class of question ([`Costs`]), what a tier's answers take
//! ([`Latency`](crate::resilience::latency::Latency)) and how often it has one ([`Share`]). With `auto` a tier is asked
//! when `cost × share of hits` exceeds its latency, and filled when `cost` does. What is never asked is never measured,
//! so now and then, by chance, a question goes to the tier although it is not expected to pay.
//!
//! Everything here is arithmetic; chance is passed in. Invariant: `always` and `never` mean what they say.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::Admission;

/// Share of questions that go to a tier that is not expected to pay: at 0.1 ms a lookup, less than a microsecond in the
/// mean.
pub const SAMPLED_SHARE: f64 = 1.0 / 128.0;
/// Share of a computation in the mean of its class: some twenty computations are remembered.
const COST_GAIN: f64 = 1.0 / 16.0;
/// Share of a lookup in a tier's share of hits.
const HIT_GAIN: f64 = 1.0 / 64.0;
/// What a tier is given before it was asked: a node that restarts finds its tiers warm, and a new tier is tried.
const HIT_SHARE_AT_FIRST: f64 = 0.5;

/// A class of questions whose computations cost alike: by what drives the cost and is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class(u8);

/// What the class is told by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// Words of the query: how many lists are read, and whether there is one at all.
    pub words: usize,
    /// Facets: each is counted over every match.
    pub facets: usize,
    /// Whether a filter narrows it down.
    pub filtered: bool,
    /// Whether an explicit order is asked for, which needs no scores.
    pub sorted: bool,
    /// Whether products are grouped.
    pub grouped: bool,
}

impl Class {
    /// Classes that exist.
    pub const COUNT: usize = Self::SEARCHES + 2 * (Self::LETTERS_MAX + 1);
    /// Classes of searches; those of autocompletes come behind.
    const SEARCHES: usize = 128;
    /// Words and facets from here on are one class: the first few decide the order of magnitude.
    const STEPS_MAX: usize = 3;
    /// Letters from here on are one class: every further one finds less, and this many find little.
    const LETTERS_MAX: usize = 7;

    /// The class of a shape.
    pub fn of(shape: Shape) -> Self {
        let step = |count: usize| count.min(Self::STEPS_MAX) as u8;
        let flag = |is_set: bool, at: u32| u8::from(is_set) << at;
        let steps = step(shape.words) | step(shape.facets) << 2;
        Self(steps | flag(shape.filtered, 4) | flag(shape.sorted, 5) | flag(shape.grouped, 6))
    }

    /// The class of an autocomplete: a letter finds a good part of the catalog, seven find a handful.
    pub fn of_letters(letters: usize, filtered: bool) -> Self {
        let step = letters.min(Self::LETTERS_MAX) + usize::from(filtered) * (Self::LETTERS_MAX + 1);
        Self((Self::SEARCHES + step) as u8)
    }
}

/// An exponentially weighted mean that threads feed without a lock. A sample that loses a race is lost: one of many.
#[derive(Debug)]
struct Mean(AtomicU64);

impl Mean {
    /// No sample yet: a number that is no mean.
    const NONE: u64 = f64::NAN.to_bits();

    fn value(&self) -> Option<f64> {
        Some(f64::from_bits(self.0.load(Ordering::Relaxed))).filter(|mean| !mean.is_nan())
    }

    fn feed(&self, sample: f64, gain: f64) {
        let mean = self.value().map_or(sample, |mean| mean + gain * (sample - mean));
        self.0.store(mean.to_bits(), Ordering::Relaxed);
    }
}

impl Default for Mean {
    fn default() -> Self {
        Self(AtomicU64::new(Self::NONE))
    }
}

/// What computing costs in one catalog, by class.
#[derive(Debug)]
pub struct Costs {
    classes: [Mean; Class::COUNT],
    all: Mean,
}

impl Default for Costs {
    fn default() -> Self {
        Self { classes: [const { Mean(AtomicU64::new(Mean::NONE)) }; Class::COUNT], all: Mean::default() }
    }
}

impl Costs {
    /// Takes note of a computation, ours or, read from an entry, another node's.
    pub fn record(&self, class: Class, cost: Duration) {
        self.classes[usize::from(class.0)].feed(cost.as_secs_f64(), COST_GAIN);
        self.all.feed(cost.as_secs_f64(), COST_GAIN);
    }

    /// What the next one will cost: as its class did, or as all did while the class is unknown; `None` before the first.
    pub fn expected(&self, class: Class) -> Option<Duration> {
        let mean = self.classes[usize::from(class.0)].value().or_else(|| self.all.value())?;
        Duration::try_from_secs_f64(mean).ok()
    }
}

/// How often a tier has what it is asked for.
#[derive(Debug, Default)]
pub struct Share(Mean);

impl Share {
    /// Takes note of a lookup. Only a fresh entry is a hit: nothing else saves anything.
    pub fn record(&self, hit: bool) {
        let now = self.value();
        self.0.0.store((now + HIT_GAIN * (f64::from(u8::from(hit)) - now)).to_bits(), Ordering::Relaxed);
    }

    /// The share of hits among the latest lookups.
    pub fn value(&self) -> f64 {
        self.0.value().unwrap_or(HIT_SHARE_AT_FIRST)
    }
}

/// What is known when a tier may be asked. What is not known speaks for the tier: asking it is how it becomes known.
#[derive(Debug, Clone, Copy)]
pub struct Odds {
    /// What computing is expected to cost.
    pub cost: Option<Duration>,
    /// What the tier's answer is expected to take.
    pub latency: Option<Duration>,
    /// How often the tier has one.
    pub hit_share: f64,
}

impl Odds {
    /// Whether to ask the tier. `random` is in [0, 1).
    pub fn ask(self, admission: Admission, random: f64) -> bool {
        match admission {
            Admission::Always => true,
            Admission::Never => false,
            Admission::Auto => self.outweighs(self.hit_share) || random < SAMPLED_SHARE,
        }
    }

    /// Whether to fill the tier with an answer that cost this much: whoever asks for it next saves that.
    pub fn fill(self, admission: Admission) -> bool {
        match admission {
            Admission::Always => true,
            Admission::Never => false,
            Admission::Auto => self.outweighs(1.0),
        }
    }

    fn outweighs(self, share: f64) -> bool {
        match (self.cost, self.latency) {
            (Some(cost), Some(latency)) => cost.as_secs_f64() * share > latency.as_secs_f64(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIKELY: f64 = 0.99;

    fn odds(cost_us: u64, latency_us: u64, hit_share: f64) -> Odds {
        let micros = |us| Some(Duration::from_micros(us));
        Odds { cost: micros(cost_us), latency: micros(latency_us), hit_share }
    }

    #[test]
    fn auto_asks_for_what_costs_more_than_the_tier_and_not_for_what_costs_less() {
        // The figures of DESIGN.md, "A tier must pay for itself": 19,406 and 970,000 products.
        let (small, large) = (odds(50, 90, 0.9), odds(650, 90, 0.9));
        assert!(!small.ask(Admission::Auto, UNLIKELY) && !small.fill(Admission::Auto));
        assert!(large.ask(Admission::Auto, UNLIKELY) && large.fill(Admission::Auto));
    }

    #[test]
    fn a_tier_that_hardly_ever_hits_is_filled_and_not_asked() {
        let rare = odds(650, 90, 0.1);
        assert!(!rare.ask(Admission::Auto, UNLIKELY) && rare.fill(Admission::Auto));
    }

    #[test]
    fn what_is_unknown_is_asked_and_chance_asks_the_rest_now_and_then() {
        for unknown in [Odds { cost: None, ..odds(0, 90, 0.5) }, Odds { latency: None, ..odds(50, 0, 0.5) }] {
            assert!(unknown.ask(Admission::Auto, UNLIKELY) && unknown.fill(Admission::Auto));
        }
        assert!(odds(50, 90, 0.0).ask(Admission::Auto, SAMPLED_SHARE - 1e-9));
        assert!(!odds(50, 90, 0.0).ask(Admission::Auto, SAMPLED_SHARE));
    }

    #[test]
    fn always_and_never_look_at_nothing() {
        assert!(odds(1, 1_000, 0.0).ask(Admission::Always, UNLIKELY) && odds(1, 1_000, 0.0).fill(Admission::Always));
        assert!(!odds(1_000, 1, 1.0).ask(Admission::Never, 0.0) && !odds(1_000, 1, 1.0).fill(Admission::Never));
    }

    #[test]
    fn a_class_learns_its_own_cost_and_an_unknown_one_is_taken_for_the_mean_of_all() {
        let costs = Costs::default();
        let plain = Class::of(Shape { words: 1, ..Shape::default() });
        let faceted = Class::of(Shape { words: 1, facets: 3, ..Shape::default() });
        assert_eq!(costs.expected(plain), None);
        for _ in 0..100 {
            costs.record(plain, Duration::from_micros(50));
        }
        assert_eq!(costs.expected(faceted), costs.expected(plain));
        costs.record(faceted, Duration::from_millis(5));
        assert_eq!(costs.expected(faceted), Some(Duration::from_millis(5)));
        assert!(costs.expected(plain).is_some_and(|cost| cost < Duration::from_micros(51)));
    }

    #[test]
    fn every_shape_has_a_class_and_shapes_that_differ_in_kind_differ_in_class() {
        let all = Shape { words: usize::MAX, facets: usize::MAX, filtered: true, sorted: true, grouped: true };
        assert!(usize::from(Class::of(all).0) < Class::COUNT);
        let plain = Shape::default();
        for other in [
            Shape { words: 1, ..plain },
            Shape { facets: 1, ..plain },
            Shape { filtered: true, ..plain },
            Shape { sorted: true, ..plain },
            Shape { grouped: true, ..plain },
        ] {
            assert_ne!(Class::of(other), Class::of(plain), "{other:?}");
        }
    }

    #[test]
    fn an_autocomplete_is_told_by_its_letters_and_is_no_search() {
        let classes: Vec<_> =
            [false, true].into_iter().flat_map(|is| (0..9).map(move |n| Class::of_letters(n, is).0)).collect();
        let searches = u8::try_from(Class::SEARCHES).expect("small");
        assert!(classes.iter().all(|class| (searches..).contains(class) && usize::from(*class) < Class::COUNT));
        assert_eq!((classes[7], classes[16]), (classes[8], classes[17]), "long ones are alike");
        let distinct: std::collections::BTreeSet<_> = classes.iter().collect();
        assert_eq!(distinct.len(), 16);
    }

    #[test]
    fn the_share_of_hits_follows_what_the_tier_does() {
        let share = Share::default();
        assert!((share.value() - HIT_SHARE_AT_FIRST).abs() < f64::EPSILON);
        (0..300).for_each(|_| share.record(false));
        assert!(share.value() < 0.01);
        (0..300).for_each(|_| share.record(true));
        assert!(share.value() > 0.98);
    }
}
