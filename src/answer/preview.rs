//! A search as other rules, or another day, would have it.
//!
//! Goes past every cache, in and out: what is asked here is asked once, by who writes rules. The answer explains its
//! order.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use storefind_index::request::SearchRequest;
use storefind_index::rules::Rules;
use tokio::time::Instant;

use super::error::AnswerError;
use super::params::{self, Params};
use super::question::Question;
use super::within::Within;
use super::{Answers, Kind, effective, response, view};
use crate::cache::freshness::UnixMillis;
use crate::cache::outcome::Outcome;
use crate::cache::stack::Served;
use crate::cache::tier::TierName;
use crate::catalog::Catalog;

/// What is to be previewed.
#[derive(Debug)]
pub struct Preview {
    /// The parameters of a search, as JSON.
    pub search: Vec<u8>,
    /// Rules in the place of those in force.
    pub rules: Option<Arc<Rules>>,
    /// The time by which rules with dates apply; now, if it is not given.
    pub at: Option<UnixMillis>,
}

impl Answers {
    /// Answers a search of what the asker's key may see; nothing is looked up in a tier, and nothing kept.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub async fn preview(
        &self,
        catalog: &Arc<Catalog>,
        preview: Preview,
        headers: &HeaderMap,
        within: Option<&Within>,
    ) -> Result<Response<Body>, AnswerError> {
        let request = self.begin(Kind::Search, catalog, headers, within);
        let wanted = params::search::read(Params::from_json(&preview.search, params::search::NAMES)?)?;
        if let Some(sequence) = wanted.min_sequence {
            catalog.wait_visible(sequence, self.visible_wait_max).await?;
        }
        let published = catalog.published();
        // As it came: another rule may look at a context that none in force looks at.
        let bounded = SearchRequest { within: request.filter(), explain_ranking: true, ..wanted.request };
        let effective = effective::search(bounded, published.snapshot.settings());
        let (key, _) = effective::question(catalog.name(), &published, effective.clone());
        let computation = Question::Search(effective).computation(&request, &Arc::new(key), published.version);
        let computation = computation.under(preview.rules, preview.at);
        let deadline = Instant::now() + self.request_deadline;
        let answered = self.pool.run(Kind::Search.lane(), deadline, move |worth| computation.run(worth)).await?;
        let entry = answered.map_err(|error| request.conceal(error))?.entry;
        request.counters().outcome(Outcome::Bypass);
        let view = view(catalog);
        let served = Served {
            outcome: Outcome::Bypass,
            from: TierName::Index,
            sequence: entry.stamp().as_of.max(view.validated),
            ttl: Duration::ZERO,
            age: Duration::ZERO,
            stored: false,
            collapsed: false,
            cache_time: Duration::ZERO,
            compute_time: Some(request.began.elapsed()),
            trail: None,
            late: None,
            entry: Arc::new(entry),
        };
        let text = served.entry.body().text().to_vec();
        Ok(response::explained(&served, text, self.policies.vary(), request.began.elapsed()))
    }
}
