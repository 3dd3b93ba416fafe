//! The table of connections: what one server answers a second at 1, 8, 64 and 512 connections, by sort of answer.
//!
//! Owns which answers are in the table and that each is what its name says. It refuses to compare rows of different
//! moments more than it must: all sorts are measured one after the other at one number of connections, then at the
//! next, so that a slow minute of the machine touches all of them.
//!
//! The bare row is a real axum server in a process of its own, with the bytes and headers of the memory hit.
//!
//! The contract has no way past the cache that computes the same answer (`explain=ranking` computes more), so a miss is
//! a question that nobody has asked: see [`questions`].
//!
//! Invariant: a row of hits has kept answers only, a row of misses none, or the run ends with an error.

mod questions;

use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, bail, ensure};

use crate::bare::axum::BareAxum;
use crate::client::connection::Connection;
use crate::client::{Body, Client, Request};
use crate::engine::stopped;
use crate::report::terminal::say;
use crate::result::{Header, SaturationResult, SaturationRow, ratio};
use crate::saturate::{Asked, CONNECTIONS, compared, row};
use crate::scenario::shape;
use crate::setup::Setup;
use crate::traffic::urls::Urls;
use questions::{computed_autocompletes, computed_searches};

/// Largest share of answers that may be of the other sort than their row's: a kept answer is computed again now and
/// then, because it becomes old, and two callers may ask one prefix.
const OTHER_SHARE_MAX: f64 = 0.01;
/// Times that the kept answers are asked before they must be kept.
const TRIES_MAX: u32 = 50;

/// What a row must be made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sort {
    Bare,
    Kept,
    Computed,
}

/// One sort of answer.
#[derive(Debug)]
struct Answer {
    name: String,
    sort: Sort,
    address: SocketAddr,
    asked: Rc<Asked>,
}

pub(crate) async fn connections(setup: &Setup, mut header: Header, seconds: f64) -> anyhow::Result<SaturationResult> {
    header.server_command = setup.server.as_ref().map(|server| server.command.clone());
    let (answers, _bare) = answers(setup).await?;
    let mut rows: Vec<SaturationRow> = Vec::new();
    for connections in CONNECTIONS {
        let mut bare: Option<SaturationRow> = None;
        for answer in &answers {
            say(&format!("{connections} connections: {}", answer.name));
            let Some(mut row) = row(answer.address, &answer.name, &answer.asked, connections, seconds).await? else {
                break;
            };
            if answer.sort == Sort::Bare {
                // It repeats the headers of a hit, and keeps nothing.
                row.kept = 0;
            }
            check(answer.sort, &row)?;
            match &bare {
                None => {
                    bare = Some(row.clone());
                    rows.push(row);
                }
                Some(bare) => rows.push(compared(row, bare)),
            }
        }
    }
    ensure!(!rows.is_empty() || !stopped(), "interrupted before the first row was measured");
    // Measured by connections, read by answer.
    let place = |row: &SaturationRow| answers.iter().position(|answer| answer.name == row.target);
    rows.sort_by_key(|row| (place(row), row.connections));
    Ok(SaturationResult { header, seconds, rows })
}

/// The sorts of answers, the bare one first, and the server of that one.
async fn answers(setup: &Setup) -> anyhow::Result<(Vec<Answer>, BareAxum)> {
    let scenario = &setup.scenario;
    let address = scenario.address;
    let client = Rc::clone(&setup.client);
    let urls = |facets: &str| {
        // The size of a page is what tells a question from its repetition.
        Urls::new(&scenario.catalog, &shape::Search { facets: facets.to_owned(), ..shape::Search::default() })
    };
    let facets = scenario.search.facets.as_str();
    let faceted = urls(facets);
    let popular = setup.pool.at(0).context("there are no queries")?.text.clone();
    let prefix: String = popular.chars().take(3).collect();
    let kept_search = client.request(&faceted.search(&popular, 1, None).1);
    let kept_autocomplete = client.request(&faceted.autocomplete(&prefix));
    let (head, body) = kept(address, &kept_search).await?;
    kept(address, &kept_autocomplete).await?;
    let bare = BareAxum::start(&head, &body)?;
    let searches = |urls: Urls| {
        let client = Rc::clone(&client);
        Asked::each(computed_searches(&setup.pool, urls, scenario.seed).map(move |target| client.request(&target)))
    };
    let autocompletes = {
        let client = Rc::clone(&client);
        let targets = computed_autocompletes(&setup.pool, urls(facets), scenario.seed);
        Asked::each(targets.map(move |target| client.request(&target)))
    };
    let bare_name = format!("bare axum, {} bytes", body.len());
    let answer = |name: String, sort, asked| Answer { name, sort, address, asked };
    let bare_request = Client::new(bare.address, &scenario.client).request(&faceted.search(&popular, 1, None).1);
    let answers = vec![
        Answer { address: bare.address, ..answer(bare_name, Sort::Bare, Asked::same(bare_request)) },
        answer(format!("search from memory, {} bytes", body.len()), Sort::Kept, Asked::same(kept_search)),
        answer("search, computed, no facets".to_owned(), Sort::Computed, searches(urls(""))),
        answer(format!("search, computed, facets {facets}"), Sort::Computed, searches(urls(facets))),
        answer("autocomplete from memory".to_owned(), Sort::Kept, Asked::same(kept_autocomplete)),
        answer("autocomplete, computed".to_owned(), Sort::Computed, autocompletes),
    ];
    Ok((answers, bare))
}

/// Asks until the answer is a kept one; its head and body as they came.
async fn kept(address: SocketAddr, request: &Request) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let mut connection = Connection::open(address).await?;
    for _ in 0..TRIES_MAX {
        let (answer, reusable) = connection.exchange(&request.0, Body::Kept).await?;
        ensure!(answer.head.status == 200, "status {}", answer.head.status);
        if answer.head.cache.tier.is_hit() {
            return Ok((connection.last_head().to_vec(), answer.body));
        }
        if !reusable {
            connection = Connection::open(address).await?;
        }
    }
    bail!("an answer that was asked {TRIES_MAX} times was never a kept one");
}

/// Whether a row is of its sort.
fn check(sort: Sort, row: &SaturationRow) -> anyhow::Result<()> {
    let kept = ratio(row.kept, row.latency.count).unwrap_or(0.0);
    let of_sort = match sort {
        // The bare handler repeats the headers of a hit.
        Sort::Bare => true,
        Sort::Kept => row.latency.count == 0 || kept >= 1.0 - OTHER_SHARE_MAX,
        Sort::Computed => kept <= OTHER_SHARE_MAX,
    };
    ensure!(of_sort, "{}, {} connections: {:.1} % were kept answers", row.target, row.connections, kept * 100.0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::distribution::Distribution;

    #[test]
    fn a_row_must_be_what_it_says() {
        let row = |kept: u64| SaturationRow {
            target: "x".into(),
            connections: 8,
            answered_per_second: 1.0,
            shed: 0,
            failed: 0,
            kept,
            latency: Distribution { count: 1_000, ..Distribution::default() },
            of_bare: None,
        };
        let holds = |sort, kept| check(sort, &row(kept)).is_ok();
        assert!(holds(Sort::Kept, 1_000) && holds(Sort::Kept, 990) && !holds(Sort::Kept, 989));
        assert!(holds(Sort::Computed, 0) && holds(Sort::Computed, 10) && !holds(Sort::Computed, 11));
        assert!(holds(Sort::Bare, 0) && holds(Sort::Bare, 1_000));
    }
}
