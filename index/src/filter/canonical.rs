//! Tree → canonical tree: nested groups flattened, operands sorted by their text and each once, `NOT NOT` gone.

use std::ops::Bound;

use super::{Filter, Literal};
use crate::product::{Field, Kind, day_of};

/// See [`Filter::canonical`].
pub(super) fn filter(given: &Filter) -> Filter {
    match given {
        Filter::And(operands) => group(operands, Filter::And, |operand| match operand {
            Filter::And(operands) => Ok(operands),
            other => Err(other),
        }),
        Filter::Or(operands) => group(operands, Filter::Or, |operand| match operand {
            Filter::Or(operands) => Ok(operands),
            other => Err(other),
        }),
        Filter::Not(operand) => match filter(operand) {
            Filter::Not(inner) => *inner,
            other => Filter::Not(Box::new(other)),
        },
        Filter::Equals { field, value } => Filter::Equals { field: field.clone(), value: literal(field, value) },
        Filter::Range { field, from, to } => {
            let (from, to) = bounds(*from, *to);
            Filter::Range { field: field.clone(), from, to }
        }
    }
}

fn group(
    operands: &[Filter],
    join: fn(Vec<Filter>) -> Filter,
    open: impl Fn(Filter) -> Result<Vec<Filter>, Filter>,
) -> Filter {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match open(filter(operand)) {
            Ok(inner) => flat.extend(inner),
            Err(other) => flat.push(other),
        }
    }
    flat.sort_by_cached_key(Filter::to_string);
    flat.dedup();
    match (flat.pop(), flat.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            flat.push(last);
            join(flat)
        }
        (None, _) => join(flat),
    }
}

fn literal(field: &str, value: &Literal) -> Literal {
    let text = value.text.trim();
    let numeric = Field::from_name(field).is_some_and(|field| field.kind() == Kind::Number);
    let unquoted = Literal { text: text.to_owned(), quoted: false };
    match unquoted.number() {
        Some(number) if numeric && !value.quoted => Literal { text: super::text::number(number), quoted: false },
        // Quotes change what these are compared with; around any other text they mean nothing.
        Some(_) => Literal { quoted: value.quoted, ..unquoted },
        None if unquoted.boolean().is_some() || day_of(text).is_some() => Literal { quoted: value.quoted, ..unquoted },
        None => unquoted,
    }
}

/// Two finite bounds are both inclusive, because `TO` is; the next double makes an exclusive one so.
pub(super) fn bounds(from: Bound<f64>, to: Bound<f64>) -> (Bound<f64>, Bound<f64>) {
    // Adding zero turns -0 into 0.
    let (from, to) = (from.map(|number| number + 0.0), to.map(|number| number + 0.0));
    if from == Bound::Unbounded || to == Bound::Unbounded {
        return (from, to);
    }
    let inclusive = |bound: Bound<f64>, next: fn(f64) -> f64| match bound {
        Bound::Excluded(number) => Bound::Included(next(number) + 0.0),
        other => other,
    };
    (inclusive(from, f64::next_up), inclusive(to, f64::next_down))
}
