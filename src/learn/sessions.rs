//! From deeds to what counts: which searches a session committed to, and to which search its clicks and purchases belong.
//!
//! A storefront that searches while a shopper types reports every keystroke. **A search is committed** when the shopper
//! opened a product from it, or rested on it ([`PAUSE_MS`]), or went on to something else; not when the session's next
//! query follows at once and one of the two begins with the other, since that is typing or deleting.
//!
//! **Each session counts once** for each query and kind of deed, and for [`SESSION_QUERIES_MAX`] queries at most, so that
//! neither reloading a page nor a robot moves anything.
//!
//! A deed that names no query belongs to the search from which its product was opened before.
//!
//! Owns the sessions of the last half hour, and how a query is written when others see it. Time is that of the records,
//! so that a journal that is read again says the same. Invariant: at most [`SESSIONS_HELD_MAX`] sessions, each of bounded
//! size, and of [`OPENED_BYTES_MAX`] together what they opened.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use storefind_index::suggest::fold;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::xxh3_64;

use super::event::Act;
use super::record::Deed;

/// Rest after which a search counts though the next query goes on with its words: slower than typing, quicker than
/// reading a page of results.
const PAUSE_MS: u64 = 5_000;
/// A session that is silent for so long has ended: the usual half hour.
const IDLE_MS: u64 = 30 * 60_000;
/// Different queries of one session that count. People search a handful of things; robots search all.
const SESSION_QUERIES_MAX: usize = 64;
/// Opened products by which later deeds find their search.
const OPENED_MAX: usize = 64;
/// Sessions held at a time: those of a shop with 25 visitors a second, in some 30 MB; in 130 beside what they opened if
/// all of them are robots that search the longest.
const SESSIONS_HELD_MAX: usize = 50_000;
/// Bytes of opened products with their searches, of all sessions: a dozen clicks of each, and what bounds those that click
/// on all they see.
const OPENED_BYTES_MAX: usize = 64 << 20;
/// What an opened product takes beside the texts of its search.
const OPENED_BYTES: usize = 16 + 64;

/// Longest query that counts, as it came and as it is held: nobody asks for the same at such length, and many of them
/// would fill the memory.
const QUERY_BYTES_MAX: usize = 200;

/// Signs within words that say something: `wi-fi`, `at&t`, `1.5`, `o'neill`, `24/7`.
const SIGNS: [char; 7] = ['-', '.', '\'', '&', '+', '"', '/'];
/// Those that may end a word: `c++`, `17"`.
const FINAL_SIGNS: [char; 2] = ['+', '"'];

/// A query as shoppers mean it.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// Folded: by which equal queries are one.
    pub key: Box<str>,
    /// As it is shown: in small letters, since shoppers write it in all cases, and without signs that say nothing, since
    /// the first who writes it chooses for all.
    pub text: Box<str>,
}

/// One thing that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The query that it counts for.
    pub query: Arc<Query>,
    /// What was done.
    pub act: Act,
    /// Stands for the session.
    pub session: u64,
    /// When.
    pub time: u64,
    /// Where the opened product stood; 0: not told.
    pub position: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Sessions {
    by_id: FxHashMap<u64, Session>,
    /// Bytes of what all of them opened.
    opened_bytes: usize,
    opened_bytes_max: usize,
    /// Searches that wait for what follows, in order of arrival: when, whose, which.
    waiting: VecDeque<(u64, u64, u32)>,
    /// Arrival of the latest deed.
    arrived: u64,
}

#[derive(Debug, Default)]
struct Session {
    last: u64,
    pending: Option<Pending>,
    searches: u32,
    /// Hashes of the queries that counted, with a bit for each act.
    counted: Vec<(u64, u8)>,
    /// The latest opened products and their searches.
    opened: VecDeque<(u64, Arc<Query>)>,
    opened_bytes: usize,
}

#[derive(Debug, Clone)]
struct Pending {
    query: Arc<Query>,
    time: u64,
    number: u32,
}

impl Query {
    /// The query of a text; `None` if it has no letter or digit, or is too long to be asked twice.
    pub fn of(text: &str) -> Option<Self> {
        if text.len() > QUERY_BYTES_MAX {
            return None;
        }
        let text = shown(text);
        let key = fold(&text);
        let fits = |text: &str| (1..=QUERY_BYTES_MAX).contains(&text.len());
        (fits(&key) && fits(&text)).then(|| Self { key: key.into(), text: text.into() })
    }

    fn bytes(&self) -> usize {
        self.key.len() + self.text.len()
    }
}

/// The text as others may see it: its words in small letters with single spaces, of letters, digits, and the signs that
/// names and measures are written with, each behind a letter or digit. Whatever else stands there ends a word.
fn shown(text: &str) -> String {
    let is_letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut shown = String::with_capacity(text.len());
    for c in text.to_lowercase().nfc().filter(|c| !is_invisible(*c)) {
        let before = shown.chars().next_back();
        let says = match c {
            '"' => before.is_some_and(char::is_numeric),
            '+' => before.is_some_and(|before| before == '+' || is_letter(before)),
            _ if c.is_alphanumeric() => true,
            _ => (SIGNS.contains(&c) || is_combining_mark(c)) && before.is_some_and(is_letter),
        };
        if says {
            shown.push(c);
        } else {
            end_word(&mut shown);
        }
    }
    end_word(&mut shown);
    shown.truncate(shown.trim_end().len());
    shown
}

fn end_word(shown: &mut String) {
    shown.truncate(shown.trim_end_matches(|c| SIGNS.contains(&c) && !FINAL_SIGNS.contains(&c)).len());
    if !shown.is_empty() && !shown.ends_with(' ') {
        shown.push(' ');
    }
}

/// What neither shows nor parts words: soft hyphens, joiners, marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl Default for Sessions {
    fn default() -> Self {
        let (by_id, waiting) = (FxHashMap::default(), VecDeque::new());
        Self { by_id, opened_bytes: 0, opened_bytes_max: OPENED_BYTES_MAX, waiting, arrived: 0 }
    }
}

impl Sessions {
    /// Takes a deed, and tells `count` what counts by it.
    pub fn take(&mut self, deed: &Deed, count: &mut dyn FnMut(Counted)) {
        // What arrives together was done one after the other, whatever the clock says: nothing rests in between.
        if deed.arrived > self.arrived {
            self.settle(deed.arrived, count);
            self.arrived = deed.arrived;
        }
        let is_full = self.by_id.len() >= SESSIONS_HELD_MAX && !self.by_id.contains_key(&deed.session);
        if is_full || self.opened_bytes >= self.opened_bytes_max {
            self.forget(deed.arrived, count);
        }
        let query = Query::of(&deed.query).map(Arc::new);
        let session = self.by_id.entry(deed.session).or_default();
        session.last = deed.arrived;
        match (deed.act, query) {
            (Act::Search, Some(query)) => {
                if let Some(number) = session.search(query, deed, count) {
                    self.waiting.push_back((deed.arrived, deed.session, number));
                }
            }
            (Act::Search, None) => {}
            (_, query) => {
                let before = session.opened_bytes;
                session.act(query, deed, count);
                self.opened_bytes = self.opened_bytes + session.opened_bytes - before;
            }
        }
    }

    /// Lets the searches count on which their shoppers have rested by `now`.
    pub fn settle(&mut self, now: u64, count: &mut dyn FnMut(Counted)) {
        while let Some((arrived, id, number)) = self.waiting.front().copied()
            && now.saturating_sub(arrived) >= PAUSE_MS
        {
            self.waiting.pop_front();
            if let Some(session) = self.by_id.get_mut(&id)
                && let Some(pending) = session.pending.take_if(|pending| pending.number == number)
            {
                session.count(&pending.query, Act::Search, (id, pending.time, 0), count);
            }
        }
    }

    /// Forgets the sessions that have ended, and at least the half that is longest silent, so that a flood of sessions
    /// costs each of them little.
    fn forget(&mut self, now: u64, count: &mut dyn FnMut(Counted)) {
        let mut last: Vec<u64> = self.by_id.values().map(|session| session.last).collect();
        let middle = last.len() / 2;
        let (_, half, _) = last.select_nth_unstable(middle);
        let end = now.saturating_sub(IDLE_MS).max(*half + 1);
        self.by_id.retain(|id, session| {
            let stays = session.last >= end;
            if !stays && let Some(pending) = session.pending.take() {
                session.count(&pending.query, Act::Search, (*id, pending.time, 0), count);
            }
            stays
        });
        self.opened_bytes = self.by_id.values().map(|session| session.opened_bytes).sum();
    }
}

impl Session {
    /// Takes a search; its number if it waits for what follows.
    fn search(&mut self, query: Arc<Query>, deed: &Deed, count: &mut dyn FnMut(Counted)) -> Option<u32> {
        if let Some(before) = self.pending.take() {
            let at_once = deed.time.abs_diff(before.time) < PAUSE_MS;
            let (old, new) = (&*before.query.key, &*query.key);
            let is_typing = at_once && (new.starts_with(old) || old.starts_with(new));
            if old != new && !is_typing {
                self.count(&before.query, Act::Search, (deed.session, before.time, 0), count);
            }
        }
        self.searches = self.searches.wrapping_add(1);
        self.pending = Some(Pending { query, time: deed.time, number: self.searches });
        Some(self.searches)
    }

    fn act(&mut self, query: Option<Arc<Query>>, deed: &Deed, count: &mut dyn FnMut(Counted)) {
        let named = query.is_some();
        let opened = || self.opened.iter().rev().find(|(product, _)| deed.products.contains(product));
        let Some(query) = query.or_else(|| opened().map(|(_, query)| Arc::clone(query))) else { return };
        if self.pending.as_ref().is_some_and(|pending| pending.query.key == query.key) {
            self.pending = None;
        }
        // Whoever opens a result has seen the results.
        self.count(&query, Act::Search, (deed.session, deed.time, 0), count);
        self.count(&query, deed.act, (deed.session, deed.time, deed.position), count);
        if named {
            for product in &deed.products {
                if self.opened.len() >= OPENED_MAX
                    && let Some((_, forgotten)) = self.opened.pop_front()
                {
                    self.opened_bytes -= OPENED_BYTES + forgotten.bytes();
                }
                self.opened_bytes += OPENED_BYTES + query.bytes();
                self.opened.push_back((*product, Arc::clone(&query)));
            }
        }
    }

    fn count(
        &mut self,
        query: &Arc<Query>,
        act: Act,
        (session, time, position): (u64, u64, u32),
        count: &mut dyn FnMut(Counted),
    ) {
        let hash = xxh3_64(query.key.as_bytes());
        let bit = 1 << act as u8;
        let known = self.counted.iter().position(|(counted, _)| *counted == hash);
        if known.is_none() && self.counted.len() >= SESSION_QUERIES_MAX {
            return;
        }
        let at = known.unwrap_or_else(|| {
            self.counted.push((hash, 0));
            self.counted.len() - 1
        });
        let (_, acts) = &mut self.counted[at];
        if *acts & bit == 0 {
            *acts |= bit;
            count(Counted { query: Arc::clone(query), act, session, time, position });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deeds of sessions, and what counted by them, as `act query`.
    #[derive(Default)]
    struct Story {
        sessions: Sessions,
        counted: Vec<String>,
        now: u64,
    }

    impl Story {
        fn at(&mut self, ms: u64) -> &mut Self {
            self.now = ms;
            self
        }

        fn does(&mut self, act: Act, session: u64, query: &str, products: &[u64]) -> &mut Self {
            let deed = Deed {
                arrived: self.now,
                time: self.now,
                act,
                session,
                identity: 0,
                query: query.into(),
                withheld: false,
                products: products.to_vec(),
                position: 0,
            };
            let counted = &mut self.counted;
            self.sessions.take(&deed, &mut |it| counted.push(format!("{} {}", it.act.as_str(), it.query.text)));
            self
        }

        fn searches(&mut self, query: &str) -> &mut Self {
            self.does(Act::Search, 1, query, &[])
        }

        fn rests(&mut self) -> Vec<String> {
            self.now += PAUSE_MS;
            let counted = &mut self.counted;
            self.sessions.settle(self.now, &mut |it| counted.push(format!("{} {}", it.act.as_str(), it.query.text)));
            std::mem::take(counted)
        }
    }

    #[test]
    fn typing_and_deleting_count_for_what_the_shopper_rested_on() {
        let mut story = Story::default();
        for (at, query) in [(0, "l"), (200, "lap"), (900, "Laptop"), (1_500, "laptop b"), (2_000, "laptop")] {
            story.at(at).searches(query);
        }
        assert_eq!(story.rests(), ["search laptop"]);
    }

    #[test]
    fn a_search_counts_when_another_one_follows_or_the_same_goes_on_after_a_rest() {
        let mut story = Story::default();
        story.at(0).searches("kettle").at(1_000).searches("tea pot");
        assert_eq!(story.rests(), ["search kettle", "search tea pot"]);
        let mut story = Story::default();
        story.at(0).searches("laptop").at(PAUSE_MS).searches("laptop bag");
        assert_eq!(story.rests(), ["search laptop", "search laptop bag"]);
    }

    #[test]
    fn what_arrives_together_is_told_apart_by_the_time_of_each() {
        let mut story = Story::default();
        story.at(60_000);
        for (time, query) in [(0, "ket"), (500, "kettle"), (30_000, "kettle red")] {
            let deed = Deed {
                arrived: 60_000,
                time,
                act: Act::Search,
                session: 1,
                identity: 0,
                query: query.into(),
                withheld: false,
                products: vec![],
                position: 0,
            };
            let counted = &mut story.counted;
            story.sessions.take(&deed, &mut |it| counted.push(format!("{} {}", it.act.as_str(), it.query.text)));
        }
        assert_eq!(story.rests(), ["search kettle", "search kettle red"]);
    }

    #[test]
    fn a_session_counts_once_for_each_query_and_act() {
        let mut story = Story::default();
        for _ in 0..3 {
            story.searches("kettle").does(Act::Click, 1, "KETTLE", &[7]).does(Act::Purchase, 1, "kettle", &[7]);
            story.now += 2 * PAUSE_MS;
        }
        assert_eq!(story.rests(), ["search kettle", "click kettle", "purchase kettle"]);
        story.does(Act::Search, 2, "kettle", &[]);
        assert_eq!(story.rests(), ["search kettle"], "another session is another shopper");
    }

    #[test]
    fn a_purchase_belongs_to_the_search_from_which_its_product_was_opened() {
        let mut story = Story::default();
        story.searches("kettle").does(Act::Click, 1, "kettle", &[7]).searches("tea").does(Act::Click, 1, "tea", &[8]);
        story.does(Act::AddToCart, 1, "", &[7]).does(Act::Purchase, 1, "", &[8, 7]).does(Act::Purchase, 2, "", &[7]);
        let expected =
            ["search kettle", "click kettle", "search tea", "click tea", "add_to_cart kettle", "purchase tea"];
        assert_eq!(story.rests(), expected);
    }

    #[test]
    fn a_robot_counts_for_no_more_than_a_person_could_search() {
        let mut story = Story::default();
        for number in 0..10 * SESSION_QUERIES_MAX {
            story.searches(&format!("{number} things"));
        }
        assert_eq!(story.rests().len(), SESSION_QUERIES_MAX);
        assert!(story.searches("!?").rests().is_empty(), "nothing is asked for without a letter or digit");
        for (length, counts) in [(QUERY_BYTES_MAX, 1), (QUERY_BYTES_MAX + 1, 0)] {
            let counted = story.does(Act::Search, 2, &"q".repeat(length), &[]).rests();
            assert_eq!(counted.len(), counts, "{length} bytes");
        }
    }

    #[test]
    fn a_query_is_shown_without_what_says_nothing_and_is_held_at_its_length() {
        for (typed, expected) in [
            ("  Red\u{a0}  SHOES!! ", "red shoes"),
            ("kettle 🎉🎉 <b>", "kettle b"),
            ("17\" tv, c++ & at&t", "17\" tv c++ at&t"),
            ("o'neill -wi-fi- 1.5/2 'quoted' \"air max\"", "o'neill wi-fi 1.5/2 quoted air max"),
            ("kettle \u{202e}evil\u{0} -jane", "kettle evil jane"),
            ("Cre\u{300}me हिन्दी", "crème हिन्दी"),
        ] {
            let query = Query::of(typed).unwrap();
            assert_eq!(&*query.text, expected, "{typed:?}");
            assert_eq!(fold(typed), *query.key, "{typed:?}");
        }
        assert_eq!(Query::of(&format!("a{}", "🎉".repeat(511))), None);
        assert_eq!(Query::of(&format!("a{}", " ".repeat(QUERY_BYTES_MAX))), None);
    }

    #[test]
    fn what_sessions_opened_is_bounded_together() {
        const SESSIONS: usize = 10;
        let mut story = Story::default();
        let per_session = OPENED_MAX * (OPENED_BYTES + 2 * QUERY_BYTES_MAX);
        story.sessions.opened_bytes_max = SESSIONS * per_session;
        for session in 0..3 * SESSIONS as u64 {
            story.at(session);
            for product in 0..2 * OPENED_MAX as u64 {
                let query = format!("{product:0length$}", length = QUERY_BYTES_MAX);
                story.does(Act::Click, session, &query, &[product]);
            }
            let sessions = &story.sessions;
            let opened = sessions.by_id.values().flat_map(|session| &session.opened);
            let held: usize = opened.map(|(_, query)| OPENED_BYTES + query.bytes()).sum();
            assert_eq!(held, sessions.opened_bytes);
            assert!(held <= (SESSIONS + 1) * per_session, "{held} bytes");
        }
        assert!(story.sessions.by_id.len() >= SESSIONS / 2, "half of them stay");
    }

    #[test]
    fn sessions_are_forgotten_when_there_are_too_many_and_their_searches_count() {
        let mut story = Story::default();
        for session in 0..2 * SESSIONS_HELD_MAX as u64 {
            story.does(Act::Search, session, "kettle", &[]);
            assert!(story.sessions.by_id.len() <= SESSIONS_HELD_MAX);
        }
        assert_eq!(story.rests().len(), 2 * SESSIONS_HELD_MAX);
        assert!(story.sessions.waiting.is_empty());
    }
}
