//! A snapshot: one searcher, the sequence that it reflects and the settings that it was built with, as one value.

use std::sync::Arc;

use crate::answer::SearchPage;
use crate::error::IndexError;
use crate::request::SearchRequest;
use crate::settings::Settings;

/// Asked now and then while collecting; `true` stops the search with [`IndexError::Cancelled`].
pub type CancelCheck<'a> = &'a (dyn Fn() -> bool + Sync);

/// A consistent view of one catalog. Cheap to clone; old ones stay valid while somebody holds them.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) sequence: u64,
    pub(crate) settings: Arc<Settings>,
}

impl Snapshot {
    /// The last event that this view reflects.
    pub fn sequence(&self) -> u64 {
        self.inner.sequence
    }

    /// The settings in force.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.inner.settings
    }

    /// Products that can be found.
    pub fn product_count(&self) -> u64 {
        todo!()
    }

    /// Answers one search.
    ///
    /// # Errors
    /// [`IndexError::UnknownField`], [`IndexError::InvalidRequest`], [`IndexError::Cancelled`], or a failing engine.
    pub fn search(&self, request: &SearchRequest, cancel: CancelCheck<'_>) -> Result<SearchPage, IndexError> {
        let _ = (request, cancel);
        todo!()
    }

    /// Calls `each` with every product (order unspecified), for building projections such as suggestions.
    ///
    /// # Errors
    /// A failing engine.
    pub fn for_each_product(&self, each: &mut dyn FnMut(&crate::product::Product)) -> Result<(), IndexError> {
        let _ = each;
        todo!()
    }
}
