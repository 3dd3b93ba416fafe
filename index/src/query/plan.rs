//! The plan: for each word of a query, what a product may have in its place.
//!
//! A plan is a pure function of query and settings, up to the corrections, which `typo` adds later as the union of
//! all that the vocabulary offers. Nothing is chosen here by what the catalog contains.

use std::ops::Range;

use crate::analysis::{Analyzer, Group, Token, TokenKind, name_term};
use crate::query::asked::{Roles, roles};
use crate::query::lexicon::{Lexicon, match_term, text, word_term};
use crate::query::parse::{ParsedQuery, ParsedWord};

/// Longest word that two neighbours are joined to: longer ones are no compounds.
const JOINED_CHARS_MAX: usize = 24;

/// What neighbours written together count, like a synonym: who types `mouse pad` means a `mousepad` too, but goes first
/// to what is written the same.
const JOINED_WEIGHT: f32 = 0.8;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct QueryPlan {
    /// Words, each with its alternatives.
    pub(crate) words: Vec<WordPlan>,
    /// Phrases: terms with their positions, to be found in one field.
    pub(crate) phrases: Vec<Phrase>,
    /// Excluded words (one term) and phrases.
    pub(crate) excluded: Vec<Phrase>,
    /// As typed, but for what was read as a price.
    pub(crate) text: String,
    /// The feature term of a product that is called like the query.
    pub(crate) name: Option<String>,
    /// Words, by place, that may say what is looked for, likeliest first; the catalog tells which are brands.
    pub(crate) heads: Vec<usize>,
    /// The word, by place, that says what is asked for, whatever the catalog holds.
    pub(crate) asked: Option<usize>,
    /// Words, by place, that a product may lack before any other.
    pub(crate) details: Vec<usize>,
}

/// One word and what may stand in its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordPlan {
    /// As typed, folded; a measure in its one spelling.
    pub(crate) text: String,
    /// As typed.
    pub(crate) typed: String,
    /// What counts as the word itself: its forms, joined neighbours, synonyms.
    pub(crate) direct: Vec<Alternative>,
    /// The word as written, when that is not among `direct`: it counts a little more than another form.
    pub(crate) exact: Option<String>,
    /// Unfinished: any word that begins so.
    pub(crate) prefix: Option<String>,
    /// Edits that are forgiven.
    pub(crate) typo_budget: u8,
    /// What the word looks like; `None` for a measure.
    pub(crate) kind: Option<TokenKind>,
}

impl WordPlan {
    /// A plain word, found by itself alone.
    pub(crate) fn of(word: &str) -> Self {
        Self {
            text: word.to_owned(),
            typed: word.to_owned(),
            direct: vec![Alternative::form(word.to_owned())],
            exact: None,
            prefix: None,
            typo_budget: 0,
            kind: Some(TokenKind::Word),
        }
    }
}

/// Terms that stand in place of a word when a product has them all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    /// One term, several for a synonym of several words, two for [`Origin::Behind`].
    pub(crate) terms: Vec<String>,
    /// How much a match through it counts, 0–1.
    pub(crate) weight: f32,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Where an alternative comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The word itself, in any form or spelling.
    Form,
    /// The word joined with its neighbour, as text.
    Joined(String),
    /// The word itself, side by side with the one before it, which is the first of the terms.
    Behind,
    /// The settings' synonyms.
    Synonym,
}

impl Alternative {
    /// The word itself.
    fn form(term: String) -> Self {
        Self { terms: vec![term], weight: 1.0, origin: Origin::Form }
    }

    /// The term that stands for it where one must: a product that matches has them all.
    pub(crate) fn stated(&self) -> &str {
        let own = if self.origin == Origin::Behind { self.terms.last() } else { self.terms.first() };
        own.map_or("", String::as_str)
    }
}

/// Terms at positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// Position and exact term.
    pub(crate) terms: Vec<(usize, String)>,
}

impl Phrase {
    /// Words side by side.
    pub(crate) fn of(terms: &[String]) -> Self {
        Self { terms: terms.iter().cloned().enumerate().collect() }
    }
}

/// Makes the plan.
pub(crate) fn plan(query: &ParsedQuery, lexicon: &Lexicon, analyzer: &mut Analyzer, prefix: bool) -> QueryPlan {
    let words = required_words(&query.words, analyzer);
    let mut plans: Vec<WordPlan> = words.iter().map(|word| word_plan(word, &query.text, analyzer, prefix)).collect();
    join_chains(&words, &mut plans, analyzer);
    join_neighbours(&words, &mut plans, analyzer);
    add_synonyms(&mut plans, lexicon);
    bind_numbers(&words, &query.text, &mut plans);
    let Roles { heads, asked, details } = roles(&query.words, &words, lexicon.settings.language);
    let text = query.text.trim();
    QueryPlan {
        text: text.to_owned(),
        name: name_term(text),
        heads,
        asked,
        details,
        words: plans,
        phrases: query.phrases.iter().map(|groups| phrase(groups)).collect(),
        excluded: query.excluded.iter().map(|groups| exclusion(groups, analyzer)).collect(),
    }
}

/// Stop words need not be there, unless there is nothing else.
fn required_words<'a>(words: &'a [ParsedWord], analyzer: &Analyzer) -> Vec<&'a ParsedWord> {
    let required: Vec<&ParsedWord> = words.iter().filter(|word| !analyzer.is_stop_word(text(&word.group))).collect();
    if required.is_empty() { words.iter().collect() } else { required }
}

fn word_plan(word: &ParsedWord, typed: &str, analyzer: &mut Analyzer, prefix: bool) -> WordPlan {
    let term = match_term(analyzer, &word.group);
    let text = text(&word.group).to_owned();
    let exact = (term != text).then(|| text.clone());
    let (prefix, typo_budget, kind) = match &word.group {
        Group::Single(token) => {
            ((prefix && word.last).then(|| token.text.clone()), typo_budget(token), Some(token.kind))
        }
        Group::Measure { .. } => (None, 0, None),
    };
    let direct = vec![Alternative::form(term)];
    WordPlan { text, typed: typed[word.place.clone()].to_owned(), direct, exact, prefix, typo_budget, kind }
}

/// None for short words, which are one edit from too many others, and for words with digits: one model number must
/// never become another.
fn typo_budget(token: &Token) -> u8 {
    match (token.kind, token.text.chars().count()) {
        (TokenKind::Word, 5..=8) => 1,
        (TokenKind::Word, 9..) => 2,
        _ => 0,
    }
}

/// The parts of `dv7-1211ea` are also found as `dv71211ea`.
fn join_chains(words: &[&ParsedWord], plans: &mut [WordPlan], analyzer: &mut Analyzer) {
    for chain in chains(words) {
        add_joined(words, plans, chain, analyzer);
    }
}

/// The places of words that hyphens and the like hold together.
fn chains(words: &[&ParsedWord]) -> Vec<Range<usize>> {
    let mut chains = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut end = at + 1;
        while end < words.len() && is_glued(words[end]) && words[end].stretch == words[at].stretch {
            end += 1;
        }
        if end - at > 1 {
            chains.push(at..end);
        }
        at = end;
    }
    chains
}

/// Of `ZEL-008Z-2` the last part is found behind `008Z` only, not as any `2`: where parts with digits are held together,
/// the number is in their order. Parts without digits are words, wherever they stand (`mp3-player`, `A4-Papier`).
fn bind_numbers(words: &[&ParsedWord], typed: &str, plans: &mut [WordPlan]) {
    for chain in chains(words) {
        for at in chain.start + 1..chain.end {
            let between = &typed[words[at - 1].place.end..words[at].place.start];
            // Of `3-for-2` a stop word was taken out.
            let is_next = between.chars().count() == 1;
            if !is_next || !has_digits(words[at - 1]) || !has_digits(words[at]) {
                continue;
            }
            let terms = vec![text(&words[at - 1].group).to_owned(), text(&words[at].group).to_owned()];
            plans[at].direct[0] = Alternative { terms, weight: 1.0, origin: Origin::Behind };
            // Unfinished, it goes on where all of it is written together.
            let joined: String = words[chain.start..=at].iter().map(|word| text(&word.group)).collect();
            let goes_on = joined.chars().count() <= JOINED_CHARS_MAX;
            plans[at].prefix = plans[at].prefix.take().filter(|_| goes_on).map(|_| joined);
        }
    }
}

fn has_digits(word: &ParsedWord) -> bool {
    matches!(&word.group, Group::Single(token) if token.kind != TokenKind::Word)
}

fn is_glued(word: &ParsedWord) -> bool {
    matches!(&word.group, Group::Single(token) if token.glued)
}

/// `lap top` is also found as `laptop`.
fn join_neighbours(words: &[&ParsedWord], plans: &mut [WordPlan], analyzer: &mut Analyzer) {
    for at in 1..words.len() {
        let (left, right) = (&words[at - 1], &words[at]);
        let (Group::Single(a), Group::Single(b)) = (&left.group, &right.group) else { continue };
        let both_numbers = a.kind == TokenKind::Number && b.kind == TokenKind::Number;
        if left.stretch == right.stretch && !both_numbers && !(is_glued(left) || is_glued(right)) {
            add_joined(words, plans, at - 1..at + 1, analyzer);
        }
    }
}

fn add_joined(words: &[&ParsedWord], plans: &mut [WordPlan], range: Range<usize>, analyzer: &mut Analyzer) {
    let joined: String = words[range.clone()].iter().map(|word| text(&word.group)).collect();
    if joined.chars().count() > JOINED_CHARS_MAX {
        return;
    }
    // A joined word is found in all its forms, a model number as it is.
    let is_word = joined.chars().all(char::is_alphabetic);
    let term = if is_word { word_term(analyzer, &joined) } else { joined.clone() };
    // `wi-fi` is another way of writing `wifi`, `lap top` a mistake for `laptop`.
    let glued = words[range.clone()].iter().skip(1).all(|word| is_glued(word));
    let (origin, weight) = if glued { (Origin::Form, 1.0) } else { (Origin::Joined(joined), JOINED_WEIGHT) };
    for plan in &mut plans[range] {
        plan.direct.push(Alternative { terms: vec![term.clone()], weight, origin: origin.clone() });
    }
}

/// Every word that a synonym's source covers, in any form, may be replaced by the whole target.
fn add_synonyms(plans: &mut [WordPlan], lexicon: &Lexicon) {
    // The first alternative of each is the word itself.
    let own: Vec<String> = plans.iter().filter_map(|plan| plan.direct.first()?.terms.first().cloned()).collect();
    for at in 0..own.len() {
        for rule in lexicon.rules(&own[at]) {
            let end = at + rule.source.len();
            if own.get(at..end) == Some(&rule.source) {
                for plan in &mut plans[at..end] {
                    plan.direct.push(Alternative {
                        terms: rule.target.clone(),
                        weight: rule.weight,
                        origin: Origin::Synonym,
                    });
                }
            }
        }
    }
}

/// Exact terms at the positions that indexing gives them: a measure takes two places, of which the first counts.
fn phrase(groups: &[Group]) -> Phrase {
    let mut terms = Vec::with_capacity(groups.len());
    let mut position = 0;
    for group in groups {
        terms.push((position, text(group).to_owned()));
        position += if matches!(group, Group::Measure { .. }) { 2 } else { 1 };
    }
    Phrase { terms }
}

/// An excluded word is excluded in all its forms, a phrase as written.
fn exclusion(groups: &[Group], analyzer: &mut Analyzer) -> Phrase {
    match groups {
        [word] => Phrase { terms: vec![(0, match_term(analyzer, word))] },
        _ => phrase(groups),
    }
}
