//! The phrases of an index, packed: what is shown, what it is found by, what it is worth.
//!
//! Owns the memory of all phrases in a few large blocks. It searches nothing.
//!
//! Invariant: phrases are in order of their keys, keys are all different, and the key of a phrase is the folded form
//! of its text.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::Source;
use super::diversity::Gist;
use super::words::Words;

/// No category.
const NONE: u32 = u32::MAX;

/// A phrase on its way into the index.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) key: Box<str>,
    pub(super) text: Box<str>,
    pub(super) weight: f64,
    pub(super) results: u64,
    pub(super) source: Source,
    pub(super) category: Option<Box<str>>,
    /// Keys of the scopes that its products lie in, see `scopes`.
    pub(super) scopes: Vec<Box<str>>,
}

/// A total order of drafts by what they are worth: heavier first, then shorter, then by key.
pub(super) fn by_worth(a: &Draft, b: &Draft) -> Ordering {
    b.weight.total_cmp(&a.weight).then(a.key.len().cmp(&b.key.len())).then_with(|| a.key.cmp(&b.key))
}

/// All phrases.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    texts: String,
    keys: String,
    /// Stems of all phrases, each phrase's sorted and without repetitions, by number.
    stems: Vec<u32>,
    categories: Vec<Box<str>>,
    items: Vec<Item>,
    weight_max: f64,
}

/// One phrase: where its parts begin; they end where the next phrase's begin.
#[derive(Debug, Clone, Copy)]
struct Item {
    text: u32,
    key: u32,
    stems: u32,
    category: u32,
    weight: f64,
    results: u64,
    source: Source,
}

impl Phrases {
    /// Packs drafts, which are in order of their keys.
    pub(super) fn new(drafts: &[Draft], words: &Words) -> Self {
        let mut this = Self::default();
        let mut stem_numbers = FxHashMap::default();
        let mut category_numbers: FxHashMap<&str, u32> = FxHashMap::default();
        for draft in drafts {
            let category = draft.category.as_deref().map_or(NONE, |name| {
                *category_numbers.entry(name).or_insert_with(|| {
                    this.categories.push(name.into());
                    this.categories.len() as u32 - 1
                })
            });
            this.items.push(Item {
                text: this.texts.len() as u32,
                key: this.keys.len() as u32,
                stems: this.stems.len() as u32,
                category,
                weight: draft.weight,
                results: draft.results,
                source: draft.source,
            });
            this.texts.push_str(&draft.text);
            this.keys.push_str(&draft.key);
            this.stems.extend(stem_set(&draft.key, words, &mut stem_numbers));
            this.weight_max = this.weight_max.max(draft.weight);
        }
        this
    }

    /// Number of phrases.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The folded form.
    pub(super) fn key(&self, phrase: usize) -> &str {
        &self.keys[self.items[phrase].key as usize..self.next(phrase, |item| item.key, self.keys.len())]
    }

    /// The written form.
    pub(super) fn text(&self, phrase: usize) -> &str {
        &self.texts[self.items[phrase].text as usize..self.next(phrase, |item| item.text, self.texts.len())]
    }

    /// What tells it from its variants. Stop words count only where it has nothing else.
    pub(super) fn gist(&self, phrase: usize) -> Gist<'_> {
        let item = &self.items[phrase];
        let end = self.next(phrase, |item| item.stems, self.stems.len());
        Gist { stems: &self.stems[item.stems as usize..end], results: item.results }
    }

    fn next(&self, phrase: usize, part: impl Fn(&Item) -> u32, end: usize) -> usize {
        self.items.get(phrase + 1).map_or(end, |item| part(item) as usize)
    }

    pub(super) fn weight(&self, phrase: usize) -> f64 {
        self.items[phrase].weight
    }

    /// Weight relative to the heaviest phrase, 0–1, in steps of a thousandth: finer ones tell nobody anything, and would
    /// make all suggestions new ones whenever the heaviest phrase gains a product.
    pub(super) fn popularity(&self, phrase: usize) -> f32 {
        ((self.items[phrase].weight / self.weight_max * 1e3).round() / 1e3) as f32
    }

    pub(super) fn results(&self, phrase: usize) -> u64 {
        self.items[phrase].results
    }

    pub(super) fn source(&self, phrase: usize) -> Source {
        self.items[phrase].source
    }

    pub(super) fn category(&self, phrase: usize) -> Option<&str> {
        self.categories.get(self.items[phrase].category as usize).map(|name| &**name)
    }

    /// The names of all categories.
    pub(super) fn categories(&self) -> Vec<&str> {
        self.categories.iter().map(|name| &**name).collect()
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let names: usize = self.categories.iter().map(|name| name.len() + size_of::<Box<str>>()).sum();
        let items = self.items.capacity() * size_of::<Item>();
        self.texts.capacity() + self.keys.capacity() + self.stems.capacity() * size_of::<u32>() + names + items
    }
}

/// Numbers of the stems of a key's words. Stop words count only where there is nothing else.
fn stem_set(key: &str, words: &Words, numbers: &mut FxHashMap<String, u32>) -> Vec<u32> {
    let mut number = |word: &str| {
        let next = numbers.len() as u32;
        *numbers.entry(words.stem(word)).or_insert(next)
    };
    let mut stems: Vec<u32> = key.split(' ').filter(|word| !words.is_stop(word)).map(&mut number).collect();
    if stems.is_empty() {
        stems = key.split(' ').map(number).collect();
    }
    stems.sort_unstable();
    stems.dedup();
    stems
}
