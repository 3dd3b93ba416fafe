//! Which documents of a segment have both halves of a split word.

use tantivy::schema::Field;
use tantivy::{DocId, SegmentReader, Term};

use crate::error::IndexError;
use crate::eval::cursor::{Cursor, WordCursor};
use crate::eval::matching::{docs_with, gather, phrase_docs};
use crate::query::plan::Phrase;
use crate::query::split::{Reach, Split};
use crate::snapshot::Snapshot;
use crate::store::schema::TextField;

/// The documents, ascending. Of nearly all splits one half is no word, and two looks into the dictionary say so.
pub(crate) fn split_docs(snapshot: &Snapshot, reader: &SegmentReader, split: &Split) -> Result<Vec<DocId>, IndexError> {
    let fields = snapshot.fields();
    let words = reader.inverted_index(fields.words)?;
    for half in [split.stated(), &split.left, &split.right] {
        let info = words.get_term_info(&Term::from_field_text(fields.words, half));
        if info.map_err(tantivy::TantivyError::from)?.is_none() {
            return Ok(Vec::new());
        }
    }
    let mut docs = Vec::new();
    if split.reach == Reach::Anywhere {
        gather_both(reader, fields.words, split, &mut docs)?;
        return Ok(docs);
    }
    let together = Phrase::of(&[split.left.clone(), split.right.clone()]);
    gather(phrase_docs(snapshot, reader, &together)?, &mut docs);
    if split.reach == Reach::Title {
        gather_both(reader, fields.text(TextField::Title), split, &mut docs)?;
        docs.sort_unstable();
        docs.dedup();
    }
    Ok(docs)
}

/// The documents that have both halves in a field.
fn gather_both(reader: &SegmentReader, field: Field, split: &Split, docs: &mut Vec<DocId>) -> Result<(), IndexError> {
    let (left, right) = (docs_with(reader, field, &split.left)?, docs_with(reader, field, &split.right)?);
    if let (Some(left), Some(right)) = (left, right) {
        let both = Cursor::all(vec![Cursor::List(left), Cursor::List(right)]);
        gather(Box::new(WordCursor::new(vec![both])), docs);
    }
    Ok(())
}
