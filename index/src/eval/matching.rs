//! Which documents of a segment match: all words (or enough of them), phrases and conditions, no exclusion.

use tantivy::postings::SegmentPostings;
use tantivy::query::{BooleanQuery, EnableScoring, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, SegmentReader, TERMINATED, Term};

use crate::analysis::PREFIX_CHARS_MAX;
use crate::error::IndexError;
use crate::eval::cursor::{Cursor, SomeWords, WordCursor};
use crate::eval::split::split_docs;
use crate::live::LiveRows;
use crate::query::depend::WordCorrections;
use crate::query::filter::{Condition, SegmentCondition};
use crate::query::plan::{Alternative, Origin, Phrase, QueryPlan, WordPlan};
use crate::query::relax::Needed;
use crate::query::typo::CORRECTIONS_MAX;
use crate::snapshot::{CancelCheck, Snapshot};
use crate::store::keyword::has_lists;
use crate::store::schema::{Fields, TextField};

/// Documents between two looks at the cancel check: a few microseconds of work.
const DOCS_PER_CANCEL_CHECK: u32 = 1024;
/// The same in blocks.
const BLOCKS_PER_CANCEL_CHECK: u32 = DOCS_PER_CANCEL_CHECK / COLLECT_BLOCK_BUFFER_LEN as u32;

/// One way to evaluate a query.
#[derive(Clone, Copy)]
pub(crate) struct Evaluation<'a> {
    pub(crate) plan: &'a QueryPlan,
    /// Present when mistyped words are corrected and compounds split.
    pub(crate) corrections: Option<&'a [WordCorrections]>,
    /// Which of the words a product must have.
    pub(crate) needed: Needed,
}

impl Evaluation<'_> {
    /// Whether every match has every word as it was typed.
    pub(crate) fn is_strict(&self) -> bool {
        self.corrections.is_none() && self.needed.is_every()
    }
}

/// The documents of one segment that match.
pub(crate) struct SegmentMatches<'a> {
    reader: &'a SegmentReader,
    members: Vec<Box<dyn DocSet + 'a>>,
    excluded: Vec<Box<dyn DocSet + 'a>>,
    predicates: Vec<SegmentCondition<'a>>,
}

impl<'a> SegmentMatches<'a> {
    /// Opens the evaluation in segment `at`. `conditions` must all hold.
    pub(crate) fn open(
        snapshot: &'a Snapshot,
        at: usize,
        evaluation: Evaluation<'_>,
        conditions: &[&Condition],
        rows: &'a LiveRows<'_>,
    ) -> Result<Self, IndexError> {
        let reader = &snapshot.searcher().segment_readers()[at];
        let mut matches = Self { reader, members: Vec::new(), excluded: Vec::new(), predicates: Vec::new() };
        matches.add_words(snapshot, evaluation)?;
        if matches.are_none() {
            // A word that must be there is not: nothing else need be opened.
            matches.members.retain(|member| member.doc() == TERMINATED);
            return Ok(matches);
        }
        for phrase in &evaluation.plan.phrases {
            matches.members.push(phrase_docs(snapshot, reader, phrase)?);
        }
        for phrase in &evaluation.plan.excluded {
            matches.excluded.push(phrase_docs(snapshot, reader, phrase)?);
        }
        for condition in conditions {
            match keyword_docs(snapshot.fields(), reader, condition)? {
                Some(docs) => matches.members.push(docs),
                None => matches.predicates.push(SegmentCondition::open(condition, &snapshot.columns()[at], rows)?),
            }
        }
        matches.members.sort_by_key(|member| member.size_hint());
        Ok(matches)
    }

    fn add_words(&mut self, snapshot: &Snapshot, evaluation: Evaluation<'_>) -> Result<(), IndexError> {
        let needed = evaluation.needed;
        let mut words = Vec::with_capacity(evaluation.plan.words.len());
        for (at, word) in evaluation.plan.words.iter().enumerate().filter(|(at, _)| needed.has(*at)) {
            let corrections = evaluation.corrections.map(|all| &all[at]);
            let cursors = word_cursors(snapshot, self.reader, word, corrections)?;
            let is_empty = cursors.is_empty();
            words.push(WordCursor::new(cursors));
            if is_empty && needed.is_every() {
                break;
            }
        }
        if needed.is_every() {
            self.members.extend(words.into_iter().map(|word| Box::new(word) as Box<dyn DocSet>));
        } else {
            self.members.push(Box::new(SomeWords::new(words, needed.count)));
        }
        Ok(())
    }

    /// Whether it is known, before any is looked for, that none match.
    pub(crate) fn are_none(&self) -> bool {
        self.members.iter().any(|member| member.doc() == TERMINATED)
    }

    /// Calls `each` with every live document that matches, in order.
    pub(crate) fn for_each(mut self, cancel: CancelCheck<'_>, mut each: impl FnMut(DocId)) -> Result<(), IndexError> {
        let alive = self.reader.alive_bitset();
        let max_doc = self.reader.max_doc();
        if let [only] = self.members.as_mut_slice() {
            // Documents by the block, instead of a call for each.
            let mut docs = [0; COLLECT_BLOCK_BUFFER_LEN];
            for blocks in 1.. {
                let filled = only.fill_buffer(&mut docs);
                for &doc in &docs[..filled] {
                    if alive.is_none_or(|alive| alive.is_alive(doc))
                        && !self.excluded.iter_mut().any(|set| seek(set.as_mut(), doc) == doc)
                        && self.predicates.iter().all(|predicate| predicate.matches(doc))
                    {
                        each(doc);
                    }
                }
                if filled < docs.len() {
                    break;
                }
                if blocks % BLOCKS_PER_CANCEL_CHECK == 0 && cancel() {
                    return Err(IndexError::Cancelled);
                }
            }
            return Ok(());
        }
        let mut until_check = DOCS_PER_CANCEL_CHECK;
        let mut doc = 0;
        loop {
            doc = self.next_common(doc);
            if doc >= max_doc {
                return Ok(());
            }
            let excluded = self.excluded.iter_mut().any(|set| seek(set.as_mut(), doc) == doc);
            if !excluded
                && alive.is_none_or(|alive| alive.is_alive(doc))
                && self.predicates.iter().all(|predicate| predicate.matches(doc))
            {
                each(doc);
            }
            doc += 1;
            until_check -= 1;
            if until_check == 0 {
                until_check = DOCS_PER_CANCEL_CHECK;
                if cancel() {
                    return Err(IndexError::Cancelled);
                }
            }
        }
    }

    /// Whether the document matches, or did when it was alive. Documents must come in rising order.
    pub(crate) fn matched(&mut self, doc: DocId) -> bool {
        self.next_common(doc) == doc
            && !self.excluded.iter_mut().any(|set| seek(set.as_mut(), doc) == doc)
            && self.predicates.iter().all(|predicate| predicate.matches(doc))
    }

    /// The first document not below `target` that every member has; without members every document is one.
    fn next_common(&mut self, target: DocId) -> DocId {
        let Some((lead, rest)) = self.members.split_first_mut() else { return target };
        let mut candidate = seek(lead.as_mut(), target);
        'candidates: while candidate != TERMINATED {
            for member in rest.iter_mut() {
                let found = seek(member.as_mut(), candidate);
                if found > candidate {
                    candidate = seek(lead.as_mut(), found);
                    continue 'candidates;
                }
            }
            return candidate;
        }
        TERMINATED
    }
}

fn seek<S: DocSet + ?Sized>(set: &mut S, target: DocId) -> DocId {
    let doc = set.doc();
    if doc >= target {
        doc
    } else if doc + 1 == target {
        // A step costs a fraction of a search within the list.
        set.advance()
    } else {
        set.seek(target)
    }
}

/// Every way in which a document can have the word.
fn word_cursors(
    snapshot: &Snapshot,
    reader: &SegmentReader,
    word: &WordPlan,
    corrections: Option<&WordCorrections>,
) -> Result<Vec<Cursor>, IndexError> {
    let fields = snapshot.fields();
    let mut cursors = Vec::with_capacity(word.direct.len() + 2);
    for alternative in &word.direct {
        match alternative.terms.as_slice() {
            [term] => cursors.extend(docs_with(reader, fields.words, term)?.map(Cursor::List)),
            _ => cursors.extend(several_cursor(snapshot, reader, alternative)?),
        }
    }
    if let Some(prefix) = &word.prefix {
        cursors.extend(prefix_cursor(fields, reader, prefix)?);
    }
    if let Some(corrections) = corrections {
        let mut docs = Vec::new();
        for term in &corrections.terms {
            append(&mut docs, docs_with(reader, fields.words, term)?);
        }
        for prefix in &corrections.prefixes {
            append(&mut docs, docs_with(reader, fields.prefix, &prefix.text)?);
        }
        for split in &corrections.splits {
            docs.extend(split_docs(snapshot, reader, split)?);
        }
        if !docs.is_empty() {
            cursors.push(Cursor::docs(docs));
        }
    }
    Ok(cursors)
}

/// Documents that have all terms of an alternative, side by side if it says so.
pub(crate) fn several_cursor(
    snapshot: &Snapshot,
    reader: &SegmentReader,
    alternative: &Alternative,
) -> Result<Option<Cursor>, IndexError> {
    let mut lists = Vec::with_capacity(alternative.terms.len());
    for term in &alternative.terms {
        match docs_with(reader, snapshot.fields().words, term)? {
            Some(list) => lists.push(Cursor::List(list)),
            None => return Ok(None),
        }
    }
    if alternative.origin != Origin::Behind {
        return Ok(Some(Cursor::all(lists)));
    }
    let mut docs = Vec::new();
    gather(phrase_docs(snapshot, reader, &Phrase::of(&alternative.terms))?, &mut docs);
    Ok((!docs.is_empty()).then(|| Cursor::docs(docs)))
}

/// Appends the documents that are left of a set.
pub(crate) fn gather(mut set: Box<dyn DocSet + '_>, docs: &mut Vec<DocId>) {
    while set.doc() != TERMINATED {
        docs.push(set.doc());
        set.advance();
    }
}

/// Documents with a word that begins so. Prefixes up to the indexed length have a list of their own; the few words
/// that share a longer one are gathered.
pub(crate) fn prefix_cursor(
    fields: &Fields,
    reader: &SegmentReader,
    prefix: &str,
) -> Result<Option<Cursor>, IndexError> {
    if prefix.chars().count() <= PREFIX_CHARS_MAX {
        return Ok(docs_with(reader, fields.prefix, prefix)?.map(Cursor::List));
    }
    let index = reader.inverted_index(fields.prefix)?;
    let mut stream = index.terms().range().ge(prefix).into_stream().map_err(tantivy::TantivyError::from)?;
    let mut docs = Vec::new();
    let mut words = 0;
    // Words of more than twelve letters that begin alike are few; corrections share the bound.
    while words < CORRECTIONS_MAX && stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
        let list = index.read_postings_from_terminfo(stream.value(), IndexRecordOption::Basic);
        append(&mut docs, Some(list.map_err(tantivy::TantivyError::from)?));
        words += 1;
    }
    Ok((!docs.is_empty()).then(|| Cursor::docs(docs)))
}

fn append(docs: &mut Vec<DocId>, list: Option<SegmentPostings>) {
    let Some(mut list) = list else { return };
    while list.doc() != TERMINATED {
        docs.push(list.doc());
        list.advance();
    }
}

/// The documents with a term, in a field without frequencies.
pub(crate) fn docs_with(
    reader: &SegmentReader,
    field: Field,
    term: &str,
) -> Result<Option<SegmentPostings>, IndexError> {
    let index = reader.inverted_index(field)?;
    let list = index.read_postings(&Term::from_field_text(field, term), IndexRecordOption::Basic);
    Ok(list.map_err(tantivy::TantivyError::from)?)
}

/// A condition that has a list of documents: equality on content. The rest is checked document by document.
fn keyword_docs<'a>(
    fields: &Fields,
    reader: &SegmentReader,
    condition: &Condition,
) -> Result<Option<Box<dyn DocSet + 'a>>, IndexError> {
    let Condition::Terms { term_field, terms, .. } = condition else { return Ok(None) };
    if !has_lists(term_field) {
        return Ok(None);
    }
    let index = reader.inverted_index(fields.keyword)?;
    let mut cursors = Vec::new();
    for (term, _) in terms {
        let term = Term::from_field_bytes(fields.keyword, term);
        let list = index.read_postings(&term, IndexRecordOption::Basic).map_err(tantivy::TantivyError::from)?;
        cursors.extend(list.map(Cursor::List));
    }
    Ok(Some(Box::new(WordCursor::new(cursors))))
}

/// Documents with the phrase in one of the searched fields; a single term is looked up among all.
pub(crate) fn phrase_docs<'a>(
    snapshot: &Snapshot,
    reader: &SegmentReader,
    phrase: &Phrase,
) -> Result<Box<dyn DocSet + 'a>, IndexError> {
    let fields = snapshot.fields();
    let query: Box<dyn Query> = match phrase.terms.as_slice() {
        [(_, term)] => Box::new(TermQuery::new(Term::from_field_text(fields.words, term), IndexRecordOption::Basic)),
        terms => {
            let searched = TextField::ALL.into_iter().filter(|&f| snapshot.settings().searchable.of(f) > 0.0);
            let clauses = searched.map(|field| {
                let field = fields.text(field);
                let terms = terms.iter().map(|(at, term)| (*at, Term::from_field_text(field, term))).collect();
                (Occur::Should, Box::new(PhraseQuery::new_with_offset(terms)) as Box<dyn Query>)
            });
            Box::new(BooleanQuery::new(clauses.collect()))
        }
    };
    let weight = query.weight(EnableScoring::disabled_from_searcher(snapshot.searcher()))?;
    Ok(Box::new(DocSetOf(weight.scorer(reader, 1.0)?)))
}

/// A scorer of tantivy's, as a set of documents.
struct DocSetOf(Box<dyn tantivy::query::Scorer>);

impl DocSet for DocSetOf {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }
}
