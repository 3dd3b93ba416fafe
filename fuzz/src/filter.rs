//! The filter grammar.

use storefind_index::filter::{Filter, FilterError, parse};

/// Longest message in characters: it repeats at most a few words of the filter.
const MESSAGE_CHARS_MAX: usize = 300;

/// A text is a filter, and then its canonical form and its text mean the same, or an error with a place in the text.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse(text) {
        Ok(filter) => check_filter(&filter),
        Err(error) => check_error(text, &error),
    }
}

fn check_filter(filter: &Filter) {
    let canonical = filter.canonical();
    assert_eq!(canonical.canonical(), canonical, "the canonical form has another canonical form");
    for written in [filter.to_string(), canonical.to_string()] {
        match parse(&written) {
            Ok(again) => assert_eq!(again.canonical(), canonical, "{written}"),
            // Brackets are written wherever they help the reader, so the text may be deeper or longer than allowed.
            Err(error) => assert!(error.message.starts_with("more than "), "{written}: {error}"),
        }
    }
    let mut fields: Vec<&str> = canonical.fields().collect();
    assert!(fields.iter().all(|field| !field.trim().is_empty()), "a field without a name");
    fields.retain(|field| !filter.fields().any(|given| given == *field));
    assert!(fields.is_empty(), "fields that nobody named: {fields:?}");
}

fn check_error(text: &str, error: &FilterError) {
    assert!((1..=text.chars().count() + 1).contains(&error.at), "{error:?} is outside of {text:?}");
    assert!(error.message.ends_with(&format!(" at character {}", error.at)), "{error:?}");
    assert!(error.message.chars().count() <= MESSAGE_CHARS_MAX, "{error:?}");
}
