//! What a query asks for: the word that says which product it is to *be*, and the name that it may be.
//!
//! Which of a query's words is the head is a matter of grammar (`analysis::head`), except that a brand is none: `laptop
//! hp` asks for a laptop. What is a brand is read from the catalog, which may only reorder (DESIGN.md, "What a plan must
//! state"). A query that is just a brand asks for no sort of product.

use tantivy::{SegmentReader, Term};

use crate::error::IndexError;
use crate::eval::cursor::{Cursor, WordCursor};
use crate::eval::matching::{Evaluation, docs_with};
use crate::eval::score::doc_freq;
use crate::product::Scalar;
use crate::query::depend::WordCorrections;
use crate::query::plan::WordPlan;
use crate::snapshot::Snapshot;
use crate::store::keyword;
use crate::store::schema::Fields;

/// Feature terms by which a document is what is asked for, or is called so.
pub(crate) struct Wanted {
    /// The place of the head among the query's words, if it has one.
    pub(crate) at: Option<usize>,
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
            return Ok(Self { at: None, heads: Vec::new(), name });
        }
        for &at in &plan.heads {
            let word = &plan.words[at];
            let heads = head_terms(word, evaluation.corrections.map(|all| &all[at]));
            let mut having = 0;
            for head in &heads {
                having = having.max(doc_freq(snapshot.searcher(), snapshot.fields().features, head)?);
            }
            if having > brands(snapshot, &word.text)? {
                return Ok(Self { at: Some(at), heads, name });
            }
        }
        Ok(Self { at: None, heads: Vec::new(), name })
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
