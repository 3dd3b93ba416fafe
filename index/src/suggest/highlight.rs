//! Marks the typed part of a suggestion.
//!
//! Owns the way from a range of the folded key back to the written text. The text itself is not escaped.
//!
//! Invariant: without its two tags a highlight is the text; a tag never stands inside a character or between a letter
//! and the marks on it.

use std::ops::Range;

use super::normalise::{extends_previous, origins};

/// Opens the marked part.
const PRE: &str = "<em>";
/// Closes the marked part.
const POST: &str = "</em>";

/// `text` with the part that the byte range `typed` of its key stems from in `<em>`; without tags if that is empty.
pub(super) fn highlight(text: &str, typed: Range<usize>) -> String {
    let Some(marked) = written_range(text, typed) else { return text.to_owned() };
    let (before, rest) = text.split_at(marked.start);
    let (within, after) = rest.split_at(marked.len());
    let mut out = String::with_capacity(text.len() + PRE.len() + POST.len());
    out.extend([before, PRE, within, POST, after]);
    out
}

/// The part of `text` that a range of its key stems from. A character is in it as a whole or not at all.
fn written_range(text: &str, typed: Range<usize>) -> Option<Range<usize>> {
    if typed.is_empty() {
        return None;
    }
    if text.is_ascii() && !text.starts_with(|c: char| !c.is_ascii_alphanumeric()) && is_plain(text) {
        return (typed.end <= text.len()).then_some(typed);
    }
    let origins = origins(text);
    let start = *origins.get(typed.start)?;
    let last = *origins.get(typed.end - 1)?;
    let mut after = text[last..].char_indices().skip(1).skip_while(|(_, c)| extends_previous(*c));
    let end = after.next().map_or(text.len(), |(at, _)| last + at);
    Some(start..end)
}

/// Whether an ASCII text has its key byte for byte: no two separators in a row (one at the end harms nothing).
fn is_plain(text: &str) -> bool {
    let mut after_separator = false;
    for byte in text.bytes() {
        let separator = !byte.is_ascii_alphanumeric();
        if separator && after_separator {
            return false;
        }
        after_separator = separator;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::normalise::normalise;
    use proptest::prelude::*;

    fn check(text: &str, typed: &str, expected: &str) {
        let key = normalise(text);
        let start = key.find(typed).expect("the case types a part of the key");
        assert_eq!(highlight(text, start..start + typed.len()), expected);
    }

    #[test]
    fn the_typed_part_is_marked_in_the_written_text() {
        check("Laptop Bag", "lapt", "<em>Lapt</em>op Bag");
        check("HP Pavilion", "pav", "HP <em>Pav</em>ilion");
        check("Wi-Fi (2.4 GHz)", "wi fi 2", "<em>Wi-Fi (2</em>.4 GHz)");
        check("(HP) Case", "hp", "(<em>HP</em>) Case");
        check("Crème", "cre", "<em>Crè</em>me");
        check("cafe\u{301} au lait", "cafe", "<em>cafe\u{301}</em> au lait");
        check("Größe", "gros", "<em>Größ</em>e");
        check("ﬁne", "f", "<em>ﬁ</em>ne");
        check("a < b", "a b", "<em>a < b</em>");
    }

    #[test]
    fn nothing_typed_marks_nothing() {
        assert_eq!(highlight("Laptop", 0..0), "Laptop");
    }

    proptest! {
        #[test]
        fn without_tags_a_highlight_is_the_text(text in "\\PC{0,20}|[a-zß é\u{301}ﬁ☺\u{200d}-]{0,12}", start in 0usize..12, len in 0usize..12) {
            prop_assume!(!text.contains('<') && !text.contains('>'));
            let marked = highlight(&text, start..start + len);
            prop_assert_eq!(marked.replace(PRE, "").replace(POST, ""), text.clone());
            let key = normalise(&text);
            if start + len <= key.len() && len > 0 {
                let inner = &marked[marked.find(PRE).expect("marked") + PRE.len()..marked.find(POST).expect("marked")];
                let folded = normalise(inner);
                let typed = &key.as_bytes()[start..start + len];
                let typed = typed.strip_prefix(b" ").unwrap_or(typed);
                let typed = typed.strip_suffix(b" ").unwrap_or(typed);
                prop_assert!(folded.as_bytes().windows(typed.len().max(1)).any(|part| part == typed) || typed.is_empty());
            }
        }
    }
}
