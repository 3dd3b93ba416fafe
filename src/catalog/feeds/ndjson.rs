//! NDJSON: one object a line; blank lines are passed over.

use std::io::{BufRead, Read};

use super::{LineError, RECORD_BYTES_MAX, Record, record};

/// Lines of an input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    /// Reused, so that its capacity settles at the longest line.
    buffer: Vec<u8>,
    line: u64,
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), line: 0, failed: false }
    }

    pub(super) fn next(&mut self) -> Option<(u64, Record)> {
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
            let bytes = self.buffer.as_slice();
            let bytes = if self.line == 1 { bytes.strip_prefix(record::BOM).unwrap_or(bytes) } else { bytes };
            if !record::is_blank(bytes) {
                return Some((self.line, record::object(bytes, self.line, "line")));
            }
        }
        None
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
