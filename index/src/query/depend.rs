//! What an answer depends on, stated from the plan (DESIGN.md, "What a plan must state").

use crate::analysis::{PREFIX_CHARS_MAX, STEM_MARK, TERM_CHARS_MAX};
use crate::dependency::{Clause, Variant};
use crate::query::filter::Condition;
use crate::query::plan::{Origin, QueryPlan, WordPlan};
use crate::query::relax::Needed;
use crate::query::split::{Reach, Split};
use crate::query::typo::Correction;
use crate::switch::{Rule, is_off};
use crate::touch::bucket;

/// What else one word may have meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordCorrections {
    /// The edits within which words were looked for; 0 where none were.
    pub(crate) budget: u8,
    /// Two words in its place.
    pub(crate) splits: Vec<Split>,
    /// Whole words.
    pub(crate) words: Vec<Correction>,
    /// Terms by which those words are looked up, in the same order.
    pub(crate) terms: Vec<String>,
    /// Prefixes, for an unfinished word.
    pub(crate) prefixes: Vec<Correction>,
    /// Whether a limit cut the lists off.
    pub(crate) cut: bool,
}

impl WordCorrections {
    /// The same with the halves of splits anywhere in a product. It states the same terms.
    pub(crate) fn apart(&self) -> Self {
        let mut apart = self.clone();
        apart.splits.iter_mut().for_each(|split| split.reach = Reach::Anywhere);
        apart
    }
}

/// States one variant: the words that are needed, and all phrases and conditions.
pub(crate) fn variant<'a>(
    name: &str,
    plan: &QueryPlan,
    corrections: Option<&[WordCorrections]>,
    needed: Needed,
    conditions: impl Iterator<Item = &'a Condition>,
) -> Variant {
    // Which corrections a limit kept depends on words that no clause names.
    if corrections.is_some_and(|all| all.iter().any(|word| word.cut)) {
        return Variant { name: name.to_owned(), required: 0, clauses: Vec::new() };
    }
    let mut clauses: Vec<Clause> = Vec::new();
    for (at, word) in plan.words.iter().enumerate().filter(|(at, _)| needed.has(*at)) {
        clauses.push(word_clause(word, corrections.map(|all| &all[at])));
    }
    // A change that matters touches everything that is mandatory, and so many of the words, hence at least this
    // many clauses in all.
    let mut mandatory = 0;
    for phrase in &plan.phrases {
        for (_, term) in &phrase.terms {
            clauses.push(Clause { terms: vec![touch_term(term)] });
            mandatory += 1;
        }
    }
    for terms in conditions.flat_map(Condition::clauses) {
        clauses.push(Clause { terms });
        mandatory += 1;
    }
    Variant { name: name.to_owned(), required: needed.count + mandatory, clauses }
}

fn word_clause(word: &WordPlan, corrections: Option<&WordCorrections>) -> Clause {
    let is_itself = |origin: &Origin| matches!(origin, Origin::Form | Origin::Behind);
    let stated = word.direct.iter().filter(|it| is_itself(&it.origin) || !is_off(Rule::Alternatives));
    let mut terms: Vec<String> = stated.map(|alternative| touch_term(alternative.stated())).collect();
    if let Some(prefix) = &word.prefix {
        terms.push(touch_prefix(prefix));
    }
    if let Some(corrections) = corrections {
        let splits = corrections.splits.iter().filter(|_| !is_off(Rule::Alternatives));
        terms.extend(splits.map(|split| touch_term(split.stated())));
        terms.extend(corrections.terms.iter().map(|term| touch_term(term)));
        terms.extend(corrections.prefixes.iter().map(|correction| touch_prefix(&correction.text)));
        if corrections.budget > 0 {
            terms.extend(buckets(word, corrections.budget.into()));
        }
    }
    terms.sort();
    terms.dedup();
    Clause { terms }
}

/// Vocabulary buckets in which a word that does not exist yet could appear and be within reach.
fn buckets(word: &WordPlan, budget: usize) -> Vec<String> {
    let length = word.text.chars().count();
    let shortest = length.saturating_sub(budget).max(1);
    // An unfinished word may grow to any length.
    let longest = if word.prefix.is_some() { TERM_CHARS_MAX } else { (length + budget).min(TERM_CHARS_MAX) };
    let first = word.text.chars().next().unwrap_or_default();
    (shortest..=longest).map(|length| bucket(first, length)).collect()
}

/// The touch form of an index term.
fn touch_term(term: &str) -> String {
    let mut form = String::new();
    write_touch_term(term, &mut form);
    form
}

fn touch_prefix(prefix: &str) -> String {
    let mut form = String::new();
    write_touch_prefix(prefix, &mut form);
    form
}

/// Writes the touch form of an index term.
pub(crate) fn write_touch_term(term: &str, form: &mut String) {
    form.clear();
    match term.strip_prefix(STEM_MARK) {
        Some(stem) => form.extend(["stem:", stem]),
        None => form.extend(["word:", term]),
    }
}

/// Writes the touch form of an unfinished word: beyond the longest prefix that is touched, that of its beginning.
pub(crate) fn write_touch_prefix(prefix: &str, form: &mut String) {
    let end = prefix.char_indices().nth(PREFIX_CHARS_MAX).map_or(prefix.len(), |(end, _)| end);
    form.clear();
    form.extend(["prefix:", &prefix[..end]]);
}
