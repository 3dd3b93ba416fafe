//! Feeds: NDJSON, a JSON array or CSV, and the mapping of their records to products.

use std::collections::BTreeMap;
use std::io::BufReader;

use storefind::catalog::feeds::{self, Format, LineError, Record};
use storefind_index::feed::{FeedConfig, FeedMapping, FeedSource};
use storefind_index::product::Product;

/// Size of the pieces in which an input is read a second time: smaller than most records, and as large as a mark of
/// the byte order.
const PIECE_BYTES: usize = 3;

/// Every record is a product or an error with its place, in the order of the input, however the input comes in pieces;
/// and what is a product is the same product when it is written and read again. The first byte chooses the format and
/// whether the records are mapped.
pub fn check(bytes: &[u8]) {
    let Some((options, input)) = bytes.split_first() else { return };
    let format = [Format::Ndjson, Format::Json, Format::Csv][usize::from(options % 3)];
    let mapping = if options & 0x80 == 0 { FeedMapping::identity() } else { mapping() };
    let records: Vec<(u64, Record)> = feeds::read(format, input, &mapping).collect();
    let pieces = BufReader::with_capacity(PIECE_BYTES, input);
    let in_pieces: Vec<(u64, Record)> = feeds::read(format, pieces, &mapping).collect();
    assert_eq!(in_pieces, records, "pieces of the input make a difference");
    check_places(format, input, &records);
    for (line, record) in records {
        match record {
            Ok(record) => match mapping.map(record) {
                Ok((product, _)) => check_product(&product),
                Err(error) => {
                    let known = error.code.starts_with("invalid_") || error.code.starts_with("missing_");
                    assert!(known && !error.message.is_empty(), "{error:?}");
                }
            },
            Err(error) => check_error(line, &error),
        }
    }
}

/// Each line that is not blank is a record of its own (NDJSON), or begins no earlier than the one before (the others).
fn check_places(format: Format, input: &[u8], records: &[(u64, Record)]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let places: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
    match format {
        Format::Ndjson => {
            let first = lines[0].strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines[0]);
            let filled = (1..).zip(std::iter::once(first).chain(lines[1..].iter().copied()));
            let filled = filled.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace));
            assert_eq!(places, filled.map(|(number, _)| number).collect::<Vec<u64>>());
        }
        // Elements are counted from 1; what stands before the first has number 0, and behind the last its number.
        Format::Json => assert!(places.is_sorted() && places.first().is_none_or(|first| *first <= 1), "{places:?}"),
        Format::Csv => {
            // Not one after the other: a row may end with a carriage return alone, which ends no line.
            let inside = places.iter().all(|line| (1..=lines.len() as u64).contains(line));
            assert!(inside && places.is_sorted(), "{places:?}");
        }
    }
}

fn check_error(line: u64, error: &LineError) {
    assert_eq!(error.line, line, "{error:?}");
    let codes = ["invalid_json", "invalid_csv", "invalid_utf8", "record_too_long"];
    assert!(codes.contains(&error.code) && !error.message.is_empty(), "{error:?}");
}

fn check_product(product: &Product) {
    assert!(!product.id.trim().is_empty() && !product.title.trim().is_empty(), "{product:?}");
    let written = product.to_json();
    assert_eq!(Product::from_json(written.clone()).as_ref(), Ok(product), "{written:?}");
    assert_eq!(FeedMapping::identity().map(written).map(|(again, _)| again).as_ref(), Ok(product));
}

/// A table with a rule of every kind.
fn mapping() -> FeedMapping {
    let field = |name: &str| FeedSource::Field(name.to_owned());
    let fields = BTreeMap::from([
        ("title".to_owned(), field("name")),
        ("price".to_owned(), FeedSource::Scaled { field: "cents".to_owned(), scale: 0.01 }),
        ("tags".to_owned(), FeedSource::Fields(vec!["tag".to_owned(), "label".to_owned()])),
        ("attributes.size".to_owned(), field("width")),
        ("attributes".to_owned(), field("a_*")),
    ]);
    FeedMapping::new(&FeedConfig { fields }).expect("the table has no problem")
}
