//! The parameters of autocomplete (API.md, "autocomplete").

use storefind_index::request::QUERY_CHARS_MAX;

use super::{Params, search};
use crate::answer::effective::CompleteRequest;
use crate::answer::error::AnswerError;

/// Every parameter.
pub const NAMES: &[&str] = &["q", "limit", "products", "category", "filter"];
/// Most suggestions: a list that nobody scrolls.
pub const SUGGESTIONS_MAX: u64 = 50;
/// Suggestions by default.
const SUGGESTIONS_DEFAULT: u64 = 8;
/// Most products beside them: who wants a page of products asks for a search.
pub const PRODUCTS_MAX: u64 = 20;
/// Products by default.
const PRODUCTS_DEFAULT: u64 = 3;
/// Longest category in characters: a path of several levels.
pub const CATEGORY_CHARS_MAX: usize = 512;

/// Reads the parameters.
///
/// # Errors
/// The first parameter that is wrong.
pub fn read(mut params: Params) -> Result<CompleteRequest, AnswerError> {
    let params = &mut params;
    Ok(CompleteRequest {
        q: params.text("q", QUERY_CHARS_MAX)?.unwrap_or_default(),
        limit: params.integer("limit", 0, SUGGESTIONS_MAX)?.unwrap_or(SUGGESTIONS_DEFAULT) as usize,
        products: params.integer("products", 0, PRODUCTS_MAX)?.unwrap_or(PRODUCTS_DEFAULT) as usize,
        category: params.text("category", CATEGORY_CHARS_MAX)?,
        filter: search::filter(params)?,
        within: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_query(raw: &str) -> Result<CompleteRequest, AnswerError> {
        read(Params::from_query(raw, NAMES)?)
    }

    #[test]
    fn defaults_are_eight_suggestions_and_three_products() {
        let request = read_query("q=lapt").expect("valid");
        assert_eq!((request.q.as_str(), request.limit, request.products), ("lapt", 8, 3));
        assert_eq!((request.category, request.filter), (None, None));
    }

    #[test]
    fn each_parameter_is_taken_at_its_limit_and_refused_beyond() {
        let cases = [
            (format!("q={}", "a".repeat(512)), format!("q={}", "a".repeat(513)), "`q`"),
            ("limit=50".into(), "limit=51".into(), "`limit`"),
            ("products=20".into(), "products=21".into(), "`products`"),
            (format!("category={}", "a".repeat(512)), format!("category={}", "a".repeat(513)), "`category`"),
        ];
        for (at, beyond, named) in cases {
            assert!(read_query(&at).is_ok(), "{at}");
            let message = read_query(&beyond).expect_err(&beyond).to_string();
            assert!(message.contains(named), "{beyond}: {message}");
        }
        assert!(read_query("page=2").is_err_and(|error| error.to_string().contains("no parameter `page`")));
    }
}
