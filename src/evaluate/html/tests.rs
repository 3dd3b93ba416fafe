//! The page: what it shows, in which order, and that nothing from outside gets out of its place.

use std::convert::Infallible;

use super::*;
use crate::evaluate::evaluation::About;
use crate::evaluate::judgments::Judgments;
use crate::evaluate::{Answer, Found, judged};

/// Three queries: the first loses its product to a stranger, the second stays, the third gains.
const JUDGMENTS: &str = "query,docid,rating\nlosing,a,3\nlosing,b,1\nlevel,a,2\ngaining,a,3\nhopeless,a,0\n";

fn product(id: &str) -> Found {
    Found {
        id: id.to_owned(),
        title: Some(format!("Product <{id}> & \"more\"")),
        brand: Some("Brand".into()),
        price: Some(4.5),
        image: Some(format!("https://pictures.example/{id}.jpg?a=1&b=\"2\"")),
        ..Found::default()
    }
}

fn report(found: impl Fn(&str) -> Vec<Found>) -> (Judgments, judged::Report) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("judgments.csv");
    std::fs::write(&path, JUDGMENTS).unwrap();
    let judgments = Judgments::read(&path).unwrap();
    let answer = |query: &str| Answer {
        found: found(query),
        corrected: (query == "level").then(|| "levels".into()),
        relaxed: query == "level",
    };
    let report = judged::run(&judgments, |query, _| Ok::<_, Infallible>(answer(query))).unwrap();
    (judgments, report)
}

fn evaluation() -> Evaluation {
    let (judgments, before) = report(|query| match query {
        "losing" => vec![product("a"), product("b")],
        "gaining" => vec![product("stranger")],
        _ => vec![product("a")],
    });
    let (_, after) = report(|query| match query {
        "losing" => vec![product("stranger"), product("a")],
        _ => vec![product("a")],
    });
    let about = About {
        catalog: "<shop>".into(),
        queries: "judgments.csv".into(),
        version: "0",
        setting: "new.json".into(),
        against: Some("plain".into()),
    };
    let comparison = Some(Comparison::of("plain", &before.queries, &after.queries));
    let best_rating = judgments.best_rating();
    Evaluation {
        about,
        measured: Measured::Judged { report: after, baseline: Some(before), best_rating },
        comparison,
        ablation: None,
        typos: None,
        completions: None,
    }
}

fn place(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("no `{text}` in\n{page}"))
}

#[test]
fn queries_stand_in_the_order_of_their_change() {
    let page = page(&evaluation(), Pictures::Placeholders);
    let places = ["<h3>losing</h3>", "<h3>level</h3>", "<h3>gaining</h3>"].map(|heading| place(&page, heading));
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.contains("<h3>hopeless</h3>"), "no order of it is better than another");
    assert!(page.contains("1 query lacks the figure nDCG@10 strict"), "{page}");
    assert!(page.contains("nDCG@10 strict: "), "the verdict is told in words");
    assert!(page.contains("id=\"folds\""), "{page}");
}

#[test]
fn what_moved_is_told_beside_what_the_judge_says() {
    let page = page(&evaluation(), Pictures::Placeholders);
    let losing = &page[place(&page, "<h3>losing</h3>")..place(&page, "<h3>level</h3>")];
    let after = &losing[place(losing, "After: new.json")..];
    assert!(after.contains("not judged</span><span class=\"moved\">new"), "{after}");
    assert!(after.contains("3 of 3</span><span class=\"moved\">was 1"), "{after}");
    let level = &page[place(&page, "<h3>level</h3>")..place(&page, "<h3>gaining</h3>")];
    assert!(level.contains("The same on both sides") && !level.contains("Before:"), "{level}");
    assert!(level.contains("corrected to “levels”, some words missing, 1 result<"), "{level}");
}

#[test]
fn nothing_from_outside_is_taken_for_markup() {
    for pictures in [Pictures::Placeholders, Pictures::Linked] {
        let page = page(&evaluation(), pictures);
        assert!(page.contains("Product &lt;a&gt; &amp; &quot;more&quot;"), "{page}");
        assert!(page.contains("<h1>&lt;shop&gt;</h1>"), "{page}");
        assert!(!page.contains("<a>") && !page.contains("<shop>"), "{page}");
    }
}

#[test]
fn pictures_are_loaded_only_where_they_are_asked_for() {
    let bare = page(&evaluation(), Pictures::Placeholders);
    assert!(!bare.contains("://") && bare.contains("img-src 'none'") && !bare.contains("<img"), "{bare}");
    let linked = page(&evaluation(), Pictures::Linked);
    assert!(linked.contains("src=\"https://pictures.example/a.jpg?a=1&amp;b=&quot;2&quot;\""), "{linked}");
    assert!(linked.contains("img-src https: http:"), "{linked}");
}

#[test]
fn where_results_were_cut_there_may_be_more() {
    let all = |n: usize| move |_: &str| (0..n).map(|number| product(&number.to_string())).collect();
    let mut evaluation = evaluation();
    for (n, told, cell) in [(99, "99 results<", "<td>99</td>"), (100, "100 results or more<", "<td>100+</td>")] {
        evaluation.measured = Measured::Judged { report: report(all(n)).1, baseline: None, best_rating: 3 };
        let page = page(&evaluation, Pictures::Placeholders);
        assert!(page.contains(told) && page.contains(cell), "{n}: {page}");
    }
}

#[test]
fn without_a_comparison_the_worst_query_comes_first() {
    let mut evaluation = evaluation();
    let Measured::Judged { baseline, .. } = &mut evaluation.measured else { panic!("judged above") };
    *baseline = None;
    evaluation.comparison = None;
    let page = page(&evaluation, Pictures::Placeholders);
    assert!(place(&page, "<h3>losing</h3>") < place(&page, "<h3>level</h3>"));
    assert!(!page.contains("Before:") && !page.contains("id=\"folds\""), "{page}");
}
