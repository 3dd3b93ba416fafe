//! What an entry proves its freshness by: its dependency, as hashes that are looked up in the touch table.
//!
//! Owns the reading of variants and clauses. It does not know time, sequences of readers, or what a term means beyond
//! the kind that statistics tell apart.
//!
//! Invariant: a change that can alter the answer is found here, whatever else changed before or after it.

use storefind_index::answer::LiveDependency;
use storefind_index::dependency::{Clause, Dependency};
use storefind_index::live::LiveTable;
use storefind_index::switch::{Rule, is_off};
use storefind_index::touch::touch_hash;

use super::freshness::StaleReason;
use super::weight::{held, items};
use crate::catalog::touch_table::TouchTable;

/// See the module.
#[derive(Debug, Default)]
pub struct Proof {
    /// For people.
    dependency: Dependency,
    live: LiveDependency,
    terms: Box<[(u64, Kind)]>,
    /// Where each clause ends among the terms.
    clauses: Box<[u32]>,
    variants: Box<[Variant]>,
}

#[derive(Debug, Clone, Copy)]
struct Variant {
    /// Where it ends among the clauses.
    end: u32,
    /// How many of its clauses must be touched to touch it.
    required: u32,
}

/// What a term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A word, or a value that is filtered by.
    Exact,
    /// The beginning of an unfinished word.
    Prefix,
    /// Words that did not exist when the answer was computed.
    Bucket,
}

impl Kind {
    fn of(form: &str) -> Self {
        match form {
            _ if form.starts_with("prefix:") => Self::Prefix,
            _ if form.starts_with("bucket:") => Self::Bucket,
            _ => Self::Exact,
        }
    }
}

impl Proof {
    /// The proof of an answer that depends on this.
    pub fn new(dependency: Dependency, live: LiveDependency) -> Self {
        let (mut terms, mut clauses, mut variants) = (Vec::new(), Vec::new(), Vec::new());
        let place = |len: usize| u32::try_from(len).expect("an answer depends on fewer than four billion terms");
        for variant in &dependency.variants {
            for clause in &variant.clauses {
                terms.extend(clause.terms.iter().map(|form| (touch_hash(form), Kind::of(form))));
                clauses.push(place(terms.len()));
            }
            variants.push(Variant { end: place(clauses.len()), required: place(variant.required) });
        }
        let (terms, clauses, variants) =
            (terms.into_boxed_slice(), clauses.into_boxed_slice(), variants.into_boxed_slice());
        Self { dependency, live, terms, clauses, variants }
    }

    /// The dependency as the index stated it.
    pub fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    /// How the answer depends on live fields beyond showing them.
    pub fn live(&self) -> &LiveDependency {
        &self.live
    }

    /// What of the content's changes after `as_of` may have altered the answer, if any may.
    pub fn touched_since(&self, table: &TouchTable, as_of: u64) -> Option<StaleReason> {
        let mut begin = 0;
        for variant in &self.variants {
            let clauses = begin..variant.end as usize;
            begin = clauses.end;
            if clauses.is_empty() {
                return Some(StaleReason::Anything);
            }
            if let Some(reason) = self.variant_touched(table, as_of, clauses, variant.required as usize) {
                return Some(reason);
            }
        }
        None
    }

    /// Which clauses were touched after `as_of`, by variant; for people.
    pub fn touched_clauses(&self, table: &TouchTable, as_of: u64) -> Vec<Vec<bool>> {
        let mut clause = 0;
        let touched = |variant: &storefind_index::dependency::Variant| {
            let flags = variant.clauses.iter().map(|_| {
                clause += 1;
                self.clause_touched(table, as_of, clause - 1).is_some()
            });
            flags.collect()
        };
        self.dependency.variants.iter().map(touched).collect()
    }

    /// Whether live changes after `live_as_of` may have altered the answer.
    pub fn live_touched_since(&self, live: &LiveTable, live_as_of: u64) -> bool {
        if is_off(Rule::LiveProducts) {
            return false;
        }
        match &self.live {
            LiveDependency::None => false,
            LiveDependency::Any => live.changed() > live_as_of,
            LiveDependency::Products(ordinals) => {
                live.changed() > live_as_of && ordinals.iter().any(|&ordinal| live.version(ordinal) > live_as_of)
            }
        }
    }

    /// Bytes that it holds beside its own.
    pub fn weight(&self) -> usize {
        let live = match &self.live {
            LiveDependency::Products(ordinals) => held(size_of_val(&**ordinals)),
            LiveDependency::None | LiveDependency::Any => 0,
        };
        let texts = |terms: &[String]| terms.iter().map(|term| held(term.capacity())).sum::<usize>();
        let variants = self.dependency.variants.iter().map(|variant| {
            let clauses =
                variant.clauses.iter().map(|clause| items::<String>(clause.terms.capacity()) + texts(&clause.terms));
            held(variant.name.capacity()) + items::<Clause>(variant.clauses.capacity()) + clauses.sum::<usize>()
        });
        let stated = items::<storefind_index::dependency::Variant>(self.dependency.variants.capacity());
        let compiled = [size_of_val(&*self.terms), size_of_val(&*self.clauses), size_of_val(&*self.variants)];
        let compiled = compiled.into_iter().map(held).sum::<usize>() + stated;
        live + compiled + variants.sum::<usize>()
    }

    fn variant_touched(
        &self,
        table: &TouchTable,
        as_of: u64,
        clauses: std::ops::Range<usize>,
        required: usize,
    ) -> Option<StaleReason> {
        let (mut touched, mut left) = (0, clauses.len());
        let mut reason = StaleReason::Touched;
        for clause in clauses {
            // So few are left that the variant cannot be touched any more.
            if touched + left < required {
                return None;
            }
            left -= 1;
            if let Some(how) = self.clause_touched(table, as_of, clause) {
                touched += 1;
                reason = reason.max(how);
            }
        }
        (touched >= required).then_some(reason)
    }

    /// How the clause was touched: by the plainest of its terms that were.
    fn clause_touched(&self, table: &TouchTable, as_of: u64, clause: usize) -> Option<StaleReason> {
        let begin = clause.checked_sub(1).map_or(0, |before| self.clauses[before]) as usize;
        let terms = &self.terms[begin..self.clauses[clause] as usize];
        let touched = terms.iter().filter(|(hash, _)| table.last(*hash) > as_of).map(|(hash, kind)| match kind {
            _ if table.is_collision(*hash) => StaleReason::Collision,
            Kind::Exact => StaleReason::Touched,
            Kind::Prefix => StaleReason::TouchedPrefix,
            Kind::Bucket => StaleReason::TouchedBucket,
        });
        touched.min()
    }
}

#[cfg(test)]
mod tests {
    use storefind_index::dependency::{Clause, Variant};

    use super::*;

    fn variant(required: usize, clauses: &[&[&str]]) -> Variant {
        let clause = |terms: &&[&str]| Clause { terms: terms.iter().map(|term| (*term).to_owned()).collect() };
        Variant { name: "strict".into(), required, clauses: clauses.iter().map(clause).collect() }
    }

    #[track_caller]
    fn check(variants: &[Variant], touched: &[(&str, u64)], expected: Option<StaleReason>) {
        let table = TouchTable::new(1 << 16, 0);
        for (form, sequence) in touched {
            table.touch(touch_hash(form), *sequence);
        }
        let proof = Proof::new(Dependency { variants: variants.to_vec() }, LiveDependency::None);
        assert_eq!(proof.touched_since(&table, 10), expected, "{variants:?} {touched:?}");
    }

    #[test]
    fn every_clause_must_be_touched_after_the_entry() {
        let strict = [variant(2, &[&["word:red"], &["stem:shoe", "stem:sneaker"]])];
        check(&strict, &[("word:red", 11)], None);
        check(&strict, &[("word:red", 11), ("stem:shoe", 10)], None);
        check(&strict, &[("word:red", 11), ("stem:sneaker", 12)], Some(StaleReason::Touched));
    }

    #[test]
    fn with_m_of_n_required_m_are_enough() {
        let partial = [variant(2, &[&["word:a"], &["word:b"], &["word:c"]])];
        check(&partial, &[("word:a", 11)], None);
        check(&partial, &[("word:a", 11), ("word:c", 11)], Some(StaleReason::Touched));
    }

    #[test]
    fn one_touched_variant_is_enough_and_one_without_clauses_is_always_touched() {
        let two = [variant(1, &[&["word:a"]]), variant(1, &[&["word:b"]])];
        check(&two, &[("word:b", 11)], Some(StaleReason::Touched));
        check(&two, &[("word:c", 11)], None);
        check(&[variant(0, &[])], &[], Some(StaleReason::Anything));
    }

    #[test]
    fn the_reason_is_the_least_plain_one_that_was_needed() {
        let variants = [variant(2, &[&["word:red", "bucket:r3"], &["prefix:sh", "bucket:s4"]])];
        let (red, shoe) = (("word:red", 11), ("prefix:sh", 11));
        check(&variants, &[red, shoe, ("bucket:s4", 11)], Some(StaleReason::TouchedPrefix));
        check(&variants, &[("bucket:r3", 11), shoe], Some(StaleReason::TouchedBucket));
    }
}
