//! Tree → text that parses back to the same canonical tree.

use std::fmt::{self, Display, Formatter, Write};
use std::ops::Bound;

use super::{Filter, Literal};

impl Display for Filter {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(operands) => joined(out, operands, " AND "),
            Self::Or(operands) => joined(out, operands, " OR "),
            Self::Not(operand) => {
                out.write_str("NOT ")?;
                grouped(out, operand)
            }
            Self::Equals { field, value } => {
                name(out, field)?;
                write!(out, ":{value}")
            }
            Self::Range { field, from, to } => range(out, field, *from, *to),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let bare = !self.quoted && can_be_bare(&self.text, |character| !character.is_whitespace());
        let operator = self.text.starts_with(['<', '>', '=']) || self.text.starts_with("!=");
        if bare && !operator { out.write_str(&self.text) } else { quoted(out, &self.text) }
    }
}

fn joined(out: &mut Formatter<'_>, operands: &[Filter], between: &str) -> fmt::Result {
    for (at, operand) in operands.iter().enumerate() {
        if at > 0 {
            out.write_str(between)?;
        }
        grouped(out, operand)?;
    }
    Ok(())
}

/// Groups stand in parentheses wherever they are operands: readers need not know which keyword binds tighter.
fn grouped(out: &mut Formatter<'_>, operand: &Filter) -> fmt::Result {
    match operand {
        Filter::And(_) | Filter::Or(_) => write!(out, "({operand})"),
        Filter::Not(_) | Filter::Equals { .. } | Filter::Range { .. } => write!(out, "{operand}"),
    }
}

fn range(out: &mut Formatter<'_>, field: &str, from: Bound<f64>, to: Bound<f64>) -> fmt::Result {
    name(out, field)?;
    // `TO` knows inclusive bounds only; the canonical bounds of two are.
    match super::canonical::bounds(from, to) {
        (Bound::Included(from), Bound::Unbounded) => write!(out, " >= {}", number(from)),
        (Bound::Excluded(from), Bound::Unbounded) => write!(out, " > {}", number(from)),
        (Bound::Unbounded, Bound::Included(to)) => write!(out, " <= {}", number(to)),
        (Bound::Unbounded, Bound::Excluded(to)) => write!(out, " < {}", number(to)),
        (Bound::Unbounded, Bound::Unbounded) => out.write_str(":* TO *"),
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            write!(out, ":{} TO {}", number(from), number(to))
        }
    }
}

fn name(out: &mut Formatter<'_>, field: &str) -> fmt::Result {
    let bare = can_be_bare(field, |character| !character.is_whitespace() && !"\":<>=!".contains(character));
    if bare { out.write_str(field) } else { quoted(out, field) }
}

fn can_be_bare(text: &str, accepts: impl Fn(char) -> bool) -> bool {
    !text.is_empty()
        && !text.starts_with('"')
        && !is_keyword(text)
        && text.chars().all(|character| accepts(character) && character != '(' && character != ')')
}

fn quoted(out: &mut Formatter<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.write_char('\\')?;
        }
        out.write_char(character)?;
    }
    out.write_char('"')
}

/// The words of the grammar, in any case.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "to"].into_iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// The shortest text that reads as `number`: without a fraction where there is none, with an exponent where it is long.
pub(super) fn number(number: f64) -> String {
    const LONG: f64 = 1e15;
    if number.abs() < LONG && (number == 0.0 || number.abs() >= 1.0 / LONG) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}
