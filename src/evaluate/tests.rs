//! The figures, by hand and against the reference; judgments and the report.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::judged::{Report, run};
use super::judgments::{Judgments, RATING_MAX};
use super::metrics::{QueryScores, Summary, discounted_gain, ideal_gain};
use super::{Answer, EvaluateError, Found, RESULTS_MAX, SearchError};

fn ratings(pairs: &[(&str, u8)]) -> HashMap<String, u8> {
    pairs.iter().map(|&(id, rating)| (id.to_owned(), rating)).collect()
}

fn found(ids: &[&str]) -> Answer {
    let found = |id: &str| Found { id: id.to_owned(), title: Some(format!("title of {id}")), ..Found::default() };
    Answer { found: ids.iter().map(|id| found(id)).collect(), ..Answer::default() }
}

fn evaluate<E: Into<SearchError>>(
    path: &Path,
    search: impl FnMut(&str, usize) -> Result<Answer, E>,
) -> Result<Report, EvaluateError> {
    run(&Judgments::read(path)?, search)
}

fn judgments_file(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("judgments.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn gain_doubles_with_the_rating_and_falls_with_the_rank() {
    assert!(close(discounted_gain([3]), 7.0));
    assert!(close(discounted_gain([0, 1]), 1.0 / 3f64.log2()));
    assert!(close(discounted_gain([2, 0, 1]), 3.0 + 0.5));
    assert!(close(discounted_gain([]), 0.0));
}

#[test]
fn only_the_first_ten_count() {
    let mut ratings = vec![0; 10];
    ratings.push(3);
    assert!(close(discounted_gain(ratings), 0.0));
    assert!(close(ideal_gain([1; 30]), ideal_gain([1; 10])));
}

#[test]
fn the_best_order_has_an_ndcg_of_one() {
    let ratings = ratings(&[("a", 1), ("b", 3), ("c", 0)]);
    let scores = QueryScores::of(&["b", "a"], &ratings);
    assert_eq!(scores.ndcg_strict, Some(1.0));
    assert_eq!(scores.ndcg_condensed, Some(1.0));
    assert!(QueryScores::of(&["a", "b"], &ratings).ndcg_strict < Some(1.0));
}

#[test]
fn an_unjudged_result_costs_the_strict_figure_only() {
    let scores = QueryScores::of(&["stranger", "b"], &ratings(&[("b", 3)]));
    assert!(close(scores.ndcg_strict.unwrap(), 1.0 / 3f64.log2()));
    assert_eq!(scores.ndcg_condensed, Some(1.0));
    assert_eq!((scores.n_unjudged, scores.n_results), (1, 2));
    assert_eq!(scores.reciprocal_rank, Some(0.5));
}

#[test]
fn recall_is_the_share_of_relevant_products_that_were_found() {
    let scores = QueryScores::of(&["a", "x", "a"], &ratings(&[("a", 1), ("b", 3), ("x", 0)]));
    assert_eq!(scores.recall, Some(0.5));
    assert_eq!(QueryScores::of(&["x"], &ratings(&[("x", 0)])).recall, None);
}

#[test]
fn condensed_looks_beyond_the_first_ten_results() {
    let strangers: Vec<String> = (0..50).map(|number| format!("stranger {number}")).collect();
    let mut ids: Vec<&str> = strangers.iter().map(String::as_str).collect();
    ids.push("b");
    let scores = QueryScores::of(&ids, &ratings(&[("b", 3)]));
    assert_eq!((scores.ndcg_strict, scores.ndcg_condensed), (Some(0.0), Some(1.0)));
    assert_eq!(scores.n_unjudged, 10);
}

#[test]
fn a_query_without_a_relevant_product_is_left_out_of_the_means_only() {
    let good = QueryScores::of(&["a"], &ratings(&[("a", 2)]));
    let hopeless = QueryScores::of(&["x"], &ratings(&[("a", 0)]));
    let empty = QueryScores::of(&[], &ratings(&[("a", 1)]));
    assert_eq!((hopeless.ndcg_strict, hopeless.reciprocal_rank), (None, None));
    let summary = Summary::of([good, hopeless, empty].iter());
    assert_eq!((summary.n_queries, summary.n_scored, summary.n_empty), (3, 2, 1));
    assert!(close(summary.ndcg_strict, 0.5) && close(summary.mrr, 0.5));
    assert!(close(summary.unjudged_at_10, 1.0 / 3.0) && close(summary.zero_result_rate(), 1.0 / 3.0));
}

#[test]
fn means_over_nothing_are_zero() {
    let summary = Summary::of(std::iter::empty());
    assert_eq!((summary.n_queries, summary.ndcg_strict, summary.unjudged_at_10), (0, 0.0, 0.0));
    assert_eq!(summary.zero_result_rate(), 0.0);
}

#[test]
fn the_later_of_two_ratings_counts_and_columns_may_stand_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = "rating,note,docid,query\n0,,a,\"red, shoes\"\n3,,a,\"red, shoes\"\n";
    let path = judgments_file(folder.path(), text);
    let report = evaluate(&path, |query, limit| {
        assert_eq!((query, limit), ("red, shoes", RESULTS_MAX));
        Ok::<_, Infallible>(found(&["a"]))
    });
    assert_eq!(report.unwrap().summary.ndcg_strict, 1.0);
}

#[test]
fn bad_judgments_are_refused_with_line_and_value() {
    let check = |text: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = judgments_file(folder.path(), text);
        let error = evaluate(&path, |_, _| Ok::<_, Infallible>(Answer::default()));
        let message = error.unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("judgments.csv"), "{message}");
    };
    check("query,docid,rating\na,1,2\na,2,good\n", "line 3: rating `good` is not a whole number from 0 to 10");
    check("query,docid,rating\na,1,-1\n", "line 2: rating `-1`");
    check(&format!("query,docid,rating\na,1,{}\n", RATING_MAX + 1), "rating `11`");
    check("query,product,rating\na,1,2\n", "column `docid` is missing; there are: query, product, rating");
    check("query,docid,rating\n", "has no judgments");
    check("query,docid,rating\na,1\n", "cannot read");
}

#[test]
fn a_failed_search_ends_the_evaluation_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = judgments_file(folder.path(), "query,docid,rating\nlaptop,1,2\n");
    let error = evaluate(&path, |_, _| Err(io::Error::other("refused"))).unwrap_err();
    assert!(matches!(&error, EvaluateError::Search { query, .. } if query == "laptop"), "{error}");
}

#[test]
fn the_report_lists_the_worst_queries_with_their_first_titles() {
    let folder = tempfile::tempdir().unwrap();
    let text = "query,docid,rating\ngood,a,3\nbad,b,3\nmiddling,c,3\nhopeless,d,0\n";
    let path = judgments_file(folder.path(), text);
    let report = evaluate(&path, |query, _| {
        Ok::<_, Infallible>(match query {
            "good" => found(&["a"]),
            "middling" => found(&["x", "c"]),
            _ => found(&["x", "y"]),
        })
    });
    let report = report.unwrap();
    let worst: Vec<_> = report.worst().iter().map(|query| query.query.as_str()).collect();
    assert_eq!(worst, ["bad", "middling"]);
    let text = report.to_string();
    assert!(text.contains("nDCG@10 strict       0.5436"), "{text}");
    assert!(text.contains("1. title of x\n"), "{text}");
}

/// The project's reference for these figures.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tools/ndcg.py");

/// A run and judgments at random: unjudged, repeated and missing results, hopeless queries, odd characters.
fn random_case(random: &mut ChaCha8Rng) -> (String, HashMap<String, Vec<String>>) {
    let mut csv = "query,docid,rating\n".to_owned();
    let mut results = HashMap::new();
    for number in 0..random.random_range(1..30) {
        let query = format!("query {number}, \"é\"");
        let quoted = query.replace('"', "\"\"");
        let best = random.random_range(0..4);
        // One positive rating at least, or the reference divides by zero.
        let certain = if number == 0 { 3 } else { 0 };
        csv.push_str(&format!("\"{quoted}\",0,{certain}\n"));
        for docid in 1..random.random_range(2..40) {
            csv.push_str(&format!("\"{quoted}\",{docid},{}\n", random.random_range(0..=best)));
        }
        let n_results = if random.random_bool(0.1) { 0 } else { random.random_range(1..=RESULTS_MAX) };
        results.insert(query, (0..n_results).map(|_| random.random_range(0..80).to_string()).collect());
    }
    (csv, results)
}

#[test]
fn figures_agree_with_the_reference_to_the_fourth_digit() {
    assert!(Path::new(REFERENCE).exists(), "{REFERENCE} is missing: this test compares with it");
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let (csv, results) = random_case(&mut random);
        let path = judgments_file(folder.path(), &csv);
        let run_file = folder.path().join("run.json");
        let report = evaluate(&path, |query, _| {
            let ids: Vec<&str> = results[query].iter().map(String::as_str).collect();
            Ok::<_, Infallible>(found(&ids))
        });
        let report = report.unwrap();
        report.write_run(&run_file).unwrap();
        let summary = report.summary;

        let output = Command::new("python3").arg(REFERENCE).arg(&path).arg("--").arg(&run_file).output();
        let output = output.expect("python3 runs the reference; install the package python3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let expected = format!(
            "queries {}  ndcg@10 {:.4}  condensed {:.4}  empty {}  unjudged@10 {:.2}",
            summary.n_scored, summary.ndcg_strict, summary.ndcg_condensed, summary.n_empty, summary.unjudged_at_10
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected);
    }
}
