//! Entries of every shape there and back, and bytes that nobody should have to trust.

use std::sync::LazyLock;

use proptest::prelude::*;
use storefind_index::live::{Live, LiveFields};

use super::*;
use crate::answer::render::live_fields;

/// Products that the reading node knows, each with live values of its own; every third is sold out.
const KNOWN: usize = 12;

static LIVE: LazyLock<LiveTable> = LazyLock::new(|| {
    let live = LiveTable::default();
    for n in 0..KNOWN {
        let ordinal = live.ordinal_or_new(&id(n)).expect("room");
        let stock = if sold_out(n) { 0 } else { 5 };
        live.set(ordinal, 100 + n as u64, LiveFields { price: Some(n as f64), stock: Some(stock), in_stock: None });
    }
    live
});

fn id(n: usize) -> String {
    format!("product-{n}")
}

fn sold_out(n: usize) -> bool {
    n.is_multiple_of(3)
}

/// An entry as an answer would have it: content, and live fields as they stood when it was computed.
fn entry(key: &str, stamp: Stamp, dependency: Dependency, cost: Duration, parts: &[(String, Option<usize>)]) -> Entry {
    let (mut text, mut holes) = (Vec::new(), Vec::new());
    for (content, product) in parts {
        text.extend_from_slice(content.as_bytes());
        let Some(n) = product else { continue };
        let live = Live { price: Some(0.5), stock: Some(1), in_stock: !sold_out(*n) };
        let shows = LiveShown { price: true, stock: n % 2 == 0, in_stock: true };
        let start = text.len() as u32;
        text.extend_from_slice(&live_fields(&live, shows, n % 2 == 1));
        holes.push(Hole {
            place: start..text.len() as u32,
            id: id(*n).into(),
            ordinal: Some(7),
            version: 3,
            in_stock: live.in_stock,
            shows,
            follows_content: n % 2 == 1,
        });
    }
    let proof = Arc::new(Proof::new(dependency, LiveDependency::None));
    let key = Arc::new(Key::new(key.to_owned()));
    Entry::new(key, stamp, proof, cost, Body::new(text, holes), Arc::default())
}

fn read(value: &Bytes, key: &Arc<Key>, stock: Stock) -> Result<Entry, Outcome> {
    let decoded = decode(value, key).map_err(Outcome::Miss)?;
    decoded.assemble(Arc::clone(key), &LIVE, live_fields, stock, Arc::default())
}

#[test]
fn prices_are_filled_in_beside_a_product_that_sold_out_only_where_stock_may_differ() {
    // As of the answer all could be bought; product 0 cannot any more.
    let (mut text, mut holes) = (Vec::new(), Vec::new());
    for n in [0, 1] {
        let start = text.len() as u32;
        let live = Live { price: Some(0.5), stock: Some(1), in_stock: true };
        let shows = LiveShown { price: true, stock: true, in_stock: true };
        text.extend_from_slice(&live_fields(&live, shows, false));
        let (place, ordinal) = (start..text.len() as u32, LIVE.ordinal(&id(n)));
        holes.push(Hole {
            place,
            id: id(n).into(),
            ordinal,
            version: 3,
            in_stock: true,
            shows,
            follows_content: false,
        });
    }
    let body = Body::new(text, holes);
    assert!(body.refilled(&LIVE, live_fields, Stock::MustAgree).is_none());
    let filled = body.refilled(&LIVE, live_fields, Stock::MayDiffer).expect("filled in");
    let text = String::from_utf8(filled.text().to_vec()).expect("JSON");
    assert!(text.contains("\"price\":1.0") && !text.contains("0.5") && text.contains("false"), "{text}");
}

/// What two nodes must agree on, in a form that can be compared.
fn shared(entry: &Entry) -> impl PartialEq + std::fmt::Debug {
    let stamp = format!("{:?}", entry.stamp());
    let holes: Vec<_> = entry.body().holes().iter().map(|hole| (hole.id.clone(), hole.in_stock, hole.shows)).collect();
    (entry.key().text().to_owned(), stamp, entry.proof().dependency().clone(), entry.cost(), holes, content(entry))
}

/// The body without what stands in its holes.
fn content(entry: &Entry) -> Vec<u8> {
    let (mut content, mut copied) = (Vec::new(), 0);
    for hole in entry.body().holes() {
        content.extend_from_slice(&entry.body().text()[copied..hole.place.start as usize]);
        content.push(0);
        copied = hole.place.end as usize;
    }
    content.extend_from_slice(&entry.body().text()[copied..]);
    content
}

prop_compose! {
    fn stamps()(
        as_of: u64, live_as_of: u64, start: u64, at: u64, spread: u64, until in prop::option::of(any::<u64>()),
    ) -> Stamp {
        let stamp = Stamp::new(as_of, UnixMillis(at), spread);
        Stamp { live_as_of, start, valid_until: until.map(UnixMillis), ..stamp }
    }
}

fn dependencies() -> impl Strategy<Value = Dependency> {
    let clause = prop::collection::vec("[a-z]{1,8}:[a-z ]{0,12}", 0..4).prop_map(|terms| Clause { terms });
    let variant = (any::<String>(), prop::collection::vec(clause, 0..4), any::<prop::sample::Index>())
        .prop_map(|(name, clauses, required)| Variant { name, required: required.index(clauses.len() + 1), clauses });
    prop::collection::vec(variant, 0..4).prop_map(|variants| Dependency { variants })
}

fn bodies() -> impl Strategy<Value = Vec<(String, Option<usize>)>> {
    prop::collection::vec((".{0,300}", prop::option::of(0..KNOWN)), 0..12)
}

prop_compose! {
    fn entries()(
        key: String, stamp in stamps(), dependency in dependencies(), cost: u32, parts in bodies(),
    ) -> Entry {
        entry(&key, stamp, dependency, Duration::from_nanos(u64::from(cost)), &parts)
    }
}

/// One of a fair size, compressed.
fn example() -> Entry {
    let clause = |term: &str| Clause { terms: vec![term.to_owned()] };
    let strict = Variant { name: "strict".into(), required: 2, clauses: vec![clause("word:red"), clause("stem:shoe")] };
    let head = |n: usize| format!("{{\"id\":\"{}\",\"title\":\"A red shoe, number {n}\"", id(n)).repeat(3);
    let parts: Vec<_> = (1..10).map(|n| (head(n), Some(n))).collect();
    let stamp = Stamp::new(4_711, UnixMillis(1_700_000_000_000), 42);
    entry(
        "search/v2/shop/1?q=red+shoe",
        stamp,
        Dependency { variants: vec![strict] },
        Duration::from_micros(650),
        &parts,
    )
}

#[test]
fn live_values_are_those_of_the_reader() {
    let entry = example();
    let value = encode(&entry).expect("suited");
    let found = read(&value, entry.key(), Stock::MustAgree).expect("whole");
    let text = String::from_utf8(found.body().text().to_vec()).expect("text");
    assert!(text.contains(r#","price":5.0,"in_stock":true"#) && !text.contains(r#""price":0.5"#), "{text}");
    let versions: Vec<_> = found.body().holes().iter().map(|hole| hole.version).collect();
    assert_eq!(versions, (101..110).collect::<Vec<_>>());
    assert_eq!(found.fold(), found.body().current_fold(&LIVE));
}

#[test]
fn every_flipped_byte_and_every_cut_is_a_miss() {
    let entry = example();
    let value = encode(&entry).expect("suited");
    for at in 0..value.len() {
        for flip in [1_u8, 0x80, 0xff] {
            let mut damaged = value.to_vec();
            damaged[at] ^= flip;
            let expected = match at {
                0..4 => MissReason::NotOurs,
                4 => MissReason::OtherFormat,
                _ => MissReason::Damaged,
            };
            assert_eq!(decode(&damaged.into(), entry.key()).err(), Some(expected), "byte {at} ^ {flip}");
        }
        assert!(decode(&value.slice(..at), entry.key()).is_err(), "cut at {at}");
    }
    let longer = [&value, &b"x"[..]].concat();
    assert_eq!(decode(&longer.into(), entry.key()).err(), Some(MissReason::Damaged));
}

#[test]
fn another_key_format_or_program_is_told_apart() {
    let entry = example();
    let value = encode(&entry).expect("suited");
    let other = Key::with_hash(entry.key().hash(), "search/v2/shop/1?q=blue+shoe");
    assert_eq!(decode(&value, &other).err(), Some(MissReason::OtherKey));
    let mut newer = value.to_vec();
    newer[MAGIC.len()] = FORMAT + 1;
    assert_eq!(decode(&newer.into(), entry.key()).err(), Some(MissReason::OtherFormat));
    for foreign in [&b""[..], b"O:8:\"stdClass\":0:{}", b"Sfn"] {
        assert_eq!(decode(&Bytes::from_static(foreign), entry.key()).err(), Some(MissReason::NotOurs));
    }
}

#[test]
fn a_product_that_the_reader_never_saw_is_a_miss_and_one_that_sold_out_is_stale() {
    let stamp = Stamp::new(1, UnixMillis(0), 1);
    let of = |n| entry("k", stamp, Dependency::default(), Duration::ZERO, &[("{".into(), Some(n)), ("}".into(), None)]);
    let unknown = of(KNOWN);
    let value = encode(&unknown).expect("suited");
    let outcome = read(&value, unknown.key(), Stock::MayDiffer).err();
    assert_eq!(outcome, Some(Outcome::Miss(MissReason::UnknownProduct)));
    let changed = of(1);
    let mut body = changed.body().holes().to_vec();
    body[0].in_stock = false;
    let changed = changed.refilled(Body::new(changed.body().text().to_vec(), body));
    let value = encode(&changed).expect("suited");
    let outcome = read(&value, changed.key(), Stock::MustAgree).err();
    assert_eq!(outcome, Some(Outcome::Stale(StaleReason::StockChanged)));
    assert!(read(&value, changed.key(), Stock::MayDiffer).is_ok());
}

#[test]
fn an_answer_that_live_fields_decide_is_not_encoded() {
    let stamp = Stamp::new(1, UnixMillis(0), 1);
    for live in [LiveDependency::Any, LiveDependency::Products(vec![1])] {
        let proof = Arc::new(Proof::new(Dependency::default(), live));
        let body = Body::new(b"{}".to_vec(), Vec::new());
        let entry = Entry::new(Arc::new(Key::new("k".into())), stamp, proof, Duration::ZERO, body, Arc::default());
        assert_eq!(encode(&entry).err(), Some(Unsuited::Live));
    }
}

/// What does not compress; deterministic.
fn noise(bytes: usize) -> String {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + (state >> 33) as u8 % 95)
    };
    (0..bytes).map(next).collect()
}

#[test]
fn what_is_too_large_is_not_encoded() {
    let stamp = Stamp::new(1, UnixMillis(0), 1);
    let of = |text: String| entry("k", stamp, Dependency::default(), Duration::ZERO, &[(text, None)]);
    // Printable noise shrinks by a sixth or so.
    assert_eq!(encode(&of(noise(VALUE_BYTES_MAX * 3 / 2))).err(), Some(Unsuited::TooLarge));
    assert!(encode(&of(noise(VALUE_BYTES_MAX / 2))).is_ok());
    assert_eq!(encode(&of("{\"a\":1}".repeat(PAYLOAD_BYTES_MAX / 7))).err(), Some(Unsuited::TooLarge));
}

#[test]
fn a_value_cannot_claim_more_than_its_bytes_justify() {
    let bomb = zstd::bulk::compress(&vec![0; 1 << 20], ZSTD_LEVEL).expect("memory");
    assert!(bomb.len() * EXPANSION_MAX < 1 << 20, "{} bytes", bomb.len());
    assert_eq!(open(&with_header(ZSTD, 1 << 20, &bomb)).err(), Some(MissReason::Damaged));
    assert_eq!(open(&with_header(ZSTD, u32::MAX, &bomb)).err(), Some(MissReason::TooLarge));
    // A claim that it may make, and that is not true.
    assert_eq!(open(&with_header(ZSTD, 100, &bomb)).err(), Some(MissReason::Damaged));
    // Its own writer stays within the claim: it stores such a payload as it is.
    let stamp = Stamp::new(1, UnixMillis(0), 1);
    let uniform = entry("k", stamp, Dependency::default(), Duration::ZERO, &[(" ".repeat(100_000), None)]);
    let value = encode(&uniform).expect("suited");
    assert!(read(&value, uniform.key(), Stock::MustAgree).is_ok());
}

#[test]
fn what_decoding_handles_is_known_before_anything_is_unpacked() {
    let claims = |length: usize| with_header(ZSTD, length as u32, b"stored");
    let own = claims(0).len();
    for (claimed, expected) in [(0, own), (own, own), (own + 1, own + 1)] {
        assert_eq!(bytes_to_handle(&claims(claimed)), expected, "{claimed}");
    }
    assert_eq!(bytes_to_handle(&claims(PAYLOAD_BYTES_MAX)), PAYLOAD_BYTES_MAX);
    // Refused as it is read.
    assert_eq!(bytes_to_handle(&claims(PAYLOAD_BYTES_MAX + 1)), own);
    let whole = claims(PAYLOAD_BYTES_MAX);
    for cut in 0..HEADER_BYTES {
        assert_eq!(bytes_to_handle(&whole[..cut]), cut);
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(entry in entries()) {
        let value = encode(&entry).expect("suited");
        let found = read(&value, entry.key(), Stock::MustAgree).expect("the same entry");
        prop_assert_eq!(shared(&found), shared(&entry));
        // What was read can be passed on, and is the same again.
        let again = encode(&found).expect("suited");
        prop_assert_eq!(again, value);
    }

    #[test]
    fn arbitrary_bytes_are_a_miss(bytes in prop::collection::vec(any::<u8>(), 0..400), behind_magic: bool) {
        let value = if behind_magic { [&MAGIC[..], &[FORMAT], &bytes].concat() } else { bytes };
        prop_assert!(decode(&value.into(), &Key::new("k".into())).is_err());
    }

    /// Behind a right checksum, so that the parser itself is reached.
    #[test]
    fn an_arbitrary_payload_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), zstd: bool) {
        let key = Arc::new(Key::new("k".into()));
        let payload = [&[1, b'k'][..], &bytes].concat();
        let stored = if zstd { zstd::bulk::compress(&payload, 1).expect("memory") } else { payload.clone() };
        let value = with_header(u8::from(zstd), payload.len() as u32, &stored);
        drop(read(&value, &key, Stock::MayDiffer));
    }

    /// The same with a real payload in which some bytes are others: most of it parses.
    #[test]
    fn an_altered_payload_behind_a_right_checksum_never_panics(
        entry in entries(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let value = encode(&entry).expect("suited");
        let mut payload = open(&value).expect("whole").to_vec();
        for (at, byte) in flips {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        let value = with_header(PLAIN, payload.len() as u32, &payload);
        drop(read(&value, entry.key(), Stock::MayDiffer));
    }
}
