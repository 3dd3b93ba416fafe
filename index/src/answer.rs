//! What the index answers: a page of products, facets, and what the answer depends on.

use serde::Serialize;

use crate::dependency::Dependency;
use crate::live::{Live, Ordinal};

/// One page of results.
#[derive(Debug)]
pub struct SearchPage {
    /// Products that match; with `group`, groups.
    pub total: u64,
    /// With `group`, the products in those groups.
    pub total_products: Option<u64>,
    /// The query with mistyped words replaced, when that is what the first hits match.
    pub corrected: Option<String>,
    /// What may have been meant instead, when nothing was corrected. Like all wording it may drift with statistics.
    pub did_you_mean: Option<String>,
    /// What of the query was read as a condition.
    pub interpreted: Option<Interpreted>,
    /// Whether products that lack some words are among the results.
    pub relaxed: bool,
    /// The steps of relaxation that added them, in their order.
    pub relaxation: Vec<Relaxation>,
    /// The products of the page, best first.
    pub hits: Vec<Hit>,
    /// Facets in the order asked.
    pub facets: Vec<Facet>,
    /// Which live changes can alter what is in this answer, beside the values that it shows.
    pub live: LiveDependency,
    /// Which changes of the catalog can alter this answer.
    pub dependency: Dependency,
}

/// Words of the query that were read as a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interpreted {
    /// The words, as typed.
    pub words: String,
    /// The condition, in the grammar of filters.
    pub filter: String,
}

/// A step of relaxation that added products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relaxation {
    /// `details`: what tells one such product from another may be missing; `partial`: some words may; `any`: one word
    /// is enough.
    pub step: &'static str,
    /// The words that a product may lack, as typed.
    pub without: Vec<String>,
    /// How many of these it may lack at most.
    pub missing_max: usize,
}

/// One product of a page.
#[derive(Debug)]
pub struct Hit {
    /// The product's id.
    pub id: String,
    /// Its ordinal in the live table, by which newer live fields are found.
    pub ordinal: Option<Ordinal>,
    /// Version of the live row that was read.
    pub version: u64,
    /// Relevance; 0 for an empty query.
    pub score: f32,
    /// The product as the text of a JSON object without `id` and without the live fields, shaped by `fields`.
    pub content: String,
    /// Price and stock, which change oftener than the rest.
    pub live: Live,
    /// Which live fields are to be shown.
    pub shows: LiveShown,
    /// Field and marked text (one per value) of each field with a match that was to be highlighted.
    pub highlights: Vec<(String, Vec<String>)>,
    /// With `group`, how many members match.
    pub group_count: Option<u64>,
    /// With `explain=ranking`, how the score came about.
    pub ranking: Option<serde_json::Value>,
}

/// How an answer that filters, sorts or counts by live fields depends on them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LiveDependency {
    /// It does not.
    #[default]
    None,
    /// On those of these products, which match everything else; ascending.
    Products(Vec<Ordinal>),
    /// On those of too many products to list.
    Any,
}

impl SearchPage {
    /// Makes what this page depends on cover what `other` depends on, too: for an answer that is made of both.
    pub fn depend_on(&mut self, other: Self) {
        self.dependency.variants.extend(other.dependency.variants);
        self.live = match (std::mem::take(&mut self.live), other.live) {
            (LiveDependency::None, live) | (live, LiveDependency::None) => live,
            (LiveDependency::Any, _) | (_, LiveDependency::Any) => LiveDependency::Any,
            (LiveDependency::Products(mut some), LiveDependency::Products(others)) => {
                some.extend(others);
                some.sort_unstable();
                some.dedup();
                LiveDependency::Products(some)
            }
        };
    }
}

/// Which live fields the request's `fields` selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveShown {
    /// Show `price`.
    pub price: bool,
    /// Show `stock`.
    pub stock: bool,
    /// Show `in_stock`.
    pub in_stock: bool,
}

/// Counts of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    /// As asked.
    pub field: String,
    /// Values by count, then value; selected ones always among them. Empty for numbers with too many values.
    pub values: Vec<FacetValue>,
    /// How many values differ.
    pub distinct: u64,
    /// For fields with numbers.
    pub stats: Option<NumberStats>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetValue {
    /// Text, number or boolean, as the product has it.
    pub value: serde_json::Value,
    /// Products (with `group`: groups) that have it.
    pub count: u64,
}

/// Statistics of a field's numbers among the matching products.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberStats {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Mean.
    pub avg: f64,
    /// How many products have one.
    pub count: u64,
}
