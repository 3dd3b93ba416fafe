//! A snapshot: one searcher, the sequence that it reflects and the settings that it was built with, as one value.

use std::sync::{Arc, OnceLock};

use tantivy::{DocAddress, Searcher};

use crate::answer::SearchPage;
use crate::collect::hidden::HiddenLists;
use crate::error::IndexError;
use crate::eval::plain;
use crate::eval::score::Norms;
use crate::live::LiveTable;
use crate::product::{Naming, Product};
use crate::query::lexicon::Lexicon;
use crate::rank::kind::Informativeness;
use crate::request::SearchRequest;
use crate::rules::Arrangement;
use crate::search;
use crate::settings::Settings;
use crate::store::schema::Fields;
use crate::store::segment::SegmentColumns;
use crate::store::stored::Stored;

/// Asked now and then while collecting; `true` stops the search with [`IndexError::Cancelled`].
pub type CancelCheck<'a> = &'a (dyn Fn() -> bool + Sync);

/// A consistent view of one catalog. Cheap to clone; old ones stay valid while somebody holds them.
#[derive(Clone)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

struct Inner {
    searcher: Searcher,
    columns: Vec<Arc<SegmentColumns>>,
    fields: Fields,
    sequence: u64,
    lexicon: Arc<Lexicon>,
    live: Arc<LiveTable>,
    /// Gathered by the first search that ranks.
    norms: OnceLock<Norms>,
    /// Gathered by the first search that asks for the sort of products.
    informativeness: OnceLock<Informativeness>,
    /// Looked up by the first search whose rules hide something.
    hidden: HiddenLists,
}

impl Snapshot {
    pub(crate) fn new(
        searcher: Searcher,
        columns: Vec<Arc<SegmentColumns>>,
        fields: Fields,
        sequence: u64,
        lexicon: Arc<Lexicon>,
        live: Arc<LiveTable>,
    ) -> Self {
        let (norms, informativeness, hidden) = (OnceLock::new(), OnceLock::new(), HiddenLists::default());
        let inner = Inner { searcher, columns, fields, sequence, lexicon, live, norms, informativeness, hidden };
        Self { inner: Arc::new(inner) }
    }

    /// The same products under other settings, for comparing two side by side. `None` if those analyse texts in another
    /// way, for which the products would have to be indexed anew.
    pub fn with_settings(&self, settings: Settings) -> Option<Self> {
        if settings.analysis_fingerprint() != self.settings().analysis_fingerprint() {
            return None;
        }
        let Inner { searcher, columns, fields, sequence, live, .. } = self.inner.as_ref();
        let lexicon = Arc::new(Lexicon::new(Arc::new(settings)));
        Some(Self::new(searcher.clone(), columns.clone(), fields.clone(), *sequence, lexicon, Arc::clone(live)))
    }

    /// The live fields of its products: always the current ones.
    pub fn live(&self) -> &LiveTable {
        &self.inner.live
    }

    /// A product by id, without its live fields.
    ///
    /// # Errors
    /// A failing engine, or a stored product that is damaged.
    pub fn product(&self, id: &str) -> Result<Option<Product>, IndexError> {
        let Some(address) = self.address(id)? else { return Ok(None) };
        read_product(&self.inner.searcher.doc(address)?).map(Some)
    }

    /// Where a product lies.
    pub(crate) fn address(&self, id: &str) -> Result<Option<DocAddress>, IndexError> {
        let term = tantivy::Term::from_field_text(self.inner.fields.id, id);
        for (at, segment) in self.inner.searcher.segment_readers().iter().enumerate() {
            let index = segment.inverted_index(self.inner.fields.id)?;
            let Some(info) = index.get_term_info(&term).map_err(tantivy::TantivyError::from)? else { continue };
            let mut docs = index
                .read_postings_from_terminfo(&info, tantivy::schema::IndexRecordOption::Basic)
                .map_err(tantivy::TantivyError::from)?;
            while tantivy::DocSet::doc(&docs) != tantivy::TERMINATED {
                let doc = tantivy::DocSet::doc(&docs);
                if segment.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) {
                    return Ok(Some(DocAddress::new(u32::try_from(at).unwrap_or(u32::MAX), doc)));
                }
                tantivy::DocSet::advance(&mut docs);
            }
        }
        Ok(None)
    }

    /// The last event that this view reflects.
    pub fn sequence(&self) -> u64 {
        self.inner.sequence
    }

    /// The settings in force.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.inner.lexicon.settings
    }

    /// Whether who asks for `from` also finds what has `to`, since both are forms of the same words, or since the settings
    /// say so.
    pub fn means_also(&self, from: &str, to: &str) -> bool {
        self.inner.lexicon.means_also(from, to)
    }

    /// Products that can be found.
    pub fn product_count(&self) -> u64 {
        self.inner.searcher.num_docs()
    }

    /// Segments of which the index consists.
    pub fn segment_count(&self) -> usize {
        self.inner.columns.len()
    }

    /// Answers one search.
    ///
    /// # Errors
    /// [`IndexError::UnknownField`], [`IndexError::InvalidRequest`], [`IndexError::Cancelled`], or a failing engine.
    pub fn search(&self, request: &SearchRequest, cancel: CancelCheck<'_>) -> Result<SearchPage, IndexError> {
        search::search(self, request, &Arrangement::default(), cancel)
    }

    /// Answers one search as rules want it.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub fn search_arranged(
        &self,
        request: &SearchRequest,
        arrangement: &Arrangement,
        cancel: CancelCheck<'_>,
    ) -> Result<SearchPage, IndexError> {
        search::search(self, request, arrangement, cancel)
    }

    /// Searches by plain BM25, which evaluations measure against: ids and contents of the best products.
    ///
    /// # Errors
    /// A failing engine.
    pub fn search_plain(&self, query: &str, limit: usize) -> Result<Vec<(String, String)>, IndexError> {
        let found = plain::search_plain(self, query, limit)?;
        Ok(found.into_iter().map(|stored| (stored.id, stored.content)).collect())
    }

    /// Calls `each` with every product (order unspecified). The live fields (price, stock) are not filled in.
    ///
    /// # Errors
    /// A failing engine, or a stored product that is damaged.
    pub fn for_each_product(&self, each: &mut dyn FnMut(&Product)) -> Result<(), IndexError> {
        self.for_each_stored(&mut |stored| {
            each(&read_product(stored)?);
            Ok(())
        })
    }

    /// Calls `each` with what every product is called (order unspecified), for building projections such as suggestions:
    /// several times as fast as reading all of it.
    ///
    /// # Errors
    /// A failing engine, or a stored product that is damaged.
    pub fn for_each_naming(&self, each: &mut dyn FnMut(&Naming)) -> Result<(), IndexError> {
        self.for_each_stored(&mut |stored| {
            let damaged = |error: serde_json::Error| stored.damaged(&error.to_string());
            each(&stored.naming().map_err(damaged)?);
            Ok(())
        })
    }

    fn for_each_stored(&self, each: &mut dyn FnMut(&Stored) -> Result<(), IndexError>) -> Result<(), IndexError> {
        for segment in self.inner.searcher.segment_readers() {
            let store = segment.get_store_reader(1).map_err(tantivy::TantivyError::from)?;
            for stored in store.iter::<Stored>(segment.alive_bitset()) {
                each(&stored?)?;
            }
        }
        Ok(())
    }

    pub(crate) fn searcher(&self) -> &Searcher {
        &self.inner.searcher
    }

    pub(crate) fn columns(&self) -> &[Arc<SegmentColumns>] {
        &self.inner.columns
    }

    pub(crate) fn norms(&self) -> Result<&Norms, IndexError> {
        if let Some(norms) = self.inner.norms.get() {
            return Ok(norms);
        }
        // Two at once gather the same.
        let gathered = Norms::gather(self.searcher(), self.fields(), self.settings())?;
        Ok(self.inner.norms.get_or_init(|| gathered))
    }

    pub(crate) fn hidden(&self) -> &HiddenLists {
        &self.inner.hidden
    }

    pub(crate) fn informativeness(&self) -> &Informativeness {
        self.inner.informativeness.get_or_init(|| Informativeness::of(self.columns()))
    }

    pub(crate) fn lexicon(&self) -> &Lexicon {
        &self.inner.lexicon
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.inner.fields
    }
}

pub(crate) fn read_product(stored: &Stored) -> Result<Product, IndexError> {
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&stored.content).map_err(|error| stored.damaged(&error.to_string()))?;
    object.insert("id".into(), stored.id.clone().into());
    Product::from_json(object).map_err(|error| stored.damaged(&error.message))
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}
