//! The same question put to bare tantivy: what Storefind's own work is measured against.
//!
//! Owns the query of tantivy's own parts over an index that Storefind wrote: the same terms in the same fields, boolean
//! over words and fields. It refuses typos, filters and facets.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use storefind_index::analysis::{Analyzer, TermKind};
use storefind_index::settings::Settings;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, TantivyDocument, Term};

const FIELDS: [(&str, f32); 6] = [
    ("text_title", 3.0),
    ("text_brand", 2.0),
    ("text_categories", 2.0),
    ("text_sku", 2.0),
    ("text_attributes", 1.0),
    ("text_description", 1.0),
];

/// The same terms: each word's stem (or itself) in every field, and the last word's prefix.
pub(crate) fn bare_query(searcher: &Searcher, text: &str, relaxed: bool) -> Result<Box<dyn Query>, Box<dyn Error>> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut last = String::new();
    Analyzer::new(Arc::new(Settings::default())).terms(text, |term| match term.kind {
        TermKind::Exact => {
            words.push((term.start, term.text.to_owned()));
            last = term.text.to_owned();
        }
        TermKind::Stem => words.retain(|(start, _)| *start != term.start),
        TermKind::Measure => words.push((term.start, term.text.to_owned())),
        TermKind::Joined | TermKind::Part => {}
    });
    Analyzer::new(Arc::new(Settings::default())).terms(text, |term| {
        if term.kind == TermKind::Stem {
            words.push((term.start, term.text.to_owned()));
        }
    });
    words.sort();
    let schema = searcher.schema();
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let count = words.len();
    for (at, (_, word)) in words.into_iter().enumerate() {
        let mut fields: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (name, weight) in FIELDS {
            let term = Term::from_field_text(schema.get_field(name)?, &word);
            let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            fields.push((Occur::Should, Box::new(BoostQuery::new(query, weight))));
        }
        if at + 1 == count {
            let term = Term::from_field_text(schema.get_field("prefix")?, &last);
            let query = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
            fields.push((Occur::Should, Box::new(ConstScoreQuery::new(query, 0.5))));
        }
        let occur = if relaxed { Occur::Should } else { Occur::Must };
        clauses.push((occur, Box::new(BooleanQuery::new(fields))));
    }
    Ok(Box::new(BooleanQuery::new(clauses)))
}

pub(crate) fn bare_page(searcher: &Searcher, query: &dyn Query) -> Result<(), Box<dyn Error>> {
    let (top, count) = searcher.search(query, &(TopDocs::with_limit(20).order_by_score(), Count))?;
    for (_, address) in top {
        black_box(searcher.doc::<TantivyDocument>(address)?);
    }
    black_box(count);
    Ok(())
}
