//! Computing: a question, put to the index on a thread of the query pool, becomes an entry.
//!
//! This is the engine boundary: query in, page and dependency out. It does not look into caches and does not know
//! who asks.
//!
//! Invariant: an entry is stamped with the sequence of the very snapshot that answered.

use std::sync::Arc;

use storefind_index::answer::SearchPage;
use storefind_index::filter::{Filter, Literal};
use storefind_index::request::{ENOUGH_PRODUCTS, SearchRequest};
use storefind_index::rules::{Arrangement, RuleBook, Rules};
use storefind_index::suggest::Suggestion;
use tokio::time::Instant;

use super::counters::CatalogCounters;
use super::effective::CompleteRequest;
use super::error::AnswerError;
use super::suggested::Suggested;
use super::{Kind, Request, render};
use crate::cache::admission::{Class, Shape};
use crate::cache::body::Body;
use crate::cache::coding::Coding;
use crate::cache::entry::Entry;
use crate::cache::freshness::{Stamp, UnixMillis};
use crate::cache::key::Key;
use crate::cache::proof::Proof;
use crate::catalog::visibility::Visibility;
use crate::resilience::deadline::Worth;

/// Fields that change by the second. An answer that they decide is told by the index itself; this only spares the
/// lookups that could find nothing.
const LIVE_FIELDS: [&str; 3] = ["price", "stock", "in_stock"];
/// Categories beside suggestions: a short list to narrow down by, not a facet.
const CATEGORIES_SHOWN: usize = 5;
/// Of the best by their words, so many are put in order by what they are: few are shown, and there is no second page.
const PRODUCTS_WINDOW: usize = 32;
/// What a product beside suggestions shows: a line with a picture that links.
const PRODUCT_FIELDS: [&str; 5] = ["title", "brand", "image", "price", "url"];

/// A normalised question.
#[derive(Debug)]
pub enum Question {
    /// A search.
    Search(SearchRequest),
    /// An autocomplete, with the suggestions whose digest is in its key.
    Complete(CompleteRequest, Suggested),
}

/// A question with all that a thread needs to answer it.
pub struct Computation {
    question: Question,
    visibility: Arc<Visibility>,
    key: Arc<Key>,
    version: u64,
    coding: Coding,
    counters: Arc<CatalogCounters>,
    /// The time by which rules with dates apply; read when the computation begins unless it is given.
    at: Option<UnixMillis>,
    /// Rules in the place of those in force.
    rules: Option<Arc<Rules>>,
}

/// A computed answer.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub entry: Entry,
    /// Whether it was computed under the settings and rules that its key names. They may have changed since the key was made;
    /// then the answer is right for the one who asked, but not to be found by who asks when they are back.
    pub suits_key: bool,
}

impl Question {
    /// Packs the question for the thread that answers it.
    pub(super) fn computation(self, request: &Request<'_>, key: &Arc<Key>, version: u64) -> Computation {
        Computation {
            question: self,
            visibility: Arc::clone(request.catalog.visibility()),
            key: Arc::clone(key),
            version,
            coding: request.coding(),
            counters: Arc::clone(&request.counters),
            at: None,
            rules: None,
        }
    }

    /// What its cost is learned by; `None` if it is for the memory tier alone, since what live fields decide cannot be
    /// proven elsewhere.
    pub(super) fn class(&self) -> Option<Class> {
        let is_live = |field: &str| LIVE_FIELDS.contains(&field);
        let is_filtered_by_live = |filter: &Option<Filter>, within: &Option<Filter>| {
            filter.iter().chain(within).any(|condition| condition.fields().any(is_live))
        };
        match self {
            Self::Search(request) => {
                let sorted_by_live = request.sort.iter().any(|key| is_live(&key.field));
                let counts_live = request.facets.iter().any(|facet| is_live(facet));
                if is_filtered_by_live(&request.filter, &request.within) || sorted_by_live || counts_live {
                    return None;
                }
                Some(Class::of(Shape {
                    words: request.q.split(' ').filter(|word| !word.is_empty()).count(),
                    facets: request.facets.len(),
                    filtered: request.filter.is_some() || request.within.is_some(),
                    sorted: !request.sort.is_empty(),
                    grouped: request.group.is_some(),
                }))
            }
            Self::Complete(request, _) if is_filtered_by_live(&request.filter, &request.within) => None,
            Self::Complete(request, _) => {
                let filtered = [&request.filter, &request.within].into_iter().any(Option::is_some);
                Some(Class::of_letters(request.q.chars().count(), filtered || request.category.is_some()))
            }
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Search(_) => Kind::Search,
            Self::Complete(..) => Kind::Autocomplete,
        }
    }
}

impl Computation {
    /// A computation apart from any request.
    #[cfg(test)]
    pub(super) fn apart(
        question: Question,
        visibility: &Arc<Visibility>,
        key: &Arc<Key>,
        (version, at): (u64, UnixMillis),
    ) -> Self {
        let (visibility, key) = (Arc::clone(visibility), Arc::clone(key));
        let (coding, counters) = (Coding::Identity, Arc::default());
        Self { question, visibility, key, version, coding, counters, at: Some(at), rules: None }
    }

    /// As if these rules were in force, where they are given, and as if it were then.
    pub(super) fn under(self, rules: Option<Arc<Rules>>, at: Option<UnixMillis>) -> Self {
        Self { rules, at, ..self }
    }

    /// Answers. The caller's coding is made here too, where nobody else has to wait for it.
    ///
    /// # Errors
    /// What the index refuses or fails at, and [`AnswerError::DeadlineExceeded`] when it is no longer worth doing.
    pub fn run(self, worth: &Worth) -> Result<Answered, AnswerError> {
        let began = Instant::now();
        // Before the snapshot and before any live row is read.
        let live_as_of = self.visibility.live().applied();
        let published = self.visibility.published();
        let snapshot = &published.snapshot;
        let preview = self.rules.map(|rules| RuleBook::new(rules, snapshot.settings()));
        let rules = preview.as_ref().unwrap_or(&published.rules);
        let at = self.at.unwrap_or_else(UnixMillis::now);
        let count = |request: &SearchRequest| snapshot.search(request, &|| worth.is_over());
        let mut arrangement = Arrangement::default();
        let mut find = |request: &SearchRequest| {
            arrangement = rules.arrange(request, at.0);
            let page = snapshot.search_arranged(request, &arrangement, &|| worth.is_over());
            if page.is_ok() {
                self.visibility.asked(request, began.elapsed());
            }
            page
        };
        let kind = self.question.kind();
        let (body, page) = match self.question {
            Question::Search(request) => {
                let page = find(&request)?;
                (render::search(&request, &page, &arrangement), page)
            }
            Question::Complete(request, suggested) => complete(&request, suggested.list, find, count)?,
        };
        let counters = self.counters.of(kind);
        let as_of = snapshot.sequence();
        let start = self.visibility.start_at(as_of);
        let valid_until = arrangement.valid_until.map(UnixMillis);
        let stamp = Stamp::new(as_of, UnixMillis::now(), self.key.hash() as u64);
        let stamp = Stamp { live_as_of, start, valid_until, ..stamp };
        let cost = began.elapsed();
        let proof = Arc::new(Proof::new(page.dependency, page.live));
        let entry = Entry::new(self.key, stamp, proof, cost, body, Arc::clone(&counters.holding));
        entry.representation(self.coding);
        counters.computation(cost);
        Ok(Answered { entry, suits_key: published.version == self.version })
    }
}

/// `find` answers the search whose products are shown, `count` those that only count.
fn complete<E>(
    request: &CompleteRequest,
    suggested: Vec<Suggestion>,
    mut find: impl FnMut(&SearchRequest) -> Result<SearchPage, E>,
    count: impl Fn(&SearchRequest) -> Result<SearchPage, E>,
) -> Result<(Body, SearchPage), E> {
    let mut page = find(&beside(request))?;
    let suggested = match request.within {
        None => suggested,
        Some(_) => visible(request, suggested, |asked| {
            let counted = count(asked)?;
            let total = counted.total;
            // What is told of a suggestion changes with products that the prefix does not find: those with a synonym.
            page.depend_on(counted);
            Ok(total)
        })?,
    };
    Ok((render::complete(request, &suggested, &page), page))
}

/// The search whose products and categories stand beside suggestions.
pub(super) fn beside(request: &CompleteRequest) -> SearchRequest {
    SearchRequest {
        q: request.q.clone(),
        filter: scoped(request),
        within: request.within.clone(),
        facets: vec!["categories".into()],
        facet_limit: CATEGORIES_SHOWN,
        per_page: request.products,
        fields: Some(PRODUCT_FIELDS.map(String::from).to_vec()),
        window: PRODUCTS_WINDOW,
        // Nobody sees a fourth of three, nor by which words they were found.
        enough: (request.products as u64).clamp(1, ENOUGH_PRODUCTS),
        tells_wording: false,
        ..SearchRequest::default()
    }
}

/// Those suggestions that find something within what the asker may see, with the number of what they find there.
/// Suggestions are made of the whole catalog; their words must not tell of products that the asker does not see.
fn visible<E>(
    request: &CompleteRequest,
    suggested: Vec<Suggestion>,
    mut total: impl FnMut(&SearchRequest) -> Result<u64, E>,
) -> Result<Vec<Suggestion>, E> {
    let mut count = |text: &str, filter: Option<Filter>| {
        // As written and in full: a correction or a part of the words would find what the suggestion does not say.
        let asked = SearchRequest {
            q: text.to_owned(),
            filter,
            within: request.within.clone(),
            per_page: 0,
            typos: false,
            prefix: false,
            enough: 0,
            tells_wording: false,
            ..SearchRequest::default()
        };
        total(&asked)
    };
    let mut visible = Vec::with_capacity(request.limit);
    for mut suggestion in suggested {
        if visible.len() == request.limit {
            break;
        }
        suggestion.results = count(&suggestion.text, scoped(request))?;
        if suggestion.results == 0 {
            continue;
        }
        if let Some(category) = &suggestion.category
            && count("", Some(in_category(category)))? == 0
        {
            suggestion.category = None;
        }
        visible.push(suggestion);
    }
    Ok(visible)
}

/// The request's own condition within its category.
fn scoped(request: &CompleteRequest) -> Option<Filter> {
    let category = request.category.as_deref().map(in_category);
    match (category, request.filter.clone()) {
        (Some(category), Some(filter)) => Some(Filter::And(vec![category, filter]).canonical()),
        (category, filter) => category.or(filter),
    }
}

fn in_category(category: &str) -> Filter {
    Filter::Equals { field: "categories".into(), value: Literal { text: category.to_owned(), quoted: true } }
}

impl std::fmt::Debug for Computation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Computation").field("question", &self.question).field("key", &self.key).finish_non_exhaustive()
    }
}
