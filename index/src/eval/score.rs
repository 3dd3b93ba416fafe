//! How well a document matches: BM25 over all searched fields as one.
//!
//! For each word, frequencies of the fields are weighted, normalised by the field's length, added up, and only then
//! saturated (BM25F; Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004).
//! Adding up saturated scores of fields instead would count a word that stands in four fields four times over.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

use crate::error::IndexError;
use crate::eval::cursor::WordCursor;
use crate::eval::matching::{Evaluation, docs_with, prefix_cursor, several_cursor};
use crate::eval::split::split_docs;
use crate::eval::wanted::Wanted;
use crate::query::depend::WordCorrections;
use crate::query::plan::{Alternative, WordPlan};
use crate::rank::{self, Traits};
use crate::settings::{Ranking, Settings};
use crate::snapshot::Snapshot;
use crate::store::schema::{Fields, TextField};

/// Saturation of a word's frequency.
const K1: f32 = 1.2;
/// How much longer texts are held against their products.
const B: f32 = 0.75;
/// A match of an unfinished word counts like this frequency in a field of weight 1.
const PREFIX_FREQUENCY: f32 = 0.5;
/// What one edit leaves of a match: a word that is nearer to what was typed goes before one that is farther, unless it
/// stands in far better places.
const CORRECTION_SHARE: f32 = 0.5;
/// What is left of a match when a word is read as two: the same letters, so nearly all.
const SPLIT_SHARE: f32 = 0.9;
/// A word in the title exactly as typed counts this much more than another form of it.
const EXACT_BONUS: f32 = 1.1;

/// How a document matches, best first: with the word that says what is asked for, more of the words that are no mere
/// details, more words, fewer of them corrected, then the score. So what a rung of relaxation adds is behind what was
/// there before it; where all words are needed, only corrections and the score tell products apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Relevance {
    /// Whether the word that says what is asked for matches.
    pub(crate) asked: bool,
    /// Words that match and are no mere details.
    pub(crate) core: u16,
    /// Words that match in any way.
    pub(crate) matched: u16,
    /// Words that match without correction.
    pub(crate) direct: u16,
    /// BM25F.
    pub(crate) text: f32,
    /// What the order comes from: `text` and what counts beside it, rules included.
    pub(crate) score: f32,
    /// Whether the title says that it is what the query asks for.
    pub(crate) is_head: bool,
    /// Whether the query is one of its names.
    pub(crate) is_named: bool,
    /// What rules multiply it by.
    pub(crate) factor: f32,
    /// Number of the rules' pin, from 1 in the order of places; 0 if it is not pinned.
    pub(crate) pin: u16,
}

impl Default for Relevance {
    fn default() -> Self {
        Self {
            asked: false,
            core: 0,
            matched: 0,
            direct: 0,
            text: 0.0,
            score: 0.0,
            is_head: false,
            is_named: false,
            factor: 1.0,
            pin: 0,
        }
    }
}

impl Relevance {
    /// Larger is better: exact is always before corrected, all words before some, and what is pinned before everything.
    pub(crate) fn rank(self) -> u64 {
        if self.pin > 0 {
            return u64::MAX - u64::from(self.pin);
        }
        // Words are at most sixteen, so each count has room in a byte.
        let words = u64::from(self.core) << 16 | u64::from(self.matched) << 8 | u64::from(self.direct);
        let tier = u64::from(self.asked) << 24 | words;
        // Scores are finite and not negative, so their bits are in their order.
        tier << 32 | u64::from(self.score.max(0.0).to_bits())
    }
}

/// Code of the length, ten words, whose norm stands for a field's norms.
const FIGURE_LENGTH: usize = 10;

/// What scoring needs of the whole index, once per query.
pub(crate) struct Statistics<'a> {
    norms: &'a Norms,
    /// By word.
    words: Vec<WordStatistics>,
    /// What is asked for.
    pub(crate) wanted: Wanted,
    weights: &'a Ranking,
}

/// By field: what one occurrence counts, by the code of the field's length. The same for every query of a snapshot.
pub(crate) struct Norms([Box<[f32; 256]>; 6]);

impl Norms {
    /// Reads the fields' lengths off all segments.
    pub(crate) fn gather(searcher: &Searcher, fields: &Fields, settings: &Settings) -> Result<Self, IndexError> {
        let products = products(searcher);
        let mut norms = TextField::ALL.map(|_| Box::new([0.0; 256]));
        for field in TextField::ALL {
            let weight = settings.searchable.of(field);
            let mut tokens = 0;
            for reader in searcher.segment_readers() {
                tokens += reader.inverted_index(fields.text(field))?.total_num_tokens();
            }
            let average = (tokens as f32 / products.max(1) as f32).max(1.0);
            for (code, norm) in (0..=u8::MAX).zip(norms[field as usize].iter_mut()) {
                let length = FieldNormReader::id_to_fieldnorm(code) as f32;
                *norm = weight / (1.0 - B + B * length / average);
            }
        }
        Ok(Self(norms))
    }
}

/// Products of all segments, deleted ones included: they still count in every other number of the index.
fn products(searcher: &Searcher) -> u64 {
    searcher.segment_readers().iter().map(|reader| u64::from(reader.max_doc())).sum()
}

struct WordStatistics {
    idf: f32,
    prefix_idf: f32,
    /// Of all that a mistyped word may have meant as if it were one word: a rare one is no better guess than a common one.
    corrected_idf: f32,
}

impl<'a> Statistics<'a> {
    pub(crate) fn gather(snapshot: &'a Snapshot, evaluation: Evaluation<'_>) -> Result<Self, IndexError> {
        let searcher = snapshot.searcher();
        let products = products(searcher);
        let words = evaluation.plan.words.iter().enumerate().map(|(at, word)| {
            let fields = snapshot.fields();
            let mut having = 0;
            for term in word.direct.iter().map(Alternative::stated) {
                having = having.max(doc_freq(searcher, fields.words, term)?);
            }
            let beginning = match &word.prefix {
                Some(prefix) => doc_freq(searcher, fields.prefix, prefix)?,
                None => 0,
            };
            let corrected = match evaluation.corrections {
                Some(all) => corrected_freq(snapshot, &all[at])?,
                None => 0,
            };
            Ok(WordStatistics {
                idf: idf(having, products),
                prefix_idf: idf(beginning, products),
                corrected_idf: idf(corrected, products),
            })
        });
        Ok(Self {
            norms: snapshot.norms()?,
            words: words.collect::<Result<_, IndexError>>()?,
            wanted: Wanted::gather(snapshot, evaluation)?,
            weights: &snapshot.settings().ranking,
        })
    }

    /// The numbers that scores depend on, in a fixed order: two sets that are near give nearly the same scores.
    pub(crate) fn figures(&self) -> Vec<f32> {
        let words = self.words.iter().flat_map(|word| [word.idf, word.prefix_idf]);
        // All norms of a field follow from its average length, so that one tells of all.
        let norms = self.norms.0.iter().map(|norms| norms[FIGURE_LENGTH]);
        // Which word is the head follows from counts, too.
        words.chain(norms).chain(std::iter::once(self.wanted.place as f32)).collect()
    }
}

pub(crate) fn doc_freq(searcher: &Searcher, field: Field, term: &str) -> Result<u64, IndexError> {
    Ok(searcher.doc_freq(&Term::from_field_text(field, term))?)
}

/// Products with the most frequent of the words that may have been meant.
fn corrected_freq(snapshot: &Snapshot, corrections: &WordCorrections) -> Result<u64, IndexError> {
    let mut having = corrections.prefixes.iter().map(|correction| correction.products).max().unwrap_or(0);
    for (correction, term) in corrections.words.iter().zip(&corrections.terms) {
        // Of a synonym of what may have been meant, only the distance is known.
        having = having.max(match correction.products {
            0 => doc_freq(snapshot.searcher(), snapshot.fields().words, term)?,
            known => known,
        });
    }
    Ok(having)
}

/// Inverse document frequency as in BM25, never negative.
fn idf(having: u64, products: u64) -> f32 {
    let (having, products) = (having.min(products) as f32, products as f32);
    ((products - having + 0.5) / (having + 0.5)).ln_1p()
}

/// Scores the documents of one segment, in their order.
pub(crate) struct SegmentScorer<'a> {
    words: Vec<WordScorer<'a>>,
    /// The word, by place, that says what is asked for.
    asked: Option<usize>,
    /// The words that are mere details, by place, a bit each.
    details: u32,
    heads: WordCursor,
    named: WordCursor,
    weights: &'a Ranking,
}

struct WordScorer<'a> {
    lists: Vec<FieldList<'a>>,
    exact: Option<SegmentPostings>,
    /// Alternatives of several words, which count when all are there, like one occurrence in a field of weight 1; with what
    /// a match through them counts.
    compounds: Vec<(WordCursor, f32)>,
    /// The first document, not below the last one scored, that may have the word itself.
    next: DocId,
    prefix: Option<WordCursor>,
    /// Whether every document that is scored has the word in one of these ways, so that one without the word itself must
    /// have it unfinished.
    is_certain: bool,
    /// Corrected matches by document, with what they count.
    corrected: Vec<(DocId, f32)>,
    /// The first of them that is not below the last document scored.
    corrected_at: usize,
    idf: f32,
    prefix_idf: f32,
}

struct FieldList<'a> {
    list: SegmentPostings,
    lengths: FieldNormReader,
    norms: &'a [f32; 256],
    /// What a match through this alternative counts.
    weight: f32,
}

impl<'a> SegmentScorer<'a> {
    pub(crate) fn open(
        snapshot: &Snapshot,
        at: usize,
        evaluation: Evaluation<'_>,
        statistics: &'a Statistics<'a>,
    ) -> Result<Self, IndexError> {
        let reader = &snapshot.searcher().segment_readers()[at];
        let mut words = Vec::with_capacity(evaluation.plan.words.len());
        for (word_at, word) in evaluation.plan.words.iter().enumerate() {
            let mut scorer = WordScorer::open(snapshot, reader, word, statistics, &statistics.words[word_at])?;
            if let Some(corrections) = evaluation.corrections.map(|all| &all[word_at]) {
                scorer.add_corrections(snapshot, reader, corrections, statistics, word_at)?;
                for split in &corrections.splits {
                    scorer.add_split(reader, &split_docs(snapshot, reader, split)?);
                }
                scorer.corrected.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
                scorer.corrected.dedup_by_key(|entry| entry.0);
            }
            scorer.is_certain = evaluation.is_strict() && evaluation.needed.has(word_at);
            words.push(scorer);
        }
        let details = evaluation.plan.details.iter().fold(0, |details, &at| details | 1 << at);
        let (heads, named) = statistics.wanted.open(snapshot.fields(), reader)?;
        Ok(Self { words, asked: evaluation.plan.asked, details, heads, named, weights: statistics.weights })
    }

    /// How well the document matches. Documents must come in rising order.
    pub(crate) fn relevance(&mut self, doc: DocId) -> Relevance {
        let mut relevance = self.words_of(|word| match word.direct(doc) {
            direct if direct > 0.0 => (direct, true),
            _ => (word.corrected(doc), false),
        });
        relevance.is_head = is_at(&mut self.heads, doc);
        relevance.is_named = is_at(&mut self.named, doc);
        relevance.score = rank::score(self.weights, relevance, Traits::default());
        relevance
    }

    /// How well all matches match that lie behind `doc`, the last one scored, and before the document that is returned:
    /// where a word is known to match unfinished only, they match alike.
    pub(crate) fn alike_behind(&mut self, doc: DocId) -> Option<(Relevance, DocId)> {
        let alike_until = |word: &WordScorer<'_>| if word.is_certain && word.prefix.is_some() { word.next } else { 0 };
        let until = self.words.iter().map(alike_until).fold(self.heads.doc().min(self.named.doc()), DocId::min);
        if until <= doc + 1 {
            return None;
        }
        let mut relevance = self.words_of(|word| (word.unfinished(), true));
        relevance.score = rank::score(self.weights, relevance, Traits::default());
        Some((relevance, until))
    }

    /// What the words count, each with whether it matches without correction.
    fn words_of(&mut self, mut score_of: impl FnMut(&mut WordScorer<'a>) -> (f32, bool)) -> Relevance {
        let mut relevance = Relevance::default();
        for (at, word) in self.words.iter_mut().enumerate() {
            let (score, is_direct) = score_of(word);
            if score > 0.0 {
                relevance.asked |= self.asked == Some(at);
                relevance.core += u16::from(self.details >> at & 1 == 0);
                relevance.matched += 1;
                relevance.direct += u16::from(is_direct);
                relevance.text += score;
            }
        }
        relevance
    }

    /// Each word's share of the score, for `explain=ranking`. The document need not match: a rule may have put it there.
    pub(crate) fn explain(&mut self, doc: DocId) -> Vec<(f32, f32)> {
        for word in &mut self.words {
            word.is_certain = false;
        }
        self.words.iter_mut().map(|word| (word.direct(doc), word.corrected(doc))).collect()
    }
}

impl<'a> WordScorer<'a> {
    fn open(
        snapshot: &Snapshot,
        reader: &SegmentReader,
        word: &WordPlan,
        statistics: &'a Statistics<'a>,
        of_word: &WordStatistics,
    ) -> Result<Self, IndexError> {
        let fields: &Fields = snapshot.fields();
        // One look into the dictionary of all words saves one into each field's for words that the segment lacks.
        let all_words = reader.inverted_index(fields.words)?;
        let is_there = |term: &str| {
            let info = all_words.get_term_info(&Term::from_field_text(fields.words, term));
            info.map(|info| info.is_some()).map_err(tantivy::TantivyError::from)
        };
        let mut there = Vec::with_capacity(word.direct.len());
        for alternative in &word.direct {
            if let [term] = alternative.terms.as_slice()
                && is_there(term)?
            {
                there.push((term, alternative.weight));
            }
        }
        let mut lists = Vec::new();
        for field in TextField::ALL {
            if snapshot.settings().searchable.of(field) <= 0.0 {
                continue;
            }
            let index_field = fields.text(field);
            for &(term, weight) in &there {
                if let Some(list) = frequencies(reader, index_field, term)? {
                    let norms = &statistics.norms.0[field as usize];
                    lists.push(FieldList { list, lengths: reader.get_fieldnorms_reader(index_field)?, norms, weight });
                }
            }
        }
        let exact = match &word.exact {
            Some(term) if is_there(term)? => frequencies(reader, fields.text(TextField::Title), term)?,
            _ => None,
        };
        let prefix = match &word.prefix {
            Some(prefix) => prefix_cursor(fields, reader, prefix)?.map(|cursor| WordCursor::new(vec![cursor])),
            None => None,
        };
        let mut compounds = Vec::new();
        for alternative in word.direct.iter().filter(|alternative| alternative.terms.len() > 1) {
            let cursor = several_cursor(snapshot, reader, alternative)?;
            compounds.extend(cursor.map(|cursor| (WordCursor::new(vec![cursor]), alternative.weight)));
        }
        let (idf, prefix_idf) = (of_word.idf, of_word.prefix_idf);
        Ok(Self {
            lists,
            exact,
            compounds,
            next: 0,
            prefix,
            is_certain: false,
            corrected: Vec::new(),
            corrected_at: 0,
            idf,
            prefix_idf,
        })
    }

    /// What the word may have meant counts as if it had been typed, but for its edits: by how often it occurs in which
    /// fields.
    fn add_corrections(
        &mut self,
        snapshot: &Snapshot,
        reader: &SegmentReader,
        corrections: &WordCorrections,
        statistics: &Statistics<'_>,
        word: usize,
    ) -> Result<(), IndexError> {
        let fields = snapshot.fields();
        // Document, edits, and how often a word so near occurs there, in fields by their weight.
        let mut occurrences: Vec<(DocId, u8, f32)> = Vec::new();
        for (correction, term) in corrections.words.iter().zip(&corrections.terms) {
            let Some(mut there) = docs_with(reader, fields.words, term)? else { continue };
            // Also where no searched field has it.
            while there.doc() != TERMINATED {
                occurrences.push((there.doc(), correction.distance, 0.0));
                there.advance();
            }
            for field in TextField::ALL {
                if snapshot.settings().searchable.of(field) <= 0.0 {
                    continue;
                }
                let Some(mut list) = frequencies(reader, fields.text(field), term)? else { continue };
                let lengths = reader.get_fieldnorms_reader(fields.text(field))?;
                let norms = &statistics.norms.0[field as usize];
                while list.doc() != TERMINATED {
                    let norm = norms[usize::from(lengths.fieldnorm_id(list.doc()))];
                    occurrences.push((list.doc(), correction.distance, norm * list.term_freq() as f32));
                    list.advance();
                }
            }
        }
        for correction in &corrections.prefixes {
            let Some(mut there) = docs_with(reader, fields.prefix, &correction.text)? else { continue };
            while there.doc() != TERMINATED {
                occurrences.push((there.doc(), correction.distance, PREFIX_FREQUENCY));
                there.advance();
            }
        }
        // A stable sort merges what is in order already, and lists are.
        occurrences.sort_by_key(|&(doc, edits, _)| (doc, edits));
        let idf = statistics.words[word].corrected_idf;
        for alike in occurrences.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (doc, edits, _) = alike[0];
            let frequency: f32 = alike.iter().map(|(.., frequency)| frequency).sum();
            let score = CORRECTION_SHARE.powi(i32::from(edits)) * idf * frequency * (K1 + 1.0) / (frequency + K1);
            self.corrected.push((doc, score.max(f32::MIN_POSITIVE)));
        }
        Ok(())
    }

    /// Two words in place of the one.
    fn add_split(&mut self, reader: &SegmentReader, docs: &[DocId]) {
        let score = SPLIT_SHARE * idf(docs.len() as u64, u64::from(reader.max_doc()));
        self.corrected.extend(docs.iter().map(|&doc| (doc, score.max(f32::MIN_POSITIVE))));
    }

    /// What the word counts without correction. Its best alternative decides the weight: applied to frequencies, it
    /// would drown in saturation.
    fn direct(&mut self, doc: DocId) -> f32 {
        // Most of what an unfinished word finds has not the word itself, and none of its lists need be looked at.
        if doc >= self.next {
            let (frequency, weight) = self.frequency(doc);
            if weight > 0.0 {
                let bonus = if self.exact.as_mut().is_some_and(|exact| is_at(exact, doc)) { EXACT_BONUS } else { 1.0 };
                return weight * self.idf * bonus * frequency * (K1 + 1.0) / (frequency + K1);
            }
        }
        if self.prefix.as_mut().is_some_and(|prefix| self.is_certain || is_at(prefix, doc)) {
            return self.unfinished();
        }
        0.0
    }

    /// What a word counts that begins as this one does.
    fn unfinished(&self) -> f32 {
        self.prefix_idf * PREFIX_FREQUENCY * (K1 + 1.0) / (PREFIX_FREQUENCY + K1)
    }

    /// How often the document has the word in one of its alternatives, in fields by their weight, and the weight of the
    /// best of those alternatives.
    fn frequency(&mut self, doc: DocId) -> (f32, f32) {
        let (mut frequency, mut weight) = (0.0, 0.0f32);
        self.next = TERMINATED;
        for field in &mut self.lists {
            if is_at(&mut field.list, doc) {
                let norm = field.norms[usize::from(field.lengths.fieldnorm_id(doc))];
                frequency += norm * field.list.term_freq() as f32;
                weight = weight.max(field.weight);
            }
            self.next = self.next.min(field.list.doc());
        }
        for (docs, of_compound) in &mut self.compounds {
            if is_at(docs, doc) {
                frequency += 1.0;
                weight = weight.max(*of_compound);
            }
            self.next = self.next.min(docs.doc());
        }
        (frequency, weight)
    }

    fn corrected(&mut self, doc: DocId) -> f32 {
        while self.corrected.get(self.corrected_at).is_some_and(|entry| entry.0 < doc) {
            self.corrected_at += 1;
        }
        self.corrected.get(self.corrected_at).filter(|entry| entry.0 == doc).map_or(0.0, |entry| entry.1)
    }
}

fn is_at(set: &mut impl DocSet, doc: DocId) -> bool {
    set.doc() == doc || (set.doc() < doc && set.seek(doc) == doc)
}

fn frequencies(reader: &SegmentReader, field: Field, term: &str) -> Result<Option<SegmentPostings>, IndexError> {
    let index = reader.inverted_index(field)?;
    let term = Term::from_field_text(field, term);
    Ok(index.read_postings(&term, IndexRecordOption::WithFreqs).map_err(tantivy::TantivyError::from)?)
}
