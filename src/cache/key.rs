//! A cache key: the full text of what is asked, and its hash.
//!
//! Owns identity. What belongs into the text is decided by `answer::effective`. Invariant: two keys are equal only
//! if their texts are; the hash only finds the place to look, so a collision costs a recomputation and never
//! mixes up two answers.

use xxhash_rust::xxh3::xxh3_128;

/// What is asked, in full. Kept behind an `Arc`: the front, the entry and a flight share one.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    hash: u128,
    text: Box<str>,
}

impl Key {
    /// A key with this text.
    pub fn new(text: String) -> Self {
        Self { hash: xxh3_128(text.as_bytes()), text: text.into_boxed_str() }
    }

    /// Where tiers look.
    pub fn hash(&self) -> u128 {
        self.hash
    }

    /// The full text, for comparison and for people (`explain=cache`).
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A key whose hash collides with another's, which nobody can find for xxh3-128 on demand.
    #[cfg(test)]
    pub(crate) fn with_hash(hash: u128, text: &str) -> Self {
        Self { hash, text: text.into() }
    }
}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u128(self.hash);
    }
}

/// Hashes a value that is already a hash: takes the low half as it is.
///
/// Sound for maps over [`Key`] and over its hash only, whose bits xxh3 has mixed.
#[derive(Debug, Default, Clone, Copy)]
pub struct PassThroughHasher(u64);

/// Builds [`PassThroughHasher`]s.
pub type PassThrough = std::hash::BuildHasherDefault<PassThroughHasher>;

impl std::hash::Hasher for PassThroughHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Reached by no key of ours; mixes all the same, so that a wrong use is slow and not wrong.
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
