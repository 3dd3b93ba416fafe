//! Filters on product fields and attributes.

use serde_json::{Value, json};
use storefind_index::error::IndexError;
use storefind_index::snapshot::Snapshot;

use crate::fixture::{catalog, filtered, ids, search, try_search};

fn shop() -> Snapshot {
    let products: Vec<Value> = vec![
        json!({"id": "a", "brand": "Nike", "price": 10.0, "stock": 3, "categories": ["Shoes > Running"],
               "tags": ["new"], "attributes": {"color": ["Red", "Blue"], "size": 42, "ram": "8", "wide": true}}),
        json!({"id": "b", "brand": "NIKE", "price": 20.5, "stock": 0, "categories": ["Shoes"],
               "attributes": {"color": "red", "size": 43.5, "ram": 8}}),
        json!({"id": "c", "brand": "Air Max", "categories": ["Bags"], "released": "2020-05-01",
               "attributes": {"color": "Écru", "brand": "hidden"}}),
    ];
    catalog(&products)
}

#[track_caller]
fn check(filter: &str, expected: &[&str]) {
    let page = search(&shop(), &filtered(filter));
    let mut found = ids(&page);
    found.sort_unstable();
    assert_eq!(found, expected, "{filter}");
}

#[test]
fn text_compares_without_case_and_accents() {
    check("brand:nike", &["a", "b"]);
    check("brand:\"air  max\"", &["c"]);
    check("color:RED", &["a", "b"]);
    check("color:ecru", &["c"]);
}

#[test]
fn numbers_and_booleans_keep_their_types() {
    check("ram:8", &["a", "b"]);
    check("ram:\"8\"", &["a"]);
    check("size:42.0", &["a"]);
    check("wide:true", &["a"]);
    check("in_stock:true", &["a", "c"]);
    check("in_stock:false", &["b"]);
}

#[test]
fn ranges_include_their_ends_as_written() {
    check("price:10 TO 20.5", &["a", "b"]);
    check("price > 10", &["b"]);
    check("price < 20.5", &["a"]);
    check("size >= 42 AND size <= 43", &["a"]);
    check("size > 42", &["b"]);
    check("released >= 2020-05-01", &["c"]);
    check("released > 2020-05-01", &[]);
    check("released:2020-05-01", &["c"]);
    check("released:2020-05-02", &[]);
    check("stock >= 0", &["a", "b"]);
}

#[test]
fn a_category_includes_all_below_it() {
    check("categories:Shoes", &["a", "b"]);
    check("categories:\"shoes > running\"", &["a"]);
    check("categories:\"Shoes>Running\"", &["a"]);
}

#[test]
fn and_binds_tighter_than_or() {
    check("tags:new OR brand:nike AND stock:0", &["a", "b"]);
    check("(tags:new OR brand:nike) AND NOT stock:0", &["a"]);
    check("NOT brand:nike", &["c"]);
    check("color:red AND color:blue", &["a"]);
}

#[test]
fn an_attribute_named_like_a_product_field_is_addressed_by_its_full_name() {
    check("attributes.brand:hidden", &["c"]);
    check("brand:hidden", &[]);
}

#[test]
fn an_unknown_field_is_named_with_those_that_exist() {
    let error = try_search(&shop(), &filtered("colour:red")).unwrap_err();
    let IndexError::UnknownField { field, parameter, known, .. } = error else { panic!("{error}") };
    assert_eq!((field.as_str(), parameter), ("colour", "filter"));
    assert!(known.iter().any(|name| name == "color") && known.iter().any(|name| name == "price"), "{known:?}");
}

#[track_caller]
fn check_nearest(snapshot: &Snapshot, typed: &str, expected: Option<&str>) {
    let error = try_search(snapshot, &filtered(&format!("{typed}:x"))).expect_err(typed);
    let IndexError::UnknownField { nearest, .. } = error else { panic!("{typed}: {error}") };
    assert_eq!(nearest.as_deref(), expected, "{typed}");
}

#[test]
fn a_known_name_at_most_two_edits_away_is_suggested() {
    let shop = shop();
    for (typed, expected) in [
        ("brnd", Some("brand")),
        ("barnd", Some("brand")),
        ("Brandt", Some("brand")),
        ("Brandts", None),
        ("catgores", Some("categories")),
        ("catgors", None),
        ("prise", Some("price")),
        ("colour", Some("color")),
        ("wite", Some("wide")),
        // The attribute begins with another letter, the product field may.
        ("kolor", None),
        ("steck", Some("stock")),
        ("xrice", Some("price")),
        // Half of the letters may be wrong.
        ("rm", Some("ram")),
        ("xx", None),
        ("x", None),
        ("attributes.colour", Some("attributes.color")),
        ("attributes.barnd", Some("attributes.brand")),
        ("attributes.prise", None),
    ] {
        check_nearest(&shop, typed, expected);
    }
}

#[test]
fn a_suggestion_has_a_limit_in_letters_and_names() {
    let name = "n".repeat(31) + "x";
    let mut product = json!({"id": "a"});
    product["attributes"][&name] = json!(1);
    let long = catalog(&[product]);
    check_nearest(&long, &"n".repeat(32), Some(&name));
    check_nearest(&long, &"n".repeat(33), None);
    // The names compared are the first thousand by name.
    let attributes: serde_json::Map<String, Value> =
        (0..999).map(|number| (format!("n{number:03}-{}", "y".repeat(20)), json!(1))).collect();
    let mut product = json!({"id": "a", "attributes": attributes});
    product["attributes"]["nx-last"] = json!(1);
    check_nearest(&catalog(&[product.clone()]), "nx-lost", Some("nx-last"));
    product["attributes"]["n999"] = json!(1);
    check_nearest(&catalog(&[product]), "nx-lost", None);
}

#[test]
fn a_number_field_refuses_text() {
    let error = try_search(&shop(), &filtered("price:cheap")).unwrap_err();
    assert!(error.to_string().contains("`price`") && error.to_string().contains("cheap"), "{error}");
}

#[test]
fn fields_whose_values_are_all_different_can_be_filtered_too() {
    let snapshot = catalog(&[
        json!({"id": "a", "title": "Desk Lamp", "url": "https://shop.example/a"}),
        json!({"id": "b", "title": "Desk", "description": "Oak"}),
    ]);
    for (filter, expected) in
        [("title:\"desk lamp\"", "a"), ("url:\"https://shop.example/a\"", "a"), ("description:oak", "b"), ("id:b", "b")]
    {
        assert_eq!(ids(&search(&snapshot, &filtered(filter))), [expected], "{filter}");
    }
}

#[test]
fn long_values_are_compared_whole() {
    let head = "x".repeat(300);
    let snapshot = catalog(&[
        json!({"id": "a", "attributes": {"note": format!("{head}a")}}),
        json!({"id": "b", "attributes": {"note": format!("{head}b")}}),
        json!({"id": "c", "attributes": {"note": "x".repeat(120)}}),
    ]);
    assert_eq!(ids(&search(&snapshot, &filtered(&format!("note:{head}b")))), ["b"]);
    assert_eq!(ids(&search(&snapshot, &filtered(&format!("note:{}", "x".repeat(120))))), ["c"]);
}
