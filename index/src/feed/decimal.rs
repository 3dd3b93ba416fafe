//! Exact decimal scaling: 1195 × 0.01 is 11.95, the double nearest to the decimal product, never 11.950000000000001.
//!
//! Owns decimals of up to 20 significant digits and their product. It does no other arithmetic.

use serde_json::{Number, Value};

use crate::product::decimal_number;

/// Most significant digits that text is taken with exactly. Two factors of 20 and 17 digits (an integer of 64 bits and
/// a double) make at most 37, which a `u128` holds.
const DIGITS_MAX: usize = 19;

/// Exponents beyond this are far outside of a double anyway.
const EXPONENT_MAX: i32 = 2_000;

/// `(-1)^negative × digits × 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: u128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal that reads as `value`, which is how a person wrote it. `None` unless finite.
    pub(super) fn of_double(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self::of_spelling(&format!("{value:e}")))?
    }

    /// A decimal as a feed spells it. Beyond [`DIGITS_MAX`] digits, the nearest double's.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let nearest = decimal_number(text)?;
        Self::of_spelling(text).or_else(|| Self::of_double(nearest))
    }

    fn of_number(number: &Number) -> Option<Self> {
        match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => {
                Some(Self { negative: whole < 0, digits: u128::from(whole.unsigned_abs()), exponent: 0 })
            }
            (None, Some(whole)) => Some(Self { negative: false, digits: u128::from(whole), exponent: 0 }),
            (None, None) => Self::of_double(number.as_f64()?),
        }
    }

    /// Reads a spelling that `decimal_number` has already taken; `None` if it has too many digits.
    fn of_spelling(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= EXPONENT_MAX)?;
        let unsigned = mantissa.trim_start_matches(['+', '-']);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let fraction = fraction.trim_end_matches('0');
        let joined = format!("{whole}{fraction}");
        let significant = joined.trim_start_matches('0');
        if significant.len() > DIGITS_MAX {
            return None;
        }
        let digits = if significant.is_empty() { 0 } else { significant.parse().ok()? };
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Some(Self { negative: mantissa.starts_with('-'), digits, exponent })
    }

    /// The double nearest to the product; `None` when that is infinite.
    fn times(self, factor: Self) -> Option<f64> {
        let digits = self.digits.checked_mul(factor.digits)?;
        let exponent = self.exponent.checked_add(factor.exponent)?;
        let magnitude: f64 = format!("{digits}e{exponent}").parse().ok()?;
        let negative = self.negative != factor.negative && digits != 0;
        magnitude.is_finite().then_some(if negative { -magnitude } else { magnitude })
    }
}

/// A value multiplied. What is no number (in digits or as text) stays as it is, and a list is scaled value by value.
pub(super) fn scaled(value: Value, factor: Decimal) -> Value {
    let decimal = match &value {
        Value::Number(number) => Decimal::of_number(number),
        Value::String(text) => Decimal::of_text(text),
        Value::Array(_) => {
            let Value::Array(values) = value else { return value };
            return values.into_iter().map(|value| scaled(value, factor)).collect();
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    };
    match decimal.and_then(|decimal| decimal.times(factor)) {
        Some(product) => product.into(),
        None => value,
    }
}
