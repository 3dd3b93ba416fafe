//! From matching documents to a page: the best, groups, facets.

pub(crate) mod arranged;
pub(crate) mod facets;
pub(crate) mod group;
pub(crate) mod hidden;
pub(crate) mod kept;
pub(crate) mod run;
pub(crate) mod sort;
pub(crate) mod top;
