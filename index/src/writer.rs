//! The batched writer: applies events in order, tells what each touches, publishes snapshots, keeps the sequence with
//! each commit.
//!
//! What a change touches needs the old version of its product: the one that was applied last, be it in this batch (the
//! overlay) or in the last commit. Never a newer one: the log runs ahead of what is applied.
//!
//! Invariant: the sequence on disk is never ahead of the products on disk. A crash loses at most what the log
//! replays.

use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tantivy::directory::{MmapDirectory, RamDirectory};
use tantivy::index::SegmentId;
use tantivy::indexer::IndexWriterOptions;
use tantivy::store::StoreReader;
use tantivy::{Directory, Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use crate::collect::kept::KeptPasses;
use crate::error::IndexError;
use crate::live::LiveTable;
use crate::product::Product;
use crate::query::lexicon::Lexicon;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, read_product};
use crate::store::document::DocumentBuilder;
use crate::store::merges::Merges;
use crate::store::schema::{self, FORMAT, Fields};
use crate::store::segment::SegmentColumns;
use crate::store::stored::Stored;
use crate::touch::{Change, Vocabulary};

/// Memory in which one batch of products is collected before it becomes a segment: large enough that a bulk import
/// of 100,000 products makes a handful of segments.
const WRITER_BYTES: usize = 128 << 20;
/// Decompressed blocks of stored products kept per segment: 256 × 4 KB, a megabyte.
const STORE_BLOCKS_CACHED: usize = 256;

/// What is kept with each commit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Payload {
    format: u64,
    analysis: u64,
    sequence: u64,
}

/// The one writer of a catalog's index.
pub struct Writer {
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
    lexicon: Arc<Lexicon>,
    builder: DocumentBuilder,
    columns: FxHashMap<SegmentId, Arc<SegmentColumns>>,
    /// For old versions. The readers of snapshots would do, but they have a lock that searches would wait for.
    stores: FxHashMap<SegmentId, StoreReader>,
    snapshot: Snapshot,
    live: Arc<LiveTable>,
    /// Products that were written since the last commit; `None` for a deleted one.
    overlay: FxHashMap<String, Option<Arc<Product>>>,
    /// `None` until [`Writer::prepare`] or the first change: counting takes a second for a million products.
    vocabulary: Option<Vocabulary>,
    change: Change,
    touched: Vec<u64>,
    /// Whether anything was applied since the last commit.
    pending: bool,
}

impl Writer {
    /// Opens the index in `dir`, or creates it empty. One that was built with another analysis (other language,
    /// other searchable fields, older program) is emptied, and its sequence is 0: the caller replays its log.
    ///
    /// # Errors
    /// [`IndexError::Format`], [`IndexError::Io`] or a failing engine.
    pub fn open(dir: &Path, settings: Arc<Settings>, live: Arc<LiveTable>) -> Result<Self, IndexError> {
        let io = |source| IndexError::Io { path: dir.display().to_string(), source };
        std::fs::create_dir_all(dir).map_err(io)?;
        if let Some(payload) = read_payload(dir)? {
            if payload.format > FORMAT {
                return Err(IndexError::Format {
                    path: dir.display().to_string(),
                    found: payload.format,
                    expected: FORMAT,
                });
            }
            if payload.format < FORMAT || payload.analysis != settings.analysis_fingerprint() {
                std::fs::remove_dir_all(dir).map_err(io)?;
                std::fs::create_dir_all(dir).map_err(io)?;
            }
        }
        let directory = MmapDirectory::open(dir).map_err(tantivy::TantivyError::from)?;
        Self::build(directory, settings, live)
    }

    /// An index in memory, for tests.
    ///
    /// # Errors
    /// A failing engine.
    pub fn in_memory(settings: Arc<Settings>, live: Arc<LiveTable>) -> Result<Self, IndexError> {
        Self::build(RamDirectory::create(), settings, live)
    }

    fn build(directory: impl Directory, settings: Arc<Settings>, live: Arc<LiveTable>) -> Result<Self, IndexError> {
        let (schema, fields) = schema::build();
        let index = Index::builder().schema(schema).settings(schema::index_settings()).open_or_create(directory)?;
        schema::register_tokenizers(&index);
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(WRITER_BYTES)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        writer.set_merge_policy(Box::<Merges>::default());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_BLOCKS_CACHED)
            .try_into()?;
        let payload = parse_payload(index.load_metas()?.payload.as_deref());
        let mut columns = FxHashMap::default();
        let lexicon = Arc::new(Lexicon::new(Arc::clone(&settings)));
        let snapshot = open_snapshot(&reader, &fields, &mut columns, payload.sequence, (&lexicon, &live))?;
        let builder = DocumentBuilder::new(fields.clone(), settings);
        Ok(Self {
            fields,
            writer,
            reader,
            lexicon,
            builder,
            columns,
            stores: FxHashMap::default(),
            snapshot,
            live,
            overlay: FxHashMap::default(),
            vocabulary: None,
            change: Change::default(),
            touched: Vec::new(),
            pending: false,
        })
    }

    /// The sequence of the last commit.
    pub fn sequence(&self) -> u64 {
        self.snapshot.sequence()
    }

    /// Adds the product or replaces the one with its id. Returns the hashes that the change touches. Its live fields
    /// are the live table's business.
    ///
    /// # Errors
    /// A failing engine.
    pub fn upsert(&mut self, product: &Product) -> Result<&[u64], IndexError> {
        self.prepare()?;
        let old = self.old_version(&product.id)?;
        let document: TantivyDocument = self.builder.build(product, old.as_deref(), &mut self.change);
        self.writer.delete_term(Term::from_field_text(self.fields.id, &product.id));
        self.writer.add_document(document)?;
        Ok(self.end_change(&product.id, Some(product.clone())))
    }

    /// Removes the product, if there is one. Returns the hashes that the change touches.
    ///
    /// # Errors
    /// A failing engine.
    pub fn delete(&mut self, id: &str) -> Result<&[u64], IndexError> {
        self.prepare()?;
        match self.old_version(id)? {
            Some(old) => self.builder.remove(&old, &mut self.change),
            None => self.change.clear(),
        }
        self.writer.delete_term(Term::from_field_text(self.fields.id, id));
        Ok(self.end_change(id, None))
    }

    /// Products written since the last commit, which are kept in memory until the next.
    pub fn uncommitted(&self) -> usize {
        self.overlay.len()
    }

    /// Words and prefixes that are counted to judge what is new.
    pub fn vocabulary_len(&self) -> usize {
        self.vocabulary.as_ref().map_or(0, Vocabulary::len)
    }

    /// The live fields beside this index.
    pub fn live(&self) -> &Arc<LiveTable> {
        &self.live
    }

    /// Counts the vocabulary, which the first change would have to wait for.
    ///
    /// # Errors
    /// A failing engine.
    pub fn prepare(&mut self) -> Result<(), IndexError> {
        if self.vocabulary.is_none() {
            self.vocabulary = Some(Vocabulary::count(&self.snapshot)?);
        }
        Ok(())
    }

    /// The version that was applied last.
    fn old_version(&mut self, id: &str) -> Result<Option<Arc<Product>>, IndexError> {
        if let Some(written) = self.overlay.get(id) {
            return Ok(written.clone());
        }
        let Some(address) = self.snapshot.address(id)? else { return Ok(None) };
        let segment = self.snapshot.searcher().segment_reader(address.segment_ord);
        let store = match self.stores.entry(segment.segment_id()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let store = segment.get_store_reader(STORE_BLOCKS_CACHED);
                entry.insert(store.map_err(tantivy::TantivyError::from)?)
            }
        };
        Ok(Some(Arc::new(read_product(&store.get::<Stored>(address.doc_id)?)?)))
    }

    fn end_change(&mut self, id: &str, product: Option<Product>) -> &[u64] {
        self.pending = true;
        self.overlay.insert(id.to_owned(), product.map(Arc::new));
        self.change.touched(self.vocabulary.as_mut(), &mut self.touched);
        &self.touched
    }

    /// Puts other settings in force from the next commit on. Returns `false`, and changes nothing, if they need
    /// another analysis: then every product must be written into another, empty index.
    ///
    /// That index is not this one emptied: after tantivy's `delete_all_documents` a later deletion was lost now and
    /// then (0.27, found by the model test of the projection: it turns its clock of operations back).
    pub fn set_settings(&mut self, settings: Arc<Settings>) -> bool {
        if settings.analysis_fingerprint() != self.lexicon.settings.analysis_fingerprint() {
            return false;
        }
        self.builder = DocumentBuilder::new(self.fields.clone(), Arc::clone(&settings));
        self.lexicon = Arc::new(Lexicon::new(settings));
        true
    }

    /// Makes everything applied so far visible and durable as `sequence`, and returns the snapshot. When nothing was
    /// applied since the last commit, the sequence moves on in memory only.
    ///
    /// # Errors
    /// A failing engine; what was committed before stays visible, and committing can be tried again.
    pub fn commit(&mut self, sequence: u64) -> Result<Snapshot, IndexError> {
        if self.pending {
            self.write_commit(sequence)?;
            self.pending = false;
            self.overlay.clear();
        }
        self.snapshot =
            open_snapshot(&self.reader, &self.fields, &mut self.columns, sequence, (&self.lexicon, &self.live))?;
        self.stores.retain(|segment, _| self.columns.contains_key(segment));
        Ok(self.snapshot.clone())
    }

    /// Writes the sequence to disk even if nothing else changed, for a clean shutdown.
    ///
    /// # Errors
    /// A failing engine.
    pub fn checkpoint(&mut self) -> Result<(), IndexError> {
        let sequence = self.sequence();
        self.write_commit(sequence)
    }

    fn write_commit(&mut self, sequence: u64) -> Result<(), IndexError> {
        let payload = Payload { format: FORMAT, analysis: self.lexicon.settings.analysis_fingerprint(), sequence };
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&serde_json::json!(payload).to_string());
        commit.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// The snapshot of the last commit.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// Waits for running merges and closes the files.
    ///
    /// # Errors
    /// A merge that failed; what was committed is safe.
    pub fn close(self) -> Result<(), IndexError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

fn open_snapshot(
    reader: &IndexReader,
    fields: &Fields,
    columns: &mut FxHashMap<SegmentId, Arc<SegmentColumns>>,
    sequence: u64,
    (lexicon, live): (&Arc<Lexicon>, &Arc<LiveTable>),
) -> Result<Snapshot, IndexError> {
    let searcher = reader.searcher();
    let mut open = FxHashMap::default();
    for segment in searcher.segment_readers() {
        let id = segment.segment_id();
        let opened = match columns.remove(&id) {
            Some(opened) => {
                if KeptPasses::are_kept(segment.max_doc()) {
                    opened.deaths.note(segment);
                }
                opened
            }
            None => Arc::new(SegmentColumns::open(segment, live)?),
        };
        open.insert(id, opened);
    }
    *columns = open;
    let opened = searcher.segment_readers().iter().map(|segment| Arc::clone(&columns[&segment.segment_id()])).collect();
    Ok(Snapshot::new(searcher, opened, fields.clone(), sequence, Arc::clone(lexicon), Arc::clone(live)))
}

/// The payload of an index on disk, without opening it; `None` where there is none.
fn read_payload(dir: &Path) -> Result<Option<Payload>, IndexError> {
    let directory = MmapDirectory::open(dir).map_err(tantivy::TantivyError::from)?;
    if !Index::exists(&directory).map_err(tantivy::TantivyError::from)? {
        return Ok(None);
    }
    let metas = Index::open(directory)?.load_metas()?;
    Ok(Some(parse_payload(metas.payload.as_deref())))
}

/// An index without a commit of ours has no payload, and nothing in it.
fn parse_payload(payload: Option<&str>) -> Payload {
    payload.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}
