//! An index of bare tantivy with the same kinds of fields as Storefind's, for comparison.
//!
//! Owns the fields and their tokenizers: five text fields with positions (lower-cased, not stemmed: that is less than
//! Storefind does), one of all words, one of prefixes, filter terms, columns and the stored product. What of a product
//! goes into them is up to the bench.

use std::error::Error;

use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, STRING, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, NgramTokenizer, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexWriter, TantivyDocument};

const WRITER_BYTES: usize = 128 << 20;

/// Places of the text fields.
pub(crate) const TITLE: usize = 0;
pub(crate) const BRAND: usize = 1;
pub(crate) const SKU: usize = 2;
pub(crate) const ATTRIBUTES: usize = 3;
pub(crate) const DESCRIPTION: usize = 4;

pub(crate) struct Fields {
    pub(crate) id: Field,
    stored: Field,
    texts: [Field; 5],
    words: Field,
    prefix: Field,
    keyword: Field,
    column: Field,
}

impl Fields {
    pub(crate) fn add_to(schema: &mut SchemaBuilder) -> Self {
        let mut text = |name: &str, tokenizer: &str, record| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
            schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
        };
        let placed = IndexRecordOption::WithFreqsAndPositions;
        Self {
            texts: ["title", "brand", "sku", "attributes", "description"].map(|name| text(name, "words", placed)),
            words: text("words", "words", IndexRecordOption::Basic),
            prefix: text("prefix", "prefixes", IndexRecordOption::Basic),
            id: schema.add_text_field("id", STRING | FAST),
            stored: schema.add_text_field("stored", STORED),
            keyword: schema.add_bytes_field("keyword", BytesOptions::default().set_indexed()),
            column: schema.add_bytes_field("column", BytesOptions::default().set_fast()),
        }
    }

    /// A document with what finds the product again.
    pub(crate) fn document(&self, id: &str, stored: &str) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, id);
        document.add_text(self.stored, stored);
        document
    }

    /// A text of the field at `at`, which is also found by its words.
    pub(crate) fn add_text(&self, document: &mut TantivyDocument, at: usize, value: &str) {
        document.add_text(self.texts[at], value);
        document.add_text(self.words, value);
    }

    /// As [`Fields::add_text`], and each word by its beginning.
    pub(crate) fn add_name(&self, document: &mut TantivyDocument, at: usize, value: &str) {
        self.add_text(document, at, value);
        for word in value.split_whitespace() {
            document.add_text(self.prefix, word);
        }
    }

    /// A value to filter and count by.
    pub(crate) fn add_value(&self, document: &mut TantivyDocument, name: &str, shown: &str) {
        let term = format!("{name}\0{shown}");
        document.add_bytes(self.keyword, term.as_bytes());
        document.add_bytes(self.column, term.as_bytes());
    }
}

/// One writer thread, with the memory that Storefind's has.
pub(crate) fn writer(index: &Index) -> Result<IndexWriter, Box<dyn Error>> {
    let words = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
    index.tokenizers().register("words", words.build());
    let prefixes = TextAnalyzer::builder(NgramTokenizer::prefix_only(1, 12)?).filter(LowerCaser);
    index.tokenizers().register("prefixes", prefixes.build());
    Ok(index.writer_with_num_threads(1, WRITER_BYTES)?)
}
