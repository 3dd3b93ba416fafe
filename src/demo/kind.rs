//! How a kind of product is described: the vocabulary of the tables in `kinds`.
//!
//! Owns the types of the tables and the constant functions that keep a table line short. It draws nothing.
//!
//! Invariants, held by tests: every `{name}` of a pattern is `brand`, `model` or a spec of the kind; a kind has at
//! most [`SPECS_MAX`] specs with those of its department.

/// Most specs of a kind with those of its department: the size of an array on the stack for every product.
pub(super) const SPECS_MAX: usize = 20;

/// A part of the shop.
#[derive(Debug)]
pub(super) struct Department {
    /// What it sells.
    pub(super) kinds: &'static [Kind],
    /// Specs that all its kinds have after their own.
    pub(super) common: &'static [Spec],
    /// Patterns of closing sentences that fit all its kinds.
    pub(super) closings: &'static [&'static str],
}

/// A kind of product, such as laptops.
#[derive(Debug)]
pub(super) struct Kind {
    /// Pattern of the category path.
    pub(super) path: &'static str,
    /// Who makes it, the largest brand first.
    pub(super) brands: &'static [Brand],
    /// How much of the catalog it is, against the other kinds.
    pub(super) share: usize,
    /// Price of an average product of an average brand.
    pub(super) price: f64,
    /// What its products are called.
    pub(super) naming: Naming,
    /// Its facts. The first axes vary fastest within a family.
    pub(super) specs: &'static [Spec],
    /// Patterns of titles.
    pub(super) titles: &'static [&'static str],
    /// Patterns of sentences for the description.
    pub(super) sentences: &'static [&'static str],
    /// Labels of all its products.
    pub(super) tags: &'static [&'static str],
}

/// An invented maker.
#[derive(Debug)]
pub(super) struct Brand {
    /// Its name.
    pub(super) name: &'static str,
    /// Its prices against those of an average brand.
    pub(super) level: f64,
}

/// What the products of a kind are called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Naming {
    /// A model number: `AX-4510b`.
    Model,
    /// A line with a generation: `Lumo 12 Pro`.
    Generation(&'static [&'static str]),
    /// The name of a style: `Harlow`.
    Style(&'static [&'static str]),
    /// The title has no name of its own.
    Nothing,
}

/// One fact of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    /// Name of the attribute and of the placeholder in patterns.
    pub(super) name: &'static str,
    /// What it can be.
    pub(super) values: Values,
    /// Logarithm of the price ratio between one value and the next.
    pub(super) price_step: f64,
    /// How it is used.
    pub(super) role: Role,
}

/// How a spec is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An attribute that the whole family shares.
    Shared,
    /// An attribute in which the variants of a family differ.
    Axis,
    /// Only in patterns.
    Hidden,
}

/// What a fact can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    /// One of these texts.
    Text(&'static [&'static str]),
    /// One of these numbers.
    Number(&'static [f64]),
    /// A whole number of `from..=to`, divided by `per`: decimals without rounding errors.
    Range {
        /// Smallest, before the division.
        from: u32,
        /// Largest, before the division.
        to: u32,
        /// Divisor.
        per: u32,
    },
    /// True in so many of a hundred families.
    Flag(u8),
    /// `least..=most` of these texts.
    Several {
        /// What to choose from, at most 32.
        from: &'static [&'static str],
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
}

impl Values {
    /// How many single values there are to choose from.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Range { from, to, .. } => (*to - *from) as usize + 1,
            Self::Flag(_) => 2,
            Self::Several { from, .. } => from.len(),
        }
    }
}

/// A maker and its price level.
pub(super) const fn brand(name: &'static str, level: f64) -> Brand {
    Brand { name, level }
}

/// A fact that is one of some texts.
pub(super) const fn text(name: &'static str, values: &'static [&'static str]) -> Spec {
    Spec { name, values: Values::Text(values), price_step: 0.0, role: Role::Shared }
}

/// A fact that is one of some numbers.
pub(super) const fn number(name: &'static str, values: &'static [f64]) -> Spec {
    Spec { name, values: Values::Number(values), price_step: 0.0, role: Role::Shared }
}

/// A fact that is a number of `from..=to`, divided by `per`.
pub(super) const fn range(name: &'static str, from: u32, to: u32, per: u32) -> Spec {
    Spec { name, values: Values::Range { from, to, per }, price_step: 0.0, role: Role::Shared }
}

/// A fact that holds for so many of a hundred families.
pub(super) const fn flag(name: &'static str, percent: u8) -> Spec {
    Spec { name, values: Values::Flag(percent), price_step: 0.0, role: Role::Shared }
}

/// A fact that is a list.
pub(super) const fn list(name: &'static str, from: &'static [&'static str], least: usize, most: usize) -> Spec {
    Spec { name, values: Values::Several { from, least, most }, price_step: 0.0, role: Role::Shared }
}

impl Spec {
    /// Variants differ in it.
    pub(super) const fn axis(mut self) -> Self {
        self.role = Role::Axis;
        self
    }

    /// It stands in patterns only.
    pub(super) const fn hidden(mut self) -> Self {
        self.role = Role::Hidden;
        self
    }

    /// Each later value costs so much more (0.1 is about a tenth).
    pub(super) const fn step(mut self, price_step: f64) -> Self {
        self.price_step = price_step;
        self
    }
}
