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

    /// Bytes that it holds.
    pub fn weight(&self) -> usize {
        self.text.len() + self.holes.iter().map(|hole| size_of::<Hole>() + hole.id.len()).sum::<usize>()
    }
}
