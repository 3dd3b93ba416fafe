//! Product → JSON, the exact inverse of reading.

use serde_json::{Map, Value};

use super::number::shown_number;
use super::{ATTRIBUTES, Attribute, Field, Product, Scalar};

/// The given fields, in the order of API.md.
pub(super) fn product(product: &Product) -> Map<String, Value> {
    let mut object = Map::new();
    for field in Field::ALL {
        if let Some(value) = value(product, field) {
            object.insert(field.name().to_owned(), value);
        }
    }
    if !product.attributes.is_empty() {
        let attributes = product.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        object.insert(ATTRIBUTES.to_owned(), Value::Object(attributes));
    }
    object
}

fn value(product: &Product, field: Field) -> Option<Value> {
    match field {
        Field::Id => Some(product.id.as_str().into()),
        Field::Title => Some(product.title.as_str().into()),
        Field::Description => text(product.description.as_ref()),
        Field::Brand => text(product.brand.as_ref()),
        Field::Categories => list(&product.categories),
        Field::Sku => text(product.sku.as_ref()),
        Field::Identifiers => list(&product.identifiers),
        // A price keeps its fraction (499.0): it is an amount, not a count.
        Field::Price => product.price.map(Value::from),
        Field::Stock => product.stock.map(Value::from),
        Field::InStock => product.in_stock.map(Value::from),
        Field::Popularity => product.popularity.map(shown_number),
        Field::Rating => product.rating.map(shown_number),
        Field::Image => text(product.image.as_ref()),
        Field::Url => text(product.url.as_ref()),
        Field::Released => text(product.released.as_ref()),
        Field::Group => text(product.group.as_ref()),
        Field::Tags => list(&product.tags),
    }
}

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.as_str().into())
}

fn list(values: &[String]) -> Option<Value> {
    (!values.is_empty()).then(|| values.iter().map(String::as_str).collect())
}

fn attribute(attribute: &Attribute) -> Value {
    match attribute {
        Attribute::One(value) => scalar(value),
        Attribute::Many(values) => values.iter().map(scalar).collect(),
    }
}

fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Number(number) => shown_number(*number),
        Scalar::Bool(flag) => (*flag).into(),
    }
}
