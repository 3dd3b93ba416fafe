//! Text that is a number.
//!
//! Owns the two spellings that Storefind knows: JSON's, which decides types, and the looser decimal one, which is
//! taken where only a number can stand. It knows no thousands separators, decimal commas or currencies: guessing
//! which of `1.234` and `1,234` is meant would be wrong for half of the world.

use serde_json::Number;

/// The number that `text` spells in JSON's grammar, which allows no leading zero, no plus sign and no blanks.
///
/// `007` and `1.` are text. So is a whole number that a double-precision number cannot hold exactly: a serial number
/// of 20 digits would come back with other digits.
pub fn json_number(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    let may_be = bytes.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-')
        && bytes.last().is_some_and(u8::is_ascii_digit);
    if !may_be {
        return None;
    }
    let number: Number = serde_json::from_str(text).ok()?;
    let whole = !text.contains(['.', 'e', 'E']);
    (!whole || is_exact(&number)).then_some(number)
}

/// Largest magnitude up to which every whole number is a double of its own.
const EXACT_MAX: i64 = 1 << 53;

fn is_exact(number: &Number) -> bool {
    number.as_i64().is_some_and(|whole| (-EXACT_MAX..=EXACT_MAX).contains(&whole)) || number.as_f64() == Some(0.0)
}

/// The value as JSON shows it best: whole numbers without a fraction.
pub(crate) fn shown_number(value: f64) -> serde_json::Value {
    match whole(value) {
        Some(whole) => whole.into(),
        None => value.into(),
    }
}

/// `value` as an integer, if it is one that a double holds exactly.
pub(super) fn whole(value: f64) -> Option<i64> {
    // The bound makes the cast exact.
    (value.fract() == 0.0 && value.abs() <= EXACT_MAX as f64).then_some(value as i64)
}

/// The finite number that `text` spells with digits, point, sign and exponent; leading zeros are fine. Blanks around it
/// are ignored. Never `-0`.
pub(crate) fn decimal_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let spelt = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !spelt {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    // Adding zero turns -0 into 0, so that equal numbers have one spelling.
    number.is_finite().then_some(number + 0.0)
}
