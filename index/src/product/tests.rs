//! What product JSON takes and refuses, and the round trip.

#![expect(clippy::needless_pass_by_value, reason = "cases are `json!` literals, which read best by value")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// The product with `id`, `title` and the given fields.
fn with(fields: Value) -> Map<String, Value> {
    let mut all = object(json!({"id": "1", "title": "Lamp"}));
    all.extend(object(fields));
    all
}

#[track_caller]
fn read(fields: Value) -> Product {
    Product::from_json(with(fields)).unwrap()
}

/// Reading and writing again gives `expected`.
#[track_caller]
fn check(fields: Value, expected: Value) {
    assert_eq!(Value::Object(read(fields.clone()).to_json()), Value::Object(with(expected)), "{fields}");
}

#[track_caller]
fn check_error(fields: Value, code: &str, message: &str) {
    let error = Product::from_json(with(fields.clone())).expect_err(&fields.to_string());
    assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{fields}");
}

#[test]
fn every_field_is_read_and_written_in_the_order_of_the_contract() {
    let all = json!({
        "id": "42", "title": "Air Max", "description": "A shoe", "brand": "Nike",
        "categories": ["Shoes > Running"], "sku": "AM-1", "identifiers": ["0095205603217"], "price": 499.0,
        "stock": 3, "in_stock": true, "popularity": 8, "rating": 4.5, "image": "https://a.example/1.jpg",
        "url": "https://a.example/1", "released": "2020-01-31", "group": "air", "tags": ["new"],
        "attributes": {"ram": "8 GB", "width": 6, "weight": 1.5, "wireless": false, "ports": ["hdmi", 2, true]}
    });
    let product = Product::from_json(object(all.clone())).unwrap();
    assert_eq!(Value::Object(product.to_json()).to_string(), all.to_string());
}

#[test]
fn an_id_is_text_or_a_whole_number_and_kept_as_text() {
    check(json!({"id": "0042"}), json!({"id": "0042"}));
    check(json!({"id": 42}), json!({"id": "42"}));
    check(json!({"id": -7}), json!({"id": "-7"}));
    check(json!({"id": u64::MAX}), json!({"id": "18446744073709551615"}));
    check_error(json!({"id": 42.0}), "invalid_id", "`id`: expected text or a whole number, found 42.0");
    check_error(json!({"id": true}), "invalid_id", "`id`: expected text or a whole number, found true");
    check_error(json!({"id": "a\nb"}), "invalid_id", "`id`: \"a\\nb\" has a control character");
    check_error(json!({"id": " "}), "missing_id", "`id` is missing");
    check_error(json!({"id": null}), "missing_id", "`id` is missing");
}

#[test]
fn a_title_is_required() {
    check_error(json!({"title": null}), "missing_title", "`title` is missing");
    check_error(json!({"title": " \t"}), "missing_title", "`title` is missing");
    check_error(json!({"title": ["a"]}), "invalid_title", "`title`: expected text, found a list of 1 values");
    check(json!({"title": 1984}), json!({"title": "1984"}));
}

#[test]
fn blank_text_null_and_empty_lists_are_absent() {
    let blank = json!({"brand": "", "sku": " ", "image": null, "tags": [], "categories": ["", null, " > "],
        "attributes": {"a": "", "b": null, "c": [null, ""]}, "d": "  "});
    check(blank, json!({}));
}

#[test]
fn one_text_is_a_list_of_one() {
    check(
        json!({"categories": "A>B", "tags": "new", "identifiers": 4_006_381_333_931_u64}),
        json!({"categories": ["A > B"], "identifiers": ["4006381333931"], "tags": ["new"]}),
    );
    check_error(json!({"tags": [["a"]]}), "invalid_tags", "`tags`: expected a list of texts, found a list of 1 values");
    check_error(json!({"tags": [true]}), "invalid_tags", "`tags`: expected text, found true");
}

#[test]
fn category_paths_have_one_spelling() {
    check(json!({"categories": [" A>B ", "A  >  > C", ">D>"]}), json!({"categories": ["A > B", "A > C", "D"]}));
}

#[test]
fn numbers_are_numbers_in_product_json() {
    check(json!({"price": 0, "popularity": -3, "rating": 4.5}), json!({"price": 0.0, "popularity": -3, "rating": 4.5}));
    check(json!({"price": -0.0, "attributes": {"t": -0.0}}), json!({"price": 0.0, "attributes": {"t": 0}}));
    let refused = |found: &str| format!("`price`: expected a number that is not negative, found {found}");
    check_error(json!({"price": "12.50"}), "invalid_price", &refused("\"12.50\""));
    check_error(json!({"price": -1}), "invalid_price", &refused("-1"));
    check_error(json!({"price": [1]}), "invalid_price", &refused("a list of 1 values"));
    check_error(json!({"rating": "good"}), "invalid_rating", "`rating`: expected a number, found \"good\"");
    check_error(json!({"in_stock": 1}), "invalid_in_stock", "`in_stock`: expected true or false, found 1");
}

#[test]
fn stock_is_a_whole_number() {
    check(json!({"stock": -2}), json!({"stock": -2}));
    check(json!({"stock": 3.0}), json!({"stock": 3}));
    check(json!({"stock": i64::MAX}), json!({"stock": i64::MAX}));
    check_error(json!({"stock": 2.5}), "invalid_stock", "`stock`: expected a whole number, found 2.5");
    check_error(
        json!({"stock": u64::MAX}),
        "invalid_stock",
        "`stock`: expected a whole number, found 18446744073709551615",
    );
    check_error(json!({"stock": "3"}), "invalid_stock", "`stock`: expected a whole number, found \"3\"");
}

#[test]
fn being_in_stock_follows_from_stock_when_that_is_given() {
    for (fields, expected) in [
        (json!({}), true),
        (json!({"in_stock": false}), false),
        (json!({"stock": 0, "in_stock": true}), false),
        (json!({"stock": 1, "in_stock": false}), true),
    ] {
        assert_eq!(read(fields.clone()).is_in_stock(), expected, "{fields}");
    }
}

#[test]
fn unknown_keys_become_attributes_and_the_attributes_object_wins() {
    check(
        json!({"ram": "4 GB", "attributes": {"ram": "8 GB", "title": "t"}, "size": 5, "attributes.brand": "b"}),
        json!({"attributes": {"ram": "8 GB", "title": "t", "size": 5, "brand": "b"}}),
    );
}

#[test]
fn an_attribute_that_comes_by_both_its_names_is_one() {
    check(json!({"size": 5, "attributes.size": 6}), json!({"attributes": {"size": 6}}));
    check(json!({"attributes.size": 6, "a": 1, "size": 5}), json!({"attributes": {"a": 1, "size": 5}}));
    check(json!({"attributes.size": 6, "attributes": {"size": 5}}), json!({"attributes": {"size": 5}}));
    let product = read(json!({"size": 5, "attributes.size": 6}));
    assert_eq!(product.attributes.len(), 1);
}

#[test]
fn a_nested_attribute_is_refused_with_its_path() {
    let expected = "expected text, a number, a boolean or a list of these";
    check_error(
        json!({"attributes": {"size": {"w": 1}}}),
        "invalid_attributes",
        &format!("`size`: {expected}, found an object"),
    );
    check_error(
        json!({"size": [1, [2]]}),
        "invalid_attributes",
        &format!("`size[1]`: {expected}, found a list of 1 values"),
    );
    check_error(
        json!({"attributes": [1]}),
        "invalid_attributes",
        "`attributes`: expected an object of names and values, found a list of 1 values",
    );
    check_error(json!({"attributes": {" ": 1}}), "invalid_attributes", "`attributes`: an attribute has a blank name");
    check_error(
        json!({"a\u{0}b": 1}),
        "invalid_attributes",
        "`attributes`: the name \"a\\0b\" has a control character",
    );
}

#[test]
fn each_limit_holds_at_the_limit_and_refuses_one_more() {
    let text = |bytes: usize| Value::from("x".repeat(bytes));
    let list = |values: usize| Value::from(vec!["x"; values]);
    let many = |count: usize| Value::Object((0..count).map(|at| (format!("a{at}"), Value::from(1))).collect());
    let named = |bytes: usize| Value::Object(Map::from_iter([("n".repeat(bytes), Value::from(1))]));
    let levels = |count: usize| Value::from(vec!["a"; count].join(">"));
    for (field, limit, value) in [
        ("id", ID_BYTES_MAX, &text as &dyn Fn(usize) -> Value),
        ("title", TEXT_BYTES_MAX, &text),
        ("some_attribute", TEXT_BYTES_MAX, &text),
        ("tags", LIST_VALUES_MAX, &list),
        ("some_attribute", LIST_VALUES_MAX, &list),
        ("attributes", ATTRIBUTES_MAX, &many),
        ("attributes", ATTRIBUTE_NAME_BYTES_MAX, &named),
        ("categories", CATEGORY_LEVELS_MAX, &levels),
    ] {
        let read = |size: usize| Product::from_json(with(json!({ field: value(size) })));
        assert!(read(limit).is_ok(), "{field} {limit}");
        let error = read(limit + 1).expect_err(field);
        assert!(error.message.contains(&limit.to_string()), "{field} {limit}: {error}");
        assert!(error.message.len() < 500, "{field} {limit}: {error}");
    }
}

#[test]
fn an_error_knows_the_product_and_shortens_the_value() {
    let error = Product::from_json(with(json!({"id": 7, "price": "x".repeat(1000)}))).unwrap_err();
    assert_eq!(error.id.as_deref(), Some("7"));
    assert!(error.message.ends_with("xxx…\""), "{error}");
    assert!(error.message.len() < 150, "{error}");
}

#[test]
fn dates_are_those_of_rfc_3339() {
    for (text, seconds) in [
        ("1970-01-01", Some(0.0)),
        ("1969-12-31", Some(-86_400.0)),
        ("2009-12-10T00:00:00Z", Some(1_260_403_200.0)),
        ("2009-12-10t00:00:00.5z", Some(1_260_403_200.5)),
        ("2009-12-10 01:30:00+01:30", Some(1_260_403_200.0)),
        ("2009-12-09T23:00:00-01:00", Some(1_260_403_200.0)),
        ("9999-12-31", Some(253_402_214_400.0)),
        ("9999-12-31T23:59:59-23:59", Some(253_402_387_139.0)),
        ("0000-01-01", Some(-62_167_219_200.0)),
        ("2020-02-30", None),
        ("2020-13-01", None),
        ("20200131", None),
        ("2020-W05-1", None),
        ("2020-01-31T10:00Z", None),
        ("2020-01-31T10:00:00", None),
        ("2020-01-31T25:00:00Z", None),
        ("2020-01-31T10:00:00.Z", None),
        ("2020-01-31T10:00:00+0100", None),
        ("2020-01-31T10:00:00+24:00", None),
        ("2020-01-31T10:00:00Z[Europe/Berlin]", None),
        ("31.01.2020", None),
        ("2020-01-3ü", None),
        ("", None),
    ] {
        assert_eq!(released_seconds(text), seconds, "{text}");
    }
    check(json!({"released": " 2020-01-31 "}), json!({"released": "2020-01-31"}));
    check_error(
        json!({"released": "soon"}),
        "invalid_released",
        "`released`: expected a date such as 2024-05-31 or 2024-05-31T10:00:00Z, found \"soon\"",
    );
}

#[test]
fn a_number_is_what_json_calls_one_and_a_double_can_hold() {
    for (text, expected) in [
        ("0", Some("0")),
        ("-12.50", Some("-12.5")),
        ("1e3", Some("1000.0")),
        ("9007199254740992", Some("9007199254740992")),
        ("9007199254740993", None),
        ("123456789012345678901234567890", None),
        ("007", None),
        ("+1", None),
        (".5", None),
        ("1.", None),
        (" 1", None),
        ("1e999", None),
        ("12,50", None),
        ("NaN", None),
        ("-", None),
        ("", None),
    ] {
        assert_eq!(json_number(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
    }
}

#[track_caller]
fn check_patch(before: Value, patch: Value, after: Value) {
    let product = read(before);
    let patched = apply_patch(&product, object(patch.clone())).unwrap();
    assert_eq!(Value::Object(patched.to_json()), Value::Object(with(after)), "{patch}");
}

#[test]
fn a_patch_changes_the_named_fields_only() {
    check_patch(json!({"price": 5, "stock": 3}), json!({"price": 6}), json!({"price": 6.0, "stock": 3}));
    check_patch(json!({"brand": "HP", "tags": ["a"]}), json!({"brand": null, "tags": ["b"]}), json!({"tags": ["b"]}));
    check_patch(json!({"tags": ["a"]}), json!({"id": "1", "tags": []}), json!({}));
    check_patch(
        json!({"attributes": {"a": 1, "b": 2, "c": 3}}),
        json!({"attributes": {"b": null, "c": "x", "d": [1]}, "a": true, "attributes.e": 5, "c": "loses"}),
        json!({"attributes": {"a": true, "c": "x", "e": 5, "d": [1]}}),
    );
    check_patch(json!({"attributes": {"a": 1}}), json!({"attributes": null}), json!({}));
}

#[test]
fn a_patch_cannot_make_an_invalid_product() {
    let product = read(json!({"price": 5}));
    for (patch, code, message) in [
        (json!({"id": "2"}), "invalid_id", "`id`: an id cannot change, found \"2\" instead of \"1\""),
        (json!({"id": null}), "invalid_id", "`id`: an id cannot change, found null instead of \"1\""),
        (json!({"title": null}), "missing_title", "`title` is missing"),
        (json!({"price": "6"}), "invalid_price", "`price`: expected a number that is not negative, found \"6\""),
        (
            json!({"attributes": 5}),
            "invalid_attributes",
            "`attributes`: expected an object of names and values, found 5",
        ),
    ] {
        let error = apply_patch(&product, object(patch.clone())).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{patch}");
        assert_eq!(error.id.as_deref(), Some("1"));
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zäöü0-9\"\\\\ |>.-]{0,8}[a-z]", "\\PC{0,5}x"]
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<i32>().prop_map(f64::from), prop::num::f64::NORMAL, Just(9_007_199_254_740_993.0)]
}

fn any_scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any_text().prop_map(Scalar::Text),
        any_number().prop_map(Scalar::Number),
        any::<bool>().prop_map(Scalar::Bool)
    ]
}

fn any_attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        any_scalar().prop_map(Attribute::One),
        prop::collection::vec(any_scalar(), 1..4).prop_map(Attribute::Many)
    ]
}

prop_compose! {
    fn any_texts()(texts in prop::collection::vec(prop::option::of(any_text()), 7)) -> Vec<Option<String>> { texts }
}

prop_compose! {
    fn any_valid()(
        id in "[a-z0-9 /%]{0,6}[a-z]",
        title in any_text(),
        texts in any_texts(),
        (lists, path) in (prop::collection::vec(prop::collection::vec(any_text(), 0..3), 2), "[a-z]{1,3}( > [a-z]{1,3}){0,3}"),
        (price, popularity, rating) in (prop::option::of(0.0..1e9), prop::option::of(any_number()), prop::option::of(any_number())),
        (stock, in_stock) in any::<(Option<i64>, Option<bool>)>(),
        attributes in prop::collection::btree_map(any_text(), any_attribute(), 0..5),
    ) -> Product {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        Product {
            id, title, price, stock, in_stock, popularity, rating,
            description: text(), brand: text(), sku: text(), image: text(), url: text(), group: text(),
            released: text().map(|_| "2020-01-31T10:00:00+01:00".to_owned()),
            categories: vec![path], identifiers: lists[0].clone(), tags: lists[1].clone(),
            attributes: attributes.into_iter().collect(),
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(".{0,3}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        prop::sample::select(FIELD_NAMES.to_vec()).prop_map(String::from),
        Just(ATTRIBUTES.to_owned()),
        ".{0,4}"
    ];
    prop::collection::hash_map(key, any_json(), 0..8).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn writing_is_the_inverse_of_reading(product in any_valid()) {
        let text = serde_json::to_string(&product.to_json()).unwrap();
        prop_assert_eq!(Product::from_json(serde_json::from_str(&text).unwrap()), Ok(product));
    }

    #[test]
    fn no_object_makes_reading_panic_and_what_is_read_is_written_back(object in any_object()) {
        match Product::from_json(object) {
            Ok(product) => prop_assert_eq!(Product::from_json(product.to_json()), Ok(product)),
            Err(error) => {
                let known = FIELD_NAMES.iter().chain([&ATTRIBUTES]).any(|field| error.code.ends_with(field));
                prop_assert!(known, "{}", error.code);
            }
        }
    }

    #[test]
    fn a_patched_product_is_what_reading_would_give(product in any_valid(), patch in any_object()) {
        if let Ok(patched) = apply_patch(&product, patch) {
            prop_assert_eq!(&patched.id, &product.id);
            prop_assert_eq!(Product::from_json(patched.to_json()), Ok(patched));
        }
    }
}
