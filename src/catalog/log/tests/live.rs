//! Live events: when a change becomes one, what it leaves of a product, and how they are pruned.

use super::*;

fn live(id: &str, price: Option<Option<f64>>, stock: Option<Option<i64>>) -> Change {
    Change::Live { id: id.to_owned(), price, stock }
}

fn priced(title: &str, price: f64, stock: i64) -> Product {
    Product { price: Some(price), stock: Some(stock), ..product("a", title) }
}

fn fields(log: &Log) -> Vec<(String, u64, LiveFields)> {
    let mut told = Vec::new();
    log.for_each_live(&mut |id, sequence, fields| told.push((id.to_owned(), sequence, fields))).expect("reads");
    told
}

#[test]
fn a_live_change_names_all_live_fields_and_leaves_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let changes = vec![
        Change::Upsert(Product { in_stock: Some(false), ..priced("Kettle", 9.5, 0) }),
        live("a", None, Some(Some(4))),
        live("a", Some(Some(8.0)), None),
        live("a", Some(None), Some(None)),
    ];
    assert_eq!(outcomes(&log, changes), [Ok(2), Ok(3), Ok(4), Ok(5)]);
    let live_events: Vec<_> = log.read_after(2, ALL).expect("reads").events;
    let live_fields = |price, stock| LiveFields { price, stock, in_stock: Some(false) };
    let expected = [(3, (Some(9.5), Some(4))), (4, (Some(8.0), Some(4))), (5, (None, None))];
    for ((sequence, event), (expected, (price, stock))) in live_events.into_iter().zip(expected) {
        let fields = live_fields(price, stock);
        assert_eq!((sequence, event), (expected, Ok(Event::Live { id: "a".to_owned(), fields })));
    }
    let expected = Product { in_stock: Some(false), ..product("a", "Kettle") };
    assert_eq!(log.product("a").expect("reads"), Some((5, expected.clone())));
    assert_eq!(log.export(None, 9).expect("exports"), [expected]);
    assert_eq!(fields(&log), [("a".to_owned(), 5, live_fields(None, None))]);
    drop(log);
    let log = open(dir.path());
    assert_eq!(fields(&log), [("a".to_owned(), 5, live_fields(None, None))]);
    assert_eq!(outcomes(&log, vec![live("a", None, Some(Some(1)))]), [Ok(7)]);
}

#[test]
fn a_live_change_of_nobody_or_to_no_price_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let one = Some(Some(1.0));
    let changes = vec![
        live("a", one, None),
        upsert("a", "Kettle"),
        live("a", Some(Some(-1.0)), None),
        live("a", Some(Some(f64::NAN)), None),
        live("a", one, None),
        delete("a"),
        live("a", one, None),
    ];
    let unknown = refused(Refusal::UNKNOWN_PRODUCT);
    let no_price = refused("invalid_price");
    let expected = [unknown.clone(), Ok(2), no_price.clone(), no_price, Ok(3), Ok(4), unknown];
    assert_eq!(outcomes(&log, changes), expected);
    assert_eq!(fields(&log), []);
}

#[test]
fn a_change_of_live_fields_only_is_a_live_event_however_it_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let changes = vec![
        Change::Upsert(priced("Kettle", 9.5, 3)),
        Change::Upsert(priced("Kettle", 9.0, 3)),
        Change::Upsert(priced("Kettle", 9.0, 3)),
        patch("a", json!({"stock": 2})),
        live("a", Some(Some(9.0)), Some(Some(2))),
        live("a", None, None),
        patch("a", json!({"stock": null, "price": null, "title": "Kettle"})),
        upsert("a", "Kettle"),
        patch("a", json!({"stock": 1, "title": "Urn"})),
        upsert("a", "Urn"),
    ];
    let expected = [2, 3, 3, 4, 4, 4, 5, 5, 6, 7].map(Ok);
    assert_eq!(outcomes(&log, changes), expected);
    assert_eq!(events_after(&log, 1), ["2+a=Kettle", "3~a", "4~a", "5~a", "6+a=Urn", "7~a"]);
}

#[test]
fn superseded_live_events_go_and_an_upsert_ends_both_kinds() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let stock = |stock| live("a", None, Some(Some(stock)));
    log.append(vec![upsert("a", "1"), stock(1), stock(2), stock(3)]).expect("appends");
    prune(&log, 5, 5);
    assert_eq!(events_after(&log, 0), ["1!", "2+a=1", "5~a"]);
    assert_eq!(log.product("a").expect("reads"), Some((5, Product { stock: Some(3), ..product("a", "1") })));
    log.append(vec![upsert("a", "2"), stock(4)]).expect("appends");
    prune(&log, 7, 6);
    assert_eq!(events_after(&log, 0), ["1!", "6+a=2", "7~a"]);
    log.append(vec![delete("a")]).expect("appends");
    prune(&log, 8, 8);
    assert_eq!(events_after(&log, 0), ["1!"]);
    assert_eq!(outcomes(&log, vec![stock(1)]), [refused(Refusal::UNKNOWN_PRODUCT)]);
}
