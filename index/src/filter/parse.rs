//! Text → tree, by recursive descent. Depth and number of conditions are checked before each step down, so that no
//! input can use up the stack.

use std::ops::Bound;

use super::text::is_keyword;
use super::{FILTER_BYTES_MAX, FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX, Filter, FilterError, Literal};
use crate::product::{day_of, decimal_number};

/// How much of the filter a message repeats, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// See [`super::parse()`].
pub(super) fn filter(text: &str) -> Result<Filter, FilterError> {
    let mut parser = Parser { text, at: 0, conditions: 0 };
    if text.len() > FILTER_BYTES_MAX {
        let mut at = FILTER_BYTES_MAX;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        return Err(
            parser.error(at, &format!("more than {FILTER_BYTES_MAX} bytes, the filter is {} long,", text.len()))
        );
    }
    let filter = parser.or(0)?;
    parser.skip_blanks();
    match parser.peek() {
        None => Ok(filter),
        Some(')') => Err(parser.error(parser.at, "`)` without a `(`")),
        Some(_) => Err(parser.expected("`AND`, `OR` or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte offset of what comes next; always a character's start.
    at: usize,
    conditions: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `:` and `=`.
    Is,
    /// `!=`.
    IsNot,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A bound as written: a number or an instant (`start` = `end`), a day, or an open end.
#[derive(Clone, Copy)]
enum Point {
    Open,
    Span { start: f64, end: f64 },
}

impl<'a> Parser<'a> {
    fn or(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let first = self.and(depth)?;
        self.chain(first, "or", Filter::Or, |parser| parser.and(depth))
    }

    fn and(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let first = self.not(depth)?;
        self.chain(first, "and", Filter::And, |parser| parser.not(depth))
    }

    /// `first`, or all operands that follow it behind `keyword`.
    fn chain(
        &mut self,
        first: Filter,
        keyword: &str,
        join: fn(Vec<Filter>) -> Filter,
        operand: impl Fn(&mut Self) -> Result<Filter, FilterError>,
    ) -> Result<Filter, FilterError> {
        if !self.take_keyword(keyword) {
            return Ok(first);
        }
        let mut operands = vec![first, operand(self)?];
        while self.take_keyword(keyword) {
            operands.push(operand(self)?);
        }
        Ok(join(operands))
    }

    fn not(&mut self, depth: usize) -> Result<Filter, FilterError> {
        self.skip_blanks();
        let start = self.at;
        if self.take_keyword("not") {
            self.check_depth(depth, start)?;
            return Ok(Filter::Not(Box::new(self.not(depth + 1)?)));
        }
        if !self.take("(") {
            return self.condition();
        }
        self.check_depth(depth, start)?;
        let inner = self.or(depth + 1)?;
        self.skip_blanks();
        if self.take(")") {
            return Ok(inner);
        }
        let open = self.characters_before(start) + 1;
        Err(self.expected(&format!("`AND`, `OR` or the `)` for the `(` of character {open}")))
    }

    fn check_depth(&self, depth: usize, start: usize) -> Result<(), FilterError> {
        if depth < FILTER_DEPTH_MAX {
            return Ok(());
        }
        Err(self.error(start, &format!("more than {FILTER_DEPTH_MAX} levels of `(` and `NOT`")))
    }

    fn condition(&mut self) -> Result<Filter, FilterError> {
        let start = self.at;
        let field = self.field()?;
        if self.conditions == FILTER_CONDITIONS_MAX {
            return Err(self.error(start, &format!("more than {FILTER_CONDITIONS_MAX} conditions")));
        }
        self.conditions += 1;
        let operator = self.operator(start)?;
        let value = self.value(start)?;
        match operator {
            Operator::Is => self.equals_or_range(field, value, start),
            Operator::IsNot => Ok(Filter::Not(Box::new(Filter::Equals { field, value: value.literal }))),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let (from, to) = self.compared(operator, &value)?;
                Ok(Filter::Range { field, from, to })
            }
        }
    }

    fn field(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        if self.peek() == Some('"') {
            let field = self.quoted()?;
            if field.trim().is_empty() {
                return Err(self.error(start, "expected a field, found a blank name"));
            }
            return Ok(field);
        }
        let name = self.take_while(|character| !is_delimiter(character) && !"\":<>=!".contains(character));
        if name.is_empty() {
            return Err(self.expected("a field"));
        }
        self.skip_blanks();
        if is_keyword(name) && !self.peek().is_some_and(|next| ":<>=!".contains(next)) {
            return Err(self.error(start, &format!("expected a field, found the keyword `{name}`")));
        }
        Ok(name.to_owned())
    }

    fn operator(&mut self, start: usize) -> Result<Operator, FilterError> {
        self.skip_blanks();
        let colon = self.take(":");
        // As `price:>10`, which users of other engines write.
        for (spelling, operator) in [
            ("!=", Operator::IsNot),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Is),
        ] {
            if self.take(spelling) {
                return Ok(operator);
            }
        }
        if colon {
            return Ok(Operator::Is);
        }
        Err(self.expected(&format!("`:` or a comparison after `{}`", self.shown_from(start))))
    }

    fn value(&mut self, start: usize) -> Result<Value, FilterError> {
        let before = self.shown_from(start);
        self.skip_blanks();
        let at = self.at;
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            if text.trim().is_empty() {
                return Err(self.error(at, &format!("expected a value after `{before}`, found a blank one")));
            }
            return Ok(Value { literal: Literal { text, quoted: true }, at });
        }
        let text = self.take_while(|character| !is_delimiter(character));
        if text.is_empty() {
            return Err(self.error(at, &format!("expected a value after `{before}`")));
        }
        if is_keyword(text) {
            let found = format!(", found the keyword `{text}` (as a value it must be quoted)");
            return Err(self.error(at, &format!("expected a value after `{before}`{found}")));
        }
        Ok(Value { literal: Literal { text: text.to_owned(), quoted: false }, at })
    }

    fn equals_or_range(&mut self, field: String, value: Value, start: usize) -> Result<Filter, FilterError> {
        if !self.take_keyword("to") {
            return Ok(Filter::Equals { field, value: value.literal });
        }
        let upper = self.value(start)?;
        let from = match self.point(&value)? {
            Point::Open => Bound::Unbounded,
            Point::Span { start, .. } => Bound::Included(start),
        };
        let to = match self.point(&upper)? {
            Point::Open => Bound::Unbounded,
            Point::Span { start, end } if start == end => Bound::Included(start),
            // The last double before the next midnight, so that both bounds are inclusive and print as `TO`.
            Point::Span { end, .. } => Bound::Included(end.next_down()),
        };
        Ok(Filter::Range { field, from, to })
    }

    fn compared(&self, operator: Operator, value: &Value) -> Result<(Bound<f64>, Bound<f64>), FilterError> {
        let Point::Span { start, end } = self.point(value)? else {
            return Err(self.error(value.at, "expected a number or a date, found `*`"));
        };
        let is_instant = start == end;
        Ok(match operator {
            Operator::Less => (Bound::Unbounded, Bound::Excluded(start)),
            Operator::LessOrEqual if is_instant => (Bound::Unbounded, Bound::Included(end)),
            Operator::LessOrEqual => (Bound::Unbounded, Bound::Excluded(end)),
            Operator::Greater if is_instant => (Bound::Excluded(end), Bound::Unbounded),
            Operator::Greater => (Bound::Included(end), Bound::Unbounded),
            Operator::GreaterOrEqual | Operator::Is | Operator::IsNot => (Bound::Included(start), Bound::Unbounded),
        })
    }

    fn point(&self, value: &Value) -> Result<Point, FilterError> {
        let text = value.literal.text.trim();
        if text == "*" && !value.literal.quoted {
            return Ok(Point::Open);
        }
        if let Some(day) = day_of(text) {
            return Ok(Point::Span { start: day.start, end: day.end });
        }
        match decimal_number(text) {
            Some(number) => Ok(Point::Span { start: number, end: number }),
            None => Err(self.error(value.at, &format!("expected a number or a date, found `{}`", shortened(text)))),
        }
    }

    /// The text between quotes; the next character is the opening one.
    fn quoted(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        self.take("\"");
        let mut text = String::new();
        while let Some(character) = self.next() {
            match character {
                '"' => return Ok(text),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.next()),
                other => text.push(other),
            }
        }
        Err(self.error(start, "the quote is not closed that begins"))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character| !accepts(character)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes blanks and the keyword, or nothing. `or:5` is a condition on a field `or`, not the keyword.
    fn take_keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        self.skip_blanks();
        let word = self.take_while(|character| character.is_ascii_alphabetic());
        let ends = self.peek().is_none_or(|next| is_delimiter(next) || next == '"');
        let found = word.eq_ignore_ascii_case(keyword) && ends;
        if !found {
            self.at = start;
        }
        found
    }

    /// "expected …", with what was found instead.
    fn expected(&self, what: &str) -> FilterError {
        let found = self.rest().split(char::is_whitespace).next().unwrap_or_default();
        let found = if found.is_empty() { String::new() } else { format!(", found `{}`", shortened(found)) };
        self.error(self.at, &format!("expected {what}{found}"))
    }

    fn error(&self, at: usize, problem: &str) -> FilterError {
        let at = self.characters_before(at) + 1;
        FilterError { message: format!("{problem} at character {at}"), at }
    }

    fn characters_before(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().chars().count()
    }

    /// What was read since `start`, for messages.
    fn shown_from(&self, start: usize) -> String {
        shortened(self.text.get(start..self.at).unwrap_or_default().trim_end())
    }
}

/// A value and where it stands.
struct Value {
    literal: Literal,
    at: usize,
}

fn is_delimiter(character: char) -> bool {
    character.is_whitespace() || character == '(' || character == ')'
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
