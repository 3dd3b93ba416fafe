//! The category tree while a catalog is counted, and what a phrase's products have in common in it.
//!
//! Owns the levels of all paths and the sets of levels that products have. Most products share their set with many
//! others, so a phrase counts sets, each a number, and levels are worked out once at the end.

use std::cmp::Reverse;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::PHRASE_BYTES_MAX;
use super::normalise::normalise_into;
use super::tally::Tally;

/// Levels of all paths together: a large shop has some ten thousand.
const LEVELS_MAX: usize = 50_000;
/// Different sets of levels; products beyond count as having no category.
const SETS_MAX: usize = 200_000;
/// Paths read of one product.
const PATHS_PER_PRODUCT_MAX: usize = 16;
/// Levels read of one path.
const PATH_LEVELS_MAX: usize = 8;

/// The set of levels that a product lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct SetId(u32);

/// One level of a path.
#[derive(Debug)]
pub(super) struct Level {
    /// Its own name, folded.
    pub(super) key: Box<str>,
    /// The folded path down to it.
    pub(super) path: Box<str>,
    /// Number of levels above it.
    depth: u32,
    /// Products in it.
    products: u32,
}

/// All levels and sets seen. Set 0 is the empty one.
#[derive(Debug)]
pub(super) struct Categories {
    levels: Vec<Level>,
    by_path: FxHashMap<Box<str>, u32>,
    sets: Vec<Box<[u32]>>,
    by_levels: FxHashMap<Box<[u32]>, SetId>,
    last: Last,
}

/// The product counted last; its buffers are reused.
#[derive(Debug, Default)]
struct Last {
    /// Names as this product writes them, one after the other.
    names: String,
    /// Levels in order, each with the place of its name.
    members: Vec<(u32, Range<usize>)>,
    /// The last levels of its paths.
    leaves: Vec<u32>,
    path: String,
    set: Vec<u32>,
}

impl Default for Categories {
    fn default() -> Self {
        Self {
            levels: Vec::new(),
            by_path: FxHashMap::default(),
            sets: vec![Box::default()],
            by_levels: FxHashMap::default(),
            last: Last::default(),
        }
    }
}

/// The levels of a path by name, from the top, empty ones left out.
pub(super) fn level_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('>').map(str::trim).filter(|name| !name.is_empty())
}

/// Appends one more level to a folded path; false if nothing of its name can be typed.
pub(super) fn append_level(path: &mut String, name: &str) -> bool {
    let before = path.len();
    if before > 0 {
        path.push_str(" > ");
    }
    let start = path.len();
    normalise_into(name, path);
    if path.len() == start {
        path.truncate(before);
    }
    path.len() > before
}

impl Categories {
    /// Reads a product's paths and counts the product in each of their levels.
    pub(super) fn count(&mut self, paths: &[String]) -> SetId {
        let mut last = std::mem::take(&mut self.last);
        last.names.clear();
        last.members.clear();
        last.leaves.clear();
        for path in paths.iter().take(PATHS_PER_PRODUCT_MAX) {
            self.read(path, &mut last);
        }
        last.members.sort_unstable_by_key(|(level, name)| (*level, name.start));
        last.members.dedup_by_key(|(level, _)| *level);
        last.leaves.sort_unstable();
        last.leaves.dedup();
        last.set.clear();
        last.set.extend(last.members.iter().map(|(level, _)| *level));
        last.set.iter().for_each(|level| self.levels[*level as usize].products += 1);
        let set = self.set(&last.set);
        self.last = last;
        set
    }

    /// Adds the levels of one path to `last`.
    fn read(&mut self, path: &str, last: &mut Last) {
        last.path.clear();
        let mut leaf = None;
        for (depth, name) in level_names(path).take(PATH_LEVELS_MAX).enumerate() {
            let above = last.path.len();
            if name.len() > PHRASE_BYTES_MAX || !append_level(&mut last.path, name) {
                continue;
            }
            let Some(level) = self.level(&last.path, above, depth) else { break };
            let start = last.names.len();
            last.names.push_str(name);
            last.members.push((level, start..last.names.len()));
            leaf = Some(level);
        }
        last.leaves.extend(leaf);
    }

    /// The level with this folded path, in which its own name begins after `above`.
    fn level(&mut self, path: &str, above: usize, depth: usize) -> Option<u32> {
        if let Some(level) = self.by_path.get(path) {
            return Some(*level);
        }
        if self.levels.len() == LEVELS_MAX {
            return None;
        }
        let level = self.levels.len() as u32;
        let key = path[above..].trim_start_matches(" > ");
        self.levels.push(Level { key: key.into(), path: path.into(), depth: depth as u32, products: 0 });
        self.by_path.insert(path.into(), level);
        Some(level)
    }

    fn set(&mut self, levels: &[u32]) -> SetId {
        if levels.is_empty() {
            return SetId::default();
        }
        if let Some(set) = self.by_levels.get(levels) {
            return *set;
        }
        if self.sets.len() > SETS_MAX {
            return SetId::default();
        }
        let set = SetId(self.sets.len() as u32);
        self.sets.push(levels.into());
        self.by_levels.insert(levels.into(), set);
        set
    }

    /// Levels of the product counted last, each with its name as that product writes it.
    pub(super) fn last_levels(&self) -> impl Iterator<Item = (&Level, &str)> {
        self.last.members.iter().map(|(level, name)| (&self.levels[*level as usize], &self.last.names[name.clone()]))
    }

    /// The last levels of the paths of the product counted last.
    pub(super) fn last_leaves(&self) -> impl Iterator<Item = (&Level, &str)> {
        let is_leaf = |level: u32| self.last.leaves.binary_search(&level).is_ok();
        let members = self.last.members.iter().filter(move |(level, _)| is_leaf(*level));
        members.map(|(level, name)| (&self.levels[*level as usize], &self.last.names[name.clone()]))
    }

    /// Every level in which products of a phrase lie, with their number.
    pub(super) fn spread(&self, tally: &Tally) -> Vec<(&Level, u32)> {
        let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
        for (set, products) in &tally.sets {
            for level in &self.sets[set.0 as usize] {
                *counts.entry(*level).or_default() += products;
            }
        }
        counts.into_iter().map(|(level, products)| (&self.levels[level as usize], products)).collect()
    }

    /// The category to show beside a phrase: of those that hold more than half of its products the one that its last
    /// words name ("HP Notebooks" in Notebooks), else the most specific.
    ///
    /// Specific is what holds the fewest products of the catalog, which also tells flat lists apart, where no path
    /// says what lies below what. A category itself is shown in a wider one only.
    pub(super) fn home<'a>(spread: &[(&'a Level, u32)], products: u32, key: &str) -> Option<&'a Level> {
        let own = spread.iter().map(|(level, _)| *level).filter(|level| *level.key == *key);
        let own = own.map(|level| (level.products, Reverse(level.depth))).max();
        let is_wider = |level: &Level| own.is_none_or(|own| (level.products, Reverse(level.depth)) > own);
        let holders = spread.iter().filter(|(_, held)| *held > products / 2).map(|(level, _)| *level);
        let homes = holders.filter(|level| *level.key != *key && is_wider(level));
        homes.min_by_key(|level| {
            let before = key.strip_suffix(&*level.key).filter(|before| before.ends_with(' '));
            let named = before.map_or(0, |_| level.key.len());
            (Reverse(named), level.products, Reverse(level.depth), &*level.path)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::tally::{Sighting, TallyTable};

    /// The home of a phrase that every product of `with` has and no product of `without`.
    fn check(with: &[&[&str]], without: &[&[&str]], home: Option<&str>) {
        let mut categories = Categories::default();
        let mut table = TallyTable::new(10);
        for (paths, has) in with.iter().map(|paths| (paths, true)).chain(without.iter().map(|paths| (paths, false))) {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            let set = categories.count(&paths);
            if has {
                table.count("phrase", "phrase", Sighting { demand: 0, set });
            }
        }
        let (_, tally) = table.into_tallies().next().expect("one phrase was counted");
        let spread = categories.spread(&tally);
        assert_eq!(Categories::home(&spread, tally.products, "phrase").map(|level| &*level.key), home);
    }

    #[test]
    fn home_is_the_most_specific_level_with_most_products() {
        check(&[&["A > B"], &["A > B"], &["A > C"]], &[], Some("b"));
        check(&[&["A > B"], &["A > C"], &["A > D"]], &[], Some("a"));
        check(&[&["A"], &["B"]], &[], None);
        check(&[&[], &[], &["A"]], &[], None);
        check(&[&["All", "Phones"], &["All", "Phones"]], &[&["All"]], Some("phones"));
        check(&[&["A > Phrase"]], &[], Some("a"));
        check(&[&["Phrase > A"]], &[], None);
        check(&[&["Phrase", "A"]], &[&["A"]], Some("a"));
        check(&[&["Phrase", "A"]], &[&["Phrase"]], None);
    }

    #[test]
    fn a_product_counts_once_in_a_level_of_several_paths() {
        let mut categories = Categories::default();
        categories.count(&["A > B".to_owned(), "a > C".to_owned(), "A>B".to_owned(), " > ".to_owned()]);
        let counted: Vec<_> =
            categories.last_levels().map(|(level, name)| (&*level.path, name, level.products)).collect();
        assert_eq!(counted, [("a", "A", 1), ("a > b", "B", 1), ("a > c", "C", 1)]);
        let leaves: Vec<_> = categories.last_leaves().map(|(_, name)| name).collect();
        assert_eq!(leaves, ["B", "C"]);
    }
}
