//! What a merchandiser sets for a catalog: language, searchable fields and weights, facets, synonyms, stop words.
//!
//! Invariant: analysis is a pure function of product and settings, so everything that changes analysis is in
//! [`Settings::analysis_fingerprint`].

mod check;

use serde::{Deserialize, Serialize};

pub use check::SESSIONS_TOLD_APART_MAX;

use crate::store::schema::TextField;

/// Raised with every change of what a text's terms are; indexes built with another one are built anew.
const ANALYSIS_VERSION: u32 = 3;

/// Settings of one catalog; the JSON of `GET` and `PUT /v1/{catalog}/settings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Stemming and default stop words.
    pub language: Language,
    /// Weight per searchable field; a field that is left out or 0 is not searched.
    pub searchable: Weights,
    /// The facets that a storefront shows, in this order; `facets=*` asks for them.
    pub facets: Vec<String>,
    /// Words that mean the same.
    pub synonyms: Vec<Synonym>,
    /// Whether what means the same in any shop is added to the synonyms (`laptop` and `notebook`).
    pub generic_synonyms: bool,
    /// Words that a product need not have; none by default.
    pub stop_words: Vec<String>,
    /// What is suggested.
    pub autocomplete: Autocomplete,
    /// What counts beside the words.
    pub ranking: Ranking,
}

/// Languages with a stemmer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// No stemming.
    None,
    /// English (Porter 2).
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

/// Weight of each searchable field in the relevance score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// The title.
    #[serde(default)]
    pub title: f32,
    /// The brand.
    #[serde(default)]
    pub brand: f32,
    /// Categories and tags.
    #[serde(default)]
    pub categories: f32,
    /// SKU and identifiers.
    #[serde(default)]
    pub sku: f32,
    /// Text values of attributes.
    #[serde(default)]
    pub attributes: f32,
    /// The description.
    #[serde(default)]
    pub description: f32,
}

/// What is suggested and what is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Autocomplete {
    /// Words and phrases that no suggestion may hold, however they are spelled.
    pub blocked: Vec<String>,
    /// Different sessions that must have searched a phrase before it is suggested to others: what fewer searched may say
    /// who they are. Ten, below which a phrase is hardly frequent either.
    pub min_sessions: u32,
}

impl Default for Autocomplete {
    fn default() -> Self {
        Self { blocked: Vec::new(), min_sessions: 10 }
    }
}

/// What counts beside the words: by how much of itself a text score grows (of `sold_out`: shrinks). 0 is not at all.
///
/// The defaults are round, and come from reasons that hold in any shop, not from fitting: on some fifty judged queries
/// fitted weights do not survive cross-validation (`docs/RELEVANCE.md`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ranking {
    /// The title says that the product *is* what the query asks for; counts where `kind` is not known. 3, like `kind`.
    pub head: f32,
    /// It is of the sort that the query asks for, learned from the products whose titles say so. 3: of another sort is
    /// not what was asked for, so it goes behind, unless the words fit four times as well, which they rarely do among
    /// products that have them all.
    pub kind: f32,
    /// The query is its whole title, SKU or another identifier. 2: who types that much means this product.
    pub name: f32,
    /// Popularity, at most (for the most popular of the first results). 0.1: tips the scales among equals.
    pub popularity: f32,
    /// Sold out. 0.1: behind its equals, before what fits less.
    pub sold_out: f32,
}

impl Ranking {
    /// Nothing but the words.
    pub const TEXT_ONLY: Self = Self { head: 0.0, kind: 0.0, name: 0.0, popularity: 0.0, sold_out: 0.0 };
}

impl Default for Ranking {
    fn default() -> Self {
        Self { head: 3.0, kind: 3.0, name: 2.0, popularity: 0.1, sold_out: 0.1 }
    }
}

/// Words that mean the same, at query time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synonym {
    /// One-way: who asks for this also finds `to`. Absent: every member of `to` finds every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The alternatives; an alternative may have several words.
    pub to: Vec<String>,
    /// How much a match through the synonym counts against a direct one, 0–1.
    #[serde(default = "synonym_weight")]
    pub weight: f32,
}

fn synonym_weight() -> f32 {
    0.8
}

impl Default for Weights {
    fn default() -> Self {
        Self { title: 3.0, brand: 2.0, categories: 2.0, sku: 2.0, attributes: 1.0, description: 1.0 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::English,
            searchable: Weights::default(),
            facets: ["categories", "brand", "price"].map(String::from).to_vec(),
            synonyms: Vec::new(),
            generic_synonyms: true,
            stop_words: Vec::new(),
            autocomplete: Autocomplete::default(),
            ranking: Ranking::default(),
        }
    }
}

impl Weights {
    pub(crate) fn of(&self, field: TextField) -> f32 {
        match field {
            TextField::Title => self.title,
            TextField::Brand => self.brand,
            TextField::Categories => self.categories,
            TextField::Sku => self.sku,
            TextField::Attributes => self.attributes,
            TextField::Description => self.description,
        }
    }
}

impl Settings {
    /// Changes whenever products must be analysed anew: another language, other searched fields, another program.
    pub fn analysis_fingerprint(&self) -> u64 {
        let searched = TextField::ALL.map(|field| self.searchable.of(field) > 0.0);
        let parts = format!("{ANALYSIS_VERSION} {:?} {searched:?}", self.language);
        xxhash_rust::xxh3::xxh3_64(parts.as_bytes())
    }
}
