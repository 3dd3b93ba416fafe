//! Which rules are sound, which apply to a search, and what they ask for together.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::filter;
use crate::request::{Order, SearchRequest, SortKey};
use crate::settings::{Language, Settings};

fn rules(value: Value) -> Rules {
    serde_json::from_value(value).expect("rules")
}

/// One rule that pins a product.
fn pinning(when: Value) -> Value {
    let mut rule = json!({"id": "r", "then": {"pin": [{"id": "42"}]}});
    rule["when"] = when;
    Value::Array(vec![rule])
}

fn book(value: Value) -> RuleBook {
    let rules = rules(value);
    rules.check().expect("sound");
    RuleBook::new(Arc::new(rules), &Arc::default())
}

fn ask(q: &str) -> SearchRequest {
    SearchRequest { q: q.to_owned(), ..SearchRequest::default() }
}

fn within(q: &str, filter: &str) -> SearchRequest {
    SearchRequest { filter: Some(filter::parse(filter).expect("a filter").canonical()), ..ask(q) }
}

/// Whether the rule with this condition is in force, told by pin and digest alike.
fn applies(when: Value, request: &SearchRequest) -> bool {
    let book = book(pinning(when));
    let applies = !book.arrange(request, 0).pins.is_empty();
    assert_eq!(book.digest_for(request) != 0, applies);
    applies
}

#[test]
fn each_unsound_rule_is_named_with_key_and_value() {
    let check = |rule: Value, part: &str| {
        let mut rule = rule;
        if rule.get("id").is_none() {
            rule["id"] = json!("r");
        }
        match serde_json::from_value::<Rules>(json!([rule])).map_err(|error| error.to_string()).and_then(|r| r.check())
        {
            Ok(()) => panic!("{rule} was taken"),
            Err(message) => assert!(message.contains(part), "`{message}` lacks `{part}`"),
        }
    };
    let pin = json!({"pin": [{"id": "1"}]});
    check(json!({"then": pin, "when": {"colour": 1}}), "unknown field `colour`");
    check(json!({"id": " r", "then": pin}), "rules[0].id is ` r`");
    check(json!({"id": "x".repeat(101), "then": pin}), "rules[0].id has 101 bytes");
    check(json!({"then": {}}), "rule `r`: then is empty");
    check(json!({"then": pin, "when": {"query": "!"}}), "when.query is `!`");
    check(json!({"then": pin, "when": {"query": "", "match": "contains"}}), "when.query is ``");
    for how in ["exact", "contains", "starts_with"] {
        let when = |query: &str| json!({"query": query, "match": how});
        check(json!({"then": pin, "when": when("-nike")}), "when.query is `-nike`, which excludes `nike`");
        check(json!({"then": pin, "when": when("shoe -red")}), "which excludes `red`");
        check(json!({"then": pin, "when": when("shoe -\"dark red\"")}), "which excludes `dark red`");
    }
    check(json!({"then": pin, "when": {"match": "contains"}}), "there is no when.query");
    check(json!({"then": pin, "when": {"query": "a".repeat(513)}}), "when.query has 513 characters");
    check(json!({"then": pin, "when": {"category": " > "}}), "when.category is ` > `");
    check(json!({"then": pin, "when": {"context": "a,b"}}), "when.context is `a,b`");
    check(json!({"then": {"pin": [{"id": "1", "position": 0}]}}), "then.pin[0].position is 0");
    check(json!({"then": {"pin": [{"id": "1", "position": 1_001}]}}), "then.pin[0].position is 1001");
    check(json!({"then": {"pin": [{"id": "1"}, {"id": "1", "position": 2}]}}), "then.pin[1].id is `1`");
    check(json!({"then": {"pin": [{"id": "1"}, {"id": "2"}]}}), "then.pin[1].position is 1");
    check(json!({"then": {"pin": vec![json!({"id": "1"}); 51]}}), "then.pin has 51 entries");
    check(json!({"then": {"hide": [""]}}), "then.hide[0] is ``");
    check(json!({"then": {"hide": vec!["x"; 501]}}), "then.hide has 501 entries");
    check(json!({"then": {"boost": [{"filter": "brand:", "factor": 2}]}}), "then.boost[0].filter: expected a value");
    check(json!({"then": {"boost": [{"filter": "price:cheap"}]}}), "`price` takes a number, not `cheap`");
    check(json!({"then": {"boost": [{"filter": "brand:HP", "factor": 1}]}}), "then.boost[0].factor is 1");
    check(json!({"then": {"boost": [{"filter": "brand:HP", "factor": 101}]}}), "then.boost[0].factor is 101");
    check(json!({"then": {"bury": [{"filter": "brand:HP", "factor": 0}]}}), "then.bury[0].factor is 0");
    check(json!({"then": {"filter": "("}}), "then.filter: ");
    let redirect = |url: &str| json!({"when": {"query": "a"}, "then": {"redirect": url}});
    for url in ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://", "/a b", "sale"] {
        check(redirect(url), "then.redirect is `");
    }
    check(json!({"then": {"redirect": "/sale"}}), "would send every search away");
    check(json!({"then": pin, "from": "tomorrow"}), "from is `tomorrow`");
    check(json!({"then": pin, "from": "2026-11-27", "until": "2026-11-27"}), "until is not after from");
    check(json!({"then": pin, "note": "é".repeat(501)}), "note has 501 characters");
    let twice = rules(json!([{"id": "r", "then": pin}, {"id": "r", "then": pin}]));
    assert!(twice.check().unwrap_err().contains("rules[1].id is `r`"));
    let numbered = |count: usize| {
        Rules((0..count).map(|n| serde_json::from_value(json!({"id": n.to_string(), "then": pin})).unwrap()).collect())
    };
    assert!(numbered(RULES_MAX).check().is_ok());
    assert!(numbered(RULES_MAX + 1).check().unwrap_err().contains("rules has 1001 entries"));
}

#[test]
fn a_rule_at_its_limits_is_taken_and_written_as_it_was_read() {
    let pins: Vec<_> = (1..=PINS_MAX).map(|n| json!({"id": n.to_string(), "position": n})).collect();
    let value = json!([{
        "id": "x".repeat(ID_BYTES_MAX),
        "when": {"query": "laptop", "match": "starts_with", "category": "A > B", "context": "phone"},
        "then": {
            "pin": pins,
            "hide": vec!["x"; HIDDEN_MAX],
            "boost": vec![json!({"filter": "brand:HP", "factor": 100.0}); FACTORS_MAX],
            "bury": [{"filter": "in_stock:false", "factor": 0.5}],
            "filter": "NOT tags:refurbished",
            "redirect": "https://shop.example/sale?a=b",
        },
        "from": "2026-11-27T09:00:00+01:00",
        "until": "2026-12-01",
        "enabled": false,
        "note": "é".repeat(NOTE_CHARS_MAX),
    }]);
    let read = rules(value.clone());
    assert_eq!(read.check(), Ok(()));
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
}

#[test]
fn queries_are_compared_as_searches_find() {
    let laptop = || json!({"query": "Laptops"});
    for q in ["laptop", "laptops", "LAPTOP", "\"laptop\""] {
        assert!(applies(laptop(), &ask(q)), "{q}");
    }
    for q in ["laptop bag", "lapto", "", "laptop -hp"] {
        assert!(!applies(laptop(), &ask(q)), "{q}");
    }
    let contains = || json!({"query": "gaming laptop", "match": "contains"});
    for q in ["gaming laptop", "cheap gaming laptops hp", "hp gaming laptop"] {
        assert!(applies(contains(), &ask(q)), "{q}");
    }
    for q in ["laptop gaming", "gaming hp laptop", "gaming", "shoes -\"gaming laptop\""] {
        assert!(!applies(contains(), &ask(q)), "{q}");
    }
    let starts = || json!({"query": "café", "match": "starts_with"});
    assert!(applies(starts(), &ask("cafe table")) && !applies(starts(), &ask("table cafe")));
    assert!(applies(json!({"query": ""}), &ask("")) && !applies(json!({"query": ""}), &ask("laptop")));
    assert!(applies(json!({}), &ask("whatever")));
}

#[test]
fn a_rule_that_excludes_words_and_was_kept_before_that_was_refused_applies_to_nothing() {
    for query in ["-nike", "shoe -red"] {
        let kept = RuleBook::new(Arc::new(rules(pinning(json!({"query": query})))), &Arc::default());
        for q in ["", "shoe", "nike", query] {
            assert_eq!(kept.digest_for(&ask(q)), 0, "{query}: {q}");
        }
    }
}

#[test]
fn a_category_is_the_one_that_the_filter_asks_for() {
    let when = || json!({"category": "Computers>laptops"});
    for filter in ["categories:\"Computers > Laptops\"", "categories:\"computers > laptops\" AND price < 500"] {
        assert!(applies(when(), &within("hp", filter)), "{filter}");
    }
    for filter in [
        "categories:Computers",
        "categories:\"Computers > Laptops > Gaming\"",
        "categories:\"Computers > Laptops\" OR categories:Shoes",
        "NOT categories:\"Computers > Laptops\"",
        "brand:\"Computers > Laptops\"",
    ] {
        assert!(!applies(when(), &within("hp", filter)), "{filter}");
    }
    // All that is given must hold.
    let browsing = || json!({"category": "Shoes", "query": ""});
    assert!(
        applies(browsing(), &within("", "categories:Shoes"))
            && !applies(browsing(), &within("red", "categories:Shoes"))
    );
}

#[test]
fn a_context_is_one_of_those_that_are_stated() {
    let with = |contexts: &[&str]| SearchRequest { context: contexts.iter().map(|&c| c.into()).collect(), ..ask("a") };
    assert!(applies(json!({"context": "phone"}), &with(&["club", "phone"])));
    assert!(
        !applies(json!({"context": "phone"}), &with(&["club"])) && !applies(json!({"context": "phone"}), &with(&[]))
    );
    let book = book(pinning(json!({"context": "phone"})));
    assert!(book.names_context("phone") && !book.names_context("club"));
}

#[test]
fn words_are_compared_in_the_language_of_the_settings() {
    let rules = Arc::new(rules(pinning(json!({"query": "laptops"}))));
    let none = Arc::new(Settings { language: Language::None, ..Settings::default() });
    let book = RuleBook::new(rules, &Arc::default());
    assert_ne!(book.digest_for(&ask("laptop")), 0);
    assert_eq!(book.under(&none).digest_for(&ask("laptop")), 0);
}

#[test]
fn dates_bound_a_rule_and_tell_how_long_its_answer_holds() {
    let dated = json!([
        {"id": "a", "when": {"query": "tv"}, "then": {"hide": ["1"]}, "from": "1970-01-01T00:00:10Z", "until": "1970-01-01T00:00:20Z"},
        {"id": "b", "when": {"query": "tv"}, "then": {"hide": ["2"]}, "until": "1970-01-01T00:00:15.5Z"},
        {"id": "c", "when": {"query": "other"}, "then": {"hide": ["3"]}, "until": "1970-01-01T00:00:01Z"},
    ]);
    let book = book(dated);
    let at = |now: u64| {
        let arrangement = book.arrange(&ask("tv"), now);
        (arrangement.hidden, arrangement.valid_until)
    };
    let hidden = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    assert_eq!(at(0), (hidden(&["2"]), Some(10_000)));
    assert_eq!(at(9_999), (hidden(&["2"]), Some(10_000)));
    assert_eq!(at(10_000), (hidden(&["1", "2"]), Some(15_500)));
    assert_eq!(at(15_500), (hidden(&["1"]), Some(20_000)));
    assert_eq!(at(20_000), (hidden(&[]), None));
    assert_eq!(book.arrange(&ask("radio"), 0).valid_until, None);
}

#[test]
fn the_earlier_rule_wins_and_what_is_disabled_does_nothing() {
    let book = book(json!([
        {"id": "off", "enabled": false, "then": {"hide": ["9"]}},
        {"id": "a", "when": {"query": "tv"}, "then": {"pin": [{"id": "1", "position": 3}], "redirect": "/a"}},
        {"id": "b", "then": {"pin": [{"id": "1"}, {"id": "2", "position": 2}], "filter": "brand:HP"}},
        {"id": "c", "when": {"query": "tv"}, "then": {"redirect": "/c", "bury": [{"filter": "brand:LG"}]}},
    ]));
    let arrangement = book.arrange(&ask("tv"), 0);
    let pins: Vec<_> = arrangement.pins.iter().map(|pin| (&*pin.id, pin.position, &*pin.rule)).collect();
    assert_eq!(pins, [("2", 2, "b"), ("1", 3, "a")]);
    assert_eq!(arrangement.redirect.as_deref(), Some("/a"));
    assert_eq!((arrangement.filters.len(), arrangement.factors[0].factor), (1, 0.5));
    assert!(arrangement.hidden.is_empty());
    let applied: Vec<_> = arrangement.applied.iter().map(|rule| &*rule.id).collect();
    assert_eq!(applied, ["a", "b", "c"]);
}

#[test]
fn who_asks_for_an_order_gets_it() {
    let book =
        book(json!([{"id": "r", "then": {"pin": [{"id": "1"}], "hide": ["2"], "boost": [{"filter": "brand:HP"}]}}]));
    let sorted = |field: &str| {
        let sort = vec![SortKey { field: field.into(), order: Order::Descending }];
        let arrangement = book.arrange(&SearchRequest { sort, ..ask("") }, 0);
        (arrangement.pins.len(), arrangement.hidden.len(), arrangement.factors.len())
    };
    assert_eq!(sorted("price"), (0, 1, 0));
    assert_eq!(sorted("relevance"), (0, 1, 1));
}

#[test]
fn a_digest_stands_for_the_rules_that_may_apply_and_no_others() {
    let tv = json!({"id": "a", "when": {"query": "tv"}, "then": {"hide": ["1"]}});
    let radio = |hidden: &str| json!({"id": "b", "when": {"query": "radio"}, "then": {"hide": [hidden]}});
    let (one, other) = (book(json!([tv, radio("1")])), book(json!([tv, radio("2")])));
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest_for(&ask("tv")), other.digest_for(&ask("tv")));
    assert_ne!(one.digest_for(&ask("radio")), other.digest_for(&ask("radio")));
    assert_eq!((one.digest_for(&ask("lamp")), book(json!([])).digest()), (0, 0));
}

proptest::proptest! {
    #[test]
    fn no_query_and_no_time_makes_it_panic(q in "\\PC{0,40}|[-\"a-z ]{0,20}", query in "[a-z \"-]{1,12}", now: u64) {
        let matches = ["exact", "contains", "starts_with"];
        let rules = matches.map(|how| json!({"id": how, "when": {"query": query, "match": how}, "then": {"hide": ["1"]}, "until": "2999-01-01"}));
        let book = RuleBook::new(Arc::new(serde_json::from_value(json!(rules)).unwrap()), &Arc::default());
        book.arrange(&ask(&q), now);
    }
}
