//! Who may do what: keys as configured, and the hash by which one is known.
//!
//! Owns the types and the text forms of scopes and hashes. How a request proves that it has a key is in
//! `http/auth.rs`. Invariant: no value here holds a key, and no `Debug` shows a hash.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};
use storefind_index::filter::Filter;

/// Begins a hash as it is written: another kind could stand beside it one day.
const HASH_PREFIX: &str = "sha256:";
/// Begins a key, so that people and scanners for secrets know one when they see it.
const KEY_PREFIX: &str = "sf_";
/// Random bytes of a new key: nobody guesses 256 bits, so that one round of a fast hash protects them.
pub const KEY_RANDOM_BYTES: usize = 32;

/// One key as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyConfig {
    /// What people and logs call it. `keys.name`.
    pub name: String,
    /// By which it is known. `keys.hash`.
    pub hash: KeyHash,
    /// What it may do. `keys.scopes`.
    pub scopes: Scopes,
    /// Where. `keys.catalogs`.
    pub catalogs: KeyCatalogs,
    /// What its searches may see, in canonical form. `keys.filter`.
    pub filter: Option<Filter>,
}

/// What a key may do. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Search, autocomplete, and what storefronts report of them.
    Search,
    /// Products and live fields, reading them one by one and exporting them included.
    Write,
    /// Settings and rules.
    Merchandise,
    /// Statistics, metrics, backups, rebuilds.
    Admin,
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

/// The catalogs of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCatalogs {
    /// Every one, also those that the configuration names later, and what concerns the whole server.
    All,
    /// These.
    Named(BTreeSet<String>),
}

/// The SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl Scope {
    /// All, in the order of API.md.
    pub const ALL: [Self; 4] = [Self::Search, Self::Write, Self::Merchandise, Self::Admin];

    /// As the configuration and messages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Write => "write",
            Self::Merchandise => "merchandise",
            Self::Admin => "admin",
        }
    }

    /// The scope of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl Scopes {
    /// Whether the scope is among them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Adds a scope.
    pub fn insert(&mut self, scope: Scope) {
        self.0 |= 1 << scope as u8;
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        let mut set = Self::default();
        scopes.into_iter().for_each(|scope| set.insert(scope));
        set
    }
}

impl KeyCatalogs {
    /// Whether the key reaches this catalog, which need not exist.
    pub fn contains(&self, catalog: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(catalog),
        }
    }
}

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Reads `sha256:` and 64 hexadecimal digits. The message does not repeat the text: people put the key itself
    /// here by mistake.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected `{HASH_PREFIX}` and 64 hexadecimal digits, as `storefind key NAME` prints beside a new key"
            )
        };
        let digits = text.trim().strip_prefix(HASH_PREFIX).ok_or_else(expected)?.as_bytes();
        let mut hash = [0_u8; 32];
        if digits.len() != 2 * hash.len() {
            return Err(expected());
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or_else(expected);
            *byte = (digit(0)? << 4 | digit(1)?) as u8;
        }
        Ok(Self(hash))
    }

    /// The hash in words, for comparison.
    pub fn words(&self) -> [u64; 4] {
        let (words, _) = self.0.as_chunks::<8>();
        std::array::from_fn(|at| u64::from_le_bytes(words[at]))
    }

    /// As the configuration has it. Not what [`fmt::Display`] would be: showing it is to be a decision.
    pub fn to_text(self) -> String {
        format!("{HASH_PREFIX}{}", hexadecimal(&self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(***)")
    }
}

/// The text of a key made of these random bytes.
pub fn key_text(random: &[u8; KEY_RANDOM_BYTES]) -> String {
    format!("{KEY_PREFIX}{}", hexadecimal(random))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_never_shown_by_chance() {
        let hash = KeyHash::of(b"sf_abc");
        assert_eq!(KeyHash::parse(&hash.to_text()), Ok(hash));
        let upper = hash.to_text().to_uppercase().replace("SHA256", "sha256");
        assert_eq!(KeyHash::parse(&format!(" {upper} ")), Ok(hash));
        assert!(!format!("{hash:?}").contains(&hash.to_text()[7..12]));
        // FIPS 180-2, appendix B.1.
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(KeyHash::of(b"abc").to_text(), abc);
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_repeated() {
        let good = KeyHash::of(b"x").to_text();
        let long = format!("{good}0");
        for bad in ["", "sha256:", "sf_0123", &good[7..], &good[..70], &long, &good.replace('a', "g").replace('1', "é")]
        {
            let message = KeyHash::parse(bad).unwrap_err();
            assert!(message.contains("storefind key") && (bad.len() < 8 || !message.contains(bad)), "{message}");
        }
    }

    #[test]
    fn scopes_are_a_set() {
        let scopes: Scopes = [Scope::Search, Scope::Admin].into_iter().collect();
        let held: Vec<_> = Scope::ALL.into_iter().filter(|scope| scopes.contains(*scope)).collect();
        assert_eq!(held, [Scope::Search, Scope::Admin]);
        assert!(Scope::ALL.into_iter().all(|scope| Scope::of(scope.as_str()) == Some(scope)));
        assert_eq!(Scope::of("root"), None);
    }
}
