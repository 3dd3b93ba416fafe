//! What is asked of the index, validated and normalised by the caller.

use crate::error::IndexError;
use crate::filter::Filter;
use crate::query::fields::assumed;
use crate::query::filter::Condition;
use crate::rank::WINDOW;

/// Deepest product that paging reaches: `page × per_page` is at most this. A shopper does not turn 500 pages, and
/// every page costs a heap of this size.
pub const RESULT_WINDOW_MAX: usize = 10_000;
/// Most products on one page.
pub const PER_PAGE_MAX: usize = 100;
/// Longest query in characters that is analysed; longer ones are refused.
pub const QUERY_CHARS_MAX: usize = 512;
/// Most words of a query; those behind it are ignored, since no product name is this long.
pub const QUERY_WORDS_MAX: usize = 16;
/// Most facets of one request.
pub const FACETS_MAX: usize = 32;
/// Most values listed of one facet.
pub const FACET_LIMIT_MAX: usize = 1_000;
/// Most sort keys.
pub const SORT_KEYS_MAX: usize = 4;

/// With fewer products than this a search is widened, unless it says otherwise: less than a page's first rows. Ten was
/// better than none and worse than nothing on the judged queries (ENGINEERING.md §6: +.03 nDCG, no query worse).
pub const ENOUGH_PRODUCTS: u64 = 10;

/// One search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// What the shopper typed; empty asks for everything.
    pub q: String,
    /// Condition on products. What it selects of a facet's own field does not shrink that facet.
    pub filter: Option<Filter>,
    /// What the asker may see at all: nothing else is found, counted or shown, in facets neither. Of a field that no
    /// product has, it holds for none.
    pub within: Option<Filter>,
    /// Fields to count values of; `*` already replaced by the settings' facets.
    pub facets: Vec<String>,
    /// Most values listed of each facet.
    pub facet_limit: usize,
    /// Sort keys; empty is by relevance.
    pub sort: Vec<SortKey>,
    /// From 1.
    pub page: usize,
    /// 0 to [`PER_PAGE_MAX`].
    pub per_page: usize,
    /// Show the best product of each value of this field.
    pub group: Option<String>,
    /// Product fields to show; `None` shows all.
    pub fields: Option<Vec<String>>,
    /// Fields to highlight.
    pub highlight: Vec<String>,
    /// Put before each match.
    pub highlight_pre: String,
    /// Put behind each match.
    pub highlight_post: String,
    /// Whether mistyped words are corrected.
    pub typos: bool,
    /// Whether the last word may be unfinished.
    pub prefix: bool,
    /// Whether hits explain their score.
    pub explain_ranking: bool,
    /// How many of the best by their words are put in order anew by what they are besides. All pages of a search must
    /// have the same, or they repeat and skip products.
    pub window: usize,
    /// So many products with all words as typed are enough; with fewer, words are corrected and split, and some may be
    /// missing. 0 never widens. All pages of a search must have the same, or they are pages of different answers.
    pub enough: u64,
    /// Whether the page tells other words than those typed: `corrected` and `did_you_mean`.
    pub tells_wording: bool,
    /// What the asker says of the situation; rules may look at it.
    pub context: Vec<String>,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            q: String::new(),
            filter: None,
            within: None,
            facets: Vec::new(),
            facet_limit: 100,
            sort: Vec::new(),
            page: 1,
            per_page: 20,
            group: None,
            fields: None,
            highlight: Vec::new(),
            highlight_pre: "<em>".into(),
            highlight_post: "</em>".into(),
            typos: true,
            prefix: true,
            explain_ranking: false,
            window: WINDOW,
            enough: ENOUGH_PRODUCTS,
            tells_wording: true,
            context: Vec::new(),
        }
    }
}

/// Whether a filter can stand in [`SearchRequest::within`], on any catalog.
///
/// # Errors
/// A value that its product field cannot have.
pub fn check_within(filter: &Filter) -> Result<(), IndexError> {
    Condition::resolve_as(&|name| Ok(assumed(name)), filter).map(|_| ())
}

/// One sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// A field, an attribute, or `relevance`.
    pub field: String,
    /// Which end comes first; missing values come last in both.
    pub order: Order,
}

/// Direction of a sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}
