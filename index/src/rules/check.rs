//! What keeps rules sound: every limit, with a message that names rule and key.

use std::sync::Arc;

use super::book::rule_terms;
use super::{Pin, Rule, Rules, Then, When};
use crate::analysis::Analyzer;
use crate::filter;
use crate::product::{ID_BYTES_MAX as PRODUCT_ID_BYTES_MAX, normalised_category, released_seconds};
use crate::request::{QUERY_CHARS_MAX, check_within};

/// Most rules. A search looks up those of its words, category and context by hash, so this bounds memory and the size
/// of an event; shops that say how many they have, have some hundreds.
pub const RULES_MAX: usize = 1_000;
/// Longest id of a rule in bytes: a name, not a text.
pub const ID_BYTES_MAX: usize = 100;
/// Longest note in characters.
pub const NOTE_CHARS_MAX: usize = 500;
/// Longest context in bytes.
pub const CONTEXT_BYTES_MAX: usize = 100;
/// Most contexts that one search states: device, segment, campaign, and room for as many again.
pub const CONTEXTS_MAX: usize = 10;
/// Most pins of one rule: a shopper who turns a third page of twenty looks for something else.
pub const PINS_MAX: usize = 50;
/// Farthest place of a pin: beyond it nobody looks.
pub const PIN_POSITION_MAX: usize = 1_000;
/// Most products that one rule hides; for more there are filters.
pub const HIDDEN_MAX: usize = 500;
/// Most boosts and most buries of one rule: each is evaluated for every product that matches.
pub const FACTORS_MAX: usize = 10;
/// Largest factor; scores of one query differ by less, so that more of it changes nothing.
pub const FACTOR_MAX: f32 = 100.0;
/// Smallest factor.
pub const FACTOR_MIN: f32 = 0.01;
/// Longest redirect in bytes: what every browser and proxy takes.
pub const REDIRECT_BYTES_MAX: usize = 2_000;

impl Rules {
    /// Refuses what no search could make sense of.
    ///
    /// # Errors
    /// A sentence that names the rule, the key and the value.
    pub fn check(&self) -> Result<(), String> {
        at_most("rules", self.0.len(), RULES_MAX)?;
        let mut ids = rustc_hash::FxHashSet::default();
        for (number, rule) in self.0.iter().enumerate() {
            check_id(number, &rule.id)?;
            if !ids.insert(rule.id.as_str()) {
                return Err(format!("rules[{number}].id is `{}`, as that of a rule before it", rule.id));
            }
            rule.check().map_err(|problem| format!("rule `{}`: {problem}", rule.id))?;
        }
        Ok(())
    }
}

fn check_id(number: usize, id: &str) -> Result<(), String> {
    if id.trim().is_empty() || id.trim() != id || id.contains(char::is_control) {
        return Err(format!("rules[{number}].id is `{id}`, expected a name without blanks around it"));
    }
    bytes_at_most(&format!("rules[{number}].id"), id, ID_BYTES_MAX)
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        self.when.check()?;
        self.then.check()?;
        let is_for_all = self.when == When::default();
        if self.then.redirect.is_some() && is_for_all {
            return Err("then.redirect would send every search away; say in `when` which".into());
        }
        let from = time("from", self.from.as_deref())?;
        let until = time("until", self.until.as_deref())?;
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            return Err("until is not after from, so the rule would never apply".into());
        }
        let chars = self.note.chars().count();
        if chars > NOTE_CHARS_MAX {
            return Err(format!("note has {chars} characters, expected at most {NOTE_CHARS_MAX}"));
        }
        Ok(())
    }
}

impl When {
    fn check(&self) -> Result<(), String> {
        match &self.query {
            Some(query) => {
                let chars = query.chars().count();
                if chars > QUERY_CHARS_MAX {
                    return Err(format!("when.query has {chars} characters, expected at most {QUERY_CHARS_MAX}"));
                }
                // Whether there are terms is the same under all settings.
                let terms = rule_terms(query, &mut Analyzer::new(Arc::default()))
                    .map_err(|problem| format!("when.query is `{query}`, {problem}"))?;
                if terms.is_empty() && !self.query_match.is_exact() {
                    return Err(format!("when.query is `{query}`, expected words"));
                }
            }
            None if !self.query_match.is_exact() => {
                return Err("when.match says how to compare, but there is no when.query".into());
            }
            None => {}
        }
        if let Some(category) = &self.category
            && normalised_category(category).is_none()
        {
            return Err(format!("when.category is `{category}`, expected a category such as `A > B`"));
        }
        if let Some(context) = &self.context {
            if context.trim().is_empty() || context.contains(',') {
                return Err(format!("when.context is `{context}`, expected a word without commas"));
            }
            bytes_at_most("when.context", context, CONTEXT_BYTES_MAX)?;
        }
        Ok(())
    }
}

impl Then {
    fn check(&self) -> Result<(), String> {
        if *self == Self::default() {
            return Err("then is empty, expected something to do".into());
        }
        at_most("then.pin", self.pin.len(), PINS_MAX)?;
        for (number, pin) in self.pin.iter().enumerate() {
            check_pin(number, pin, &self.pin[..number])?;
        }
        at_most("then.hide", self.hide.len(), HIDDEN_MAX)?;
        for (number, id) in self.hide.iter().enumerate() {
            check_product(&format!("then.hide[{number}]"), id)?;
        }
        at_most("then.boost", self.boost.len(), FACTORS_MAX)?;
        for (number, boost) in self.boost.iter().enumerate() {
            let name = format!("then.boost[{number}]");
            check_filter(&name, &boost.filter)?;
            // Also false for NaN.
            if !(boost.factor > 1.0 && boost.factor <= FACTOR_MAX) {
                return Err(format!("{name}.factor is {}, expected more than 1, at most {FACTOR_MAX}", boost.factor));
            }
        }
        at_most("then.bury", self.bury.len(), FACTORS_MAX)?;
        for (number, bury) in self.bury.iter().enumerate() {
            let name = format!("then.bury[{number}]");
            check_filter(&name, &bury.filter)?;
            if !(bury.factor >= FACTOR_MIN && bury.factor < 1.0) {
                return Err(format!("{name}.factor is {}, expected at least {FACTOR_MIN}, less than 1", bury.factor));
            }
        }
        if let Some(filter) = &self.filter {
            check_filter("then", filter)?;
        }
        self.redirect.as_deref().map_or(Ok(()), check_redirect)
    }
}

fn check_pin(number: usize, pin: &Pin, before: &[Pin]) -> Result<(), String> {
    check_product(&format!("then.pin[{number}].id"), &pin.id)?;
    if !(1..=PIN_POSITION_MAX).contains(&pin.position) {
        let position = pin.position;
        return Err(format!(
            "then.pin[{number}].position is {position}, expected a number from 1 to {PIN_POSITION_MAX}"
        ));
    }
    match before.iter().find(|other| other.id == pin.id || other.position == pin.position) {
        Some(other) if other.id == pin.id => {
            Err(format!("then.pin[{number}].id is `{}`, as that of a pin before it", pin.id))
        }
        Some(_) => Err(format!("then.pin[{number}].position is {}, as that of a pin before it", pin.position)),
        None => Ok(()),
    }
}

fn check_product(what: &str, id: &str) -> Result<(), String> {
    if id.trim().is_empty() {
        return Err(format!("{what} is `{id}`, expected the id of a product"));
    }
    bytes_at_most(what, id, PRODUCT_ID_BYTES_MAX)
}

fn check_filter(what: &str, text: &str) -> Result<(), String> {
    let filter = filter::parse(text).map_err(|error| format!("{what}.filter: {error}"))?;
    check_within(&filter).map_err(|error| format!("{what}.filter: {error}"))
}

/// A page of the shop or of the web. Anything else, such as `javascript:`, a storefront might follow without a look.
fn check_redirect(url: &str) -> Result<(), String> {
    let is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    let is_address = ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if !(is_path || is_address) || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("then.redirect is `{url}`, expected a path such as `/sale` or an address with https://"));
    }
    bytes_at_most("then.redirect", url, REDIRECT_BYTES_MAX)
}

fn time(what: &str, text: Option<&str>) -> Result<Option<f64>, String> {
    let read = |text| released_seconds(text).filter(|seconds| *seconds >= 0.0);
    let expected = "expected a date such as 2026-11-27 or a time such as 2026-11-27T09:00:00+01:00";
    text.map(|text| read(text).ok_or_else(|| format!("{what} is `{text}`, {expected}"))).transpose()
}

fn bytes_at_most(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.len() > most { Err(format!("{what} has {} bytes, expected at most {most}", text.len())) } else { Ok(()) }
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count > most { Err(format!("{what} has {count} entries, expected at most {most}")) } else { Ok(()) }
}
