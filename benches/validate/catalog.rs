//! A catalog in which every product was written after the entries that a bench judges were computed.

use std::sync::Arc;
use std::time::Duration;

use storefind::cache::freshness::View;
use storefind::catalog::{Catalog, Change};
use storefind_index::settings::Settings;

/// A folder that goes with it, the catalog with these products visible, and a view that gives no grace.
pub(crate) fn touched(products: impl Iterator<Item = Change>) -> (tempfile::TempDir, Arc<Catalog>, View) {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = Catalog::open("shop", dir.path(), &Settings::default(), Duration::from_millis(100), false);
    let catalog = catalog.expect("a catalog");
    let written = catalog.write(products.collect()).expect("written");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(catalog.wait_visible(written.sequence, Duration::from_secs(30))).expect("visible");
    let view = View { graced: false, ..View::of_catalog(&catalog) };
    (dir, catalog, view)
}
