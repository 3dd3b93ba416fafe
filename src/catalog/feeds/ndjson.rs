//! NDJSON: one object a line; blank lines are passed over.

use std::io::{BufRead, Read};

use super::{LineError, RECORD_BYTES_MAX, Record, record};

/// Lines of an input that are not blank.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    /// Reused, so that its capacity settles at the longest line.
    buffer: Vec<u8>,
    line: u64,
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, whose limits are those of every feed.
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), line: 0, failed: false }
    }

    pub(super) fn next(&mut self) -> Option<(u64, Record)> {
        let (line, bytes) = self.next_line()?;
        Some((line, bytes.and_then(|bytes| record::object(bytes, line, "line"))))
    }

    /// The next line as it stands, with its number from 1, or why it cannot be read; `None` at the end. For callers
    /// that know the few fields of their lines and need no object.
    pub fn next_line(&mut self) -> Option<(u64, Result<&[u8], LineError>)> {
        while !self.failed {
            self.line += 1;
            match self.read_line() {
                Ok(false) => return None,
                Ok(true) => {}
                Err(error) => {
                    self.failed = true;
                    return Some((self.line, Err(LineError::read_failed(self.line, &error))));
                }
            }
            if self.buffer.len() > RECORD_BYTES_MAX {
                return Some((self.line, Err(LineError::too_long(self.line, "line"))));
            }
            if !record::is_blank(self.without_mark()) {
                return Some((self.line, Ok(self.without_mark())));
            }
        }
        None
    }

    /// The line without the mark that some editors put before the first.
    fn without_mark(&self) -> &[u8] {
        let bytes = self.buffer.as_slice();
        if self.line == 1 { bytes.strip_prefix(record::BOM).unwrap_or(bytes) } else { bytes }
    }

    /// Puts the next line into the buffer, without its end. Of a line that is too long, one byte more than is allowed
    /// is kept and the rest passed over. False at the end of the input.
    fn read_line(&mut self) -> std::io::Result<bool> {
        self.buffer.clear();
        let limit = RECORD_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if read as u64 == limit {
            self.input.skip_until(b'\n')?;
        }
        Ok(read > 0)
    }
}
