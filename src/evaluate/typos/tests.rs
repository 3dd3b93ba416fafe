//! The measure over shops that correct well, not at all, and too much.

use std::convert::Infallible;

use super::*;
use crate::evaluate::Found;

fn query(text: &str) -> Query {
    Query { text: text.to_owned(), popularity: 1.0, hits: None, categories: Vec::new() }
}

fn product(id: &str, title: &str) -> Found {
    Found { id: id.to_owned(), title: Some(title.to_owned()), ..Found::default() }
}

fn answer(found: Vec<Found>, corrected: Option<&str>) -> Result<Answer, Infallible> {
    Ok(Answer { found, corrected: corrected.map(str::to_owned), relaxed: false })
}

#[test]
fn a_shop_that_always_knows_keeps_every_best_product() {
    let queries = [query("headphones"), query("desk lamp"), query("tea")];
    let report = run(&queries, Keyboard::Qwerty, 7, |_, limit| {
        assert_eq!(limit, DEPTH);
        answer(vec![product("1", "Headphones")], None)
    });
    let report = report.unwrap();
    // `tea` is too short for any error, `desk` and `lamp` for two.
    assert_eq!((report.of_edits(1).n_queries, report.of_edits(2).n_queries), (2, 1));
    assert_eq!((report.of_edits(1).share(), report.of_edits(2).share()), (1.0, 1.0));
    assert_eq!((report.lost.len(), report.n_numbers, report.n_false), (0, 0, 0));
    let lamp = report.rows.iter().find(|row| row.edits == 1 && row.letters == "4").unwrap();
    assert_eq!(lamp.n_queries, 1);
}

#[test]
fn a_shop_that_corrects_nothing_loses_them_and_says_which() {
    let report = run(&[query("headphones"), query("nothing here")], Keyboard::Qwerty, 7, |query, _| match query {
        "headphones" => answer(vec![product("1", "Headphones")], None),
        _ => answer(Vec::new(), None),
    });
    let report = report.unwrap();
    // What finds nothing when it is typed rightly has no best product to lose.
    assert_eq!((report.of_edits(1).n_queries, report.of_edits(1).n_kept, report.of_edits(1).n_empty), (1, 0, 1));
    assert_eq!(report.lost.len(), 2);
    assert!(report.to_string().contains("headphones typed h"), "{report}");
}

#[test]
fn a_number_that_is_corrected_is_a_false_correction() {
    let report = run(&[query("toner CF283A")], Keyboard::Qwerty, 7, |query, _| {
        let corrected = (query == "CF283A").then_some("CF280A");
        answer(vec![product("1", "Toner CF283A"), product("2", "Toner CF284A")], corrected)
    });
    let report = report.unwrap();
    let said = FalseCorrection { typed: "CF283A".into(), taken_for: "CF280A".into() };
    assert!(report.false_corrections.contains(&said), "{report}");
    assert_eq!(report.n_false, report.false_corrections.len());
}

#[test]
fn a_wrong_digit_that_still_finds_the_model_is_a_false_correction() {
    let loose = |_: &str, _: usize| answer(vec![product("1", "Toner CF283A")], None);
    let report = run(&[query("toner")], Keyboard::Qwerty, 7, loose).unwrap();
    let [wrong] = report.false_corrections.as_slice() else { panic!("one false correction: {report}") };
    assert_eq!(wrong.taken_for, "CF283A");
    // The model as it is and with a wrong digit.
    assert_eq!((report.n_numbers, report.n_false), (2, 1));

    // Who is told that words are missing is not misled.
    let honest = |query: &str, _: usize| {
        let relaxed = query.starts_with("CF") && query != "CF283A";
        answer(vec![product("1", "Toner CF283A")], None).map(|answer| Answer { relaxed, ..answer })
    };
    let report = run(&[query("toner")], Keyboard::Qwerty, 7, honest).unwrap();
    assert_eq!((report.n_false, report.n_partial), (0, 1));

    let strict = |query: &str, _: usize| match query {
        query if query.starts_with("CF") && query != "CF283A" => answer(Vec::new(), None),
        _ => answer(vec![product("1", "Toner CF283A")], None),
    };
    let report = run(&[query("toner")], Keyboard::Qwerty, 7, strict).unwrap();
    assert_eq!((report.n_numbers, report.n_false, report.n_partial), (2, 0, 0));
    assert!(report.to_string().contains("numbers taken for another: 0 of 2"), "{report}");
}

#[test]
fn letters_beside_a_number_may_be_corrected() {
    let report = run(&[query("samsung s7")], Keyboard::Qwerty, 7, |_, _| {
        answer(vec![product("1", "Samsung phone")], Some("samsung s7"))
    });
    assert_eq!((report.as_ref().unwrap().n_false, report.unwrap().n_numbers), (0, 3));
}
