//! One shop, one node, some shoppers: the production parts side by side, driven step by step.

use std::time::Duration;

use serde_json::Value;
use storefind_index::rules::Pinned;
use storefind_index::settings::{Language, Settings, Synonym};
use storefind_index::switch::keep_every_pass;
use tokio::time::Instant;

use super::afar::Afar;
use super::merchant::Merchant;
use super::node::{Node, folder, stack};
use super::queries::query;
use super::shop::{self, Random};
use crate::cache::freshness::{UnixMillis, View};
use crate::cache::key::Key;
use crate::cache::outcome::Outcome;
use crate::cache::stack::Stack;
use crate::catalog::{Change, RulesChange};

/// Room for every answer.
const MEMORY_BYTES: u64 = 64 << 20;
/// Queries that the shoppers of one world ask, again and again.
const QUERIES: usize = 36;

/// What happened in a world.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally {
    pub(super) steps: usize,
    pub(super) searches: usize,
    pub(super) hits: usize,
    /// Hits on entries that are older than the published snapshot.
    pub(super) touched_since: usize,
    /// Hits within the grace.
    pub(super) graced: usize,
    /// Hits whose live fields were filled in anew.
    pub(super) refilled: usize,
    /// Hits that live fields decide.
    pub(super) live_dependent: usize,
    pub(super) stale: usize,
    pub(super) events: usize,
    pub(super) publications: usize,
    pub(super) restarts: usize,
    /// Hits on entries that came from the remote tier for it.
    pub(super) from_afar: usize,
    /// Among them those that were computed before the last restart.
    pub(super) from_another_process: usize,
    /// Hits of a node that shares log and remote tier with another.
    pub(super) at_twin: usize,
    /// Answers that were newer than the node that found them.
    pub(super) ahead: usize,
    /// Hits in which rules pinned products.
    pub(super) pinned: usize,
    /// Hits that end with a date.
    pub(super) dated: usize,
}

/// Another node on the same log: its own projections, ordinals, memory and pace.
struct Twin {
    node: Node,
    stack: Stack<String>,
}

impl Twin {
    fn of(node: &Node) -> Self {
        Self { node: node.twin(BOUND), stack: stack(MEMORY_BYTES) }
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.searches += other.searches;
        self.hits += other.hits;
        self.touched_since += other.touched_since;
        self.graced += other.graced;
        self.refilled += other.refilled;
        self.live_dependent += other.live_dependent;
        self.stale += other.stale;
        self.events += other.events;
        self.publications += other.publications;
        self.restarts += other.restarts;
        self.from_afar += other.from_afar;
        self.from_another_process += other.from_another_process;
        self.at_twin += other.at_twin;
        self.ahead += other.ahead;
        self.pinned += other.pinned;
        self.dated += other.dated;
    }
}

pub(super) struct World {
    random: Random,
    dir: tempfile::TempDir,
    node: Option<Node>,
    stack: Stack<String>,
    afar: Afar,
    afar_percent: u32,
    twin: Option<Twin>,
    merchant: Option<Merchant>,
    /// The sequence at which the process began.
    began_at: u64,
    queries: Vec<String>,
    /// How far the wall clock was set.
    clock_ms: i64,
    /// When snapshots were published, with their sequences.
    published: Vec<(u64, Instant)>,
    tally: Tally,
}

/// The bound; its half is never over within a run, unless the view says so.
const BOUND: Duration = Duration::from_secs(3_600);

impl World {
    /// A world in which the remote tier is looked at first in so many of a hundred searches.
    pub(super) fn with_afar(random: Random, percent: u32) -> Self {
        Self { afar_percent: percent, ..Self::new(random) }
    }

    /// The same with two nodes that share log and remote tier; each publishes when it will.
    pub(super) fn with_twin(random: Random, percent: u32) -> Self {
        let mut world = Self::with_afar(random, percent);
        world.twin = world.node.as_ref().map(Twin::of);
        world
    }

    /// The same with rules, which change now and then.
    pub(super) fn with_merchant(mut self, random: Random) -> Self {
        let mut merchant = Merchant::new(random);
        self.queries = std::mem::take(&mut self.queries).into_iter().map(|raw| merchant.in_context(raw)).collect();
        self.merchant = Some(merchant);
        self.put_rules();
        self
    }

    pub(super) fn new(mut random: Random) -> Self {
        keep_every_pass();
        let dir = folder();
        let node = Some(open(&dir));
        let stack = stack(MEMORY_BYTES);
        let queries = (0..QUERIES).map(|_| query(&mut random)).collect();
        let mut world = Self {
            random,
            dir,
            node,
            stack,
            afar: Afar::new(),
            afar_percent: 0,
            twin: None,
            merchant: None,
            began_at: 0,
            queries,
            clock_ms: 0,
            published: Vec::new(),
            tally: Tally::default(),
        };
        for _ in 0..shop::IDS / 2 {
            world.write();
        }
        world.put_settings();
        world
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    fn node(&mut self) -> &mut Node {
        self.node.as_mut().expect("open but for an instant")
    }

    /// One random step; `Err` tells a wrong answer.
    pub(super) fn step(&mut self) -> Result<(), String> {
        self.tally.steps += 1;
        if self.merchant.as_mut().is_some_and(Merchant::acts) {
            self.put_rules();
            return Ok(());
        }
        match self.random.below(1_000) {
            0..110 => self.write(),
            110..118 => self.put_settings(),
            118..120 => self.restart(),
            120..125 => self.step_clock(),
            // Live fields are set before anything is published.
            125..155 => self.node().projector.walk_to_the_end(),
            155..205 => self.publish(),
            _ => self.search()?,
        }
        Ok(())
    }

    fn write(&mut self) {
        self.tally.events += 1;
        let random = &mut self.random;
        let change = match random.below(10) {
            0..3 => Change::Upsert(shop::product(random)),
            3..6 => Change::Patch { id: shop::id(random), fields: shop::patch(random) },
            6 => Change::Delete { id: shop::id(random) },
            _ => {
                let price = random.percent(60).then(|| shop::price(random).as_f64());
                let stock = random.percent(60).then(|| shop::stock(random).as_i64());
                Change::Live { id: shop::id(random), price, stock }
            }
        };
        // Most ids are unknown at first; a refusal is as good as nothing.
        let _refused = self.node().log.append(vec![change]).expect("the log writes");
    }

    fn publish(&mut self) {
        self.tally.publications += 1;
        self.walk_both();
        if let Some(twin) = &mut self.twin
            && self.afar.is_first(50)
        {
            twin.node.projector.publish_all();
        }
        let node = self.node();
        node.projector.publish_all();
        let validated = node.visibility.validated();
        self.published.push((validated, Instant::now()));
    }

    fn put_settings(&mut self) {
        let language = if self.random.percent(50) { Language::German } else { Language::English };
        let synonym = |from: &str, to: &str| Synonym { from: Some(from.into()), to: vec![to.into()], weight: 0.8 };
        // Generic ones say that a laptop is a notebook, too.
        let (generic_synonyms, synonyms) = match self.random.below(3) {
            0 => (true, Vec::new()),
            1 => (false, vec![synonym("shoe", "sneaker"), synonym("laptop", "notebook")]),
            _ => (true, vec![synonym("photo", "foto"), synonym("notebook", "lap top")]),
        };
        let settings = Settings { language, synonyms, generic_synonyms, ..Settings::default() };
        let node = self.node();
        node.log.append_settings(settings).expect("the log writes");
        self.publish();
    }

    fn put_rules(&mut self) {
        let now = self.now();
        let Some(merchant) = &mut self.merchant else { return };
        let change = RulesChange { rules: merchant.rules(now), put_at: now.0, expected: None };
        self.node().log.append_rules(change, None).expect("the log writes").expect("no version is expected");
        self.publish();
    }

    /// By the wall clock as it was set.
    fn now(&self) -> UnixMillis {
        UnixMillis(UnixMillis::now().0.saturating_add_signed(self.clock_ms))
    }

    /// Another process on the same log; its index and its memory are empty.
    fn restart(&mut self) {
        self.tally.restarts += 1;
        let had_twin = self.twin.take().is_some();
        if let Some(node) = self.node.take() {
            node.log.close();
        }
        self.node = Some(open(&self.dir));
        if had_twin {
            self.twin = self.node.as_ref().map(Twin::of);
        }
        self.began_at = self.node().visibility.validated();
        self.forget();
        self.published.clear();
    }

    fn step_clock(&mut self) {
        let minutes = self.random.below(21) as i64 - 10;
        self.clock_ms += minutes * 60_000;
    }

    fn search(&mut self) -> Result<(), String> {
        // Some queries are asked more than others.
        let at = self.random.below(QUERIES).min(self.random.below(QUERIES));
        let raw = self.queries[at].clone();
        let strict = self.random.percent(85);
        self.search_for(&raw, strict)
    }

    /// Writes a product and publishes it.
    pub(super) fn put(&mut self, fields: &[(&str, &str)]) {
        let product = shop::read(fields.iter().copied().collect());
        self.node().log.append(vec![Change::Upsert(product)]).expect("the log writes");
        self.publish();
    }

    /// Deletes a product and publishes that.
    pub(super) fn delete(&mut self, id: &str) {
        self.node().log.append(vec![Change::Delete { id: id.to_owned() }]).expect("the log writes");
        self.publish();
    }

    /// Publishes other settings, and gives the log the time to forget what is superseded.
    pub(super) fn speak(&mut self, language: Language) {
        let node = self.node();
        let before = node.visibility.validated();
        node.log.append_settings(Settings { language, ..Settings::default() }).expect("the log writes");
        let deadline = Instant::now() + Duration::from_millis(500);
        while node.log.pruned_through() < before && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.publish();
    }

    /// Empties the memory tier.
    pub(super) fn forget(&mut self) {
        self.stack = stack(MEMORY_BYTES);
    }

    /// Asks without grace; `Err` tells a wrong answer.
    pub(super) fn ask(&mut self, raw: &str) -> Result<(), String> {
        self.search_for(raw, true)
    }

    /// Whether some clause of the stored answer names this form.
    pub(super) fn depends_on(&self, raw: &str, form: &str) -> bool {
        let node = self.node.as_ref().expect("open");
        let view = View::of(&node.visibility);
        let (key, _) = node.question(raw).expect("a query");
        let served = self.stack.lookup(&key, &view, Instant::now()).expect("just stored");
        let variants = &served.entry.proof().dependency().variants;
        variants.iter().flat_map(|variant| &variant.clauses).any(|clause| clause.terms.iter().any(|term| term == form))
    }

    fn search_for(&mut self, raw: &str, strict: bool) -> Result<(), String> {
        let at_twin = self.twin.is_some() && self.afar.is_first(50);
        self.search_at(at_twin, raw, strict, self.afar_percent)
    }

    fn search_at(&mut self, at_twin: bool, raw: &str, strict: bool, afar_percent: u32) -> Result<(), String> {
        self.tally.searches += 1;
        let now = self.now();
        let (node, stack) = match &self.twin {
            Some(twin) if at_twin => (&twin.node, &twin.stack),
            _ => (self.node.as_ref().expect("open"), &self.stack),
        };
        let (key, effective) = node.question(raw)?;
        let view = View { graced: !strict, now, ..View::of(&node.visibility) };
        let found = if self.afar.is_first(afar_percent) { self.afar.look(&key, &view) } else { None };
        let is_from_afar = found.is_some();
        if let Some(entry) = found {
            // As in production: into memory, and judged there once more.
            stack.filler().fill(entry);
        }
        let served = match stack.lookup(&key, &view, Instant::now()) {
            Ok(served) => served,
            Err(outcome) => {
                self.tally.stale += usize::from(matches!(outcome, Outcome::Stale(_)));
                // An attribute that no product has is refused, and nothing is kept of that.
                if let Ok(answered) = node.compute(&key, &effective, now) {
                    let mut entry = answered.entry;
                    entry.set_computed_at(now);
                    self.afar.fill(&entry);
                    stack.filler().fill(entry);
                }
                return Ok(());
            }
        };
        self.tally.hits += 1;
        let as_of = served.entry.stamp().as_of;
        if as_of > view.validated {
            // Newer than the node. Once that has caught up, it must be right, or known to be touched.
            self.tally.ahead += 1;
            self.catch_up();
            return self.search_at(at_twin, raw, true, 0);
        }
        self.tally.at_twin += usize::from(at_twin);
        self.tally.from_afar += usize::from(is_from_afar);
        self.tally.from_another_process += usize::from(is_from_afar && as_of < self.began_at);
        if !served.age.is_zero() || strict_would_refuse(stack, &key, &view) {
            // Served within the grace: right at its own sequence, and no longer than half the bound after that.
            self.tally.graced += 1;
            return Ok(());
        }
        self.tally.touched_since += usize::from(as_of < view.validated);
        let live = served.entry.proof().live();
        self.tally.live_dependent += usize::from(*live != storefind_index::answer::LiveDependency::None);
        self.tally.refilled += usize::from(served.entry.fold() != 0 && as_of < node.visibility.live().changed());
        let Ok(anew) = node.compute_anew(&key, &effective, now) else { return Ok(()) };
        let by_relevance = !raw.contains("sort=");
        let pins = node.visibility.published().rules.arrange(&effective, now.0).pins;
        self.tally.pinned += usize::from(!pins.is_empty());
        self.tally.dated += usize::from(served.entry.stamp().valid_until.is_some());
        let cached = comparable(served.entry.body().text(), by_relevance, &pins);
        let uncached = comparable(anew.entry.body().text(), by_relevance, &pins);
        if cached == uncached {
            return Ok(());
        }
        Err(format!(
            "{raw} at {} (as of {as_of}):\n cached   {cached}\n uncached {uncached}\n depends on {:?}",
            view.validated,
            served.entry.proof().dependency(),
        ))
    }

    /// Has both nodes show all that the log has.
    fn catch_up(&mut self) {
        self.walk_both();
        if let Some(twin) = &mut self.twin {
            twin.node.projector.publish_all();
        }
        self.publish();
    }

    /// As far as either may make durable: then the log forgets.
    fn walk_both(&mut self) {
        self.node().projector.walk_to_the_end();
        if let Some(twin) = &mut self.twin {
            twin.node.projector.walk_to_the_end();
        }
    }
}

/// Whether only the grace lets the entry be served.
fn strict_would_refuse(stack: &Stack<String>, key: &Key, view: &View) -> bool {
    let strict = View { graced: false, ..view.clone() };
    stack.lookup(key, &strict, Instant::now()).is_err()
}

/// A process on the log in `dir`; its index is empty before it has read that.
fn open(dir: &tempfile::TempDir) -> Node {
    Node::open("model", dir.path(), BOUND)
}

/// An answer without what may drift: scores, the wording of corrections, and by relevance the order of what is not
/// pinned.
fn comparable(text: &[u8], by_relevance: bool, pins: &[Pinned]) -> Value {
    let mut value: Value = serde_json::from_slice(text).expect("an answer is JSON");
    let object = value.as_object_mut().expect("an object");
    object.remove("corrected");
    if let Some(hits) = object.get_mut("hits").and_then(Value::as_array_mut) {
        let place = |pin: &Pinned| hits.iter().position(|hit| hit["id"] == *pin.id);
        let places: Vec<_> = pins.iter().map(place).collect();
        for hit in hits.iter_mut() {
            hit.as_object_mut().expect("an object").remove("score");
        }
        if by_relevance {
            hits.sort_by_key(|hit| hit["id"].as_str().map(str::to_owned));
        }
        value["places of pins"] = places.into();
    }
    value
}
