//! What the readers share: the next bytes of an input, and bytes of one JSON record → object.

use std::io::{self, BufRead, ErrorKind};

use serde_json::Value;

use super::{LineError, Record};

/// What some editors put before UTF-8.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads one object; `what` is `line` or `element`.
pub(super) fn object(bytes: &[u8], line: u64, what: &str) -> Record {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to() + 1;
        LineError::new(line, "invalid_utf8", format!("the {what} is not UTF-8 from its byte {byte} on"))
    })?;
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => {
            let found = match other {
                Value::Array(_) => "an array",
                Value::String(_) => "text",
                Value::Number(_) => "a number",
                Value::Bool(_) => "a boolean",
                Value::Null | Value::Object(_) => "null",
            };
            Err(LineError::new(line, "invalid_json", format!("the {what} is {found}, expected an object")))
        }
        Err(error) => {
            let place = format!(" at line {} column {}", error.line(), error.column());
            let reason = error.to_string();
            let reason = reason.strip_suffix(&place).unwrap_or(&reason);
            let column = error.column();
            Err(LineError::new(
                line,
                "invalid_json",
                format!("the {what} is not JSON: {reason} at its column {column}"),
            ))
        }
    }
}

/// Whether there is nothing but blanks.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// The bytes that come next, none at the end. Interrupted reads are repeated.
pub(super) fn upcoming<R: BufRead>(input: &mut R) -> io::Result<&[u8]> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}
