//! Packed text: terms with positions in one string, handed through tantivy's tokenizer interface.
//!
//! A product's texts are analysed once, and the same terms go to several fields; handing tantivy the raw text would
//! analyse it once per field, and its pre-tokenised form costs an allocation per term.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Stands before a term at the next position (several of them skip positions).
const NEXT: char = '\u{1}';
/// Stands before a term at the same position as the one before it.
const SAME: char = '\u{2}';
/// Positions between two values of one field, so that no phrase spans them.
const VALUE_GAP: u32 = 16;

/// Collects the terms of one field.
#[derive(Debug, Default)]
pub(super) struct Packed {
    text: String,
    /// Position of the last term, counted from 1; 0 before the first.
    last: u32,
    /// Position at which the current value begins.
    base: u32,
}

impl Packed {
    /// Starts another value of the field.
    pub(super) fn next_value(&mut self) {
        if self.last > 0 {
            self.base = self.last + VALUE_GAP;
        }
    }

    /// Adds a term at a position within the current value. Positions must not fall.
    pub(super) fn push(&mut self, term: &str, position: u32) {
        let at = self.base + position + 1;
        if at <= self.last {
            self.text.push(SAME);
        }
        while self.last < at {
            self.text.push(NEXT);
            self.last += 1;
        }
        self.text.push_str(term);
    }

    /// Adds a term whose position does not matter.
    pub(super) fn push_unplaced(&mut self, term: &str) {
        self.text.push(NEXT);
        self.text.push_str(term);
    }

    /// The packed text; the collector is empty again, its memory is kept.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Empties the collector.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.last = 0;
        self.base = 0;
    }
}

/// Unpacks [`Packed`] text.
#[derive(Clone, Debug, Default)]
pub(super) struct PackedTokenizer {
    token: Token,
}

pub(super) struct PackedStream<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for PackedTokenizer {
    type TokenStream<'a> = PackedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> PackedStream<'a> {
        self.token.reset();
        PackedStream { rest: text, token: &mut self.token }
    }
}

impl TokenStream for PackedStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let mut chars = self.rest.chars();
            match chars.next() {
                None => return false,
                Some(NEXT) => self.token.position = self.token.position.wrapping_add(1),
                Some(_) => {}
            }
            let rest = chars.as_str();
            let end = rest.find([NEXT, SAME]).unwrap_or(rest.len());
            let (term, behind) = rest.split_at(end);
            self.rest = behind;
            if !term.is_empty() {
                self.token.text.clear();
                self.token.text.push_str(term);
                return true;
            }
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_at_their_positions() {
        let mut packed = Packed::default();
        packed.push("running", 0);
        packed.push("~run", 0);
        packed.push("shoes", 1);
        packed.next_value();
        packed.push("red", 0);
        let mut tokenizer = PackedTokenizer::default();
        let mut stream = tokenizer.token_stream(packed.as_str());
        let mut found = Vec::new();
        while stream.advance() {
            found.push((stream.token().text.clone(), stream.token().position));
        }
        let expected = [("running", 0), ("~run", 0), ("shoes", 1), ("red", 18)];
        assert_eq!(found, expected.map(|(term, position)| (term.to_owned(), position)));
    }
}
