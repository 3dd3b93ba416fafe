//! The encoding of an entry outside this process: bytes that any node of the shop can read, and nobody has to trust.
//!
//! Owns the format, in both directions. It does not judge freshness and it does not talk to servers. What an entry
//! holds is told in terms that every node shares: product ids instead of ordinals, no folds, and no live values:
//! price and stock are left out of the body and filled in anew, from the live table of the node that reads.
//!
//! ```text
//! magic 4 │ format 1 │ checksum 8 │ coding 1 │ length 4 │ payload, zstd where that pays
//! payload: key, stamp, cost, dependency, gaps of the body, content of the body
//! ```
//!
//! | what is found | is a miss because it is |
//! | --- | --- |
//! | another program's value | [`MissReason::NotOurs`] |
//! | written by a version with another format | [`MissReason::OtherFormat`] |
//! | cut, altered, or nonsense behind a right checksum | [`MissReason::Damaged`] |
//! | larger than [`PAYLOAD_BYTES_MAX`] | [`MissReason::TooLarge`] |
//! | another question's answer | [`MissReason::OtherKey`] |
//! | an answer with a product that this node has never seen | [`MissReason::UnknownProduct`] |
//!
//! The checksum guards against accidents. Whoever can write to the server can also compute it; such a server belongs
//! behind a password and into a private network.
//!
//! An answer that live fields decide ([`LiveDependency`] other than `None`) has no encoding: it is proven by rows of
//! this process's live table.
//!
//! Invariants: decoding what was encoded gives the same entry up to live values; no bytes make it panic, or allocate
//! more than [`EXPANSION_MAX`] times their length.

mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use storefind_index::answer::{LiveDependency, LiveShown};
use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::live::LiveTable;
use xxhash_rust::xxh3::xxh3_64;

use self::wire::{Malformed, Reader, Writer};
use super::body::{Body, Hole, Stock, WriteLive};
use super::entry::{Entry, Holding};
use super::freshness::{MAX_AGE, MAX_AGE_JITTER, StaleReason, Stamp, UnixMillis};
use super::key::Key;
use super::outcome::{MissReason, Outcome};
use super::proof::Proof;

/// How every value of ours begins.
pub const MAGIC: [u8; 4] = *b"Sfnd";
/// Raised with any change of the format; values of another one are misses, so versions may run side by side.
pub const FORMAT: u8 = 1;
/// Largest payload, decompressed. The largest page, 100 products with all their attributes, takes some 400 KB.
pub const PAYLOAD_BYTES_MAX: usize = 4 << 20;
/// Largest value that is sent to a server: half of what Memcached takes by default, and at most 2 ms of a gigabit.
pub const VALUE_BYTES_MAX: usize = 512 << 10;
/// How many times its compressed size a payload may have. JSON shrinks to a tenth; a value that claims more than this
/// would have this process allocate what its bytes do not justify.
pub const EXPANSION_MAX: usize = 128;
/// Shorter payloads are stored as they are: they fit a network packet, and compressing costs both sides.
const COMPRESS_BYTES_MIN: usize = 1_024;
/// The fastest level that is not named negative: 29 µs for 7 KB, within a few per cent of the default's size.
const ZSTD_LEVEL: i32 = 1;

/// Before the checksum.
const CHECKED_FROM: usize = MAGIC.len() + 1 + size_of::<u64>();
/// Before the payload.
const HEADER_BYTES: usize = CHECKED_FROM + 1 + size_of::<u32>();

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

const SHOWS_PRICE: u8 = 1;
const SHOWS_STOCK: u8 = 2;
const SHOWS_IN_STOCK: u8 = 4;
const FOLLOWS_CONTENT: u8 = 8;
const IN_STOCK: u8 = 16;

/// Why an entry is not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsuited {
    /// Live fields decide the answer, or stand in it without a row that could be read elsewhere.
    Live,
    /// It would be larger than servers or readers take.
    TooLarge,
}

/// A value that was read: everything but the live fields.
#[derive(Debug)]
pub struct Decoded {
    stamp: Stamp,
    proof: Arc<Proof>,
    cost: Duration,
    content: Bytes,
    gaps: Vec<Gap>,
}

/// Where live fields belong.
#[derive(Debug, PartialEq, Eq)]
struct Gap {
    /// Behind so many bytes of the content.
    at: u32,
    id: Box<str>,
    in_stock: bool,
    shows: LiveShown,
    follows_content: bool,
}

/// Encodes an entry.
///
/// # Errors
/// [`Unsuited`].
pub fn encode(entry: &Entry) -> Result<Bytes, Unsuited> {
    if *entry.proof().live() != LiveDependency::None {
        return Err(Unsuited::Live);
    }
    let body = entry.body();
    let mut out = Writer::with_capacity(body.text().len() + 512);
    out.bytes(entry.key().text().as_bytes());
    write_stamp(&mut out, entry.stamp());
    out.number(nanos(entry.cost()));
    write_dependency(&mut out, entry.proof().dependency());
    write_body(&mut out, body)?;
    seal(&out.finish())
}

/// The most bytes that decoding this value handles: its own, or what it says that it unpacks to. Tells before anything is
/// unpacked where that is to happen; a claim beyond the limit is refused unread, and counts for nothing.
pub fn bytes_to_handle(value: &[u8]) -> usize {
    let length = value.get(CHECKED_FROM + 1..HEADER_BYTES).and_then(|bytes| bytes.try_into().ok());
    let claimed = length.map_or(0, u32::from_le_bytes) as usize;
    if claimed > PAYLOAD_BYTES_MAX { value.len() } else { value.len().max(claimed) }
}

/// Decodes a value found under `key`.
///
/// # Errors
/// Why it is a miss.
pub fn decode(value: &Bytes, key: &Key) -> Result<Decoded, MissReason> {
    let payload = open(value)?;
    let mut read = Reader::new(&payload);
    if read.bytes()? != key.text().as_bytes() {
        return Err(MissReason::OtherKey);
    }
    let stamp = read_stamp(&mut read)?;
    let cost = Duration::from_nanos(read.number()?);
    let dependency = read_dependency(&mut read)?;
    let gaps = read_gaps(&mut read)?;
    let content = payload.slice_ref(read.bytes()?);
    read.end()?;
    if gaps.last().is_some_and(|gap| gap.at as usize > content.len()) || std::str::from_utf8(&content).is_err() {
        return Err(MissReason::Damaged);
    }
    Ok(Decoded { stamp, proof: Arc::new(Proof::new(dependency, LiveDependency::None)), cost, content, gaps })
}

impl Decoded {
    /// When and from what it was computed.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Which changes can alter it.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Time that computing it took, on the node that did.
    pub fn cost(&self) -> Duration {
        self.cost
    }

    /// The entry with this node's live values, under the key that it was decoded for.
    ///
    /// # Errors
    /// [`MissReason::UnknownProduct`], or [`StaleReason::StockChanged`] where stock must agree.
    pub fn assemble(
        self,
        key: Arc<Key>,
        live: &LiveTable,
        write: WriteLive,
        stock: Stock,
        holding: Arc<Holding>,
    ) -> Result<Entry, Outcome> {
        let mut text = Vec::with_capacity(self.content.len() + self.gaps.len() * 64);
        let mut holes = Vec::with_capacity(self.gaps.len());
        let mut copied = 0;
        for gap in self.gaps {
            let unknown = Outcome::Miss(MissReason::UnknownProduct);
            let ordinal = live.ordinal(&gap.id).ok_or(unknown)?;
            let row = live.row(ordinal).ok_or(unknown)?;
            let shown = row.live();
            if stock == Stock::MustAgree && shown.in_stock != gap.in_stock {
                return Err(Outcome::Stale(StaleReason::StockChanged));
            }
            text.extend_from_slice(&self.content[copied..gap.at as usize]);
            copied = gap.at as usize;
            let start = place(text.len())?;
            text.extend_from_slice(&write(&shown, gap.shows, gap.follows_content));
            holes.push(Hole {
                place: start..place(text.len())?,
                id: gap.id,
                ordinal: Some(ordinal),
                version: row.version,
                in_stock: shown.in_stock,
                shows: gap.shows,
                follows_content: gap.follows_content,
            });
        }
        text.extend_from_slice(&self.content[copied..]);
        Ok(Entry::new(key, self.stamp, self.proof, self.cost, Body::new(text, holes), holding))
    }
}

/// A place in a text; payloads are far too small for it to fail.
fn place(at: usize) -> Result<u32, Outcome> {
    u32::try_from(at).map_err(|_| Outcome::Miss(MissReason::TooLarge))
}

/// Compresses a payload if that pays and puts the header before it.
fn seal(payload: &[u8]) -> Result<Bytes, Unsuited> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(Unsuited::TooLarge);
    }
    let length = u32::try_from(payload.len()).map_err(|_| Unsuited::TooLarge)?;
    let pays = |made: &Vec<u8>| made.len() < payload.len() && payload.len() <= made.len() * EXPANSION_MAX;
    let compressed = if payload.len() < COMPRESS_BYTES_MIN {
        None
    } else {
        // Writing into memory fails only when memory does; then the payload is stored as it is.
        zstd::bulk::compress(payload, ZSTD_LEVEL).ok().filter(pays)
    };
    let (coding, stored) = compressed.as_deref().map_or((PLAIN, payload), |made| (ZSTD, made));
    if HEADER_BYTES + stored.len() > VALUE_BYTES_MAX {
        return Err(Unsuited::TooLarge);
    }
    Ok(with_header(coding, length, stored))
}

fn with_header(coding: u8, length: u32, stored: &[u8]) -> Bytes {
    let mut value = Vec::with_capacity(HEADER_BYTES + stored.len());
    value.extend_from_slice(&MAGIC);
    value.push(FORMAT);
    value.extend_from_slice(&[0; size_of::<u64>()]);
    value.push(coding);
    value.extend_from_slice(&length.to_le_bytes());
    value.extend_from_slice(stored);
    let checksum = xxh3_64(&value[CHECKED_FROM..]).to_le_bytes();
    value[CHECKED_FROM - size_of::<u64>()..CHECKED_FROM].copy_from_slice(&checksum);
    Bytes::from(value)
}

/// Takes the header off and checks all that it says.
fn open(value: &Bytes) -> Result<Bytes, MissReason> {
    if !value.starts_with(&MAGIC) {
        return Err(MissReason::NotOurs);
    }
    let format = *value.get(MAGIC.len()).ok_or(MissReason::Damaged)?;
    if format != FORMAT {
        return Err(MissReason::OtherFormat);
    }
    if value.len() > VALUE_BYTES_MAX {
        return Err(MissReason::TooLarge);
    }
    let (checksum, checked) = value[MAGIC.len() + 1..].split_first_chunk().ok_or(MissReason::Damaged)?;
    if u64::from_le_bytes(*checksum) != xxh3_64(checked) {
        return Err(MissReason::Damaged);
    }
    let (coding, rest) = checked.split_first().ok_or(MissReason::Damaged)?;
    let (length, stored) = rest.split_first_chunk().ok_or(MissReason::Damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > PAYLOAD_BYTES_MAX {
        return Err(MissReason::TooLarge);
    }
    match *coding {
        PLAIN if length == stored.len() => Ok(value.slice_ref(stored)),
        ZSTD if length <= stored.len().saturating_mul(EXPANSION_MAX) => {
            let payload = zstd::bulk::decompress(stored, length).map_err(|_| MissReason::Damaged)?;
            if payload.len() == length { Ok(Bytes::from(payload)) } else { Err(MissReason::Damaged) }
        }
        _ => Err(MissReason::Damaged),
    }
}

fn write_stamp(out: &mut Writer, stamp: &Stamp) {
    out.number(stamp.as_of);
    out.number(stamp.live_as_of);
    out.number(stamp.start);
    out.number(stamp.computed_at.0);
    out.number(nanos(stamp.max_age));
    match stamp.valid_until {
        None => out.byte(0),
        Some(until) => {
            out.byte(1);
            out.number(until.0);
        }
    }
}

fn read_stamp(read: &mut Reader<'_>) -> Result<Stamp, Malformed> {
    let (as_of, live_as_of, start) = (read.number()?, read.number()?, read.number()?);
    let computed_at = UnixMillis(read.number()?);
    let max_age = Duration::from_nanos(read.number()?);
    // No node gives more; one that claims it would outlive what bounds the drift of statistics.
    if max_age > MAX_AGE.mul_f64(1.0 + MAX_AGE_JITTER) {
        return Err(Malformed);
    }
    let valid_until = match read.byte()? {
        0 => None,
        1 => Some(UnixMillis(read.number()?)),
        _ => return Err(Malformed),
    };
    Ok(Stamp { as_of, live_as_of, start, computed_at, max_age, valid_until })
}

fn write_dependency(out: &mut Writer, dependency: &Dependency) {
    out.count(dependency.variants.len());
    for variant in &dependency.variants {
        out.bytes(variant.name.as_bytes());
        out.count(variant.required);
        out.count(variant.clauses.len());
        for clause in &variant.clauses {
            out.count(clause.terms.len());
            for term in &clause.terms {
                out.bytes(term.as_bytes());
            }
        }
    }
}

fn read_dependency(read: &mut Reader<'_>) -> Result<Dependency, Malformed> {
    let variants = read.list(|read| {
        let name = read.text()?.to_owned();
        let required = usize::try_from(read.number()?).map_err(|_| Malformed)?;
        let clauses = read.list(|read| Ok(Clause { terms: read.list(|read| Ok(read.text()?.to_owned()))? }))?;
        // More than there are could never be touched: such an answer would be fresh for ever.
        if required > clauses.len() {
            return Err(Malformed);
        }
        Ok(Variant { name, required, clauses })
    })?;
    Ok(Dependency { variants })
}

fn write_body(out: &mut Writer, body: &Body) -> Result<(), Unsuited> {
    let (text, holes) = (body.text(), body.holes());
    let mut content = Vec::with_capacity(text.len());
    let mut copied = 0;
    out.count(holes.len());
    let mut before = 0;
    for hole in holes {
        if hole.ordinal.is_none() {
            return Err(Unsuited::Live);
        }
        content.extend_from_slice(&text[copied..hole.place.start as usize]);
        copied = hole.place.end as usize;
        // The distance from the gap before.
        out.count(content.len() - before);
        before = content.len();
        out.bytes(hole.id.as_bytes());
        let flags = [
            (hole.shows.price, SHOWS_PRICE),
            (hole.shows.stock, SHOWS_STOCK),
            (hole.shows.in_stock, SHOWS_IN_STOCK),
            (hole.follows_content, FOLLOWS_CONTENT),
            (hole.in_stock, IN_STOCK),
        ];
        out.byte(flags.into_iter().filter(|(is_set, _)| *is_set).fold(0, |sum, (_, flag)| sum | flag));
    }
    content.extend_from_slice(&text[copied..]);
    out.bytes(&content);
    Ok(())
}

fn read_gaps(read: &mut Reader<'_>) -> Result<Vec<Gap>, Malformed> {
    let mut at = 0_u32;
    read.list(|read| {
        let distance = u32::try_from(read.number()?).map_err(|_| Malformed)?;
        at = at.checked_add(distance).ok_or(Malformed)?;
        let id = read.text()?.into();
        let flags = read.byte()?;
        let is_set = |flag: u8| flags & flag != 0;
        if flags > SHOWS_PRICE | SHOWS_STOCK | SHOWS_IN_STOCK | FOLLOWS_CONTENT | IN_STOCK {
            return Err(Malformed);
        }
        let shows =
            LiveShown { price: is_set(SHOWS_PRICE), stock: is_set(SHOWS_STOCK), in_stock: is_set(SHOWS_IN_STOCK) };
        Ok(Gap { at, id, in_stock: is_set(IN_STOCK), shows, follows_content: is_set(FOLLOWS_CONTENT) })
    })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl From<Malformed> for MissReason {
    fn from(_: Malformed) -> Self {
        Self::Damaged
    }
}

#[cfg(test)]
mod tests;
