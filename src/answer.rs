//! The use case: a question becomes an effective query, a key, a lookup, perhaps a computation, and an answer.
//!
//! Owns the order of those steps and the counters; each step has a file. It knows neither routes nor status codes of
//! errors (`http`), nor how anything is found (the index) or kept (`cache`).
//!
//! The way of a search: `params` reads and checks, `effective` normalises and makes the key, [`crate::cache::stack`]
//! looks and has it computed by `question` on a thread of the query pool, `render` writes the body, `response` the
//! headers. A URL that was seen before finds its key in the raw-URL front, and on a hit nothing else of this happens.
//!
//! Invariant: what a request is told reflects at least the sequence that its catalog had validated when the request
//! began, and at least its `min_sequence`.

pub mod params;

pub mod effective;

pub mod policy;

pub mod preview;

pub mod question;

pub mod suggested;

pub mod within;

pub mod render;

pub mod explain;

pub mod response;

pub mod remote;

pub mod error;

pub mod histogram;

pub mod counters;

pub mod tier_stats;

pub mod admin;

pub mod warm_up;

#[cfg(test)]
mod hit_rates;
#[cfg(test)]
mod model;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::{HeaderMap, Response, header};
use rustc_hash::FxBuildHasher;
use storefind_index::filter::Filter;
use storefind_index::request::SearchRequest;
use tokio::time::Instant;

use crate::cache::coding::Coding;
use crate::cache::entry::{Entry, Readiness};
use crate::cache::freshness::View;
use crate::cache::front::{Front, Scope};
use crate::cache::key::Key;
use crate::cache::outcome::Outcome;
use crate::cache::remote_tiers::RemoteAsk;
use crate::cache::stack::{Ask, Computed, Filler, Rescue, Served, Stack};
use crate::cache::tier::TierName;
use crate::cache::tier::memory::MemoryTier;
use crate::cache::tier::remote::Fault;
use crate::catalog::{Catalog, Suggestions};
use crate::config::Config;
use crate::resilience::deadline::Worth;
use crate::resilience::pool::{Lane, Limits, Pool};
use crate::telemetry::slow_queries::SlowQueries;
use counters::{CatalogCounters, KindCounters, Stats};
use effective::{CompleteRequest, KeyScope};
use error::AnswerError;
use params::Params;
use params::search::Explain;
use policy::{Policies, PolicyError};
use question::Question;
use suggested::Suggested;
use tier_stats::RemoteStats;
use within::Within;

/// Part of every key. Raised with any change of analysis, ranking or body, so that no node serves what an older
/// program computed.
pub const ANSWER_VERSION: u32 = 5;
/// Longest wait for `min_sequence` beyond the freshness bound (API.md, "writes").
const VISIBLE_WAIT_GRACE: Duration = Duration::from_secs(1);

/// Share of the request deadline that a search may be expected to wait for a thread; autocompletes twice that. The rest is
/// for computing it when all others compute, too, and for what no deadline sees: the way from the socket and back, 50 ms
/// when kept answers keep both cores busy.
const QUEUE_SHARE_OF_DEADLINE: f64 = 0.2;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `search`.
    Search,
    /// `autocomplete`.
    Autocomplete,
}

impl Kind {
    /// The stable name: route, key and label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Autocomplete => "autocomplete",
        }
    }

    /// Keystrokes go first: an answer to one is of use only before the next.
    fn lane(self) -> Lane {
        match self {
            Self::Search => Lane::Normal,
            Self::Autocomplete => Lane::Urgent,
        }
    }
}

/// The parameters of a request as they came.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A raw query string.
    Query(&'a str),
    /// A JSON body.
    Json(&'a [u8]),
}

/// Why the use case could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A thread of the pool or the cache could not be started.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
    /// A remote tier's address leads nowhere.
    #[error("the {} tier cannot be set up", .tier.as_str())]
    Remote {
        /// Which.
        tier: TierName,
        /// Why.
        #[source]
        source: Fault,
    },
    /// A configured `Cache-Control` is not a header value.
    #[error(transparent)]
    CacheControl(#[from] PolicyError),
}

/// Answers searches and autocompletes of every catalog.
#[derive(Debug)]
pub struct Answers {
    stack: Stack<AnswerError>,
    front: Front,
    pool: Arc<Pool>,
    slow_queries: Arc<SlowQueries>,
    counters: ArcSwap<HashMap<String, Arc<CatalogCounters>, FxBuildHasher>>,
    policies: Policies,
    request_deadline: Duration,
    visible_wait_max: Duration,
}

/// One request on its way.
struct Request<'a> {
    kind: Kind,
    catalog: &'a Arc<Catalog>,
    counters: Arc<CatalogCounters>,
    headers: &'a HeaderMap,
    /// What the asker's key may see.
    within: Option<&'a Within>,
    began: Instant,
}

impl Request<'_> {
    fn counters(&self) -> &KindCounters {
        self.counters.of(self.kind)
    }

    /// The condition under which everything is answered.
    fn filter(&self) -> Option<Filter> {
        self.within.map(|within| within.filter().clone())
    }

    /// An error without what lies beyond the key's filter: which fields other products have.
    fn conceal(&self, error: AnswerError) -> AnswerError {
        match error {
            AnswerError::UnknownField { parameter, field, .. } if self.within.is_some() => {
                AnswerError::UnknownField { parameter, field, nearest: None, known: Arc::default() }
            }
            other => other,
        }
    }

    fn coding(&self) -> Coding {
        Coding::negotiate(self.headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()))
    }
}

impl Answers {
    /// Starts the query threads and the memory tier.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: &Config) -> Result<Self, SetupError> {
        let http = &config.http;
        let limits = Limits {
            queue_max: http.query_queue_max,
            wait_max: http.request_deadline.mul_f64(QUEUE_SHARE_OF_DEADLINE),
        };
        Ok(Self {
            stack: Stack::new(MemoryTier::new(config.cache.memory_max_bytes)?, render::live_fields)
                .with_remote(remote::tiers(&config.cache)?)
                .with_rescue(Rescue { beyond: config.cache.stale_if_error, is_ours: AnswerError::is_ours }),
            front: Front::default(),
            pool: Arc::new(Pool::new("query", http.query_threads, limits)?),
            slow_queries: Arc::new(SlowQueries::new(config.logging.slow_query)),
            counters: ArcSwap::default(),
            policies: Policies::new(config)?,
            request_deadline: http.request_deadline,
            visible_wait_max: config.freshness_bound + VISIBLE_WAIT_GRACE,
        })
    }

    /// Answers a search, of what the asker's key may see.
    ///
    /// # Errors
    /// [`AnswerError`].
    ///
    /// # Cancel safety
    /// Dropping the returned future harms nobody; a computation that others may wait for goes on.
    pub async fn search(
        &self,
        catalog: &Arc<Catalog>,
        asked: Asked<'_>,
        headers: &HeaderMap,
        within: Option<&Within>,
    ) -> Result<Response<Body>, AnswerError> {
        let request = self.begin(Kind::Search, catalog, headers, within);
        if let Asked::Query(raw) = asked
            && let Some(response) = self.answer_again(&request, 0, raw)
        {
            return Ok(response);
        }
        // Boxed, so that a hit does not carry the room that a computation needs.
        let answered = Box::pin(self.search_anew(&request, asked)).await;
        answered.map_err(|error| request.conceal(error)).inspect_err(|error| request.counters().error(error))
    }

    /// Answers an autocomplete. The same promises as [`Self::search`].
    ///
    /// # Errors
    /// [`AnswerError`].
    pub async fn autocomplete(
        &self,
        catalog: &Arc<Catalog>,
        raw: &str,
        headers: &HeaderMap,
        within: Option<&Within>,
    ) -> Result<Response<Body>, AnswerError> {
        let request = self.begin(Kind::Autocomplete, catalog, headers, within);
        let suggestions = catalog.suggestions();
        if let Some(response) = self.answer_again(&request, suggestions.generation, raw) {
            return Ok(response);
        }
        let answered = Box::pin(self.autocomplete_anew(&request, suggestions, raw)).await;
        answered.map_err(|error| request.conceal(error)).inspect_err(|error| request.counters().error(error))
    }

    /// What the answers have been like, and what the cache and the pool hold.
    pub fn stats(&self) -> Stats {
        let catalogs = self.counters.load();
        let remote = self.stack.remote();
        let tiers = remote.map_or(&[][..], |remote| remote.tiers());
        let names: Vec<TierName> = tiers.iter().map(|tier| tier.name()).collect();
        Stats {
            memory: self.stack.usage(),
            remote: tiers.iter().map(|tier| (tier.name().as_str(), RemoteStats::of(tier))).collect(),
            filling: remote.map(|remote| remote.filling().stats()).unwrap_or_default(),
            pool: self.pool.stats(),
            catalogs: catalogs.iter().map(|(name, counters)| (name.clone(), counters.stats(&names))).collect(),
        }
    }

    /// Finishes what is being computed and refuses the rest. Blocking.
    pub fn close(&self) {
        self.pool.close();
    }

    fn begin<'a>(
        &self,
        kind: Kind,
        catalog: &'a Arc<Catalog>,
        headers: &'a HeaderMap,
        within: Option<&'a Within>,
    ) -> Request<'a> {
        Request { kind, catalog, counters: self.counters(catalog.name()), headers, within, began: Instant::now() }
    }

    /// The whole way of a repeated URL whose entry is fresh; `None` sends it the long way.
    fn answer_again(&self, request: &Request<'_>, generation: u64, raw: &str) -> Option<Response<Body>> {
        let key = self.front.get(scope(request, request.catalog.version(), generation), raw)?;
        let served = self.stack.lookup(&key, &view(request.catalog), request.began).ok()?;
        Some(self.respond(request, &served))
    }

    async fn search_anew(&self, request: &Request<'_>, asked: Asked<'_>) -> Result<Response<Body>, AnswerError> {
        let params = match asked {
            Asked::Query(raw) => Params::from_query(raw, params::search::NAMES)?,
            Asked::Json(body) => Params::from_json(body, params::search::NAMES)?,
        };
        let wanted = params::search::read(params)?;
        if let Some(sequence) = wanted.min_sequence {
            request.catalog.wait_visible(sequence, self.visible_wait_max).await?;
        }
        let published = request.catalog.published();
        let version = published.version;
        let bounded = SearchRequest { within: request.filter(), ..wanted.request };
        let (key, effective) = effective::question(request.catalog.name(), &published, bounded);
        let key = Arc::new(key);
        let question = Question::Search(effective);
        // Who names a sequence wants to see it: what a change up to it touched is not served any more.
        let view = View { graced: wanted.min_sequence.is_none(), ..view(request.catalog) };
        if wanted.explain.any() {
            return self.explain(request, &key, question, (version, wanted.explain, view)).await;
        }
        if let (Asked::Query(raw), None) = (asked, wanted.min_sequence) {
            self.front.put(scope(request, version, 0), raw, &key);
        }
        self.answer(request, &key, question, (version, view)).await
    }

    async fn autocomplete_anew(
        &self,
        request: &Request<'_>,
        suggestions: Arc<Suggestions>,
        raw: &str,
    ) -> Result<Response<Body>, AnswerError> {
        let params = Params::from_query(raw, params::complete::NAMES)?;
        let bounded = CompleteRequest { within: request.filter(), ..params::complete::read(params)? };
        let effective = effective::complete(bounded);
        let published = request.catalog.published();
        let key_scope = KeyScope {
            catalog: request.catalog.name(),
            settings_version: published.settings_version,
            rules: published.rules.digest_for(&question::beside(&effective)),
        };
        let suggested = Suggested::to(&effective, &suggestions, published.snapshot.settings());
        let key = Arc::new(effective::complete_key(key_scope, suggested.digest, &effective));
        self.front.put(scope(request, published.version, suggestions.generation), raw, &key);
        let question = Question::Complete(effective, suggested);
        self.answer(request, &key, question, (published.version, view(request.catalog))).await
    }

    async fn answer(
        &self,
        request: &Request<'_>,
        key: &Arc<Key>,
        question: Question,
        (version, view): (u64, View),
    ) -> Result<Response<Body>, AnswerError> {
        let deadline = Instant::now() + self.request_deadline;
        let served = self.fetch(request, key, question, (version, view), deadline).await?;
        Ok(self.respond(request, &served))
    }

    /// The answer from the tiers or computed, before it is counted and made a response.
    async fn fetch(
        &self,
        request: &Request<'_>,
        key: &Arc<Key>,
        question: Question,
        (version, view): (u64, View),
        deadline: Instant,
    ) -> Result<Served, AnswerError> {
        let ask = self.ask(request, key, &question);
        let computation = question.computation(request, key, version);
        let (pool, slow_queries) = (Arc::clone(&self.pool), Arc::clone(&self.slow_queries));
        let lane = request.kind.lane();
        let (catalog, question) = (Arc::clone(request.catalog), Arc::clone(key));
        let compute = move |filler: Filler| async move {
            let asked = slow_queries.asked();
            let job = move |worth: &Worth| {
                let running = asked.taken_up();
                let answered = computation.run(worth);
                let outcome = answered.as_ref().map_or_else(AnswerError::as_str, |_| "answered");
                slow_queries.done(running, catalog.name(), question.text(), outcome);
                let answered = answered?;
                Ok(if answered.suits_key { filler.fill(answered.entry) } else { Computed::unstored(answered.entry) })
            };
            pool.run(lane, deadline, job).await?
        };
        Ok(self.stack.fetch(&ask, view, deadline, compute).await?)
    }

    fn ask(&self, request: &Request<'_>, key: &Arc<Key>, question: &Question) -> Ask {
        let remote = self.stack.remote().and_then(|_| question.class()).map(|class| RemoteAsk {
            catalog: Arc::clone(&request.counters.tiers),
            class,
            holding: Arc::clone(&request.counters().holding),
        });
        Ask { key: Arc::clone(key), remote }
    }

    /// Answers with an account of itself. Nothing is stored, and nobody waits for it or is waited for.
    async fn explain(
        &self,
        request: &Request<'_>,
        key: &Arc<Key>,
        question: Question,
        (version, explain, view): (u64, Explain, View),
    ) -> Result<Response<Body>, AnswerError> {
        let began = Instant::now();
        let deadline = began + self.request_deadline;
        // How a hit got its score is not in the stored answer.
        let looked = if explain.ranking { Err(Outcome::Bypass) } else { self.stack.lookup(key, &view, began) };
        let cache_time = began.elapsed();
        let further = match looked {
            Err(Outcome::Miss(_) | Outcome::Stale(_)) => {
                self.stack.look_further(&self.ask(request, key, &question), &view, deadline).await
            }
            _ => None,
        };
        let (found, trail) = further.map_or((None, None), |looked| (looked.found, Some(looked.trail.into())));
        let served = match looked {
            Ok(served) => served,
            Err(outcome) if let Some((entry, from)) = found => {
                Served::from_afar(entry, from, outcome, &view, trail, began)
            }
            Err(outcome) => {
                let computation = question.computation(request, key, version);
                let entry =
                    self.pool.run(request.kind.lane(), deadline, move |worth| computation.run(worth)).await??.entry;
                Served {
                    outcome,
                    from: TierName::Index,
                    sequence: entry.stamp().as_of.max(view.validated),
                    ttl: entry.stamp().left(view.now),
                    age: Duration::ZERO,
                    stored: false,
                    collapsed: false,
                    cache_time,
                    compute_time: Some(began.elapsed().saturating_sub(cache_time)),
                    trail,
                    late: None,
                    entry: Arc::new(entry),
                }
            }
        };
        request.counters().outcome(Outcome::Bypass);
        let text = match explain.cache {
            true => {
                let account = explain::account(&served, &view, request.within);
                render::with_member(served.entry.body(), "explain", &account)
            }
            false => served.entry.body().text().to_vec(),
        };
        Ok(response::explained(&served, text, self.policies.vary(), request.began.elapsed()))
    }

    fn respond(&self, request: &Request<'_>, served: &Served) -> Response<Body> {
        let counters = request.counters();
        counters.outcome(served.outcome);
        served.entry.asked();
        if served.collapsed {
            counters.collapsed();
        }
        if served.late.is_some() {
            counters.rescued();
        }
        let policy = self.policies.of(request.kind, request.within);
        let coding = self.affordable(&served.entry, request.coding());
        let representation = served.entry.representation(coding);
        let elapsed = request.began.elapsed();
        counters.latency(served.outcome, elapsed);
        let held = request.headers.get(header::IF_NONE_MATCH);
        if held.is_some_and(|held| response::matches(held, &representation.etag)) {
            counters.not_modified();
            return response::not_modified(served, representation, policy, elapsed);
        }
        response::full(served, representation, policy, elapsed)
    }

    /// The wanted coding, made on the way if that is quick. A slow one is made beside it, once, and until then the
    /// body is sent as it is: nobody waits for a compression longer than for a search.
    fn affordable(&self, entry: &Arc<Entry>, wanted: Coding) -> Coding {
        match entry.readiness(wanted) {
            Readiness::Ready => wanted,
            Readiness::Quick => {
                entry.representation(wanted);
                self.stack.filler().grown(entry);
                wanted
            }
            Readiness::Slow => {
                if entry.claim(wanted) {
                    let (entry, filler) = (Arc::clone(entry), self.stack.filler());
                    tokio::task::spawn_blocking(move || {
                        entry.representation(wanted);
                        filler.grown(&entry);
                    });
                }
                Coding::Identity
            }
        }
    }

    fn counters(&self, catalog: &str) -> Arc<CatalogCounters> {
        if let Some(counters) = self.counters.load().get(catalog) {
            return Arc::clone(counters);
        }
        // Once for each catalog; whoever loses the race finds the winner's.
        self.counters.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.entry(catalog.to_owned()).or_insert_with(|| Arc::new(CatalogCounters::new(catalog)));
            known
        });
        self.counters.load().get(catalog).cloned().unwrap_or_default()
    }
}

fn view(catalog: &Catalog) -> View {
    View::of_catalog(catalog)
}

fn scope<'a>(request: &'a Request<'_>, version: u64, generation: u64) -> Scope<'a> {
    let within = request.within.map(Within::number);
    Scope { kind: request.kind.as_str(), catalog: request.catalog.name(), version, generation, within }
}
