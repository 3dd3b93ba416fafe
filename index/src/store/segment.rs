//! A segment with its columns opened: opening one costs a look into the column directory, a search needs many.

use tantivy::SegmentReader;
use tantivy::columnar::{BytesColumn, Column as Values, StrColumn};

use super::keyword::Column;
use super::schema::{COLUMN_NAMES, NumberField};

/// A range of term ordinals in one segment's column.
pub(crate) type Ords = std::ops::Range<u64>;

/// The columns of one segment. A column that no product of the segment has is `None`.
pub(crate) struct SegmentColumns {
    pub(crate) id: Option<StrColumn>,
    keywords: [Option<BytesColumn>; 3],
    numbers: [Option<Values<f64>>; 6],
}

impl SegmentColumns {
    pub(crate) fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        let [brand, categories, rest] = COLUMN_NAMES.map(|name| columns.bytes(name));
        let [price, stock, in_stock, popularity, rating, released] =
            NumberField::ALL.map(|field| columns.column_opt::<f64>(field.name()));
        Ok(Self {
            id: columns.str("id")?,
            keywords: [brand?, categories?, rest?],
            numbers: [price?, stock?, in_stock?, popularity?, rating?, released?],
        })
    }

    pub(crate) fn keyword(&self, column: Column) -> Option<&BytesColumn> {
        self.keywords[column as usize].as_ref()
    }

    pub(crate) fn number(&self, field: NumberField) -> Option<&Values<f64>> {
        self.numbers[field as usize].as_ref()
    }

    /// The product's place in the order of ids within this segment.
    pub(crate) fn id_ord(&self, doc: u32) -> u64 {
        self.id.as_ref().and_then(|ids| ids.ords().first(doc)).unwrap_or(u64::MAX)
    }

    /// The id behind [`SegmentColumns::id_ord`].
    pub(crate) fn id(&self, ord: u64) -> String {
        let mut id = String::new();
        if let Some(ids) = &self.id {
            // A missing ordinal leaves the id empty, which sorts it first; a segment without ids does not exist.
            let _found = ids.ord_to_str(ord, &mut id);
        }
        id
    }
}

/// Ordinals of the terms that begin with `prefix`.
pub(crate) fn prefix_ords(column: &BytesColumn, prefix: &[u8]) -> std::io::Result<Ords> {
    let mut end = prefix.to_vec();
    // Prefixes end in a tag or in the end-of-field byte, so there is always a successor.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    Ok(ord_or_next(column, prefix)?..ord_or_next(column, &end)?)
}

/// The ordinal of the first term that is not below `key`.
pub(crate) fn ord_or_next(column: &BytesColumn, key: &[u8]) -> std::io::Result<u64> {
    Ok(match column.dictionary().term_ord_or_next(key)? {
        tantivy::columnar::TermOrdHit::Exact(ord) | tantivy::columnar::TermOrdHit::Next(ord) => ord,
    })
}

/// Calls `each` with the document's ordinals within `range`. A document's ordinals are sorted, so those of one field
/// among hundreds are found by bisection.
#[inline]
pub(crate) fn for_each_ord_in(column: &BytesColumn, doc: u32, range: &Ords, mut each: impl FnMut(u64)) {
    let ords = column.ords();
    let rows = ords.index.value_row_ids(doc);
    let (mut low, end) = (rows.start, rows.end);
    let mut high = end;
    while high - low > 4 {
        let middle = low + (high - low) / 2;
        if ords.values.get_val(middle) < range.start { low = middle + 1 } else { high = middle }
    }
    for row in low..end {
        let ord = ords.values.get_val(row);
        if ord >= range.end {
            break;
        }
        if ord >= range.start {
            each(ord);
        }
    }
}

/// Whether the document has an ordinal within `range`.
#[inline]
pub(crate) fn has_ord_in(column: &BytesColumn, doc: u32, range: &Ords) -> bool {
    let mut found = false;
    for_each_ord_in(column, doc, range, |_| found = true);
    found
}
