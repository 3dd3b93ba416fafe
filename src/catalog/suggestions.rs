//! Suggestions: a projection of the published snapshot and of what was learned from shoppers, built on a thread of its
//! own.
//!
//! Owns when they are built and their generation. It refuses to know how prefixes are completed (`index::suggest`) and
//! does not touch the log. A start does not wait for them: until the first build there are those of the process before,
//! if it saved any.
//!
//! **When.** A build reads every product, so it is rationed: at most about a tenth of one core's time, unless that
//! would make the suggestions older than 60 s. The generation rises only when what they are built from has changed,
//! so that changes of price and stock are not noticed at all. What is learned changes with every event, so it counts as
//! changed when a phrase comes, goes or moves by a tenth of its weight.
//!
//! Invariant: equal generations are equal suggestions.

mod learned;
#[cfg(test)]
mod measure;
mod saved;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use storefind_index::product::Product;
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
}

/// Oldest that suggestions may be beside a newer snapshot (DESIGN.md, "Live fields in queries").
const AGE_MAX: Duration = Duration::from_secs(60);

/// Pause after a build, as a multiple of its duration: one part of work and nineteen of rest is a twentieth of one core.
const REST_PER_BUILD: u32 = 19;

/// Shortest pause: small catalogs are built in milliseconds, and nobody misses a suggestion for a second.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// How often it is asked whether something was learned: half of the time that a suggestion takes to be thought over.
const LEARNED_POLL: Duration = Duration::from_secs(2);

/// Steps of a learned weight's logarithm: eight a doubling, so that a new generation is due when a phrase moves by a tenth.
const WEIGHT_STEPS: f64 = 8.0;

/// Products between two yields to other threads: some hundred microseconds of work.
const YIELD_EVERY: u64 = 64;

/// Time that a build under way gets to end when the catalog closes. It only reads, so it may be left behind.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// The running builder.
#[derive(Debug)]
pub(crate) struct Suggester {
    current: Arc<ArcSwap<Suggestions>>,
    stop: Arc<AtomicBool>,
    visibility: Arc<Visibility>,
    learner: Arc<OnceLock<Arc<Learner>>>,
    worker: std::sync::Mutex<Option<Worker>>,
}

impl Suggester {
    /// Starts the thread; the first build begins at once. Until it ends there is what was saved in `path`.
    pub(crate) fn start(name: &str, visibility: Arc<Visibility>, path: Option<PathBuf>) -> std::io::Result<Self> {
        let saved = path.map(Saved::new);
        let language = visibility.published().snapshot.settings().language;
        let index = saved.as_ref().and_then(|saved| saved.load(language)).unwrap_or_else(SuggestIndex::empty);
        // What was blocked when they were made is not known, so all that is blocked now is left out of what they say.
        let first = Suggestions { generation: 0, index, settings: Arc::default() };
        let current = Arc::new(ArcSwap::from_pointee(first));
        let stop = Arc::new(AtomicBool::new(false));
        let learner = Arc::default();
        let builder = Builder {
            name: name.to_owned(),
            current: Arc::clone(&current),
            stop: Arc::clone(&stop),
            visibility: Arc::clone(&visibility),
            learner: Arc::clone(&learner),
            findings: Findings::default(),
            fingerprint: None,
            saved,
        };
        let worker = Worker::spawn_behind(format!("suggest-{name}"), move || builder.run())?;
        Ok(Self { current, stop, visibility, learner, worker: std::sync::Mutex::new(Some(worker)) })
    }

    pub(crate) fn current(&self) -> Arc<Suggestions> {
        self.current.load_full()
    }

    /// Also suggests what this learner has learned. The first one stays.
    pub(crate) fn learn_from(&self, learner: Arc<Learner>) {
        drop(self.learner.set(learner));
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
    learner: Arc<OnceLock<Arc<Learner>>>,
    findings: Findings,
    fingerprint: Option<u64>,
    saved: Option<Saved>,
}

impl Builder {
    fn run(mut self) {
        let (mut seen, mut learned) = (None, 0);
        while self.wait(self.patience(), |validated| Some(validated) != seen) {
            let version = self.learner.get().map_or(0, |learner| learner.settle(now_ms()));
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
            self.wait(pause_after(began.elapsed()), |_| false);
        }
        if let Some(saved) = &mut self.saved {
            saved.finish(&self.current.load().index);
        }
    }

    /// How long to wait for a change of the catalog before it is asked what was learned.
    fn patience(&self) -> Duration {
        if self.learner.get().is_some() { LEARNED_POLL } else { Duration::MAX / 4 }
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
        snapshot.for_each_product(&mut |product| {
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
        for phrase in self.learned(snapshot, &blocked) {
            fingerprint.learn(&phrase);
            suggestions.add_learned(&phrase.text, phrase.weight, phrase.results);
        }
        suggestions.block(blocked);
        let fingerprint = fingerprint.finish();
        if self.is_stopped() || self.fingerprint == Some(fingerprint) {
            return Ok(());
        }
        let index = suggestions.build();
        let generation = self.current.load().generation + 1;
        tracing::debug!(catalog = self.name, generation, suggestions = index.len(), "suggestions built");
        let settings = Arc::clone(settings);
        self.current.store(Arc::new(Suggestions { generation, index, settings }));
        self.fingerprint = Some(fingerprint);
        if let Some(saved) = &mut self.saved {
            saved.offer(&self.current.load().index);
        }
        Ok(())
    }

    /// What shoppers searched, as far as it may be suggested.
    fn learned(&mut self, snapshot: &Snapshot, blocked: &BlockList) -> Vec<Phrase> {
        let Some(learner) = self.learner.get() else { return Vec::new() };
        let candidates = learner.learned(now_ms(), &snapshot.settings().autocomplete, CANDIDATES_MAX);
        let stop = &self.stop;
        self.findings.phrases(&candidates, snapshot, blocked, &|| stop.load(Ordering::Acquire))
    }
}

/// Rest after a build that took this long.
fn pause_after(build: Duration) -> Duration {
    // The next build takes as long again, and what it replaces is that old when it ends.
    let for_age = AGE_MAX.saturating_sub(build * 2);
    (build * REST_PER_BUILD).min(for_age).max(PAUSE_MIN)
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

    fn add(&mut self, product: &Product) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(products: &[Product]) -> u64 {
        let mut fingerprint = Fingerprint::new("english");
        products.iter().for_each(|product| fingerprint.add(product));
        fingerprint.finish()
    }

    fn product(title: &str, brand: Option<&str>) -> Product {
        Product {
            id: title.into(),
            title: title.into(),
            brand: brand.map(String::from),
            price: Some(1.0),
            ..Product::default()
        }
    }

    #[test]
    fn a_build_rests_nineteen_times_its_duration_within_the_age_limit() {
        let seconds = Duration::from_secs_f64;
        for (build, pause) in [(0.0, 1.0), (0.05, 1.0), (0.5, 9.5), (2.0, 38.0), (10.0, 40.0), (29.5, 1.0), (90.0, 1.0)]
        {
            assert_eq!(pause_after(seconds(build)), seconds(pause), "a build of {build} s");
        }
    }

    #[test]
    fn the_fingerprint_sees_what_suggestions_are_made_from() {
        let base = [product("Tea pot", Some("Alessi")), product("Kettle", None)];
        let other_order = [base[1].clone(), base[0].clone()];
        assert_eq!(fingerprint(&base), fingerprint(&other_order));
        let dearer = [Product { price: Some(2.0), ..base[0].clone() }, base[1].clone()];
        assert_eq!(fingerprint(&base), fingerprint(&dearer));
        for changed in [
            product("Tea pots", Some("Alessi")),
            product("Tea pot", None),
            product("Tea potAlessi", None),
            Product { categories: vec!["Tea".into()], ..base[0].clone() },
            Product { popularity: Some(1.0), ..base[0].clone() },
        ] {
            assert_ne!(fingerprint(&base), fingerprint(&[changed, base[1].clone()]));
        }
        assert_ne!(fingerprint(&base), fingerprint(&base[..1]));
    }
}
