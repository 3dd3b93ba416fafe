//! Collects phrases from products and from what was learned, and turns them into an index.
//!
//! Owns which phrases a product gives and how the same phrase from several sources becomes one suggestion. Counting
//! within bounds is `tally`'s, worth is `weigh`'s.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::blocked::BlockList;
use super::categories::{Categories, Level};
use super::fragments::Fragments;
use super::normalise::{normalise, normalise_into};
use super::phrases::{Draft, by_worth};
use super::tally::{Sighting, Tally, TallyTable};
use super::title::Title;
use super::weigh::{Kind, damp, weigh, weigh_learned};
use super::words::Words;
use super::{PHRASE_BYTES_MAX, Source, SuggestIndex};
use crate::settings::Language;

/// Phrases of titles counted at once; a phrase costs some 200 bytes while counted, so 120 MB at most.
const NAMES_HELD_MAX: usize = 600_000;
/// Titles' first words held at once. Catalogs above that reach their rarest products by search alone.
const LEADING_HELD_MAX: usize = 150_000;
/// Brands, category names, and pairs of both held at once, each.
const LABELS_HELD_MAX: usize = 100_000;
/// Learned phrases taken; the learner ranks and sends its best.
const LEARNED_HELD_MAX: usize = 200_000;
/// Phrases in the index, the heaviest of all; one costs some 240 bytes to serve and 30 more per category level that its
/// products lie in, so 120 to 200 MB.
pub(super) const PHRASES_MAX: usize = 500_000;

/// Collects phrases from products and builds a [`SuggestIndex`].
///
/// Memory is bounded whatever the size of the catalog: some 250 MB while counting, 400 MB while building.
/// Up to 600,000 different phrases the result does not depend on the order of products; beyond, the rarest are
/// forgotten on the way and a rare phrase may be counted short.
#[derive(Debug)]
pub struct SuggestBuilder {
    words: Words,
    names: TallyTable,
    leading: TallyTable,
    brands: TallyTable,
    category_names: TallyTable,
    pairs: TallyTable,
    learned: FxHashMap<Box<str>, Learned>,
    blocked: BlockList,
    categories: Categories,
    demand_max: u32,
    scratch: Scratch,
}

/// Buffers that live from product to product.
#[derive(Debug, Default)]
struct Scratch {
    title: Title,
    /// Phrases already counted for this product.
    seen: FxHashSet<u64>,
    key: String,
    written: String,
}

#[derive(Debug)]
struct Learned {
    text: Box<str>,
    weight: f64,
    results: u64,
}

impl SuggestBuilder {
    /// An empty builder. The language decides which words a phrase may end with and which words are plurals.
    pub fn new(language: Language) -> Self {
        Self {
            words: Words::new(language),
            names: TallyTable::new(NAMES_HELD_MAX),
            leading: TallyTable::new(LEADING_HELD_MAX),
            brands: TallyTable::new(LABELS_HELD_MAX),
            category_names: TallyTable::new(LABELS_HELD_MAX),
            pairs: TallyTable::new(LABELS_HELD_MAX),
            learned: FxHashMap::default(),
            blocked: BlockList::default(),
            categories: Categories::default(),
            demand_max: 0,
            scratch: Scratch::default(),
        }
    }

    /// Counts one product's name, brand and categories (paths with ` > ` between levels). `popularity` has any scale;
    /// higher is more popular, and what is not a positive finite number counts as none.
    pub fn add(&mut self, title: &str, brand: Option<&str>, categories: &[String], popularity: Option<f64>) {
        let demand = damp(popularity);
        self.demand_max = self.demand_max.max(demand);
        let sighting = Sighting { demand, set: self.categories.count(categories) };
        self.add_title(title, sighting);
        self.add_labels(brand, sighting);
    }

    fn add_title(&mut self, title: &str, sighting: Sighting) {
        let Scratch { title: read, seen, .. } = &mut self.scratch;
        read.read(title, &self.words);
        seen.clear();
        for phrase in read.phrases() {
            if seen.insert(xxh3_64(phrase.key.as_bytes())) {
                self.names.count(phrase.key, phrase.written, sighting);
            }
        }
        if let Some(phrase) = read.leading() {
            self.leading.count(phrase.key, phrase.written, sighting);
        }
    }

    fn add_labels(&mut self, brand: Option<&str>, sighting: Sighting) {
        let Scratch { seen, key, written, .. } = &mut self.scratch;
        seen.clear();
        for (level, name) in self.categories.last_levels() {
            if seen.insert(xxh3_64(level.key.as_bytes())) {
                self.category_names.count(&level.key, name, sighting);
            }
        }
        key.clear();
        let brand = brand.map(str::trim).filter(|brand| brand.len() <= PHRASE_BYTES_MAX).unwrap_or_default();
        normalise_into(brand, key);
        if key.is_empty() {
            return;
        }
        self.brands.count(key, brand, sighting);
        let brand_end = key.len();
        seen.clear();
        for (leaf, name) in self.categories.last_leaves() {
            key.truncate(brand_end);
            // "Apple" and "Apple Accessories" make no pair.
            if leaf.key.starts_with(key.as_str()) || brand_end + leaf.key.len().max(name.len()) >= PHRASE_BYTES_MAX {
                continue;
            }
            key.push(' ');
            key.push_str(&leaf.key);
            written.clear();
            written.extend([brand, " ", name]);
            if seen.insert(xxh3_64(key.as_bytes())) {
                self.pairs.count(key, written, sighting);
            }
        }
    }

    /// Adds a phrase learned from searches, with its weight (a decayed number of searches, above 0) and the number of
    /// products that it finds. A phrase that finds nothing or has no weight is left out; of the same phrase twice the
    /// weights add up.
    pub fn add_learned(&mut self, text: &str, weight: f64, results: u64) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = normalise(&text);
        let too_long = text.len() > PHRASE_BYTES_MAX || key.len() > PHRASE_BYTES_MAX;
        if key.is_empty() || too_long || results == 0 || !weight.is_finite() || weight <= 0.0 {
            return;
        }
        if let Some(known) = self.learned.get_mut(key.as_str()) {
            known.weight += weight;
            known.results = known.results.max(results);
            known.text = text.into_boxed_str().min(std::mem::take(&mut known.text));
        } else if self.learned.len() < LEARNED_HELD_MAX {
            self.learned.insert(key.into(), Learned { text: text.into(), weight, results });
        }
    }

    /// Leaves out whatever these words and phrases block, wherever it comes from.
    pub fn block(&mut self, blocked: BlockList) {
        self.blocked = blocked;
    }

    /// Builds the immutable index. Takes about a second for 150,000 phrases, so not on an async thread.
    pub fn build(self) -> SuggestIndex {
        let Self { words, names, leading, brands, category_names, pairs, learned, blocked, .. } = self;
        let Self { categories, demand_max, .. } = self;
        let category_names: Vec<_> = category_names.into_tallies().collect();
        let shown = category_names.iter().map(|(key, tally)| (key.clone(), tally.best_form().into())).collect();
        let fragments = Fragments::new(names.products(), &words);
        let mut drafts = Drafts { by_key: FxHashMap::default(), categories, shown, fragments, demand_max };
        drafts.extend(Kind::Category, category_names);
        drafts.extend(Kind::Brand, brands.into_tallies());
        drafts.extend(Kind::Leading, leading.into_tallies());
        let rare_pairs = drafts.extend(Kind::BrandCategory, pairs.into_tallies());
        drafts.extend(Kind::Name, names.into_tallies());
        rare_pairs.iter().for_each(|(key, tally)| drafts.widen(key, tally));
        learned.into_iter().for_each(|(key, learned)| drafts.learn(key, learned));
        let mut drafts: Vec<Draft> = drafts.by_key.into_values().filter(|draft| !blocked.blocks(&draft.text)).collect();
        if drafts.len() > PHRASES_MAX {
            drafts.select_nth_unstable_by(PHRASES_MAX, by_worth);
            drafts.truncate(PHRASES_MAX);
        }
        drafts.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        SuggestIndex::new(&drafts, &words)
    }
}

/// Suggestions in the making, one per key.
struct Drafts {
    by_key: FxHashMap<Box<str>, Draft>,
    categories: Categories,
    /// The written form of a category's name that is shown, by its folded name.
    shown: FxHashMap<Box<str>, Box<str>>,
    fragments: Fragments,
    demand_max: u32,
}

impl Drafts {
    /// Adds what one source knows. Fragments and phrases of too few products only widen what other sources gave; those that none
    /// gave so far are returned, unless they are words of titles, which come last and are by far the most.
    fn extend(&mut self, kind: Kind, tallies: impl IntoIterator<Item = (Box<str>, Tally)>) -> Vec<(Box<str>, Tally)> {
        let mut rare = Vec::new();
        for (key, tally) in tallies {
            let is_phrase = kind != Kind::Name || !self.fragments.contains(&key);
            if tally.products >= kind.products_min() && is_phrase {
                self.add(kind, &key, &tally);
            }
            if self.by_key.contains_key(&key) {
                self.widen(&key, &tally);
            } else if kind != Kind::Name {
                rare.push((key, tally));
            }
        }
        rare
    }

    /// Adds one source of a phrase. The heaviest source gives text and weight.
    fn add(&mut self, kind: Kind, key: &str, tally: &Tally) {
        let weight = weigh(kind, tally, self.demand_max);
        let draft = self.by_key.entry(key.into()).or_insert_with_key(|key| Draft {
            key: key.clone(),
            text: Box::default(),
            weight: 0.0,
            results: 0,
            source: kind.source(),
            category: None,
            scopes: Vec::new(),
        });
        if weight > draft.weight {
            draft.weight = weight;
            draft.text = tally.best_form().into();
            draft.source = kind.source();
        }
    }

    /// Adds the products of one source to a phrase, if it is one: the widest source gives results and category, all
    /// give scopes.
    fn widen(&mut self, key: &str, tally: &Tally) {
        if !self.by_key.contains_key(key) {
            return;
        }
        let (category, scopes) = self.place(key, tally);
        if let Some(draft) = self.by_key.get_mut(key) {
            let results = u64::from(tally.products);
            if (results, &category) > (draft.results, &draft.category) {
                draft.results = results;
                draft.category = category;
            }
            draft.scopes.extend(scopes);
            draft.scopes.sort_unstable();
            draft.scopes.dedup();
        }
    }

    /// The category shown beside a phrase, and the scopes in which it is suggested.
    fn place(&self, key: &str, tally: &Tally) -> (Option<Box<str>>, Vec<Box<str>>) {
        let spread = self.categories.spread(tally);
        let home = Categories::home(&spread, tally.products, key).map(|level| self.shown(level));
        let mut scopes: Vec<_> = spread.iter().flat_map(|(level, _)| [level.path.clone(), level.key.clone()]).collect();
        scopes.sort_unstable();
        scopes.dedup();
        (home, scopes)
    }

    fn shown(&self, level: &Level) -> Box<str> {
        self.shown.get(&level.key).unwrap_or(&level.key).clone()
    }

    fn learn(&mut self, key: Box<str>, learned: Learned) {
        let weight = weigh_learned(learned.weight);
        if let Some(draft) = self.by_key.get_mut(&key) {
            draft.weight += weight;
            draft.results = draft.results.max(learned.results);
            draft.source = Source::Learned;
        } else {
            let Learned { text, results, .. } = learned;
            let draft = Draft {
                key: key.clone(),
                text,
                weight,
                results,
                source: Source::Learned,
                category: None,
                scopes: Vec::new(),
            };
            self.by_key.insert(key, draft);
        }
    }
}
