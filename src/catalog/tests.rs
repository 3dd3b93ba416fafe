//! A catalog as a whole: log, projector and what they publish, with a real index in a folder.
//!
//! The helpers here are shared by the files below; each of those holds one kind of claim.

mod crash;
mod failures;
mod projection;
mod writes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;

use super::{Catalog, CatalogError, Change};

/// Far more than anything here takes; a test that waits this long has failed.
const LONG: Duration = Duration::from_secs(60);

/// Publishes as often as it can.
const BOUND: Duration = Duration::ZERO;

fn open(dir: &Path) -> Arc<Catalog> {
    Catalog::open("test", dir, &Settings::default(), BOUND, false).expect("opens")
}

fn upsert(id: &str, title: &str) -> Change {
    Change::Upsert(Product { id: id.to_owned(), title: title.to_owned(), ..Product::default() })
}

fn delete(id: &str) -> Change {
    Change::Delete { id: id.to_owned() }
}

fn retitle(id: &str, title: &str) -> Change {
    let fields = json!({"title": title}).as_object().expect("an object").clone();
    Change::Patch { id: id.to_owned(), fields }
}

/// Writes, and waits until all of it is visible.
fn write_through(catalog: &Catalog, changes: Vec<Change>) -> u64 {
    let sequence = catalog.write(changes).expect("writes").sequence;
    catalog.wait_visible_blocking(sequence, LONG).expect("becomes visible");
    sequence
}

/// Id and title of every product of a snapshot.
fn products(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let mut products = BTreeMap::new();
    let mut add = |product: &Product| {
        let twice = products.insert(product.id.clone(), product.title.clone());
        assert_eq!(twice, None, "{} is in the index twice", product.id);
    };
    snapshot.for_each_product(&mut add).expect("reads");
    products
}

/// Id and title of every product of the log.
fn acknowledged(catalog: &Catalog) -> BTreeMap<String, String> {
    let products = catalog.export(None, usize::MAX).expect("exports");
    products.into_iter().map(|product| (product.id, product.title)).collect()
}

fn titles(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(id, title)| ((*id).to_owned(), (*title).to_owned())).collect()
}
