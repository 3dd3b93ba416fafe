//! A merchandiser in the model: puts random rules that meet the shoppers' queries and the shop's products.
//!
//! Owns its own stream of chance, so that worlds without one are what they always were.

use serde_json::{Value, json};
use storefind_index::rules::Rules;

use super::shop::{BRANDS, CATEGORIES, COLORS, Random, WORDS, id};
use crate::cache::freshness::UnixMillis;

/// What some shoppers' storefront says of them.
pub(super) const CONTEXT: &str = "phone";
/// So many of a thousand steps are other rules.
const PER_MILLE: usize = 12;
/// Dates lie within so many minutes of now: the world's clock jumps as far, and an answer lives as long.
const MINUTES: usize = 12;

pub(super) struct Merchant(Random);

impl Merchant {
    pub(super) fn new(random: Random) -> Self {
        Self(random)
    }

    /// Whether it is the merchandiser's turn.
    pub(super) fn acts(&mut self) -> bool {
        self.0.below(1_000) < PER_MILLE
    }

    /// Some queries are asked from a phone.
    pub(super) fn in_context(&mut self, raw: String) -> String {
        if self.0.percent(30) { format!("{raw}&context={CONTEXT}") } else { raw }
    }

    /// Rules around `now`.
    pub(super) fn rules(&mut self, now: UnixMillis) -> Rules {
        let rules: Vec<Value> = (0..self.0.below(5)).map(|number| self.rule(number, now)).collect();
        let rules: Rules = serde_json::from_value(rules.into()).expect("rules");
        rules.check().unwrap_or_else(|problem| panic!("{rules:?}: {problem}"));
        rules
    }

    fn rule(&mut self, number: usize, now: UnixMillis) -> Value {
        let mut rule = json!({"id": format!("r{number}"), "when": self.when(), "then": self.then()});
        let offset = |random: &mut Random| (random.below(2 * MINUTES) as i64 - MINUTES as i64) * 60_000;
        let (one, other) = (offset(&mut self.0), offset(&mut self.0));
        if self.0.percent(40) {
            rule["from"] = date(now, one.min(other));
        }
        if self.0.percent(40) {
            rule["until"] = date(now, one.max(other) + 30_000);
        }
        rule
    }

    fn when(&mut self) -> Value {
        let mut when = json!({});
        let random = &mut self.0;
        if random.percent(40) {
            when["query"] = json!(random.of(WORDS));
            when["match"] = json!(random.of(&["exact", "contains", "contains", "starts_with"]));
        }
        if random.percent(20) {
            when["category"] = json!(random.of(CATEGORIES));
        }
        if random.percent(20) {
            when["context"] = json!(CONTEXT);
        }
        when
    }

    fn then(&mut self) -> Value {
        let random = &mut self.0;
        let filter = |random: &mut Random| match random.below(6) {
            0 => format!("brand:{:?}", random.of(BRANDS)),
            1 => format!("NOT color:{:?}", random.of(COLORS)),
            2 => format!("categories:{:?}", random.of(CATEGORIES)),
            3 => format!("price < {}", 5 * random.below(8)),
            4 => "in_stock:true".to_owned(),
            _ => "nobody_has_it:1 OR ram:8".to_owned(),
        };
        let mut then = json!({});
        if random.percent(60) {
            let at = random.below(3);
            then["pin"] = (1..=1 + random.below(3))
                .map(|number| json!({"id": format!("p{}", 3 * number + at), "position": number * (1 + at)}))
                .collect();
        }
        if random.percent(30) {
            then["hide"] = json!([id(random), id(random)]);
        }
        if random.percent(20) {
            then["filter"] = json!(filter(random));
        }
        if random.percent(30) {
            then["boost"] = json!([{"filter": filter(random), "factor": 3}]);
        }
        if then.as_object().is_some_and(serde_json::Map::is_empty) {
            then["bury"] = json!([{"filter": filter(random)}]);
        }
        then
    }
}

fn date(now: UnixMillis, offset_ms: i64) -> Value {
    let millis = now.0.saturating_add_signed(offset_ms);
    let time = jiff::Timestamp::from_millisecond(millis.cast_signed()).expect("a time of this century");
    json!(time.to_string())
}
