//! Questions that no cache can know, because each is asked once.
//!
//! Owns making enough of them: the known queries of the catalog in a random order, each once, then each again with a
//! page of another size. So broad and narrow queries are mixed alike at every number of connections, and all of them
//! are what shoppers type: words of titles, brands and categories.
//!
//! Invariant: no two of a row are the same.

use std::collections::HashSet;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::traffic::queries::QueryPool;
use crate::traffic::urls::Urls;

/// Sizes of a page, the usual one first: near enough to cost the same, and different questions.
const PER_PAGE: [u32; 9] = [20, 19, 21, 18, 22, 17, 23, 16, 24];
/// Numbers of suggestions and of products that an autocomplete asks for, the usual ones first.
const LIMITS: [u32; 9] = [8, 7, 9, 6, 10, 5, 11, 4, 12];
const PRODUCTS: [u32; 4] = [3, 2, 4, 1];
/// Shorter prefixes are few, and known to everybody.
const PREFIX_CHARACTERS_MIN: usize = 3;

fn shuffled(mut texts: Vec<String>, seed: u64) -> Vec<String> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..texts.len()).rev() {
        texts.swap(last, random.random_range(0..=last));
    }
    texts
}

fn texts(pool: &QueryPool) -> impl Iterator<Item = &str> {
    (0..pool.len()).filter_map(|rank| pool.at(rank)).map(|query| query.text.as_str())
}

/// Each text with each variant, made one by one: a list of all would stop the generator while it is made.
fn each<V: Copy + 'static>(texts: Vec<String>, variants: Vec<V>) -> impl Iterator<Item = (String, V)> {
    let all = texts.len() * variants.len();
    (0..all).map(move |number| (texts[number % texts.len()].clone(), variants[number / texts.len()]))
}

/// First pages of searches.
pub(super) fn computed_searches(pool: &QueryPool, urls: Urls, seed: u64) -> impl Iterator<Item = String> + use<> {
    let texts = shuffled(texts(pool).map(str::to_owned).collect(), seed);
    each(texts, PER_PAGE.to_vec())
        .map(move |(text, per_page)| format!("{}&per_page={per_page}", urls.search(&text, 1, None).1))
}

/// Autocompletes of all prefixes.
pub(super) fn computed_autocompletes(pool: &QueryPool, urls: Urls, seed: u64) -> impl Iterator<Item = String> + use<> {
    let mut known = HashSet::new();
    for text in texts(pool) {
        let ends = text.char_indices().skip(PREFIX_CHARACTERS_MIN).map(|(end, _)| &text[..end]);
        // A space at the end would make two spellings of one question.
        known.extend(ends.filter(|prefix| !prefix.ends_with(' ')));
    }
    let mut prefixes: Vec<String> = known.into_iter().map(str::to_owned).collect();
    // A set has no order, and the same seed is to ask the same.
    prefixes.sort_unstable();
    let variants = PRODUCTS.into_iter().flat_map(|products| LIMITS.map(|limit| (limit, products))).collect();
    each(shuffled(prefixes, seed), variants).map(move |(prefix, (limit, products))| {
        format!("{}&limit={limit}&products={products}", urls.autocomplete(&prefix))
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::scenario::shape;
    use crate::traffic::queries::Logged;

    #[test]
    fn no_question_comes_twice() {
        let log =
            ["laptop bag", "laptop", "tea", "copper kettle"].map(|text| Logged { text: text.into(), popularity: 1.0 });
        let pool = QueryPool::from_log(Rc::default(), log.to_vec(), &shape::Popularity::default());
        let urls = || Urls::new("demo", &shape::Search::default());
        let searches: Vec<String> = computed_searches(&pool, urls(), 1).collect();
        assert_eq!(searches.len(), 4 * PER_PAGE.len());
        assert_eq!(searches.iter().collect::<HashSet<_>>().len(), searches.len());
        assert!(searches[..4].iter().all(|target| target.ends_with("&per_page=20")), "{searches:?}");
        let autocompletes: Vec<String> = computed_autocompletes(&pool, urls(), 1).collect();
        // "lap" to "laptop ba" without "laptop ", and "cop" to "copper kettl" without "copper ".
        let prefixes = (3..=9).count() - 1 + (3..=12).count() - 1;
        assert_eq!(autocompletes.len(), prefixes * LIMITS.len() * PRODUCTS.len());
        assert_eq!(autocompletes.iter().collect::<HashSet<_>>().len(), autocompletes.len());
        assert!(autocompletes[0].ends_with("&limit=8&products=3"));
    }
}
