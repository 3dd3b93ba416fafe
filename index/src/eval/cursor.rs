//! Cursors over sorted document numbers.

use tantivy::postings::SegmentPostings;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, TERMINATED};

/// Documents that have one alternative of a word.
#[expect(
    clippy::large_enum_variant,
    reason = "a posting list holds a decoded block; nearly every cursor is one, and a box would cost each step a jump"
)]
pub(crate) enum Cursor {
    /// A posting list.
    List(SegmentPostings),
    /// Documents in all of these.
    All(Vec<Cursor>),
    /// A list made here.
    Docs { docs: Vec<DocId>, at: usize },
}

impl Cursor {
    /// A cursor over documents in any order.
    pub(crate) fn docs(mut docs: Vec<DocId>) -> Self {
        docs.sort_unstable();
        docs.dedup();
        Self::Docs { docs, at: 0 }
    }

    /// A cursor over documents that are in every list.
    pub(crate) fn all(lists: Vec<Cursor>) -> Self {
        let mut cursor = Self::All(lists);
        cursor.settle(0);
        cursor
    }

    fn doc(&self) -> DocId {
        match self {
            Self::List(list) => list.doc(),
            Self::All(lists) => lists.first().map_or(TERMINATED, Self::doc),
            Self::Docs { docs, at } => docs.get(*at).copied().unwrap_or(TERMINATED),
        }
    }

    /// Moves to the first document that is not below `target`.
    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        match self {
            Self::List(list) => list.seek(target),
            Self::All(_) => self.settle(target),
            Self::Docs { docs, at } => {
                *at += docs[*at..].partition_point(|&doc| doc < target);
                self.doc()
            }
        }
    }

    /// Moves to the next document.
    fn advance(&mut self) -> DocId {
        match self {
            Self::List(list) => list.advance(),
            Self::All(_) => self.settle(self.doc().saturating_add(1)),
            Self::Docs { at, .. } => {
                *at += 1;
                self.doc()
            }
        }
    }

    fn size(&self) -> u32 {
        match self {
            Self::List(list) => list.size_hint(),
            Self::All(lists) => lists.iter().map(Self::size).min().unwrap_or(0),
            Self::Docs { docs, .. } => u32::try_from(docs.len()).unwrap_or(u32::MAX),
        }
    }

    /// Brings all lists to one document that is not below `target`.
    fn settle(&mut self, target: DocId) -> DocId {
        let Self::All(lists) = self else { return TERMINATED };
        let mut target = target;
        loop {
            let mut highest = target;
            for list in lists.iter_mut() {
                highest = highest.max(list.seek(highest));
            }
            if highest == TERMINATED {
                // One is at its end; so is the whole, wherever the others stand.
                lists.clear();
                return TERMINATED;
            }
            if highest == target {
                return highest;
            }
            target = highest;
        }
    }
}

/// Documents that have a word in any of its alternatives.
pub(crate) struct WordCursor {
    cursors: Vec<Cursor>,
    doc: DocId,
}

impl WordCursor {
    pub(crate) fn new(cursors: Vec<Cursor>) -> Self {
        let mut word = Self { cursors, doc: 0 };
        word.find();
        word
    }

    fn find(&mut self) {
        self.doc = self.cursors.iter().map(Cursor::doc).min().unwrap_or(TERMINATED);
    }
}

impl DocSet for WordCursor {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        let mut lowest = TERMINATED;
        for cursor in &mut self.cursors {
            let doc = cursor.doc();
            lowest = lowest.min(if doc == self.doc { cursor.advance() } else { doc });
        }
        self.doc = lowest;
        lowest
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let mut lowest = TERMINATED;
        for cursor in &mut self.cursors {
            lowest = lowest.min(cursor.seek(target));
        }
        self.doc = lowest;
        lowest
    }

    /// Most words have one list, which tells many documents at a time.
    fn fill_buffer(&mut self, buffer: &mut [DocId; COLLECT_BLOCK_BUFFER_LEN]) -> usize {
        if let [Cursor::List(list)] = self.cursors.as_mut_slice() {
            let filled = list.fill_buffer(buffer);
            self.doc = list.doc();
            return filled;
        }
        for (at, place) in buffer.iter_mut().enumerate() {
            if self.doc == TERMINATED {
                return at;
            }
            *place = self.doc;
            self.advance();
        }
        COLLECT_BLOCK_BUFFER_LEN
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.cursors.iter().map(Cursor::size).fold(0, u32::saturating_add)
    }
}

/// Documents that have at least `required` of several words.
pub(crate) struct SomeWords {
    words: Vec<WordCursor>,
    required: usize,
    doc: DocId,
}

impl SomeWords {
    pub(crate) fn new(words: Vec<WordCursor>, required: usize) -> Self {
        let mut some = Self { words, required, doc: 0 };
        some.find(0);
        some
    }

    fn find(&mut self, target: DocId) -> DocId {
        let mut target = target;
        loop {
            let lowest =
                self.words.iter_mut().map(|word| if word.doc() < target { word.seek(target) } else { word.doc() });
            let lowest = lowest.min().unwrap_or(TERMINATED);
            let have = self.words.iter().filter(|word| word.doc() == lowest).count();
            if lowest == TERMINATED || have >= self.required {
                self.doc = lowest;
                return lowest;
            }
            target = lowest + 1;
        }
    }
}

impl DocSet for SomeWords {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.find(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target { self.doc } else { self.find(target) }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.words.iter().map(DocSet::size_hint).fold(0, u32::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn walk(mut set: impl DocSet) -> Vec<DocId> {
        let mut found = Vec::new();
        while set.doc() != TERMINATED {
            found.push(set.doc());
            set.advance();
        }
        found
    }

    fn list(docs: &BTreeSet<u32>) -> Cursor {
        Cursor::docs(docs.iter().copied().collect())
    }

    fn sets() -> impl Strategy<Value = Vec<BTreeSet<u32>>> {
        proptest::collection::vec(proptest::collection::btree_set(0u32..400, 1..200), 1..4)
    }

    proptest! {
        #[test]
        fn a_word_is_the_union_of_its_alternatives(sets in sets()) {
            let union: BTreeSet<u32> = sets.iter().flatten().copied().collect();
            let cursors = sets.iter().map(list).collect();
            prop_assert_eq!(walk(WordCursor::new(cursors)), union.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn an_alternative_of_several_terms_is_their_intersection(sets in sets()) {
            let common: Vec<u32> = sets[0].iter().copied().filter(|doc| sets.iter().all(|set| set.contains(doc))).collect();
            let cursor = Cursor::all(sets.iter().map(list).collect());
            prop_assert_eq!(walk(WordCursor::new(vec![cursor])), common);
        }

        #[test]
        fn some_words_are_counted(sets in sets(), required in 1usize..4) {
            let required = required.min(sets.len());
            let expected: Vec<u32> =
                (0..400).filter(|doc| sets.iter().filter(|set| set.contains(doc)).count() >= required).collect();
            let words = sets.iter().map(|set| WordCursor::new(vec![list(set)])).collect();
            prop_assert_eq!(walk(SomeWords::new(words, required)), expected);
        }
    }
}
