//! Warm-up: a node that was restarted, or whose settings changed, answers the questions that matter most before shoppers
//! ask them.
//!
//! **What is remembered** is questions, never answers: how often each was asked times what it costs to compute
//! (`ledger`). Counting costs a hit one load and one store in its entry ([`Entry::asked`](crate::cache::entry::Entry));
//! the rest is done by who walks through the memory tier every [`HARVEST_INTERVAL`] and takes the counts. A question is
//! kept as the text of its key (`question`), since that is what two equal questions share, and beside the index (`file`).
//! One that looks personal ([`privacy`]) is not kept at all.
//!
//! **What is not**: autocompletes, whose keys go with every build of suggestions and which cost little; what was asked
//! under the filter of an access key, which is for those who have it; and who asked, when, and with `min_sequence` or
//! `explain`, none of which is part of a key.
//!
//! **Asking again** takes the way of every search, through the remote tiers too, so that a node with a warm Redis computes
//! nothing that another has computed. It is counted apart. It takes place when a catalog has caught up with its log, and
//! `/readyz` waits for it, up to the configured limit; and when a publication has made every kept answer useless, which
//! is when the [epoch](crate::catalog::Published::epoch) changes. A rebuild is no such case: what was proven
//! by the touch table before it is proven after it.
//!
//! **Live searches come first**: a question is asked again only when none waits for a thread and one is free; after the
//! start, one at a time. It then takes the lane of searches, since a shopper who asks the same waits for this very
//! computation.
//!
//! Invariant: a catalog is warm within the limit after it has caught up, whatever happens; nothing that goes wrong here
//! is seen by a request.

mod answered;
mod file;
mod ledger;
mod question;

pub mod replays;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use self::file::Unusable;
use self::ledger::Ledger;
use self::question::Scope;
use super::counters::CatalogCounters;
use super::effective;
use super::question::Question;
use super::{Answers, Kind, Request, view};
use crate::app::Mode;
use crate::cache::tier::TierName;
use crate::catalog::registry::{Catalogs, catalog_dir};
use crate::catalog::{Catalog, Published};
use crate::config::Config;
use crate::learn::finding::{Bounds, Numbers};
use crate::learn::keepers::Learners;
use crate::learn::record::Answered;
use crate::learn::{IsKnown, LearnError, Learner, now_ms, privacy};

/// How often the counts are taken and saved: what a crash forgets. A walk through a memory tier of 30,000 entries takes
/// some milliseconds of a background thread.
const HARVEST_INTERVAL: Duration = Duration::from_secs(30);
/// How often it is looked whether live searches leave room: about what a search takes.
const QUIET_POLL: Duration = Duration::from_millis(1);
/// Request deadlines that one question is given: a disk that is cold makes the first searches several times slower, and
/// nobody waits for this one.
const DEADLINES_PER_QUESTION: u32 = 4;
/// Versions of the settings whose entries are looked at: those in force, and those before them, whose entries hold the
/// counts when the new ones are seen.
const SCOPES_MAX: usize = 2;
/// What telling long numbers apart may cost a harvest, in a background thread. Queries with more of them are neither
/// counted nor remembered.
const NUMBERS_LOOKED_UP: Bounds = Bounds { numbers: 500, time: Duration::from_secs(1) };
/// Youngest age at which counts are taken again because somebody asks for the figures: each walks through a memory tier and
/// writes to the journal, and whoever reads figures reads them for longer.
const COUNTS_AGE_MIN: Duration = Duration::from_secs(5);
/// Name of the file in a catalog's folder.
const FILE_NAME: &str = "questions";

/// The warm-up of every catalog.
#[derive(Debug)]
pub struct WarmUp {
    keepers: Vec<Arc<Keeper>>,
    stop: watch::Sender<bool>,
}

/// What is remembered of one catalog, and the asking again.
#[derive(Debug)]
struct Keeper {
    catalog: Arc<Catalog>,
    answers: Arc<Answers>,
    /// Who is told how often searches were answered.
    learner: Option<Arc<Learner>>,
    limit: Duration,
    query_threads: usize,
    /// Where it is saved, if it is.
    path: Option<PathBuf>,
    /// Where replays are told.
    counters: Arc<CatalogCounters>,
    /// Where they count as questions.
    own: Arc<CatalogCounters>,
    remembered: Mutex<Remembered>,
    /// When counts were last taken because somebody asked for figures.
    figured: Mutex<Option<Instant>>,
    warm: AtomicBool,
}

/// A question that was asked since the last harvest.
#[derive(Debug)]
struct Asked {
    question: Box<str>,
    times: u32,
    cost: Duration,
    answered: Option<Answered>,
}

#[derive(Debug)]
struct Remembered {
    ledger: Ledger,
    /// The latest first.
    scopes: Vec<Scope>,
    /// Whether anything was noted since it was saved.
    is_unsaved: bool,
}

impl Remembered {
    /// Takes note of the settings in force.
    fn enter(&mut self, catalog: &str, published: &Published) {
        if self.scopes.first().is_none_or(|scope| !scope.is_of(published)) {
            self.scopes.insert(0, Scope::new(catalog, published));
            self.scopes.truncate(SCOPES_MAX);
        }
    }
}

impl WarmUp {
    /// Takes up what was saved and begins to ask again, on the runtime at hand. Without one, as in a command that only
    /// makes a catalog, nobody can ask either, and nothing happens.
    pub fn start(
        config: &Config,
        mode: Mode,
        (catalogs, learners): (&Catalogs, &Learners),
        answers: &Arc<Answers>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let files =
            catalogs.iter().map(|catalog| (catalog, catalog_dir(&config.data_dir, catalog.name()).join(FILE_NAME)));
        let warm_up = config.cache.warm_up;
        let mut keepers = Vec::new();
        for (catalog, path) in files {
            if mode == Mode::ReadWrite && (warm_up.limit.is_zero() || !warm_up.save) {
                // Shoppers' words do not stay on a disk where they are not wanted any more.
                file::remove(&path);
            }
            let learner = learners.of(catalog).cloned().filter(|_| mode == Mode::ReadWrite);
            if warm_up.limit.is_zero() && learner.is_none() {
                continue;
            }
            let save = warm_up.save && !warm_up.limit.is_zero();
            let ledger = if save { take_up(catalog.name(), &path) } else { Ledger::default() };
            let path = Some(path).filter(|_| save && mode == Mode::ReadWrite);
            let keeper = Arc::new(Keeper::new(config, (catalog, answers), (ledger, path), learner));
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(Arc::clone(&keeper).run(stopped.clone()))),
                Err(_) => keeper.warm.store(true, Ordering::Release),
            }
            keepers.push(keeper);
        }
        Self { keepers, stop }
    }

    /// Whether a catalog's questions were asked again, as far as the limit allowed.
    pub fn is_warm(&self, catalog: &str) -> bool {
        let keeper = self.keepers.iter().find(|keeper| keeper.catalog.name() == catalog);
        keeper.is_none_or(|keeper| keeper.warm.load(Ordering::Acquire))
    }

    /// Has the answers of a catalog that were given until now, or until some seconds ago, counted for its merchandisers.
    /// Blocking.
    pub fn count_answers(&self, catalog: &str) {
        let keepers = self.keepers.iter().filter(|keeper| keeper.catalog.name() == catalog);
        keepers.for_each(|keeper| keeper.harvest_for_figures());
    }

    /// Stops asking; what was begun is given up with the runtime.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, and saves what is remembered. Blocking; a second call finds nothing new.
    pub fn close(&self) {
        self.stop();
        for keeper in &self.keepers {
            keeper.harvest();
            keeper.save();
        }
    }
}

/// What was saved, or nothing, and why.
fn take_up(catalog: &str, path: &std::path::Path) -> Ledger {
    let shown = path.display();
    match file::load(path) {
        Ok(mut kept) => {
            // Numbers were looked up when they were noted.
            kept.retain(|kept| !is_personal(&kept.question, &|_| true));
            tracing::info!(catalog, questions = kept.len(), "the dearest questions of before will be asked again");
            return Ledger::restored(kept, Instant::now());
        }
        Err(Unusable::Absent) => tracing::info!(catalog, "no questions were saved; the cache starts cold"),
        Err(Unusable::OtherFormat) => {
            tracing::warn!(catalog, path = %shown, "another version saved the questions; the cache starts cold");
        }
        Err(Unusable::Damaged) => {
            tracing::warn!(catalog, path = %shown, "the saved questions are damaged; the cache starts cold");
        }
        Err(Unusable::Unreadable(error)) => {
            tracing::warn!(catalog, path = %shown, %error, "the saved questions cannot be read; the cache starts cold");
        }
    }
    Ledger::default()
}

/// Whether what was typed looks like something that must not be kept.
fn is_personal(question: &str, is_known: IsKnown<'_>) -> bool {
    question::typed(question).is_some_and(|typed| privacy::shape(&typed, is_known).is_some())
}

impl Keeper {
    fn new(
        config: &Config,
        (catalog, answers): (&Arc<Catalog>, &Arc<Answers>),
        (ledger, path): (Ledger, Option<PathBuf>),
        learner: Option<Arc<Learner>>,
    ) -> Self {
        let counters = answers.counters(catalog.name());
        counters.warm_up.kept(ledger.worth_keeping().len());
        Self {
            catalog: Arc::clone(catalog),
            answers: Arc::clone(answers),
            learner,
            limit: config.cache.warm_up.limit,
            query_threads: config.http.query_threads,
            path,
            own: Arc::new(counters.of_our_own()),
            counters,
            remembered: Mutex::new(Remembered { ledger, scopes: Vec::new(), is_unsaved: false }),
            figured: Mutex::default(),
            warm: AtomicBool::new(false),
        }
    }

    async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            () = self.go_on() => {}
            // Also when the one who could stop it is gone.
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn go_on(self: &Arc<Self>) {
        let mut publications = self.catalog.visibility().publications_to_come();
        while !self.catalog.is_ready() {
            if publications.changed().await.is_err() {
                return;
            }
        }
        let published = self.catalog.published();
        let mut epoch = published.epoch();
        // What is asked from now on is still found when other settings are in force.
        self.remembered().enter(self.catalog.name(), &published);
        drop(published);
        self.ask_all_again(self.query_threads).await;
        self.warm.store(true, Ordering::Release);
        let mut harvests = tokio::time::interval_at(Instant::now() + HARVEST_INTERVAL, HARVEST_INTERVAL);
        harvests.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                published = publications.changed() => {
                    if published.is_err() {
                        return;
                    }
                    let published = self.catalog.published().epoch();
                    if published != epoch {
                        epoch = published;
                        self.apart(Self::harvest).await;
                        self.ask_all_again(1).await;
                    }
                }
                _ = harvests.tick() => {
                    self.apart(|keeper| {
                        keeper.harvest();
                        keeper.save();
                    })
                    .await;
                }
            }
        }
    }

    /// On a thread that may block.
    async fn apart(self: &Arc<Self>, work: impl FnOnce(&Self) + Send + 'static) {
        let keeper = Arc::clone(self);
        if let Err(error) = tokio::task::spawn_blocking(move || work(&keeper)).await
            && error.is_panic()
        {
            tracing::error!(catalog = self.catalog.name(), "counting what was asked ended in a panic");
        }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Harvests for somebody who asked for figures, unless another did a short while ago.
    fn harvest_for_figures(&self) {
        let mut figured = self.figured.lock().unwrap_or_else(PoisonError::into_inner);
        if figured.is_none_or(|figured| figured.elapsed() >= COUNTS_AGE_MIN) {
            self.harvest();
            *figured = Some(Instant::now());
        }
    }

    /// Takes the counts of all entries into the ledger, and tells the learner.
    fn harvest(&self) {
        let now = now_ms();
        let asked = self.asked(now);
        let numbers = Numbers::new(self.catalog.snapshot(), NUMBERS_LOOKED_UP);
        let is_known = |words: &str| numbers.know(words);
        let mut answers = Vec::new();
        // Judged before the ledger is locked, since numbers are searched for.
        let judged: Vec<Asked> = asked
            .into_iter()
            .filter_map(|mut asked| {
                answers.extend(asked.answered.take());
                (!self.limit.is_zero() && !is_personal(&asked.question, &is_known)).then_some(asked)
            })
            .collect();
        let mut remembered = self.remembered();
        remembered.is_unsaved |= !judged.is_empty();
        let ledger = &mut remembered.ledger;
        ledger.fade(Instant::now());
        judged.into_iter().for_each(|asked| ledger.note(asked.question, asked.times, asked.cost));
        ledger.trim();
        self.counters.warm_up.kept(ledger.worth_keeping().len());
        drop(remembered);
        self.tell(answers, now, &is_known);
    }

    /// The questions that were asked since this was last called.
    fn asked(&self, now: u64) -> Vec<Asked> {
        let published = self.catalog.published();
        let mut remembered = self.remembered();
        remembered.enter(self.catalog.name(), &published);
        let (scopes, mut all) = (&remembered.scopes, Vec::new());
        self.answers.stack.for_each(|entry| {
            let Some((scope, text)) = scopes.iter().find_map(|scope| Some((scope, scope.text_of(entry.key())?))) else {
                return;
            };
            let times = entry.take_asked();
            if times > 0
                && let Some(question) = scope.question(text)
            {
                let answered = answered::read(&question, entry.body().text(), times, now);
                all.push(Asked { question, times, cost: entry.cost(), answered });
            }
        });
        all
    }

    /// Tells the learner how often searches were answered. What it cannot take is lost to merchandisers, and to nobody
    /// else.
    fn tell(&self, answers: Vec<Answered>, now: u64, is_known: IsKnown<'_>) {
        let Some(learner) = self.learner.as_ref().filter(|_| !answers.is_empty()) else { return };
        match learner.note_answers(answers, now, is_known) {
            Ok(()) | Err(LearnError::Starting | LearnError::ReadOnly) => {}
            Err(error @ LearnError::Journal { .. }) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(catalog = self.catalog.name(), error, "what was answered could not be counted");
            }
        }
    }

    /// Saves the ledger if anything was noted since the last time. What is not saved costs computations after a restart,
    /// nothing else.
    fn save(&self) {
        let Some(path) = &self.path else { return };
        let mut remembered = self.remembered();
        if !remembered.is_unsaved {
            return;
        }
        match file::save(path, &remembered.ledger.worth_keeping()) {
            Ok(()) => remembered.is_unsaved = false,
            Err(error) => {
                let catalog = self.catalog.name();
                tracing::warn!(catalog, path = %path.display(), %error, "the questions to ask again could not be saved");
            }
        }
    }

    /// Asks what is remembered again, the dearest first, so many at a time, until all is answered or the limit is reached.
    async fn ask_all_again(&self, at_a_time: usize) {
        let questions = self.remembered().ledger.worth_keeping();
        if questions.is_empty() {
            return;
        }
        let replays = &self.counters.warm_up;
        let (began, next, done) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
        let end = began + self.limit;
        let work = || async {
            while self.has_room_by(end).await
                && let Some(kept) = questions.get(next.fetch_add(1, Ordering::Relaxed))
            {
                match tokio::time::timeout_at(end, self.ask_again(&kept.question, end)).await {
                    Ok(Some(tier)) => replays.answered(tier),
                    Ok(None) if Instant::now() < end => replays.failed(),
                    // Cut off by the limit.
                    Ok(None) | Err(_) => break,
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        join_all((0..at_a_time).map(|_| work())).await;
        let cut = questions.len() - done.into_inner();
        let took = began.elapsed();
        replays.ended(cut, took);
        let (catalog, seconds) = (self.catalog.name(), took.as_secs_f64());
        tracing::info!(catalog, questions = questions.len(), cut, seconds, "the dearest questions were asked again");
    }

    /// Waits until live searches leave a thread; whether they did before `end`.
    async fn has_room_by(&self, end: Instant) -> bool {
        while Instant::now() < end {
            let pool = self.answers.pool.stats();
            if pool.queued == 0 && pool.running < self.query_threads {
                return true;
            }
            tokio::time::sleep(QUIET_POLL).await;
        }
        false
    }

    /// Asks one question on the way that every search takes; which tier answered. `None` if none did, for whatever
    /// reason: a field that the new settings or products lack, a query that fails, or takes too long.
    async fn ask_again(&self, question: &str, end: Instant) -> Option<TierName> {
        let (answers, catalog) = (&self.answers, &self.catalog);
        let wanted = question::read(question)?;
        let headers = HeaderMap::new();
        let (counters, began) = (Arc::clone(&self.own), Instant::now());
        let request = Request { kind: Kind::Search, catalog, counters, headers: &headers, within: None, began };
        let published = catalog.published();
        let (key, effective) = effective::question(catalog.name(), &published, wanted);
        let key = Arc::new(key);
        let deadline = end.min(began + answers.request_deadline * DEADLINES_PER_QUESTION);
        let asked = (published.version, view(catalog));
        let fetched = Box::pin(answers.fetch(&request, &key, Question::Search(effective), asked, deadline)).await;
        fetched.ok().filter(|served| served.late.is_none()).map(|served| served.from)
    }
}

#[cfg(test)]
mod tests;
