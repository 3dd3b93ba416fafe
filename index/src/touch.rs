//! What a change of a product touches: the hashes that answers look for in the touch table (DESIGN.md, "What touches").
//!
//! A term's touch form is text (`word:laptops`, `brand=nike`, …, see [`crate::dependency::Clause`]) and its hash is
//! [`touch_hash`] of that. A change touches every form of the old and of the new version. A word or prefix without
//! digits that no product had before also touches its *vocabulary bucket*: somebody may have searched for a mistyped
//! form of it when it did not exist.
//!
//! Owns the counts by which newness is judged. They count live products only: the engine's dictionary keeps dead terms
//! until a merge, and "ever seen" would miss a word that comes back.

use rustc_hash::FxHashMap;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, TERMINATED};

use crate::analysis::{PREFIX_CHARS_MAX, STEM_MARK};
use crate::error::IndexError;
use crate::query::{depend, filter};
use crate::snapshot::Snapshot;
use crate::store::forms::Form;
use crate::store::keyword::Value;
use crate::switch::{Rule, is_off};

/// The hash under which a touch form stands in the touch table.
pub fn touch_hash(form: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(form.as_bytes())
}

/// What a clause holds when a word that does not exist yet could come within its reach: words of this first character
/// and length.
pub(crate) fn bucket(first: char, chars: usize) -> String {
    format!("bucket:{first}{chars}")
}

/// A word or prefix that makes its bucket touched when it is new.
#[derive(Debug, Clone, Copy)]
struct Vocable {
    key: u64,
    first: char,
    chars: usize,
}

/// What one version of a product touches.
#[derive(Debug, Default)]
pub(crate) struct Version {
    /// Hashes of its forms.
    forms: Vec<u64>,
    vocabulary: Vec<Vocable>,
    buffer: String,
}

impl Version {
    fn clear(&mut self) {
        self.forms.clear();
        self.vocabulary.clear();
    }

    /// Adds a form of the product's text.
    pub(crate) fn add_form(&mut self, form: Form<'_>) {
        if let Some(hash) = hash_of(form, &mut self.buffer) {
            self.forms.push(hash);
            self.vocabulary.extend(vocable(form, hash));
        }
    }

    /// Adds something that the product can be filtered by.
    pub(crate) fn add_value(&mut self, term_field: &str, value: Value<'_>) {
        if !is_off(Rule::Values) {
            filter::write_touch_value(term_field, value, &mut self.buffer);
            self.forms.push(touch_hash(&self.buffer));
        }
    }
}

/// What a change of one product touches, by who has it.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Forms of the fields that both versions have alike: they touch, and change no count.
    kept: Vec<u64>,
    /// What else the old version has, if there is one.
    pub(crate) old: Version,
    /// What else the new version has, if there is one.
    pub(crate) new: Version,
}

impl Change {
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.old.clear();
        self.new.clear();
    }

    /// Adds a form of a field that both versions have alike.
    pub(crate) fn add_kept_form(&mut self, form: Form<'_>) {
        self.kept.extend(hash_of(form, &mut self.new.buffer));
    }

    /// Writes what is touched, sorted and without repeats.
    pub(crate) fn touched(&self, vocabulary: Option<&mut Vocabulary>, touched: &mut Vec<u64>) {
        touched.clear();
        touched.extend(&self.kept);
        if !is_off(Rule::OldVersion) {
            touched.extend(&self.old.forms);
        }
        touched.extend(&self.new.forms);
        if let Some(vocabulary) = vocabulary {
            vocabulary.replace(&self.old, &self.new, touched);
        }
        touched.sort_unstable();
        touched.dedup();
    }
}

/// The touch hash of a form, if it is one that touches.
fn hash_of(form: Form<'_>, buffer: &mut String) -> Option<u64> {
    match form {
        Form::Value { .. } | Form::Placed { .. } => return None,
        Form::Word(text) => depend::write_touch_term(text, buffer),
        Form::Prefix(_) if is_off(Rule::Prefixes) => return None,
        Form::Prefix(text) => depend::write_touch_prefix(text, buffer),
    }
    Some(touch_hash(buffer))
}

/// The vocable that a form is, if it is one. Stems are no words, and words with digits neither are corrected nor stand
/// for a mistyped one.
fn vocable(form: Form<'_>, hash: u64) -> Option<Vocable> {
    let (text, key) = match form {
        Form::Value { .. } | Form::Placed { .. } => return None,
        Form::Word(text) => (text, hash),
        Form::Prefix(text) => (text, prefix_key(text, hash)),
    };
    let first = text.chars().next().filter(|&first| first != STEM_MARK)?;
    (!text.contains(char::is_numeric)).then(|| Vocable { key, first, chars: text.chars().count() })
}

/// Prefixes of up to [`PREFIX_CHARS_MAX`] characters are known by their touch form; a longer one shares that of its
/// beginning, and is a word of its own for the dictionary.
fn prefix_key(text: &str, form: u64) -> u64 {
    if text.chars().nth(PREFIX_CHARS_MAX).is_some() { touch_hash(text) } else { form }
}

/// How many live products have each word and prefix.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    counts: FxHashMap<u64, u32>,
}

impl Vocabulary {
    /// Counts the products of a snapshot.
    pub(crate) fn count(snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut vocabulary = Self::default();
        let fields = snapshot.fields();
        let mut buffer = String::new();
        vocabulary.count_field(snapshot, fields.words, |text| {
            depend::write_touch_term(text, &mut buffer);
            touch_hash(&buffer)
        })?;
        vocabulary.count_field(snapshot, fields.prefix, |text| {
            depend::write_touch_prefix(text, &mut buffer);
            prefix_key(text, touch_hash(&buffer))
        })?;
        Ok(vocabulary)
    }

    fn count_field(
        &mut self,
        snapshot: &Snapshot,
        field: Field,
        mut key: impl FnMut(&str) -> u64,
    ) -> Result<(), IndexError> {
        for segment in snapshot.searcher().segment_readers() {
            let index = segment.inverted_index(field)?;
            let alive = segment.alive_bitset();
            let mut stream = index.terms().stream().map_err(tantivy::TantivyError::from)?;
            while stream.advance() {
                let Ok(text) = std::str::from_utf8(stream.key()) else { continue };
                if text.starts_with(STEM_MARK) || text.contains(char::is_numeric) {
                    continue;
                }
                let mut count = stream.value().doc_freq;
                if let Some(alive) = alive {
                    let list = index.read_postings_from_terminfo(stream.value(), IndexRecordOption::Basic);
                    let mut list = list.map_err(tantivy::TantivyError::from)?;
                    count = 0;
                    while list.doc() != TERMINATED {
                        count += u32::from(alive.is_alive(list.doc()));
                        list.advance();
                    }
                }
                if count > 0 {
                    *self.counts.entry(key(text)).or_default() += count;
                }
            }
        }
        Ok(())
    }

    /// Replaces one version by another and adds to `touched` the buckets of what is new.
    pub(crate) fn replace(&mut self, old: &Version, new: &Version, touched: &mut Vec<u64>) {
        for vocable in &new.vocabulary {
            if is_off(Rule::Buckets) {
                break;
            }
            let is_new = match is_off(Rule::LiveCounts) {
                false => self.counts.get(&vocable.key).is_none_or(|&count| count == 0),
                // The tempting mistake: "was ever seen".
                true => !self.counts.contains_key(&vocable.key),
            };
            if is_new {
                touched.push(touch_hash(&bucket(vocable.first, vocable.chars)));
            }
        }
        for vocable in &new.vocabulary {
            *self.counts.entry(vocable.key).or_default() += 1;
        }
        for vocable in &old.vocabulary {
            if let std::collections::hash_map::Entry::Occupied(mut entry) = self.counts.entry(vocable.key) {
                *entry.get_mut() = entry.get().saturating_sub(1);
                if *entry.get() == 0 && !is_off(Rule::LiveCounts) {
                    entry.remove();
                }
            }
        }
    }

    /// Words and prefixes counted.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }
}
