//! What shoppers look for: a ranked list of known queries, and fresh ones that nobody has asked before.
//!
//! Owns making queries from products or a query log, drawing one by popularity, and the slow change of what is
//! popular. It refuses to know sessions, pages or URLs.
//!
//! Invariant: a query is never empty, and the list depends on the products and the seed alone.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::zipf::Zipf;
use crate::catalog::Product;
use crate::scenario::shape;

/// Queries drawn from products for each one kept. What is drawn more often stands higher, so that the head holds what
/// the catalog has most of.
const DRAWS_PER_QUERY: usize = 3;

/// One wish: its words, and a product that it was made from, whose values make fitting filters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Query {
    pub(crate) text: String,
    pub(crate) product: Option<usize>,
}

/// A known query from a log, with how often it was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logged {
    pub(crate) text: String,
    pub(crate) popularity: f64,
}

/// Known queries by rank.
#[derive(Clone, Debug)]
pub(crate) struct QueryPool {
    products: Rc<Vec<Product>>,
    ranked: Vec<Query>,
    zipf: Rc<Zipf>,
    popularity: shape::Popularity,
    /// Exchanges made so far, and since when they are counted.
    churned: f64,
}

impl QueryPool {
    /// From the products of the catalog.
    pub(crate) fn from_products(products: Rc<Vec<Product>>, popularity: &shape::Popularity, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut counted: HashMap<String, (u32, usize)> = HashMap::new();
        if !products.is_empty() {
            for _ in 0..popularity.distinct * DRAWS_PER_QUERY {
                let product = random.random_range(0..products.len());
                if let Some(text) = worded(&products[product], &mut random) {
                    counted.entry(text).or_insert((0, product)).0 += 1;
                }
            }
        }
        let mut ranked: Vec<_> = counted.into_iter().collect();
        ranked.sort_unstable_by(|(a, (more, _)), (b, (less, _))| less.cmp(more).then_with(|| a.cmp(b)));
        ranked.truncate(popularity.distinct);
        let ranked: Vec<_> =
            ranked.into_iter().map(|(text, (_, product))| Query { text, product: Some(product) }).collect();
        let zipf = Rc::new(Zipf::new(ranked.len(), popularity.exponent));
        Self { products, ranked, zipf, popularity: popularity.clone(), churned: 0.0 }
    }

    /// From a query log, drawn as often as its lines say.
    pub(crate) fn from_log(products: Rc<Vec<Product>>, log: Vec<Logged>, popularity: &shape::Popularity) -> Self {
        let zipf = Rc::new(Zipf::weighted(log.iter().map(|logged| logged.popularity)));
        let ranked = log.into_iter().map(|logged| Query { text: logged.text, product: None }).collect();
        Self { products, ranked, zipf, popularity: popularity.clone(), churned: 0.0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.ranked.len()
    }

    pub(crate) fn products(&self) -> &[Product] {
        &self.products
    }

    /// The query at a rank, from 0.
    pub(crate) fn at(&self, rank: usize) -> Option<&Query> {
        self.ranked.get(rank)
    }

    /// What the next shopper looks for.
    pub(crate) fn draw(&self, random: &mut impl Rng) -> Query {
        if !self.products.is_empty() && random.random_bool(self.popularity.fresh) {
            return self.fresh(random);
        }
        match self.ranked.get(self.zipf.draw(random)) {
            Some(query) => query.clone(),
            None => self.fresh(random),
        }
    }

    /// A query that is very likely new: words of a product with a number that few products have.
    fn fresh(&self, random: &mut impl Rng) -> Query {
        let product = random.random_range(0..self.products.len().max(1));
        let base = self.products.get(product).and_then(|product| worded(product, random));
        let other = random.random_range(0..self.products.len().max(1));
        let other = self.products.get(other).and_then(|product| {
            let words: Vec<&str> = product.title.split_whitespace().collect();
            (!words.is_empty()).then(|| words[random.random_range(0..words.len())].to_lowercase())
        });
        let text = match (base, other) {
            (Some(base), Some(other)) => format!("{base} {other} {}", random.random_range(1..1_000)),
            (Some(base), None) => format!("{base} {}", random.random_range(1..1_000_000)),
            (None, _) => format!("article {}", random.random_range(1..u32::MAX)),
        };
        Query { text, product: Some(product).filter(|_| !self.products.is_empty()) }
    }

    /// Lets time pass: queries of the head change places with queries from anywhere.
    pub(crate) fn churn(&mut self, now: Duration, random: &mut impl Rng) {
        let head = self.popularity.head.min(self.ranked.len());
        if head == 0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "the head has some thousand ranks")]
        let due = now.as_secs_f64() / 60.0 * self.popularity.churn_per_minute * head as f64;
        while self.churned + 1.0 <= due {
            self.churned += 1.0;
            let (leaves, comes) = (random.random_range(0..head), random.random_range(0..self.ranked.len()));
            self.ranked.swap(leaves, comes);
        }
    }
}

/// One to three words of a product, as a shopper would type them.
fn worded(product: &Product, random: &mut impl Rng) -> Option<String> {
    let title: Vec<&str> = product.title.split_whitespace().collect();
    let category = product.categories.first().and_then(|path| path.rsplit(" > ").next());
    let brand = product.brand.as_deref();
    let some_title = |words: usize, random: &mut _| title_words(&title, words, random);
    let text = match (random.random_range(0..10), category, brand) {
        (0 | 1, Some(category), _) => category.to_owned(),
        (2 | 3, Some(category), Some(brand)) => format!("{brand} {category}"),
        (4, _, Some(brand)) => brand.to_owned(),
        (5, _, Some(brand)) => format!("{brand} {}", some_title(1, random)?),
        (6, Some(category), _) => format!("{category} {}", some_title(1, random)?),
        (7, ..) => some_title(3, random)?,
        (8, ..) => some_title(1, random)?,
        _ => some_title(2, random)?,
    };
    let text = text.to_lowercase();
    let kept = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Neighbouring words of a title, without the commas between them.
fn title_words(title: &[&str], words: usize, random: &mut impl Rng) -> Option<String> {
    if title.is_empty() {
        return None;
    }
    let words = words.min(title.len());
    let first = random.random_range(0..=title.len() - words);
    let bare = |word: &&str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    let kept: Vec<String> = title[first..first + words].iter().map(bare).filter(|word| !word.is_empty()).collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(count: usize) -> Rc<Vec<Product>> {
        let product = |number: usize| Product {
            id: number.to_string(),
            title: format!("Auralith TX-{number} on-ear Headphones, Midnight Blue"),
            brand: Some("Auralith".into()),
            categories: vec!["Electronics > Audio > Headphones".into()],
            ..Product::default()
        };
        Rc::new((0..count).map(product).collect())
    }

    fn popularity(fresh: f64) -> shape::Popularity {
        shape::Popularity { distinct: 200, fresh, head: 50, ..Default::default() }
    }

    #[test]
    fn the_head_holds_what_the_catalog_has_most_of() {
        let pool = QueryPool::from_products(products(500), &popularity(0.0), 1);
        assert!((50..=200).contains(&pool.len()), "{}", pool.len());
        let head: Vec<_> = (0..5).map(|rank| pool.at(rank).unwrap().text.as_str()).collect();
        assert!(head.contains(&"headphones") && head.contains(&"auralith headphones"), "{head:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_queries() {
        let texts = |seed| {
            let pool = QueryPool::from_products(products(50), &popularity(0.5), seed);
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            (0..50).map(|_| pool.draw(&mut random).text).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }

    #[test]
    fn the_share_of_fresh_queries_is_kept_and_they_are_new() {
        let pool = QueryPool::from_products(products(500), &popularity(0.4), 1);
        let known: std::collections::HashSet<_> = pool.ranked.iter().map(|query| query.text.clone()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let fresh: Vec<_> =
            (0..5_000).map(|_| pool.draw(&mut random).text).filter(|text| !known.contains(text)).collect();
        assert!(fresh.len().abs_diff(2_000) < 200, "{}", fresh.len());
        let distinct: std::collections::HashSet<_> = fresh.iter().collect();
        assert!(distinct.len() * 100 > fresh.len() * 95, "{} of {}", distinct.len(), fresh.len());
    }

    #[test]
    fn the_head_churns_with_time_and_not_before() {
        let mut pool = QueryPool::from_products(products(500), &popularity(0.0), 1);
        let before = pool.ranked.clone();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        pool.churn(Duration::from_secs(59), &mut random);
        assert_eq!(pool.ranked, before);
        pool.churn(Duration::from_secs(600), &mut random);
        // 2 % of 50 ranks in each of ten minutes.
        assert_eq!(pool.churned, 10.0);
        assert_ne!(pool.ranked, before);
    }

    #[test]
    fn a_log_is_drawn_by_its_popularity() {
        let log =
            [("a", 3.0), ("b", 0.0), ("c", 1.0)].map(|(text, popularity)| Logged { text: text.into(), popularity });
        let pool = QueryPool::from_log(Rc::default(), log.to_vec(), &popularity(0.5));
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<_> = (0..400).map(|_| pool.draw(&mut random).text).collect();
        let count = |text: &str| drawn.iter().filter(|drawn| *drawn == text).count();
        assert!(count("a") > 250 && count("b") == 0 && count("c") > 60);
    }
}
