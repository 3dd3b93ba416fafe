//! What a phrase is worth.
//!
//! Owns the weights and their reasons. Counts come from `tally`; order and diversity are made elsewhere.
//!
//! `weight = boost × ln(1 + products) × (1 + demand)`: the tenth product with a phrase says more than the thousandth,
//! so products are damped; demand is 0–1, the mean popularity of the phrase's products on a damped scale relative to
//! the most popular product, so a phrase of popular products counts up to twice.

use super::Source;
use super::tally::Tally;

/// Steps of one unit of damped demand, which is summed as an integer.
const DEMAND_STEPS: f64 = 1024.0;
/// The heaviest that a learned phrase can be: keeps weights finite whatever is fed.
const LEARNED_WEIGHT_MAX: f64 = 1e12;
/// What a search is worth beside a product that has the phrase in its title: what ten shoppers searched comes before words
/// that ten thousand products of no popularity share, since shoppers say what is wanted, and titles what there is.
const LEARNED_BOOST: f64 = 4.0;

/// What is known of a phrase from the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words somewhere in titles.
    Name,
    /// The first words of a title.
    Leading,
    /// A brand.
    Brand,
    /// A level of a category path.
    Category,
    /// A brand and a last level.
    BrandCategory,
}

impl Kind {
    fn boost(self) -> f64 {
        match self {
            Self::Name => 1.0,
            // There so that a rare product can be reached, not to stand before a phrase that says more in fewer words.
            Self::Leading => 0.25,
            // A brand's name is a whole intent; the same word amid titles often is not.
            Self::Brand => 1.5,
            // A category finds all of a kind, also what titles name differently.
            Self::Category => 1.75,
            // Narrower than either, and wanted once a brand has been typed; below the brand itself by its products.
            Self::BrandCategory => 1.25,
        }
    }

    /// What is told to callers.
    pub(super) fn source(self) -> Source {
        match self {
            Self::Name | Self::Leading => Source::Name,
            Self::Brand => Source::Brand,
            Self::Category | Self::BrandCategory => Source::Category,
        }
    }

    /// Fewest products for the phrase to be suggested: what only one title has is a phrase by accident.
    pub(super) fn products_min(self) -> u32 {
        match self {
            Self::Name | Self::BrandCategory => 2,
            Self::Leading | Self::Brand | Self::Category => 1,
        }
    }
}

/// A product's popularity, of whatever scale, damped to whole steps. Negative and strange numbers are none.
pub(super) fn damp(popularity: Option<f64>) -> u32 {
    let popularity = popularity.filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0);
    (popularity.ln_1p() * DEMAND_STEPS) as u32
}

/// The weight of a phrase of the catalog, above 0. `demand_max` is the demand of the most popular product.
pub(super) fn weigh(kind: Kind, tally: &Tally, demand_max: u32) -> f64 {
    let demand = if demand_max == 0 { 0.0 } else { tally.mean_demand() / f64::from(demand_max) };
    kind.boost() * f64::from(tally.products).ln_1p() * (1.0 + demand)
}

/// What shoppers' searches add: damped like products.
pub(super) fn weigh_learned(weight: f64) -> f64 {
    LEARNED_BOOST * weight.clamp(0.0, LEARNED_WEIGHT_MAX).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_popularity_counts_as_none_and_order_is_kept() {
        for strange in [None, Some(f64::NAN), Some(f64::INFINITY), Some(-5.0), Some(0.0)] {
            assert_eq!(damp(strange), 0, "{strange:?}");
        }
        assert!(damp(Some(0.2)) < damp(Some(0.9)));
        assert!(damp(Some(10.0)) < damp(Some(10_000.0)));
        assert!(damp(Some(f64::MAX)) < u32::MAX);
    }

    #[test]
    fn learned_weights_are_finite_and_grow() {
        assert!(weigh_learned(2.0) > weigh_learned(1.0));
        assert!(weigh_learned(f64::MAX).is_finite());
    }
}
