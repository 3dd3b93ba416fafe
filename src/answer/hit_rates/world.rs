//! One catalog under changes, asked by shoppers, in virtual time: a computation and a publication take none of it.

use std::sync::Arc;
use std::time::Duration;

use storefind_index::product::Product;
use storefind_index::request::SearchRequest;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::shop::{Clerk, Zipf};
use crate::answer::model::node::{Node, folder, stack};
use crate::answer::model::shop::Random;
use crate::cache::freshness::{StaleReason, UnixMillis, View};
use crate::cache::key::Key;
use crate::cache::outcome::Outcome;
use crate::cache::stack::Stack;
use crate::catalog::Change;

/// Requests a second, evenly spaced.
pub(super) const REQUESTS_PER_SECOND: u32 = 300;
/// Exponent of the rank in the weight of a query.
const ZIPF: f64 = 0.9;
/// The freshness bound.
const BOUND: Duration = Duration::from_secs(1);
/// As the projector's pace has it for this bound, but for the time that a commit takes.
const PUBLICATION_INTERVAL: Duration = Duration::from_millis(350);
/// What the comparison keeps an answer for.
const TTL: Duration = Duration::from_secs(1);
/// Changes are written every so many requests: 20 ms.
const REQUESTS_PER_WRITE: u32 = 6;
/// Room for every answer.
const MEMORY_BYTES: u64 = 8 << 30;
/// Products of one write while the catalog is loaded.
const LOAD_BATCH: usize = 1_000;
/// The wall clock when a run begins: any moment.
const EPOCH_MS: u64 = 1_800_000_000_000;

/// What happens in a world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Changes of content a second.
    pub(super) content: f64,
    /// Changes of price a second.
    pub(super) live: f64,
    /// Percent of the queries that are filtered by price.
    pub(super) filtered: usize,
    pub(super) warm_up_seconds: u32,
    pub(super) seconds: u32,
}

/// How answers are asked for.
pub(super) const SETTINGS: [(&str, &str); 2] =
    [("exact words", "&typos=false&prefix=false"), ("with prefix and typos", "")];

/// What came of the requests after the warm-up.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) hits: u64,
    /// Hits on what a change may have altered, within half the bound.
    pub(super) graced: u64,
    pub(super) absent: u64,
    /// In the order of [`StaleReason::ALL`].
    pub(super) stale: [u64; StaleReason::ALL.len()],
    pub(super) clauses: u64,
    pub(super) computed: u64,
}

/// What came of a world.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    /// In the order of [`SETTINGS`].
    pub(super) tallies: [Tally; 2],
    pub(super) ttl_hits: u64,
    pub(super) flush_hits: u64,
    pub(super) publications: u64,
    pub(super) events: u64,
}

/// One way of asking, with a stack of its own.
struct Side {
    stack: Stack<String>,
    questions: Vec<(Arc<Key>, SearchRequest)>,
    tally: Tally,
}

/// The two comparisons need no answer, only when it was last computed.
#[derive(Clone, Copy, Default)]
struct Kept {
    at: Option<Instant>,
    /// Publications before it, and one.
    flushes: u64,
}

struct World {
    node: Node,
    _dir: tempfile::TempDir,
}

impl World {
    fn open(products: &[Product]) -> Self {
        let dir = folder();
        // The least touch table is also that for 19,406 products.
        let mut node = Node::open("icecat", dir.path(), BOUND);
        for batch in products.chunks(LOAD_BATCH) {
            node.log.append(batch.iter().cloned().map(Change::Upsert).collect()).expect("the log writes");
        }
        node.projector.publish_all();
        Self { node, _dir: dir }
    }

    fn ask(&self, side: &mut Side, query: usize, view: &View, counted: bool) {
        let (key, request) = &side.questions[query];
        let outcome = match side.stack.lookup(key, view, view.instant) {
            Ok(served) => {
                side.tally.hits += u64::from(counted);
                side.tally.graced += u64::from(counted && !served.age.is_zero());
                side.tally.requests += u64::from(counted);
                return;
            }
            Err(outcome) => outcome,
        };
        let computed = self.node.compute(key, request, view.now);
        let mut entry = computed.unwrap_or_else(|error| panic!("{request:?}: {error}")).entry;
        entry.set_computed_at(view.now);
        if counted {
            side.tally.requests += 1;
            match outcome {
                Outcome::Stale(reason) => {
                    let at = StaleReason::ALL.iter().position(|known| *known == reason).expect("all");
                    side.tally.stale[at] += 1;
                }
                Outcome::Hit | Outcome::Miss(_) | Outcome::Bypass => side.tally.absent += 1,
            }
            let variants = &entry.proof().dependency().variants;
            side.tally.clauses += variants.iter().map(|variant| variant.clauses.len() as u64).sum::<u64>();
            side.tally.computed += 1;
        }
        side.stack.filler().fill(entry);
    }
}

/// The raw query strings of one way of asking. A page shows what a list of products shows, not every attribute.
fn raw(query: &str, number: usize, filtered: usize, flags: &str) -> String {
    let mut random = Random::overlapping(1_000 + number as u64);
    let mut raw = form_urlencoded::Serializer::new(String::new());
    raw.append_pair("q", query).append_pair("fields", "title,brand,price");
    if random.percent(filtered) {
        let price = *random.of(&[20, 50, 100, 200, 500, 1_000]);
        raw.append_pair("filter", &format!("price < {price}"));
    }
    raw.finish() + flags
}

/// Runs a world to its end.
pub(super) fn run(plan: &Plan, products: &[Product], queries: &[String]) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let _inside = runtime.enter();
    let mut world = World::open(products);
    let mut sides = SETTINGS.map(|(_, flags)| {
        let question = |(number, query): (usize, &String)| {
            world.node.question(&raw(query, number, plan.filtered, flags)).expect("a query")
        };
        Side {
            stack: stack(MEMORY_BYTES),
            questions: queries.iter().enumerate().map(question).collect(),
            tally: Tally::default(),
        }
    });
    let mut report = Report::default();
    let mut kept = vec![Kept::default(); queries.len()];
    let mut clerk = Clerk::new(products.to_vec());
    let (zipf, mut random) = (Zipf::new(queries.len(), ZIPF), Random::overlapping(3));
    let (began, mut due, mut flushes) = (Instant::now(), Instant::now(), 1);
    let (mut content, mut live) = (0, 0);
    for step in 0..(plan.warm_up_seconds + plan.seconds) * REQUESTS_PER_SECOND {
        let counted = step >= plan.warm_up_seconds * REQUESTS_PER_SECOND;
        advance(&runtime, began + Duration::from_secs(1) * step / REQUESTS_PER_SECOND);
        let now = Instant::now();
        if step % REQUESTS_PER_WRITE == 0 {
            let mut changes = Vec::new();
            while f64::from(content) < plan.content * (now - began).as_secs_f64() {
                content += 1;
                changes.push(clerk.content());
            }
            while f64::from(live) < plan.live * (now - began).as_secs_f64() {
                live += 1;
                changes.push(clerk.price());
            }
            if !changes.is_empty() {
                let written = world.node.log.append(changes).expect("the log writes");
                assert!(written.outcomes.iter().all(Result::is_ok), "{:?}", written.outcomes);
                world.node.projector.walk_to_the_end();
            }
        }
        if world.node.log.last() > world.node.visibility.validated() && now >= due {
            let before = world.node.visibility.validated();
            world.node.projector.publish_all();
            due = now + PUBLICATION_INTERVAL;
            flushes += 1;
            if counted {
                report.publications += 1;
                report.events += world.node.visibility.validated() - before;
            }
        }
        let view = View {
            now: UnixMillis(EPOCH_MS + u64::try_from((now - began).as_millis()).expect("minutes")),
            ..View::of(&world.node.visibility)
        };
        let query = zipf.draw(&mut random);
        for side in &mut sides {
            world.ask(side, query, &view, counted);
        }
        let Kept { at, flushes: stored } = &mut kept[query];
        match at {
            Some(at) if now - *at < TTL => report.ttl_hits += u64::from(counted),
            _ => *at = Some(now),
        }
        match *stored == flushes {
            true => report.flush_hits += u64::from(counted),
            false => *stored = flushes,
        }
    }
    report.tallies = sides.map(|side| side.tally);
    report
}

fn advance(runtime: &Runtime, until: Instant) {
    let by = until.saturating_duration_since(Instant::now());
    if !by.is_zero() {
        runtime.block_on(tokio::time::advance(by));
    }
}
