//! The keys of the configuration, and how a presented one is found among them.
//!
//! A key is known by its SHA-256 alone. Slow hashes protect passwords, which people choose and attackers guess; a key
//! is 256 bits from the system's generator, and nobody guesses those, so one round of a fast hash is enough to make a
//! stolen configuration useless. The comparison takes the same time whichever key it is and however much of a wrong
//! one is right: every hash is compared, in full.
//!
//! Invariant: no key is kept, logged or shown, only names.

use std::fmt;
use std::sync::Arc;

use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use crate::answer::within::Within;
use crate::config::{KeyCatalogs, KeyConfig, KeyHash, Scopes};

/// Longest text that is hashed as a key: ours have 67 bytes.
const KEY_BYTES_MAX: usize = 256;
/// No key's place.
const NOBODY: u32 = u32::MAX;

/// Every key.
#[derive(Debug)]
pub(super) struct Keyring {
    keys: Vec<Held>,
}

/// What is known of a key.
pub(super) struct Held {
    hash: [u64; 4],
    pub(super) name: String,
    pub(super) scopes: Scopes,
    pub(super) catalogs: KeyCatalogs,
    pub(super) within: Option<Arc<Within>>,
}

/// Without the hash.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Keyring {
    /// `None` when there are no keys.
    pub(super) fn new(keys: &[KeyConfig]) -> Option<Self> {
        if keys.is_empty() {
            return None;
        }
        let withins = Within::numbered(keys.iter().map(|key| key.filter.as_ref()));
        let held = keys.iter().zip(withins).map(|(key, within)| Held {
            hash: key.hash.words(),
            name: key.name.clone(),
            scopes: key.scopes,
            catalogs: key.catalogs.clone(),
            within: within.map(Arc::new),
        });
        Some(Self { keys: held.collect() })
    }

    /// The key of this text, and its place.
    pub(super) fn find(&self, presented: &[u8]) -> Option<(usize, &Held)> {
        if presented.len() > KEY_BYTES_MAX {
            return None;
        }
        let hash = KeyHash::of(presented).words();
        let mut found = NOBODY;
        for (place, key) in (0..NOBODY).zip(&self.keys) {
            // One comparison of whole words: byte by byte it would take ten times as long.
            let differing = (0..hash.len()).fold(0, |differing, at| differing | (key.hash[at] ^ hash[at]));
            found.conditional_assign(&place, differing.ct_eq(&0));
        }
        let place = usize::try_from(found).ok()?;
        self.keys.get(place).map(|key| (place, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> KeyConfig {
        KeyConfig {
            name: name.to_owned(),
            hash: KeyHash::of(name.as_bytes()),
            scopes: Scopes::default(),
            catalogs: KeyCatalogs::All,
            filter: None,
        }
    }

    #[test]
    fn a_key_is_found_by_its_text_and_by_nothing_else() {
        let keyring = Keyring::new(&["first", "second", "third"].map(key)).unwrap();
        for (place, name) in ["first", "second", "third"].into_iter().enumerate() {
            assert_eq!(keyring.find(name.as_bytes()).map(|(at, key)| (at, key.name.as_str())), Some((place, name)));
        }
        let hash = KeyHash::of(b"first").to_text();
        for wrong in ["", "firs", "first ", "FIRST", "secondthird", &hash, &hash[7..], &"x".repeat(KEY_BYTES_MAX + 1)] {
            assert!(keyring.find(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(Keyring::new(&[]).is_none());
    }

    #[test]
    fn a_key_at_the_limit_is_still_read() {
        let long = "k".repeat(KEY_BYTES_MAX);
        assert!(Keyring::new(&[key(&long)]).unwrap().find(long.as_bytes()).is_some());
    }

    #[test]
    fn nothing_that_is_shown_of_a_keyring_tells_a_hash() {
        let keyring = Keyring::new(&[key("first")]).unwrap();
        let (shown, hash) = (format!("{keyring:?}"), KeyHash::of(b"first"));
        assert!(shown.contains("first") && !shown.contains(&hash.to_text()[7..15]));
        assert!(!shown.contains(&hash.words()[0].to_string()));
    }
}
