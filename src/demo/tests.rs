//! The demo shop as a shopper and a statistician would check it.

use std::collections::{HashMap, HashSet};

use storefind_index::product::{Attribute, Product, Scalar};

use super::family::{AXES_MAX, Family};
use super::kind::{Naming, Role, SPECS_MAX, Values};
use super::kinds::DEPARTMENTS;
use super::{product, products};

/// Enough products for every kind to be there many times, and still a second in a debug build.
const MANY: u64 = 20_000;

fn attribute<'a>(product: &'a Product, name: &str) -> Option<&'a Attribute> {
    product.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

fn number(product: &Product, name: &str) -> Option<f64> {
    match attribute(product, name)? {
        Attribute::One(Scalar::Number(value)) => Some(*value),
        other => panic!("{name} of {} is not a number: {other:?}", product.id),
    }
}

fn in_category(category: &str) -> impl Iterator<Item = Product> {
    let found: Vec<_> = products(MANY).filter(|product| product.categories[0].starts_with(category)).collect();
    assert!(found.len() > 20, "only {} products in {category}", found.len());
    found.into_iter()
}

#[test]
fn a_product_is_a_function_of_its_place() {
    let streamed: Vec<_> = products(500).collect();
    for k in (0..500).rev() {
        assert_eq!(product(k, 500), streamed[k as usize]);
    }
    assert_ne!(streamed[0].title, streamed[499].title);
}

#[test]
fn size_of_the_catalog_changes_nothing_but_the_popularity_of_hits() {
    for k in 0..1_000 {
        let mut small = product(k, 1_000);
        let mut large = product(k, 5_000_000);
        assert!(small.popularity <= large.popularity);
        small.popularity = None;
        large.popularity = None;
        small.stock = None;
        large.stock = None;
        small.tags.retain(|tag| tag != "bestseller");
        large.tags.retain(|tag| tag != "bestseller");
        assert_eq!(small, large);
    }
}

#[test]
fn the_first_products_stay_the_same() {
    // Figures measured on the demo catalog are comparable only while the catalog is the same.
    let titles: Vec<_> = products(3).map(|product| product.title).collect();
    let expected = [
        "Auralith TX-8825 on-ear Headphones, Bluetooth 5.0, Midnight Blue",
        "Auralith TX-8825 on-ear Headphones, Bluetooth 5.0, Rose Gold",
        "Caldero Casa WWC-6250e Bagless Vacuum, 1.5 L, 77 dB",
    ];
    assert_eq!(titles, expected);
}

#[test]
fn ids_article_numbers_and_eans_are_unique() {
    let mut seen = HashSet::new();
    for product in products(MANY) {
        assert!(seen.insert(product.id.clone()), "id {}", product.id);
        assert!(seen.insert(product.sku.clone().unwrap()), "sku {:?}", product.sku);
        assert!(seen.insert(product.identifiers[0].clone()), "ean {:?}", product.identifiers);
    }
}

#[test]
fn eans_have_their_check_digit() {
    for product in products(1_000) {
        let digits: Vec<u32> = product.identifiers[0].chars().map(|digit| digit.to_digit(10).unwrap()).collect();
        assert_eq!(digits.len(), 13);
        let sum: u32 = digits.iter().enumerate().map(|(place, digit)| digit * if place % 2 == 0 { 1 } else { 3 }).sum();
        assert_eq!(sum % 10, 0, "{}", product.identifiers[0]);
    }
}

#[test]
fn every_product_is_valid_and_survives_json() {
    for product in products(MANY) {
        let read = Product::from_json(product.to_json()).unwrap();
        assert_eq!(read, product);
    }
}

#[test]
fn no_placeholder_is_left_and_texts_are_tidy() {
    for product in products(MANY) {
        let description = product.description.as_deref().unwrap();
        for text in [&product.title, description, &product.categories[0]] {
            assert!(!text.contains(['{', '}']), "{text}");
            assert!(!text.contains("  ") && text.trim() == text && !text.is_empty(), "{text}");
        }
        let sentences = description.matches(['.', '?', '!']).count();
        assert!(sentences >= 2, "{description}");
        assert!((2..=4).contains(&product.categories[0].split(" > ").count()), "{}", product.categories[0]);
    }
}

#[test]
fn attributes_are_five_to_fifteen_and_named_once() {
    for product in products(MANY) {
        let names: HashSet<_> = product.attributes.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), product.attributes.len(), "{product:?}");
        assert!((5..=15).contains(&names.len()), "{} has {}", product.title, names.len());
    }
}

#[test]
fn an_attribute_has_one_type_in_the_whole_shop() {
    let mut types: HashMap<String, &str> = HashMap::new();
    for product in products(MANY) {
        for (name, attribute) in &product.attributes {
            let of = match attribute {
                Attribute::Many(_) => "list",
                Attribute::One(Scalar::Text(_)) => "text",
                Attribute::One(Scalar::Number(_)) => "number",
                Attribute::One(Scalar::Bool(_)) => "boolean",
            };
            let known = types.entry(name.clone()).or_insert(of);
            assert_eq!(*known, of, "{name} of {}", product.title);
        }
    }
    for of in ["list", "text", "number", "boolean"] {
        assert!(types.values().filter(|&&known| known == of).count() >= 10, "too few attributes of type {of}");
    }
}

#[test]
fn laptops_are_plausible() {
    for laptop in in_category("Electronics > Computers > Laptops") {
        let ram = number(&laptop, "ram_gb").unwrap();
        assert!([8.0, 16.0, 32.0, 64.0].contains(&ram), "{ram}");
        assert!((13.0..19.0).contains(&number(&laptop, "screen_inches").unwrap()));
        let price = laptop.price.unwrap();
        assert!((150.0..9_000.0).contains(&price), "{} for {price}", laptop.title);
        assert!(
            laptop.title.to_lowercase().contains("laptop") || laptop.title.contains("Notebook"),
            "{}",
            laptop.title
        );
    }
}

#[test]
fn prices_fit_the_kind() {
    let median = |category: &str| {
        let mut prices: Vec<_> = in_category(category).map(|product| product.price.unwrap()).collect();
        prices.sort_by(f64::total_cmp);
        prices[prices.len() / 2]
    };
    let laptops = median("Electronics > Computers > Laptops");
    let bags = median("Electronics > Accessories > Laptop Bags");
    let pasta = median("Grocery > Pantry > Pasta");
    assert!((400.0..1_800.0).contains(&laptops), "{laptops}");
    assert!((25.0..90.0).contains(&bags), "{bags}");
    assert!((1.0..8.0).contains(&pasta), "{pasta}");
}

#[test]
fn prices_are_whole_cents_with_the_endings_of_shops() {
    let mut usual = 0;
    for product in products(MANY) {
        let price = product.price.unwrap();
        let cents = (price * 100.0).round();
        assert!(cents >= 50.0 && cents / 100.0 == price, "{price}");
        usual += u64::from([99, 95].contains(&(cents as u64 % 100)));
    }
    assert!(usual * 10 > MANY * 8, "{usual} of {MANY}");
}

#[test]
fn popularity_has_a_long_tail() {
    let mut popularity: Vec<_> = products(MANY).map(|product| product.popularity.unwrap()).collect();
    popularity.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = popularity.iter().sum();
    let top: f64 = popularity[..MANY as usize / 100].iter().sum();
    let share = top / all;
    assert!((0.2..0.6).contains(&share), "the best hundredth has {share}");
    assert!(popularity[MANY as usize / 2] * 100.0 < popularity[0]);
}

#[test]
fn some_products_are_sold_out_and_most_are_not() {
    let sold_out = products(MANY).filter(|product| product.stock == Some(0)).count() as u64;
    assert!((MANY / 25..MANY / 8).contains(&sold_out), "{sold_out}");
    assert!(products(MANY).all(|product| product.stock >= Some(0)));
}

#[test]
fn dates_are_real_days_of_the_last_years() {
    let mut seen = HashSet::new();
    for product in products(MANY) {
        let released = product.released.unwrap();
        let parts: Vec<u32> = released.split('-').map(|part| part.parse().unwrap()).collect();
        assert!(released.len() == 10 && (2019..=2026).contains(&parts[0]), "{released}");
        assert!((1..=12).contains(&parts[1]) && (1..=31).contains(&parts[2]), "{released}");
        assert!(released.as_str() <= "2026-11-01" && released.as_str() > "2019-10-01", "{released}");
        seen.insert(released);
    }
    assert!(seen.contains("2024-02-29") || seen.contains("2020-02-29"));
}

#[test]
fn members_of_a_group_are_variants_of_one_product() {
    let mut groups: HashMap<String, Vec<Product>> = HashMap::new();
    for product in products(MANY) {
        if let Some(group) = product.group.clone() {
            groups.entry(group).or_default().push(product);
        }
    }
    assert!(groups.len() > 1_000);
    let grouped: usize = groups.values().map(Vec::len).sum();
    assert!(grouped as u64 > MANY / 2, "{grouped}");
    for members in groups.values().filter(|members| members.len() > 1) {
        let first = &members[0];
        let mut titles = HashSet::new();
        for member in members {
            assert_eq!(member.brand, first.brand);
            assert_eq!(member.categories, first.categories);
            assert_eq!(member.released, first.released);
            assert_eq!(attribute(member, "model"), attribute(first, "model"));
            let differing =
                member.attributes.iter().zip(&first.attributes).filter(|(mine, other)| mine != other).count();
            assert!(differing <= AXES_MAX, "{} and {}", member.title, first.title);
            assert!(titles.insert(&member.title), "two variants are called {}", member.title);
        }
    }
}

#[test]
fn a_variant_with_more_storage_costs_no_less() {
    let sizes = ["256 GB", "512 GB", "1 TB", "2 TB"];
    let mut by_group: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    for laptop in in_category("Electronics > Computers > Laptops") {
        let Some(Attribute::One(Scalar::Text(storage))) = attribute(&laptop, "storage") else { panic!("{laptop:?}") };
        let size = sizes.iter().position(|size| size == storage).unwrap();
        by_group.entry(laptop.group.unwrap_or(laptop.id)).or_default().push((size, laptop.price.unwrap()));
    }
    for members in by_group.values_mut() {
        members.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert!(members.is_sorted_by(|a, b| a.1 <= b.1), "{members:?}");
    }
}

#[test]
fn the_shop_has_departments_kinds_and_brands_enough() {
    let departments: HashSet<_> =
        products(MANY).map(|product| product.categories[0].split(" > ").next().unwrap().to_owned()).collect();
    let brands: HashSet<_> = products(MANY).map(|product| product.brand.unwrap()).collect();
    let kinds: usize = DEPARTMENTS.iter().map(|department| department.kinds.len()).sum();
    assert!(departments.len() >= 8, "{departments:?}");
    assert!(brands.len() >= 120, "{}", brands.len());
    assert!(kinds >= 60, "{kinds}");
}

#[test]
fn tables_keep_to_their_rules() {
    for department in &DEPARTMENTS {
        for kind in department.kinds {
            let specs: Vec<_> = kind.specs.iter().chain(department.common).collect();
            assert!(specs.len() <= SPECS_MAX, "{}", kind.path);
            assert!(specs.iter().filter(|spec| spec.role == Role::Axis).count() <= AXES_MAX, "{}", kind.path);
            assert!((8..=20).contains(&kind.brands.len()), "{}", kind.path);
            for spec in specs {
                match spec.values {
                    Values::Several { from, least, most } => {
                        assert!(least >= 1 && least <= most && most <= from.len() && from.len() <= 32, "{}", spec.name);
                    }
                    Values::Range { from, to, per } => {
                        assert!(from < to && [1, 10, 100].contains(&per), "{}", spec.name)
                    }
                    Values::Flag(percent) => assert!((1..100).contains(&percent), "{}", spec.name),
                    Values::Text(_) | Values::Number(_) => assert!(spec.values.len() > 1, "{}", spec.name),
                }
            }
            if let Naming::Style(names) | Naming::Generation(names) = kind.naming {
                assert!(names.len() >= 4, "{}", kind.path);
            }
        }
    }
}

#[test]
fn places_of_a_block_are_shared_out_without_gaps() {
    let mut last: Option<(u64, usize, usize)> = None;
    for k in 0..5_000 {
        let (family, variant) = Family::of(k);
        assert!(variant < family.variants);
        if let Some((number, at, variants)) = last {
            if number == family.number {
                assert_eq!(variant, at + 1);
            } else {
                assert_eq!((variant, at + 1), (0, variants));
                assert!(family.number > number);
            }
        }
        last = Some((family.number, variant, family.variants));
    }
}
