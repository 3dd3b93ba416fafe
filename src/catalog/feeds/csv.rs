//! CSV with a header row (RFC 4180, with `\n` or `\r\n`), one product a row.
//!
//! Types as API.md has them: lists are separated by `|`, a JSON number is a number, `true` and `false` are boolean, the
//! rest is text and an empty cell is absent. Columns that fill text fields are text as they stand, so that the article
//! number `12E4` is not a number and the title `A | B` no list. Blanks around a cell are dropped, rows of empty cells
//! passed over, columns without a name ignored; columns of one name make a list.

use std::io::BufRead;

use csv_core::ReadRecordResult;
use serde_json::{Map, Value};
use storefind_index::feed::{Column, FeedMapping};
use storefind_index::product::json_number;

use super::{LineError, RECORD_BYTES_MAX, Record, record};

/// Most columns: five times the attributes of one product, since a sparse table has a column for each of all products.
const COLUMNS_MAX: usize = 10_000;

/// Rows of an input.
pub(super) struct Rows<'m, R> {
    input: R,
    mapping: &'m FeedMapping,
    parser: csv_core::Reader,
    header: Vec<(String, Column)>,
    row: Row,
    /// Line that comes next.
    line: u64,
    state: State,
}

/// One row: the text of its cells without separators, and where each ends. Both buffers are reused.
#[derive(Debug, Default)]
struct Row {
    text: Vec<u8>,
    text_length: usize,
    ends: Vec<usize>,
    cells: usize,
    is_too_long: bool,
    /// Whether the input ended inside a quoted cell.
    is_open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Ended,
}

impl<R> std::fmt::Debug for Rows<'_, R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Rows").field("line", &self.line).field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'m, R: BufRead> Rows<'m, R> {
    pub(super) fn new(input: R, mapping: &'m FeedMapping) -> Self {
        let mut parser = csv_core::Reader::new();
        // An empty line, which it passes over: a parser that has read something does not look for a byte order mark
        // itself. It would take a buffer of nothing else for the end of the input.
        parser.read_record(b"\n", &mut [0], &mut [0]);
        Self { input, mapping, parser, header: Vec::new(), row: Row::default(), line: 1, state: State::Header }
    }

    pub(super) fn next(&mut self) -> Option<(u64, Record)> {
        while self.state != State::Ended {
            let line = match self.read_row() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    self.state = State::Ended;
                    return Some((self.line, Err(LineError::read_failed(self.line, &error))));
                }
            };
            if self.state == State::Header {
                match self.row.header(line, self.mapping) {
                    Ok(header) => (self.header, self.state) = (header, State::Rows),
                    Err(error) => {
                        self.state = State::Ended;
                        return Some((line, Err(error)));
                    }
                }
            } else if let Some(record) = self.row.record(line, &self.header).transpose() {
                return Some((line, record));
            }
        }
        self.state = State::Ended;
        None
    }

    /// Reads the next row; the line that it begins on, `None` at the end of the input.
    fn read_row(&mut self) -> std::io::Result<Option<u64>> {
        if self.row.is_open {
            // It went on to the end, and the parser still waits for its quote.
            return Ok(None);
        }
        self.row.clear();
        if self.state == State::Header && record::upcoming(&mut self.input)?.starts_with(record::BOM) {
            self.input.consume(record::BOM.len());
        }
        self.skip_line_ends()?;
        let start = self.line;
        loop {
            let chunk = record::upcoming(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(self.end_row().then_some(start));
            }
            let (text, ends) = self.row.room();
            let (result, read, written, ended) = self.parser.read_record(chunk, text, ends);
            self.line += chunk.iter().take(read).filter(|byte| **byte == b'\n').count() as u64;
            self.input.consume(read);
            self.row.text_length += written;
            self.row.cells += ended;
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::Record => return Ok(Some(start)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Ends the last row of an input. The parser is given one more line end: it ends a row, is nothing where there is
    /// none, and is a character like any other where a quote is still open. False if there is no row.
    fn end_row(&mut self) -> bool {
        loop {
            let (text, ends) = self.row.room();
            let (result, read, written, ended) = self.parser.read_record(b"\n", text, ends);
            self.row.text_length += written;
            self.row.cells += ended;
            match result {
                ReadRecordResult::Record => return true,
                ReadRecordResult::End => return false,
                ReadRecordResult::InputEmpty if read > 0 => {
                    self.row.is_open = written > 0;
                    return self.row.is_open;
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
    }

    /// Passes over what is left of the last row's end and over empty lines, so that `line` is that of the next row.
    fn skip_line_ends(&mut self) -> std::io::Result<()> {
        loop {
            let chunk = record::upcoming(&mut self.input)?;
            let ends = chunk.iter().take_while(|byte| matches!(**byte, b'\r' | b'\n'));
            let (bytes, lines) =
                ends.fold((0, 0), |(bytes, lines), byte| (bytes + 1, lines + u64::from(*byte == b'\n')));
            self.line += lines;
            self.input.consume(bytes);
            if bytes == 0 {
                return Ok(());
            }
        }
    }
}

impl Row {
    fn clear(&mut self) {
        (self.text_length, self.cells, self.is_too_long, self.is_open) = (0, 0, false, false);
    }

    /// Free room for text and ends, which the parser needs one of beyond what it fills. A row that is too long goes on being read, over itself.
    fn room(&mut self) -> (&mut [u8], &mut [usize]) {
        const TEXT_START: usize = 4 << 10;
        const ENDS_START: usize = 64;
        if self.text_length == self.text.len() {
            if self.text_length > RECORD_BYTES_MAX {
                (self.text_length, self.is_too_long) = (0, true);
            } else {
                self.text.resize((self.text.len() * 2).clamp(TEXT_START, RECORD_BYTES_MAX + 1), 0);
            }
        }
        if self.cells == self.ends.len() {
            if self.cells > COLUMNS_MAX {
                (self.cells, self.is_too_long) = (0, true);
            } else {
                self.ends.resize((self.ends.len() * 2).clamp(ENDS_START, COLUMNS_MAX + 1), 0);
            }
        }
        // Both lengths are at most those of their buffers.
        (self.text.get_mut(self.text_length..).unwrap_or_default(), self.ends.get_mut(self.cells..).unwrap_or_default())
    }

    /// The cells, blanks around them dropped.
    fn cells(&self, line: u64) -> Result<Vec<&str>, LineError> {
        if self.is_too_long || self.text_length > RECORD_BYTES_MAX || self.cells > COLUMNS_MAX {
            let message = format!(
                "the row has more than {RECORD_BYTES_MAX} bytes or {COLUMNS_MAX} cells; perhaps a quote is not closed"
            );
            return Err(LineError::new(line, "record_too_long", message));
        }
        if self.is_open {
            let message = "a quote of the row is not closed, so the row goes on to the end of the file";
            return Err(LineError::new(line, "invalid_csv", message));
        }
        let invalid = || LineError::new(line, "invalid_utf8", "the row is not UTF-8");
        let text = self.text.get(..self.text_length).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| invalid())?;
        let mut start = 0;
        self.ends
            .iter()
            .take(self.cells)
            .map(|end| {
                let cell = text.get(start..*end).ok_or_else(invalid)?;
                start = *end;
                Ok(cell.trim())
            })
            .collect()
    }

    fn header(&self, line: u64, mapping: &FeedMapping) -> Result<Vec<(String, Column)>, LineError> {
        let names = self.cells(line)?;
        let refuse = |message: String| Err(LineError::new(line, "invalid_csv", message));
        if let [only] = names.as_slice()
            && let Some(other) = only.chars().find(|character| matches!(character, ';' | '\t'))
        {
            return refuse(format!("the header has one column with {other:?} in it: cells are separated by commas"));
        }
        if names.iter().all(|name| name.is_empty()) {
            return refuse("the header names no column".to_owned());
        }
        Ok(names.into_iter().map(|name| (name.to_owned(), mapping.column(name))).collect())
    }

    /// The record of a row; `None` if every cell is empty.
    fn record(&self, line: u64, header: &[(String, Column)]) -> Result<Option<Map<String, Value>>, LineError> {
        let cells = self.cells(line)?;
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(None);
        }
        if cells.len() != header.len() {
            let (found, expected) = (cells.len(), header.len());
            let message = format!("the row has {found} cells, the header {expected}");
            return Err(LineError::new(line, "invalid_csv", message));
        }
        let mut record = Map::new();
        for (cell, (name, column)) in cells.into_iter().zip(header) {
            if name.is_empty() {
                continue;
            }
            if let Some(value) = value(cell, *column) {
                add(&mut record, name, value);
            }
        }
        Ok(Some(record))
    }
}

fn add(record: &mut Map<String, Value>, name: &str, value: Value) {
    let Some(known) = record.get_mut(name) else {
        record.insert(name.to_owned(), value);
        return;
    };
    let list = |value: Value| match value {
        Value::Array(values) => values,
        one => vec![one],
    };
    let mut values = list(known.take());
    values.extend(list(value));
    *known = Value::Array(values);
}

/// What a cell holds; `None` if nothing.
fn value(cell: &str, column: Column) -> Option<Value> {
    let scalar = |text: &str| match column {
        Column::Text | Column::TextList => Value::from(text),
        Column::Typed => typed(text),
    };
    if column == Column::Text || !cell.contains('|') {
        return (!cell.is_empty()).then(|| scalar(cell));
    }
    let values: Vec<Value> = cell.split('|').map(str::trim).filter(|text| !text.is_empty()).map(scalar).collect();
    (!values.is_empty()).then_some(Value::Array(values))
}

fn typed(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => json_number(text).map_or_else(|| text.into(), Value::Number),
    }
}
