//! What a query asks for: the word that says which product it is to *be*, and the name that it may be.
//!
//! Which of a query's words is the head is a matter of grammar (`analysis::head`), except that a brand is none: `laptop
//! hp` asks for a laptop. What is a brand is read from the catalog, which may only reorder (DESIGN.md, "What a plan must
//! state"). A query that is just a brand asks for no sort of product.

use tantivy::{DocSet, SegmentReader, TERMINATED, Term};

use crate::error::IndexError;
use crate::eval::cursor::{Cursor, WordCursor};
use crate::eval::matching::{Evaluation, docs_with};
use crate::eval::score::doc_freq;
use crate::product::Scalar;
use crate::query::depend::WordCorrections;
use crate::query::plan::WordPlan;
use crate::rank::examples::Examples;
use crate::snapshot::Snapshot;
use crate::store::keyword;
use crate::store::schema::Fields;

/// Products with one head up to which examples are drawn from all of them: some tens of microseconds.
const DRAWN_FROM_MAX: u64 = 4_096;
/// Of more, examples are drawn from so many places of each segment, evenly spread.
const STRIDES: u32 = 1_024;

/// Feature terms by which a document is what is asked for, or is called so.
pub(crate) struct Wanted {
    /// The place of the head among the query's words, from 1; 0 when it has none.
    pub(crate) place: usize,
    /// The head in all that may stand in its place.
    heads: Vec<String>,
    name: Option<String>,
}

impl Wanted {
    /// Finds the head, for all segments.
    pub(crate) fn gather(snapshot: &Snapshot, evaluation: Evaluation<'_>) -> Result<Self, IndexError> {
        let plan = evaluation.plan;
        let name = plan.name.clone();
        let is_brand = plan.words.len() > 1 && brands(snapshot, &plan.text)? > 0;
        if plan.heads.is_empty() || is_brand {
            return Ok(Self { place: 0, heads: Vec::new(), name });
        }
        for &at in &plan.heads {
            let word = &plan.words[at];
            let heads = head_terms(word, evaluation.corrections.map(|all| &all[at]));
            let mut having = 0;
            for head in &heads {
                having = having.max(doc_freq(snapshot.searcher(), snapshot.fields().features, head)?);
            }
            if having > brands(snapshot, &word.text)? {
                return Ok(Self { place: at + 1, heads, name });
            }
        }
        Ok(Self { place: 0, heads: Vec::new(), name })
    }

    /// Examples from the whole catalog: products whose head is the one asked for, whether they match or not. Deleted ones
    /// are among them, as in all statistics.
    pub(crate) fn examples(&self, snapshot: &Snapshot) -> Result<Examples, IndexError> {
        let mut examples = Examples::default();
        let searcher = snapshot.searcher();
        let mut having = 0;
        for head in &self.heads {
            having += doc_freq(searcher, snapshot.fields().features, head)?;
        }
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let step = if having <= DRAWN_FROM_MAX { 1 } else { (reader.max_doc() / STRIDES).max(1) };
            let (mut heads, _) = self.open(snapshot.fields(), reader)?;
            let mut own = Examples::default();
            let mut doc = heads.doc();
            while doc != TERMINATED {
                own.offer(1, snapshot.columns()[segment].ordinal(doc), doc);
                doc = if step == 1 { heads.advance() } else { heads.seek(doc.saturating_add(step).min(TERMINATED)) };
            }
            examples.merge(segment, own);
        }
        Ok(examples)
    }

    /// The documents of a segment whose head is the one asked for, and those that are called like the query.
    pub(crate) fn open(&self, fields: &Fields, reader: &SegmentReader) -> Result<(WordCursor, WordCursor), IndexError> {
        let open = |terms: &mut dyn Iterator<Item = &String>| {
            let lists = terms.map(|term| docs_with(reader, fields.features, term));
            let lists = lists.filter_map(Result::transpose).map(|list| Ok(Cursor::List(list?)));
            Ok::<_, IndexError>(WordCursor::new(lists.collect::<Result<_, IndexError>>()?))
        };
        Ok((open(&mut self.heads.iter())?, open(&mut self.name.iter())?))
    }
}

/// Of an alternative with several words, the last is its head.
fn head_terms(word: &WordPlan, corrections: Option<&WordCorrections>) -> Vec<String> {
    let direct = word.direct.iter().filter_map(|alternative| alternative.terms.last());
    direct.chain(corrections.into_iter().flat_map(|corrections| &corrections.terms)).cloned().collect()
}

/// How many products have this brand.
fn brands(snapshot: &Snapshot, name: &str) -> Result<u64, IndexError> {
    let term = keyword::term("brand", &Scalar::Text(name.to_owned()));
    Ok(snapshot.searcher().doc_freq(&Term::from_field_bytes(snapshot.fields().keyword, &term))?)
}
