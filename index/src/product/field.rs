//! The names and kinds of a product's fields, in the order of API.md.
//!
//! Owns the one list that reading, writing, patching and feed mapping share. It does not hold values.

/// Names of the product fields, `attributes` excluded.
pub const FIELD_NAMES: [&str; 17] = [
    "id",
    "title",
    "description",
    "brand",
    "categories",
    "sku",
    "identifiers",
    "price",
    "stock",
    "in_stock",
    "popularity",
    "rating",
    "image",
    "url",
    "released",
    "group",
    "tags",
];

/// The key that holds a product's attributes; `attributes.NAME` addresses one.
pub const ATTRIBUTES: &str = "attributes";

/// A product field other than an attribute. The order is that of [`FIELD_NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Title,
    Description,
    Brand,
    Categories,
    Sku,
    Identifiers,
    Price,
    Stock,
    InStock,
    Popularity,
    Rating,
    Image,
    Url,
    Released,
    Group,
    Tags,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One text.
    Text,
    /// Several texts.
    List,
    /// A number, whole or not.
    Number,
    /// True or false.
    Boolean,
}

impl Field {
    /// Every field, in the order in which products are written.
    pub(crate) const ALL: [Self; 17] = [
        Self::Id,
        Self::Title,
        Self::Description,
        Self::Brand,
        Self::Categories,
        Self::Sku,
        Self::Identifiers,
        Self::Price,
        Self::Stock,
        Self::InStock,
        Self::Popularity,
        Self::Rating,
        Self::Image,
        Self::Url,
        Self::Released,
        Self::Group,
        Self::Tags,
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        FIELD_NAMES[self as usize]
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Id
            | Self::Title
            | Self::Description
            | Self::Brand
            | Self::Sku
            | Self::Image
            | Self::Url
            | Self::Released
            | Self::Group => Kind::Text,
            Self::Categories | Self::Identifiers | Self::Tags => Kind::List,
            Self::Price | Self::Stock | Self::Popularity | Self::Rating => Kind::Number,
            Self::InStock => Kind::Boolean,
        }
    }
}
