//! One event as a storefront reports it: `{"type", "session", "query"?, "id"?, "ids"?, "position"?, "time"?, "event_id"?}`.
//!
//! Owns what an event may hold and what is said of one that holds something else. It knows neither what events mean nor
//! where they go. Invariant: an [`Event`] that exists is within every limit below.

use serde_json::{Map, Value};
use storefind_index::product::ID_BYTES_MAX;
use storefind_index::request::QUERY_CHARS_MAX;

use crate::config::nearest;

/// Longest session or event id: twice a UUID with a prefix and more.
const OPAQUE_BYTES_MAX: usize = 128;
/// Most products of one event: a large basket.
const PRODUCTS_MAX: usize = 100;
/// Deepest position in a list of results that can be clicked.
const POSITION_MAX: u64 = 10_000;
/// How long after it happened an event may come: a storefront that was cut off for a week tells nothing new any more.
const LATE_MS_MAX: u64 = 7 * 86_400_000;
/// How far ahead the clock of a shopper's device may be.
pub(super) const EARLY_MS_MAX: u64 = 3_600_000;

const FIELDS: [&str; 8] = ["type", "session", "query", "id", "ids", "position", "time", "event_id"];

/// What a shopper did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Searched.
    Search,
    /// Opened a product.
    Click,
    /// Put products into the basket.
    AddToCart,
    /// Bought products.
    Purchase,
}

impl Act {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Search, Self::Click, Self::AddToCart, Self::Purchase];

    /// As storefronts write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Click => "click",
            Self::AddToCart => "add_to_cart",
            Self::Purchase => "purchase",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What the shopper did.
    pub act: Act,
    /// Which shopper: an id of the storefront's making.
    pub session: String,
    /// What was searched, or which search led here; trimmed, single spaces.
    pub query: Option<String>,
    /// Which products.
    pub products: Vec<String>,
    /// Where the product stood in the list, from 1.
    pub position: Option<u32>,
    /// When, in milliseconds since 1970; `None`: now.
    pub time: Option<u64>,
    /// The storefront's name of this event, by which it counts once however often it is sent.
    pub event_id: Option<String>,
}

/// Why an event is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Stable.
    pub code: &'static str,
    /// For the person who made the storefront.
    pub message: String,
}

fn wrong(code: &'static str, message: impl Into<String>) -> Wrong {
    Wrong { code, message: message.into() }
}

impl Event {
    /// Reads an object that arrived at `now`, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn read(object: &Map<String, Value>, now: u64) -> Result<Self, Wrong> {
        if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let near = nearest(name, FIELDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(wrong("unknown_field", format!("`{name}` is no field of an event{near}")));
        }
        let given = |name: &str| object.get(name).filter(|value| !value.is_null());
        let act = act(given("type"))?;
        let event = Self {
            act,
            session: opaque(given("session"), "session", "invalid_session")?.ok_or_else(|| {
                wrong("missing_session", "an event needs `session`, which tells one shopper from others")
            })?,
            query: query(given("query"))?,
            products: products(given("id"), given("ids"))?,
            position: position(given("position"))?,
            time: time(given("time"), now)?,
            event_id: opaque(given("event_id"), "event_id", "invalid_event_id")?,
        };
        match act {
            Act::Search if event.query.is_none() => Err(wrong("missing_query", "a search needs `query`")),
            Act::Click | Act::AddToCart | Act::Purchase if event.products.is_empty() => {
                Err(wrong("missing_id", format!("a {} needs `id` or `ids`", act.as_str())))
            }
            Act::Search | Act::Click | Act::AddToCart | Act::Purchase => Ok(event),
        }
    }
}

fn act(value: Option<&Value>) -> Result<Act, Wrong> {
    const EXPECTED: &str = "expected `search`, `click`, `add_to_cart` or `purchase`";
    let Some(value) = value else { return Err(wrong("missing_type", format!("an event needs `type`; {EXPECTED}"))) };
    let known = value.as_str().and_then(|text| Act::ALL.into_iter().find(|act| act.as_str() == text));
    known.ok_or_else(|| wrong("invalid_type", format!("type is {value}, {EXPECTED}")))
}

fn opaque(value: Option<&Value>, name: &str, code: &'static str) -> Result<Option<String>, Wrong> {
    let text = match value {
        None => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) => {
            return Err(wrong(code, format!("{name} is neither text nor a number")));
        }
    };
    if text.trim().is_empty() || text.len() > OPAQUE_BYTES_MAX {
        // What it holds is nobody's business, so it is not repeated.
        return Err(wrong(code, format!("{name} has {} bytes, expected 1 to {OPAQUE_BYTES_MAX}", text.trim().len())));
    }
    Ok(Some(text))
}

fn query(value: Option<&Value>) -> Result<Option<String>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    let Some(text) = value.as_str() else { return Err(wrong("invalid_query", "query is no text")) };
    let chars = text.chars().count();
    if chars > QUERY_CHARS_MAX {
        return Err(wrong(
            "invalid_query",
            format!("query has {chars} characters, expected at most {QUERY_CHARS_MAX}"),
        ));
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    Ok(Some(words.join(" ")).filter(|text| !text.is_empty()))
}

fn products(id: Option<&Value>, ids: Option<&Value>) -> Result<Vec<String>, Wrong> {
    let listed = match (id, ids) {
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(_)) => return Err(wrong("invalid_id", "an event has `id` or `ids`, not both")),
        (Some(id), None) => std::slice::from_ref(id),
        (None, Some(Value::Array(ids))) => ids.as_slice(),
        (None, Some(_)) => return Err(wrong("invalid_id", "ids is no list")),
    };
    if listed.len() > PRODUCTS_MAX {
        return Err(wrong("invalid_id", format!("ids has {} entries, expected at most {PRODUCTS_MAX}", listed.len())));
    }
    let id = |value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        match text.trim().is_empty() || text.len() > ID_BYTES_MAX {
            true => {
                Err(wrong("invalid_id", format!("a product's id is text or a number of 1 to {ID_BYTES_MAX} bytes")))
            }
            false => Ok(text),
        }
    };
    listed.iter().map(id).collect()
}

fn position(value: Option<&Value>) -> Result<Option<u32>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    let position = value.as_u64().filter(|position| (1..=POSITION_MAX).contains(position));
    match position.and_then(|position| u32::try_from(position).ok()) {
        Some(position) => Ok(Some(position)),
        None => Err(wrong(
            "invalid_position",
            format!("position is {value}, expected a whole number from 1 to {POSITION_MAX}"),
        )),
    }
}

fn time(value: Option<&Value>, now: u64) -> Result<Option<u64>, Wrong> {
    let Some(value) = value else { return Ok(None) };
    let Some(time) = value.as_u64() else {
        return Err(wrong("invalid_time", format!("time is {value}, expected milliseconds since 1970")));
    };
    if time < now.saturating_sub(LATE_MS_MAX) || time > now.saturating_add(EARLY_MS_MAX) {
        return Err(wrong("invalid_time", format!("time is {time}, expected one of the last 7 days, in milliseconds")));
    }
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn read(value: Value) -> Result<Event, Wrong> {
        let Value::Object(object) = value else { panic!("an object") };
        Event::read(&object, NOW)
    }

    #[test]
    fn an_event_is_read_with_all_that_it_may_hold() {
        let event =
            read(json!({"type": "click", "session": 7, "query": "  red\tshoes ", "ids": ["a", 2], "position": 3,
            "time": NOW - 5, "event_id": "e"}))
            .unwrap();
        let expected = Event {
            act: Act::Click,
            session: "7".into(),
            query: Some("red shoes".into()),
            products: vec!["a".into(), "2".into()],
            position: Some(3),
            time: Some(NOW - 5),
            event_id: Some("e".into()),
        };
        assert_eq!(event, expected);
        for act in Act::ALL {
            assert!(read(json!({"type": act.as_str(), "session": "s", "query": "q", "id": "1", "time": null})).is_ok());
        }
    }

    #[test]
    fn each_bad_event_is_refused_for_its_reason() {
        let long = |length: usize| "x".repeat(length);
        for (event, code, part) in [
            (json!({"session": "s"}), "missing_type", "`purchase`"),
            (json!({"type": "buy", "session": "s"}), "invalid_type", "\"buy\""),
            (json!({"type": "search", "query": "q"}), "missing_session", "session"),
            (json!({"type": "search", "query": "q", "session": " "}), "invalid_session", "0 bytes"),
            (json!({"type": "search", "query": "q", "session": long(129)}), "invalid_session", "129"),
            (json!({"type": "search", "query": "q", "session": ["s"]}), "invalid_session", "neither"),
            (json!({"type": "search", "session": "s"}), "missing_query", "query"),
            (json!({"type": "search", "session": "s", "query": " "}), "missing_query", "query"),
            (json!({"type": "search", "session": "s", "query": 1}), "invalid_query", "no text"),
            (json!({"type": "search", "session": "s", "query": long(513)}), "invalid_query", "513"),
            (json!({"type": "click", "session": "s"}), "missing_id", "click"),
            (json!({"type": "click", "session": "s", "id": "1", "ids": ["2"]}), "invalid_id", "not both"),
            (json!({"type": "click", "session": "s", "ids": "1"}), "invalid_id", "no list"),
            (json!({"type": "click", "session": "s", "id": true}), "invalid_id", "text or a number"),
            (json!({"type": "click", "session": "s", "id": long(513)}), "invalid_id", "512"),
            (json!({"type": "click", "session": "s", "ids": vec!["1"; 101]}), "invalid_id", "101"),
            (json!({"type": "click", "session": "s", "id": "1", "position": 0}), "invalid_position", "0"),
            (json!({"type": "click", "session": "s", "id": "1", "position": 10_001}), "invalid_position", "10001"),
            (json!({"type": "click", "session": "s", "id": "1", "time": "now"}), "invalid_time", "now"),
            (
                json!({"type": "click", "session": "s", "id": "1", "time": NOW - LATE_MS_MAX - 1}),
                "invalid_time",
                "7 days",
            ),
            (
                json!({"type": "click", "session": "s", "id": "1", "time": NOW + EARLY_MS_MAX + 1}),
                "invalid_time",
                "7 days",
            ),
            (json!({"type": "click", "session": "s", "id": "1", "event_id": long(129)}), "invalid_event_id", "129"),
            (
                json!({"type": "click", "session": "s", "id": "1", "querry": "q"}),
                "unknown_field",
                "did you mean `query`?",
            ),
        ] {
            let wrong = read(event.clone()).unwrap_err();
            assert_eq!(wrong.code, code, "{event}");
            assert!(wrong.message.contains(part), "{event}: {}", wrong.message);
        }
    }

    #[test]
    fn what_is_at_a_limit_is_taken() {
        let text = "x".repeat(OPAQUE_BYTES_MAX);
        for event in [
            json!({"type": "search", "session": text, "query": "é".repeat(QUERY_CHARS_MAX), "event_id": text}),
            json!({"type": "purchase", "session": "s", "ids": vec!["x".repeat(ID_BYTES_MAX); PRODUCTS_MAX]}),
            json!({"type": "click", "session": "s", "id": 1, "position": POSITION_MAX, "time": NOW - LATE_MS_MAX}),
            json!({"type": "click", "session": "s", "id": 1, "position": 1, "time": NOW + EARLY_MS_MAX}),
        ] {
            assert!(read(event.clone()).is_ok(), "{event}");
        }
    }
}
