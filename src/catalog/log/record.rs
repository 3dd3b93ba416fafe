//! The keys and small values of the log's keyspaces, as bytes.
//!
//! Owns their layout: integers are big-endian, so that byte order is number order. It refuses to know what they mean
//! for a change (`resolve`) or for disk space (`prune`). Reading never panics.

/// The last event of one id, as `latest` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Latest {
    /// Its sequence.
    pub(super) sequence: u64,
    /// Whether that event left a product.
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// There is a product; the digest of its event's bytes tells most changes from repetitions without reading them.
    Present { digest: u64 },
    /// It was deleted.
    Deleted,
}

const PRESENT: u8 = 1;
const DELETED: u8 = 2;

impl Latest {
    pub(super) fn encode(self) -> Vec<u8> {
        let (kind, digest) = match self.state {
            State::Present { digest } => (PRESENT, digest),
            State::Deleted => (DELETED, 0),
        };
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&digest.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (sequence, digest) = decode_pair(rest)?;
        let state = match *kind {
            PRESENT => State::Present { digest },
            DELETED => State::Deleted,
            _ => return None,
        };
        Some(Self { sequence, state })
    }
}

/// A record of `garbage`: once every projection holds `superseded_by` durably, `sequence` may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbage {
    /// The event that made the other needless; itself, for the trace of a deletion.
    pub(super) superseded_by: u64,
    /// The event that may go.
    pub(super) sequence: u64,
}

impl Garbage {
    pub(super) fn encode(self) -> Vec<u8> {
        [self.superseded_by.to_be_bytes(), self.sequence.to_be_bytes()].concat()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (superseded_by, sequence) = decode_pair(bytes)?;
        Some(Self { superseded_by, sequence })
    }
}

pub(super) fn encode_number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

pub(super) fn decode_number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

fn decode_pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = bytes.split_at_checked(8)?;
    Some((decode_number(first)?, decode_number(second)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_back(sequence in any::<u64>(), other in any::<u64>()) {
            for state in [State::Present { digest: other }, State::Deleted] {
                let latest = Latest { sequence, state };
                prop_assert_eq!(Latest::decode(&latest.encode()), Some(latest));
            }
            let garbage = Garbage { superseded_by: other, sequence };
            prop_assert_eq!(Garbage::decode(&garbage.encode()), Some(garbage));
            prop_assert_eq!(decode_number(&encode_number(sequence)), Some(sequence));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (Latest::decode(&bytes), Garbage::decode(&bytes), decode_number(&bytes));
        }

        #[test]
        fn byte_order_is_number_order(a in any::<(u64, u64)>(), b in any::<(u64, u64)>()) {
            let encode = |(superseded_by, sequence)| Garbage { superseded_by, sequence }.encode();
            prop_assert_eq!(encode(a).cmp(&encode(b)), a.cmp(&b));
        }
    }
}
