//! One input file: its records, and how far it has been read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;

use crate::catalog::feeds::Source;

/// Bytes read at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// A file that is being read.
pub(super) struct InputFile {
    path: PathBuf,
    bytes: Option<u64>,
    read: Arc<AtomicU64>,
}

impl InputFile {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<(Self, Source), anyhow::Error> {
        let read = Arc::new(AtomicU64::new(0));
        let name = path.to_string_lossy();
        let context = || format!("cannot read {name}");
        let (source, bytes) = if name == "-" {
            (Source::new(&name, buffered(io::stdin(), read.clone())).with_context(context)?, None)
        } else {
            let file = File::open(path).with_context(context)?;
            // A pipe has no length.
            let bytes = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
            (Source::new(&name, buffered(file, read.clone())).with_context(context)?, bytes)
        };
        Ok((Self { path: path.to_owned(), bytes, read }, source))
    }

    /// The name, for people.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Its length as it lies on the disk, if it has one.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Bytes read so far, as they lie on the disk.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

fn buffered<R: Read>(reader: R, read: Arc<AtomicU64>) -> BufReader<Counting<R>> {
    BufReader::with_capacity(BUFFER_BYTES, Counting { reader, read })
}

struct Counting<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
