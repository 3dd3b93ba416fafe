//! What a node tells the others, as bytes.
//!
//! Layout, integers little-endian: magic with a version; node, time, number of queries; for each its weight (a float), the
//! length of its text and the text; then the XXH3-64 of everything before. Invariant: any bytes give a list or none, and
//! a list holds nothing that is personal by shape.

use xxhash_rust::xxh3::xxh3_64;

use crate::learn::counts::{Learned, faded};
use crate::learn::privacy;

/// Queries of a list: what is searched often enough for all nodes to know, in some 60 KB.
pub(super) const QUERIES_MAX: usize = 2_000;
/// Longest text of one: longer ones are no suggestion.
const TEXT_BYTES_MAX: usize = 120;
/// What a list begins with; its last character is raised with the layout.
const MAGIC: &[u8; 8] = b"SFLEARN1";

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List {
    /// Who tells.
    pub(super) node: u64,
    /// When, in milliseconds since 1970.
    pub(super) time: u64,
    /// What.
    pub(super) learned: Vec<Learned>,
}

impl List {
    /// What it is worth at `now`.
    pub(super) fn at(&self, now: u64) -> impl Iterator<Item = Learned> {
        let share = faded(now.saturating_sub(self.time));
        self.learned.iter().map(move |it| Learned { text: it.text.clone(), weight: it.weight * share })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let told: Vec<&Learned> =
            self.learned.iter().filter(|learned| learned.text.len() <= TEXT_BYTES_MAX).take(QUERIES_MAX).collect();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.node.to_le_bytes());
        bytes.extend_from_slice(&self.time.to_le_bytes());
        bytes.extend_from_slice(&(told.len() as u16).to_le_bytes());
        for Learned { text, weight } in told {
            // Beyond the largest float is infinity, which no node reads.
            bytes.extend_from_slice(&(weight.clamp(0.0, f64::from(f32::MAX)) as f32).to_le_bytes());
            bytes.push(text.len() as u8);
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk()?;
        if xxh3_64(content) != u64::from_le_bytes(*digest) {
            return None;
        }
        let mut rest = content.strip_prefix(MAGIC)?;
        let (node, time) = (u64::from_le_bytes(take(&mut rest)?), u64::from_le_bytes(take(&mut rest)?));
        let count = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let mut learned = Vec::with_capacity(count.min(QUERIES_MAX));
        for _ in 0..count {
            let weight = f64::from(f32::from_le_bytes(take(&mut rest)?));
            let [length] = take(&mut rest)?;
            let (text, behind) = rest.split_at_checked(usize::from(length))?;
            rest = behind;
            let is_sound = weight.is_finite() && weight >= 0.0 && learned.len() < QUERIES_MAX;
            let text = str::from_utf8(text).ok().filter(|text| is_sound && text.len() <= TEXT_BYTES_MAX)?;
            // The teller asked its catalog about long numbers. The rest is looked at again: this came from outside.
            if privacy::shape(text, &|_| true).is_none() {
                learned.push(Learned { text: text.into(), weight });
            }
        }
        rest.is_empty().then_some(Self { node, time, learned })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> List {
        let learned = texts.iter().map(|text| Learned { text: (*text).into(), weight: 12.5 }).collect();
        List { node: 7, time: 9, learned }
    }

    fn sealed(content: &[u8]) -> Vec<u8> {
        [content, &xxh3_64(content).to_le_bytes()].concat()
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_bounded() {
        for told in [list(&[]), list(&["café noir", "kettle"])] {
            assert_eq!(List::decode(&told.encode()), Some(told));
        }
        let many: Vec<String> = (0..QUERIES_MAX + 5).map(|number| format!("query {number}")).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        many.insert(0, &long);
        assert_eq!(List::decode(&list(&many).encode()).unwrap().learned, list(&many[1..=QUERIES_MAX]).learned);
    }

    #[test]
    fn what_is_cut_changed_or_personal_is_not_taken() {
        let bytes = list(&["kettle", "tea"]).encode();
        for at in 0..bytes.len() {
            assert_eq!(List::decode(&bytes[..at]), None, "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(List::decode(&changed), None, "changed at {at}");
        }
        let told = list(&["kettle", "jane@example.org"]);
        assert_eq!(List::decode(&told.encode()), Some(list(&["kettle"])));
        let vast = List { learned: vec![Learned { text: "kettle".into(), weight: 1e300 }], ..list(&[]) };
        assert_eq!(List::decode(&vast.encode()).unwrap().learned[0].weight, f64::from(f32::MAX));
        let nan = List { learned: vec![Learned { text: "kettle".into(), weight: f64::NAN }], ..list(&[]) };
        assert_eq!(List::decode(&nan.encode()), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_a_list_or_none(content: Vec<u8>) {
            drop(List::decode(&content));
            drop(List::decode(&sealed(&content)));
            drop(List::decode(&sealed(&[MAGIC, content.as_slice()].concat())));
        }
    }
}
