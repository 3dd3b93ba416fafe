//! What a key may see: its filter, on the way to every search.
//!
//! Invariant: two values have one number only if their filters are the same, so that the number stands for the filter
//! wherever comparing filters would cost too much. Numbers are given once, at the start of the server.

use std::num::NonZeroU32;

use storefind_index::filter::Filter;

/// A key's filter. Answers under it are for those who have the key, and for no shared cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    number: NonZeroU32,
    filter: Filter,
}

impl Within {
    /// One value for each filter, in canonical form; equal ones share a number.
    pub fn numbered<'a>(filters: impl IntoIterator<Item = Option<&'a Filter>>) -> Vec<Option<Self>> {
        let mut known: Vec<Self> = Vec::new();
        let mut number = |filter: &Filter| {
            let filter = filter.canonical();
            if let Some(same) = known.iter().find(|known| known.filter == filter) {
                return same.clone();
            }
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            known.push(Self { number: NonZeroU32::MIN.saturating_add(next), filter });
            known[known.len() - 1].clone()
        };
        filters.into_iter().map(|filter| filter.map(&mut number)).collect()
    }

    /// Stands for the filter, within this process.
    pub fn number(&self) -> NonZeroU32 {
        self.number
    }

    /// The condition.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}

#[cfg(test)]
mod tests {
    use storefind_index::filter::parse;

    use super::*;

    #[test]
    fn equal_filters_have_one_number_and_others_have_others() {
        let filters = ["brand:HP AND stock:1", "brand:Dell", "stock:1 AND brand:HP"].map(|text| parse(text).unwrap());
        let given = [Some(&filters[0]), None, Some(&filters[1]), Some(&filters[2])];
        let numbers: Vec<_> =
            Within::numbered(given).into_iter().map(|within| within.map(|within| within.number().get())).collect();
        assert_eq!(numbers, [Some(1), None, Some(2), Some(1)]);
    }
}
