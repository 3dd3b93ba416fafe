//! How single values are written: durations, sizes, addresses, lists.
//!
//! Owns the text forms and their error messages. It does not know which key a value belongs to: the caller adds key
//! and source to the message. Every parser here is total: any text gives a value or a sentence.

use std::net::SocketAddr;
use std::time::Duration;

/// Units of a duration, longest suffix first so that `ms` is not read as `s`.
const DURATION_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
/// Units of a size, longest suffix first. Both families exist because people write both and mean both.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];
/// Longest duration that any key takes: a day. More is a slip of the unit.
const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);

/// Reads `"1s"`, `"250ms"`, `"1.5s"`, `"2m"`, `"0s"`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as \"250ms\", \"1s\" or \"2m\"".to_owned();
    let text = text.trim();
    let (number, scale) = DURATION_UNITS
        .iter()
        .find_map(|(unit, scale)| text.strip_suffix(unit).map(|number| (number, *scale)))
        .ok_or_else(expected)?;
    let number: f64 = decimal(number).ok_or_else(expected)?;
    let duration = Duration::try_from_secs_f64(number * scale as f64 / 1e3).map_err(|_| expected())?;
    if duration > DURATION_MAX {
        return Err("a duration is at most 24h".into());
    }
    Ok(duration)
}

/// Reads `"512MiB"`, `"1GB"` or plain bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let expected = || "expected a size such as \"512MiB\", \"1GB\" or a number of bytes".to_owned();
    let lower = text.trim().to_ascii_lowercase();
    let (number, scale) = SIZE_UNITS
        .iter()
        .find_map(|(unit, scale)| lower.strip_suffix(unit).map(|number| (number, *scale)))
        .unwrap_or((&lower, 1));
    let number = number.trim().replace('_', "");
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(scale).ok_or_else(expected);
    }
    let bytes = decimal(&number).ok_or_else(expected)? * scale as f64;
    if bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err(expected()) }
}

/// Reads a whole number.
pub(super) fn count(text: &str) -> Result<usize, String> {
    text.trim().replace('_', "").parse().map_err(|_| "expected a whole number".to_owned())
}

/// Reads `address:port`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse(),
        None => text.parse(),
    }
    .map_err(|_| "expected an address and a port such as \"127.0.0.1:7700\"".to_owned())
}

/// Reads a header value: visible ASCII.
pub(super) fn header(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        Ok(text.to_owned())
    } else {
        Err("expected the text of an HTTP header".into())
    }
}

/// Reads one of a closed set of words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text.trim()).map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("expected one of {}", all.join(", "))
    })
}

/// Digits with at most one dot; `f64::from_str` alone would also take `inf`, `nan` and `1e9`.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let cases = [
            ("1s", Some(1_000)),
            ("250ms", Some(250)),
            ("0s", Some(0)),
            ("1.5s", Some(1_500)),
            ("2m", Some(120_000)),
            ("24h", Some(86_400_000)),
            ("25h", None),
            ("1", None),
            ("-1s", None),
            ("infs", None),
            ("1e3s", None),
            ("s", None),
            ("", None),
            ("1 parsec", None),
        ];
        for (text, millis) in cases {
            assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_both_families_of_units() {
        let cases = [
            ("512MiB", Some(512 << 20)),
            ("1GB", Some(1_000_000_000)),
            ("1 gb", Some(1_000_000_000)),
            ("1.5KiB", Some(1_536)),
            ("1048576", Some(1_048_576)),
            ("1_000", Some(1_000)),
            ("10b", Some(10)),
            ("five", None),
            ("-1", None),
            ("99999999999999TB", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn addresses_have_a_port() {
        for good in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:7700", "localhost:7700", "0.0.0.0:7700", "[::]:7700"] {
            assert!(address(good).is_ok(), "{good}");
        }
        assert!(address("localhost:1").unwrap().ip().is_loopback());
        for bad in ["127.0.0.1", "7700", "shop.example:80", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
