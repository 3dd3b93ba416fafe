//! Filters, resolved against the catalog's fields and evaluated per segment.

use std::fmt::Write;
use std::ops::Bound;

use smallvec::SmallVec;
use tantivy::columnar::BytesColumn;

use crate::analysis::fold::fold_value;
use crate::error::IndexError;
use crate::filter::{Filter, Literal};
use crate::live::LiveRows;
use crate::product::{Scalar, normalised_category, released_seconds};
use crate::query::fields::{FieldRef, resolve};
use crate::snapshot::Snapshot;
use crate::store::keyword::{self, Column, Value};
use crate::store::schema::NumberField;
use crate::store::segment::{Numbers, Ords, SegmentColumns, has_ord_in, ord_or_next};

/// Leap seconds are not counted in RFC 3339 time.
const DAY_SECONDS: f64 = 86_400.0;
/// Behind every term of one value and before those of the next.
const DISPLAY_END: u8 = 3;
const DISPLAY: u8 = 2;

/// A filter with its fields resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// Some value of the field is one of these terms.
    Terms {
        term_field: String,
        column: Column,
        terms: Vec<(Vec<u8>, Scalar)>,
    },
    /// Some number of the attribute lies in the range of terms.
    TermRange {
        column: Column,
        from: Vec<u8>,
        to: Vec<u8>,
    },
    Number {
        field: NumberField,
        from: Bound<f64>,
        to: Bound<f64>,
    },
}

impl Condition {
    /// Resolves the fields of a filter; one that no product has is refused.
    pub(crate) fn resolve(snapshot: &Snapshot, filter: &Filter) -> Result<Self, IndexError> {
        Self::resolve_as(&|name| resolve(snapshot, name, "filter"), filter)
    }

    /// Resolves the fields of a filter by `field`.
    pub(crate) fn resolve_as(
        field_of: &impl Fn(&str) -> Result<FieldRef, IndexError>,
        filter: &Filter,
    ) -> Result<Self, IndexError> {
        let all = |operands: &[Filter]| {
            operands.iter().map(|operand| Self::resolve_as(field_of, operand)).collect::<Result<_, _>>()
        };
        Ok(match filter {
            Filter::And(operands) => Self::And(all(operands)?),
            Filter::Or(operands) => Self::Or(all(operands)?),
            Filter::Not(operand) => Self::Not(Box::new(Self::resolve_as(field_of, operand)?)),
            Filter::Equals { field, value } => match field_of(field)? {
                FieldRef::Number(number) => {
                    let from = number_literal(field, number, value)?;
                    let to = match number {
                        // A date without a time is the whole day.
                        NumberField::Released if !value.text.contains(['T', 't', ' ']) => {
                            Bound::Excluded(from + DAY_SECONDS)
                        }
                        _ => Bound::Included(from),
                    };
                    Self::Number { field: number, from: Bound::Included(from), to }
                }
                FieldRef::Keyword { term_field, column } => {
                    let terms = literal_values(&term_field, value)
                        .into_iter()
                        .map(|scalar| (keyword::term(&term_field, &scalar), scalar))
                        .collect();
                    Self::Terms { term_field, column, terms }
                }
            },
            Filter::Range { field, from, to } => match field_of(field)? {
                FieldRef::Number(number) => Self::Number { field: number, from: *from, to: *to },
                FieldRef::Keyword { term_field, column } => {
                    let (from, to) = term_range(&term_field, *from, *to);
                    Self::TermRange { column, from, to }
                }
            },
        })
    }

    /// Clauses for the touch table, one per condition that a product must meet: equality on content gives one, `OR`
    /// only if every branch does, of `AND` inside a branch any one; the rest gives none.
    pub(crate) fn clauses(&self) -> Vec<Vec<String>> {
        match self {
            Self::And(operands) => operands.iter().flat_map(Self::clauses).collect(),
            Self::Or(operands) => {
                let branches: Option<Vec<Vec<String>>> =
                    operands.iter().map(|operand| operand.clauses().into_iter().next()).collect();
                branches.map(|branches| vec![branches.concat()]).unwrap_or_default()
            }
            Self::Terms { term_field, terms, .. } => {
                vec![terms.iter().map(|(_, value)| touch(term_field, value)).collect()]
            }
            Self::Not(_) | Self::TermRange { .. } | Self::Number { .. } => Vec::new(),
        }
    }

    /// The values that the condition selects by equality, outside any `NOT`: for each literal the forms that it may
    /// mean, with their terms.
    pub(crate) fn selected(&self) -> Vec<&Vec<(Vec<u8>, Scalar)>> {
        match self {
            Self::And(operands) | Self::Or(operands) => operands.iter().flat_map(Self::selected).collect(),
            Self::Terms { terms, .. } => vec![terms],
            Self::Not(_) | Self::TermRange { .. } | Self::Number { .. } => Vec::new(),
        }
    }

    /// Whether it speaks of a live field.
    pub(crate) fn is_live(&self) -> bool {
        match self {
            Self::And(operands) | Self::Or(operands) => operands.iter().any(Self::is_live),
            Self::Not(operand) => operand.is_live(),
            Self::Number { field, .. } => field.is_live(),
            Self::Terms { .. } | Self::TermRange { .. } => false,
        }
    }

    /// The one field that the condition speaks of, if it is one.
    pub(crate) fn only_field(&self) -> Option<FieldRef> {
        match self {
            Self::And(operands) | Self::Or(operands) => {
                let mut fields = operands.iter().map(Self::only_field);
                let first = fields.next()??;
                fields.all(|field| field.as_ref() == Some(&first)).then_some(first)
            }
            Self::Not(operand) => operand.only_field(),
            Self::Terms { term_field, column, .. } => {
                Some(FieldRef::Keyword { term_field: term_field.clone(), column: *column })
            }
            Self::TermRange { column, from, .. } => {
                let end = from.iter().position(|&byte| byte == 0)?;
                let term_field = String::from_utf8(from[..end].to_vec()).ok()?;
                Some(FieldRef::Keyword { term_field, column: *column })
            }
            Self::Number { field, .. } => Some(FieldRef::Number(*field)),
        }
    }
}

/// The touch form of a filterable value: `brand=nike`.
pub(crate) fn touch(term_field: &str, value: &Scalar) -> String {
    let mut form = String::new();
    match value {
        Scalar::Text(text) => {
            write_touch_value(term_field, Value::Text { written: text, folded: &fold_value(text) }, &mut form);
        }
        Scalar::Number(number) => write_touch_value(term_field, Value::Number(*number), &mut form),
        Scalar::Bool(flag) => write_touch_value(term_field, Value::Bool(*flag), &mut form),
    }
    form
}

/// Writes the touch form of a filterable value.
pub(crate) fn write_touch_value(term_field: &str, value: Value<'_>, form: &mut String) {
    form.clear();
    form.extend([term_field, "="]);
    match value {
        Value::Text { folded, .. } => form.push_str(folded),
        // Writing to a string cannot fail.
        Value::Number(number) => drop(write!(form, "{number}")),
        Value::Bool(flag) => form.push_str(if flag { "true" } else { "false" }),
    }
}

fn number_literal(name: &str, field: NumberField, literal: &Literal) -> Result<f64, IndexError> {
    let text = literal.text.trim();
    let number = match (field, text.to_ascii_lowercase().as_str()) {
        (NumberField::InStock, "true") => Some(1.0),
        (NumberField::InStock, "false") => Some(0.0),
        (NumberField::InStock, _) => None,
        (NumberField::Released, _) => released_seconds(text).or_else(|| text.parse().ok()),
        _ => text.parse().ok(),
    };
    number.filter(|number: &f64| number.is_finite()).ok_or_else(|| {
        let kind = match field {
            NumberField::InStock => "`true` or `false`",
            NumberField::Released => "a date such as 2026-01-31",
            _ => "a number",
        };
        IndexError::InvalidRequest { parameter: "filter", message: format!("`{name}` takes {kind}, not `{text}`") }
    })
}

/// What a literal may mean: `8` a number or a text, `"8"` a text only.
fn literal_values(term_field: &str, literal: &Literal) -> Vec<Scalar> {
    let text = match term_field {
        // `A>B` is `A > B`, as in products.
        "categories" => normalised_category(&literal.text).unwrap_or_default(),
        _ => literal.text.clone(),
    };
    let mut values = Vec::new();
    if !literal.quoted {
        match text.to_ascii_lowercase().as_str() {
            "true" => values.push(Scalar::Bool(true)),
            "false" => values.push(Scalar::Bool(false)),
            // Adding zero turns -0 into 0, as products have it: what an answer depends on is compared as text.
            number => {
                values.extend(number.parse().ok().filter(|n: &f64| n.is_finite()).map(|n| Scalar::Number(n + 0.0)));
            }
        }
    }
    values.push(Scalar::Text(text));
    values
}

/// Number bounds as bounds of terms: from inclusive, to exclusive.
fn term_range(term_field: &str, from: Bound<f64>, to: Bound<f64>) -> (Vec<u8>, Vec<u8>) {
    let term = |number: f64, behind: bool| {
        let mut term = keyword::term(term_field, &Scalar::Number(number));
        if behind {
            term.push(0);
        }
        term
    };
    let prefix = keyword::number_prefix(term_field);
    let from = match from {
        Bound::Included(number) => term(number, false),
        Bound::Excluded(number) => term(number, true),
        Bound::Unbounded => prefix.clone(),
    };
    let to = match to {
        Bound::Included(number) => term(number, true),
        Bound::Excluded(number) => term(number, false),
        Bound::Unbounded => {
            let mut end = prefix;
            if let Some(tag) = end.last_mut() {
                *tag += 1;
            }
            end
        }
    };
    (from, to)
}

/// A condition within one segment.
pub(crate) enum SegmentCondition<'a> {
    And(Vec<SegmentCondition<'a>>),
    Or(Vec<SegmentCondition<'a>>),
    Not(Box<SegmentCondition<'a>>),
    Ords { column: &'a BytesColumn, ranges: SmallVec<[Ords; 2]> },
    Number { numbers: Numbers<'a>, from: Bound<f64>, to: Bound<f64> },
    Never,
}

impl<'a> SegmentCondition<'a> {
    pub(crate) fn open(
        condition: &Condition,
        columns: &'a SegmentColumns,
        rows: &'a LiveRows<'_>,
    ) -> Result<Self, IndexError> {
        let all = |operands: &[Condition]| {
            operands.iter().map(|operand| Self::open(operand, columns, rows)).collect::<Result<_, _>>()
        };
        Ok(match condition {
            Condition::And(operands) => Self::And(all(operands)?),
            Condition::Or(operands) => Self::Or(all(operands)?),
            Condition::Not(operand) => Self::Not(Box::new(Self::open(operand, columns, rows)?)),
            Condition::Terms { column, terms, .. } => match columns.keyword(*column) {
                None => Self::Never,
                Some(values) => {
                    let mut ranges = SmallVec::new();
                    for (term, _) in terms {
                        value_ords(values, term, &mut ranges)?;
                    }
                    if ranges.is_empty() { Self::Never } else { Self::Ords { column: values, ranges } }
                }
            },
            Condition::TermRange { column, from, to } => match columns.keyword(*column) {
                None => Self::Never,
                Some(values) => {
                    let ord = |key: &[u8]| ord_or_next(values, key).map_err(tantivy::TantivyError::from);
                    let range = ord(from)?..ord(to)?;
                    if range.is_empty() {
                        Self::Never
                    } else {
                        Self::Ords { column: values, ranges: SmallVec::from_iter([range]) }
                    }
                }
            },
            Condition::Number { field, from, to } => match columns.numbers(*field, rows) {
                Numbers::None => Self::Never,
                numbers => Self::Number { numbers, from: *from, to: *to },
            },
        })
    }

    pub(crate) fn matches(&self, doc: u32) -> bool {
        match self {
            Self::And(operands) => operands.iter().all(|operand| operand.matches(doc)),
            Self::Or(operands) => operands.iter().any(|operand| operand.matches(doc)),
            Self::Not(operand) => !operand.matches(doc),
            Self::Ords { column, ranges } => ranges.iter().any(|range| has_ord_in(column, doc, range)),
            Self::Number { numbers, from, to } => {
                numbers.of(doc).is_some_and(|number| std::ops::RangeBounds::contains(&(*from, *to), &number))
            }
            Self::Never => false,
        }
    }
}

/// Ordinals of a value's column terms: as folded, and with each way of writing it.
fn value_ords(column: &BytesColumn, term: &[u8], ranges: &mut SmallVec<[Ords; 2]>) -> Result<(), IndexError> {
    let ord = |suffix: &[u8]| ord_or_next(column, &[term, suffix].concat()).map_err(tantivy::TantivyError::from);
    for range in [ord(&[])?..ord(&[0])?, ord(&[DISPLAY])?..ord(&[DISPLAY_END])?] {
        match ranges.last_mut() {
            Some(last) if last.end == range.start && !range.is_empty() => last.end = range.end,
            _ if !range.is_empty() => ranges.push(range),
            _ => {}
        }
    }
    Ok(())
}
