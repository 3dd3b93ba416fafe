//! An answer's body: its text, and where in it the live fields stand.
//!
//! Price and stock change by the second, the rest of an answer does not. The text is kept whole, ready to be sent,
//! with the places of its live fields (*holes*), so that new values can be filled in without a search and without
//! serialising anything else. What the text says is decided by `answer::render`.
//!
//! Invariant: holes are in order, do not overlap and lie within the text.

use std::ops::Range;

use bytes::Bytes;
use storefind_index::answer::LiveShown;
use storefind_index::live::{Live, LiveTable, Ordinal};

use super::weight::{held, items};

/// What `Bytes` keeps beside a text that several share.
const SHARED_TEXT_BYTES: usize = 24;

/// Writes live fields as they stand in a hole; the flag: whether content stands before them.
pub type WriteLive = fn(&Live, LiveShown, bool) -> Vec<u8>;

/// Whether an answer may be assembled when a product in it went out of stock or came back since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stock {
    /// It may not: that may change more than the product's own fields.
    MustAgree,
    /// It may; the answer is marked as stale anyway.
    MayDiffer,
}

/// A rendered body.
#[derive(Debug, Clone)]
pub struct Body {
    text: Bytes,
    holes: Box<[Hole]>,
}

/// The live fields of one product in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Where they stand: the text between the product's content and its closing brace, leading comma included.
    pub place: Range<u32>,
    /// The product's id.
    pub id: Box<str>,
    /// Its ordinal in the live table; `None` when it has none, and then nothing newer is ever filled in.
    pub ordinal: Option<Ordinal>,
    /// Version of the live row that stands there.
    pub version: u64,
    /// Whether that row says that the product can be bought.
    pub in_stock: bool,
    /// Which fields stand there.
    pub shows: LiveShown,
    /// Whether content stands before them, so that a comma is due.
    pub follows_content: bool,
}

impl Body {
    /// A body of this text with these holes.
    pub fn new(text: Vec<u8>, holes: Vec<Hole>) -> Self {
        debug_assert!(holes.is_sorted_by(|a, b| a.place.end <= b.place.start), "holes in order");
        debug_assert!(holes.last().is_none_or(|hole| hole.place.end as usize <= text.len()), "holes within the text");
        // Boxed first: a `Vec`'s spare room would be held, and not weighed, as long as the entry lives.
        Self { text: Bytes::from(text.into_boxed_slice()), holes: holes.into_boxed_slice() }
    }

    /// The text, ready to be sent.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// The live fields, in order of appearance.
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// The wrapping sum of the versions that stand in the holes.
    pub fn fold(&self) -> u64 {
        self.holes.iter().fold(0, |sum: u64, hole| sum.wrapping_add(hole.version))
    }

    /// The wrapping sum of the versions that could stand in the holes now.
    pub fn current_fold(&self, live: &LiveTable) -> u64 {
        live.fold(self.holes.iter().filter_map(|hole| hole.ordinal))
    }

    /// The body with the current live fields, written by `write`; `None` if stock must agree, and a product went out of it
    /// or came back.
    pub fn refilled(&self, live: &LiveTable, write: WriteLive, stock: Stock) -> Option<Self> {
        let mut text = Vec::with_capacity(self.text.len() + self.holes.len());
        let mut holes = Vec::with_capacity(self.holes.len());
        let mut copied = 0;
        for hole in &self.holes {
            let row = hole.ordinal.and_then(|ordinal| live.row(ordinal));
            let Some(row) = row else {
                let moved = shift(&hole.place, copied, text.len())?;
                text.extend_from_slice(&self.text[copied..hole.place.end as usize]);
                copied = hole.place.end as usize;
                holes.push(Hole { place: moved, ..hole.clone() });
                continue;
            };
            let shown = row.live();
            if stock == Stock::MustAgree && shown.in_stock != hole.in_stock {
                return None;
            }
            text.extend_from_slice(&self.text[copied..hole.place.start as usize]);
            let start = u32::try_from(text.len()).ok()?;
            text.extend_from_slice(&write(&shown, hole.shows, hole.follows_content));
            let place = start..u32::try_from(text.len()).ok()?;
            copied = hole.place.end as usize;
            holes.push(Hole { place, version: row.version, in_stock: shown.in_stock, ..hole.clone() });
        }
        text.extend_from_slice(&self.text[copied..]);
        Some(Self::new(text, holes))
    }

    /// Bytes that it holds.
    pub fn weight(&self) -> usize {
        let ids = self.holes.iter().map(|hole| held(hole.id.len())).sum::<usize>();
        held(self.text.len()) + SHARED_TEXT_BYTES + items::<Hole>(self.holes.len()) + ids
    }
}

/// A place in the old text as a place in the new one: what stands from `copied` on comes next.
fn shift(place: &Range<u32>, copied: usize, next: usize) -> Option<Range<u32>> {
    let start = next + (place.start as usize).checked_sub(copied)?;
    Some(u32::try_from(start).ok()?..u32::try_from(start + place.len()).ok()?)
}
