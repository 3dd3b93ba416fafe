//! The writer: replacing, deleting, sequences, settings, reopening.

use std::sync::Arc;

use serde_json::json;
use storefind_index::settings::{Language, Settings, Weights};
use storefind_index::writer::Writer;

use crate::fixture::{ask, ids, product, search};

fn titled(id: &str, title: &str) -> storefind_index::product::Product {
    product(&json!({"id": id, "title": title}))
}

#[test]
fn an_upsert_replaces_and_a_delete_removes() {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
    writer.upsert(&titled("1", "Lamp")).unwrap();
    writer.upsert(&titled("1", "Chair")).unwrap();
    writer.upsert(&titled("2", "Desk")).unwrap();
    let first = writer.commit(3).unwrap();
    assert_eq!((first.sequence(), first.product_count()), (3, 2));
    assert_eq!(search(&first, &ask("lamp")).total, 0);
    writer.delete("2").unwrap();
    let second = writer.commit(4).unwrap();
    assert_eq!(ids(&search(&second, &ask(""))), ["1"]);
    assert_eq!(search(&first, &ask("")).total, 2, "an older snapshot stays as it was");
}

#[test]
fn a_reopened_index_has_its_products_and_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Arc::new(Settings::default());
    let mut writer = Writer::open(dir.path(), Arc::clone(&settings), Arc::default()).unwrap();
    writer.upsert(&titled("1", "Lamp")).unwrap();
    writer.commit(7).unwrap();
    writer.upsert(&titled("2", "Not committed")).unwrap();
    drop(writer);
    let writer = Writer::open(dir.path(), settings, Arc::default()).unwrap();
    assert_eq!(writer.sequence(), 7);
    assert_eq!(ids(&search(&writer.snapshot(), &ask(""))), ["1"]);
}

#[test]
fn another_analysis_empties_the_index_on_opening() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), Arc::new(Settings::default()), Arc::default()).unwrap();
    writer.upsert(&titled("1", "Lamp")).unwrap();
    writer.commit(7).unwrap();
    drop(writer);
    let german = Settings { language: Language::German, ..Settings::default() };
    let writer = Writer::open(dir.path(), Arc::new(german), Arc::default()).unwrap();
    assert_eq!((writer.sequence(), writer.snapshot().product_count()), (0, 0));
}

#[test]
fn settings_say_whether_products_must_be_written_again() {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
    writer.upsert(&titled("1", "Lamp")).unwrap();
    writer.commit(1).unwrap();
    let weights = Settings { searchable: Weights { title: 9.0, ..Weights::default() }, ..Settings::default() };
    assert!(writer.set_settings(Arc::new(weights)));
    assert_eq!(writer.commit(2).unwrap().product_count(), 1);
    let french = Settings { language: Language::French, ..Settings::default() };
    assert!(!writer.set_settings(Arc::new(french)));
    writer.upsert(&titled("2", "Lamps")).unwrap();
    let snapshot = writer.commit(3).unwrap();
    assert_eq!(search(&snapshot, &ask("lamp")).total, 2, "still the analysis of before");
}

#[test]
fn every_product_can_be_read_back() {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
    let full =
        product(&json!({"id": "1", "title": "Lamp", "brand": "B", "popularity": 3, "attributes": {"w": [1, "x"]}}));
    writer.upsert(&full).unwrap();
    writer.upsert(&titled("2", "Gone")).unwrap();
    writer.commit(2).unwrap();
    writer.delete("2").unwrap();
    let mut found = Vec::new();
    writer.commit(3).unwrap().for_each_product(&mut |product| found.push(product.clone())).unwrap();
    assert_eq!(found, [full]);
}
