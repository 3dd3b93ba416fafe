//! What is told of days, and what is not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::learn::event::Act;

const DAY: u64 = 86_400_000;
const START: u64 = 20_000 * DAY;

fn range(days: u64) -> Range {
    Range { from: Day::of(START), to: Day::of(START + (days - 1) * DAY) }
}

fn report(analytics: &Analytics, days: u64, limit: usize) -> Value {
    serde_json::to_value(analytics.report(range(days), limit)).unwrap()
}

fn deeds(analytics: &mut Analytics, query: &str, act: Act, times: u64, time: u64) {
    let query = Arc::new(Query::of(query).unwrap());
    for session in 0..times {
        analytics.deed(&Counted { query: Arc::clone(&query), act, session, time, position: 2 });
    }
}

fn answered(analytics: &mut Analytics, query: &str, times: u32, found_nothing: bool, corrected: &str) {
    let corrected = corrected.to_owned();
    analytics.answered(&Answered { time: START, query: query.into(), times, found_nothing, corrected });
}

fn queries(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|query| query["query"].as_str().unwrap()).collect()
}

#[test]
fn lists_are_in_their_order_and_days_have_their_sums() {
    let mut analytics = Analytics::default();
    answered(&mut analytics, "Kettle", 50, false, "");
    answered(&mut analytics, "unicorn", 7, true, "");
    answered(&mut analytics, "labtop", 5, false, "laptop");
    deeds(&mut analytics, "kettle", Act::Search, 20, START);
    deeds(&mut analytics, "kettle", Act::Click, 10, START);
    deeds(&mut analytics, "tea pot", Act::Search, 60, START + DAY);
    deeds(&mut analytics, "tea pot", Act::Click, 3, START + DAY);
    deeds(&mut analytics, "labtop", Act::Search, 4, START);
    deeds(&mut analytics, "unicorn", Act::Search, 12, START);
    analytics.withheld(START, 1);
    let told = report(&analytics, 2, 10);
    assert_eq!(queries(&told["top"]), ["tea pot", "kettle", "unicorn", "labtop"]);
    assert_eq!(queries(&told["zero_results"]), ["unicorn"]);
    assert_eq!(queries(&told["low_clicks"]), ["tea pot", "kettle"]);
    assert_eq!(queries(&told["typos"]["queries"]), ["labtop"]);
    assert_eq!(told["typos"]["queries"][0]["corrected_to"], "laptop");
    assert_eq!(
        told["typos"]["corrected"],
        json!({"queries": 1, "answered": 5, "searches": 4, "clicks": 0, "click_rate": 0.0})
    );
    assert_eq!(told["typos"]["uncorrected"]["click_rate"], json!(0.141));
    let kettle = &told["top"][1];
    assert_eq!((&kettle["answered"], &kettle["searches"], &kettle["clicks"]), (&json!(50), &json!(20), &json!(10)));
    assert_eq!((&kettle["click_rate"], &kettle["mean_position"]), (&json!(0.5), &json!(2.0)));
    let first = &told["days"][0];
    assert_eq!((&first["answered"], &first["found_nothing"], &first["withheld"]), (&json!(62), &json!(7), &json!(1)));
    assert_eq!((&first["day"], &told["days"][1]["searches"]), (&json!("2024-10-04"), &json!(60)));
    assert_eq!(queries(&report(&analytics, 1, 1)["top"]), ["kettle"], "one day, one line");
}

#[test]
fn what_too_few_asked_for_counts_and_is_not_named() {
    let mut analytics = Analytics::default();
    answered(&mut analytics, "jane doe", SHOWN_MIN as u32 - 1, true, "");
    deeds(&mut analytics, "john doe", Act::Search, SHOWN_MIN - 1, START);
    let told = report(&analytics, 1, 10);
    assert!(!told.to_string().contains("doe"), "{told}");
    assert_eq!((&told["days"][0]["queries"], &told["days"][0]["found_nothing"]), (&json!(2), &json!(2)));
    deeds(&mut analytics, "john doe", Act::Search, 1, START);
    assert_eq!(queries(&report(&analytics, 1, 10)["top"]), ["john doe"]);
}

#[test]
fn days_that_are_not_kept_are_forgotten() {
    let mut analytics = Analytics::default();
    deeds(&mut analytics, "kettle", Act::Search, 5, START);
    deeds(&mut analytics, "kettle", Act::Search, 5, START + DAY);
    analytics.forget_before(Day::of(START + DAY));
    assert_eq!(report(&analytics, 2, 10)["top"][0]["searches"], 5);
}

#[test]
fn an_event_that_comes_late_or_early_costs_today_nothing_and_a_day_that_is_not_kept_takes_none() {
    let mut analytics = Analytics::default();
    let today = START + 3 * DAY;
    analytics.forget_before(Day::of(START + DAY));
    let many = table::PAST_QUERIES_MAX as u64 + 10;
    for number in 0..many {
        deeds(&mut analytics, &format!("query {number}"), Act::Search, 1, today);
    }
    let held = |analytics: &Analytics| {
        let told = report(analytics, 10, 10);
        let days = told["days"].as_array().unwrap().iter();
        let held = |day: &Value| (day["day"].as_str().unwrap().to_owned(), day["queries"].as_u64().unwrap());
        days.map(held).collect::<Vec<_>>()
    };
    let day = |time: u64| Day::of(time).to_string();
    for (time, days) in [
        (START, vec![(today, many)]),
        (START + DAY, vec![(START + DAY, 1), (today, many)]),
        (today + DAY, vec![(START + DAY, 1), (today, many), (today + DAY, 1)]),
        (
            today + 2 * DAY,
            vec![(START + DAY, 1), (today, table::PAST_QUERIES_MAX as u64), (today + DAY, 1), (today + 2 * DAY, 1)],
        ),
    ] {
        deeds(&mut analytics, "kettle", Act::Search, 1, time);
        let expected: Vec<(String, u64)> = days.into_iter().map(|(time, held)| (day(time), held)).collect();
        assert_eq!(held(&analytics), expected, "after an event of {}", day(time));
    }
}
