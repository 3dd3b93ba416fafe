//! Bodies that are not what their type says, or much more.

use std::io::Write as _;

use serde_json::json;

use super::survive;
use crate::support::server::{Answer, TestServer};

const NDJSON: &str = "Content-Type: application/x-ndjson";
const JSON: &str = "Content-Type: application/json";
const CSV: &str = "Content-Type: text/csv";
const GZIP: &str = "Content-Encoding: gzip";
const POTS: &str = "{\"id\":\"1\",\"title\":\"Pot\"}\n{\"id\":\"2\",\"title\":\"Pot\"}\n";

fn post(server: &TestServer, headers: &[&str], body: impl AsRef<[u8]>) -> Answer {
    server.request("POST", "/v1/shop/products", headers, body.as_ref())
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// How many products there are beside the one that was there before.
fn products(server: &TestServer) -> usize {
    server.get("/v1/shop/products").text().lines().count() - 1
}

#[test]
fn a_csv_row_that_does_not_fit_costs_only_itself() {
    for (name, body, accepted, rejected) in [
        ("too few cells", "id,title\n1,Pot\n2\n3,Pan\n", 2, vec![(3, "invalid_csv")]),
        ("too many cells", "id,title\n1,Pot\n2,Pan,x\n3,Pan\n", 2, vec![(3, "invalid_csv")]),
        ("a wrong type", "id,title,price\n1,Pot,cheap\n2,Pan,3\n", 1, vec![(2, "invalid_price")]),
        ("no id in a row", "id,title\n,Pot\n2,Pan\n", 1, vec![(2, "missing_id")]),
        ("no column for the title", "id,name\n1,Pot\n2,Pan\n", 0, vec![(2, "missing_title"), (3, "missing_title")]),
        ("semicolons", "id;title\n1;Pot\n", 0, vec![(1, "invalid_csv")]),
        ("a quote that is not closed", "id,title\n1,Pot\n2,\"Pan\n3,Lid\n", 1, vec![(3, "invalid_csv")]),
        ("a header whose quote is not closed", "id,\"title\n1,Pot\n", 0, vec![(1, "invalid_csv")]),
        ("blank lines, other line ends and a mark", "\u{feff}id,title\r\n\r\n1,Pot\r\n,\r\n2,Pan", 2, vec![]),
        ("only a header", "id,title\n", 0, vec![]),
    ] {
        survive("", |server| {
            let answer = post(server, &[CSV], body);
            let report = answer.json();
            assert_eq!((answer.status, &report["accepted"]), (202, &json!(accepted)), "{name}: {report}");
            let errors = report["errors"].as_array().unwrap();
            let found: Vec<_> = errors.iter().map(|error| (error["line"].as_u64().unwrap(), &error["code"])).collect();
            let expected: Vec<_> = rejected.iter().map(|(line, code)| (*line, json!(code))).collect();
            assert_eq!(
                found,
                expected.iter().map(|(line, code)| (*line, code)).collect::<Vec<_>>(),
                "{name}: {report}"
            );
            assert_eq!(products(server), accepted, "{name}");
        });
    }
}

#[test]
fn a_csv_cell_that_is_no_utf_8_costs_its_row() {
    survive("", |server| {
        let report = post(server, &[CSV], b"id,title\n1,P\xfft\n2,Pan\n3,P\0n\n").json();
        assert_eq!(
            (&report["accepted"], &report["errors"][0]["code"]),
            (&json!(2), &json!("invalid_utf8")),
            "{report}"
        );
    });
}

#[test]
fn a_json_array_gives_what_stands_before_the_damage() {
    let deep = format!("[{{\"id\":\"1\",\"title\":\"Pot\"}},{}", "[".repeat(100_000));
    for (name, body, accepted, rejected) in [
        ("cut off", "[{\"id\":\"1\",\"title\":\"Pot\"},{\"id\":\"2\",\"ti", 1, 1),
        ("no end", "[{\"id\":\"1\",\"title\":\"Pot\"},{\"id\":\"2\",\"title\":\"Pan\"}", 1, 1),
        ("something behind it", "[{\"id\":\"1\",\"title\":\"Pot\"}] []", 1, 1),
        ("a missing element", "[{\"id\":\"1\",\"title\":\"Pot\"},,{\"id\":\"2\",\"title\":\"Pan\"}]", 2, 1),
        ("elements of other types", "[1,\"a\",null,[],{\"id\":\"1\",\"title\":\"Pot\"}]", 1, 4),
        ("an object where an array is due", "{\"id\":\"1\",\"title\":\"Pot\"}", 0, 1),
        ("an object with an array in it", "{\"products\":[{\"id\":\"1\",\"title\":\"Pot\"}]}", 0, 1),
        ("100,000 brackets", deep.as_str(), 1, 1),
        ("closing brackets", "]]]", 0, 1),
        ("nothing", "", 0, 0),
        ("an array of nothing", " [ ] ", 0, 0),
    ] {
        survive("", |server| {
            let answer = post(server, &[JSON], body);
            let report = answer.json();
            assert_eq!(answer.status, 202, "{name}: {report}");
            assert_eq!(
                (&report["accepted"], &report["rejected"]),
                (&json!(accepted), &json!(rejected)),
                "{name}: {report}"
            );
            assert_eq!(products(server), accepted, "{name}");
        });
    }
}

#[test]
fn one_product_or_settings_that_are_no_json_change_nothing() {
    let deep = format!("{{\"title\":\"Pot\",\"a\":{}", "[".repeat(100_000));
    survive("", |server| {
        for (name, body) in [
            ("nothing", ""),
            ("cut off", "{\"title\":"),
            ("a list", "[1]"),
            ("two values", "{\"title\":\"Pot\"} {}"),
            ("half a surrogate pair", "{\"title\":\"\\udfa7\"}"),
            ("a number beyond all", "{\"title\":\"Pot\",\"price\":1e999}"),
            ("100,000 brackets", &deep),
        ] {
            for (method, path) in [("PUT", "products/kept"), ("PATCH", "products/kept"), ("PUT", "settings")] {
                let answer = server.request(method, &format!("/v1/shop/{path}"), &[JSON], body.as_bytes());
                let code = if name == "a list" && path == "settings" { "invalid_settings" } else { "invalid_body" };
                assert_eq!(answer.error(), (400, code.into()), "{method} {path}, {name}: {}", answer.text());
            }
        }
        let bytes = server.request("PUT", "/v1/shop/products/kept", &[JSON], b"{\"title\":\"\xff\"}");
        assert_eq!(bytes.error(), (400, "invalid_body".into()));
        let large = format!("{{\"title\":\"Pot\",\"brand\":\"{}\"}}", "x".repeat(20 << 20));
        let answer = server.request("PUT", "/v1/shop/products/kept", &[JSON], large.as_bytes());
        assert_eq!(answer.error(), (413, "body_too_large".into()));
        let unknown = format!("{{\"{}\":1}}", "n".repeat(1 << 20));
        let answer = server.request("PUT", "/v1/shop/settings", &[JSON], unknown.as_bytes());
        assert_eq!(answer.error(), (400, "invalid_settings".into()));
        assert!(answer.body.len() < 3_000, "the answer repeats what was sent");
    });
}

#[test]
fn a_compressed_body_is_read_up_to_its_damage_and_its_limit() {
    let zeros = vec![0_u8; 64 << 20];
    let blanks = " ".repeat(64 << 20);
    let garbage = [gzip(POTS), b"garbage behind it".to_vec()].concat();
    for (name, body, status, code, accepted) in [
        ("what follows the archive is none", garbage, 400, "invalid_body", 2),
        ("no archive at all", POTS.into(), 400, "invalid_body", 0),
        ("nothing", Vec::new(), 400, "invalid_body", 0),
        ("a bomb of zeros", gzip(&zeros), 413, "body_too_large", 0),
        ("a bomb of blanks behind products", gzip(format!("{POTS}{blanks}")), 413, "body_too_large", 2),
        ("a bomb of line ends", gzip("\n".repeat(9 << 20)), 413, "body_too_large", 0),
    ] {
        survive("http.max_body_bytes = \"8MiB\"", |server| {
            assert!(body.len() < 1 << 20, "{name}: {} bytes", body.len());
            let answer = post(server, &[NDJSON, GZIP], &body);
            assert_eq!(answer.error(), (status, code.into()), "{name}: {}", answer.text());
            assert_eq!(answer.json()["accepted"], accepted, "{name}: {}", answer.text());
            assert_eq!(products(server), accepted, "{name}");
        });
    }
}

#[test]
fn an_archive_in_an_archive_is_unpacked_once() {
    survive("http.max_body_bytes = \"8MiB\"", |server| {
        let bomb = gzip(gzip("\n".repeat(64 << 20)));
        let report = post(server, &[NDJSON, GZIP], &bomb).json();
        assert_eq!(report["accepted"], 0, "{report}");
        assert_eq!(report["errors"][0]["code"], "invalid_utf8", "{report}");
    });
}

#[test]
fn a_compression_that_is_not_read_is_refused_by_its_name() {
    survive("", |server| {
        for (name, headers, part) in [
            ("brotli", vec![NDJSON, "Content-Encoding: br"], "`br`"),
            ("zstd", vec![NDJSON, "Content-Encoding: zstd"], "`zstd`"),
            ("twice in one header", vec![NDJSON, "Content-Encoding: gzip, gzip"], "`gzip, gzip`"),
            ("twice in two headers", vec![NDJSON, GZIP, GZIP], "`gzip, gzip`"),
        ] {
            let answer = post(server, &headers, gzip(POTS));
            assert_eq!(answer.error(), (415, "unsupported_media_type".into()), "{name}: {}", answer.text());
            assert!(answer.text().contains(part), "{name}: {}", answer.text());
        }
        for (method, path) in [
            ("PUT", "/v1/shop/products/kept"),
            ("PATCH", "/v1/shop/products/kept"),
            ("PUT", "/v1/shop/settings"),
            ("POST", "/v1/shop/search"),
        ] {
            let answer = server.request(method, path, &[JSON, GZIP], &gzip("{\"title\":\"Pan\"}"));
            assert_eq!(answer.error(), (415, "unsupported_media_type".into()), "{method} {path}");
            assert!(answer.text().contains("content encoding is `gzip`"), "{method} {path}: {}", answer.text());
        }
        assert_eq!(products(server), 0);
    });
}
