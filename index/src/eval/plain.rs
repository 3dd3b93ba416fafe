//! The baseline of evaluations: what an engine does out of the box, to measure against.
//!
//! BM25 of each searched field by itself, by tantivy, times the field's weight, added up; every word must be there in
//! its stemmed form. No synonyms, corrections, unfinished words or missing ones, and nothing beside the words. It answers
//! no shopper.

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Score, Term};

use crate::analysis::Analyzer;
use crate::error::IndexError;
use crate::query::lexicon::{match_term, text};
use crate::query::parse::parse;
use crate::snapshot::Snapshot;
use crate::store::schema::TextField;
use crate::store::stored::Stored;

/// The best products, ties by id. It scores and sorts every match, which is fine for a measurement.
pub(crate) fn search_plain(snapshot: &Snapshot, query: &str, limit: usize) -> Result<Vec<Stored>, IndexError> {
    let settings = snapshot.settings();
    let mut analyzer = Analyzer::new(std::sync::Arc::clone(settings));
    let mut words: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for word in &parse(query, settings.language).words {
        let term = match_term(&mut analyzer, &word.group);
        if analyzer.is_stop_word(text(&word.group)) {
            continue;
        }
        let searched = TextField::ALL.into_iter().filter(|&field| settings.searchable.of(field) > 0.0);
        let fields = searched.map(|field| {
            let term = Term::from_field_text(snapshot.fields().text(field), &term);
            let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            (Occur::Should, Box::new(BoostQuery::new(query, settings.searchable.of(field))) as Box<dyn Query>)
        });
        words.push((Occur::Must, Box::new(BooleanQuery::new(fields.collect()))));
    }
    if words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    // All of them: where products score alike, the segments must not decide which are the first.
    let every = usize::try_from(snapshot.product_count()).unwrap_or(usize::MAX).max(1);
    let every = TopDocs::with_limit(every).order_by_score();
    let scored: Vec<(Score, DocAddress)> = snapshot.searcher().search(&BooleanQuery::new(words), &every)?;
    let last = scored.get(limit - 1).map_or(Score::MIN, |(score, _)| *score);
    let best = scored.into_iter().take_while(|(score, _)| *score >= last);
    let best = best.map(|(score, address)| Ok((score, snapshot.searcher().doc::<Stored>(address)?)));
    let mut best: Vec<(Score, Stored)> = best.collect::<Result<_, IndexError>>()?;
    best.sort_by(|(a, product), (b, other)| b.total_cmp(a).then_with(|| product.id.cmp(&other.id)));
    best.truncate(limit);
    Ok(best.into_iter().map(|(_, product)| product).collect())
}
