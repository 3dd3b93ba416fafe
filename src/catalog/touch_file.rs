//! The touch table on disk, so that answers which outlive the process can still prove themselves after a restart.
//!
//! Saved with a checkpoint; what came after it is touched again by the replay. A file that is cut, damaged, of another
//! history or of a sequence that does not fit is as good as none: then the table begins anew where the walk begins.
//!
//! Layout, integers little-endian: magic, start id in force at the sequence, sequence, `complete_from`, number of slots,
//! the slots, then the XXH3-64 of everything before.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use xxhash_rust::xxh3::Xxh3;

use super::touch_table::{SLOTS_MAX, TouchTable};
use super::visibility::Visibility;

/// Raised with the layout.
const MAGIC: &[u8; 8] = b"SFTOUCH1";

/// Bytes written at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// Slots that are hashed and copied together. A power of two, as their number is, so that blocks are full.
const BLOCK_SLOTS: usize = 1 << 12;

/// What a saved table belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saved {
    /// The start id in force at `sequence`.
    pub(crate) start: u64,
    /// Every touch through it is in the table.
    pub(crate) sequence: u64,
}

/// Writes the table beside `path` and puts it in its place.
fn save(path: &Path, table: &TouchTable, saved: Saved) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut out =
        Hashed { inner: BufWriter::with_capacity(BUFFER_BYTES, File::create(&temporary)?), hash: Xxh3::new() };
    out.write_all(MAGIC)?;
    let slots = table.sequences().len() as u64;
    for number in [saved.start, saved.sequence, table.complete_from(), slots] {
        out.write_all(&number.to_le_bytes())?;
    }
    let mut block = Vec::with_capacity(BLOCK_SLOTS * 8);
    for sequence in table.sequences() {
        block.extend_from_slice(&sequence.to_le_bytes());
        if block.len() == BLOCK_SLOTS * 8 {
            out.write_all(&block)?;
            block.clear();
        }
    }
    out.write_all(&block)?;
    let digest = out.hash.digest();
    out.inner.write_all(&digest.to_le_bytes())?;
    // Not synced: what a power failure leaves of it does not pass for a table.
    out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
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
    let mut block = vec![0; BLOCK_SLOTS.min(slots) * 8];
    for first in (0..slots).step_by(BLOCK_SLOTS) {
        input.read_exact(&mut block).ok()?;
        for (slot, bytes) in (first..).zip(block.chunks_exact(8)) {
            table.restore(slot, u64::from_le_bytes(bytes.try_into().ok()?));
        }
    }
    let expected = input.hash.digest();
    let mut digest = [0; 8];
    input.inner.read_exact(&mut digest).ok()?;
    (u64::from_le_bytes(digest) == expected).then_some((table, Saved { start, sequence }))
}

/// Saves a table beside the thread that touches it: a large one takes a good part of a publication's interval.
///
/// What is touched while a table is saved may be in it or not; either way everything through its sequence is.
pub(crate) struct Saver {
    path: PathBuf,
    /// Sequence of the last table that was begun to be saved.
    saved: u64,
    running: Option<JoinHandle<()>>,
}

impl Saver {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, saved: 0, running: None }
    }

    /// Begins to save the table, unless nothing was published since the last time or that is still being saved.
    pub(crate) fn save(&mut self, visibility: &Arc<Visibility>) {
        let sequence = visibility.validated();
        if sequence <= self.saved || self.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        let (path, shared) = (self.path.clone(), Arc::clone(visibility));
        let body = move || save_or_warn(&path, &shared, sequence);
        match std::thread::Builder::new().name("save-touches".to_owned()).spawn(body) {
            Ok(running) => (self.saved, self.running) = (sequence, Some(running)),
            Err(error) => tracing::warn!(%error, "the touch table could not be saved"),
        }
    }

    /// Ends, and saves what was published since the last time.
    pub(crate) fn finish(self, visibility: &Visibility) {
        if let Some(running) = self.running
            && running.join().is_err()
        {
            tracing::error!("saving the touch table ended in a panic");
        }
        let sequence = visibility.validated();
        if sequence > self.saved {
            save_or_warn(&self.path, visibility, sequence);
        }
    }
}

/// A table that is not saved costs computations after a restart, nothing else.
fn save_or_warn(path: &Path, visibility: &Visibility, sequence: u64) {
    let saved = Saved { start: visibility.start_at(sequence), sequence };
    if let Err(error) = save(path, visibility.touches(), saved) {
        tracing::warn!(%error, path = %path.display(), "the touch table could not be saved");
    }
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
