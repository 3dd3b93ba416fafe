//! Requests that no shop makes and every server gets.
//!
//! Owns what they look like. It refuses to judge the answers, except to say that a refusal (4xx) is right.
//!
//! Invariant: each is one valid HTTP request; what is wrong is in its parameters.

use rand::{Rng, RngExt as _};

use super::urls;

/// Characters of the long query (ENGINEERING.md §5).
const LONG_CHARACTERS: usize = 500;
/// Depth of the nested filter: beyond what a person writes, below a URL's limit.
const NESTED_DEPTH: usize = 200;

const QUERIES: [&str; 8] = [
    "笔记本电脑 无线鼠标",
    "ノートパソコン 軽量",
    "' OR 1=1; DROP TABLE products; --",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "🎧🎧🎧 👩‍👩‍👧‍👦",
    "سماعات لاسلكية \u{202e}txt",
    "\"unclosed -minus \"\" ((( AND OR NOT",
];

/// Parameters with an error in each, ready for a URL.
const BROKEN: [&str; 8] = [
    "q=laptop&filter=brand%3A",
    "q=laptop&filter=%28%28brand%3Ahp",
    "q=laptop&filter=no_such_field_at_all%3A1",
    "q=laptop&page=99999",
    "q=laptop&per_page=-1",
    "q=laptop&sort=price%3Asideways",
    "q=%00%00%00",
    "q=%ff%fe%fa",
];

/// The path and query of one hostile search.
pub(crate) fn target(catalog: &str, random: &mut impl Rng) -> String {
    let parameters = match random.random_range(0..4) {
        0 => {
            let letters = (0..LONG_CHARACTERS).map(|_| char::from(random.random_range(b'a'..=b'z')));
            format!("q={}", letters.collect::<String>())
        }
        1 => format!("q={}", urls::encoded(QUERIES[random.random_range(0..QUERIES.len())])),
        2 => BROKEN[random.random_range(0..BROKEN.len())].to_owned(),
        _ => {
            let filter = format!("{}brand:x{}", "(".repeat(NESTED_DEPTH), ")".repeat(NESTED_DEPTH));
            format!("q=laptop&filter={}", urls::encoded(&filter))
        }
    };
    format!("/v1/{catalog}/search?{parameters}")
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_hostile_request_fits_into_a_request_line() {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        for _ in 0..500 {
            let target = target("demo", &mut random);
            assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{target}");
        }
    }
}
