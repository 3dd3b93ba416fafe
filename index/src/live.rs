//! Live fields: price and stock, which change by the second and are read where they are needed, never indexed.
//!
//! Owns what they are, how they follow from what a shop says, and the table of their current values. It refuses to
//! know where changes come from.

mod rows;
mod slot;
mod table;

pub(crate) use self::rows::LiveRows;
pub use self::slot::Row;
pub use self::table::{LiveTable, ORDINALS_MAX};
use crate::product::Product;

/// Number of a product within one process: given by the [`LiveTable`] and never to another product.
pub type Ordinal = u32;

/// The live fields as a shop says them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LiveFields {
    /// Price.
    pub price: Option<f64>,
    /// Stock.
    pub stock: Option<i64>,
    /// Whether it can be bought, if that is said apart from the stock.
    pub in_stock: Option<bool>,
}

impl LiveFields {
    /// Those of a product.
    pub fn of(product: &Product) -> Self {
        Self { price: product.price, stock: product.stock, in_stock: product.in_stock }
    }

    /// Makes them those of a product.
    pub fn fill(self, product: &mut Product) {
        (product.price, product.stock, product.in_stock) = (self.price, self.stock, self.in_stock);
    }

    /// What shoppers see.
    pub fn resolve(self) -> Live {
        let in_stock = match (self.stock, self.in_stock) {
            (Some(stock), _) => stock > 0,
            (None, Some(said)) => said,
            (None, None) => true,
        };
        Live { price: self.price, stock: self.stock, in_stock }
    }
}

/// The live fields as shoppers see them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Live {
    /// Price, if the product has one.
    pub price: Option<f64>,
    /// Stock, if the shop tells it.
    pub stock: Option<i64>,
    /// Whether it can be bought: by the stock where that is told, else as said, else yes.
    pub in_stock: bool,
}
