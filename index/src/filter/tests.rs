//! Tables of filters, and properties against a naive evaluator.

use std::ops::{Bound, RangeBounds};

use proptest::prelude::*;

use super::*;

const DAY: f64 = 86_400.0;

fn bare(field: &str, text: &str) -> Filter {
    Filter::Equals { field: field.into(), value: Literal { text: text.into(), quoted: false } }
}

fn quoted(field: &str, text: &str) -> Filter {
    Filter::Equals { field: field.into(), value: Literal { text: text.into(), quoted: true } }
}

fn range(field: &str, from: Bound<f64>, to: Bound<f64>) -> Filter {
    Filter::Range { field: field.into(), from, to }
}

fn between(field: &str, from: f64, to: f64) -> Filter {
    range(field, Bound::Included(from), Bound::Included(to))
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

#[track_caller]
fn check(text: &str, expected: Filter) {
    assert_eq!(parse(text), Ok(expected), "{text}");
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!(error.message, message, "{text}");
    assert!(message.ends_with(&format!("at character {}", error.at)), "{error:?}");
}

#[track_caller]
fn check_canonical(text: &str, expected: &str) {
    let canonical = parse(text).unwrap().canonical();
    assert_eq!(canonical.to_string(), expected, "{text}");
    assert_eq!(parse(expected).unwrap().canonical(), canonical, "{text}");
}

#[test]
fn a_condition_compares_a_field_with_a_value() {
    check("brand:HP", bare("brand", "HP"));
    check(" brand : HP ", bare("brand", "HP"));
    check("brand = HP", bare("brand", "HP"));
    check(r#"brand:"Air Max""#, quoted("brand", "Air Max"));
    check(r#"title:"17\" \\ wide\n""#, quoted("title", r#"17" \ wide\n"#));
    check(r#"size:17""#, bare("size", "17\""));
    check(r#""screen size":15"#, bare("screen size", "15"));
    check("url:https://a.example/?b=c", bare("url", "https://a.example/?b=c"));
    check("attributes.title:x", bare("attributes.title", "x"));
    check("brand != HP", not(bare("brand", "HP")));
    check("größe:süß", bare("größe", "süß"));
    check("t:-5", bare("t", "-5"));
    check(r#"word:"AND""#, quoted("word", "AND"));
    check("or:5", bare("or", "5"));
}

#[test]
fn ranges_take_numbers_and_comparisons() {
    check("price:10 TO 50", between("price", 10.0, 50.0));
    check("price:-1.5 to 1e3", between("price", -1.5, 1000.0));
    check(r#"price:"10" TO "50""#, between("price", 10.0, 50.0));
    check("price:* TO 50", range("price", Bound::Unbounded, Bound::Included(50.0)));
    check("price:10 TO *", range("price", Bound::Included(10.0), Bound::Unbounded));
    check("price >= 10", range("price", Bound::Included(10.0), Bound::Unbounded));
    check("price>10", range("price", Bound::Excluded(10.0), Bound::Unbounded));
    check("price:<10", range("price", Bound::Unbounded, Bound::Excluded(10.0)));
    check("price <= -0", range("price", Bound::Unbounded, Bound::Included(0.0)));
}

#[test]
fn a_date_in_a_range_is_the_whole_day() {
    let last = (2.0 * DAY).next_down();
    check("released:1970-01-02 TO 1970-01-02", between("released", DAY, last));
    check("released > 1970-01-02", range("released", Bound::Included(2.0 * DAY), Bound::Unbounded));
    check("released >= 1970-01-02", range("released", Bound::Included(DAY), Bound::Unbounded));
    check("released < 1970-01-02", range("released", Bound::Unbounded, Bound::Excluded(DAY)));
    check("released <= 1970-01-02", range("released", Bound::Unbounded, Bound::Excluded(2.0 * DAY)));
    check("released > 1970-01-02T00:00:00Z", range("released", Bound::Excluded(DAY), Bound::Unbounded));
    check("released <= 1970-01-02T01:00:00+01:00", range("released", Bound::Unbounded, Bound::Included(DAY)));
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    let [a, b, c] = ["a", "b", "c"].map(|field| bare(field, "1"));
    check("a:1 OR b:1 AND c:1", Filter::Or(vec![a.clone(), Filter::And(vec![b.clone(), c.clone()])]));
    check("(a:1 or b:1) and c:1", Filter::And(vec![Filter::Or(vec![a.clone(), b.clone()]), c.clone()]));
    check("not a:1 and b:1 And c:1", Filter::And(vec![not(a.clone()), b.clone(), c.clone()]));
    check("NOT (a:1 OR b:1)", not(Filter::Or(vec![a.clone(), b.clone()])));
    check("NOT(a:1)AND(b:1)", Filter::And(vec![not(a.clone()), b]));
    check("((a:1))", a.clone());
    check("NOT NOT a:1", not(not(a)));
}

#[test]
fn an_error_names_the_character_at_fault() {
    check_error("", "expected a field at character 1");
    check_error("brand:", "expected a value after `brand:` at character 7");
    check_error(
        "brand: AND a:1",
        "expected a value after `brand:`, found the keyword `AND` (as a value it must be quoted) at character 8",
    );
    check_error("größe >= ", "expected a value after `größe >=` at character 10");
    check_error("price:10 TO", "expected a value after `price:10 TO` at character 12");
    check_error("price:10 TO red", "expected a number or a date, found `red` at character 13");
    check_error("price:cheap TO 10", "expected a number or a date, found `cheap` at character 7");
    check_error("price > inf", "expected a number or a date, found `inf` at character 9");
    check_error("price > 1e999", "expected a number or a date, found `1e999` at character 9");
    check_error("price > *", "expected a number or a date, found `*` at character 9");
    check_error("brand", "expected `:` or a comparison after `brand` at character 6");
    check_error("brand HP", "expected `:` or a comparison after `brand`, found `HP` at character 7");
    check_error("brand:HP price:1", "expected `AND`, `OR` or the end, found `price:1` at character 10");
    check_error("brand:HP)", "`)` without a `(` at character 9");
    check_error("a:1 AND (b:1", "expected `AND`, `OR` or the `)` for the `(` of character 9 at character 13");
    check_error("a:1 AND", "expected a field at character 8");
    check_error("OR a:1", "expected a field, found the keyword `OR` at character 1");
    check_error(r#"a:"b"#, "the quote is not closed that begins at character 3");
    check_error(r#"a:" ""#, "expected a value after `a:`, found a blank one at character 3");
    check_error(r#""":1"#, "expected a field, found a blank name at character 1");
    check_error("a:()", "expected a value after `a:` at character 3");
}

#[test]
fn each_limit_holds_at_the_limit_and_refuses_one_more() {
    let long = |bytes: usize| format!("a:{}", "b".repeat(bytes - 2));
    assert!(parse(&long(FILTER_BYTES_MAX)).is_ok());
    check_error(&long(FILTER_BYTES_MAX + 1), "more than 8192 bytes, the filter is 8193 long, at character 8193");

    let deep = |depth: usize| format!("{}a:1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&deep(FILTER_DEPTH_MAX)).is_ok());
    check_error(&deep(FILTER_DEPTH_MAX + 1), "more than 32 levels of `(` and `NOT` at character 33");
    let negated = |depth: usize| format!("{}a:1", "NOT ".repeat(depth));
    assert!(parse(&negated(FILTER_DEPTH_MAX)).is_ok());
    check_error(&negated(FILTER_DEPTH_MAX + 1), "more than 32 levels of `(` and `NOT` at character 129");

    let many = |conditions: usize| vec!["a:1"; conditions].join(" OR ");
    assert!(parse(&many(FILTER_CONDITIONS_MAX)).is_ok());
    check_error(&many(FILTER_CONDITIONS_MAX + 1), "more than 256 conditions at character 1793");
}

#[test]
fn a_hundred_thousand_parentheses_are_an_error_and_no_crash() {
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&"NOT ".repeat(2_000)).is_err());
    assert!(parse(&"(".repeat(8_000)).is_err());
}

#[test]
fn filters_of_one_meaning_have_one_canonical_text() {
    check_canonical("b:1 AND a:1", "a:1 AND b:1");
    check_canonical("a:1 AND (b:1 AND a:1)", "a:1 AND b:1");
    check_canonical("a:1 OR (b:1 OR (c:1))", "a:1 OR b:1 OR c:1");
    check_canonical("a:1 AND a:1", "a:1");
    check_canonical("NOT NOT a:1", "a:1");
    check_canonical("NOT (NOT (NOT a:1))", "NOT a:1");
    check_canonical("a:1 AND NOT NOT (b:1 AND c:1)", "a:1 AND b:1 AND c:1");
    check_canonical(r#"brand:"HP""#, "brand:HP");
    check_canonical(r#"brand:" Air Max ""#, r#"brand:"Air Max""#);
    check_canonical("price:8.0", "price:8");
    check_canonical("price:8.0 TO 1e1", "price:8 TO 10");
    check_canonical("released > 1970-01-01", "released >= 86400");
    check_canonical("c:1 AND (b:1 OR a:1)", "(a:1 OR b:1) AND c:1");
}

#[test]
fn quotes_and_spelling_stay_where_they_mean_something() {
    check_canonical("bluetooth:4.0", "bluetooth:4.0");
    check_canonical(r#"size:"8""#, r#"size:"8""#);
    check_canonical(r#"price:"8.0""#, r#"price:"8.0""#);
    check_canonical(r#"flag:"True""#, r#"flag:"True""#);
    check_canonical(r#"released:"2020-01-31""#, r#"released:"2020-01-31""#);
    check_canonical(r#""and":"or""#, r#""and":"or""#);
    check_canonical(r#""a b":">=""#, r#""a b":">=""#);
}

#[test]
fn an_unquoted_literal_is_also_the_number_or_boolean_that_it_spells() {
    let literal = |text: &str, quoted: bool| Literal { text: text.into(), quoted };
    assert_eq!(literal("8.0", false).number(), Some(8.0));
    assert_eq!(literal("-0", false).number().map(f64::is_sign_positive), Some(true));
    assert_eq!(literal("007", false).number(), None);
    assert_eq!(literal("8", true).number(), None);
    assert_eq!(literal("TRUE", false).boolean(), Some(true));
    assert_eq!(literal("false", true).boolean(), None);
}

#[test]
fn fields_are_named_in_the_order_of_writing() {
    let filter = parse("b:1 AND NOT (a > 1 OR c:2) AND b:3").unwrap();
    assert_eq!(filter.fields().collect::<Vec<_>>(), ["b", "a", "c", "b"]);
}

/// A product of the naive evaluator: each field's values as text and number.
type Values = Vec<(String, Vec<Value>)>;

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
}

fn values<'p>(product: &'p Values, name: &'p str) -> impl Iterator<Item = &'p Value> {
    product.iter().filter(move |(field, _)| field == name).flat_map(|(_, values)| values)
}

/// What a filter means, spelt out without regard to speed.
fn holds(filter: &Filter, product: &Values) -> bool {
    match filter {
        Filter::And(operands) => operands.iter().all(|operand| holds(operand, product)),
        Filter::Or(operands) => operands.iter().any(|operand| holds(operand, product)),
        Filter::Not(operand) => !holds(operand, product),
        Filter::Equals { field, value } => values(product, field).any(|found| match found {
            Value::Text(text) => text.trim() == value.text.trim(),
            Value::Number(number) => value.number() == Some(*number),
            Value::Bool(flag) => value.boolean() == Some(*flag),
        }),
        Filter::Range { field, from, to } => {
            values(product, field).any(|found| matches!(found, Value::Number(number) if (*from, *to).contains(number)))
        }
    }
}

/// Few names and values, so that random filters and random products meet. `price` holds numbers only.
fn any_product() -> impl Strategy<Value = Values> {
    let number = prop::sample::select(vec![-1.0, 0.0, 4.0, 8.0, 8.5, 10.0]);
    let other = prop_oneof![
        number.clone().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Bool),
        prop::sample::select(vec!["HP", "Air Max", "4.0", "4", "8", "true", "and"])
            .prop_map(|text| Value::Text(text.into())),
    ];
    let prices = prop::collection::vec(number.prop_map(Value::Number), 0..2);
    let [a, b] = std::array::from_fn(|_| prop::collection::vec(other.clone(), 0..3));
    (prices, a, b).prop_map(|(prices, a, b)| vec![("price".into(), prices), ("a".into(), a), ("b c".into(), b)])
}

fn any_bound() -> impl Strategy<Value = Bound<f64>> {
    let number = prop::sample::select(vec![-1.0, -0.0, 4.0, 8.0, 8.5, 1e300, 1e-300]);
    (0..3, number).prop_map(|(kind, number)| match kind {
        0 => Bound::Unbounded,
        1 => Bound::Included(number),
        _ => Bound::Excluded(number),
    })
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let field = prop::sample::select(vec!["price", "a", "b c"]).prop_map(String::from);
    let text = prop_oneof![
        prop::sample::select(vec![
            "HP", " Air Max", "4.0", "4", "8", "8.0", "-0", "TRUE", "and", "a\"b\\", ">=", "(x)"
        ])
        .prop_map(String::from),
        "[^\\s]{1,6}",
    ];
    let literal = (text, any::<bool>()).prop_map(|(text, quoted)| Literal { text, quoted });
    let leaf = prop_oneof![
        (field.clone(), literal).prop_map(|(field, value)| Filter::Equals { field, value }),
        (field, any_bound(), any_bound()).prop_map(|(field, from, to)| Filter::Range { field, from, to }),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let operands = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![operands().prop_map(Filter::And), operands().prop_map(Filter::Or), inner.clone().prop_map(not)]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,60}") {
        let parsed = parse(&text);
        if let Err(error) = parsed {
            prop_assert!(error.at <= text.chars().count() + 1);
        }
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic(
        tokens in prop::collection::vec(
            prop::sample::select(vec!["a", ":", "\"", "(", ")", "AND ", " or", "not", " TO ", "5", ">=", "!", "\\", "*"]),
            0..30,
        )
    ) {
        let text = tokens.concat();
        if let Ok(filter) = parse(&text) {
            prop_assert_eq!(parse(&filter.to_string()).map(|again| again.canonical()), Ok(filter.canonical()));
        }
    }

    #[test]
    fn the_text_of_a_filter_parses_back_to_its_canonical_form(filter in any_filter()) {
        let canonical = filter.canonical();
        let again = |text: String| parse(&text).map(|filter| filter.canonical());
        prop_assert_eq!(again(filter.to_string()), Ok(canonical.clone()), "{}", filter);
        prop_assert_eq!(again(canonical.to_string()), Ok(canonical.clone()), "{}", canonical);
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form(filter in any_filter()) {
        let canonical = filter.canonical();
        prop_assert_eq!(canonical.canonical(), canonical);
    }

    #[test]
    fn the_canonical_form_holds_for_the_same_products(filter in any_filter(), products in prop::collection::vec(any_product(), 8)) {
        let canonical = filter.canonical();
        for product in products {
            prop_assert_eq!(holds(&filter, &product), holds(&canonical, &product), "{} / {}", filter, canonical);
        }
    }

    #[test]
    fn the_order_of_operands_does_not_matter(mut operands in prop::collection::vec(any_filter(), 1..5)) {
        let forward = [Filter::And(operands.clone()), Filter::Or(operands.clone())].map(|filter| filter.canonical());
        operands.reverse();
        let backward = [Filter::And(operands.clone()), Filter::Or(operands)].map(|filter| filter.canonical());
        prop_assert_eq!(forward, backward);
    }
}
