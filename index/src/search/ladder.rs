//! The ladder that a query climbs until enough is found: as typed, with mistyped words corrected and compounds split,
//! without some of its words, and from nothing with compounds split wherever their halves stand.
//!
//! Each step includes the one before it, and ranks what it adds behind. Every step that was evaluated is stated in the
//! answer's dependency, whether or not it found anything: that it found too little is what the next one hangs on.

use std::rc::Rc;

use super::Search;
use crate::analysis::Analyzer;
use crate::answer::Relaxation;
use crate::collect::run::{Collected, Collection, run};
use crate::error::IndexError;
use crate::eval::matching::Evaluation;
use crate::query::depend::{WordCorrections, variant};
use crate::query::offer::{OFFERED_BELOW, TIMES_MORE, offer};
use crate::query::plan::WordPlan;
use crate::query::relax::{Needed, Rung, rungs};
use crate::query::split::splits;
use crate::query::typo::{self, Correction};
use crate::query::wording::with_word;
use crate::switch::{Rule, is_off};

/// All that the words may have meant, one for each; `None` as typed.
type Readings = Option<Rc<[WordCorrections]>>;

/// The pass whose results are shown.
pub(super) struct Answer {
    pub(super) collected: Collected,
    pub(super) corrections: Readings,
    pub(super) needed: Needed,
    /// What was given up on the way.
    pub(super) relaxation: Vec<Relaxation>,
    /// Products with all words as typed.
    pub(super) as_typed: u64,
}

impl Search<'_> {
    /// Evaluates as typed, then wider while too little is found.
    pub(super) fn evaluate(&mut self, analyzer: &mut Analyzer) -> Result<Answer, IndexError> {
        let all = Needed::all(&self.plan);
        let mut answer = self.pass("strict", None, all)?;
        let as_typed = answer.collected.products;
        let enough = self.request.enough;
        let mut readings = None;
        if as_typed < enough {
            let read = self.readings(analyzer)?;
            let is_mistyped = read.iter().any(|word| word.budget > 0);
            if is_mistyped || read.iter().any(|word| !word.splits.is_empty()) {
                let name = if is_mistyped { "typos" } else { "splits" };
                readings = Some(Rc::from(read));
                answer = self.wider(answer, name, readings.clone(), all)?;
            }
        }
        let rungs = rungs(&self.plan);
        for rung in &rungs {
            let found = answer.collected.products;
            if found >= enough || (rung.only_from_nothing && found > 0) {
                break;
            }
            // A word may be mistyped although nothing has it beside another that is missing.
            answer = self.wider(answer, rung.name, readings.clone(), rung.needed)?;
            if answer.collected.products > found {
                answer.relaxation.push(rung.told(&self.plan));
            }
        }
        if enough > 0 && answer.collected.products == 0 {
            answer = self.apart(answer, readings.as_deref(), rungs.last())?;
        }
        self.state_facets(&answer);
        answer.collected.rank(self.snapshot, &self.collection, self.rows)?;
        Ok(Answer { as_typed, ..answer })
    }

    /// The last resort: a word written as one finds what its two words would (`gamingpc`, a PC for gaming).
    fn apart(
        &mut self,
        answer: Answer,
        readings: Option<&[WordCorrections]>,
        last: Option<&Rung>,
    ) -> Result<Answer, IndexError> {
        let Some(readings) = readings.filter(|words| words.iter().any(|word| !word.splits.is_empty())) else {
            return Ok(answer);
        };
        let apart = readings.iter().map(WordCorrections::apart).collect();
        let needed = last.map_or(Needed::all(&self.plan), |rung| rung.needed);
        let mut answer = self.wider(answer, "apart", Some(apart), needed)?;
        if answer.collected.products > 0 {
            answer.relaxation.extend(last.map(|rung| rung.told(&self.plan)));
        }
        Ok(answer)
    }

    fn wider(
        &mut self,
        before: Answer,
        name: &str,
        corrections: Readings,
        needed: Needed,
    ) -> Result<Answer, IndexError> {
        let mut wider = self.pass(name, corrections, needed)?;
        // What is found again is kept as it was, with its corrections: the wider pass ranks it the same.
        if wider.collected.products <= before.collected.products {
            return Ok(before);
        }
        wider.relaxation = before.relaxation;
        Ok(wider)
    }

    fn pass(&mut self, name: &str, corrections: Readings, needed: Needed) -> Result<Answer, IndexError> {
        let conditions = self.collection.conditions.iter();
        let selections = self.collection.selections.iter().map(|(_, condition)| condition);
        let stated = variant(name, &self.plan, corrections.as_deref(), needed, conditions.chain(selections));
        let variants = &mut self.stated.dependency.variants;
        if !is_off(Rule::Variants) || variants.is_empty() {
            variants.push(stated);
        }
        let evaluation = Evaluation { plan: &self.plan, corrections: corrections.as_deref(), needed };
        let mut collected = run(self.snapshot, &self.collection, evaluation, self.rows, self.cancel)?;
        self.stated.live.merge(std::mem::take(&mut collected.live));
        self.stated.is_live |= self.collection.is_live();
        Ok(Answer { collected, corrections, needed, relaxation: Vec::new(), as_typed: 0 })
    }

    /// Each disjunctive facet counts products that its own selection excludes.
    fn state_facets(&mut self, answer: &Answer) {
        for (at, facet) in self.collection.facets.iter().enumerate() {
            if is_off(Rule::FacetVariants) || !self.collection.selections.iter().any(|(own, _)| *own == at) {
                continue;
            }
            let others =
                self.collection.selections.iter().filter(|(own, _)| *own != at).map(|(_, condition)| condition);
            let conditions = self.collection.conditions.iter().chain(others);
            let name = format!("facet:{}", facet.name);
            let stated = variant(&name, &self.plan, answer.corrections.as_deref(), answer.needed, conditions);
            self.stated.dependency.variants.push(stated);
        }
    }

    /// The query with another word in place of a rare one, if it finds many times as much.
    pub(super) fn offer(&self, as_typed: u64) -> Result<Option<String>, IndexError> {
        if !self.request.typos || as_typed >= OFFERED_BELOW {
            return Ok(None);
        }
        let Some(offer) = offer(self.snapshot, &self.plan)? else { return Ok(None) };
        let mut plan = self.plan.clone();
        plan.words[offer.at] = WordPlan::of(&offer.text);
        let conditions = self.collection.conditions.iter();
        let selections = self.collection.selections.iter().map(|(_, condition)| condition);
        let counted = Collection {
            conditions: conditions.chain(selections).cloned().collect(),
            selections: Vec::new(),
            facets: Vec::new(),
            keys: Vec::new(),
            group: None,
            limit: 0,
            window: 0,
            arranged: self.collection.arranged.hiding(),
        };
        let evaluation = Evaluation { plan: &plan, corrections: None, needed: Needed::all(&plan) };
        let found = run(self.snapshot, &counted, evaluation, self.rows, self.cancel)?.products;
        let (typed, language) = (&self.plan.words[offer.at].text, self.snapshot.settings().language);
        Ok((found >= as_typed.max(1) * TIMES_MORE).then(|| with_word(&self.request.q, language, typed, &offer.text)))
    }

    /// All that mistyped words and words written as one may have meant.
    fn readings(&self, analyzer: &mut Analyzer) -> Result<Vec<WordCorrections>, IndexError> {
        let fields = self.snapshot.fields();
        let language = self.snapshot.settings().language;
        let found = self.plan.words.iter().map(|word| {
            let budget = if self.request.typos { word.typo_budget } else { 0 };
            let (mut words, words_cut) = typo::corrections(self.snapshot, fields.words, &word.text, budget)?;
            let (prefixes, prefixes_cut) = match &word.prefix {
                Some(prefix) => typo::corrections(self.snapshot, fields.prefix, prefix, budget)?,
                None => Default::default(),
            };
            // By itself, not by its stem: a new word would lead to products that had another form of it all the time,
            // and those were not touched (world 423 of the model test).
            let mut terms: Vec<String> = words.iter().map(|correction| correction.text.clone()).collect();
            for (meant, distance, synonym) in self.snapshot.lexicon().mistyped(&word.text, budget) {
                words.push(Correction { text: meant.to_owned(), distance, products: 0 });
                terms.push(synonym.to_owned());
            }
            let splits = splits(word, language, analyzer);
            Ok(WordCorrections { budget, splits, words, terms, prefixes, cut: words_cut || prefixes_cut })
        });
        found.collect()
    }
}
