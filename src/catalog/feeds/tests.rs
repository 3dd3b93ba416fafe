//! The readers on small inputs in every chunking, their limits, and every record of the real feeds.

use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use storefind_index::feed::{FeedConfig, FeedMapping};

use super::*;

/// What the reader gives: per record its line, and the object or the error's code.
fn records(format: Format, input: impl BufRead, mapping: &FeedMapping) -> Vec<(u64, Result<Value, LineError>)> {
    read(format, input, mapping).map(|(line, record)| (line, record.map(Value::Object))).collect()
}

/// Reads `input` whole and byte by byte; both must give `expected`, where an error is its code.
#[track_caller]
fn check(format: Format, input: impl AsRef<[u8]>, expected: &[(u64, Value)]) {
    let input = input.as_ref();
    let mapping = FeedMapping::identity();
    let whole = records(format, input, &mapping);
    assert_eq!(records(format, BufReader::with_capacity(3, input), &mapping), whole);
    let found: Vec<(u64, Value)> = whole
        .into_iter()
        .map(|(line, record)| {
            (
                line,
                record.unwrap_or_else(|error| {
                    assert_eq!(error.line, line, "{error:?}");
                    error.code.into()
                }),
            )
        })
        .collect();
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(input));
}

#[track_caller]
fn check_message(format: Format, input: &str, message: &str) {
    let mapping = FeedMapping::identity();
    let errors: Vec<String> = read(format, input.as_bytes(), &mapping)
        .filter_map(|(_, record)| record.err().map(|error| error.message))
        .collect();
    assert_eq!(errors, [message], "{input}");
}

#[test]
fn ndjson_is_an_object_a_line_and_blank_lines_are_passed_over() {
    check(Format::Ndjson, "", &[]);
    check(Format::Ndjson, "\n \r\n", &[]);
    check(Format::Ndjson, "{\"a\":1}\r\n\n{\"b\":2}", &[(1, json!({"a": 1})), (3, json!({"b": 2}))]);
    check(Format::Ndjson, "\u{feff}{\"a\":1}\n", &[(1, json!({"a": 1}))]);
}

#[test]
fn a_bad_line_of_ndjson_costs_only_itself() {
    let good = |line: u64| (line, json!({"a": 1}));
    for (bad, code) in [
        (&b"{\"a\":"[..], "invalid_json"),
        (b"[1]", "invalid_json"),
        (b"{\"a\":1e999}", "invalid_json"),
        (b"{\"a\":\"\x00\"}", "invalid_json"),
        (b"\x00", "invalid_json"),
        (b"{\"a\":\"\xff\"}", "invalid_utf8"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
    ] {
        let input = [b"{\"a\":1}\n", bad, b"\n{\"a\":1}\n"].concat();
        check(Format::Ndjson, input, &[good(1), (2, json!(code)), good(3)]);
    }
    check(Format::Ndjson, "[".repeat(100_000), &[(1, json!("invalid_json"))]);
    check_message(Format::Ndjson, "{\"a\": tru}", "the line is not JSON: expected ident at its column 10");
    check_message(Format::Ndjson, "[]", "the line is an array, expected an object");
}

/// An object of exactly `bytes` bytes.
fn object_of(bytes: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8))
}

#[test]
fn a_record_at_the_limit_is_read_and_one_byte_more_costs_only_itself() {
    let mapping = FeedMapping::identity();
    let cell = "x".repeat(RECORD_BYTES_MAX);
    for (format, input) in [
        (Format::Ndjson, [object_of(RECORD_BYTES_MAX), object_of(RECORD_BYTES_MAX + 1), "{}".into()].join("\n")),
        (
            Format::Json,
            format!("[{}]", [object_of(RECORD_BYTES_MAX), object_of(RECORD_BYTES_MAX + 1), "{}".into()].join(",")),
        ),
        (Format::Csv, format!("description\n{cell}\n{cell}x\ny")),
        (Format::Csv, format!("description\n\"{cell}\"\n\"{cell}x\"\ny")),
    ] {
        let found: Vec<Option<&'static str>> =
            read(format, input.as_bytes(), &mapping).map(|(_, record)| record.err().map(|error| error.code)).collect();
        assert_eq!(found, [None, Some("record_too_long"), None], "{format:?}");
    }
}

#[test]
fn a_json_array_is_read_element_by_element() {
    check(Format::Json, "", &[]);
    check(Format::Json, "[]", &[]);
    check(Format::Json, "\u{feff} [ ] \n", &[]);
    check(
        Format::Json,
        "[{\"a\":\"],}\\\"\"},\n {\"b\":{\"c\":[1,2]}}]\n",
        &[(1, json!({"a": "],}\""})), (2, json!({"b": {"c": [1, 2]}}))],
    );
}

#[test]
fn a_bad_element_costs_only_itself_while_its_brackets_close() {
    let good = |number: u64| (number, json!({"a": 1}));
    for (bad, code) in
        [("{\"a\":tru}", "invalid_json"), ("1", "invalid_json"), ("", "invalid_json"), ("[{},{}]", "invalid_json")]
    {
        check(Format::Json, format!("[{{\"a\":1}},{bad},{{\"a\":1}}]"), &[good(1), (2, json!(code)), good(3)]);
    }
    check(Format::Json, b"[{\"a\":\"\xff\"},{\"a\":1}]", &[(1, json!("invalid_utf8")), good(2)]);
    check(Format::Json, "[{\"a\":1},]", &[good(1), (2, json!("invalid_json"))]);
    check(Format::Json, "[{\"a\":1},{\"a\":1", &[good(1), (2, json!("invalid_json"))]);
    check(Format::Json, "[{\"a\":1}", &[(1, json!("invalid_json"))]);
    check(Format::Json, "[{\"a\":1}] x", &[good(1), (1, json!("invalid_json"))]);
    check(Format::Json, "{\"a\":1}", &[(0, json!("invalid_json"))]);
    check_message(Format::Json, "[{\"a\":1},{\"a", "the array ends in the middle of element 2");
}

#[test]
fn csv_cells_have_the_types_of_the_contract() {
    let typed = |cell: &str, expected: Value| {
        check(Format::Csv, format!("id,x\n1,{cell}\n"), &[(2, json!({"id": "1", "x": expected}))]);
    };
    typed("5", json!(5));
    typed("-12.50", json!(-12.5));
    typed("007", json!("007"));
    typed("+5", json!("+5"));
    typed("true", json!(true));
    typed("TRUE", json!("TRUE"));
    typed("8 GB", json!("8 GB"));
    typed(" a ", json!("a"));
    typed("a|5| true ||", json!(["a", 5, true]));
    typed("\"a, \"\"b\"\"\nc\"", json!("a, \"b\"\nc"));
    typed("17\" wide", json!("17\" wide"));
    check(Format::Csv, "id,x,y\n1,,|\n", &[(2, json!({"id": "1"}))]);
}

#[test]
fn csv_columns_of_text_are_text_as_they_stand() {
    check(
        Format::Csv,
        "id,sku,title,tags,price\n007,12E4,A | B,1|x,5\n",
        &[(2, json!({"id": "007", "sku": "12E4", "title": "A | B", "tags": ["1", "x"], "price": 5}))],
    );
}

#[test]
fn csv_lines_are_counted_and_a_ragged_row_costs_only_itself() {
    check(
        Format::Csv,
        "\u{feff}id,x\r\n\r\n1,\"a\r\nb\"\r\n2\r\n3,c,d\r\n,\r\n4,e",
        &[
            (3, json!({"id": "1", "x": "a\r\nb"})),
            (5, json!("invalid_csv")),
            (6, json!("invalid_csv")),
            (8, json!({"id": "4", "x": "e"})),
        ],
    );
    check(Format::Csv, b"id,x\n1,\xff\n2,b\n", &[(2, json!("invalid_utf8")), (3, json!({"id": "2", "x": "b"}))]);
    check(
        Format::Csv,
        b"id,x,y\n1,\xc3,\xa4\n2,b,c\n",
        &[(2, json!("invalid_utf8")), (3, json!({"id": "2", "x": "b", "y": "c"}))],
    );
    check_message(Format::Csv, "id,x\n1\n", "the row has 1 cells, the header 2");
}

#[test]
fn csv_headers_that_make_no_table_end_the_reading() {
    check(Format::Csv, "", &[]);
    check(Format::Csv, "id,x\n", &[]);
    check(Format::Csv, "id;x\n1;2\n", &[(1, json!("invalid_csv"))]);
    check(Format::Csv, ",\n1,2\n", &[(1, json!("invalid_csv"))]);
    check(Format::Csv, b"id,\xff\n1,2\n", &[(1, json!("invalid_utf8"))]);
    check(Format::Csv, "id,tags,tags,\n1,a,b,ignored\n", &[(2, json!({"id": "1", "tags": ["a", "b"]}))]);
}

#[test]
fn a_csv_row_whose_quote_is_not_closed_is_no_product() {
    for open in ["2,\"b", "2,\"b\n3,c\n", "2,\"b\"\"", "\"", "2,\""] {
        check(
            Format::Csv,
            format!("id,x\n1,a\n{open}"),
            &[(2, json!({"id": "1", "x": "a"})), (3, json!("invalid_csv"))],
        );
    }
    check(Format::Csv, "id,\"x\n1,a\n", &[(1, json!("invalid_csv"))]);
    for closed in ["2,\"b\"", "2,\"b\"\n", "2,\"b\"\r", "2,b"] {
        check(Format::Csv, format!("id,x\n{closed}"), &[(2, json!({"id": "2", "x": "b"}))]);
    }
}

#[test]
fn a_csv_row_may_have_ten_thousand_cells() {
    let mapping = FeedMapping::identity();
    for (cells, expected) in [(10_000, None), (10_001, Some("record_too_long"))] {
        let input = format!("{}\n", vec!["a"; cells].join(","));
        let error = read(Format::Csv, input.as_bytes(), &mapping).find_map(|(_, record)| record.err());
        assert_eq!(error.map(|error| error.code), expected, "{cells}");
    }
}

#[test]
fn an_open_quote_takes_no_more_memory_than_a_record_may_have() {
    let mapping = FeedMapping::identity();
    let input = std::io::Read::chain(&b"id,x\n1,\""[..], std::io::repeat(b'a').take(3 * RECORD_BYTES_MAX as u64));
    let found: Vec<_> = read(Format::Csv, BufReader::new(input), &mapping).collect();
    assert!(matches!(found.as_slice(), [(2, Err(error))] if error.code == "record_too_long"), "{}", found.len());
}

/// Gives its bytes and then fails.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() { Err(std::io::Error::other("the disk is gone")) } else { self.0.read(out) }
    }
}

#[test]
fn an_input_that_fails_ends_the_reading_after_what_came_before() {
    let mapping = FeedMapping::identity();
    for (format, input) in
        [(Format::Ndjson, "{\"a\":1}\n{\"a"), (Format::Json, "[{\"a\":1},{\"a"), (Format::Csv, "a\n1\n2")]
    {
        let found = records(format, BufReader::new(Failing(input.as_bytes())), &mapping);
        let [(_, Ok(_)), (_, Err(error))] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (error.code, error.message.as_str()),
            ("read_failed", "the rest could not be read: the disk is gone")
        );
    }
}

#[test]
fn a_format_is_told_by_name_content_type_or_content() {
    for (name, expected) in [
        ("a.jsonl", Some(Format::Ndjson)),
        ("a.b.NDJSON.GZ", Some(Format::Ndjson)),
        ("a.json.gz", Some(Format::Json)),
        ("dir.csv/a", None),
        ("a.csv", Some(Format::Csv)),
        ("-", None),
    ] {
        assert_eq!(Format::of_file_name(name), expected, "{name}");
    }
    for (content_type, expected) in [
        ("application/x-ndjson", Some(Format::Ndjson)),
        ("Application/JSON; charset=utf-8", Some(Format::Json)),
        ("text/csv;header=present", Some(Format::Csv)),
        ("text/plain", None),
        ("", None),
    ] {
        assert_eq!(Format::of_content_type(content_type), expected, "{content_type}");
    }
    for (content, expected) in
        [(" [{", Format::Json), ("\u{feff}\n{", Format::Ndjson), ("", Format::Ndjson), ("id,title", Format::Csv)]
    {
        assert_eq!(Format::of_content(content.as_bytes()), expected, "{content}");
    }
}

#[test]
fn gzip_is_told_by_content_and_may_have_several_members() {
    let mut file = Vec::new();
    for part in ["{\"a\":1}\n", "{\"b\":2}\n"] {
        let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::default());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap();
    }
    let mapping = FeedMapping::identity();
    let source = Source::new("-", std::io::Cursor::new(file.clone())).unwrap();
    assert_eq!(source.format, Format::Ndjson);
    let expected = [(1, Ok(json!({"a": 1}))), (2, Ok(json!({"b": 2})))];
    assert_eq!(records(source.format, source.input, &mapping), expected);

    file.truncate(file.len() - 12);
    let cut = Source::new("a.jsonl.gz", std::io::Cursor::new(file)).unwrap();
    let last = read(cut.format, cut.input, &mapping).last().map(|(_, record)| record.map_err(|error| error.code));
    assert_eq!(last, Some(Err("read_failed")));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic_and_chunks_do_not_matter(
        bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(b"{}[]\",:\\\r\n|1a \xef\xbb\xbf".to_vec()), any::<u8>()], 0..80,
        ),
        chunk in 3_usize..9,
    ) {
        let mapping = FeedMapping::identity();
        for format in [Format::Ndjson, Format::Json, Format::Csv] {
            let whole = records(format, bytes.as_slice(), &mapping);
            prop_assert_eq!(records(format, BufReader::with_capacity(chunk, bytes.as_slice()), &mapping), whole);
        }
    }

    #[test]
    fn objects_written_in_either_json_format_are_read_back(
        texts in prop::collection::vec(("\\PC{0,4}", "\\PC{0,8}"), 0..6)
    ) {
        let objects: Vec<Value> = texts.iter().map(|(key, text)| json!({ key: text, "n": [1, {"x": text}] })).collect();
        let lines: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let array = serde_json::to_string_pretty(&objects).unwrap();
        let expected: Vec<_> = (1..).zip(objects.into_iter().map(Ok)).collect();
        let mapping = FeedMapping::identity();
        prop_assert_eq!(records(Format::Ndjson, lines.as_bytes(), &mapping), expected.clone());
        prop_assert_eq!(records(Format::Json, array.as_bytes(), &mapping), expected);
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The mapping of a configuration that the project ships.
fn shipped(catalog: &str) -> FeedMapping {
    let text = std::fs::read_to_string(project().join(format!("config/{catalog}.toml"))).unwrap();
    let mut config: toml::Table = toml::from_str(&text).unwrap();
    let mut table = |key: &str| match config.remove(key) {
        Some(toml::Value::Table(table)) => config = table,
        other => panic!("`{key}` of {catalog}.toml is {other:?}"),
    };
    ["catalogs", catalog, "feed"].into_iter().for_each(&mut table);
    FeedMapping::new(&config.try_into::<FeedConfig>().unwrap()).unwrap()
}

fn shared(name: &str) -> PathBuf {
    let path = project().join("../shared/data").join(name);
    assert!(path.exists(), "this test needs {}", path.display());
    path
}

/// Maps every record of a real feed without a rejection.
#[track_caller]
fn check_feed(catalog: &str, products: usize, ignored: usize) -> Vec<storefind_index::product::Product> {
    let mapping = shipped(catalog);
    let source = open(&shared(&format!("{catalog}-products.jsonl.gz"))).unwrap();
    let mut ignored_found = 0;
    let mapped: Vec<_> = read(source.format, source.input, &mapping)
        .map(|(line, record)| {
            let (product, ignored) =
                mapping.map(record.unwrap()).unwrap_or_else(|error| panic!("line {line}: {error}"));
            ignored_found += ignored;
            product
        })
        .collect();
    assert_eq!((mapped.len(), ignored_found), (products, ignored));
    mapped
}

#[test]
fn every_product_of_icecat_is_mapped() {
    // The three image sizes that are not shown are ignored.
    let products = check_feed("icecat", 19_406, 3 * 19_406);
    let attributes: usize =
        products.iter().flat_map(|product| &product.attributes).map(|(_, value)| value.values().len()).sum();
    assert_eq!(attributes, 52_268 + 151_562 + 167_575);
    let first = &products[0];
    assert_eq!(
        (first.sku.as_deref(), first.brand.as_deref(), first.price),
        (Some("006R90321"), Some("Xerox"), Some(49.95))
    );
    assert_eq!(first.released.as_deref(), Some("2009-12-10T00:00:00Z"));
    assert_eq!(first.identifiers, ["0095205603217"]);
}

#[test]
fn every_product_of_bestbuy_is_mapped() {
    let products = check_feed("bestbuy", 3_291, 0);
    assert_eq!(
        (products[0].popularity, products[0].price, products[0].categories.len()),
        (Some(21_449.0), Some(49.99), 3)
    );
}

#[test]
fn an_exported_product_is_read_back_without_a_table() {
    for product in check_feed("bestbuy", 3_291, 0).into_iter().chain(check_feed("icecat", 19_406, 3 * 19_406)) {
        assert_eq!(FeedMapping::identity().map(product.to_json()), Ok((product, 0)));
    }
}
