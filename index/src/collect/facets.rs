//! Facets: counts of values, statistics of numbers, over the documents that a pass over the index found.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use smallvec::SmallVec;
use tantivy::DocId;
use tantivy::columnar::BytesColumn;

use crate::answer::{Facet, FacetValue, NumberStats};
use crate::collect::group::GroupId;
use crate::error::IndexError;
use crate::live::LiveRows;
use crate::product::Scalar;
use crate::query::fields::FieldRef;
use crate::store::keyword::{decode, field_prefix, sortable};
use crate::store::schema::NumberField;
use crate::store::segment::{Numbers, Ords, SegmentColumns, for_each_ord_in, prefix_ords};

/// A number facet lists its values when at most this many differ; more are a scale, not a choice.
const NUMBER_VALUES_MAX: usize = 100;
/// Numbers are added up as whole millionths: sums of floats depend on the order, and an answer must not depend on how
/// products lie in segments.
const SUM_UNIT: f64 = 1e6;
/// Averages are rounded to this many parts of one.
const AVERAGE_UNIT: f64 = 1e4;
/// Numbers that are read before any is counted. Live rows lie far apart: with nothing between them, the processor fetches
/// several at a time.
const NUMBERS_READ_AT_ONCE: usize = 64;
/// Largest number of millionths that is rounded as an integer of 64 bits, which takes a tenth of the time of 128.
const SMALL_SUM: f64 = (1_u64 << 62) as f64;
/// Counting into an array of all ordinals of a field pays unless the documents are far fewer than the values.
const SPARSE_FACTOR: u64 = 4;

/// Value sets are counted up to so many a document: each costs a look at its count, far less than a document's values.
const SETS_PER_DOC_MAX: usize = 8;

/// One facet that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct FacetPlan {
    /// As asked.
    pub(crate) name: String,
    pub(crate) field: FieldRef,
    /// Values that the filter selects, each in the forms that its literal may mean, with their terms.
    pub(crate) selected: Vec<Vec<(Vec<u8>, Scalar)>>,
}

/// The documents of one segment over which a facet counts.
pub(crate) struct SegmentDocs<'a> {
    pub(crate) docs: &'a [DocId],
    /// With grouping, the group of each.
    pub(crate) groups: Option<&'a [GroupId]>,
}

/// How often each ordinal of a field occurs among the documents of a segment, in their order; those that occur.
pub(crate) type Counts = Vec<(u64, u64)>;

/// Counts a facet's values in one segment; `None` for a facet of numbers, which have no ordinals.
pub(crate) fn count(field: &FieldRef, columns: &SegmentColumns, docs: &[DocId]) -> Result<Option<Counts>, IndexError> {
    let FieldRef::Keyword { term_field, column: at } = field else { return Ok(None) };
    let Some(column) = columns.keyword(*at) else { return Ok(Some(Counts::new())) };
    let ords = prefix_ords(column, &field_prefix(term_field)).map_err(tantivy::TantivyError::from)?;
    Ok(Some(match columns.sets(*at) {
        _ if ords.is_empty() => Counts::new(),
        Some(sets) if sets.len() <= SETS_PER_DOC_MAX * docs.len() => sets.count(&ords, docs),
        _ => count_ords(column, &ords, docs),
    }))
}

/// Takes a document out of counts that it was counted in.
pub(crate) fn discount(field: &FieldRef, columns: &SegmentColumns, doc: DocId, counts: &mut Counts) {
    let FieldRef::Keyword { column, .. } = field else { return };
    let Some(column) = columns.keyword(*column) else { return };
    let (Some(&(first, _)), Some(&(last, _))) = (counts.first(), counts.last()) else { return };
    let mut was_last = false;
    for_each_ord_in(column, doc, &(first..last + 1), |ord| {
        if let Ok(at) = counts.binary_search_by_key(&ord, |(counted, _)| *counted) {
            counts[at].1 -= 1;
            was_last |= counts[at].1 == 0;
        }
    });
    if was_last {
        counts.retain(|(_, count)| *count > 0);
    }
}

/// Counts of one facet over all segments.
#[derive(Default)]
pub(crate) struct FacetCounter {
    /// By compared form, which sorts as values do.
    values: FxHashMap<Vec<u8>, Counted>,
    /// By bits, for numbers with a column of their own; `None` once too many differ.
    numbers: Option<FxHashMap<u64, Counted>>,
    too_many_numbers: bool,
    stats: Stats,
    /// Groups already counted, by hash of the value.
    seen: FxHashSet<(u64, GroupId)>,
}

#[derive(Default)]
struct Counted {
    count: u64,
    /// How products write the value, with how many do.
    spellings: SmallVec<[(Scalar, u64); 1]>,
}

impl Counted {
    /// Adds what so many products wrote so, `count` of which count.
    fn add(&mut self, value: Scalar, products: u64, count: u64) {
        self.count += count;
        match self.spellings.iter_mut().find(|(spelling, _)| *spelling == value) {
            Some((_, written)) => *written += products,
            None => self.spellings.push((value, products)),
        }
    }

    /// The commonest spelling; of equally common ones the first in their order, so that it does not depend on how
    /// products lie in segments.
    fn value(&self) -> Scalar {
        let best = self.spellings.iter().max_by(|(a, times), (b, other)| {
            times.cmp(other).then_with(|| match (a, b) {
                (Scalar::Text(a), Scalar::Text(b)) => b.cmp(a),
                _ => std::cmp::Ordering::Equal,
            })
        });
        best.map_or(Scalar::Bool(false), |(value, _)| value.clone())
    }
}

#[derive(Default)]
struct Stats {
    range: Option<(f64, f64)>,
    sum: i128,
    count: u64,
    groups: FxHashSet<GroupId>,
}

impl Stats {
    fn add(&mut self, number: f64, times: u64, group: Option<GroupId>) {
        let (min, max) = self.range.unwrap_or((number, number));
        self.range = Some((min.min(number), max.max(number)));
        // Beyond 10^29 or so sums stand at their limit: wrong, but neither a panic nor of the other sign.
        self.sum = self.sum.saturating_add(in_units(number).saturating_mul(i128::from(times)));
        self.count += times;
        self.groups.extend(group);
    }

    fn finish(&self) -> Option<NumberStats> {
        let (min, max) = self.range?;
        let avg = self.sum as f64 / SUM_UNIT / self.count as f64;
        let count = if self.groups.is_empty() { self.count } else { self.groups.len() as u64 };
        Some(NumberStats { min, max, avg: (avg * AVERAGE_UNIT).round() / AVERAGE_UNIT, count })
    }
}

/// A number in whole units of sums, to the nearest.
fn in_units(number: f64) -> i128 {
    let scaled = number * SUM_UNIT;
    if scaled.abs() < SMALL_SUM {
        i128::from((scaled + 0.5_f64.copysign(scaled)) as i64)
    } else {
        scaled.round() as i128
    }
}

impl FacetCounter {
    /// Adds the documents of one segment.
    pub(crate) fn add(
        &mut self,
        field: &FieldRef,
        columns: &SegmentColumns,
        rows: &LiveRows<'_>,
        docs: &SegmentDocs<'_>,
    ) -> Result<(), IndexError> {
        match field {
            FieldRef::Number(field) => {
                self.add_numbers(*field, &columns.numbers(*field, rows), docs);
                Ok(())
            }
            FieldRef::Keyword { .. } => self.add_keywords(field, columns, docs),
        }
    }

    fn add_numbers(&mut self, field: NumberField, numbers: &Numbers<'_>, docs: &SegmentDocs<'_>) {
        let mut read = [None; NUMBERS_READ_AT_ONCE];
        for (block, part) in docs.docs.chunks(NUMBERS_READ_AT_ONCE).enumerate() {
            for (number, &doc) in read.iter_mut().zip(part) {
                *number = numbers.of(doc);
            }
            for (at, number) in read[..part.len()].iter().enumerate() {
                let Some(number) = *number else { continue };
                let group = docs.groups.map(|groups| groups[block * NUMBERS_READ_AT_ONCE + at]);
                self.add_number(field, number, group);
            }
        }
    }

    fn add_number(&mut self, field: NumberField, number: f64, group: Option<GroupId>) {
        if field != NumberField::InStock {
            self.stats.add(number, 1, group);
        }
        if self.too_many_numbers {
            return;
        }
        let bits = sortable(number);
        if group.is_some_and(|group| !self.seen.insert((bits, group))) {
            return;
        }
        let numbers = self.numbers.get_or_insert_default();
        let value = match field {
            NumberField::InStock => Scalar::Bool(number != 0.0),
            _ => Scalar::Number(number),
        };
        numbers.entry(bits).or_default().add(value, 1, 1);
        if numbers.len() > NUMBER_VALUES_MAX {
            self.too_many_numbers = true;
            self.numbers = None;
        }
    }

    fn add_keywords(
        &mut self,
        field: &FieldRef,
        columns: &SegmentColumns,
        docs: &SegmentDocs<'_>,
    ) -> Result<(), IndexError> {
        let Some(groups) = docs.groups else {
            let counts = count(field, columns, docs.docs)?.unwrap_or_default();
            return self.add_counts(field, columns, &counts);
        };
        let FieldRef::Keyword { term_field, column } = field else { return Ok(()) };
        let Some(column) = columns.keyword(*column) else { return Ok(()) };
        let prefix = field_prefix(term_field);
        let ords = prefix_ords(column, &prefix).map_err(tantivy::TantivyError::from)?;
        if ords.is_empty() { Ok(()) } else { self.add_grouped(column, &prefix, &ords, docs.docs, groups) }
    }

    /// Adds what was counted in one segment.
    pub(crate) fn add_counts(
        &mut self,
        field: &FieldRef,
        columns: &SegmentColumns,
        counts: &Counts,
    ) -> Result<(), IndexError> {
        let FieldRef::Keyword { term_field, column } = field else { return Ok(()) };
        match columns.keyword(*column) {
            Some(column) => self.add_counted(column, &field_prefix(term_field), counts),
            None => Ok(()),
        }
    }

    fn add_counted(&mut self, column: &BytesColumn, prefix: &[u8], counts: &Counts) -> Result<(), IndexError> {
        let mut at = 0;
        let each = |term: &[u8]| {
            let (_, count) = counts[at];
            at += 1;
            if let Some(decoded) = term.get(prefix.len()..).and_then(decode) {
                if let Scalar::Number(number) = decoded.value {
                    self.stats.add(number, count, None);
                }
                self.add_value(decoded.key, decoded.value, count, count);
            }
        };
        let ords: Vec<u64> = counts.iter().map(|(ord, _)| *ord).collect();
        column.dictionary().sorted_ords_to_term_cb(&ords, each).map_err(tantivy::TantivyError::from)?;
        Ok(())
    }

    fn add_value(&mut self, key: &[u8], value: Scalar, products: u64, count: u64) {
        match self.values.get_mut(key) {
            Some(counted) => counted.add(value, products, count),
            None => self.values.entry(key.to_vec()).or_default().add(value, products, count),
        }
    }

    /// Counts each group once per value; statistics and spellings are those of products, which do not depend on how
    /// a group's members lie in segments.
    fn add_grouped(
        &mut self,
        column: &BytesColumn,
        prefix: &[u8],
        ords: &Ords,
        docs: &[DocId],
        groups: &[GroupId],
    ) -> Result<(), IndexError> {
        let mut pairs = Vec::new();
        for (&doc, &group) in docs.iter().zip(groups) {
            for_each_ord_in(column, doc, ords, |ord| pairs.push((ord, group)));
        }
        pairs.sort_unstable();
        let mut term = Vec::new();
        let mut last = None;
        for (ord, group) in pairs {
            if last != Some(ord) {
                column.ord_to_bytes(ord, &mut term).map_err(tantivy::TantivyError::from)?;
                last = Some(ord);
            }
            let Some(decoded) = term.get(prefix.len()..).and_then(decode) else { continue };
            if let Scalar::Number(number) = decoded.value {
                self.stats.add(number, 1, Some(group));
            }
            let first = self.seen.insert((xxhash_rust::xxh3::xxh3_64(decoded.key), group));
            self.add_value(decoded.key, decoded.value, 1, u64::from(first));
        }
        Ok(())
    }

    /// The facet as answered: values by count, then value, those that the filter selects always among them.
    pub(crate) fn finish(self, plan: &FacetPlan, limit: usize) -> Facet {
        let stats = self.stats.finish();
        let mut values: Vec<(Vec<u8>, Counted)> = match self.numbers {
            Some(numbers) => numbers.into_iter().map(|(bits, c)| (bits.to_be_bytes().to_vec(), c)).collect(),
            None => self.values.into_iter().collect(),
        };
        let is_number =
            |counted: &Counted| counted.spellings.iter().all(|(value, _)| matches!(value, Scalar::Number(_)));
        let only_numbers = values.iter().all(|(_, counted)| is_number(counted));
        if self.too_many_numbers || (only_numbers && values.len() > NUMBER_VALUES_MAX) {
            return Facet { field: plan.name.clone(), values: Vec::new(), distinct: 0, stats };
        }
        let distinct = values.len() as u64;
        values.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
        let mut shown: Vec<FacetValue> = Vec::with_capacity(values.len().min(limit));
        for (at, (key, counted)) in values.into_iter().enumerate() {
            if at < limit || is_selected(plan, &key, &counted) {
                shown.push(FacetValue { value: json(&counted.value()), count: counted.count });
            }
        }
        for forms in &plan.selected {
            let listed = forms.iter().any(|(_, form)| shown.iter().any(|value| same(&value.value, form)));
            // As typed: how products that are not found write it is nothing that this answer depends on.
            if let (false, Some((_, value))) = (listed, forms.first()) {
                shown.push(FacetValue { value: json(value), count: 0 });
            }
        }
        Facet { field: plan.name.clone(), values: shown, distinct, stats }
    }
}

fn count_ords(column: &BytesColumn, ords: &Ords, docs: &[DocId]) -> Counts {
    if ords.end - ords.start > SPARSE_FACTOR * docs.len() as u64 + 1024 {
        let mut found = Vec::with_capacity(docs.len());
        for &doc in docs {
            for_each_ord_in(column, doc, ords, |ord| found.push(ord));
        }
        found.sort_unstable();
        return found.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect();
    }
    let mut counts = vec![0u32; (ords.end - ords.start) as usize];
    for &doc in docs {
        for_each_ord_in(column, doc, ords, |ord| counts[(ord - ords.start) as usize] += 1);
    }
    let occurring = (ords.start..).zip(counts).filter(|(_, count)| *count > 0);
    occurring.map(|(ord, count)| (ord, u64::from(count))).collect()
}

fn is_selected(plan: &FacetPlan, key: &[u8], counted: &Counted) -> bool {
    plan.selected.iter().flatten().any(|(term, form)| match form {
        Scalar::Text(_) => term.ends_with(key) && term.get(term.len() - key.len() - 1) == Some(&0),
        form => *form == counted.value(),
    })
}

fn same(value: &Value, form: &Scalar) -> bool {
    match (value, form) {
        (Value::String(a), Scalar::Text(b)) => {
            crate::analysis::fold::fold_value(a) == crate::analysis::fold::fold_value(b)
        }
        (value, form) => *value == json(form),
    }
}

fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => Value::from(text.as_str()),
        Scalar::Bool(flag) => Value::from(*flag),
        Scalar::Number(number) => crate::product::shown_number(*number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_huge_numbers_stand_at_their_limit() {
        let mut stats = Stats::default();
        stats.add(1e33, 2, None);
        stats.add(1e33, 1 << 62, None);
        let told = stats.finish().expect("numbers");
        assert_eq!((told.min, told.max), (1e33, 1e33));
        assert!(told.avg > 0.0 && told.avg.is_finite());
    }
}
