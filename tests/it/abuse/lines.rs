//! Lines of a feed that are wrong, and lines that only look so.

use serde_json::{Value, json};

use super::{encoded, survive};
use crate::support::server::TestServer;

/// What a case is called, the line, the code of its rejection, and a part of the message.
type Case = (&'static str, Vec<u8>, &'static str, &'static str);

fn case(name: &'static str, line: impl AsRef<[u8]>, code: &'static str, part: &'static str) -> Case {
    (name, line.as_ref().to_vec(), code, part)
}

/// A line with an id, a title and something else.
fn with(field: &str) -> String {
    format!("{{\"id\":\"x\",\"title\":\"Pot\",{field}}}")
}

/// Sends each line between two good ones, each in a body of its own.
#[track_caller]
fn check_rejected(cases: &[Case]) {
    survive("", |server| {
        for (number, (name, line, code, part)) in cases.iter().enumerate() {
            let good = |end: &str| format!("{{\"id\":\"{number}{end}\",\"title\":\"Pot\"}}\n").into_bytes();
            let body = [good("a"), line.clone(), b"\n".to_vec(), good("b")].concat();
            let headers = ["Content-Type: application/x-ndjson"];
            let answer = server.request("POST", "/v1/shop/products", &headers, &body);
            let report = answer.json();
            assert_eq!((answer.status, &report["accepted"]), (202, &json!(2)), "{name}: {report}");
            assert_eq!(report["rejected"], 1, "{name}: {report}");
            let error = &report["errors"][0];
            assert_eq!((&error["line"], &error["code"]), (&json!(2), &json!(code)), "{name}: {report}");
            assert!(error["message"].as_str().unwrap().contains(part), "{name}: {error} lacks {part:?}");
            assert!(answer.body.len() < 2_000, "{name}: the answer has {} bytes", answer.body.len());
            for id in [format!("{number}a"), format!("{number}b")] {
                assert_eq!(server.get(&format!("/v1/shop/products/{id}")).status, 200, "{name}: {id}");
            }
            assert_eq!(server.get("/v1/shop/products/x").status, 404, "{name}");
        }
    });
}

#[test]
fn a_line_that_is_no_json_costs_only_itself() {
    let deep = format!("{{\"id\":\"x\",\"title\":\"Pot\",\"a\":{}1{}}}", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    check_rejected(&[
        case("cut off", "{\"id\":\"x\",\"title\":", "invalid_json", "column 18"),
        case("a list", "[{\"id\":\"x\"}]", "invalid_json", "is an array, expected an object"),
        case("a text", "\"x\"", "invalid_json", "is text, expected an object"),
        case("two objects", "{\"id\":\"x\",\"title\":\"Pot\"}{}", "invalid_json", "trailing"),
        case("brackets, 100,000 deep", "[".repeat(100_000), "invalid_json", "recursion limit"),
        case("objects, 1,000 deep", deep, "invalid_json", "recursion limit"),
        case("a number beyond all", with("\"price\":1e999"), "invalid_json", "number out of range"),
        case("not a number", with("\"price\":NaN"), "invalid_json", "expected value"),
        case("half a surrogate pair", with("\"brand\":\"\\ud800\""), "invalid_json", "hex escape"),
        case("a bare NUL", with("\"brand\":\"a\0b\""), "invalid_json", "control character"),
        case("a byte that is no UTF-8", b"{\"id\":\"x\",\"title\":\"P\xfft\"}", "invalid_utf8", "from its byte 21 on"),
        case("UTF-16", [0xff, 0xfe, b'{', 0, b'}', 0], "invalid_utf8", "from its byte 1 on"),
        case("a byte order mark inside the file", "\u{feff}{\"id\":\"x\",\"title\":\"Pot\"}", "invalid_json", "column"),
        case("a line of 20 MB", with(&format!("\"a\":\"{}\"", "x".repeat(20 << 20))), "record_too_long", "4194304"),
    ]);
}

#[test]
fn a_field_of_a_wrong_type_is_named_with_what_was_expected() {
    check_rejected(&[
        case("no id", "{\"title\":\"Pot\"}", "missing_id", "`id` is missing"),
        case("an empty id", "{\"id\":\"\",\"title\":\"Pot\"}", "missing_id", "`id` is missing"),
        case("a blank id", "{\"id\":\" \\t\",\"title\":\"Pot\"}", "missing_id", "`id` is missing"),
        case(
            "an id that is true",
            "{\"id\":true,\"title\":\"Pot\"}",
            "invalid_id",
            "text or a whole number, found true",
        ),
        case("an id that is a fraction", "{\"id\":1.5,\"title\":\"Pot\"}", "invalid_id", "found 1.5"),
        case("an id with NUL", "{\"id\":\"x\\u0000\",\"title\":\"Pot\"}", "invalid_id", "control character"),
        case("no title", "{\"id\":\"x\"}", "missing_title", "`title` is missing"),
        case("a title that is null", "{\"id\":\"x\",\"title\":null}", "missing_title", "`title` is missing"),
        case("a title that is a list", "{\"id\":\"x\",\"title\":[\"Pot\"]}", "invalid_title", "found a list of 1"),
        case("a price in words", with("\"price\":\"cheap\""), "invalid_price", "found \"cheap\""),
        case("a negative price", with("\"price\":-1"), "invalid_price", "not negative, found -1"),
        case("half a piece in stock", with("\"stock\":0.5"), "invalid_stock", "a whole number, found 0.5"),
        case("more in stock than there is", with("\"stock\":1e30"), "invalid_stock", "a whole number, found 1e+30"),
        case("perhaps in stock", with("\"in_stock\":\"maybe\""), "invalid_in_stock", "true or false, found \"maybe\""),
        case("a date that is none", with("\"released\":\"2024-13-01\""), "invalid_released", "2024-05-31"),
        case("categories as an object", with("\"categories\":{}"), "invalid_categories", "found an object"),
        case("tags in tags", with("\"tags\":[[\"a\"]]"), "invalid_tags", "found a list of 1"),
        case("attributes as a list", with("\"attributes\":[1]"), "invalid_attributes", "found a list of 1"),
        case("an object as an attribute", with("\"size\":{\"w\":1}"), "invalid_attributes", "`size`"),
        case("an attribute without a name", with("\"\":1"), "invalid_attributes", "blank name"),
        case("a name with a line end", with("\"a\\nb\":1"), "invalid_attributes", "control character"),
    ]);
}

#[test]
fn a_product_beyond_a_limit_is_told_the_limit() {
    let many = |count: usize| (0..count).map(|number| format!("\"a{number}\":1")).collect::<Vec<_>>().join(",");
    let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let path = |levels: usize| vec!["a"; levels].join(">");
    let named = |bytes: usize| format!("{{\"id\":\"{}\",\"title\":\"Pot\"}}", "i".repeat(bytes));
    check_rejected(&[
        case("an id of 513 bytes", named(513), "invalid_id", "513 bytes long, at most 512"),
        case("an id of 10 KB", named(10_000), "invalid_id", "10000 bytes long, at most 512"),
        case(
            "a category, 1,000 deep",
            with(&format!("\"categories\":\"{}\"", path(1_000))),
            "invalid_categories",
            "32",
        ),
        case("a million tags", with(&format!("\"tags\":{}", list(1_000_000))), "invalid_tags", "1000000 values"),
        case("a million values", with(&format!("\"size\":{}", list(1_000_000))), "invalid_attributes", "`size`"),
        case("100,000 attributes", with(&many(100_000)), "invalid_attributes", "more than 2000 attributes"),
        case("a name of 257 bytes", with(&format!("\"{}\":1", "n".repeat(257))), "invalid_attributes", "257 bytes"),
        case("a name of 1 MB", with(&format!("\"{}\":1", "n".repeat(1 << 20))), "invalid_attributes", "1048576 bytes"),
        case("a text of 2 MB", with(&format!("\"brand\":\"{}\"", "x".repeat(2 << 20))), "invalid_brand", "1048576"),
    ]);
    survive("", |server| {
        let at_limit = format!(
            "{{\"id\":\"{}\",\"title\":\"Pot\",\"categories\":\"{}\",\"tags\":{},\"attributes\":{{{}}}}}\n",
            "i".repeat(512),
            path(32),
            list(1_000),
            many(2_000)
        );
        assert_eq!(server.upload(&at_limit).json()["accepted"], 1);
    });
}

#[test]
fn what_only_looks_wrong_is_kept_as_it_was_sent() {
    for (name, id, fields, expected) in [
        ("minus zero", "x", "\"price\":-0.0", json!({"price": 0.0})),
        ("less than any number", "x", "\"price\":1e-400", json!({"price": 0.0})),
        ("a member that comes twice", "x", "\"price\":1,\"price\":2", json!({"price": 2.0})),
        ("an attribute by both its names", "x", "\"size\":1,\"attributes.size\":2", json!({"attributes": {"size": 2}})),
        ("a surrogate pair", "x", "\"brand\":\"\\ud83c\\udfa7\"", json!({"brand": "🎧"})),
        ("an escaped NUL in a text", "x", "\"brand\":\"a\\u0000b\"", json!({"brand": "a\0b"})),
        ("a name of JavaScript", "x", "\"__proto__\":1,\"constructor\":2", {
            json!({"attributes": {"__proto__": 1, "constructor": 2}})
        }),
        ("a name with dots", "x", "\"a.b\":1,\".\":2", json!({"attributes": {"a.b": 1, ".": 2}})),
        ("an attribute called like a field", "x", "\"attributes\":{\"price\":1}", json!({"attributes": {"price": 1}})),
        ("an id with slashes", "a/../b//", "\"price\":1", json!({"price": 1.0})),
        ("an id with a percent sign", "100%25", "\"price\":1", json!({"price": 1.0})),
        ("an id of two dots", "..", "\"price\":1", json!({"price": 1.0})),
        ("an id in another script", "قاب 🎧", "\"price\":1", json!({"price": 1.0})),
    ] {
        survive("", |server| {
            let line = format!("{{\"id\":{},\"title\":\"Pot\",{fields}}}\r\n", json!(id));
            // As some editors write files: with a mark in front and two characters at each end of a line.
            let answer = server.upload(&format!("\u{feff}{line}"));
            assert_eq!(answer.json()["accepted"], 1, "{name}: {}", answer.text());
            let mut product = server.get(&format!("/v1/shop/products/{}", encoded(id))).json();
            assert_eq!(product["id"], id, "{name}");
            product["product"].as_object_mut().unwrap().remove("title");
            assert_eq!(product["product"], expected, "{name}");
            let found = server.get("/v1/shop/search?q=pot&fields=title").json();
            assert_eq!(found["hits"][0]["id"], id, "{name}");
        });
    }
}

#[test]
fn of_several_lines_with_one_id_the_last_counts() {
    survive("", |server| {
        let lines: String =
            (0..3_000).map(|n| format!("{{\"id\":\"{}\",\"title\":\"Pot\",\"stock\":{n}}}\n", n % 3)).collect();
        let report = server.upload(&lines).json();
        assert_eq!((&report["accepted"], &report["rejected"]), (&json!(3_000), &json!(0)), "{report}");
        for (id, stock) in [("0", 2_997), ("1", 2_998), ("2", 2_999)] {
            assert_eq!(server.get(&format!("/v1/shop/products/{id}")).json()["product"]["stock"], stock);
        }
        assert_eq!(server.get("/v1/shop/search?q=pot").json()["total"], 3);
    });
}

fn live(server: &TestServer, lines: &str) -> Value {
    server.request("POST", "/v1/shop/live", &["Content-Type: application/x-ndjson"], lines.as_bytes()).json()
}

#[test]
fn a_wrong_live_line_costs_only_itself() {
    survive("", |server| {
        for (name, line, code) in [
            ("no JSON", "nonsense".to_owned(), "invalid_json"),
            ("a list in the right order", "[\"kept\",1,2]".to_owned(), "invalid_json"),
            ("no id", "{\"price\":1}".to_owned(), "missing_id"),
            ("an id that nobody has", "{\"id\":\"nobody\",\"price\":1}".to_owned(), "unknown_product"),
            ("a price in words", "{\"id\":\"kept\",\"price\":\"1\"}".to_owned(), "invalid_price"),
            ("a price beyond all", "{\"id\":\"kept\",\"price\":1e999}".to_owned(), "invalid_json"),
            ("a negative price", "{\"id\":\"kept\",\"price\":-0.01}".to_owned(), "invalid_price"),
            ("another field", "{\"id\":\"kept\",\"title\":\"Pan\"}".to_owned(), "unknown_field"),
            ("a field of 3 MB", format!("{{\"id\":\"kept\",\"{}\":1}}", "n".repeat(3 << 20)), "unknown_field"),
            ("an id of 3 MB", format!("{{\"id\":\"{}\",\"prize\":1}}", "i".repeat(3 << 20)), "unknown_field"),
            ("a price, 1,000 deep", format!("{{\"id\":\"kept\",\"price\":{}", "[".repeat(1_000)), "invalid_json"),
        ] {
            let report =
                live(server, &format!("{{\"id\":\"kept\",\"stock\":7}}\n{line}\n{{\"id\":\"kept\",\"stock\":8}}\n"));
            assert_eq!((&report["accepted"], &report["rejected"]), (&json!(2), &json!(1)), "{name}: {report}");
            assert_eq!(report["errors"][0]["code"], code, "{name}: {report}");
            assert!(report.to_string().len() < 2_000, "{name}: the answer repeats what was sent");
            let kept = server.get("/v1/shop/products/kept").json();
            assert_eq!((&kept["product"]["price"], &kept["product"]["stock"]), (&json!(49.5), &json!(8)), "{name}");
        }
    });
}
