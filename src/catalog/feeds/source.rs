//! Where records come from: a file or a stream, plain or gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::Format;

/// Bytes read at a time: large enough that a call costs nothing beside the parsing.
const BUFFER_BYTES: usize = 64 << 10;

/// First bytes of every gzip file (RFC 1952).
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// A stream of records, decompressed.
pub struct Source {
    /// How they are written.
    pub format: Format,
    /// The records. How much comes out of a compressed stream is for the caller to bound.
    pub input: Box<dyn BufRead + Send>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Source").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Source {
    /// A stream whose compression is told by its first bytes, and its format by `name`, or by its content if the name
    /// tells none (`-`). Blocking: it waits for the first bytes.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn new(name: &str, mut input: impl BufRead + Send + 'static) -> io::Result<Self> {
        let mut input: Box<dyn BufRead + Send> = if input.fill_buf()?.starts_with(GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(input)))
        } else {
            Box::new(input)
        };
        let format = match Format::of_file_name(name) {
            Some(format) => format,
            None => Format::of_content(input.fill_buf()?),
        };
        Ok(Self { format, input })
    }
}

/// Opens a file; `-` is standard input.
///
/// # Errors
/// The file cannot be opened or read.
pub fn open(path: &Path) -> io::Result<Source> {
    let name = path.to_string_lossy();
    if name == "-" {
        return Source::new(&name, BufReader::with_capacity(BUFFER_BYTES, io::stdin()));
    }
    Source::new(&name, BufReader::with_capacity(BUFFER_BYTES, File::open(path)?))
}
