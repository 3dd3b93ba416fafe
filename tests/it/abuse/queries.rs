//! Queries, filters and other parameters that nobody should send.

use serde_json::json;

use super::{encoded, survive};
use crate::support::server::{Answer, TestServer};

fn search(server: &TestServer, parameters: &str) -> Answer {
    server.get(&format!("/v1/shop/search?{parameters}"))
}

fn search_by_post(server: &TestServer, body: &str) -> Answer {
    server.request("POST", "/v1/shop/search", &["Content-Type: application/json"], body.as_bytes())
}

#[track_caller]
fn check_refused(answer: &Answer, name: &str, code: &str, parts: &[&str]) {
    assert_eq!(answer.error(), (400, code.into()), "{name}: {}", answer.text());
    for part in parts {
        assert!(answer.text().contains(part), "{name}: {} lacks {part}", answer.text());
    }
    assert!(answer.body.len() < 4_000, "{name}: the answer has {} bytes", answer.body.len());
}

#[test]
fn a_query_of_any_characters_has_an_answer() {
    let zalgo = format!("k{}", "\u{0301}".repeat(500));
    let family = "👩‍👩‍👧‍👦".repeat(60);
    let texts = [
        ("nothing", String::new()),
        ("blanks", " \t\u{a0}\u{3000} ".into()),
        ("right to left", "سماعات لاسلكية غلاية".into()),
        ("right to left inside", "kettle \u{202e}elttek\u{202c} \u{200f}קומקום".into()),
        ("emoji", "🎧🫖 ❤️‍🔥".into()),
        ("emoji of many parts", family),
        ("Chinese and Japanese", "笔记本电脑 ケトル 軽量".into()),
        ("an accent, 500 times", zalgo),
        ("invisible characters", "ket\u{200b}tle\u{feff}\u{2060}".into()),
        ("NUL and other controls", "\0\u{1}kettle\0\u{7f}\u{1b}[31m".into()),
        ("characters that nobody has", "\u{10ffff}\u{fffe}\u{e000}".into()),
        ("512 quotes", "\"".repeat(512)),
        ("quotes of all kinds", "“„\"”".repeat(128)),
        ("256 inch marks", "1\"".repeat(256)),
        ("512 minus signs", "-".repeat(512)),
        ("256 exclusions", "-a ".repeat(170)),
        ("256 words", "ab ".repeat(170)),
        ("a word of 512 letters", "kettle".repeat(86)[..512].into()),
        ("a number of 512 digits", "9".repeat(512)),
        ("keywords", "AND OR NOT TO ( ) : * ? ~ ^".into()),
        ("a query of another engine", "title:kettle^2 AND +price:[* TO 5] -x~1".into()),
        ("markup", "<script>alert(1)</script>".into()),
        ("SQL", "' OR 1=1; DROP TABLE products; --".into()),
        ("a path", "../../../../etc/passwd%00".into()),
    ];
    survive("", |server| {
        for (name, text) in &texts {
            for path in ["search", "autocomplete"] {
                let answer = server.get(&format!("/v1/shop/{path}?q={}", encoded(text)));
                assert_eq!(answer.status, 200, "{name}, {path}: {}", answer.text());
                assert!(answer.json()["query"].is_string(), "{name}, {path}");
            }
            let body = json!({"q": text, "highlight": ["title"], "facets": ["brand"]}).to_string();
            assert_eq!(search_by_post(server, &body).status, 200, "{name}, by POST");
        }
    });
}

#[test]
fn a_query_that_is_too_long_or_no_text_is_refused() {
    survive("", |server| {
        for (name, parameters, parts) in [
            ("513 characters", format!("q={}", "a".repeat(513)), ["`q` has 513 characters", "512"]),
            ("10,000 characters", format!("q={}", "a".repeat(10_000)), ["`q` has 10000 characters", "512"]),
            (
                "10,000 quotes",
                format!("q={}", "\"".repeat(10_000)).replace('"', "%22")[..15_000].into(),
                ["`q`", "512"],
            ),
            ("10,000 minus signs", format!("q={}", "-".repeat(10_000)), ["`q` has 10000 characters", "512"]),
            ("bytes that are no UTF-8", "q=%ff%fe".into(), ["`q` is not UTF-8", "\"parameter\":\"q\""]),
            ("half a character", "q=%c3".into(), ["`q` is not UTF-8", "q"]),
            ("twice", "q=a&q=b".into(), ["`q` is given more than once", "q"]),
        ] {
            for path in ["search", "autocomplete"] {
                let answer = server.get(&format!("/v1/shop/{path}?{parameters}"));
                check_refused(&answer, &format!("{name}, {path}"), "invalid_parameter", &parts);
            }
        }
        // What is cut short is text, as browsers have it.
        for raw in ["q=%", "q=%4", "q=%zz", "q=a+b+", "q=+", "&&&", "q", "q=&q=kettle", "=", "q=%2525"] {
            let status = search(server, raw).status;
            assert_eq!(status, if raw == "=" { 400 } else { 200 }, "{raw}");
        }
    });
}

#[test]
fn a_filter_that_is_none_is_refused_with_its_place() {
    let deep = |depth: usize| format!("{}colour:red{}", "(".repeat(depth), ")".repeat(depth));
    survive("", |server| {
        for (name, filter, parts) in [
            ("no value", "colour:".to_owned(), vec!["expected a value after `colour:` at character 8"]),
            ("a bracket too many", "colour:red)".into(), vec!["`)` without a `(` at character 11"]),
            ("a bracket too few", "(colour:red".into(), vec!["character 1", "at character 12"]),
            ("1,000 brackets", deep(1_000), vec!["more than 32 levels", "at character 33"]),
            ("1,000 times NOT", format!("{}colour:red", "NOT ".repeat(1_000)), vec!["more than 32 levels"]),
            ("1,000 conditions", vec!["a:1"; 1_000].join(" OR "), vec!["more than 256 conditions"]),
            ("8,193 bytes", format!("colour:{}", "r".repeat(8_186)), vec!["8193", "8192"]),
            ("an open quote", "colour:\"red".into(), vec!["not closed that begins at character 8"]),
            ("a range of words", "colour:red TO blue".into(), vec!["a number or a date, found `red`"]),
            ("only keywords", "AND OR".into(), vec!["the keyword `AND`"]),
            ("NUL", "\0".into(), vec!["at character"]),
            ("emoji", "🎧🎧".into(), vec!["at character 3"]),
        ] {
            let body = json!({"filter": filter}).to_string();
            check_refused(&search_by_post(server, &body), name, "invalid_filter", &parts);
            let (text, length) = (encoded(&filter), filter.len());
            if length < 4_000 {
                check_refused(&search(server, &format!("filter={text}")), name, "invalid_filter", &parts);
                check_refused(
                    &server.get(&format!("/v1/shop/autocomplete?filter={text}")),
                    name,
                    "invalid_filter",
                    &parts,
                );
            }
        }
        assert_eq!(search_by_post(server, &json!({"filter": deep(32)}).to_string()).json()["total"], 1);
    });
}

#[test]
fn a_field_that_no_product_has_is_refused_with_those_that_exist() {
    survive("", |server| {
        let long = "n".repeat(8_000);
        for (name, parameter, body) in [
            ("filter", "filter", json!({"filter": "wheels:4"})),
            ("deep in a filter", "filter", json!({"filter": "colour:red AND NOT (brand:x OR wheels:4)"})),
            ("facets", "facets", json!({"facets": ["brand", "wheels"]})),
            ("sort", "sort", json!({"sort": "price:asc,wheels:desc"})),
            ("group", "group", json!({"group": "wheels"})),
            ("a name of 8,000 letters", "filter", json!({"filter": format!("{long}:4")})),
        ] {
            let answer = search_by_post(server, &body.to_string());
            check_refused(
                &answer,
                name,
                "unknown_field",
                &["no product has a field `", "`title`", "`price`", "`colour`"],
            );
            assert_eq!(answer.json()["error"]["parameter"], parameter, "{name}");
        }
        for (name, body, near) in [
            ("filter", json!({"filter": "color:red"}), "`colour`"),
            ("facets", json!({"facets": "brnd"}), "`brand`"),
            ("sort", json!({"sort": "prise:asc"}), "`price`"),
        ] {
            let part = format!("did you mean {near}?");
            check_refused(&search_by_post(server, &body.to_string()), name, "unknown_field", &[&part]);
        }
        // Fields to show and to highlight are a wish: what a product lacks is left out.
        assert_eq!(search(server, "q=kettle&fields=wheels&highlight=wheels").json()["total"], 1);
    });
}

#[test]
fn a_parameter_out_of_range_is_refused_by_its_name() {
    let names = |count: usize| (0..count).map(|number| format!("a{number}")).collect::<Vec<_>>();
    survive("", |server| {
        for (parameters, part) in [
            ("page=0".to_owned(), "`page`"),
            ("page=-1".into(), "`page` must be a whole number"),
            ("page=18446744073709551615".into(), "`page` is 18446744073709551615"),
            ("page=18446744073709551616".into(), "`page` must be a whole number"),
            ("page=1e3".into(), "`page` must be a whole number"),
            ("page=101&per_page=100".into(), "reaches product 10100; 10000 is the last"),
            ("per_page=-1".into(), "`per_page` must be a whole number"),
            ("per_page=101".into(), "`per_page` is 101; it must be from 0 to 100"),
            ("facet_limit=0".into(), "`facet_limit`"),
            (format!("facets={}", names(1_000).join(",")), "`facets` has 1000 entries; at most 32"),
            (format!("sort={}", names(1_000).join(",")), "`sort` has 1000 entries; at most 4"),
            ("sort=price:sideways".into(), "price:sideways"),
            ("sort=:asc".into(), "lacks a field"),
            ("typos=yes".into(), "`typos` must be true or false"),
            ("min_sequence=-1".into(), "`min_sequence`"),
            ("explain=everything".into(), "`explain`"),
            ("Q=kettle".into(), "did you mean `q`?"),
            ("%ff=1".into(), "there is no parameter"),
            (format!("{}=1", "n".repeat(8_000)), "there is no parameter"),
        ] {
            let answer = search(server, &parameters);
            assert_eq!(answer.status, 400, "{parameters}: {}", answer.text());
            assert!(answer.text().contains(part), "{parameters}: {} lacks {part}", answer.text());
            assert!(answer.body.len() < 4_000, "{parameters}: the answer has {} bytes", answer.body.len());
        }
        let beyond = search(server, "q=kettle&page=100&per_page=100").json();
        assert_eq!((&beyond["total"], &beyond["hits"]), (&json!(1), &json!([])), "beyond the last page");
        let later = search(server, "min_sequence=18446744073709551615");
        assert_eq!(later.error(), (503, "not_yet_visible".into()));
        assert!(later.header("retry-after").is_some());
    });
}

#[test]
fn a_search_by_post_that_is_no_object_of_parameters_is_refused() {
    let deep = format!("{{\"q\":{}", "[".repeat(60_000));
    let wide = json!({"facets": vec!["a"; 20_000]}).to_string();
    survive("", |server| {
        for (name, body, part) in [
            ("cut off", "{\"q\":\"ket", "not a JSON object"),
            ("a list", "[\"kettle\"]", "not a JSON object"),
            ("two objects", "{\"q\":\"a\"}{\"q\":\"b\"}", "not a JSON object"),
            ("60,000 brackets", &deep, "recursion limit"),
            ("half a surrogate pair", "{\"q\":\"\\ud83c\"}", "hex escape"),
            ("a number for a text", "{\"q\":1e3}", "`q` must be text"),
            ("a number beyond all", "{\"page\":1e999}", "number out of range"),
            ("a fraction for a number", "{\"page\":1.5}", "`page` must be a whole number"),
            ("texts for a number", "{\"page\":\"1\"}", "`page` must be a whole number"),
            ("20,000 facets", &wide, "at most 32"),
            ("an unknown member", "{\"query\":\"kettle\"}", "there is no parameter `query`"),
        ] {
            check_refused(&search_by_post(server, body), name, "invalid_parameter", &[part]);
        }
        let bytes = server.request("POST", "/v1/shop/search", &[], b"{\"q\":\"\xff\"}");
        check_refused(&bytes, "no UTF-8", "invalid_parameter", &["not a JSON object"]);
        let large = format!("{{\"q\":\"{}\"}}", "a".repeat(20 << 20));
        assert_eq!(search_by_post(server, &large).error(), (413, "body_too_large".into()));
        // As with any JSON: of two members of one name, the last.
        assert_eq!(search_by_post(server, "{\"q\":\"pot\",\"q\":\"kettle\"}").json()["total"], 1);
    });
}

#[test]
fn a_path_that_names_nothing_is_told_so_in_the_form_of_all_errors() {
    survive("", |server| {
        let long = "n".repeat(12_000);
        for (name, path, status, code) in [
            ("an unknown catalog", "/v1/nothing/search".to_owned(), 404, "unknown_catalog"),
            ("a catalog of 12 KB", format!("/v1/{long}/search"), 404, "unknown_catalog"),
            ("a catalog that climbs", "/v1/..%2f..%2fetc/search".into(), 404, "unknown_catalog"),
            ("a catalog that is no UTF-8", "/v1/%ff/search".into(), 400, "invalid_parameter"),
            ("a catalog with NUL", "/v1/shop%00/search".into(), 404, "unknown_catalog"),
            ("an id that nobody has", "/v1/shop/products/nobody".into(), 404, "unknown_product"),
            ("an id of 12 KB", format!("/v1/shop/products/{long}"), 404, "unknown_product"),
            ("an id that is no UTF-8", "/v1/shop/products/%ff".into(), 400, "invalid_parameter"),
            ("an id with NUL", "/v1/shop/products/kept%00".into(), 404, "unknown_product"),
            ("an id that is empty", "/v1/shop/products/".into(), 404, "not_found"),
            ("a route of 12 KB", format!("/{long}"), 404, "not_found"),
            ("no UTF-8 in a query string", "/v1/shop/products?after=%ff".into(), 400, "invalid_parameter"),
        ] {
            let answer = server.get(&path);
            assert_eq!(answer.error(), (status, code.into()), "{name}: {}", answer.text());
            assert_eq!(answer.json()["error"]["docs"], format!("/docs#{code}"), "{name}");
            assert!(answer.body.len() < 3_000, "{name}: the answer has {} bytes", answer.body.len());
        }
        for method in ["PUT", "PATCH", "DELETE"] {
            for id in ["%ff", "a%00b", "%20", &"n".repeat(10_000)] {
                let path = format!("/v1/shop/products/{id}");
                let answer = server.request(method, &path, &[], b"{\"title\":\"Pot\"}");
                let status = answer.status;
                assert!(status == 400 || status == 404, "{method} {id}: {}", answer.text());
                assert!(answer.json()["error"]["message"].is_string(), "{method} {id}");
            }
        }
        assert_eq!(server.get("/v1/shop/products").text().lines().count(), 1);
    });
}

#[test]
fn unusual_but_valid_requests_are_answered_as_http_says() {
    survive("", |server| {
        let path = "/v1/shop/search?q=kettle";
        let whole = server.get(path);
        let tag = whole.header("etag").unwrap();
        let ask = |method: &str, headers: &[&str]| server.request(method, path, headers, b"");
        let part = ask("GET", &["Range: bytes=0-3"]);
        assert_eq!((part.status, part.body.len()), (200, whole.body.len()), "ranges are not served");
        let head = ask("HEAD", &[]);
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag.clone())));
        let others: String = (0..500).map(|number| format!("\"{number}\", ")).collect();
        for (name, given, status) in [
            ("the tag", tag.clone(), 304),
            ("among 500 others", format!("{others}{tag}"), 304),
            ("a weak one", format!("W/{tag}"), 304),
            ("any", "*".into(), 304),
            ("others", others.clone(), 200),
            ("a broken list", "\"\"\",,W/\"".into(), 200),
        ] {
            assert_eq!(ask("GET", &[&format!("If-None-Match: {given}")]).status, status, "{name}");
        }
        for method in ["OPTIONS", "TRACE", "CONNECT-ME", "PROPFIND"] {
            let answer = ask(method, &[]);
            assert_eq!(answer.status, if method == "OPTIONS" { 204 } else { 405 }, "{method}");
        }
        assert_eq!(ask("GET", &["Accept-Encoding: gzip;q=0, *;q=0.1, br;q=nonsense"]).status, 200);
    });
}
