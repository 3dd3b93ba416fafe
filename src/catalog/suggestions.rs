//! Suggestions: a projection of the published snapshot and of what was learned from shoppers, built on a thread of its
//! own.
//!
//! Owns when they are built and their generation. It refuses to know how prefixes are completed (`index::suggest`) and
//! does not touch the log. A start does not wait for them: until the first build there are those of the process before,
//! if it saved any, as soon as the thread has read them.
//!
//! **What was learned outlives a start.** Those of before give way only when the learner has read its journal, or does not
//! within [`LEARNER_WAIT_MAX`]; what they suggested for a query is believed until it is looked at again; and nothing is
//! saved in their place that lacks what was learned. A command without a learner saves nothing.
//!
//! **When.** A build reads every product, so it is rationed: at most about a twentieth of one core's time, unless that
//! would make the suggestions older than 60 s. The generation rises only when what they are built from has changed,
//! so that changes of price and stock are not noticed at all. What is learned changes with every event, so it counts as
//! changed when a phrase comes, goes or moves by a tenth of its weight.
//!
//! Invariant: equal generations are equal suggestions.

mod learned;
#[cfg(test)]
mod measure;
mod saved;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use storefind_index::product::Naming;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::{BlockList, SuggestBuilder, SuggestIndex};
use tokio::time::Instant;
use xxhash_rust::xxh3::Xxh3Default;

use self::learned::{CANDIDATES_MAX, Findings, Phrase};
use self::saved::Saved;
use super::visibility::Visibility;
use super::worker::Worker;
use crate::learn::{Learner, now_ms};

/// Suggestions with their generation, by which repeated URLs learn that they must look again.
#[derive(Debug)]
pub struct Suggestions {
    /// Raised with every rebuild that changed something; 0 before the first.
    pub generation: u64,
    /// The suggestions.
    pub index: SuggestIndex,
    /// The settings that they were built with.
    pub settings: Arc<Settings>,
    /// The latest other words that were blocked, prepared.
    blocked: ArcSwapOption<(Vec<String>, Arc<BlockList>)>,
}

impl Suggestions {
    /// Suggestions that were built with these settings.
    pub fn new(generation: u64, index: SuggestIndex, settings: Arc<Settings>) -> Self {
        Self { generation, index, settings, blocked: ArcSwapOption::empty() }
    }

    /// What is still to be left out of them under other settings; `None` where these block the same.
    pub fn blocked_by(&self, settings: &Arc<Settings>) -> Option<Arc<BlockList>> {
        let phrases = &settings.autocomplete.blocked;
        if Arc::ptr_eq(settings, &self.settings) || *phrases == self.settings.autocomplete.blocked {
            return None;
        }
        if let Some(prepared) = &*self.blocked.load()
            && prepared.0 == *phrases
        {
            return Some(Arc::clone(&prepared.1));
        }
        let list = Arc::new(BlockList::new(phrases));
        self.blocked.store(Some(Arc::new((phrases.clone(), Arc::clone(&list)))));
        Some(list)
    }
}

/// Oldest that suggestions may be beside a newer snapshot (DESIGN.md, "Live fields in queries").
const AGE_MAX: Duration = Duration::from_secs(60);

/// Pause after a build, as a multiple of its duration: one part of work and nineteen of rest is a twentieth of one core.
const REST_PER_BUILD: u32 = 19;

/// What a build takes for each product, roughly: a million took some eight seconds beside other work. A wrong guess moves
/// the first build after a start, and no other.
const BUILD_PER_PRODUCT: Duration = Duration::from_micros(8);

/// Shortest pause: small catalogs are built in milliseconds, and nobody misses a suggestion for a second.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// How often it is asked whether something was learned: half of the time that a suggestion takes to be thought over.
const LEARNED_POLL: Duration = Duration::from_secs(2);

/// How long suggestions of before stay for a learner that has not read its journal: longer than one at its limit takes, and
/// short of the age that suggestions may have.
const LEARNER_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long it may take after the start until it is known whether there is a learner: as long as opening the other
/// catalogs.
const LEARNER_UNKNOWN_MAX: Duration = Duration::from_secs(2);

/// How often it is asked meanwhile.
const LEARNER_POLL: Duration = Duration::from_millis(20);

/// Steps of a learned weight's logarithm: eight a doubling, so that a new generation is due when a phrase moves by a tenth.
const WEIGHT_STEPS: f64 = 8.0;

/// Products between two yields to other threads: some hundred microseconds of work.
const YIELD_EVERY: u64 = 64;

/// Time that a build under way gets to end when the catalog closes, with what is saved at the end. What it writes is renamed
/// when it is whole, so it may be left behind.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// From whom a catalog learns; nobody where nothing is to be kept. Not set where that is not known, as in a command.
type Learning = OnceLock<Option<Arc<Learner>>>;

/// The running builder.
#[derive(Debug)]
pub(crate) struct Suggester {
    current: Arc<ArcSwap<Suggestions>>,
    stop: Arc<AtomicBool>,
    visibility: Arc<Visibility>,
    learning: Arc<Learning>,
    worker: std::sync::Mutex<Option<Worker>>,
}

impl Suggester {
    /// Starts the thread; it reads what was saved in `path`, and makes new ones.
    pub(crate) fn start(name: &str, visibility: Arc<Visibility>, path: Option<PathBuf>) -> std::io::Result<Self> {
        let current = Arc::new(ArcSwap::from_pointee(Suggestions::new(0, SuggestIndex::empty(), Arc::default())));
        let stop = Arc::new(AtomicBool::new(false));
        let learning = Arc::default();
        let builder = Builder {
            name: name.to_owned(),
            current: Arc::clone(&current),
            stop: Arc::clone(&stop),
            visibility: Arc::clone(&visibility),
            learning: Arc::clone(&learning),
            findings: Findings::default(),
            fingerprint: None,
            is_whole: false,
            saved: path.map(Saved::new),
        };
        let worker = Worker::spawn_behind(format!("suggest-{name}"), move || builder.run())?;
        Ok(Self { current, stop, visibility, learning, worker: std::sync::Mutex::new(Some(worker)) })
    }

    pub(crate) fn current(&self) -> Arc<Suggestions> {
        self.current.load_full()
    }

    /// Also suggests what this learner has learned, or knows now that there is none. The first word stays.
    pub(crate) fn learn_from(&self, learner: Option<Arc<Learner>>) {
        drop(self.learning.set(learner));
        self.visibility.wake();
    }

    /// Ends the thread; a second call does nothing.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.visibility.wake();
        let worker = self.worker.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(worker) = worker {
            worker.join(STOP_WAIT_MAX);
        }
    }
}

struct Builder {
    name: String,
    current: Arc<ArcSwap<Suggestions>>,
    stop: Arc<AtomicBool>,
    visibility: Arc<Visibility>,
    learning: Arc<Learning>,
    findings: Findings,
    fingerprint: Option<u64>,
    /// Whether all that was learned and may be suggested is in the current suggestions.
    is_whole: bool,
    saved: Option<Saved>,
}

impl Builder {
    fn run(mut self) {
        self.take_up();
        self.wait_for_learner();
        if !self.current.load().index.is_empty() {
            // Serving comes first after a start: those of before rest as if they had just been built.
            let products = self.visibility.published().snapshot.product_count();
            let build = BUILD_PER_PRODUCT * u32::try_from(products).unwrap_or(u32::MAX);
            self.rest(rest_after(build));
        }
        let (mut seen, mut learned) = (None, None);
        let learning = Arc::clone(&self.learning);
        let is_told = |learned: Option<u64>| learned.is_none() && learning.get().is_some();
        while self.wait(self.patience(), |validated| Some(validated) != seen || is_told(learned)) {
            self.save();
            let settled =
                |learner: &Option<Arc<Learner>>| learner.as_ref().map_or(0, |learner| learner.settle(now_ms()));
            let version = self.learning.get().map(settled);
            if version == learned && Some(self.visibility.validated()) == seen && !self.findings.is_behind() {
                continue;
            }
            let snapshot = self.visibility.published().snapshot.clone();
            let began = Instant::now();
            (seen, learned) = (Some(snapshot.sequence()), version);
            match catch_unwind(AssertUnwindSafe(|| self.build(&snapshot))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(catalog = self.name, error = %error, "suggestions were not built"),
                Err(_) => tracing::error!(catalog = self.name, "building suggestions panicked; the old ones stay"),
            }
            drop(snapshot);
            self.save();
            self.rest(pause_after(began.elapsed()));
        }
        let current = self.current.load();
        if let Some(saved) = self.saved.as_mut().filter(|_| self.is_whole) {
            saved.finish(current.generation, &current.index);
        }
    }

    /// Takes up what was saved.
    fn take_up(&mut self) {
        let language = self.visibility.published().snapshot.settings().language;
        let Some(index) = self.saved.as_ref().and_then(|saved| saved.load(language)) else { return };
        self.findings.believe(index.learned());
        // What was blocked when they were made is not known, so all that is blocked now is left out of what they say.
        self.current.store(Arc::new(Suggestions::new(0, index, Arc::default())));
    }

    /// Lets what was taken up stay until the learner knows what it knew.
    fn wait_for_learner(&self) {
        let began = Instant::now();
        let left = || match self.learning.get() {
            None => LEARNER_UNKNOWN_MAX.saturating_sub(began.elapsed()),
            Some(Some(learner)) if !learner.is_ready() => LEARNER_WAIT_MAX.saturating_sub(began.elapsed()),
            Some(_) => Duration::ZERO,
        };
        while !self.current.load().index.is_empty() && !left().is_zero() && self.wait(LEARNER_POLL, |_| false) {}
    }

    fn learner(&self) -> Option<&Arc<Learner>> {
        self.learning.get().and_then(Option::as_ref)
    }

    /// How long to wait for a change of the catalog before it is asked what was learned, or saved what is new.
    fn patience(&self) -> Duration {
        let poll = if self.learner().is_some() { LEARNED_POLL } else { Duration::MAX / 4 };
        self.due_in().map_or(poll, |due| due.min(poll))
    }

    /// Rests for so long, but for saving what is new.
    fn rest(&mut self, pause: Duration) {
        let began = Instant::now();
        loop {
            let left = pause.saturating_sub(began.elapsed());
            let wait = self.due_in().map_or(left, |due| due.min(left));
            if left.is_zero() || !self.wait(wait, |_| false) {
                return;
            }
            self.save();
        }
    }

    /// When the current suggestions are to be saved, if they are.
    fn due_in(&self) -> Option<Duration> {
        let saved = self.saved.as_ref().filter(|_| self.is_whole)?;
        saved.due_in(self.current.load().generation)
    }

    /// Saves the current suggestions if it is time.
    fn save(&mut self) {
        if self.due_in().is_some_and(|due| due.is_zero())
            && let Some(saved) = &mut self.saved
        {
            let current = self.current.load();
            saved.save(current.generation, &current.index);
        }
    }

    /// Waits for the condition or the time; `false` if the thread is to stop.
    fn wait(&self, at_most: Duration, condition: impl Fn(u64) -> bool) -> bool {
        self.visibility.wait_until(at_most, |validated| self.is_stopped() || condition(validated));
        !self.is_stopped()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn build(&mut self, snapshot: &Snapshot) -> Result<(), storefind_index::error::IndexError> {
        let settings = snapshot.settings();
        let (language, autocomplete) = (settings.language, &settings.autocomplete);
        let mut suggestions = SuggestBuilder::new(language);
        let mut fingerprint = Fingerprint::new(&format!("{language:?} {:?}", autocomplete.blocked));
        let stop = &self.stop;
        snapshot.for_each_naming(&mut |product| {
            if stop.load(Ordering::Acquire) {
                return;
            }
            fingerprint.add(product);
            suggestions.add(&product.title, product.brand.as_deref(), &product.categories, product.popularity);
            if fingerprint.products.is_multiple_of(YIELD_EVERY) {
                std::thread::yield_now();
            }
        })?;
        let blocked = BlockList::new(&autocomplete.blocked);
        let is_known = match self.learning.get() {
            None => false,
            Some(learner) => learner.as_ref().is_none_or(|learner| learner.is_ready()),
        };
        for phrase in self.learned(snapshot, &blocked) {
            fingerprint.learn(&phrase);
            suggestions.add_learned(&phrase.text, phrase.weight, phrase.results);
        }
        suggestions.block(blocked);
        let fingerprint = fingerprint.finish();
        if self.is_stopped() {
            return Ok(());
        }
        self.is_whole = is_known && !self.findings.is_behind();
        if self.fingerprint == Some(fingerprint) {
            return Ok(());
        }
        let index = suggestions.build();
        let generation = self.current.load().generation + 1;
        tracing::debug!(catalog = self.name, generation, suggestions = index.len(), "suggestions built");
        let settings = Arc::clone(settings);
        self.current.store(Arc::new(Suggestions::new(generation, index, settings)));
        self.fingerprint = Some(fingerprint);
        Ok(())
    }

    /// What shoppers searched, as far as it may be suggested.
    fn learned(&mut self, snapshot: &Snapshot, blocked: &BlockList) -> Vec<Phrase> {
        let Some(learner) = self.learning.get().and_then(Option::as_ref) else { return Vec::new() };
        let candidates = learner.learned(now_ms(), &snapshot.settings().autocomplete, CANDIDATES_MAX);
        let stop = &self.stop;
        let phrases = self.findings.phrases(&candidates, snapshot, blocked, &|| stop.load(Ordering::Acquire));
        learner.accept(phrases.iter().map(|phrase| (phrase.query.clone(), phrase.text.clone())));
        phrases
    }
}

/// Pause after a build that took this long.
fn pause_after(build: Duration) -> Duration {
    rest_after(build).max(PAUSE_MIN)
}

/// How long to rest for a build that takes this long.
fn rest_after(build: Duration) -> Duration {
    // The next build takes as long again, and what it replaces is that old when it ends.
    let for_age = AGE_MAX.saturating_sub(build * 2);
    (build * REST_PER_BUILD).min(for_age)
}

/// A digest of everything that suggestions are made from, whatever the order of the products.
struct Fingerprint {
    sum: u64,
    products: u64,
}

impl Fingerprint {
    fn new(seed: &str) -> Self {
        Self { sum: xxhash_rust::xxh3::xxh3_64(seed.as_bytes()), products: 0 }
    }

    fn add(&mut self, product: &Naming) {
        let mut hasher = Xxh3Default::new();
        let mut text = |text: &str| {
            hasher.update(text.as_bytes());
            // No text holds this byte, so neighbours cannot run into each other.
            hasher.update(&[0xff]);
        };
        text(&product.title);
        text(product.brand.as_deref().unwrap_or_default());
        product.categories.iter().for_each(|category| text(category));
        hasher.update(&product.popularity.map_or([0xff; 8], f64::to_be_bytes));
        self.sum = self.sum.wrapping_add(hasher.digest());
        self.products += 1;
    }

    fn learn(&mut self, phrase: &Phrase) {
        let mut hasher = Xxh3Default::new();
        hasher.update(phrase.text.as_bytes());
        hasher.update(&phrase.results.to_be_bytes());
        hasher.update(&((phrase.weight.log2() * WEIGHT_STEPS).round() as i64).to_be_bytes());
        self.sum = self.sum.wrapping_add(hasher.digest());
    }

    fn finish(self) -> u64 {
        self.sum.wrapping_add(self.products)
    }
}
