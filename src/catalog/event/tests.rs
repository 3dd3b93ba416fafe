//! Events written and read back, and bytes that are no event.

use proptest::prelude::*;
use storefind_index::live::LiveFields;
use storefind_index::product::{Attribute, Product, Scalar};
use storefind_index::settings::{Language, Settings};

use super::{Event, EventError, FormerRules, PutRules, decode_live_fields, encode_live_fields};

fn product(id: &str, title: &str, price: Option<f64>, colours: &[String]) -> Product {
    let values = colours.iter().cloned().map(Scalar::Text).collect();
    let attributes = if colours.is_empty() { Vec::new() } else { vec![("colour".to_owned(), Attribute::Many(values))] };
    Product { id: id.to_owned(), title: title.to_owned(), price, attributes, ..Product::default() }
}

fn check_round_trip(event: &Event) {
    let bytes = event.encode().expect("encodes");
    assert_eq!(&Event::decode(&bytes).expect("decodes"), event);
    assert_eq!(Event::decode(&bytes).and_then(|event| event.encode()).expect("encodes again"), bytes);
}

#[test]
fn every_kind_of_event_is_read_back_as_it_was_written() {
    let german = Settings { language: Language::German, ..Settings::default() };
    check_round_trip(&Event::Upsert {
        product: Box::new(product("42", "Tea “pot” ☕", Some(9.95), &["red".into()]))
    });
    let fields = LiveFields { price: None, stock: Some(-3), in_stock: Some(false) };
    check_round_trip(&Event::Live { id: "42/é".to_owned(), fields });
    check_round_trip(&Event::Start { id: u64::MAX });
    check_round_trip(&Event::Delete { id: "42/é".to_owned() });
    check_round_trip(&Event::Settings { settings: Box::new(german) });
    let rules = r#"[{"id":"a","when":{"query":"tv"},"then":{"boost":[{"filter":"brand:LG","factor":1.3}]}}]"#;
    let rules = serde_json::from_str(rules).expect("rules");
    let former = vec![FormerRules { version: 1, put_at: 5, rules: 0 }, FormerRules { version: 2, put_at: 6, rules: 9 }];
    check_round_trip(&Event::Rules { rules: Box::new(PutRules { put_at: 7, former, rules }) });
}

#[test]
fn bytes_that_are_no_event_are_refused_with_the_reason() {
    let cases: &[(&[u8], EventError)] = &[
        (b"", EventError::Short(0)),
        (b"\x02", EventError::Short(1)),
        (b"\x01u{}", EventError::Format(1)),
        (b"\x03u{}", EventError::Format(3)),
        (b"\x02x{}", EventError::Kind(b'x')),
        (b"\x02d\xff", EventError::Id),
        (b"\x02u{\"id\":\"1\"}", EventError::Live),
        (b"\x02l\x00\x00\x00\x00\x00\x00\x00\x00", EventError::Live),
        (b"\x02o\x00", EventError::Start),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Event::decode(bytes).as_ref(), Err(expected), "{bytes:?}");
    }
    let upsert = |body: &str| [&b"\x02u"[..], &encode_live_fields(LiveFields::default()), body.as_bytes()].concat();
    assert!(matches!(Event::decode(&upsert("{")), Err(EventError::Json(_))));
    assert!(matches!(Event::decode(&upsert("{\"id\":\"1\"}")), Err(EventError::Product(_))));
    assert!(matches!(Event::decode(b"\x02s7"), Err(EventError::Json(_))));
    assert!(matches!(Event::decode(b"\x02r{}"), Err(EventError::Json(_))));
}

proptest! {
    #[test]
    fn any_product_is_read_back_as_it_was_written(
        id in "[a-zA-Z0-9/ é]{1,20}",
        title in "[\\PC]{0,40}x",
        price in proptest::option::of(0.0f64..1e9),
        colours in proptest::collection::vec("[a-z]{1,8}", 0..4),
    ) {
        prop_assume!(id.trim() == id && title.trim() == title);
        check_round_trip(&Event::Upsert { product: Box::new(product(&id, &title, price, &colours)) });
    }

    #[test]
    fn any_live_fields_are_read_back_as_they_were_written(
        price in proptest::option::of(0.0f64..1e9),
        stock in any::<Option<i64>>(),
        in_stock in any::<Option<bool>>(),
    ) {
        let fields = LiveFields { price, stock, in_stock };
        let bytes = encode_live_fields(fields);
        prop_assert_eq!(decode_live_fields(&bytes), Some((fields, &[][..])));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(Event::decode(&bytes));
        drop(Event::decode(&[b"\x02u", &bytes[..]].concat()));
    }

    #[test]
    fn a_damaged_event_never_panics(at in 0usize..40, byte in any::<u8>(), cut in 0usize..60) {
        let event = Event::Upsert { product: Box::new(product("42", "Teapot", Some(9.95), &["red".into()])) };
        let mut bytes = event.encode().expect("encodes");
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut.max(1));
        drop(Event::decode(&bytes));
    }
}
