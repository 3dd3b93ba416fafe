//! The compiled mapping and its run over a record.
//!
//! An exact name goes before a pattern, and of patterns the first in the order of the table counts, so that
//! `attributes = "*"` means: every field that is not used otherwise.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use smallvec::{SmallVec, smallvec};

use super::decimal::{Decimal, scaled};
use super::{Column, FeedConfig, FeedSource};
use crate::product::{
    ATTRIBUTES, Attribute, Field, Kind, LIST_VALUES_MAX, Product, ProductError, Reading, attribute, push_attribute,
    read_in, readable_id, require_identity, set,
};

/// See [`super::FeedMapping`].
#[derive(Debug, Clone)]
pub(super) enum Mapping {
    /// Product fields by their names.
    Identity,
    /// Fields by a table.
    Named(Box<Named>),
}

#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Rules by the feed's field. One field may fill several.
    exact: FxHashMap<String, SmallVec<[Rule; 1]>>,
    /// Sources of attributes by what stands before and behind the `*`.
    patterns: Vec<(String, String)>,
    id_source: String,
    title_source: String,
}

#[derive(Debug, Clone)]
struct Rule {
    target: Target,
    scale: Option<Decimal>,
}

#[derive(Debug, Clone)]
enum Target {
    Field(Field),
    /// The attribute of the feed field's own name.
    AttributeAsNamed,
    Attribute(String),
}

impl Mapping {
    /// Compiles a table without problems.
    pub(super) fn named(config: &FeedConfig) -> Self {
        let mut named = Named {
            exact: FxHashMap::default(),
            patterns: Vec::new(),
            id_source: Field::Id.name().to_owned(),
            title_source: Field::Title.name().to_owned(),
        };
        let id = FeedSource::Field(Field::Id.name().to_owned());
        let unmapped_id = (!config.fields.contains_key(Field::Id.name())).then(|| (Field::Id.name(), &id));
        for (key, source) in config.fields.iter().map(|(key, source)| (key.as_str(), source)).chain(unmapped_id) {
            named.add(key, source);
        }
        Self::Named(Box::new(named))
    }

    pub(super) fn map(&self, record: Map<String, Value>) -> Result<(Product, usize), ProductError> {
        match self {
            Self::Identity => read_in(record, Reading::Feed).map(|product| (product, 0)),
            Self::Named(named) => {
                let id = readable_id(record.get(&named.id_source));
                named.map(record).map_err(|error| error.of(id))
            }
        }
    }

    pub(super) fn column(&self, name: &str) -> Column {
        match self {
            Self::Identity => Field::from_name(name).map_or(Column::Typed, column_of_field),
            Self::Named(named) => {
                let columns = named.exact.get(name).into_iter().flatten().map(|rule| match rule.target {
                    Target::Field(field) => column_of_field(field),
                    Target::AttributeAsNamed | Target::Attribute(_) => Column::Typed,
                });
                // A field that fills several is taken as the one that would suffer most from a guess.
                columns.min_by_key(|column| *column as u8).unwrap_or(Column::Typed)
            }
        }
    }
}

fn column_of_field(field: Field) -> Column {
    match field.kind() {
        Kind::Text => Column::Text,
        Kind::List => Column::TextList,
        Kind::Number | Kind::Boolean => Column::Typed,
    }
}

impl Named {
    fn add(&mut self, key: &str, source: &FeedSource) {
        match source {
            FeedSource::Field(name) => self.add_name(key, name, None),
            FeedSource::Fields(names) => names.iter().for_each(|name| self.add_name(key, name, None)),
            FeedSource::Scaled { field, scale } => self.add_name(key, field, Decimal::of_double(*scale)),
        }
    }

    fn add_name(&mut self, key: &str, name: &str, scale: Option<Decimal>) {
        if let Some((before, behind)) = name.split_once('*') {
            self.patterns.push((before.to_owned(), behind.to_owned()));
            return;
        }
        let target = match Field::from_name(key) {
            Some(field) => Target::Field(field),
            None => match key.strip_prefix(ATTRIBUTES).and_then(|rest| rest.strip_prefix('.')) {
                Some(attribute) => Target::Attribute(attribute.to_owned()),
                None => Target::AttributeAsNamed,
            },
        };
        match target {
            Target::Field(Field::Id) => self.id_source = name.to_owned(),
            Target::Field(Field::Title) => self.title_source = name.to_owned(),
            Target::Field(_) | Target::AttributeAsNamed | Target::Attribute(_) => {}
        }
        let rule = Rule { target, scale };
        self.exact.entry(name.to_owned()).and_modify(|rules| rules.push(rule.clone())).or_insert(smallvec![rule]);
    }

    fn map(&self, record: Map<String, Value>) -> Result<(Product, usize), ProductError> {
        let mut product = Product::default();
        let mut attributes = Vec::with_capacity(record.len());
        let mut ignored = 0;
        for (name, value) in record {
            if let Some(rules) = self.exact.get(&name) {
                apply(&mut product, &mut attributes, rules, &name, value)?;
            } else if let Some(attribute_name) = self.matched(&name) {
                let attribute_name = attribute_name.to_owned();
                collect(&mut attributes, attribute_name, &name, value)?;
            } else {
                ignored += 1;
            }
        }
        product.attributes = merged(attributes)?;
        require_identity(&product).map_err(|error| match error.code.as_str() {
            "missing_title" => from_source(error, Field::Title.name(), &self.title_source),
            _ => from_source(error, Field::Id.name(), &self.id_source),
        })?;
        Ok((product, ignored))
    }

    /// The part of a field's name that `*` stands for, by the first pattern that fits.
    fn matched<'n>(&self, name: &'n str) -> Option<&'n str> {
        self.patterns.iter().find_map(|(before, behind)| {
            let part = name.strip_prefix(before.as_str())?.strip_suffix(behind.as_str())?;
            (!part.trim().is_empty()).then_some(part)
        })
    }
}

/// Applies every rule of a field; the usual case of one rule moves the value.
fn apply(
    product: &mut Product,
    attributes: &mut Vec<(String, Attribute)>,
    rules: &[Rule],
    source: &str,
    value: Value,
) -> Result<(), ProductError> {
    let Some((last, others)) = rules.split_last() else { return Ok(()) };
    for rule in others {
        rule.apply(product, attributes, source, value.clone())?;
    }
    last.apply(product, attributes, source, value)
}

impl Rule {
    fn apply(
        &self,
        product: &mut Product,
        attributes: &mut Vec<(String, Attribute)>,
        source: &str,
        value: Value,
    ) -> Result<(), ProductError> {
        let value = match self.scale {
            Some(factor) => scaled(value, factor),
            None => value,
        };
        match &self.target {
            Target::Field(field) => {
                set(product, *field, value, Reading::Feed).map_err(|error| from_source(error, field.name(), source))
            }
            Target::AttributeAsNamed => collect(attributes, source.to_owned(), source, value),
            Target::Attribute(name) => collect(attributes, name.clone(), source, value),
        }
    }
}

fn collect(
    attributes: &mut Vec<(String, Attribute)>,
    name: String,
    source: &str,
    value: Value,
) -> Result<(), ProductError> {
    match attribute(&name, value) {
        Ok(Some(value)) => attributes.push((name, value)),
        Ok(None) => {}
        Err(error) => return Err(from_source(error, &name, source)),
    }
    Ok(())
}

/// Says which field of the feed a refused value came from, unless it has the product field's name.
fn from_source(error: ProductError, field: &str, source: &str) -> ProductError {
    if field == source {
        return error;
    }
    ProductError { message: format!("{} (from the feed's field `{source}`)", error.message), ..error }
}

/// Attributes within the limits; those of one name become one list where the first of them stood.
fn merged(collected: Vec<(String, Attribute)>) -> Result<Vec<(String, Attribute)>, ProductError> {
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    places.reserve(collected.len());
    let place_of: Vec<usize> = collected
        .iter()
        .map(|(name, _)| {
            let next = places.len();
            *places.entry(name.as_str()).or_insert(next)
        })
        .collect();
    let mut attributes: Vec<(String, Attribute)> = Vec::with_capacity(places.len());
    for ((name, value), place) in collected.into_iter().zip(place_of) {
        // Places are given in order, so the first of a name always comes to stand at the end.
        let Some((_, list)) = attributes.get_mut(place) else {
            push_attribute(&mut attributes, name, value)?;
            continue;
        };
        *list = joined(std::mem::replace(list, Attribute::Many(Vec::new())), value);
        let values = list.values().len();
        if values > LIST_VALUES_MAX {
            let detail = format!("{values} values from the feed's fields, at most {LIST_VALUES_MAX} are allowed");
            return Err(ProductError::invalid(ATTRIBUTES, &name, &detail));
        }
    }
    Ok(attributes)
}

fn joined(first: Attribute, second: Attribute) -> Attribute {
    let values = |attribute| match attribute {
        Attribute::One(value) => vec![value],
        Attribute::Many(values) => values,
    };
    let mut all = values(first);
    all.extend(values(second));
    Attribute::Many(all)
}
