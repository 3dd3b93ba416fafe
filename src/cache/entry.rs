//! A cache entry: an answer, ready to be sent, with what it needs to prove its freshness.
//!
//! Owns the body, its compressed variants (each made once, when first asked for), its entity tags and its weight, and
//! counts how often it was sent, which is what warm-up goes by.
//! It does not judge its own freshness (`freshness`) nor write headers (`answer::response`).
//!
//! Invariant: body, stamp and dependency never change; an answer to a changed catalog is another entry.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::HeaderValue;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::body::Body;
use super::coding::{COMPRESS_BYTES_MIN, Coding, compress};
use super::freshness::Stamp;
use super::key::Key;
use super::proof::Proof;
use super::weight::{held, shared};

/// Larger bodies are compressed beside the path: at 50 MB/s this much takes a millisecond, and an async thread owes
/// its other connections an answer meanwhile.
pub const COMPRESS_INLINE_BYTES_MAX: usize = 64 * 1_024;
/// What the map keeps for an entry: its node, its places in two queues, its counters. Measured with 25,000 entries.
const MAP_BYTES: usize = 432;
/// What a header value takes: some forty bytes, and what `Bytes` keeps beside them once they are shared.
const HEADER_VALUE_BYTES: usize = 48 + 24;

/// An answer with everything that serving it again needs.
#[derive(Debug)]
pub struct Entry {
    key: Arc<Key>,
    stamp: Stamp,
    proof: Arc<Proof>,
    cost: Duration,
    body: Body,
    fold: u64,
    identity: Representation,
    /// In the order of [`Coding::COMPRESSED`]; `None` inside: it would not be shorter.
    compressed: [OnceLock<Option<Representation>>; 3],
    claimed: [AtomicBool; 3],
    asked: AtomicU32,
    sequence_header: HeaderValue,
    holding: Arc<Holding>,
}

/// A body in one coding.
#[derive(Debug)]
pub struct Representation {
    /// The bytes to send.
    pub bytes: Bytes,
    /// Strong, and different for each coding.
    pub etag: HeaderValue,
    /// Which.
    pub coding: Coding,
}

impl Representation {
    /// Bytes of memory that a variant takes beside the entry.
    pub(super) fn weight(&self) -> usize {
        held(self.bytes.len()) + HEADER_VALUE_BYTES
    }
}

/// Entries alive and their bytes, for the statistics of whoever they belong to.
///
/// Counts what memory holds, so also entries that a tier has dropped but a response still sends.
#[derive(Debug, Default)]
pub struct Holding {
    entries: AtomicI64,
    bytes: AtomicI64,
}

impl Holding {
    /// Entries alive.
    pub fn entries(&self) -> u64 {
        u64::try_from(self.entries.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Their bytes.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes.load(Ordering::Relaxed)).unwrap_or(0)
    }

    fn change(&self, entries: i64, bytes: usize, sign: i64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(sign * i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl Entry {
    /// An entry for `key`. `cost` is the time that computing it took.
    pub fn new(
        key: Arc<Key>,
        stamp: Stamp,
        proof: Arc<Proof>,
        cost: Duration,
        body: Body,
        holding: Arc<Holding>,
    ) -> Self {
        let hash = xxh3_128(body.text());
        let identity =
            Representation { bytes: body.text().clone(), etag: etag(hash, Coding::Identity), coding: Coding::Identity };
        let sequence_header = HeaderValue::from(stamp.as_of);
        let entry = Self {
            key,
            stamp,
            proof,
            cost,
            fold: body.fold(),
            body,
            identity,
            compressed: [const { OnceLock::new() }; 3],
            claimed: [const { AtomicBool::new(false) }; 3],
            asked: AtomicU32::new(0),
            sequence_header,
            holding,
        };
        entry.holding.change(1, entry.weight(), 1);
        entry
    }

    /// What it answers.
    pub fn key(&self) -> &Arc<Key> {
        &self.key
    }

    /// When and from what it was computed.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Dates it by another clock.
    #[cfg(test)]
    pub fn set_computed_at(&mut self, at: super::freshness::UnixMillis) {
        self.stamp.computed_at = at;
    }

    /// Which changes can alter it.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The same answer with other values in its holes.
    pub fn refilled(&self, body: Body) -> Self {
        let (key, holding) = (Arc::clone(&self.key), Arc::clone(&self.holding));
        Self::new(key, self.stamp, Arc::clone(&self.proof), self.cost, body, holding)
    }

    /// Time that computing it took.
    pub fn cost(&self) -> Duration {
        self.cost
    }

    /// Counts that it was asked for. A load and a store, not one locked step: a count that loses a race is one of many,
    /// and the counters of outcomes, which every answer raises anyway, cost more.
    pub fn asked(&self) {
        self.asked.store(self.asked.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
    }

    /// How often it was asked for since the last time that somebody took the count.
    pub fn take_asked(&self) -> u32 {
        // Most of a large tier was not asked for since the last walk: reading does not take the line from others.
        match self.asked.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.asked.swap(0, Ordering::Relaxed),
        }
    }

    /// Goes on counting where the entry stopped whose place it takes.
    pub fn succeed(&self, old: &Self) {
        self.asked.store(self.asked.load(Ordering::Relaxed).saturating_add(old.take_asked()), Ordering::Relaxed);
    }

    /// The wrapping sum of the live versions in its body.
    pub fn fold(&self) -> u64 {
        self.fold
    }

    /// Its body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Its `as_of` as a header value.
    pub fn sequence_header(&self) -> &HeaderValue {
        &self.sequence_header
    }

    /// What asking for this coding would cost.
    pub fn readiness(&self, coding: Coding) -> Readiness {
        match self.place(coding) {
            None => Readiness::Ready,
            Some(at) if self.compressed[at].get().is_some() => Readiness::Ready,
            Some(_) if self.body.text().len() <= COMPRESS_INLINE_BYTES_MAX => Readiness::Quick,
            Some(_) => Readiness::Slow,
        }
    }

    /// Takes on making a slow variant. True once for each coding, so that one makes it while the others send the
    /// body as it is.
    pub fn claim(&self, coding: Coding) -> bool {
        self.place(coding).is_some_and(|at| !self.claimed[at].swap(true, Ordering::Relaxed))
    }

    /// The body as it is.
    pub fn identity(&self) -> &Representation {
        &self.identity
    }

    /// The body in this coding, or as it is where that is better. Compresses when asked for the first time;
    /// [`Self::readiness`] tells beforehand. Callers who ask at once wait for one of them to make it.
    pub fn representation(&self, coding: Coding) -> &Representation {
        let made = self.place(coding).map(|at| self.compressed[at].get_or_init(|| self.compress(coding)));
        made.and_then(Option::as_ref).unwrap_or(&self.identity)
    }

    /// Bytes of memory that it takes: itself, key, body, variants, dependency, and what the map keeps for it, as the
    /// allocator gives them out. Grows with each variant.
    pub fn weight(&self) -> usize {
        let variants = self.compressed.iter().filter_map(OnceLock::get).flatten().map(Representation::weight);
        let key = shared::<Key>() + held(self.key.text().len());
        let proof = shared::<Proof>() + self.proof.weight();
        // The sequence, and the tag of the body as it is.
        let headers = 2 * HEADER_VALUE_BYTES;
        MAP_BYTES + shared::<Self>() + headers + key + self.body.weight() + proof + variants.sum::<usize>()
    }

    /// Where a variant of this coding lives; `None` where there is never one.
    fn place(&self, coding: Coding) -> Option<usize> {
        if self.body.text().len() < COMPRESS_BYTES_MIN {
            return None;
        }
        Coding::COMPRESSED.iter().position(|known| *known == coding)
    }

    fn compress(&self, coding: Coding) -> Option<Representation> {
        let bytes = compress(coding, self.body.text())?;
        let made = Representation { bytes, etag: etag(xxh3_128(self.body.text()), coding), coding };
        self.holding.change(0, made.weight(), 1);
        Some(made)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.holding.change(-1, self.weight(), -1);
    }
}

/// What asking for a coding would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing.
    Ready,
    /// A compression short enough for an async thread.
    Quick,
    /// A compression for a thread that may block.
    Slow,
}

fn etag(hash: u128, coding: Coding) -> HeaderValue {
    let text = format!("\"{hash:032x}{}\"", coding.tag_suffix());
    HeaderValue::from_str(&text).expect("hexadecimal digits and a coding's name are visible ASCII")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::freshness::UnixMillis;
    use super::*;

    fn entry(text: &[u8], holding: &Arc<Holding>) -> Entry {
        let key = Arc::new(Key::new("search:1:demo:1:q=laptop".into()));
        let stamp = Stamp::new(7, UnixMillis(0), 1);
        let body = Body::new(text.to_vec(), Vec::new());
        Entry::new(key, stamp, Arc::default(), Duration::ZERO, body, Arc::clone(holding))
    }

    fn decode(representation: &Representation) -> Vec<u8> {
        let mut text = Vec::new();
        match representation.coding {
            Coding::Identity => text.extend_from_slice(&representation.bytes),
            Coding::Gzip => {
                flate2::read::GzDecoder::new(&*representation.bytes).read_to_end(&mut text).expect("gzip");
            }
            Coding::Brotli => {
                brotli::Decompressor::new(&*representation.bytes, 4096).read_to_end(&mut text).expect("br");
            }
            Coding::Zstd => text = zstd::decode_all(&*representation.bytes).expect("zstd"),
        }
        text
    }

    #[test]
    fn every_coding_decodes_to_the_body_and_has_its_own_tag() {
        let text = b"{\"query\":\"laptop\"}".repeat(200);
        let entry = entry(&text, &Arc::default());
        let mut tags = vec![entry.representation(Coding::Identity).etag.clone()];
        for coding in Coding::COMPRESSED {
            let representation = entry.representation(coding);
            assert_eq!(representation.coding, coding);
            assert!(representation.bytes.len() < text.len());
            assert_eq!(decode(representation), text);
            tags.push(representation.etag.clone());
        }
        tags.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        tags.dedup();
        assert_eq!(tags.len(), 4);
    }

    #[test]
    fn a_body_below_the_threshold_is_never_compressed() {
        let at = entry(&vec![b' '; COMPRESS_BYTES_MIN], &Arc::default());
        assert_eq!(at.representation(Coding::Gzip).coding, Coding::Gzip);
        let below = entry(&vec![b' '; COMPRESS_BYTES_MIN - 1], &Arc::default());
        assert_eq!(below.readiness(Coding::Gzip), Readiness::Ready);
        assert_eq!(below.representation(Coding::Gzip).coding, Coding::Identity);
    }

    #[test]
    fn a_variant_is_made_once_and_large_ones_are_announced_as_slow() {
        let small = entry(&vec![b' '; COMPRESS_INLINE_BYTES_MAX], &Arc::default());
        assert_eq!(small.readiness(Coding::Brotli), Readiness::Quick);
        let first = small.representation(Coding::Brotli).bytes.as_ptr();
        assert_eq!(small.readiness(Coding::Brotli), Readiness::Ready);
        assert_eq!(small.representation(Coding::Brotli).bytes.as_ptr(), first);
        let large = entry(&vec![b' '; COMPRESS_INLINE_BYTES_MAX + 1], &Arc::default());
        assert_eq!(large.readiness(Coding::Brotli), Readiness::Slow);
        assert_eq!((large.claim(Coding::Brotli), large.claim(Coding::Brotli)), (true, false));
        assert!(large.claim(Coding::Gzip) && !large.claim(Coding::Identity));
    }

    #[test]
    fn weight_counts_key_body_and_variants_and_returns_when_the_entry_goes() {
        let holding = Arc::new(Holding::default());
        let entry = entry(&vec![b'x'; 5_000], &holding);
        let before = entry.weight();
        assert!(before > 5_000 + entry.key().text().len());
        let made = entry.representation(Coding::Gzip).weight();
        assert_eq!(entry.weight(), before + made);
        assert_eq!((holding.entries(), holding.bytes()), (1, entry.weight() as u64));
        drop(entry);
        assert_eq!((holding.entries(), holding.bytes()), (0, 0));
    }

    #[test]
    fn equal_bodies_have_equal_tags_whatever_they_were_computed_from() {
        let (a, b) = (entry(b"{}", &Arc::default()), entry(b"{}", &Arc::default()));
        assert_eq!(a.representation(Coding::Identity).etag, b.representation(Coding::Identity).etag);
    }
}
