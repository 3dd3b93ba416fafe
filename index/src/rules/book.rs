//! Rules, prepared for searches: which apply to a request, found by hash, and what they ask for together.
//!
//! Invariant: a search whose words, category and contexts no rule names costs some lookups, and none without rules.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::arrangement::{Arrangement, Factor, Pinned};
use super::{QueryMatch, Rule, Rules};
use crate::analysis::fold::fold_value;
use crate::analysis::{Analyzer, Group};
use crate::filter::{self, Filter};
use crate::product::{normalised_category, released_seconds};
use crate::query::lexicon::{match_term, text};
use crate::query::parse::{ParsedQuery, parse};
use crate::request::SearchRequest;
use crate::settings::Settings;

/// Most pins of all rules that apply to one search: each is looked up in every segment.
const PINS_APPLIED_MAX: usize = 100;
/// Most products that all of them hide: four rules at their limit. They are looked up in every segment, which takes some
/// ten milliseconds; the first search of a snapshot pays them (see [`crate::collect::hidden`]). For more there are
/// filters.
const HIDDEN_APPLIED_MAX: usize = 2_000;
/// Most boosts and buries of all of them: each is evaluated for every product that matches.
const FACTORS_APPLIED_MAX: usize = 40;
/// Most filters of all of them.
const FILTERS_APPLIED_MAX: usize = 20;

/// See the module.
#[derive(Debug)]
pub struct RuleBook {
    source: Arc<Rules>,
    settings: Arc<Settings>,
    rules: Vec<Prepared>,
    digest: u64,
    /// By all terms of the query; the rule wants no others.
    by_query: FxHashMap<Vec<String>, Vec<usize>>,
    /// By the first of the terms that a query must have side by side.
    by_term: FxHashMap<String, Vec<usize>>,
    /// Those that name no query, by their category.
    by_category: FxHashMap<String, Vec<usize>>,
    /// Those that name neither.
    others: Vec<usize>,
    contexts: FxHashSet<String>,
}

/// A rule that may apply.
#[derive(Debug)]
struct Prepared {
    rule: Arc<Rule>,
    digest: u64,
    terms: Option<Vec<String>>,
    category: Option<String>,
    /// Milliseconds since 1970.
    from: Option<u64>,
    until: Option<u64>,
    filter: Option<Filter>,
    factors: Vec<(Filter, f32)>,
}

/// What conditions look at, of one request.
struct Facts {
    terms: Vec<String>,
    /// Whether the query says nothing that is not in the terms.
    plain: bool,
    category: Option<String>,
}

impl RuleBook {
    /// Prepares rules under these settings, which say what a word's forms are.
    pub fn new(rules: Arc<Rules>, settings: &Arc<Settings>) -> Self {
        let mut book = Self {
            digest: 0,
            settings: Arc::clone(settings),
            rules: Vec::new(),
            by_query: FxHashMap::default(),
            by_term: FxHashMap::default(),
            by_category: FxHashMap::default(),
            others: Vec::new(),
            contexts: FxHashSet::default(),
            source: rules,
        };
        let mut analyzer = Analyzer::new(Arc::clone(settings));
        for rule in Arc::clone(&book.source).0.iter().filter(|rule| rule.enabled) {
            // Rules are checked before they are kept; one that an older program took and this one does not is left out.
            if let Some(prepared) = Prepared::of(rule, &mut analyzer) {
                book.add(prepared);
            }
        }
        let digests: Vec<u8> = book.rules.iter().flat_map(|rule| rule.digest.to_le_bytes()).collect();
        if !digests.is_empty() {
            book.digest = xxh3_64(&digests);
        }
        book
    }

    /// The same rules under other settings.
    #[must_use]
    pub fn under(&self, settings: &Arc<Settings>) -> Self {
        Self::new(Arc::clone(&self.source), settings)
    }

    /// The rules that it was made of.
    pub fn source(&self) -> &Arc<Rules> {
        &self.source
    }

    /// Equal for equal rules, 0 for none.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Whether some rule asks for this context. One that none asks for makes no difference to any answer.
    pub fn names_context(&self, context: &str) -> bool {
        self.contexts.contains(context)
    }

    /// Stands for the rules that may apply to the request, whatever the time: 0 for none. What no rule may apply to is
    /// answered as if there were no rules.
    pub fn digest_for(&self, request: &SearchRequest) -> u64 {
        let digests: Vec<u8> = self.matching(request).flat_map(|rule| rule.digest.to_le_bytes()).collect();
        if digests.is_empty() { 0 } else { xxh3_64(&digests).max(1) }
    }

    /// What the rules that apply to the request ask for at `now`, in milliseconds since 1970.
    pub fn arrange(&self, request: &SearchRequest, now: u64) -> Arrangement {
        let mut arrangement = Arrangement::default();
        for prepared in self.matching(request) {
            let bounds = [prepared.from, prepared.until].into_iter().flatten().filter(|bound| *bound > now);
            arrangement.valid_until = bounds.chain(arrangement.valid_until).min();
            let is_in_force =
                prepared.from.is_none_or(|from| from <= now) && prepared.until.is_none_or(|until| now < until);
            if is_in_force {
                prepared.add_to(&mut arrangement);
            }
        }
        arrangement.pins.sort_by_key(|pin| pin.position);
        if !request.sort.is_empty() {
            // Who asks for an order gets it.
            arrangement.pins.clear();
            if request.sort.iter().all(|key| key.field != "relevance") {
                arrangement.factors.clear();
            }
        }
        arrangement
    }

    fn add(&mut self, prepared: Prepared) {
        let at = self.rules.len();
        match (&prepared.terms, prepared.rule.when.query_match, &prepared.category) {
            (Some(terms), QueryMatch::Exact, _) => self.by_query.entry(terms.clone()).or_default().push(at),
            (Some(terms), QueryMatch::Contains | QueryMatch::StartsWith, _) => {
                self.by_term.entry(terms[0].clone()).or_default().push(at);
            }
            (None, _, Some(category)) => self.by_category.entry(category.clone()).or_default().push(at),
            (None, _, None) => self.others.push(at),
        }
        self.contexts.extend(prepared.rule.when.context.clone());
        self.rules.push(prepared);
    }

    /// The rules whose conditions the request meets, in their order.
    fn matching(&self, request: &SearchRequest) -> impl Iterator<Item = &Prepared> {
        let mut found: Vec<usize> = Vec::new();
        if !self.rules.is_empty() {
            let facts = self.facts(request);
            found.extend(&self.others);
            found.extend(self.by_query.get(&facts.terms).into_iter().flatten());
            found.extend(facts.terms.iter().filter_map(|term| self.by_term.get(term)).flatten());
            found.extend(
                facts.category.as_ref().and_then(|category| self.by_category.get(category)).into_iter().flatten(),
            );
            found.sort_unstable();
            found.dedup();
            found.retain(|at| self.rules[*at].is_for(request, &facts));
        }
        found.into_iter().map(|at| &self.rules[at])
    }

    fn facts(&self, request: &SearchRequest) -> Facts {
        // What only categories and contexts decide needs no analysis.
        let by_words = !(self.by_query.is_empty() && self.by_term.is_empty());
        let (terms, plain) = if by_words {
            let parsed = parse(&request.q, self.settings.language);
            let mut analyzer = Analyzer::new(Arc::clone(&self.settings));
            (terms(&parsed, &mut analyzer), parsed.excluded.is_empty())
        } else {
            (Vec::new(), false)
        };
        Facts { terms, plain, category: request.filter.as_ref().and_then(category) }
    }
}

impl Prepared {
    fn of(rule: &Rule, analyzer: &mut Analyzer) -> Option<Self> {
        let parse = |text: &str| filter::parse(text).ok();
        let mut factors = Vec::new();
        for (filter, factor) in (rule.then.boost.iter().map(|boost| (&boost.filter, boost.factor)))
            .chain(rule.then.bury.iter().map(|bury| (&bury.filter, bury.factor)))
        {
            factors.push((parse(filter)?, factor));
        }
        let filter = match &rule.then.filter {
            Some(filter) => Some(parse(filter)?),
            None => None,
        };
        let terms = match &rule.when.query {
            Some(query) => Some(rule_terms(query, analyzer).ok()?),
            None => None,
        };
        if !rule.when.query_match.is_exact() && terms.as_ref().is_none_or(Vec::is_empty) {
            return None;
        }
        let digest = xxh3_64(&serde_json::to_vec(rule).ok()?);
        Some(Self {
            digest,
            terms,
            category: rule.when.category.as_deref().and_then(normalised_category).map(|path| fold_value(&path)),
            from: millis(rule.from.as_deref()),
            until: millis(rule.until.as_deref()),
            filter,
            factors,
            rule: Arc::new(rule.clone()),
        })
    }

    fn is_for(&self, request: &SearchRequest, facts: &Facts) -> bool {
        let when = &self.rule.when;
        let words = match (&self.terms, when.query_match) {
            (None, _) => true,
            (Some(terms), QueryMatch::Exact) => facts.plain && *terms == facts.terms,
            (Some(terms), QueryMatch::StartsWith) => facts.terms.starts_with(terms),
            (Some(terms), QueryMatch::Contains) => facts.terms.windows(terms.len()).any(|some| some == terms),
        };
        words
            && self.category.as_ref().is_none_or(|category| facts.category.as_ref() == Some(category))
            && when.context.as_ref().is_none_or(|context| request.context.contains(context))
    }

    fn add_to(&self, arrangement: &mut Arrangement) {
        let (rule, then) = (&self.rule, &self.rule.then);
        for pin in &then.pin {
            let is_new = arrangement.pins.iter().all(|other| other.id != pin.id);
            if is_new && arrangement.pins.len() < PINS_APPLIED_MAX {
                arrangement.pins.push(Pinned { id: pin.id.clone(), position: pin.position, rule: rule.id.clone() });
            }
        }
        let room = HIDDEN_APPLIED_MAX - arrangement.hidden.len();
        arrangement.hidden.extend(then.hide.iter().take(room).cloned());
        let room = FACTORS_APPLIED_MAX - arrangement.factors.len();
        arrangement.factors.extend(self.factors.iter().take(room).map(|(filter, factor)| Factor {
            filter: filter.clone(),
            factor: *factor,
            rule: rule.id.clone(),
        }));
        let room = FILTERS_APPLIED_MAX - arrangement.filters.len();
        arrangement.filters.extend(self.filter.iter().take(room).cloned());
        if arrangement.redirect.is_none() {
            arrangement.redirect.clone_from(&then.redirect);
        }
        arrangement.applied.push(Arc::clone(rule));
    }
}

/// The terms of the words that a rule is for; none for the empty query alone. What those words do not say is no part of
/// the comparison, so a rule that said more would be for other searches than it reads.
///
/// # Errors
/// What the words say beyond terms, as an end of a sentence.
pub(super) fn rule_terms(query: &str, analyzer: &mut Analyzer) -> Result<Vec<String>, String> {
    let parsed = parse(query, analyzer.language());
    if let Some(excluded) = parsed.excluded.first() {
        let words: Vec<&str> = excluded.iter().map(text).collect();
        return Err(format!("which excludes `{}`, expected words only", words.join(" ")));
    }
    let terms = terms(&parsed, analyzer);
    if terms.is_empty() && !query.trim().is_empty() {
        return Err("expected words".to_owned());
    }
    Ok(terms)
}

/// The terms by which words are compared, without stop words unless there is nothing else.
fn terms(parsed: &ParsedQuery, analyzer: &mut Analyzer) -> Vec<String> {
    let groups: Vec<&Group> =
        parsed.words.iter().map(|word| &word.group).chain(parsed.phrases.iter().flatten()).collect();
    let telling: Vec<&Group> = groups.iter().copied().filter(|group| !analyzer.is_stop_word(text(group))).collect();
    let chosen = if telling.is_empty() { groups } else { telling };
    chosen.into_iter().map(|group| match_term(analyzer, group)).collect()
}

/// The one category that a filter asks for.
fn category(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Equals { field, value } if field == "categories" => {
            normalised_category(&value.text).map(|path| fold_value(&path))
        }
        Filter::And(operands) => operands.iter().find_map(category),
        Filter::Equals { .. } | Filter::Or(_) | Filter::Not(_) | Filter::Range { .. } => None,
    }
}

fn millis(time: Option<&str>) -> Option<u64> {
    // Checked not to lie before 1970; a double holds every millisecond of the next centuries.
    time.and_then(released_seconds).map(|seconds| (seconds.max(0.0) * 1_000.0) as u64)
}
