//! The tantivy schema.

use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::{Index, IndexSettings};

use super::packed::PackedTokenizer;
use super::signature;

/// Raised when the files of an index mean something else than before; an older index is built anew from the log.
pub(crate) const FORMAT: u64 = 3;
/// Bytes of stored products that are compressed together. Smaller than tantivy's 16 KB: a page reads 20 products
/// from 20 places.
const STORE_BLOCK_BYTES: usize = 4 * 1024;
const PACKED: &str = "packed";

/// Fields that are searched, each with its own weight; the order is that of [`Fields::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TextField {
    Title,
    Brand,
    Categories,
    Sku,
    Attributes,
    Description,
}

impl TextField {
    pub(crate) const ALL: [Self; 6] =
        [Self::Title, Self::Brand, Self::Categories, Self::Sku, Self::Attributes, Self::Description];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Brand => "brand",
            Self::Categories => "categories",
            Self::Sku => "sku",
            Self::Attributes => "attributes",
            Self::Description => "description",
        }
    }
}

/// Number fields of a product. Live ones lie in the live table, the others in a column each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NumberField {
    Price,
    Stock,
    InStock,
    Popularity,
    Rating,
    Released,
}

impl NumberField {
    pub(crate) const ALL: [Self; 6] =
        [Self::Price, Self::Stock, Self::InStock, Self::Popularity, Self::Rating, Self::Released];

    /// Those that have a column.
    pub(crate) const COLUMNS: [Self; 3] = [Self::Popularity, Self::Rating, Self::Released];

    /// Whether it changes by the second and is read from the live table.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Price | Self::Stock | Self::InStock)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Stock => "stock",
            Self::InStock => "in_stock",
            Self::Popularity => "popularity",
            Self::Rating => "rating",
            Self::Released => "released",
        }
    }
}

/// Handles of the schema's fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// The id, for replacing and deleting, and in a column for ties.
    pub(crate) id: Field,
    /// The product as shown.
    pub(crate) stored: Field,
    /// By [`TextField`]: terms with frequencies and positions.
    pub(crate) text: [Field; 6],
    /// Every term of every searched field: which products match, before any score.
    pub(crate) words: Field,
    /// Prefixes of words that may be unfinished.
    pub(crate) prefix: Field,
    /// What the product is (its title's head nouns) and is called (its names as a whole), for ranking.
    pub(crate) features: Field,
    /// Filter terms.
    pub(crate) keyword: Field,
    /// Column terms.
    pub(crate) columns: [Field; 3],
    /// In the order of [`NumberField::COLUMNS`].
    pub(crate) numbers: [Field; 3],
    /// The sketch of the product's sort.
    pub(crate) signature: [Field; signature::COLUMNS],
}

pub(crate) const COLUMN_NAMES: [&str; 3] = ["column_brand", "column_categories", "column_rest"];

impl Fields {
    pub(crate) fn text(&self, field: TextField) -> Field {
        self.text[field as usize]
    }
}

/// Builds the schema.
pub(crate) fn build() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let placed = IndexRecordOption::WithFreqsAndPositions;
    let fields = Fields {
        id: {
            let raw = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false);
            let options = TextOptions::default().set_indexing_options(raw.set_index_option(IndexRecordOption::Basic));
            schema.add_text_field("id", options.set_fast("raw"))
        },
        stored: schema.add_text_field("stored", TextOptions::default().set_stored()),
        text: TextField::ALL.map(|field| text(&mut schema, &format!("text_{}", field.name()), placed)),
        words: text(&mut schema, "words", IndexRecordOption::Basic),
        prefix: text(&mut schema, "prefix", IndexRecordOption::Basic),
        features: text(&mut schema, "features", IndexRecordOption::Basic),
        keyword: schema.add_bytes_field("keyword", BytesOptions::default().set_indexed()),
        columns: COLUMN_NAMES.map(|name| schema.add_bytes_field(name, BytesOptions::default().set_fast())),
        numbers: NumberField::COLUMNS
            .map(|field| schema.add_f64_field(field.name(), NumericOptions::default().set_fast())),
        signature: signature::COLUMN_NAMES.map(|name| schema.add_u64_field(name, NumericOptions::default().set_fast())),
    };
    (schema.build(), fields)
}

fn text(schema: &mut SchemaBuilder, name: &str, record: IndexRecordOption) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(PACKED)
        .set_fieldnorms(record != IndexRecordOption::Basic)
        .set_index_option(record);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}

pub(crate) fn index_settings() -> IndexSettings {
    IndexSettings { docstore_blocksize: STORE_BLOCK_BYTES, ..IndexSettings::default() }
}

pub(crate) fn register_tokenizers(index: &Index) {
    index.tokenizers().register(PACKED, PackedTokenizer::default());
}
