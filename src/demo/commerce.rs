//! What the shop knows about a product beyond the maker's facts: price, stock, demand, rating, dates, EAN.
//!
//! Invariants: prices are whole cents and end as shops end them; popularity has a long tail (a few hits, many that
//! hardly sell); every EAN is unique for the first ten thousand million products and has its check digit.

use super::facts::{Facts, push_integer};
use super::family::Family;
use super::random::Random;

/// The stream of random numbers of one variant's own draws.
const STREAM: u64 = 3;
/// Deviation of the logarithm of prices within a kind and brand, beyond what the facts explain.
const PRICE_DEVIATION: f64 = 0.18;
/// Exponent of popularity over rank: the best hundredth of products then has about a third of all demand.
const TAIL_EXPONENT: f64 = 0.78;
/// Popularity of the product that sells least, in sales a year.
const POPULARITY_MIN: f64 = 3.0;
/// Products that are sold out, of a hundred: as in shops that list what they have had.
const SOLD_OUT_PERCENT: u8 = 7;
/// Products that nobody has rated, of a hundred.
const UNRATED_PERCENT: u8 = 8;
/// The day on which the shop stands still, in days since 1970: 2026-11-01. The demo reads no clock.
const TODAY: i64 = 20_758;
/// Age of the oldest product in days: seven years.
const OLDEST_DAYS: f64 = 2_556.0;
/// Younger products carry the tag `new`, in days.
const NEW_DAYS: i64 = 60;
/// More popular products carry the tag `bestseller`: about one in a hundred.
const BESTSELLER_MIN: f64 = 110.0;

/// What the shop knows about one product.
#[derive(Debug)]
pub(super) struct Sales {
    /// In the catalog's currency.
    pub(super) price: f64,
    /// Units on the shelf.
    pub(super) stock: i64,
    /// Sales a year.
    pub(super) popularity: f64,
    /// One to five stars, one decimal.
    pub(super) rating: Option<f64>,
    /// `2024-05-17`.
    pub(super) released: String,
    is_new: bool,
}

impl Sales {
    /// Labels that follow from the numbers.
    pub(super) fn tags(&self) -> impl Iterator<Item = &'static str> {
        let new = self.is_new.then_some("new");
        let bestseller = (self.popularity >= BESTSELLER_MIN).then_some("bestseller");
        new.into_iter().chain(bestseller)
    }
}

/// Draws the numbers of the `k`-th product of `n`.
pub(super) fn sales(family: &Family, facts: &Facts, variant: usize, k: u64, n: u64) -> Sales {
    // Shared by the family: what it costs, how good it is and when it came out.
    let mut shared = facts.random.clone();
    let noise = shared.normal() * PRICE_DEVIATION;
    let price = price(family.kind.price * facts.brand().level * (facts.price_shift() + noise).exp(), shared.bits());
    let age_days = (shared.unit().powi(2) * OLDEST_DAYS) as i64;
    let rating = (!shared.chance(UNRATED_PERCENT)).then(|| {
        let stars = 4.1 + shared.normal() * 0.45;
        (stars.clamp(1.0, 5.0) * 10.0).round() / 10.0
    });
    // No rank is better than the first of `n`, so that a small catalog has no hit of a size that needs millions.
    let rank = shared.unit().max(0.5 / n.max(1) as f64);
    let demand = POPULARITY_MIN * rank.powf(-TAIL_EXPONENT);

    let mut own = Random::new(STREAM, k);
    // The first colour or size sells best.
    let popularity = (demand / (1.0 + 0.35 * variant as f64) * (0.9 + 0.2 * own.unit())).round().max(1.0);
    Sales {
        price,
        stock: stock(price, popularity, &mut own),
        popularity,
        rating,
        released: date(TODAY - age_days),
        is_new: age_days < NEW_DAYS,
    }
}

/// The 13-digit number of the `k`-th product. Numbers from 200 on are kept for a shop's own use: they are nobody's.
pub(super) fn ean(k: u64) -> String {
    // A multiplier without a common factor with 10^10 shuffles the numbers and keeps them apart.
    let digits = 200_000_000_000 + (k % 10_000_000_000 * 7_919 + 4_711) % 10_000_000_000;
    let mut sum = 0;
    let mut rest = digits;
    for place in 0..12 {
        // From the right, the weights are 3, 1, 3, …
        sum += rest % 10 * if place % 2 == 0 { 3 } else { 1 };
        rest /= 10;
    }
    let mut ean = String::with_capacity(13);
    push_integer(&mut ean, digits * 10 + (10 - sum % 10) % 10);
    ean
}

/// Ends a price as shops do.
fn price(exact: f64, habit: u64) -> f64 {
    let whole = match exact {
        ..200.0 => exact.round().max(1.0),
        ..1_000.0 => (exact / 10.0).round() * 10.0,
        _ => (exact / 50.0).round() * 50.0,
    };
    let below_cents = match habit % 10 {
        0..6 => 1,
        6..9 => 5,
        // The rest has a half: 12.50. In the hundreds and above that is rare, so they lose a whole unit: 749.00.
        _ if whole < 200.0 => 50,
        _ => 100,
    };
    (whole as i64 * 100 - below_cents) as f64 / 100.0
}

/// Dear products lie on the shelf in smaller numbers, popular ones in larger.
fn stock(price: f64, popularity: f64, random: &mut Random) -> i64 {
    if random.chance(SOLD_OUT_PERCENT) {
        return 0;
    }
    let usual = 40.0 * popularity.sqrt() / price.max(1.0).sqrt();
    (usual * random.unit() * 2.0).ceil().max(1.0) as i64
}

/// A day since 1970 as an RFC 3339 date (the usual civil-from-days arithmetic, with March as the first month).
fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let mut text = String::with_capacity(10);
    push_integer(&mut text, year.unsigned_abs());
    for part in [month, day] {
        text.push_str(if part < 10 { "-0" } else { "-" });
        push_integer(&mut text, part.unsigned_abs());
    }
    text
}
