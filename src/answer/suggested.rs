//! What the suggestions of the moment say to a prefix.
//!
//! Suggestions are built anew whenever products change, and nearly always say the same to the same prefix. The key of
//! an autocomplete therefore names what they say and not which generation said it: a new generation leaves every entry
//! valid but those that it would answer otherwise. Completing costs some 7 µs, so it is done before the lookup.
//!
//! Words that a merchandiser blocks are left out of suggestions when these are built, and here until then, so that a block
//! holds as soon as its settings do.
//!
//! Invariant: equal digests are equal suggestions, but for one pair in 2⁶⁴.

use std::sync::Arc;

use storefind_index::settings::Settings;
use storefind_index::suggest::{Completion, LIMIT_MAX, Suggestion};
use xxhash_rust::xxh3::Xxh3Default;

use super::effective::CompleteRequest;
use crate::catalog::Suggestions;

/// Suggestions tried for each that is wanted under a key's filter, where some find nothing: each costs a search.
const SUGGESTIONS_TRIED: usize = 4;

/// Suggestions for one request, best first.
#[derive(Debug)]
pub struct Suggested {
    /// Those wanted; under a key's filter more, of which what finds nothing is still to be left out.
    pub list: Vec<Suggestion>,
    /// Stands for all that the list says.
    pub digest: u64,
}

impl Suggested {
    /// Completes the request's prefix under the settings in force.
    pub fn to(request: &CompleteRequest, suggestions: &Suggestions, settings: &Arc<Settings>) -> Self {
        let limit = match request.within {
            None => request.limit,
            Some(_) => (request.limit * SUGGESTIONS_TRIED).min(LIMIT_MAX),
        };
        let category = request.category.as_deref();
        let mut list = suggestions.index.complete(Completion { prefix: &request.q, limit, category, typos: true });
        if let Some(blocked) = suggestions.blocked_by(settings) {
            list.retain(|suggestion| !blocked.blocks(&suggestion.text));
        }
        let digest = digest(&list);
        Self { list, digest }
    }
}

fn digest(list: &[Suggestion]) -> u64 {
    let mut hasher = Xxh3Default::new();
    for Suggestion { text, highlight, category, popularity, results, source } in list {
        for text in [text, highlight, category.as_ref().unwrap_or(&String::new())] {
            hasher.update(text.as_bytes());
            // No text holds this byte, so neighbours cannot run into each other.
            hasher.update(&[0xff]);
        }
        hasher.update(&popularity.to_be_bytes());
        hasher.update(&results.to_be_bytes());
        hasher.update(&[*source as u8]);
    }
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use storefind_index::settings::Language;
    use storefind_index::suggest::SuggestBuilder;

    use super::*;

    fn suggestions(titles: &[&str]) -> Suggestions {
        let mut builder = SuggestBuilder::new(Language::English);
        titles.iter().for_each(|title| builder.add(title, None, &[], None));
        Suggestions::new(1, builder.build(), Arc::default())
    }

    fn digest_of(q: &str, limit: usize, titles: &[&str]) -> u64 {
        let request = CompleteRequest { q: q.into(), limit, products: 3, category: None, filter: None, within: None };
        let suggestions = suggestions(titles);
        Suggested::to(&request, &suggestions, &suggestions.settings).digest
    }

    #[test]
    fn a_word_is_blocked_as_soon_as_the_settings_say_so() {
        let suggestions = suggestions(&["red shoe", "red shoe", "red rug", "red rug"]);
        let within =
            CompleteRequest { q: "red".into(), limit: 8, products: 3, category: None, filter: None, within: None };
        let texts = |settings: &Arc<Settings>| -> Vec<String> {
            Suggested::to(&within, &suggestions, settings).list.into_iter().map(|it| it.text).collect()
        };
        assert!(texts(&suggestions.settings).iter().any(|text| text.contains("shoe")));
        let mut settings = Settings::default();
        settings.autocomplete.blocked = vec!["shoe".into()];
        let left = texts(&Arc::new(settings));
        assert!(!left.is_empty() && !left.iter().any(|text| text.contains("shoe")), "{left:?}");
    }

    #[test]
    fn a_new_generation_that_says_the_same_has_the_same_digest() {
        let before = ["red shoe", "red shoe", "blue bag", "blue bag"];
        let after = ["red shoe", "red shoe", "blue bag", "blue bag", "blue bag"];
        assert_eq!(digest_of("red", 8, &before), digest_of("red", 8, &before));
        assert_ne!(digest_of("blue", 8, &before), digest_of("blue", 8, &after), "the number of results is shown");
        assert_ne!(digest_of("red", 8, &before), digest_of("blue", 8, &before));
        assert_eq!(digest_of("x", 8, &before), digest_of("x", 8, &after), "nothing is nothing");
    }

    #[test]
    fn texts_that_run_into_each_other_are_told_apart() {
        let one = |text: &str, highlight: &str| Suggestion {
            text: text.into(),
            highlight: highlight.into(),
            category: None,
            popularity: 0.0,
            results: 0,
            source: storefind_index::suggest::Source::Name,
        };
        assert_ne!(digest(&[one("ab", "c")]), digest(&[one("a", "bc")]));
        assert_ne!(digest(&[one("a", "b"), one("c", "d")]), digest(&[one("c", "d"), one("a", "b")]));
    }
}
