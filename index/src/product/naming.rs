//! What a product is called and how much it is asked for: all that suggestions are made from.

use serde::Deserialize;

use super::Product;

/// A few of a product's fields, which are read in a fraction of the time of all.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Naming {
    /// See [`Product::title`].
    pub title: String,
    /// See [`Product::brand`].
    pub brand: Option<String>,
    /// See [`Product::categories`].
    #[serde(default)]
    pub categories: Vec<String>,
    /// See [`Product::popularity`].
    pub popularity: Option<f64>,
}

impl From<&Product> for Naming {
    fn from(product: &Product) -> Self {
        let Product { title, brand, categories, popularity, .. } = product.clone();
        Self { title, brand, categories, popularity }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::product::{Attribute, Scalar};
    use crate::settings::Settings;
    use crate::writer::Writer;

    #[test]
    fn what_products_are_called_reads_as_in_whole_products() {
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
        let bare = Product { id: "1".into(), title: "Tea \"pot\" \u{1F375}".into(), ..Product::default() };
        let full = Product {
            id: "2".into(),
            brand: Some("Alessi".into()),
            categories: vec!["Kitchen > Tea".into(), "Gifts".into()],
            popularity: Some(12.5),
            attributes: vec![("title".into(), Attribute::One(Scalar::Text("another".into())))],
            ..bare.clone()
        };
        for product in [&bare, &full] {
            writer.upsert(product).map(|_| ()).unwrap();
        }
        let snapshot = writer.commit(2).unwrap();
        let (mut whole, mut named) = (Vec::new(), Vec::new());
        snapshot.for_each_product(&mut |product| whole.push(Naming::from(product))).unwrap();
        snapshot.for_each_naming(&mut |naming| named.push(naming.clone())).unwrap();
        assert_eq!(whole, [Naming::from(&bare), Naming::from(&full)]);
        assert_eq!(named, whole);
    }
}
