//! The small values of the log's tables, as bytes.
//!
//! Owns their layout. It refuses to know what they mean for a change (`resolve`) or for disk space (`prune`). Reading
//! never panics: bytes that were not written here are `None`.

use serde::{Deserialize, Serialize};
use storefind_index::live::LiveFields;

use crate::catalog::event::{LIVE_BYTES, decode_live_fields, encode_live_fields};
use crate::catalog::{Refusal, Written};

/// What `products` keeps of one id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Latest {
    /// Sequence of its last upsert, or of its deletion.
    pub(super) content: u64,
    /// Whether there is a product.
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    /// There is a product.
    Present(Present),
    /// It was deleted.
    Deleted,
}

/// What is kept of a product that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Present {
    /// Digest of its content's bytes; it tells most changes from repetitions without reading the event.
    pub(super) digest: u64,
    /// Sequence of its last live event, if that came after the upsert.
    pub(super) live: Option<u64>,
    /// Its live fields now.
    pub(super) fields: LiveFields,
}

const PRESENT: u8 = 1;
const DELETED: u8 = 2;

/// Length of the record of a product that is there.
const PRESENT_BYTES: usize = 1 + 3 * 8 + LIVE_BYTES;

impl Latest {
    /// Sequence of the last event of the id.
    pub(super) fn last(&self) -> u64 {
        match self.state {
            State::Present(present) => present.live.unwrap_or(self.content),
            State::Deleted => self.content,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PRESENT_BYTES);
        match &self.state {
            State::Present(present) => {
                bytes.push(PRESENT);
                bytes.extend_from_slice(&self.content.to_be_bytes());
                bytes.extend_from_slice(&present.digest.to_be_bytes());
                bytes.extend_from_slice(&present.live.unwrap_or(0).to_be_bytes());
                bytes.extend_from_slice(&encode_live_fields(present.fields));
            }
            State::Deleted => {
                bytes.push(DELETED);
                bytes.extend_from_slice(&self.content.to_be_bytes());
            }
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let (content, rest) = decode_number(rest)?;
        match kind {
            PRESENT => {
                let (digest, rest) = decode_number(rest)?;
                let (live, rest) = decode_number(rest)?;
                let (fields, rest) = decode_live_fields(rest)?;
                let present = Present { digest, live: (live > 0).then_some(live), fields };
                rest.is_empty().then_some(Self { content, state: State::Present(present) })
            }
            DELETED => rest.is_empty().then_some(Self { content, state: State::Deleted }),
            _ => None,
        }
    }
}

/// Outcomes that belong together, as `once` keeps them: nearly all of a request's changes are accepted, with
/// consecutive sequences, so they take a few bytes.
#[derive(Debug, Serialize, Deserialize)]
enum Run {
    /// First sequence, and how many follow it one by one.
    #[serde(rename = "a")]
    Accepted(u64, u64),
    /// Code and message of one refusal.
    #[serde(rename = "r")]
    Refused(String, String),
}

/// What became of a request, as bytes.
pub(super) fn encode_written(written: &Written) -> Vec<u8> {
    let mut runs: Vec<Run> = Vec::new();
    for outcome in &written.outcomes {
        match outcome {
            Ok(sequence) => match runs.last_mut() {
                Some(Run::Accepted(first, count)) if *first + *count == *sequence => *count += 1,
                _ => runs.push(Run::Accepted(*sequence, 1)),
            },
            Err(refusal) => runs.push(Run::Refused(refusal.code.clone(), refusal.message.clone())),
        }
    }
    // Numbers and text always are JSON; were they not, the empty bytes would be refused when they are read.
    serde_json::to_vec(&(written.sequence, runs)).unwrap_or_default()
}

/// Reads what [`encode_written`] wrote. `changes` is the number of changes of the request, which it must fit.
pub(super) fn decode_written(bytes: &[u8], changes: usize) -> Option<Written> {
    let (sequence, runs): (u64, Vec<Run>) = serde_json::from_slice(bytes).ok()?;
    let mut outcomes = Vec::new();
    for run in runs {
        match run {
            Run::Accepted(first, count) => {
                let room = u64::try_from(changes.checked_sub(outcomes.len())?).ok()?;
                let end = (count <= room).then(|| first.checked_add(count)).flatten()?;
                outcomes.extend((first..end).map(Ok));
            }
            Run::Refused(code, message) => outcomes.push(Err(Refusal { code, message })),
        }
    }
    (outcomes.len() == changes).then_some(Written { sequence, outcomes })
}

/// The number at the front, and what is behind it.
fn decode_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            content in any::<u64>(),
            digest in any::<u64>(),
            live in proptest::option::of(1u64..),
            price in proptest::option::of(0.0f64..1e9),
            stock in any::<Option<i64>>(),
            in_stock in any::<Option<bool>>(),
        ) {
            let fields = LiveFields { price, stock, in_stock };
            for state in [State::Present(Present { digest, live, fields }), State::Deleted] {
                let latest = Latest { content, state };
                prop_assert_eq!(Latest::decode(&latest.encode()), Some(latest));
            }
        }

        #[test]
        fn outcomes_are_read_back(outcomes in proptest::collection::vec(proptest::option::of(1u64..9), 0..30)) {
            let refused = Refusal { code: "c".to_owned(), message: "m".to_owned() };
            let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.ok_or(refused.clone())).collect();
            let bytes = encode_written(&Written { sequence: 7, outcomes: outcomes.clone() });
            let read = decode_written(&bytes, outcomes.len()).expect("reads");
            prop_assert_eq!((read.sequence, &read.outcomes), (7, &outcomes));
            prop_assert!(decode_written(&bytes, outcomes.len() + 1).is_none());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            drop((Latest::decode(&bytes), decode_written(&bytes, 9)));
        }
    }
}
