//! What a catalog learns from its shoppers: events in, suggestions and analytics out.
//!
//! An event is judged and stripped of all that is personal ([`privacy`], [`secret`]), written to the catalog's
//! [`journal`], and only then counted. Everything else is a **fold over the journal**: [`sessions`] tell which searches
//! count, [`counts`] what is suggested, [`trail`] and [`reformulation`] which words may be synonyms, [`pairs`] how many
//! said so, [`crate::analytics`] what merchandisers see; [`sharing`] tells
//! other nodes. A start reads the journal again, on a
//! thread of its own, and knows what it knew. Deleting the folder loses what was learned and nothing else.
//!
//! Events are no changes of the catalog: they have no sequence, touch nothing, and no search waits for them. What they
//! are worth to searches comes with the next generation of suggestions.
//!
//! Owns one catalog's folder `events` and the order of these steps. Invariants: what counts is in the journal; the same
//! journal gives the same counts; nothing personal by shape, and no session, is written or held.

pub mod counts;
pub mod day;
mod dismissed;
pub mod event;
pub mod finding;
pub mod journal;
pub mod keepers;
pub mod pairs;
pub mod privacy;
pub mod record;
pub mod reformulation;
mod secret;
mod seen;
pub mod sessions;
mod sharing;
mod trail;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use storefind_index::settings::Autocomplete;
use xxhash_rust::xxh3::xxh3_64;

use crate::analytics::Analytics;
use crate::analytics::report::{Range, Report};
use counts::{Counts, Learned};
use day::Day;
use dismissed::Dismissed;
use event::Event;
use journal::{Journal, Keep, Replayed};
use pairs::{Pairs, Supported};
use record::{Answered, Deed, Record};
use reformulation::Pair;
use secret::{Purpose, Secret};
use seen::Seen;
use sessions::{Counted, Sessions};
use trail::Trails;

/// Folder within a catalog's.
pub const FOLDER: &str = "events";

/// Tells whether the catalog has a long number, given with the words around it.
pub type IsKnown<'a> = &'a dyn Fn(&str) -> bool;

/// See the module.
#[derive(Debug)]
pub struct Learner {
    folder: PathBuf,
    keep: Keep,
    secret: Secret,
    /// `None` on a node that takes no writes.
    journal: Option<Mutex<Journal>>,
    state: Mutex<State>,
    /// What other nodes have learned.
    heard: Mutex<Vec<Learned>>,
    /// Queries that may be suggested, and as what, when it was last looked.
    accepted: Mutex<FxHashMap<Box<str>, Box<str>>>,
    /// What is not to be offered as synonyms.
    dismissed: Mutex<Dismissed>,
    /// Raised with everything that counted.
    version: AtomicU64,
    ready: AtomicBool,
}

/// What the journal says.
#[derive(Debug, Default)]
struct State {
    seen: Seen,
    sessions: Sessions,
    tallies: Tallies,
}

/// What is told of what counted.
#[derive(Debug, Default)]
struct Tallies {
    counts: Counts,
    trails: Trails,
    pairs: Pairs,
    analytics: Analytics,
}

/// An event and the name under which its request made it repeatable, if it did.
#[derive(Debug)]
pub struct Sent {
    /// What was sent.
    pub event: Event,
    /// The request's idempotency key and the event's place in it.
    pub request: Option<(String, u64)>,
}

/// What became of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Written and counted, or counted before.
    pub accepted: u64,
    /// Of these, seen before.
    pub repeated: u64,
}

/// Why events are not taken.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// This node takes no writes.
    #[error("this node takes no events")]
    ReadOnly,
    /// The journal is still being read.
    #[error("what was learned before is still being read")]
    Starting,
    /// The journal cannot be written.
    #[error("the events could not be written to {folder}")]
    Journal {
        /// Where.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Learner {
    /// A learner over a catalog's folder; reads nothing yet.
    ///
    /// # Errors
    /// A failing disk.
    pub fn open(catalog_dir: &Path, keep: Keep, read_only: bool) -> Result<Self, LearnError> {
        let folder = catalog_dir.join(FOLDER);
        let failed = |source| LearnError::Journal { folder: folder.clone(), source };
        let (journal, secret) = if read_only {
            (None, Secret::draw().map_err(failed)?)
        } else {
            let journal = Journal::open(&folder, keep).map_err(failed)?;
            (Some(Mutex::new(journal)), Secret::of_folder(&folder).map_err(failed)?)
        };
        let dismissed = Dismissed::open(&folder).map_err(failed)?;
        Ok(Self {
            folder,
            keep,
            secret,
            journal,
            state: Mutex::default(),
            heard: Mutex::default(),
            accepted: Mutex::default(),
            dismissed: Mutex::new(dismissed),
            version: AtomicU64::default(),
            ready: AtomicBool::new(false),
        })
    }

    /// Reads what was learned before; to be called once. Blocking, some seconds for a journal at its limit.
    ///
    /// # Errors
    /// A failing disk; what was read until then counts.
    pub fn restore(&self, now: u64) -> io::Result<Replayed> {
        self.state().tallies.analytics.forget_before(self.first_day(now));
        let replayed =
            Journal::replay(&self.folder, self.keep, Day::of(now), |record| self.state().apply(&record.by(now)));
        if let Some(journal) = &self.journal {
            locked(journal).prune(Day::of(now));
        }
        self.version.fetch_add(1, Ordering::Release);
        self.ready.store(true, Ordering::Release);
        replayed
    }

    /// Whether what was learned before is known.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Takes events that arrived at `now`, in milliseconds since 1970: all of them or none. Blocking, for a write without
    /// a sync.
    ///
    /// # Errors
    /// [`LearnError`].
    pub fn take(&self, sent: &[Sent], now: u64, is_known: IsKnown<'_>) -> Result<Taken, LearnError> {
        let journal = self.writable()?;
        let deeds: Vec<Record> = sent.iter().map(|sent| Record::Deed(self.deed(sent, now, is_known))).collect();
        let mut journal = locked(journal);
        let mut taken = Taken { accepted: deeds.len() as u64, repeated: 0 };
        let new: Vec<Record> = {
            let state = self.state();
            // Twice in one request is twice as well.
            let mut here = Seen::default();
            let is_new = |record: &Record| match record {
                Record::Deed(deed) => !state.seen.contains(deed.identity) && here.insert(deed.identity),
                Record::Answered(_) => true,
            };
            deeds.into_iter().filter(is_new).collect()
        };
        taken.repeated = taken.accepted - new.len() as u64;
        self.write(&mut journal, &new, now)?;
        Ok(taken)
    }

    /// Notes how often searches were answered; of queries that are personal only how often, all together. Blocking.
    ///
    /// # Errors
    /// [`LearnError`].
    pub fn note_answers(&self, answers: Vec<Answered>, now: u64, is_known: IsKnown<'_>) -> Result<(), LearnError> {
        let journal = self.writable()?;
        let is_kept = |answered: &Answered| privacy::shape(&answered.query, is_known).is_none();
        let (mut kept, withheld): (Vec<Answered>, Vec<Answered>) = answers.into_iter().partition(is_kept);
        let times = withheld.iter().fold(0_u32, |times, answered| times.saturating_add(answered.times));
        if times > 0 {
            let (query, corrected) = (String::new(), String::new());
            kept.push(Answered { time: now, query, times, found_nothing: false, corrected });
        }
        let records: Vec<Record> = kept.into_iter().map(Record::Answered).collect();
        self.write(&mut locked(journal), &records, now)
    }

    /// The queries that are suggested, the heaviest first, and at most `limit`; what shoppers rested on by `now` counts.
    pub fn learned(&self, now: u64, settings: &Autocomplete, limit: usize) -> Vec<Learned> {
        let own = self.own(now, settings, limit);
        counts::united(&[&own, &locked(&self.heard)], limit)
    }

    /// Takes note of the queries that may be suggested, each with the phrase that it is suggested as, in place of those
    /// of before.
    pub fn accept(&self, accepted: impl Iterator<Item = (Box<str>, Box<str>)>) {
        *locked(&self.accepted) = accepted.collect();
    }

    /// What other nodes are told: phrases that were accepted, for queries that enough of this node's own sessions
    /// searched. Nothing by a node that takes no events: what it read is another's to tell.
    pub fn told(&self, now: u64, settings: &Autocomplete, limit: usize) -> Vec<Learned> {
        if self.journal.is_none() {
            return Vec::new();
        }
        let own = self.own(now, settings, usize::MAX);
        let accepted = locked(&self.accepted);
        let phrase = |own: &Learned| Some(Learned { text: accepted.get(&own.text)?.clone(), weight: own.weight });
        let told: Vec<Learned> = own.iter().filter_map(phrase).collect();
        counts::united(&[&told], limit)
    }

    /// Those of them that this node's own sessions searched.
    fn own(&self, now: u64, settings: &Autocomplete, limit: usize) -> Vec<Learned> {
        let mut state = self.state();
        state.settle(now);
        state.tallies.counts.learned(now, settings, limit)
    }

    /// Takes note of what other nodes have learned, in place of what they had before.
    pub fn hear(&self, others: Vec<Learned>) {
        let mut heard = locked(&self.heard);
        // Weights fade a little in each round; that alone is no news.
        let is_news = heard.len() != others.len() || !heard.iter().zip(&others).all(|(old, new)| old.is_like(new));
        if is_news {
            *heard = others;
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// Lets what shoppers rested on by `now` count, and forgets the days that are not kept any more; the version after it.
    /// To be called every few seconds: on a quiet catalog nothing else forgets.
    pub fn settle(&self, now: u64) -> u64 {
        if let Some(journal) = self.journal.as_ref().filter(|_| self.is_ready()) {
            locked(journal).prune_daily(Day::of(now));
        }
        if self.state().settle(now) {
            self.version.fetch_add(1, Ordering::Release);
        }
        self.version()
    }

    /// What merchandisers are told.
    pub fn report(&self, range: Range, now: u64, limit: usize) -> Report {
        let mut state = self.state();
        state.settle(now);
        state.tallies.analytics.forget_before(self.first_day(now));
        state.tallies.analytics.report(range, limit)
    }

    /// What enough sessions said in the same other words and nobody dismissed, the most supported of late first. Of this
    /// node's own sessions.
    pub fn reformulations(&self, now: u64, settings: &Autocomplete) -> Vec<Supported> {
        let mut state = self.state();
        state.settle(now);
        let mut supported = state.tallies.pairs.supported(now, settings.min_sessions);
        drop(state);
        let dismissed = locked(&self.dismissed);
        supported.retain(|supported| !dismissed.contains(&supported.pair));
        supported
    }

    /// Takes note that a pair is not to be offered any more, durably. Blocking.
    ///
    /// # Errors
    /// [`LearnError`].
    pub fn dismiss(&self, pair: Pair) -> Result<(), LearnError> {
        if self.journal.is_none() {
            return Err(LearnError::ReadOnly);
        }
        let failed = |source| LearnError::Journal { folder: self.folder.clone(), source };
        locked(&self.dismissed).add(pair).map_err(failed)
    }

    /// The first day of which anything is kept at `now`.
    pub fn first_day(&self, now: u64) -> Day {
        Day::of(now).minus(self.keep.days.saturating_sub(1))
    }

    /// Rises with everything that counted.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn writable(&self) -> Result<&Mutex<Journal>, LearnError> {
        let journal = self.journal.as_ref().ok_or(LearnError::ReadOnly)?;
        if self.is_ready() { Ok(journal) } else { Err(LearnError::Starting) }
    }

    /// Writes, then counts. The journal stays locked meanwhile, so that both have one order.
    fn write(&self, journal: &mut Journal, records: &[Record], now: u64) -> Result<(), LearnError> {
        if records.is_empty() {
            return Ok(());
        }
        let today = Day::of(now);
        journal.append(today, records).map_err(|source| LearnError::Journal { folder: self.folder.clone(), source })?;
        let mut state = self.state();
        records.iter().for_each(|record| state.apply(record));
        state.tallies.analytics.forget_before(self.first_day(now));
        drop(state);
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// What is kept of an event.
    fn deed(&self, sent: &Sent, now: u64, is_known: IsKnown<'_>) -> Deed {
        let Sent { event, request } = sent;
        let query = event.query.as_deref().unwrap_or_default();
        let withheld = privacy::shape(query, is_known).is_some();
        Deed {
            arrived: now,
            time: event.time.unwrap_or(now),
            act: event.act,
            session: self.secret.number(Purpose::Session, &[&event.session]),
            identity: self.identity(event, request.as_ref()),
            query: if withheld { String::new() } else { query.to_owned() },
            withheld,
            products: event.products.iter().map(|id| xxh3_64(id.as_bytes())).collect(),
            position: event.position.unwrap_or(0),
        }
    }

    /// The number by which an event counts once: its own name; else its place in a request that has a name; else all
    /// that it says, if it says when. 0 for an event that could as well have happened twice.
    fn identity(&self, event: &Event, request: Option<&(String, u64)>) -> u64 {
        let number = |texts: &[&str]| self.secret.number(Purpose::Event, texts);
        let (query, products) = (event.query.as_deref().unwrap_or_default(), event.products.join("\n"));
        let says = [event.act.as_str(), &event.session, query, &products];
        match (&event.event_id, request, event.time) {
            // Also whose: nobody takes another's event away by guessing its id.
            (Some(id), _, _) => number(&["id", &event.session, id]),
            // Also what it says: who uses a key twice for different events loses none.
            (None, Some((key, place)), _) => number(&[&["request", key, &place.to_string()], &says[..]].concat()),
            (None, None, Some(time)) => number(&[&["time", &time.to_string()], &says[..]].concat()),
            (None, None, None) => 0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    fn apply(&mut self, record: &Record) {
        let Self { seen, sessions, tallies } = self;
        match record {
            Record::Answered(answered) if answered.query.is_empty() => {
                tallies.analytics.withheld(answered.time, u64::from(answered.times));
            }
            Record::Answered(answered) => tallies.analytics.answered(answered),
            Record::Deed(deed) => {
                seen.insert(deed.identity);
                if deed.withheld {
                    tallies.analytics.withheld(deed.time, 1);
                }
                sessions.take(deed, &mut |counted| tallies.count(&counted));
            }
        }
    }

    /// Whether anything counted.
    fn settle(&mut self, now: u64) -> bool {
        let Self { sessions, tallies, .. } = self;
        let mut any = false;
        sessions.settle(now, &mut |counted| {
            tallies.count(&counted);
            any = true;
        });
        any
    }
}

impl Tallies {
    fn count(&mut self, counted: &Counted) {
        self.counts.add(counted);
        self.analytics.deed(counted);
        if let Some(pair) = self.trails.follow(counted) {
            self.pairs.add(pair, counted.session, counted.time);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
