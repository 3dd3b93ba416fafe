//! The ledger on disk: the questions to ask again after a restart.
//!
//! Written whole beside the old one and renamed, so that a reader finds one or the other. Whatever is not what was
//! written is as good as none: a start without questions is cold, and nothing else. The file holds what shoppers typed,
//! so none but its owner may read it.
//!
//! Layout, integers little-endian: magic, number of questions; for each how often it was asked (a double), its cost in
//! nanoseconds, length and text; then the XXH3-64 of everything before.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::ledger::{KEPT_MAX, Kept};
use super::question::BYTES_MAX;

/// What every format begins with.
const FAMILY: &[u8; 7] = b"SFASKED";
/// Raised with the layout.
const FORMAT: u8 = b'1';
/// Bytes of a question beside its text.
const FIXED_BYTES: usize = 8 + 8 + 2;
/// Bytes beside questions.
const FRAME_BYTES: usize = FAMILY.len() + 1 + 4 + 8;
/// Largest file that is read: every question at its limit.
const FILE_BYTES_MAX: usize = FRAME_BYTES + KEPT_MAX * (FIXED_BYTES + BYTES_MAX);

/// Why there are no questions to be had from a file.
#[derive(Debug)]
pub(super) enum Unusable {
    /// There is none.
    Absent,
    /// Another version of this program wrote it.
    OtherFormat,
    /// It is not what was written.
    Damaged,
    /// The disk or its rights.
    Unreadable(io::Error),
}

/// Writes the questions in place of those that were saved before.
pub(super) fn save(path: &Path, kept: &[Kept]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    // Not synced: what a power failure leaves of it does not pass for questions.
    file.write_all(&encode(kept))?;
    drop(file);
    std::fs::rename(temporary, path)
}

/// Reads what was saved.
pub(super) fn load(path: &Path) -> Result<Vec<Kept>, Unusable> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::Absent,
        _ => Unusable::Unreadable(error),
    })?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(Unusable::Unreadable)?;
    decode(&bytes)
}

/// Removes what was saved, if anything was.
pub(super) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "the saved questions could not be removed");
    }
}

fn encode(kept: &[Kept]) -> Vec<u8> {
    // What cannot be read back is not written; the ledger holds none of it.
    let kept: Vec<&Kept> = kept.iter().filter(|kept| kept.question.len() <= BYTES_MAX).take(KEPT_MAX).collect();
    let mut bytes = Vec::new();
    bytes.extend_from_slice(FAMILY);
    bytes.push(FORMAT);
    bytes.extend_from_slice(&(kept.len() as u32).to_le_bytes());
    for Kept { question, times, cost } in kept {
        bytes.extend_from_slice(&times.to_le_bytes());
        bytes.extend_from_slice(&u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(&(question.len() as u16).to_le_bytes());
        bytes.extend_from_slice(question.as_bytes());
    }
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Result<Vec<Kept>, Unusable> {
    let behind = bytes.strip_prefix(FAMILY).ok_or(Unusable::Damaged)?;
    if *behind.first().ok_or(Unusable::Damaged)? != FORMAT {
        return Err(Unusable::OtherFormat);
    }
    read(bytes).ok_or(Unusable::Damaged)
}

fn read(bytes: &[u8]) -> Option<Vec<Kept>> {
    let (content, digest) = bytes.split_last_chunk()?;
    if bytes.len() > FILE_BYTES_MAX || xxh3_64(content) != u64::from_le_bytes(*digest) {
        return None;
    }
    let mut rest = content.get(FAMILY.len() + 1..)?;
    let questions = u32::from_le_bytes(take(&mut rest)?);
    let mut kept = Vec::new();
    for _ in 0..questions {
        let times = f64::from_le_bytes(take(&mut rest)?);
        let cost = Duration::from_nanos(u64::from_le_bytes(take(&mut rest)?));
        let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let (text, behind) = rest.split_at_checked(length)?;
        rest = behind;
        let is_sound = times.is_finite() && times >= 0.0 && kept.len() < KEPT_MAX;
        let question = str::from_utf8(text).ok().filter(|text| is_sound && text.len() <= BYTES_MAX)?.into();
        kept.push(Kept { question, times, cost });
    }
    rest.is_empty().then_some(kept)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn some() -> Vec<Kept> {
        let kept =
            |question: &str, times, nanos| Kept { question: question.into(), times, cost: Duration::from_nanos(nanos) };
        vec![kept("q=caf%C3%A9&facets=*", 12.5, 3_000_000), kept("", 2.0, 1), kept("q=é", 1.5, u64::MAX)]
    }

    fn sealed(content: &[u8]) -> Vec<u8> {
        [content, &xxh3_64(content).to_le_bytes()].concat()
    }

    #[test]
    fn what_was_saved_is_read_back_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("questions");
        assert!(matches!(load(&path), Err(Unusable::Absent)));
        for kept in [some(), Vec::new(), some()] {
            save(&path, &kept).unwrap();
            assert_eq!(load(&path).unwrap(), kept);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        remove(&path);
        remove(&path);
        assert!(matches!(load(&path), Err(Unusable::Absent)));
        assert!(matches!(load(folder.path()), Err(Unusable::Unreadable(_))));
    }

    #[test]
    fn a_file_that_is_cut_or_changed_anywhere_is_as_good_as_none() {
        let bytes = encode(&some());
        for at in 0..bytes.len() {
            assert!(decode(&bytes[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(decode(&changed).is_err(), "bit {bit} changed at {at}");
            }
        }
        assert!(decode(&[bytes.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn another_format_is_told_from_damage() {
        let mut newer = encode(&some());
        newer[FAMILY.len()] = FORMAT + 1;
        assert!(matches!(decode(&newer), Err(Unusable::OtherFormat)));
        assert!(matches!(decode(b"something else"), Err(Unusable::Damaged)));
    }

    #[test]
    fn what_nobody_writes_is_refused_though_its_checksum_is_right() {
        let head = |questions: u32| [FAMILY.as_slice(), &[FORMAT], &questions.to_le_bytes()].concat();
        let question = |times: f64, length: u16, text: &[u8]| {
            [&times.to_le_bytes(), &1_u64.to_le_bytes(), length.to_le_bytes().as_slice(), text].concat()
        };
        let file = |questions: u32, content: Vec<u8>| decode(&sealed(&[head(questions), content].concat()));
        assert!(file(1, question(2.0, 1, b"q")).is_ok());
        for (questions, content) in [
            (2, question(2.0, 1, b"q")),
            (0, question(2.0, 1, b"q")),
            (u32::MAX, Vec::new()),
            (1, question(2.0, 9, b"q")),
            (1, question(2.0, 1, b"\xff")),
            (1, question(f64::NAN, 1, b"q")),
            (1, question(-1.0, 1, b"q")),
            (1, question(2.0, BYTES_MAX as u16 + 1, &[b'q'; BYTES_MAX + 1])),
        ] {
            assert!(matches!(file(questions, content), Err(Unusable::Damaged)));
        }
        let many = |questions: usize| file(questions as u32, question(2.0, 1, b"q").repeat(questions));
        assert!(many(KEPT_MAX).is_ok() && many(KEPT_MAX + 1).is_err());
    }

    #[test]
    fn as_many_as_are_kept_at_their_longest_can_be_read_back() {
        let kept = Kept { question: "q".repeat(BYTES_MAX).into(), times: 2.0, cost: Duration::ZERO };
        let bytes = encode(&vec![kept; KEPT_MAX]);
        assert_eq!(bytes.len(), FILE_BYTES_MAX);
        assert_eq!(decode(&bytes).unwrap().len(), KEPT_MAX);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(content: Vec<u8>) {
            drop(decode(&content));
            drop(decode(&sealed(&[FAMILY.as_slice(), &[FORMAT], &content].concat())));
        }
    }
}
