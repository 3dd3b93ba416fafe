//! The raw-URL front: repeated URLs find their key without being parsed.
//!
//! A direct-mapped table from (scope, raw query string) to the key. It refuses everything that is not a plain
//! question: requests with `min_sequence` or `explain` are never put in. It knows nothing of entries, so it cannot
//! be stale: the scope holds all that the way from URL to key depends on (catalog, settings and rules, suggestion
//! generation, what the asker's key may see), and both are compared in full.
//!
//! Invariant: at most [`SLOTS`] URLs of at most [`RAW_BYTES_MAX`] bytes are held, a few megabytes at worst.

use std::num::NonZeroU32;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::key::Key;

/// URLs held. One per slot, a newer one replaces an older: a hot URL that is pushed out is back with its next
/// request, for the price of one parsing (some microseconds).
pub const SLOTS: usize = 4_096;
/// Longer URLs are parsed each time; they are rare, and thousands of them would hold megabytes for nothing.
pub const RAW_BYTES_MAX: usize = 512;

/// What the way from a raw URL to its key depends on beside the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `search` or `autocomplete`.
    pub kind: &'static str,
    /// The catalog.
    pub catalog: &'a str,
    /// Version of its settings and rules.
    pub version: u64,
    /// Generation of its suggestions; 0 for searches.
    pub generation: u64,
    /// Stands for what the asker's key may see; `None` is everything.
    pub within: Option<NonZeroU32>,
}

#[derive(Debug)]
struct Held {
    kind: &'static str,
    catalog: Box<str>,
    version: u64,
    generation: u64,
    within: Option<NonZeroU32>,
    raw: Box<str>,
    key: Arc<Key>,
}

/// The table.
#[derive(Debug)]
pub struct Front {
    slots: Box<[ArcSwapOption<Held>]>,
}

impl Default for Front {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect() }
    }
}

impl Front {
    /// The key of a URL seen before.
    pub fn get(&self, scope: Scope<'_>, raw: &str) -> Option<Arc<Key>> {
        let held = self.slot(scope, raw)?.load();
        let held = held.as_ref()?;
        let same = held.raw.as_ref() == raw
            && held.catalog.as_ref() == scope.catalog
            && held.kind == scope.kind
            && held.version == scope.version
            && held.generation == scope.generation
            && held.within == scope.within;
        same.then(|| Arc::clone(&held.key))
    }

    /// Remembers a URL's key. URLs over the limit are not remembered.
    pub fn put(&self, scope: Scope<'_>, raw: &str, key: &Arc<Key>) {
        let Some(slot) = self.slot(scope, raw) else { return };
        slot.store(Some(Arc::new(Held {
            kind: scope.kind,
            catalog: scope.catalog.into(),
            version: scope.version,
            generation: scope.generation,
            within: scope.within,
            raw: raw.into(),
            key: Arc::clone(key),
        })));
    }

    fn slot(&self, scope: Scope<'_>, raw: &str) -> Option<&ArcSwapOption<Held>> {
        if raw.len() > RAW_BYTES_MAX {
            return None;
        }
        // The versions stay out of the place, so that a new one overwrites the old one's URLs.
        // Keys with different filters have places of their own, since they are all asked at the same time.
        let within = u64::from(scope.within.map_or(0, NonZeroU32::get));
        let seed = xxh3_64_with_seed(scope.catalog.as_bytes(), within << 8 | scope.kind.len() as u64);
        let place = xxh3_64_with_seed(raw.as_bytes(), seed) as usize % SLOTS;
        self.slots.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope<'static> = Scope { kind: "search", catalog: "demo", version: 1, generation: 0, within: None };

    fn key(text: &str) -> Arc<Key> {
        Arc::new(Key::new(text.into()))
    }

    #[test]
    fn a_url_is_found_in_its_own_scope_only() {
        let front = Front::default();
        front.put(SCOPE, "q=laptop", &key("a"));
        assert_eq!(front.get(SCOPE, "q=laptop").as_deref(), Some(&*key("a")));
        assert_eq!(front.get(SCOPE, "q=Laptop"), None);
        for other in [
            Scope { kind: "autocomplete", ..SCOPE },
            Scope { catalog: "icecat", ..SCOPE },
            Scope { version: 2, ..SCOPE },
            Scope { generation: 1, ..SCOPE },
            Scope { within: NonZeroU32::new(1), ..SCOPE },
        ] {
            assert_eq!(front.get(other, "q=laptop"), None, "{other:?}");
        }
    }

    #[test]
    fn a_new_version_takes_the_place_of_the_old_one() {
        let front = Front::default();
        let newer = Scope { version: 2, ..SCOPE };
        front.put(SCOPE, "q=laptop", &key("a"));
        front.put(newer, "q=laptop", &key("b"));
        assert_eq!(front.get(SCOPE, "q=laptop"), None);
        assert_eq!(front.get(newer, "q=laptop").as_deref(), Some(&*key("b")));
    }

    #[test]
    fn a_url_over_the_limit_is_not_held() {
        let front = Front::default();
        let (at, over) = ("q".repeat(RAW_BYTES_MAX), "q".repeat(RAW_BYTES_MAX + 1));
        front.put(SCOPE, &at, &key("a"));
        front.put(SCOPE, &over, &key("b"));
        assert!(front.get(SCOPE, &at).is_some());
        assert!(front.get(SCOPE, &over).is_none());
    }

    #[test]
    fn a_hundred_thousand_urls_leave_no_more_than_the_slots() {
        let front = Front::default();
        for n in 0..100_000 {
            front.put(SCOPE, &format!("q={n}"), &key(&n.to_string()));
        }
        let held = (0..100_000).filter(|n| front.get(SCOPE, &format!("q={n}")).is_some()).count();
        assert!(held <= SLOTS && held > SLOTS / 2, "{held}");
        assert_eq!(front.get(SCOPE, "q=99999").as_deref(), Some(&*key("99999")));
    }
}
