//! The touch table on disk, so that answers which outlive the process can still prove themselves after a restart.
//!
//! Saved with a checkpoint; what came after it is touched again by the replay. A file that is cut, damaged, of another
//! history or of a sequence that does not fit is as good as none: then the table begins anew where the walk begins.
//!
//! Layout, integers little-endian: magic, start id in force at the sequence, sequence, `complete_from`, number of slots,
//! the slots, then the XXH3-64 of everything before.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use super::touch_table::{SLOTS_MAX, TouchTable};

/// Raised with the layout.
const MAGIC: &[u8; 8] = b"SFTOUCH1";

/// Bytes written at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// What a saved table belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saved {
    /// The start id in force at `sequence`.
    pub(crate) start: u64,
    /// Every touch through it is in the table.
    pub(crate) sequence: u64,
}

/// Writes the table beside `path` and puts it in its place.
pub(crate) fn save(path: &Path, table: &TouchTable, saved: Saved) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut out =
        Hashed { inner: BufWriter::with_capacity(BUFFER_BYTES, File::create(&temporary)?), hash: Xxh3::new() };
    out.write_all(MAGIC)?;
    let slots = table.sequences().len() as u64;
    for number in [saved.start, saved.sequence, table.complete_from(), slots] {
        out.write_all(&number.to_le_bytes())?;
    }
    for sequence in table.sequences() {
        out.write_all(&sequence.to_le_bytes())?;
    }
    let digest = out.hash.digest();
    out.inner.write_all(&digest.to_le_bytes())?;
    out.inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
    std::fs::rename(temporary, path)
}

/// Reads a table; `None` for whatever is not one.
pub(crate) fn load(path: &Path) -> Option<(TouchTable, Saved)> {
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path).ok()?);
    let mut input = Hashed { inner: file, hash: Xxh3::new() };
    let mut magic = [0; 8];
    input.read_exact(&mut magic).ok()?;
    let [start, sequence, complete_from, slots] = [input.number()?, input.number()?, input.number()?, input.number()?];
    let slots = usize::try_from(slots).ok().filter(|slots| slots.is_power_of_two() && *slots <= SLOTS_MAX)?;
    if magic != *MAGIC || complete_from > sequence {
        return None;
    }
    let table = TouchTable::new(slots, complete_from);
    for slot in 0..slots {
        table.restore(slot, input.number()?);
    }
    let expected = input.hash.digest();
    let mut digest = [0; 8];
    input.inner.read_exact(&mut digest).ok()?;
    (u64::from_le_bytes(digest) == expected).then_some((table, Saved { start, sequence }))
}

/// Hashes what passes through.
struct Hashed<T> {
    inner: T,
    hash: Xxh3,
}

impl<T: Write> Hashed<T> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Hashed<T> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.hash.update(bytes);
        Ok(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read_exact(&mut bytes).ok()?;
        Some(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: Saved = Saved { start: 7, sequence: 40 };

    fn table() -> TouchTable {
        let table = TouchTable::new(64, 5);
        (0..40).for_each(|n| table.touch(n * 77, n));
        table
    }

    #[test]
    fn a_saved_table_is_read_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("touches");
        assert!(load(&path).is_none());
        save(&path, &table(), SAVED).expect("saves");
        let (read, saved) = load(&path).expect("a table");
        assert_eq!((saved, read.complete_from()), (SAVED, 5));
        assert!(read.sequences().eq(table().sequences()));
    }

    #[test]
    fn a_file_that_is_cut_or_changed_anywhere_is_as_good_as_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("touches");
        save(&path, &table(), SAVED).expect("saves");
        let bytes = std::fs::read(&path).expect("reads");
        for at in 0..bytes.len() {
            std::fs::write(&path, &bytes[..at]).expect("writes");
            assert!(load(&path).is_none(), "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            std::fs::write(&path, changed).expect("writes");
            assert!(load(&path).is_none(), "changed at {at}");
        }
    }
}
