//! Figure: what share of searches does the memory tier answer while the catalog changes, beside a TTL and a cache that
//! is flushed at each publication? And why are entries stale, where they are?
//!
//! Corpus: the icecat catalog (19,406 products), 100,000 different queries made from its titles and brands (`shop`),
//! asked 300 times a second with Zipf weights (exponent 0.9), freshness bound 1 s. Changes of content are edits of a
//! product, each product as likely as any other. The log, the projector, tantivy (in memory), the stack, the memory
//! tier, the judgement and the computations are those of production; time is virtual, so computing and publishing take
//! none of it (`world`). The memory tier holds every answer.
//!
//! `STOREFIND_RUN_DIR=DIR cargo test --release --lib answer::hit_rates -- --ignored --nocapture` also writes
//! `hit-rates.csv`, `hit-rates.md` and `hit-rates.svg` there. `STOREFIND_RUN_SECONDS` is the length of the warm-up and
//! of what is measured after it, each.

mod memory;
mod plot;
mod shop;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use self::plot::{Line, plot};
use self::world::{Plan, Report, SETTINGS, Tally};
use crate::cache::freshness::StaleReason;

/// Seconds of warm-up, and as many measured.
const SECONDS: u32 = 300;
/// Changes a second, in percent of the catalog: 0.0077 % are 200 million a day on 30 million products.
const PERCENT: [f64; 5] = [0.0, 0.001, 0.0077, 0.1, 1.0];
/// The rate beside which the live changes come.
const PERCENT_WITH_LIVE: f64 = 0.0077;

/// A row of the table.
struct Row {
    name: String,
    plan: Plan,
}

#[test]
#[ignore = "a figure: minutes of both cores, to be run by name"]
fn hit_rates() {
    let seconds = std::env::var("STOREFIND_RUN_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let products = shop::products();
    let queries = shop::queries(&products);
    let of_catalog = |percent: f64| percent / 100.0 * products.len() as f64;
    let plan = Plan { content: 0.0, live: 0.0, filtered: 0, warm_up_seconds: seconds, seconds };
    let row = |percent| Row { name: format!("{percent} %"), plan: Plan { content: of_catalog(percent), ..plan } };
    let mut rows = Vec::from(PERCENT.map(row));
    let live = Plan { content: of_catalog(PERCENT_WITH_LIVE), live: 50.0, filtered: 20, ..plan };
    rows.push(Row { name: format!("{PERCENT_WITH_LIVE} %, 50 prices/s, 20 % filtered by price"), plan: live });
    // The longest first, on two cores.
    rows.sort_by(|a, b| (b.plan.content + b.plan.live).total_cmp(&(a.plan.content + a.plan.live)));
    let (waiting, done) = (Mutex::new(rows.iter().enumerate()), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let Some((at, row)) = waiting.lock().expect("no panic").next() else { return };
            let began = Instant::now();
            let report = world::run(&row.plan, &products, &queries);
            eprintln!("{}: {:?}\n{report:?}", row.name, began.elapsed());
            done.lock().expect("no panic").insert(at, report);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let done = done.into_inner().expect("no panic");
    let mut results: Vec<(&Row, Report)> = rows.iter().zip(done.into_values()).collect();
    results.sort_by(|(a, _), (b, _)| (a.plan.live + a.plan.content).total_cmp(&(b.plan.live + b.plan.content)));
    results.sort_by(|(a, _), (b, _)| a.plan.live.total_cmp(&b.plan.live));
    let (markdown, csv) = (markdown(&results, seconds), csv(&results));
    println!("{markdown}\n{csv}");
    if let Some(dir) = std::env::var_os("STOREFIND_RUN_DIR") {
        for (name, text) in [("hit-rates.md", &markdown), ("hit-rates.csv", &csv), ("hit-rates.svg", &drawn(&results))]
        {
            std::fs::write(Path::new(&dir).join(name), text).expect("the folder is there");
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn markdown(results: &[(&Row, Report)], seconds: u32) -> String {
    let mut text = format!(
        "Hit rates in percent, {seconds} s after {seconds} s of warm-up.\n\n| changes a second | events in it | \
         publications | this, exact words | this, prefix and typos | TTL 1 s | flush at publication |\n| --- | ---: | \
         ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (row, report) in results {
        let [exact, fuzzy] = report.tallies.each_ref().map(|tally| share(tally.hits, tally.requests));
        let requests = report.tallies[0].requests;
        let (ttl, flush) = (share(report.ttl_hits, requests), share(report.flush_hits, requests));
        let Report { events, publications, .. } = report;
        let name = &row.name;
        // A text is always written.
        let _ =
            writeln!(text, "| {name} | {events} | {publications} | {exact:.1} | {fuzzy:.1} | {ttl:.1} | {flush:.1} |");
    }
    text.push_str("\nStale outcomes, and why; shares of the stale ones in percent.\n\n| changes a second | asked | ");
    text.push_str("clauses an answer | hits in the grace, % of hits | stale, % of requests | ");
    let names: Vec<_> = StaleReason::ALL.iter().map(|reason| reason.as_str()).collect();
    let lines = "---: | ".repeat(names.len());
    let _ = writeln!(text, "{} |\n| --- | --- | ---: | ---: | ---: | {lines}", names.join(" | "));
    for (row, report) in results {
        for ((setting, _), tally) in SETTINGS.iter().zip(&report.tallies) {
            let stale: u64 = tally.stale.iter().sum();
            let shares: Vec<_> = tally.stale.iter().map(|count| format!("{:.2}", share(*count, stale))).collect();
            let clauses = tally.clauses as f64 / tally.computed.max(1) as f64;
            let (graced, stale) = (share(tally.graced, tally.hits), share(stale, tally.requests));
            let (name, shares) = (&row.name, shares.join(" | "));
            let _ = writeln!(text, "| {name} | {setting} | {clauses:.1} | {graced:.1} | {stale:.2} | {shares} |");
        }
    }
    text
}

fn csv(results: &[(&Row, Report)]) -> String {
    let reasons: Vec<_> = StaleReason::ALL.iter().map(|reason| reason.as_str()).collect();
    let mut text = format!(
        "content_per_second,live_per_second,percent_filtered_by_price,asked,requests,hits,graced,absent,ttl_hits,\
         flush_hits,publications,events,{}\n",
        reasons.join(",")
    );
    for (Row { plan, .. }, report) in results {
        for ((setting, _), tally) in SETTINGS.iter().zip(&report.tallies) {
            let Tally { requests, hits, graced, absent, stale, .. } = tally;
            let stale: Vec<_> = stale.iter().map(u64::to_string).collect();
            let Report { ttl_hits, flush_hits, publications, events, .. } = report;
            let Plan { content, live, filtered, .. } = plan;
            let _ = writeln!(
                text,
                "{content},{live},{filtered},{setting},{requests},{hits},{graced},{absent},{ttl_hits},{flush_hits},\
                 {publications},{events},{}",
                stale.join(",")
            );
        }
    }
    text
}

fn drawn(results: &[(&Row, Report)]) -> String {
    let content: Vec<_> = results.iter().filter(|(row, _)| row.plan.live == 0.0).collect();
    let places: Vec<_> = content.iter().map(|(row, _)| row.name.clone()).collect();
    let of = |name: &'static str, colour, rate: &dyn Fn(&Report) -> f64| {
        let rates = content.iter().map(|(_, report)| rate(report)).collect();
        Line { name, colour, rates }
    };
    let lines = [
        of("this scheme, exact words", "#0b6e4f", &|report| share(report.tallies[0].hits, report.tallies[0].requests)),
        of("this scheme, prefix and typos", "#6ab187", &|report| {
            share(report.tallies[1].hits, report.tallies[1].requests)
        }),
        of("TTL of 1 s", "#c1440e", &|report| share(report.ttl_hits, report.tallies[0].requests)),
        of("flush at each publication", "#3b5b92", &|report| share(report.flush_hits, report.tallies[0].requests)),
    ];
    plot("Hit rate, 300 searches/s, bound 1 s", "catalog changed per second", &places, &lines)
}
