//! A segment with its columns opened: opening one costs a look into the column directory, a search needs many.

use tantivy::SegmentReader;
use tantivy::columnar::{BytesColumn, Column as Values, StrColumn};

use super::deaths::Deaths;
use super::keyword::Column;
use super::schema::{COLUMN_NAMES, NumberField};
use super::signature::Signatures;
use super::value_sets::ValueSets;
use crate::collect::kept::KeptPasses;
use crate::live::{LiveRows, LiveTable, Ordinal};
use crate::query::typo::near::NearWords;

/// A range of term ordinals in one segment's column.
pub(crate) type Ords = std::ops::Range<u64>;

/// The columns of one segment. A column that no product of the segment has is `None`.
pub(crate) struct SegmentColumns {
    pub(crate) id: Option<StrColumn>,
    /// By document, its place in the order of ids.
    id_ords: Vec<u32>,
    keywords: [Option<BytesColumn>; 3],
    /// Of those columns of which a product has few values that many share.
    sets: [Option<ValueSets>; 3],
    numbers: [Option<Vec<f64>>; 3],
    /// By document; made when the segment is opened, because ordinals are this process's own.
    ordinals: Vec<Ordinal>,
    /// What sort of product each is.
    pub(crate) signatures: Signatures,
    /// What was found near mistyped words.
    pub(crate) near: NearWords,
    /// What passes found.
    pub(crate) kept: KeptPasses,
    pub(crate) deaths: Deaths,
}

/// The numbers of one field in one segment.
pub(crate) enum Numbers<'a> {
    /// By document; not a number where the product has none.
    Column(&'a [f64]),
    /// In the live table.
    Live { field: NumberField, columns: &'a SegmentColumns, rows: &'a LiveRows<'a> },
    /// No product of the segment has one.
    None,
}

impl Numbers<'_> {
    /// The product's number.
    #[inline]
    pub(crate) fn of(&self, doc: u32) -> Option<f64> {
        match self {
            Self::Column(numbers) => numbers.get(doc as usize).copied().filter(|number| !number.is_nan()),
            Self::Live { field, columns, rows } => {
                let live = rows.of(columns.ordinal(doc)?);
                match field {
                    NumberField::Price => live.price,
                    // Stock counts are far below 2^53.
                    NumberField::Stock => live.stock.map(|stock| stock as f64),
                    _ => Some(f64::from(u8::from(live.in_stock))),
                }
            }
            Self::None => None,
        }
    }
}

impl SegmentColumns {
    pub(crate) fn open(reader: &SegmentReader, live: &LiveTable) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        let [brand, categories, rest] = COLUMN_NAMES.map(|name| columns.bytes(name));
        let [popularity, rating, released] = NumberField::COLUMNS.map(|field| columns.column_opt::<f64>(field.name()));
        let id = columns.str("id")?;
        let docs = reader.max_doc();
        let keywords = [brand?, categories?, rest?];
        let sets = |column: Column| keywords[column as usize].as_ref().and_then(|values| ValueSets::of(values, docs));
        Ok(Self {
            id_ords: id_ords(id.as_ref(), docs),
            ordinals: ordinals(reader, id.as_ref(), live)?,
            signatures: Signatures::open(reader)?,
            near: NearWords::default(),
            kept: KeptPasses::default(),
            deaths: Deaths::new(reader),
            id,
            // What is left has too many different sets by its nature.
            sets: [sets(Column::Brand), sets(Column::Categories), None],
            keywords,
            numbers: [popularity?, rating?, released?].map(|values| Some(numbers(&values?, docs))),
        })
    }

    pub(crate) fn keyword(&self, column: Column) -> Option<&BytesColumn> {
        self.keywords[column as usize].as_ref()
    }

    pub(crate) fn sets(&self, column: Column) -> Option<&ValueSets> {
        self.sets[column as usize].as_ref()
    }

    pub(crate) fn numbers<'a>(&'a self, field: NumberField, rows: &'a LiveRows<'_>) -> Numbers<'a> {
        match NumberField::COLUMNS.iter().position(|held| *held == field) {
            Some(at) => self.numbers[at].as_ref().map_or(Numbers::None, |numbers| Numbers::Column(numbers)),
            None => Numbers::Live { field, columns: self, rows },
        }
    }

    /// The product's ordinal.
    #[inline]
    pub(crate) fn ordinal(&self, doc: u32) -> Option<Ordinal> {
        self.ordinals.get(doc as usize).copied()
    }

    /// The product's place in the order of ids within this segment.
    pub(crate) fn id_ord(&self, doc: u32) -> u64 {
        self.id_ords.get(doc as usize).map_or(u64::MAX, |&ord| u64::from(ord))
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

fn id_ords(ids: Option<&StrColumn>, docs: u32) -> Vec<u32> {
    let Some(ids) = ids else { return Vec::new() };
    // A segment has fewer ids than documents fit in it, and those are numbered by 32 bits.
    (0..docs).map(|doc| ids.ords().first(doc).map_or(u32::MAX, |ord| ord as u32)).collect()
}

/// Every document's number: searches read them of nearly every match, and the column takes several look-ups for each.
fn numbers(column: &Values<f64>, docs: u32) -> Vec<f64> {
    (0..docs).map(|doc| column.first(doc).unwrap_or(f64::NAN)).collect()
}

/// The ordinals of a segment's products, by document: one walk over its ids, a hash look-up each.
fn ordinals(reader: &SegmentReader, ids: Option<&StrColumn>, live: &LiveTable) -> tantivy::Result<Vec<Ordinal>> {
    let Some(ids) = ids else { return Ok(Vec::new()) };
    let mut alive = vec![false; ids.num_terms()];
    for doc in reader.doc_ids_alive() {
        if let Some(seen) = ids.ords().first(doc).and_then(|ord| alive.get_mut(ord as usize)) {
            *seen = true;
        }
    }
    let mut by_ord = vec![Ordinal::MAX; ids.num_terms()];
    let mut stream = ids.dictionary().stream()?;
    for (ordinal, alive) in by_ord.iter_mut().zip(alive) {
        if !stream.advance() {
            break;
        }
        // A deleted product needs none, and would be given one for ever.
        if let (true, Ok(id)) = (alive, std::str::from_utf8(stream.key())) {
            *ordinal = live.ordinal_or_new(id).unwrap_or(Ordinal::MAX);
        }
    }
    let of = |doc| ids.ords().first(doc).and_then(|ord| by_ord.get(ord as usize).copied()).unwrap_or(Ordinal::MAX);
    Ok((0..reader.max_doc()).map(of).collect())
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
