//! What each part of the ranking gives: the settings in force against the same without it, one after the other.
//!
//! Owns the rounds and their table. Invariant: nothing but the switched-off part differs between two rounds.

use std::fmt;

use serde::Serialize;

use super::compare::{Compared, told};
use super::setting::Switch;

/// What one switch gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The switch, as the settings call it.
    pub switch: String,
    /// The figures that decide, `before` without it and `after` with it.
    pub figures: Vec<Compared>,
}

/// An ablation, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ablation {
    /// One row a switch, in the order of the settings.
    pub rows: Vec<Row>,
    /// Whether the settings have a ranking to switch off.
    pub has_ranking: bool,
}

impl Ablation {
    /// One round a switch; `round` compares the settings without it with the settings in force.
    ///
    /// # Errors
    /// The first round that fails.
    pub fn of<E>(switches: &[Switch], mut round: impl FnMut(&Switch) -> Result<Vec<Compared>, E>) -> Result<Self, E> {
        let rows = switches.iter().map(|switch| Ok(Row { switch: switch.name.clone(), figures: round(switch)? }));
        let rows = rows.collect::<Result<_, E>>()?;
        Ok(Self { rows, has_ranking: switches.iter().any(Switch::is_ranking) })
    }

    /// What is to be said where there is little to switch off.
    pub fn remark(&self) -> Option<&'static str> {
        match (self.has_ranking, self.rows.is_empty()) {
            (true, _) => None,
            (false, false) => Some("the settings have no ranking beside the words that could be switched off"),
            (false, true) => Some("the settings have neither a ranking beside the words nor synonyms to switch off"),
        }
    }
}

impl fmt::Display for Ablation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\nwhat each part gives: with it less without it, and the chance of as much by luck")?;
        if let Some(remark) = self.remark() {
            writeln!(out, "  {remark}")?;
        }
        let Some(first) = self.rows.first() else { return Ok(()) };
        write!(out, "  {:<24}", "part")?;
        first.figures.iter().try_for_each(|figure| write!(out, "  {:>22}       p", figure.name))?;
        writeln!(out)?;
        for Row { switch, figures } in &self.rows {
            write!(out, "  {switch:<24}")?;
            figures
                .iter()
                .try_for_each(|figure| write!(out, "  {:>+22.4}  {}", figure.means.change(), told(figure.p)))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::evaluate::compare::headlines;
    use crate::evaluate::judged::QueryReport;
    use crate::evaluate::metrics::QueryScores;
    use crate::evaluate::page::FirstPage;

    fn queries(strict: f64) -> Vec<QueryReport> {
        let scores = QueryScores {
            ndcg_strict: Some(strict),
            ndcg_condensed: Some(0.5),
            reciprocal_rank: None,
            recall: None,
            n_unjudged: 0,
            n_results: 1,
        };
        let query =
            |at| QueryReport { query: format!("query {at}"), scores, page: FirstPage::default(), ids: Vec::new() };
        (0..10).map(query).collect()
    }

    fn ablation(switches: &[&str]) -> Ablation {
        let switches: Vec<Switch> = switches.iter().map(|switch| Switch::named(switch)).collect();
        let strict = |switch: &Switch| if switch.name == "ranking.head" { 0.6 } else { 0.7 };
        let round = |switch: &Switch| Ok::<_, Infallible>(headlines(&queries(strict(switch)), &queries(0.7)));
        Ablation::of(&switches, round).unwrap()
    }

    #[test]
    fn what_a_part_gives_is_what_is_lost_without_it() {
        let ablation = ablation(&["ranking.head", "synonyms"]);
        let [head, synonyms] = ablation.rows.as_slice() else { panic!("two rows: {ablation:?}") };
        assert!((head.figures[0].means.change() - 0.1).abs() < 1e-12 && head.figures[0].p < 0.01);
        assert_eq!((synonyms.figures[0].means.change(), synonyms.figures[0].p), (0.0, 1.0));
        assert_eq!(head.figures.len(), 2);
        assert_eq!(ablation.remark(), None);
        assert!(ablation.to_string().contains("+0.1000"), "{ablation}");
    }

    #[test]
    fn settings_without_a_ranking_are_told() {
        assert!(ablation(&["synonyms"]).to_string().contains("no ranking beside the words"));
        assert!(ablation(&[]).to_string().contains("neither"));
    }
}
