//! `PATCH`: some fields of a product replaced or removed.
//!
//! Invariant: a patched product is what `from_json` would have read, so a patch can never make an invalid one.

use serde_json::{Map, Value};

use super::read::attribute_name_of_key;
use super::{
    ATTRIBUTES, Attribute, Field, Product, ProductError, Reading, attribute, push_attribute, readable_id,
    require_identity, set, shown,
};

/// The product with the named fields replaced; `null` (and blank text, an empty list) removes one. Within `attributes`
/// the named attributes are replaced or removed and the others stay; `"attributes": null` removes all of them.
///
/// # Errors
/// A field has a wrong type or size, `title` would go, or `id` would change. The product given is left as it is.
pub fn apply_patch(product: &Product, fields: Map<String, Value>) -> Result<Product, ProductError> {
    patched(product, fields).map_err(|error| error.of(Some(product.id.clone())))
}

fn patched(product: &Product, fields: Map<String, Value>) -> Result<Product, ProductError> {
    let mut patched = product.clone();
    let mut attributes = None;
    for (key, value) in fields {
        match Field::from_name(&key) {
            Some(Field::Id) => check_id(product, &value)?,
            Some(field) => {
                clear(&mut patched, field);
                set(&mut patched, field, value, Reading::Strict)?;
            }
            None if key == ATTRIBUTES => attributes = Some(value),
            None => put_attribute(&mut patched.attributes, attribute_name_of_key(key), value)?,
        }
    }
    // Last, because the `attributes` object wins over a top-level key of the same name.
    match attributes {
        None => {}
        Some(Value::Null) => patched.attributes.clear(),
        Some(Value::Object(attributes)) => {
            for (name, value) in attributes {
                put_attribute(&mut patched.attributes, name, value)?;
            }
        }
        Some(other) => {
            let detail = format!("expected an object of names and values, found {}", shown(&other));
            return Err(ProductError::invalid(ATTRIBUTES, ATTRIBUTES, &detail));
        }
    }
    require_identity(&patched)?;
    Ok(patched)
}

fn check_id(product: &Product, value: &Value) -> Result<(), ProductError> {
    if readable_id(Some(value)).as_ref() == Some(&product.id) {
        return Ok(());
    }
    let detail = format!("an id cannot change, found {} instead of {:?}", shown(value), product.id);
    Err(ProductError::invalid(Field::Id.name(), Field::Id.name(), &detail))
}

fn put_attribute(attributes: &mut Vec<(String, Attribute)>, name: String, value: Value) -> Result<(), ProductError> {
    let value = attribute(&name, value)?;
    let at = attributes.iter().position(|(known, _)| *known == name);
    match (at, value) {
        (Some(at), Some(value)) => attributes[at].1 = value,
        (Some(at), None) => drop(attributes.remove(at)),
        (None, Some(value)) => push_attribute(attributes, name, value)?,
        (None, None) => {}
    }
    Ok(())
}

fn clear(product: &mut Product, field: Field) {
    match field {
        Field::Id => product.id.clear(),
        Field::Title => product.title.clear(),
        Field::Description => product.description = None,
        Field::Brand => product.brand = None,
        Field::Categories => product.categories.clear(),
        Field::Sku => product.sku = None,
        Field::Identifiers => product.identifiers.clear(),
        Field::Price => product.price = None,
        Field::Stock => product.stock = None,
        Field::InStock => product.in_stock = None,
        Field::Popularity => product.popularity = None,
        Field::Rating => product.rating = None,
        Field::Image => product.image = None,
        Field::Url => product.url = None,
        Field::Released => product.released = None,
        Field::Group => product.group = None,
        Field::Tags => product.tags.clear(),
    }
}
