//! What the journal keeps: an event without who it was, or how often a search was answered.
//!
//! Owns the layout of a record. Integers are little-endian; a record is its length (4 bytes), the XXH3-64 of its
//! content (8), and the content. Invariant: whatever bytes are read, what comes out is what was written or nothing.

use xxhash_rust::xxh3::xxh3_64;

use super::event::{Act, EARLY_MS_MAX};

/// Bytes before the content.
const FRAME_BYTES: usize = 4 + 8;
/// Longest content: a query at its limit, its correction, and a hundred products.
const CONTENT_BYTES_MAX: usize = 16 << 10;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A shopper did something.
    Deed(Deed),
    /// A search was answered.
    Answered(Answered),
}

/// An event, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When it arrived, in milliseconds since 1970.
    pub arrived: u64,
    /// When it happened.
    pub time: u64,
    /// What it was.
    pub act: Act,
    /// Stands for the session.
    pub session: u64,
    /// Stands for the event; 0: it has no name, and counts each time.
    pub identity: u64,
    /// The query; empty if there is none.
    pub query: String,
    /// Whether there was a query that must not be kept.
    pub withheld: bool,
    /// Stand for the products.
    pub products: Vec<u64>,
    /// Where the product stood; 0: not told.
    pub position: u32,
}

/// How often a query was answered since the last such record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When it was counted, in milliseconds since 1970.
    pub time: u64,
    /// What was asked; empty for all that was and must not be kept.
    pub query: String,
    /// How often.
    pub times: u32,
    /// Whether nothing was found.
    pub found_nothing: bool,
    /// What it was corrected to; empty if it was not.
    pub corrected: String,
}

const DEED: u8 = 1;
const ANSWERED: u8 = 2;

impl Record {
    /// When it reached this node.
    pub fn arrived(&self) -> u64 {
        match self {
            Self::Deed(deed) => deed.arrived,
            Self::Answered(answered) => answered.time,
        }
    }

    /// The record, as if it had come by `now`: what a clock wrote that stood in the future.
    #[must_use]
    pub fn by(mut self, now: u64) -> Self {
        match &mut self {
            Self::Deed(deed) => {
                deed.arrived = deed.arrived.min(now);
                deed.time = deed.time.min(now.saturating_add(EARLY_MS_MAX));
            }
            Self::Answered(answered) => answered.time = answered.time.min(now),
        }
        self
    }

    /// Appends the record.
    pub fn write(&self, out: &mut Vec<u8>) {
        let frame = out.len();
        out.extend_from_slice(&[0; FRAME_BYTES]);
        match self {
            Self::Deed(deed) => {
                let act = Act::ALL.iter().position(|act| *act == deed.act).unwrap_or_default() as u8;
                out.extend_from_slice(&[DEED, act, u8::from(deed.withheld)]);
                for number in [deed.arrived, deed.time, deed.session, deed.identity] {
                    out.extend_from_slice(&number.to_le_bytes());
                }
                out.extend_from_slice(&deed.position.to_le_bytes());
                write_text(out, &deed.query);
                out.extend_from_slice(&(deed.products.len() as u16).to_le_bytes());
                deed.products.iter().for_each(|product| out.extend_from_slice(&product.to_le_bytes()));
            }
            Self::Answered(answered) => {
                out.extend_from_slice(&[ANSWERED, u8::from(answered.found_nothing)]);
                out.extend_from_slice(&answered.time.to_le_bytes());
                out.extend_from_slice(&answered.times.to_le_bytes());
                write_text(out, &answered.query);
                write_text(out, &answered.corrected);
            }
        }
        let content = &out[frame + FRAME_BYTES..];
        let (length, digest) = (content.len() as u32, xxh3_64(content));
        out[frame..frame + 4].copy_from_slice(&length.to_le_bytes());
        out[frame + 4..frame + FRAME_BYTES].copy_from_slice(&digest.to_le_bytes());
    }

    /// Takes a record off the front; `None` at the end and where what stands there is none.
    pub fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut rest = *bytes;
        let length = u32::from_le_bytes(chunk(&mut rest)?) as usize;
        let digest = u64::from_le_bytes(chunk(&mut rest)?);
        let (content, behind) = rest.split_at_checked(length).filter(|_| length <= CONTENT_BYTES_MAX)?;
        let record = read(content).filter(|_| xxh3_64(content) == digest)?;
        *bytes = behind;
        Some(record)
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn read(mut content: &[u8]) -> Option<Record> {
    let rest = &mut content;
    let record = match byte(rest)? {
        DEED => {
            let act = *Act::ALL.get(usize::from(byte(rest)?))?;
            let withheld = byte(rest)? != 0;
            let (arrived, time) = (number(rest)?, number(rest)?);
            let (session, identity) = (number(rest)?, number(rest)?);
            let position = u32::from_le_bytes(chunk(rest)?);
            let query = text(rest)?;
            let count = u16::from_le_bytes(chunk(rest)?);
            let products = (0..count).map(|_| number(rest)).collect::<Option<Vec<u64>>>()?;
            Record::Deed(Deed { arrived, time, act, session, identity, query, withheld, products, position })
        }
        ANSWERED => {
            let found_nothing = byte(rest)? != 0;
            let time = number(rest)?;
            let times = u32::from_le_bytes(chunk(rest)?);
            Record::Answered(Answered { time, times, found_nothing, query: text(rest)?, corrected: text(rest)? })
        }
        _ => return None,
    };
    rest.is_empty().then_some(record)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    chunk::<1>(rest).map(|[byte]| byte)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    chunk(rest).map(u64::from_le_bytes)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes(chunk(rest)?));
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    String::from_utf8(text.to_vec()).ok()
}

fn chunk<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*chunk)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records() -> Vec<Record> {
        let deed = Deed {
            arrived: 9,
            time: 8,
            act: Act::Purchase,
            session: u64::MAX,
            identity: 0,
            query: "crème brûlée".into(),
            withheld: false,
            products: vec![1, u64::MAX],
            position: 3,
        };
        let withheld =
            Deed { query: String::new(), withheld: true, act: Act::Search, products: vec![], ..deed.clone() };
        let answered =
            Answered { time: 7, query: "labtop".into(), times: 3, found_nothing: true, corrected: "laptop".into() };
        vec![Record::Deed(deed), Record::Deed(withheld), Record::Answered(answered)]
    }

    fn read_all(mut bytes: &[u8]) -> Vec<Record> {
        std::iter::from_fn(|| Record::take(&mut bytes)).collect()
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let mut bytes = Vec::new();
        records().iter().for_each(|record| record.write(&mut bytes));
        assert_eq!(read_all(&bytes), records());
    }

    #[test]
    fn a_cut_or_a_changed_bit_ends_the_reading_in_front_of_it() {
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for record in records() {
            record.write(&mut bytes);
            ends.push(bytes.len());
        }
        for at in 0..bytes.len() {
            let whole = ends.iter().filter(|end| **end > 0 && **end <= at).count();
            assert_eq!(read_all(&bytes[..at]), records()[..whole], "cut at {at}");
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(read_all(&changed), records()[..whole], "bit {bit} changed at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_records_or_nothing(bytes: Vec<u8>) {
            drop(read_all(&bytes));
            drop(read(&bytes));
        }
    }
}
