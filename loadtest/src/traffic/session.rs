//! Shoppers: they type, look, turn the page, filter, and come back with another wish.
//!
//! Owns sessions and the rate at which they begin. It refuses to know answers: a shopper goes on at the planned moment
//! whatever the server did.
//!
//! **How the rate is met.** A session makes a number of requests whose mean is found once, by trying. Sessions begin
//! at random, so many a second that the mean of all requests is the highest rate of the run. Those that began before
//! the run are simulated too, so that the first second is like any other. For a lower rate, a fixed share of the
//! sessions, the same one throughout, stays silent: the rate follows a phase at once, without a session ever changing
//! its behaviour.
//!
//! Invariant: requests leave in order of time, and each session's keep their own order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::keystrokes::{self, Ending};
use super::queries::{Query, QueryPool};
use super::urls::{Refinement, Urls};
use super::{Ask, Kind, Planned, hostile, typos};
use crate::arrivals::{self, Rates};
use crate::scenario::{Scenario, shape};

/// Sessions tried to find the mean number of requests: enough for half a percent.
const TRIED_SESSIONS: usize = 4_000;
/// How long before the run the first simulated session begins. Few last longer: with the default model, one in some
/// thousand.
const BEFORE_SECONDS: f64 = 600.0;
/// A shopper turns the page or filters after this share of the usual time.
const QUICK_SHARE: f64 = 0.5;

/// Makes what a shopper does about one wish.
#[derive(Debug)]
pub(crate) struct Model {
    traffic: shape::Traffic,
    search: shape::Search,
    pub(crate) urls: Urls,
    pub(crate) pool: QueryPool,
}

impl Model {
    pub(crate) fn new(scenario: &Scenario, pool: QueryPool) -> Self {
        Self {
            traffic: scenario.traffic.clone(),
            search: scenario.search.clone(),
            urls: Urls::new(&scenario.catalog, &scenario.search),
            pool,
        }
    }

    /// A wish, perhaps the flash query, perhaps mistyped.
    pub(crate) fn wish(&self, flash: f64, random: &mut impl Rng) -> Query {
        if flash > 0.0
            && random.random_bool(flash)
            && let Some(query) = self.pool.at(self.flash_rank())
        {
            return query.clone();
        }
        let mut query = self.pool.draw(random);
        if random.random_bool(self.traffic.typos) {
            query.text = typos::mistyped(&query.text, random);
        }
        query
    }

    /// Something that was not popular before: a campaign, a broadcast.
    fn flash_rank(&self) -> usize {
        self.pool.len() / 2
    }

    pub(crate) fn refinement(&self, query: &Query, random: &mut impl Rng) -> Option<Refinement> {
        let choices = self.search.filters.len() + self.search.sorts.len();
        if choices == 0 {
            return None;
        }
        let choice = random.random_range(0..choices);
        if let Some(order) = choice.checked_sub(self.search.filters.len()) {
            return Some(Refinement::Sort(self.search.sorts[order].clone()));
        }
        let product = match query.product {
            Some(product) => product,
            None if self.pool.products().is_empty() => return None,
            None => random.random_range(0..self.pool.products().len()),
        };
        let field = &self.search.filters[choice];
        let expression = self.pool.products()[product].filter(field)?;
        Some(Refinement::Filter { field: field.clone(), expression })
    }

    pub(crate) fn hostile(&self, random: &mut impl Rng) -> Ask {
        Ask { kind: Kind::Hostile, target: hostile::target(self.urls.catalog(), random), prefix_characters: 0 }
    }

    pub(crate) fn searched(&self, query: &str, page: u32, refinement: Option<&Refinement>) -> Ask {
        let (kind, target) = self.urls.search(query, page, refinement);
        Ask { kind, target, prefix_characters: 0 }
    }

    pub(crate) fn completed(&self, prefix: &str) -> Ask {
        Ask {
            kind: Kind::Autocomplete,
            target: self.urls.autocomplete(prefix),
            prefix_characters: prefix.chars().count(),
        }
    }

    fn thinking(&self, share: f64, random: &mut impl Rng) -> Duration {
        Duration::from_secs_f64(arrivals::log_normal(
            self.traffic.think_seconds * share,
            self.traffic.think_sigma,
            random,
        ))
    }

    /// All requests about one wish, with their moments, and when the shopper is done with it.
    fn pursue(&self, start: Duration, flash: f64, random: &mut impl Rng) -> (VecDeque<Planned>, Duration) {
        let mut planned = VecDeque::new();
        let query = self.wish(flash, random);
        let suggestion = random.random_bool(self.traffic.ends_on_suggestion);
        let ending = if suggestion { Ending::Suggestion } else { Ending::Enter };
        let mut at = start;
        for keystroke in keystrokes::typed(&query.text, ending, random) {
            at = start + keystroke.at;
            planned.push_back(Planned { at, ask: self.completed(&keystroke.prefix) });
        }
        // The hand moves to Enter or to the suggestion.
        at += Duration::from_millis(random.random_range(120..=400));
        planned.push_back(Planned { at, ask: self.searched(&query.text, 1, None) });
        if random.random_bool(self.traffic.second_page) {
            at += self.thinking(QUICK_SHARE, random);
            planned.push_back(Planned { at, ask: self.searched(&query.text, 2, None) });
        }
        if random.random_bool(self.traffic.refine)
            && let Some(refinement) = self.refinement(&query, random)
        {
            at += self.thinking(QUICK_SHARE, random);
            planned.push_back(Planned { at, ask: self.searched(&query.text, 1, Some(&refinement)) });
        }
        // A hostile request takes the place of an ordinary one, so that the rate stays.
        for planned in &mut planned {
            if self.traffic.hostile > 0.0 && random.random_bool(self.traffic.hostile) {
                planned.ask = self.hostile(random);
            }
        }
        (planned, at + self.thinking(1.0, random))
    }

    /// Whether a shopper has another wish: the number of wishes is geometric.
    fn goes_on(&self, random: &mut impl Rng) -> bool {
        random.random_bool(1.0 - 1.0 / self.traffic.session_searches.max(1.0))
    }

    /// The mean number of requests of a session.
    fn session_requests(&self, seed: u64) -> f64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut requests = 0_usize;
        for _ in 0..TRIED_SESSIONS {
            loop {
                requests += self.pursue(Duration::ZERO, 0.0, &mut random).0.len();
                if !self.goes_on(&mut random) {
                    break;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
        let mean = requests as f64 / TRIED_SESSIONS as f64;
        mean
    }
}

/// One shopper on the way.
#[derive(Debug)]
struct Session {
    planned: VecDeque<Planned>,
    /// When the next wish would begin.
    rested: Duration,
    /// Speaks only while the rate is above this share of the highest.
    mark: f64,
}

/// All sessions of a run. Times within are shifted by [`BEFORE_SECONDS`].
#[derive(Debug)]
pub(crate) struct Sessions {
    model: Model,
    rates: Rates,
    random: ChaCha8Rng,
    sessions: Vec<Option<Session>>,
    free: Vec<usize>,
    /// The next moment of each session.
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    /// When the next session begins, and the mean time between two.
    next_start: f64,
    gap_seconds: f64,
}

impl Sessions {
    pub(crate) fn new(scenario: &Scenario, pool: QueryPool, rates: Rates, seed: u64) -> Self {
        let model = Model::new(scenario, pool);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let gap_seconds = model.session_requests(seed) / rates.highest().max(f64::MIN_POSITIVE);
        let next_start = arrivals::exponential(gap_seconds, &mut random);
        Self {
            model,
            rates,
            random,
            sessions: Vec::new(),
            free: Vec::new(),
            due: BinaryHeap::new(),
            next_start,
            gap_seconds,
        }
    }

    fn begin(&mut self) {
        let at = Duration::from_secs_f64(self.next_start);
        self.next_start += arrivals::exponential(self.gap_seconds, &mut self.random);
        let mark = self.random.random::<f64>();
        let (planned, rested) = self.pursue(at);
        let slot = self.free.pop().unwrap_or(self.sessions.len());
        if slot == self.sessions.len() {
            self.sessions.push(None);
        }
        if let Some(first) = planned.front() {
            self.due.push(Reverse((first.at, slot)));
            self.sessions[slot] = Some(Session { planned, rested, mark });
        } else {
            self.free.push(slot);
        }
    }

    fn pursue(&mut self, at: Duration) -> (VecDeque<Planned>, Duration) {
        let flash = self.rates.flash(at.saturating_sub(before()));
        self.model.pursue(at, flash, &mut self.random)
    }

    /// Takes the next request of the session in a slot, and finds the session's next moment.
    fn step(&mut self, slot: usize) -> Option<(Planned, f64)> {
        let mut session = self.sessions[slot].take()?;
        let planned = session.planned.pop_front()?;
        if session.planned.is_empty() && self.model.goes_on(&mut self.random) {
            let (more, rested) = self.pursue(session.rested);
            session.planned = more;
            session.rested = rested;
        }
        let mark = session.mark;
        match session.planned.front() {
            Some(next) => {
                self.due.push(Reverse((next.at, slot)));
                self.sessions[slot] = Some(session);
            }
            None => self.free.push(slot),
        }
        Some((planned, mark))
    }
}

fn before() -> Duration {
    Duration::from_secs_f64(BEFORE_SECONDS)
}

impl Iterator for Sessions {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let end = (self.rates.end() + before()).as_secs_f64();
        loop {
            while self.next_start < end
                && self.due.peek().is_none_or(|Reverse((at, _))| self.next_start <= at.as_secs_f64())
            {
                self.begin();
            }
            let Reverse((_, slot)) = self.due.pop()?;
            let Some((mut planned, mark)) = self.step(slot) else { continue };
            let Some(at) = planned.at.checked_sub(before()) else { continue };
            if at >= self.rates.end() {
                return None;
            }
            self.model.pool.churn(at, &mut self.random);
            if mark * self.rates.highest() < self.rates.rate(at) {
                planned.at = at;
                return Some(planned);
            }
        }
    }
}

#[cfg(test)]
mod tests;
