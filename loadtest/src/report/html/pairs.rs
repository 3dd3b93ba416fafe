//! The page of two scenarios in turns.
//!
//! Owns its order. It refuses to hide a pair: each is a point.
//!
//! Invariant: what must be known before believing a ratio comes before the ratios' details.

use super::{caveats, escaped, note, plots, scenario, section, tables};
use crate::report::{pairs_caveats, pairs_verdict, rows};
use crate::result::pairs::PairsResult;

pub(super) fn body(pairs: &PairsResult) -> String {
    let verdict = format!("<p class=\"verdict\">{}</p>", escaped(&pairs_verdict(pairs)));
    let breakers = rows::breakers(pairs);
    let breakers = if breakers.1.is_empty() { String::new() } else { tables::shared(breakers) };
    let b_server = pairs.b_server_command.as_deref().unwrap_or("not started by this program");
    [
        section("In short", &[verdict, tables::shared(rows::measures(pairs))]),
        section("Read this first", &[caveats::pairs(&pairs_caveats(pairs), &pairs.header)]),
        section("Each pair", &[if pairs.claimed() { plots::ratios(pairs) } else { String::new() }]),
        section("Faults", &[breakers]),
        section("Each run", &[tables::shared(rows::runs(pairs))]),
        section("Scenario A", &[scenario(&pairs.a)]),
        section("Scenario B", &[note(&format!("Server: {b_server}")), scenario(&pairs.b)]),
    ]
    .concat()
}
