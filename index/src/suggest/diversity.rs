//! Keeps variants of one phrase from filling the list.
//!
//! Owns when two suggestions say the same. Which comes first is decided elsewhere; this refuses the later one.

/// Results count as the same when the smaller number is at least this share of the greater: of "Galaxy S7 Edge" (38)
/// and "Galaxy S7 Edge Cell" (36) one is enough.
const SAME_RESULTS_SHARE: f64 = 0.9;

/// What of a phrase tells whether another repeats it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gist<'a> {
    /// Numbers of the stems of its words, sorted and without repetitions.
    pub(super) stems: &'a [u32],
    /// Products that it finds.
    pub(super) results: u64,
}

/// Whether `later` adds nothing to `earlier`: the same words in singular or plural or another order, or all words of
/// one within the other and the same results.
pub(super) fn repeats(earlier: Gist<'_>, later: Gist<'_>) -> bool {
    let (a, b) = (earlier.stems, later.stems);
    if a == b {
        return true;
    }
    let (fewer, more) = if a.len() < b.len() { (a, b) } else { (b, a) };
    same_results(earlier.results, later.results) && is_subset(fewer, more)
}

fn same_results(a: u64, b: u64) -> bool {
    a.min(b) as f64 >= a.max(b) as f64 * SAME_RESULTS_SHARE
}

/// Whether every one of `fewer` is among `more`, both sorted.
fn is_subset(fewer: &[u32], more: &[u32]) -> bool {
    let mut more = more.iter();
    fewer.iter().all(|wanted| more.any(|have| have == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;
    use crate::suggest::Source;
    use crate::suggest::normalise::normalise;
    use crate::suggest::phrases::{Draft, Phrases};
    use crate::suggest::words::Words;

    fn check(a: (&str, u64), b: (&str, u64), expected: bool) {
        let mut drafts = [a, b].map(|(text, results)| Draft {
            key: normalise(text).into(),
            text: text.into(),
            weight: 1.0,
            results,
            source: Source::Name,
            category: None,
            scopes: Vec::new(),
        });
        drafts.sort_by(|a, b| a.key.cmp(&b.key));
        let phrases = Phrases::new(&drafts, &Words::new(Language::English));
        assert_eq!(repeats(phrases.gist(0), phrases.gist(1)), expected, "{a:?} and {b:?}");
        assert_eq!(repeats(phrases.gist(1), phrases.gist(0)), expected, "{b:?} and {a:?}");
    }

    #[test]
    fn the_same_words_are_a_repetition_whatever_they_find() {
        check(("Laptop Bag", 50), ("laptop bags", 3), true);
        check(("iPhone case", 50), ("Case for iPhone", 3), true);
        check(("Laptop Bag", 50), ("Laptop Stand", 50), false);
    }

    #[test]
    fn more_words_are_a_repetition_only_with_the_same_results() {
        check(("HP Pavilion", 30), ("HP Pavilion dv7", 30), true);
        check(("HP Pavilion", 30), ("HP Pavilion dv7", 27), true);
        check(("HP Pavilion", 30), ("HP Pavilion dv7", 26), false);
        check(("HP Pavilion", 30), ("Dell Pavilion", 30), false);
    }
}
