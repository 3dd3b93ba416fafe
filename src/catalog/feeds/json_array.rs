//! A JSON array of objects, element by element.
//!
//! Elements are told apart by their brackets and quotes before any is parsed, so a bad one (`{"a": tru}`) costs only
//! itself. One whose brackets or quotes do not close takes the rest of the array with it, since nothing tells where
//! the next would begin.

use std::io::BufRead;

use super::{LineError, RECORD_BYTES_MAX, Record, record};

/// Elements of an input.
#[derive(Debug)]
pub(super) struct Elements<R> {
    input: R,
    /// Reused, so that its capacity settles at the longest element.
    buffer: Vec<u8>,
    number: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before `[`.
    Start,
    /// Before an element.
    Inside,
    /// After `]`.
    Behind,
    Ended,
}

/// Where in an element the scan stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

/// What an element ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Comma,
    Bracket,
    Input,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), number: 0, state: State::Start }
    }

    pub(super) fn next(&mut self) -> Option<(u64, Record)> {
        loop {
            let step = match self.state {
                State::Start => self.enter(),
                State::Inside => self.element(),
                State::Behind => self.leave(),
                State::Ended => return None,
            };
            match step {
                Ok(None) => {}
                Ok(Some(record)) => return Some((self.number, record)),
                Err(error) => {
                    self.state = State::Ended;
                    return Some((self.number, Err(LineError::read_failed(self.number, &error))));
                }
            }
        }
    }

    fn enter(&mut self) -> std::io::Result<Option<Record>> {
        if record::upcoming(&mut self.input)?.starts_with(record::BOM) {
            self.input.consume(record::BOM.len());
        }
        match self.next_visible()? {
            Some(b'[') => {
                self.input.consume(1);
                self.state = State::Inside;
                Ok(None)
            }
            // An empty body has no products, as an empty NDJSON body has none.
            None => {
                self.state = State::Ended;
                Ok(None)
            }
            Some(_) => Ok(Some(self.end("expected an array of objects (one object a line is NDJSON: .jsonl)"))),
        }
    }

    fn leave(&mut self) -> std::io::Result<Option<Record>> {
        self.state = State::Ended;
        match self.next_visible()? {
            None => Ok(None),
            Some(_) => Ok(Some(self.end("something stands behind the end of the array"))),
        }
    }

    /// Ends the reading with an error.
    fn end(&mut self, message: &str) -> Record {
        self.state = State::Ended;
        Err(LineError::new(self.number, "invalid_json", message))
    }

    fn element(&mut self) -> std::io::Result<Option<Record>> {
        self.number += 1;
        let end = self.read_element()?;
        match end {
            End::Comma => {}
            End::Bracket => self.state = State::Behind,
            End::Input => {
                let message = format!("the array ends in the middle of element {}", self.number);
                return Ok(Some(self.end(&message)));
            }
        }
        if self.buffer.len() > RECORD_BYTES_MAX {
            return Ok(Some(Err(LineError::too_long(self.number, "element"))));
        }
        if record::is_blank(&self.buffer) {
            let is_empty_array = end == End::Bracket && self.number == 1;
            let error = || LineError::new(self.number, "invalid_json", "the element between two commas is missing");
            return Ok((!is_empty_array).then(|| Err(error())));
        }
        Ok(Some(record::object(&self.buffer, self.number, "element")))
    }

    /// Puts the next element into the buffer; of one that is too long, at least one byte more than is allowed.
    fn read_element(&mut self) -> std::io::Result<End> {
        self.buffer.clear();
        let mut scan = Scan::default();
        loop {
            let chunk = record::upcoming(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(End::Input);
            }
            let found = chunk.iter().position(|byte| scan.ends_at(*byte));
            let length = found.unwrap_or(chunk.len());
            if self.buffer.len() <= RECORD_BYTES_MAX {
                self.buffer.extend(chunk.iter().take(length.min(RECORD_BYTES_MAX + 1 - self.buffer.len())));
            }
            let end = found.and_then(|at| chunk.get(at)).copied();
            self.input.consume(length + usize::from(end.is_some()));
            match end {
                Some(b',') => return Ok(End::Comma),
                Some(_) => return Ok(End::Bracket),
                None => {}
            }
        }
    }

    /// The next byte that is not blank, left in the input.
    fn next_visible(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            let chunk = record::upcoming(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blanks = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let visible = chunk.get(blanks).copied();
            self.input.consume(blanks);
            if visible.is_some() {
                return Ok(visible);
            }
        }
    }
}

impl Scan {
    /// Takes a byte; true if it is the comma or bracket behind the element.
    fn ends_at(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'[' | b'{' => self.depth += 1,
            b',' | b']' if self.depth == 0 => return true,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}
