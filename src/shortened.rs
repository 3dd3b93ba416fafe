//! How much of a text an error repeats.
//!
//! What callers send may be megabytes, and an error that repeats it would cost as much again on its way back, a hundred
//! times over for a feed of bad lines. Invariant: the beginning is kept, since that is by which one finds the place.

use std::borrow::Cow;

/// The text, or its first `chars_max` characters and an ellipsis.
pub(crate) fn shortened(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_behind_a_whole_character() {
        for (text, expected) in [("", ""), ("éé", "éé"), ("ééé", "éé…"), ("a\u{1f3a7}b", "a\u{1f3a7}…")] {
            assert_eq!(shortened(text, 2), expected);
        }
    }
}
