//! Switches that take single rules of the freshness scheme out of force, for one purpose: a test asserts that without
//! any one of them wrong answers are served, so that no rule is kept that does nothing, and no test that sees nothing.
//!
//! They exist only with the feature `rule-switches`, which nothing but tests enables; without it every rule is in force
//! and the compiler removes the question. Cargo builds the root package's benches with the features of its tests, too:
//! there a question is a look into a cell of the thread, and all limits are those of a release.

/// A rule of the scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A change touches the old version's forms, too.
    OldVersion,
    /// A change touches the prefixes of its words.
    Prefixes,
    /// A change touches the values that a product can be filtered by.
    Values,
    /// A new word touches its vocabulary bucket.
    Buckets,
    /// Newness is judged by live products, not by what was ever seen.
    LiveCounts,
    /// Synonyms, joined and split forms are alternatives in their clauses.
    Alternatives,
    /// Every evaluated variant is stated.
    Variants,
    /// A disjunctive facet is a variant of its own.
    FacetVariants,
    /// Live-dependent answers keep the products that their live filter looked at.
    LiveProducts,
    /// Live fields are filled in anew when the fold differs.
    Fold,
    /// An entry is of the history that it was computed in.
    Starts,
    /// An entry older than the table is complete is invalid.
    CompleteFrom,
    /// Each pinned product is a variant of its own.
    Pins,
    /// An entry ends when a rule with a date begins or ends.
    Dates,
    /// What died since is taken out of what a segment keeps of a pass.
    Deaths,
    /// Segments keep what passes found in them. No rule of freshness: without it nothing may change.
    KeptPasses,
}

#[cfg(any(test, feature = "rule-switches"))]
mod switches {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::Rule;

    thread_local! {
        /// A thread's own, so that tests side by side keep out of each other's way.
        static OFF: Cell<u32> = const { Cell::new(0) };
    }

    /// Segments keep every pass, however little it saves: always in this crate's own unit tests.
    static KEEPS_EVERY_PASS: AtomicBool = AtomicBool::new(cfg!(test));

    /// Lets segments keep every pass from now on, in the whole process, so that small worlds see kept passes, too.
    pub fn keep_every_pass() {
        KEEPS_EVERY_PASS.store(true, Ordering::Relaxed);
    }

    /// Whether segments keep every pass.
    pub fn keeps_every_pass() -> bool {
        KEEPS_EVERY_PASS.load(Ordering::Relaxed)
    }

    /// Takes a rule out of force for what this thread does.
    pub fn switch_off(rule: Rule) {
        OFF.set(OFF.get() | 1 << rule as u32);
    }

    /// Puts every rule in force.
    pub fn switch_all_on() {
        OFF.set(0);
    }

    /// Does something without the rule.
    pub fn without<T>(rule: Rule, act: impl FnOnce() -> T) -> T {
        let before = OFF.get();
        switch_off(rule);
        let done = act();
        OFF.set(before);
        done
    }

    /// Whether the rule is out of force.
    pub fn is_off(rule: Rule) -> bool {
        OFF.get() & (1 << rule as u32) != 0
    }
}

#[cfg(any(test, feature = "rule-switches"))]
pub use switches::{is_off, keep_every_pass, keeps_every_pass, switch_all_on, switch_off, without};

/// Whether the rule is out of force: never, without the feature `rule-switches`.
#[cfg(not(any(test, feature = "rule-switches")))]
#[inline(always)]
pub fn is_off(_rule: Rule) -> bool {
    false
}

/// Whether segments keep every pass: never, without the feature `rule-switches`.
#[cfg(not(any(test, feature = "rule-switches")))]
#[inline(always)]
pub fn keeps_every_pass() -> bool {
    false
}
