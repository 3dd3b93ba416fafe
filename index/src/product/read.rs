//! JSON → product: one value into one field, with the limits and an error that names both.
//!
//! Owns what each field takes. It does not know where a value came from: `from_json`, a patch and a feed all end here,
//! and the caller adds the feed's field or the product's id to an error.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::number::whole;
use super::{
    ATTRIBUTE_NAME_BYTES_MAX, ATTRIBUTES, ATTRIBUTES_MAX, Attribute, CATEGORY_LEVELS_MAX, Field, ID_BYTES_MAX,
    LIST_VALUES_MAX, Product, ProductError, Scalar, TEXT_BYTES_MAX, decimal_number, released_seconds,
};

/// How much of a value an error message shows, in characters: enough to find it in the feed.
const SHOWN_CHARS_MAX: usize = 60;

/// How strictly types are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Product JSON: a number is a number.
    Strict,
    /// A feed, where `"12.50"` is a number and `"true"` is true: CSV and XML have no types.
    Feed,
}

/// Reads a whole object; see [`Product::from_json`].
pub(crate) fn product(object: Map<String, Value>, reading: Reading) -> Result<Product, ProductError> {
    let id = readable_id(object.get(Field::Id.name()));
    read(object, reading).map_err(|error| error.of(id))
}

fn read(object: Map<String, Value>, reading: Reading) -> Result<Product, ProductError> {
    let mut product = Product::default();
    let mut others = Vec::new();
    for (key, value) in object {
        if let Some(field) = Field::from_name(&key) {
            set(&mut product, field, value, reading)?;
        } else if key == ATTRIBUTES {
            product.attributes = attributes(value)?;
        } else {
            others.push((key, value));
        }
    }
    add_others(&mut product, others)?;
    require_identity(&product)?;
    Ok(product)
}

/// The id, if a value can be read as one, for error messages about other fields.
pub(crate) fn readable_id(value: Option<&Value>) -> Option<String> {
    text(Field::Id, value?.clone()).ok().flatten()
}

/// Refuses a product without id or title.
pub(crate) fn require_identity(product: &Product) -> Result<(), ProductError> {
    for (field, text) in [(Field::Id, &product.id), (Field::Title, &product.title)] {
        if text.is_empty() {
            return Err(ProductError::missing(field.name()));
        }
    }
    Ok(())
}

/// Unknown top-level keys, which are attributes unless the `attributes` object has them.
fn add_others(product: &mut Product, others: Vec<(String, Value)>) -> Result<(), ProductError> {
    let mut added = Vec::new();
    let mut full_names = 0;
    {
        let named: FxHashMap<&str, ()> = product.attributes.iter().map(|(name, _)| (name.as_str(), ())).collect();
        for (key, value) in others {
            let length = key.len();
            let name = attribute_name_of_key(key);
            full_names += usize::from(name.len() < length);
            if !named.contains_key(name.as_str()) {
                added.push((name, value));
            }
        }
    }
    if full_names > 0 {
        keep_last_of_each(&mut added);
    }
    for (name, value) in added {
        if let Some(attribute) = attribute(&name, value)? {
            push_attribute(&mut product.attributes, name, attribute)?;
        }
    }
    Ok(())
}

/// `NAME` and `attributes.NAME` are one attribute. As with a member that comes twice in JSON, the last one counts.
fn keep_last_of_each(added: &mut Vec<(String, Value)>) {
    let last: FxHashMap<String, usize> = added.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let mut at = 0;
    added.retain(|(name, _)| {
        at += 1;
        last.get(name) == Some(&(at - 1))
    });
}

/// `attributes.NAME` at the top level addresses the attribute NAME, so that a CSV column can say so.
pub(super) fn attribute_name_of_key(key: String) -> String {
    match key.strip_prefix(ATTRIBUTES).and_then(|rest| rest.strip_prefix('.')) {
        Some(name) => name.to_owned(),
        None => key,
    }
}

fn attributes(value: Value) -> Result<Vec<(String, Attribute)>, ProductError> {
    let object = match value {
        Value::Object(object) => object,
        Value::Null => return Ok(Vec::new()),
        other => return Err(wrong(ATTRIBUTES, "an object of names and values", &other)),
    };
    let mut attributes = Vec::with_capacity(object.len().min(ATTRIBUTES_MAX));
    for (name, value) in object {
        if let Some(attribute) = attribute(&name, value)? {
            push_attribute(&mut attributes, name, attribute)?;
        }
    }
    Ok(attributes)
}

/// Adds an attribute within the limits. The caller sees to it that a name comes once.
pub(crate) fn push_attribute(
    attributes: &mut Vec<(String, Attribute)>,
    name: String,
    attribute: Attribute,
) -> Result<(), ProductError> {
    let refuse = |detail: String| Err(ProductError::invalid(ATTRIBUTES, ATTRIBUTES, &detail));
    if name.trim().is_empty() {
        return refuse("an attribute has a blank name".to_owned());
    }
    if name.len() > ATTRIBUTE_NAME_BYTES_MAX {
        let (name, bytes) = (shown_text(&name), name.len());
        return refuse(format!(
            "the name {name} is {bytes} bytes long, at most {ATTRIBUTE_NAME_BYTES_MAX} are allowed"
        ));
    }
    if name.chars().any(char::is_control) {
        return refuse(format!("the name {} has a control character", shown_text(&name)));
    }
    if attributes.len() == ATTRIBUTES_MAX {
        let name = shown_text(&name);
        return refuse(format!("more than {ATTRIBUTES_MAX} attributes are given, the first too many is {name}"));
    }
    attributes.push((name, attribute));
    Ok(())
}

/// The value of the attribute `name`; `None` when it is absent (`null`, blank, an empty list).
pub(crate) fn attribute(name: &str, value: Value) -> Result<Option<Attribute>, ProductError> {
    let Value::Array(values) = value else {
        return Ok(scalar(name, None, value)?.map(Attribute::One));
    };
    check_list(ATTRIBUTES, name, values.len())?;
    let mut scalars = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        scalars.extend(scalar(name, Some(at), value)?);
    }
    Ok((!scalars.is_empty()).then_some(Attribute::Many(scalars)))
}

fn scalar(name: &str, at: Option<usize>, value: Value) -> Result<Option<Scalar>, ProductError> {
    let path = || match at {
        Some(at) => format!("{}[{at}]", shown_name(name)),
        None => shown_name(name),
    };
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => {
            check_text(ATTRIBUTES, &path, &text)?;
            Scalar::Text(text)
        }
        Value::Bool(flag) => Scalar::Bool(flag),
        Value::Number(number) => match number.as_f64().filter(|number| number.is_finite()) {
            // Adding zero turns -0 into 0, so that equal numbers have one spelling.
            Some(number) => Scalar::Number(number + 0.0),
            None => return Err(invalid(ATTRIBUTES, &path(), "a finite number", &Value::Number(number))),
        },
        other => return Err(invalid(ATTRIBUTES, &path(), "text, a number, a boolean or a list of these", &other)),
    }))
}

/// Puts a value into a field; lists are extended. `null`, blank text and empty lists change nothing.
///
/// # Errors
/// The value has a wrong type or size.
pub(crate) fn set(product: &mut Product, field: Field, value: Value, reading: Reading) -> Result<(), ProductError> {
    if value.is_null() {
        return Ok(());
    }
    match field {
        Field::Id => product.id = text(field, value)?.unwrap_or_default(),
        Field::Title => product.title = text(field, value)?.unwrap_or_default(),
        Field::Description => product.description = text(field, value)?,
        Field::Brand => product.brand = text(field, value)?,
        Field::Categories => extend(&mut product.categories, field, value)?,
        Field::Sku => product.sku = text(field, value)?,
        Field::Identifiers => extend(&mut product.identifiers, field, value)?,
        Field::Price => product.price = number(field, &value, reading)?,
        Field::Stock => product.stock = integer(field, &value, reading)?,
        Field::InStock => product.in_stock = boolean(field, &value, reading)?,
        Field::Popularity => product.popularity = number(field, &value, reading)?,
        Field::Rating => product.rating = number(field, &value, reading)?,
        Field::Image => product.image = text(field, value)?,
        Field::Url => product.url = text(field, value)?,
        Field::Released => product.released = text(field, value)?,
        Field::Group => product.group = text(field, value)?,
        Field::Tags => extend(&mut product.tags, field, value)?,
    }
    Ok(())
}

fn text(field: Field, value: Value) -> Result<Option<String>, ProductError> {
    let name = field.name();
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        // An article number or a book called 1984 is often written as a number.
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        other if field == Field::Id => return Err(wrong(name, "text or a whole number", &other)),
        other => return Err(wrong(name, "text", &other)),
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    check_text(name, &|| name.to_owned(), &text)?;
    match field {
        Field::Id if text.len() > ID_BYTES_MAX => {
            let detail =
                format!("{} is {} bytes long, at most {ID_BYTES_MAX} are allowed", shown_text(&text), text.len());
            Err(ProductError::invalid(name, name, &detail))
        }
        Field::Id if text.chars().any(char::is_control) => {
            Err(ProductError::invalid(name, name, &format!("{} has a control character", shown_text(&text))))
        }
        Field::Released => {
            let text = text.trim();
            match released_seconds(text) {
                Some(_) => Ok(Some(text.to_owned())),
                None => Err(wrong(name, "a date such as 2024-05-31 or 2024-05-31T10:00:00Z", &text.into())),
            }
        }
        _ => Ok(Some(text)),
    }
}

fn extend(list: &mut Vec<String>, field: Field, value: Value) -> Result<(), ProductError> {
    let values = match value {
        Value::Array(values) => values,
        one => vec![one],
    };
    check_list(field.name(), field.name(), list.len() + values.len())?;
    list.reserve(values.len());
    for value in values {
        if value.is_array() || value.is_object() {
            return Err(wrong(field.name(), "a list of texts", &value));
        }
        let Some(text) = text(field, value)? else { continue };
        if field == Field::Categories { list.extend(category(&text)?) } else { list.push(text) }
    }
    Ok(())
}

fn category(path: &str) -> Result<Option<String>, ProductError> {
    let levels = path.split('>').count();
    if levels > CATEGORY_LEVELS_MAX {
        let detail = format!("{} has {levels} levels, at most {CATEGORY_LEVELS_MAX} are allowed", shown_text(path));
        let name = Field::Categories.name();
        return Err(ProductError::invalid(name, name, &detail));
    }
    Ok(normalised_category(path))
}

/// A category path in its one spelling: levels trimmed, blank ones left out, joined by ` > `. `None` if nothing is left.
pub fn normalised_category(path: &str) -> Option<String> {
    let mut normalised = String::with_capacity(path.len());
    for level in path.split('>').map(str::trim).filter(|level| !level.is_empty()) {
        if !normalised.is_empty() {
            normalised.push_str(" > ");
        }
        normalised.push_str(level);
    }
    (!normalised.is_empty()).then_some(normalised)
}

fn number(field: Field, value: &Value, reading: Reading) -> Result<Option<f64>, ProductError> {
    let expected = if field == Field::Price { "a number that is not negative" } else { "a number" };
    let number = match value {
        Value::Null => return Ok(None),
        Value::String(text) if reading == Reading::Feed && text.trim().is_empty() => return Ok(None),
        Value::String(text) if reading == Reading::Feed => decimal_number(text),
        // Adding zero turns -0 into 0.
        Value::Number(number) => number.as_f64().map(|number| number + 0.0),
        _ => None,
    };
    match number.filter(|number| number.is_finite() && (field != Field::Price || *number >= 0.0)) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong(field.name(), expected, value)),
    }
}

fn integer(field: Field, value: &Value, reading: Reading) -> Result<Option<i64>, ProductError> {
    // Directly, because a double would round what lies beyond 2^53.
    if let Some(exact) = value.as_i64() {
        return Ok(Some(exact));
    }
    let refused = || wrong(field.name(), "a whole number", value);
    match number(field, value, reading).map_err(|_| refused())? {
        Some(number) => whole(number).map(Some).ok_or_else(refused),
        None => Ok(None),
    }
}

fn boolean(field: Field, value: &Value, reading: Reading) -> Result<Option<bool>, ProductError> {
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if reading == Reading::Feed => match text.trim() {
            "" => return Ok(None),
            text if text == "1" || text.eq_ignore_ascii_case("true") => Some(true),
            text if text == "0" || text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        },
        Value::Number(number) if reading == Reading::Feed => match number.as_u64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        _ => None,
    };
    flag.map(Some).ok_or_else(|| wrong(field.name(), "true or false", value))
}

fn check_text(field: &str, path: &dyn Fn() -> String, text: &str) -> Result<(), ProductError> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let (start, bytes) = (shown_text(text), text.len());
    let detail = format!("the text {start} is {bytes} bytes long, at most {TEXT_BYTES_MAX} are allowed");
    Err(ProductError::invalid(field, &path(), &detail))
}

fn check_list(field: &str, path: &str, values: usize) -> Result<(), ProductError> {
    if values <= LIST_VALUES_MAX {
        return Ok(());
    }
    let detail = format!("the list has {values} values, at most {LIST_VALUES_MAX} are allowed");
    Err(ProductError::invalid(field, &shown_name(path), &detail))
}

/// The error for a value of a wrong type.
fn wrong(field: &str, expected: &str, found: &Value) -> ProductError {
    invalid(field, field, expected, found)
}

fn invalid(field: &str, path: &str, expected: &str, found: &Value) -> ProductError {
    ProductError::invalid(field, path, &format!("expected {expected}, found {}", shown(found)))
}

/// A value for an error message, shortened.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Array(values) => format!("a list of {} values", values.len()),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn shown_text(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("{start:?}")
}

fn shown_name(name: &str) -> String {
    name.chars().take(ATTRIBUTE_NAME_BYTES_MAX).collect()
}
