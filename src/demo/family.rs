//! Which family the `k`-th product belongs to.
//!
//! A family is one product in all its variants. Families differ in size, and yet any `k` must find its own without
//! counting from the start: the catalog is cut into blocks of [`BLOCK_PRODUCTS`], and a block is filled with families
//! drawn one after the other; the last one is cut off at the block's end.
//!
//! Invariant: every `k` has exactly one family and one variant number below the family's size.

use std::sync::LazyLock;

use super::kind::{Department, Kind, Role};
use super::kinds::DEPARTMENTS;
use super::random::Random;

/// Products that are shared out at once: small, because finding a product draws the families before it in its block.
const BLOCK_PRODUCTS: u64 = 32;
/// Most values that one axis takes within a family: shops list five sizes or colours, seldom more.
const AXIS_VALUES_MAX: usize = 5;
/// Families without variants, of a hundred of those that could have some.
const SINGLE_PERCENT: u8 = 40;
/// The stream of random numbers that families draw from.
const STREAM: u64 = 1;
/// Most axes of a kind; a test holds it against the tables.
pub(super) const AXES_MAX: usize = 2;

/// The families' kinds as lottery tickets: as many of each kind as its share.
static TICKETS: LazyLock<Vec<(&'static Department, &'static Kind)>> = LazyLock::new(|| {
    let kinds = DEPARTMENTS.iter().flat_map(|department| department.kinds.iter().map(move |kind| (department, kind)));
    kinds.flat_map(|(department, kind)| std::iter::repeat_n((department, kind), kind.share)).collect()
});

/// One product in all its variants.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// Unique among families.
    pub(super) number: u64,
    /// Where it stands in the shop.
    pub(super) department: &'static Department,
    /// What it is.
    pub(super) kind: &'static Kind,
    /// How many variants it has.
    pub(super) variants: usize,
    /// How many values each axis takes, in the order of the kind's specs.
    pub(super) axis_lens: [usize; AXES_MAX],
    /// Continues with the draws that all variants share.
    pub(super) random: Random,
}

impl Family {
    /// The family of the `k`-th product, and which of its variants that is.
    pub(super) fn of(k: u64) -> (Self, usize) {
        let mut before = (k % BLOCK_PRODUCTS) as usize;
        for family in Self::in_block(k / BLOCK_PRODUCTS) {
            if before < family.variants {
                return (family, before);
            }
            before -= family.variants;
        }
        unreachable!("the families of a block have {BLOCK_PRODUCTS} variants together, and {before} is left of {k}")
    }

    /// All families with their variants, in the order of their products.
    pub(super) fn all() -> impl Iterator<Item = (Self, usize)> {
        (0..)
            .flat_map(Self::in_block)
            .flat_map(|family| (0..family.variants).map(move |variant| (family.clone(), variant)))
    }

    /// The families of one block: they have [`BLOCK_PRODUCTS`] variants together.
    fn in_block(block: u64) -> impl Iterator<Item = Self> {
        let mut free = BLOCK_PRODUCTS as usize;
        (block * BLOCK_PRODUCTS..).map_while(move |number| {
            let family = (free > 0).then(|| Self::draw(number, free))?;
            free -= family.variants;
            Some(family)
        })
    }

    /// The family with this number, with at most `free` variants.
    fn draw(number: u64, free: usize) -> Self {
        let mut random = Random::new(STREAM, number);
        let (department, kind) = TICKETS[random.below(TICKETS.len())];
        let single = random.chance(SINGLE_PERCENT);
        let mut axis_lens = [1; AXES_MAX];
        let axes = kind.specs.iter().filter(|spec| spec.role == Role::Axis);
        for (len, axis) in axis_lens.iter_mut().zip(axes) {
            let values = 1 + random.below(axis.values.len().min(AXIS_VALUES_MAX));
            *len = if single { 1 } else { values };
        }
        let variants = axis_lens.iter().product::<usize>().min(free);
        Self { number, department, kind, variants, axis_lens, random }
    }

    /// The variant's place on each axis.
    pub(super) fn axis_places(&self, variant: usize) -> [usize; AXES_MAX] {
        let mut rest = variant;
        self.axis_lens.map(|len| {
            let place = rest % len;
            rest /= len;
            place
        })
    }
}
