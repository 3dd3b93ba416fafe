//! What keeps settings sound, so that a slip of the pen does not spoil a shop: weights that a ranking can use, lists with
//! an end. A message names the key and the value.

use super::{Autocomplete, Ranking, Settings, Synonym, Weights};
use crate::request::FACETS_MAX;

/// Highest weight of a field: a hundred times the default of the title decides every order already.
const WEIGHT_MAX: f32 = 300.0;
/// Highest weight of what counts beside the words: ten times the text decides every order already.
const FACTOR_MAX: f32 = 10.0;
/// Most synonym rules. Each query word looks its rules up by hash, so this bounds memory, not time.
const SYNONYMS_MAX: usize = 10_000;
/// Most alternatives of one rule: each becomes part of the query's clause.
const ALTERNATIVES_MAX: usize = 20;
/// Longest text of an alternative or stop word in bytes.
const WORDS_BYTES_MAX: usize = 100;
/// Most stop words: languages have a few hundred.
const STOP_WORDS_MAX: usize = 1_000;
/// Most blocked words and phrases: the long lists that go around have some thousand.
const BLOCKED_MAX: usize = 5_000;
/// The most that `autocomplete.min_sessions` can ask for: the server tells so many apart for each query.
pub const SESSIONS_TOLD_APART_MAX: u32 = 50;

impl Settings {
    /// Refuses what no search could make sense of.
    ///
    /// # Errors
    /// A sentence that names the key and the value.
    pub fn check(&self) -> Result<(), String> {
        check_weights(&self.searchable)?;
        check_ranking(&self.ranking)?;
        at_most("facets", self.facets.len(), FACETS_MAX)?;
        for (number, facet) in self.facets.iter().enumerate() {
            if facet.is_empty() || self.facets[..number].contains(facet) {
                return Err(format!("facets[{number}] is `{facet}`, expected a field that is not named before"));
            }
        }
        at_most("synonyms", self.synonyms.len(), SYNONYMS_MAX)?;
        self.synonyms.iter().enumerate().try_for_each(|(number, synonym)| check_synonym(number, synonym))?;
        at_most("stop_words", self.stop_words.len(), STOP_WORDS_MAX)?;
        for (number, word) in self.stop_words.iter().enumerate() {
            check_words(&format!("stop_words[{number}]"), word)?;
            if word.trim().contains(char::is_whitespace) {
                return Err(format!("stop_words[{number}] is `{word}`, expected a single word"));
            }
        }
        check_autocomplete(&self.autocomplete)?;
        Ok(())
    }
}

fn check_autocomplete(autocomplete: &Autocomplete) -> Result<(), String> {
    at_most("autocomplete.blocked", autocomplete.blocked.len(), BLOCKED_MAX)?;
    for (number, phrase) in autocomplete.blocked.iter().enumerate() {
        check_words(&format!("autocomplete.blocked[{number}]"), phrase)?;
    }
    match autocomplete.min_sessions {
        1..=SESSIONS_TOLD_APART_MAX => Ok(()),
        other => Err(format!(
            "autocomplete.min_sessions is {other}, expected a whole number from 1 to {SESSIONS_TOLD_APART_MAX}"
        )),
    }
}

fn check_weights(weights: &Weights) -> Result<(), String> {
    let named = [
        ("title", weights.title),
        ("brand", weights.brand),
        ("categories", weights.categories),
        ("sku", weights.sku),
        ("attributes", weights.attributes),
        ("description", weights.description),
    ];
    for (name, weight) in named {
        // Also false for NaN.
        if !(0.0..=WEIGHT_MAX).contains(&weight) {
            return Err(format!("searchable.{name} is {weight}, expected a number from 0 to {WEIGHT_MAX}"));
        }
    }
    if named.iter().all(|(_, weight)| *weight == 0.0) {
        return Err("searchable has no field with a weight above 0, so that nothing could be found".into());
    }
    Ok(())
}

fn check_ranking(ranking: &Ranking) -> Result<(), String> {
    let Ranking { head, kind, name, popularity, sold_out } = *ranking;
    let limited = [
        ("head", head, FACTOR_MAX),
        ("kind", kind, FACTOR_MAX),
        ("name", name, FACTOR_MAX),
        ("popularity", popularity, FACTOR_MAX),
        // More would turn the score of what is sold out below nothing.
        ("sold_out", sold_out, 1.0),
    ];
    for (name, weight, most) in limited {
        if !(0.0..=most).contains(&weight) {
            return Err(format!("ranking.{name} is {weight}, expected a number from 0 to {most}"));
        }
    }
    Ok(())
}

fn check_synonym(number: usize, synonym: &Synonym) -> Result<(), String> {
    if !(0.0..=1.0).contains(&synonym.weight) {
        return Err(format!("synonyms[{number}].weight is {}, expected a number from 0 to 1", synonym.weight));
    }
    let least = if synonym.from.is_some() { 1 } else { 2 };
    if synonym.to.len() < least {
        return Err(format!("synonyms[{number}].to has {} entries, expected at least {least}", synonym.to.len()));
    }
    at_most(&format!("synonyms[{number}].to"), synonym.to.len(), ALTERNATIVES_MAX)?;
    if let Some(from) = &synonym.from {
        check_words(&format!("synonyms[{number}].from"), from)?;
    }
    synonym.to.iter().try_for_each(|to| check_words(&format!("synonyms[{number}].to"), to))
}

fn check_words(what: &str, words: &str) -> Result<(), String> {
    if words.trim().is_empty() {
        return Err(format!("{what} is `{words}`, expected a word"));
    }
    if words.len() > WORDS_BYTES_MAX {
        return Err(format!("{what} has {} bytes, expected at most {WORDS_BYTES_MAX}", words.len()));
    }
    Ok(())
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count > most { Err(format!("{what} has {count} entries, expected at most {most}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<Settings, String> {
        let settings: Settings = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
        settings.check().map(|()| settings)
    }

    fn check(body: &Value, part: &str) {
        match read(body) {
            Ok(_) => panic!("{body} was taken"),
            Err(message) => assert!(message.contains(part), "`{message}` lacks `{part}`"),
        }
    }

    #[test]
    fn each_bad_setting_is_named_with_its_value() {
        check(&json!({"colour": 1}), "unknown field `colour`");
        check(&json!({"searchable": {"titel": 1}}), "unknown field `titel`");
        check(&json!({"language": "klingon"}), "klingon");
        check(&json!({"searchable": {"title": -1}}), "searchable.title is -1");
        check(&json!({"searchable": {"title": 301}}), "searchable.title is 301");
        check(&json!({"searchable": {"title": 1e39}}), "searchable.title is inf");
        check(&json!({"searchable": {}}), "nothing could be found");
        check(&json!({"ranking": {"head": -1}}), "ranking.head is -1");
        check(&json!({"ranking": {"kind": 11}}), "ranking.kind is 11");
        check(&json!({"ranking": {"sold_out": 1.1}}), "ranking.sold_out is 1.1");
        check(&json!({"ranking": {"price": 1}}), "unknown field `price`");
        check(&json!({"facets": ["brand", "brand"]}), "facets[1] is `brand`");
        check(&json!({"facets": vec!["x"; 33]}), "facets has 33 entries");
        check(&json!({"synonyms": [{"to": ["a"]}]}), "synonyms[0].to has 1 entries");
        check(&json!({"synonyms": [{"from": "", "to": ["a"]}]}), "synonyms[0].from");
        check(&json!({"synonyms": [{"to": ["a", "b"], "weight": 1.5}]}), "synonyms[0].weight is 1.5");
        check(&json!({"synonyms": [{"to": vec!["a"; 21]}]}), "synonyms[0].to has 21 entries");
        check(&json!({"synonyms": vec![json!({"to": ["a", "b"]}); 10_001]}), "synonyms has 10001 entries");
        check(&json!({"stop_words": ["the best"]}), "stop_words[0] is `the best`");
        check(&json!({"stop_words": ["x".repeat(101)]}), "stop_words[0] has 101 bytes");
        check(&json!({"stop_words": vec!["x"; 1_001]}), "stop_words has 1001 entries");
        check(&json!({"autocomplete": {"block": []}}), "unknown field `block`");
        check(&json!({"autocomplete": {"blocked": [" "]}}), "autocomplete.blocked[0] is ` `");
        check(&json!({"autocomplete": {"blocked": vec!["x"; 5_001]}}), "autocomplete.blocked has 5001 entries");
        check(&json!({"autocomplete": {"min_sessions": 0}}), "autocomplete.min_sessions is 0");
        check(&json!({"autocomplete": {"min_sessions": 51}}), "autocomplete.min_sessions is 51");
    }

    #[test]
    fn settings_at_their_limits_are_taken() {
        let facets: Vec<_> = (0..FACETS_MAX).map(|number| format!("f{number}")).collect();
        for body in [
            json!({}),
            json!({"facets": facets}),
            json!({"searchable": {"title": 300, "brand": 0}}),
            json!({"synonyms": [{"to": vec!["a"; 20], "weight": 0}]}),
            json!({"stop_words": vec!["x".repeat(100); 1_000]}),
            json!({"autocomplete": {"blocked": vec!["x"; 5_000], "min_sessions": 1}}),
            json!({"autocomplete": {"min_sessions": 50}}),
        ] {
            assert!(read(&body).is_ok(), "{body}");
        }
    }
}
