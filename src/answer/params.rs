//! Parameters: from a query string or a JSON body to checked values.
//!
//! Owns reading, types and limits of single parameters, and the refusal of unknown ones. What a parameter means
//! lies with `search` and `complete`, below.
//!
//! An unknown parameter is refused rather than ignored: `filters=…` for `filter=…` would otherwise be an answer that
//! looks right and is not, and a caller's cache-busting `_=123` would quietly cost every cache its hits.
//!
//! Invariant: query string and JSON body go through the same checks, so equal parameters are equal requests.

pub mod search;

pub mod complete;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::error::AnswerError;
use crate::config::nearest;

/// Longest field name in bytes: the longest attribute name, addressed in full.
pub const FIELD_BYTES_MAX: usize = storefind_index::product::ATTRIBUTE_NAME_BYTES_MAX + "attributes.".len();
/// Largest JSON body of a search in bytes: every parameter at its limit, in escapes, is less.
pub const BODY_BYTES_MAX: usize = 128 * 1_024;

/// The parameters of one request, each known by name and given once.
#[derive(Debug)]
pub struct Params {
    given: Vec<(&'static str, Given)>,
}

#[derive(Debug)]
enum Given {
    /// From a query string; a list may be given by repeating its name.
    Texts(Vec<String>),
    /// From a JSON body.
    Json(Value),
}

/// A type that a parameter was expected to have.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Text,
    Integer,
    Flag,
    List,
}

impl Expected {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Flag => "true or false",
            Self::List => "a list of texts, or one text with commas",
        }
    }
}

impl Params {
    /// Reads a query string as a browser writes it. An empty value counts as not given, since forms send those.
    ///
    /// # Errors
    /// A parameter that is not in `known`, or is not UTF-8.
    pub fn from_query(raw: &str, known: &[&'static str]) -> Result<Self, AnswerError> {
        let mut given: Vec<(&'static str, Given)> = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| unknown(name, known))?;
            let name = find(&name, known)?;
            let value = decode(value).ok_or_else(|| AnswerError::parameter(name, format!("`{name}` is not UTF-8")))?;
            if value.is_empty() {
                continue;
            }
            match given.iter_mut().find(|(held, _)| *held == name) {
                Some((_, Given::Texts(values))) => values.push(value),
                _ => given.push((name, Given::Texts(vec![value]))),
            }
        }
        Ok(Self { given })
    }

    /// Reads a JSON body: an object with the same names. An empty body has no parameters; `null` is not given.
    ///
    /// # Errors
    /// A body that is too large or not an object, or a parameter that is not in `known`.
    pub fn from_json(body: &[u8], known: &[&'static str]) -> Result<Self, AnswerError> {
        let refuse = |message| AnswerError::InvalidParameter { parameter: None, message };
        if body.len() > BODY_BYTES_MAX {
            return Err(refuse(format!("the body has {} bytes; at most {BODY_BYTES_MAX} are read", body.len())));
        }
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self { given: Vec::new() });
        }
        let object: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| refuse(format!("the body is not a JSON object of parameters: {error}")))?;
        let mut given = Vec::with_capacity(object.len());
        for (name, value) in object {
            let name = find(&name, known)?;
            let absent = value.is_null() || value.as_str().is_some_and(str::is_empty);
            if !absent {
                given.push((name, Given::Json(value)));
            }
        }
        Ok(Self { given })
    }

    /// A text of at most `chars_max` characters.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn text(&mut self, name: &'static str, chars_max: usize) -> Result<Option<String>, AnswerError> {
        let Some(text) = self.single(name, Expected::Text)? else { return Ok(None) };
        match text.chars().count() {
            chars if chars > chars_max => {
                let message = format!("`{name}` has {chars} characters; at most {chars_max} are allowed");
                Err(AnswerError::parameter(name, message))
            }
            _ => Ok(Some(text)),
        }
    }

    /// A whole number within bounds, both included.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn integer(&mut self, name: &'static str, least: u64, most: u64) -> Result<Option<u64>, AnswerError> {
        let number = match self.take(name) {
            None => return Ok(None),
            Some(Given::Json(value)) => value.as_u64(),
            Some(Given::Texts(values)) => once(name, values)?.parse().ok(),
        };
        match number {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            Some(number) => {
                let message = format!("`{name}` is {number}; it must be from {least} to {most}");
                Err(AnswerError::parameter(name, message))
            }
            None => Err(wrong(name, Expected::Integer)),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, AnswerError> {
        let flag = match self.take(name) {
            None => return Ok(None),
            Some(Given::Json(value)) => value.as_bool(),
            Some(Given::Texts(values)) => once(name, values)?.parse().ok(),
        };
        flag.map(Some).ok_or_else(|| wrong(name, Expected::Flag))
    }

    /// A list: separated by commas, or in JSON an array whose texts may have commas. At most `items_max` texts of at
    /// most `bytes_max` bytes each; empty ones are dropped. `None` when it is not given, unlike an empty array.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn list(
        &mut self,
        name: &'static str,
        items_max: usize,
        bytes_max: usize,
    ) -> Result<Option<Vec<String>>, AnswerError> {
        let mut items = Vec::new();
        match self.take(name) {
            None => return Ok(None),
            Some(Given::Texts(values)) => values.iter().for_each(|value| split(value, &mut items)),
            Some(Given::Json(Value::String(value))) => split(&value, &mut items),
            Some(Given::Json(Value::Array(values))) => {
                for value in values {
                    let Value::String(item) = value else { return Err(wrong(name, Expected::List)) };
                    items.push(item);
                }
            }
            Some(Given::Json(_)) => return Err(wrong(name, Expected::List)),
        }
        items.retain(|item| !item.is_empty());
        if items.len() > items_max {
            let message = format!("`{name}` has {} entries; at most {items_max} are allowed", items.len());
            return Err(AnswerError::parameter(name, message));
        }
        if let Some(long) = items.iter().find(|item| item.len() > bytes_max) {
            let message = format!("an entry of `{name}` has {} bytes; at most {bytes_max} are allowed", long.len());
            return Err(AnswerError::parameter(name, message));
        }
        Ok(Some(items))
    }

    fn single(&mut self, name: &'static str, expected: Expected) -> Result<Option<String>, AnswerError> {
        match self.take(name) {
            None => Ok(None),
            Some(Given::Json(Value::String(text))) => Ok(Some(text)),
            Some(Given::Json(_)) => Err(wrong(name, expected)),
            Some(Given::Texts(values)) => once(name, values).map(Some),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Given> {
        let at = self.given.iter().position(|(held, _)| *held == name)?;
        Some(self.given.swap_remove(at).1)
    }
}

fn once(name: &'static str, mut values: Vec<String>) -> Result<String, AnswerError> {
    match (values.pop(), values.is_empty()) {
        (Some(value), true) => Ok(value),
        _ => Err(AnswerError::parameter(name, format!("`{name}` is given more than once"))),
    }
}

fn wrong(name: &'static str, expected: Expected) -> AnswerError {
    AnswerError::parameter(name, format!("`{name}` must be {}", expected.as_str()))
}

fn split(value: &str, items: &mut Vec<String>) {
    items.extend(value.split(',').map(|item| item.trim().to_owned()));
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(Into::into)
}

fn find(name: &str, known: &[&'static str]) -> Result<&'static str, AnswerError> {
    known.iter().find(|known| **known == name).copied().ok_or_else(|| unknown(name, known))
}

fn unknown(name: &str, known: &[&'static str]) -> AnswerError {
    let shown: String = name.chars().take(FIELD_BYTES_MAX).collect();
    let hint = match nearest(&shown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")),
    };
    AnswerError::InvalidParameter { parameter: None, message: format!("there is no parameter `{shown}`; {hint}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["q", "filter", "facets", "page", "per_page", "typos"];

    fn query(raw: &str) -> Params {
        Params::from_query(raw, KNOWN).expect("known parameters")
    }

    fn json(body: &str) -> Params {
        Params::from_json(body.as_bytes(), KNOWN).expect("known parameters")
    }

    fn message<T: std::fmt::Debug>(result: Result<T, AnswerError>) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn query_strings_are_decoded_like_forms() {
        assert_eq!(query("q=air+max%20%C3%A9&page=2").text("q", 99).ok(), Some(Some("air max é".into())));
        assert_eq!(query("q=100%").text("q", 99).ok(), Some(Some("100%".into())));
        assert_eq!(query("&&q=&page").text("q", 99).ok(), Some(None));
        assert_eq!(message(Params::from_query("q=%ff", KNOWN)), "`q` is not UTF-8");
    }

    #[test]
    fn lists_are_separated_by_commas_repeated_or_arrays() {
        let expected = Some(vec!["brand".to_owned(), "price".to_owned()]);
        for mut params in [
            query("facets=brand,price"),
            query("facets=brand, ,price,"),
            query("facets=brand&facets=price"),
            json(r#"{"facets":["brand","price"]}"#),
            json(r#"{"facets":"brand, price"}"#),
        ] {
            assert_eq!(params.list("facets", 2, 9).ok(), Some(expected.clone()));
        }
        assert_eq!(json(r#"{"facets":["a,b"]}"#).list("facets", 1, 9).ok(), Some(Some(vec!["a,b".into()])));
        assert_eq!(json(r#"{"facets":[]}"#).list("facets", 1, 9).ok(), Some(Some(vec![])));
    }

    #[test]
    fn a_parameter_of_the_wrong_type_is_named_with_the_right_one() {
        assert_eq!(message(query("page=two").integer("page", 1, 9)), "`page` must be a whole number");
        assert_eq!(message(query("page=-1").integer("page", 1, 9)), "`page` must be a whole number");
        assert_eq!(message(json(r#"{"page":1.5}"#).integer("page", 1, 9)), "`page` must be a whole number");
        assert_eq!(message(json(r#"{"page":"1"}"#).integer("page", 1, 9)), "`page` must be a whole number");
        assert_eq!(message(query("typos=yes").flag("typos")), "`typos` must be true or false");
        assert_eq!(message(json(r#"{"q":7}"#).text("q", 9)), "`q` must be text");
        let list = "`facets` must be a list of texts, or one text with commas";
        assert_eq!(message(json(r#"{"facets":[1]}"#).list("facets", 9, 9)), list);
        assert_eq!(message(json(r#"{"facets":{}}"#).list("facets", 9, 9)), list);
        assert_eq!(message(query("q=a&q=b").text("q", 9)), "`q` is given more than once");
    }

    #[test]
    fn each_limit_holds_at_it_and_not_beyond() {
        assert!(query("q=ééé").text("q", 3).is_ok());
        assert_eq!(message(query("q=éééé").text("q", 3)), "`q` has 4 characters; at most 3 are allowed");
        assert!(query("page=9").integer("page", 1, 9).is_ok());
        assert_eq!(message(query("page=10").integer("page", 1, 9)), "`page` is 10; it must be from 1 to 9");
        assert_eq!(message(query("page=0").integer("page", 1, 9)), "`page` is 0; it must be from 1 to 9");
        assert!(query("facets=a,b").list("facets", 2, 1).is_ok());
        assert_eq!(
            message(query("facets=a,b,c").list("facets", 2, 1)),
            "`facets` has 3 entries; at most 2 are allowed"
        );
        let bytes = "an entry of `facets` has 2 bytes; at most 1 are allowed";
        assert_eq!(message(query("facets=ab").list("facets", 2, 1)), bytes);
        let body = |bytes: usize| format!("{{\"q\":\"{}\"}}", " ".repeat(bytes - 8));
        assert!(Params::from_json(body(BODY_BYTES_MAX).as_bytes(), KNOWN).is_ok());
        assert!(Params::from_json(body(BODY_BYTES_MAX + 1).as_bytes(), KNOWN).is_err());
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest_known_one() {
        let cases = [
            ("perpage=1", "there is no parameter `perpage`; did you mean `per_page`?"),
            ("Filters=a", "there is no parameter `Filters`; did you mean `filter`?"),
            ("cb=123", "there is no parameter `cb`; there are `q`, `filter`, `facets`, `page`, `per_page`, `typos`"),
            ("%ff=1", "there is no parameter `%ff`; there are `q`, `filter`, `facets`, `page`, `per_page`, `typos`"),
        ];
        for (raw, expected) in cases {
            assert_eq!(message(Params::from_query(raw, KNOWN)), expected);
        }
        let body = br#"{"Page":1}"#;
        assert_eq!(message(Params::from_json(body, KNOWN)), "there is no parameter `Page`; did you mean `page`?");
    }

    #[test]
    fn a_body_is_an_object_or_nothing() {
        assert!(Params::from_json(b" \n", KNOWN).is_ok());
        for body in ["[]", "\"q\"", "{", "\u{0}", "{\"q\":\"a\"} x"] {
            assert!(message(Params::from_json(body.as_bytes(), KNOWN)).starts_with("the body is not a JSON object"));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in "[a-z_=&%+0-9é]{0,60}", body: Vec<u8>) {
            drop(Params::from_query(&raw, KNOWN));
            drop(Params::from_json(&body, KNOWN));
        }
    }
}
