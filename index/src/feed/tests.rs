//! Mappings, their problems and exact scaling. The server maps every record of the real feeds (`catalog::feeds`).

#![expect(clippy::needless_pass_by_value, reason = "cases are `json!` literals, which read best by value")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::product::{Attribute, Scalar};

fn mapping(config: Value) -> Result<FeedMapping, Vec<String>> {
    FeedMapping::new(&serde_json::from_value(config).unwrap())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// A mapping of icecat's kind.
fn shop() -> FeedMapping {
    mapping(json!({
        "title": "name", "sku": "name", "brand": "supplier", "price": {"field": "cents", "scale": 0.01},
        "stock": "qty", "in_stock": "available", "categories": ["main_category", "other_categories"], "tags": "labels",
        "attributes": ["colour", "attr_t_*", "attr_n_*", "*_cm"], "attributes.weight": {"field": "grams", "scale": 0.001},
        "attributes.made in": ["country", "region"]
    }))
    .unwrap()
}

/// Maps a record that has an id and a name.
#[track_caller]
fn check(fields: Value, expected: Value, ignored: usize) {
    let mut record = object(json!({"id": "1", "name": "Lamp"}));
    record.extend(object(fields.clone()));
    let mut all = object(json!({"id": "1", "title": "Lamp", "sku": "Lamp"}));
    all.extend(object(expected));
    let (product, count) = shop().map(record).unwrap();
    assert_eq!(product, Product::from_json(all).unwrap(), "{fields}");
    assert_eq!(count, ignored, "{fields}");
}

#[track_caller]
fn check_error(record: Value, code: &str, message: &str, id: Option<&str>) {
    let error = shop().map(object(record.clone())).unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{record}");
    assert_eq!(error.id.as_deref(), id, "{record}");
}

#[test]
fn fields_that_are_not_named_are_ignored_and_counted() {
    check(json!({}), json!({}), 0);
    check(json!({"supplier": "HP", "brand": "x", "image": "y"}), json!({"brand": "HP"}), 2);
}

#[test]
fn a_pattern_names_the_attribute_and_values_keep_their_types() {
    check(
        json!({"attr_t_ram": "8 GB", "attr_n_width": 6.0, "attr_t_": "blank", "colour": ["red", true], "height_cm": "5"}),
        json!({"attributes": {"ram": "8 GB", "width": 6, "colour": ["red", true], "height": "5"}}),
        1,
    );
    check(json!({"attr_t_note": "Not available"}), json!({"attributes": {"note": "Not available"}}), 0);
}

#[test]
fn fields_of_one_attribute_or_list_make_a_list() {
    check(
        json!({"attr_t_size": "L", "colour": 1, "attr_n_size": [5, true], "size_cm": 7}),
        json!({"attributes": {"size": ["L", 5, true, 7], "colour": 1}}),
        0,
    );
    check(json!({"country": "DE", "region": "Harz"}), json!({"attributes": {"made in": ["DE", "Harz"]}}), 0);
    check(
        json!({"main_category": "A", "other_categories": ["B>C", "D"]}),
        json!({"categories": ["A", "B > C", "D"]}),
        0,
    );
}

#[test]
fn numbers_and_booleans_may_be_text() {
    check(json!({"cents": "1195", "qty": "3"}), json!({"price": 11.95, "stock": 3}), 0);
    check(json!({"cents": "", "qty": " ", "available": ""}), json!({}), 0);
    check(json!({"available": "False"}), json!({"in_stock": false}), 0);
    check(json!({"available": 1}), json!({"in_stock": true}), 0);
    check(json!({"grams": "500"}), json!({"attributes": {"weight": 0.5}}), 0);
    check(json!({"grams": [500, "n/a"]}), json!({"attributes": {"weight": [0.5, "n/a"]}}), 0);
}

#[test]
fn an_error_names_the_field_in_the_product_and_in_the_feed() {
    check_error(
        json!({"id": 5, "name": "a", "cents": "cheap"}),
        "invalid_price",
        "`price`: expected a number that is not negative, found \"cheap\" (from the feed's field `cents`)",
        Some("5"),
    );
    check_error(json!({"name": "a"}), "missing_id", "`id` is missing", None);
    check_error(
        json!({"id": "5", "name": ""}),
        "missing_title",
        "`title` is missing (from the feed's field `name`)",
        Some("5"),
    );
    check_error(
        json!({"id": "5", "name": "a", "attr_t_x": {}}),
        "invalid_attributes",
        "`x`: expected text, a number, a boolean or a list of these, found an object (from the feed's field `attr_t_x`)",
        Some("5"),
    );
    let long: Vec<u32> = (0..600).collect();
    check_error(
        json!({"id": "5", "name": "a", "attr_t_x": long, "attr_n_x": long}),
        "invalid_attributes",
        "`x`: 1200 values from the feed's fields, at most 1000 are allowed",
        Some("5"),
    );
}

#[test]
fn an_exact_name_goes_before_a_pattern() {
    let all = mapping(json!({"id": "nr", "title": "name", "attributes": "*"})).unwrap();
    let (product, ignored) = all.map(object(json!({"nr": 7, "name": "a", "id": "x", "ram": 8}))).unwrap();
    assert_eq!((product.id.as_str(), product.title.as_str(), ignored), ("7", "a", 0));
    let names: Vec<&str> = product.attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id", "ram"]);
}

#[test]
fn without_a_table_fields_have_the_names_of_the_product() {
    let record = object(json!({"id": 1, "title": "a", "price": "12.50", "ram": "8 GB"}));
    let (product, ignored) = FeedMapping::identity().map(record).unwrap();
    assert_eq!((product.price, ignored), (Some(12.5), 0));
    assert_eq!(product.attributes, [("ram".into(), Attribute::One(Scalar::Text("8 GB".into())))]);
}

#[test]
fn every_problem_of_a_table_is_told_with_key_and_value() {
    let problems = mapping(json!({
        "titel": "name", "id": "nr_*", "brand": ["a", "b"], "sku": "", "price": {"field": "p", "scale": 0},
        "rating": {"field": "r*", "scale": 2}, "url": {"field": "u", "scale": 2}, "tags": ["t", "t"],
        "categories": [], "attributes": "a_*_*", "attributes.": "x"
    }))
    .unwrap_err();
    let expected = [
        "`title` is not mapped",
        "`attributes` has the pattern `a_*_*` with 2 `*`",
        "`attributes.` is not a product field",
        "`brand` takes one field of the feed, and `a`, `b` are 2",
        "`categories` is an empty list",
        "`id` has the pattern `nr_*`: only `attributes` takes patterns",
        "`price` has the scale 0: it must be a number above 0",
        "`rating` has the pattern `r*`",
        "`rating` scales the pattern `r*`",
        "`sku` names the field \"\"",
        "`tags` names `t` twice",
        "`titel` is not a product field; there are `id`, `title`,",
        "`url` is not a number, so `u` cannot be scaled by 2",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "{problem}");
    }
}

#[test]
fn columns_without_types_are_taken_by_what_they_fill() {
    let shop = shop();
    for (name, expected) in [
        ("id", Column::Text),
        ("name", Column::Text),
        ("cents", Column::Typed),
        ("labels", Column::TextList),
        ("attr_t_ram", Column::Typed),
        ("brand", Column::Typed),
    ] {
        assert_eq!(shop.column(name), expected, "{name}");
    }
    let identity = FeedMapping::identity();
    assert_eq!((identity.column("brand"), identity.column("ram")), (Column::Text, Column::Typed));
}

#[track_caller]
fn check_scale(value: Value, scale: f64, expected: f64) {
    let scaled = decimal::scaled(value.clone(), decimal::Decimal::of_double(scale).unwrap());
    assert_eq!(scaled.as_f64(), Some(expected), "{value} × {scale}");
}

#[test]
fn scaling_is_that_of_decimals() {
    check_scale(json!(1195), 0.01, 11.95);
    check_scale(json!(110), 0.01, 1.1);
    check_scale(json!(0.1), 3.0, 0.3);
    check_scale(json!("001195.50"), 0.01, 11.955);
    check_scale(json!(" -5 "), 0.1, -0.5);
    check_scale(json!("-0"), 0.1, 0.0);
    check_scale(json!(u64::MAX), 1e-19, 1.844_674_407_370_955_2);
    check_scale(json!("1.000000000000000000000000000001"), 10.0, 10.0);
    check_scale(json!(1e300), 1e-300, 1.0);
    check_scale(json!("1e-400"), 10.0, 0.0);
    for text in ["cheap", "", "1,5", "1e999"] {
        assert_eq!(decimal::scaled(json!(text), decimal::Decimal::of_double(0.01).unwrap()), json!(text));
    }
}

proptest! {
    #[test]
    fn a_scaled_number_is_the_double_nearest_to_the_decimal_product(
        whole in -1_000_000_000_000_i64..1_000_000_000_000, places in 0_i32..6,
        factor in 1_i64..100_000, factor_places in 0_i32..9, as_text in any::<bool>(),
    ) {
        let spelling = format!("{whole}e-{places}");
        let value = if as_text { Value::from(spelling.as_str()) } else { spelling.parse::<f64>().unwrap().into() };
        let factor_value: f64 = format!("{factor}e-{factor_places}").parse().unwrap();
        let product = i128::from(whole) * i128::from(factor);
        let expected: f64 = format!("{product}e-{}", places + factor_places).parse().unwrap();
        let scaled = decimal::scaled(value, decimal::Decimal::of_double(factor_value).unwrap());
        prop_assert_eq!(scaled.as_f64(), Some(expected));
    }

    #[test]
    fn no_text_makes_scaling_panic(text in "[-+.eE0-9 ]{0,40}", scale in prop::num::f64::POSITIVE) {
        if let Some(factor) = decimal::Decimal::of_double(scale) {
            decimal::scaled(Value::from(text), factor);
        }
    }
}
