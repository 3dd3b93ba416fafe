//! When segments are merged: segments of like size when there are enough of them, and those with the most dead
//! products when the index as a whole has too many.
//!
//! The engine's own rule judges every segment by itself and rewrites its whole level, so that under a storm of changes
//! the freshest small segments are rewritten again and again. Which segment the dead are in does not matter to a
//! query, only how many there are; and a segment with half of its products dead costs a third, per dead product
//! removed, of one with a quarter.
//!
//! Invariant: while merges keep up, at most [`DEAD_SHARE_MAX`] of the products in the index are dead, but for
//! [`DEAD_TOLERATED`].

use rustc_hash::FxHashSet;
use tantivy::index::SegmentMeta;
use tantivy::merge_policy::{LogMergePolicy, MergeCandidate, MergePolicy};

/// Share of dead products in the index beyond which it is tidied: dead products cost every query, so at most 1.7
/// times the postings are read.
const DEAD_SHARE_MAX: f32 = 0.4;

/// So many dead products are not worth a merge, however small the index: reading past them takes microseconds.
const DEAD_TOLERATED: u32 = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Merges {
    by_size: LogMergePolicy,
}

impl MergePolicy for Merges {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let mut candidates = self.by_size.compute_merge_candidates(segments);
        let dead = segments.iter().map(SegmentMeta::num_deleted_docs).sum();
        let all = segments.iter().map(SegmentMeta::max_doc).sum();
        if is_tidy(dead, all) {
            return candidates;
        }
        let taken: FxHashSet<_> = candidates.iter().flat_map(|candidate| &candidate.0).copied().collect();
        let untidy = |segment: &&SegmentMeta| share(segment.num_deleted_docs(), segment.max_doc()) > DEAD_SHARE_MAX;
        let worst: Vec<_> =
            segments.iter().filter(untidy).map(SegmentMeta::id).filter(|id| !taken.contains(id)).collect();
        if !worst.is_empty() {
            candidates.push(MergeCandidate(worst));
        }
        candidates
    }
}

fn is_tidy(dead: u32, all: u32) -> bool {
    dead <= DEAD_TOLERATED || share(dead, all) <= DEAD_SHARE_MAX
}

#[expect(clippy::cast_precision_loss, reason = "a share of products need not be exact")]
fn share(dead: u32, all: u32) -> f32 {
    if all == 0 { 0.0 } else { dead as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use tantivy::schema::{STRING, Schema};
    use tantivy::{Index, IndexWriter, Term, doc};

    use super::*;

    /// Dead and all products, after `changed` of `products` were written again in commits of 500 and merges ended.
    fn after_changes(products: u32, changed: u32) -> (u32, u32) {
        let mut schema = Schema::builder();
        let id = schema.add_text_field("id", STRING);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.set_merge_policy(Box::<Merges>::default());
        // Every seventh, round and round, so that all segments lose products.
        for (at, product) in (0..products).chain((0..changed).map(|at| at * 7 % products)).enumerate() {
            let text = product.to_string();
            writer.delete_term(Term::from_field_text(id, &text));
            writer.add_document(doc!(id => text)).unwrap();
            if at % 500 == 499 {
                writer.commit().unwrap();
            }
        }
        writer.commit().unwrap();
        writer.wait_merging_threads().unwrap();
        let searcher = index.reader().unwrap().searcher();
        let segments = searcher.segment_readers();
        assert_eq!(searcher.num_docs(), u64::from(products));
        (segments.iter().map(|it| it.num_deleted_docs()).sum(), segments.iter().map(|it| it.max_doc()).sum())
    }

    #[test]
    fn a_storm_of_changes_leaves_a_tidy_index() {
        for changed in [2_000, 3_000, 6_000] {
            let (dead, all) = after_changes(6_000, changed);
            assert!(is_tidy(dead, all), "{changed} changed: {dead} of {all} are dead");
        }
    }

    #[test]
    fn a_few_dead_products_are_left_alone() {
        assert_eq!(after_changes(1_500, DEAD_TOLERATED).0, DEAD_TOLERATED);
        assert!(is_tidy(DEAD_TOLERATED, DEAD_TOLERATED));
        assert!(!is_tidy(DEAD_TOLERATED + 1, DEAD_TOLERATED + 1));
        assert!(is_tidy(40_000, 100_000) && !is_tidy(40_001, 100_000));
    }
}
