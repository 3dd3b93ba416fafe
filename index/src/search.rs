//! Answers one search: resolve, plan, evaluate in widening variants, collect, show.
//!
//! Words that say a price are read as a condition first; if nothing is found so, as the words that they are
//! (`query::price`). Either way the query climbs the `ladder`.

mod ladder;

use tantivy::DocAddress;

use crate::analysis::Analyzer;
use crate::answer::{Hit, Interpreted, LiveDependency, LiveShown, SearchPage};
use crate::collect::arranged::Arranged;
use crate::collect::facets::FacetPlan;
use crate::collect::group::GroupField;
use crate::collect::run::{Collection, LiveMatches};
use crate::collect::sort::resolve_keys;
use crate::collect::top::Placed;
use crate::dependency::Dependency;
use crate::error::IndexError;
use crate::eval::matching::Evaluation;
use crate::eval::score::{SegmentScorer, Statistics};
use crate::highlight::Highlighter;
use crate::live::{LiveFields, LiveRows, Row};
use crate::query::fields::{assumed, resolve};
use crate::query::filter::Condition;
use crate::query::parse::parse;
use crate::query::plan::{QueryPlan, plan};
use crate::query::{price, wording};
use crate::rank::Factors;
use crate::request::{FACETS_MAX, RESULT_WINDOW_MAX, SearchRequest};
use crate::rules::Arrangement;
use crate::snapshot::{CancelCheck, Snapshot};
use crate::store::stored::Stored;
use ladder::Answer;

/// Evaluations that live changes may spoil before one keeps every row that it reads. Each learns which products change
/// too fast for it; keeping all rows of a large catalog takes several times as long as one evaluation.
const EVALUATIONS_MAX: usize = 3;

/// Answers one search.
pub(crate) fn search(
    snapshot: &Snapshot,
    request: &SearchRequest,
    arrangement: &Arrangement,
    cancel: CancelCheck<'_>,
) -> Result<SearchPage, IndexError> {
    let mut rows = LiveRows::new(snapshot.live(), snapshot.sequence());
    for _ in 0..EVALUATIONS_MAX {
        let page = search_with(snapshot, request, arrangement, &rows, cancel)?;
        if !rows.is_torn() {
            return Ok(page);
        }
        rows = rows.again(snapshot.sequence());
    }
    search_with(snapshot, request, arrangement, &LiveRows::keeping(snapshot.live()), cancel)
}

fn search_with(
    snapshot: &Snapshot,
    request: &SearchRequest,
    arrangement: &Arrangement,
    rows: &LiveRows<'_>,
    cancel: CancelCheck<'_>,
) -> Result<SearchPage, IndexError> {
    let mut analyzer = Analyzer::new(std::sync::Arc::clone(snapshot.settings()));
    let typed = parse(&request.q, snapshot.settings().language);
    let mut stated = Stated::default();
    if let Some(reading) = price::read(&typed, snapshot.settings().language) {
        let narrowed = reading.narrowed(request);
        let plan = plan(&reading.rest, snapshot.lexicon(), &mut analyzer, request.prefix);
        let collection = arranged_collection(snapshot, &narrowed, arrangement, cancel)?;
        let mut search = Search { snapshot, request, arrangement, collection, plan, rows, cancel, stated };
        let answer = search.evaluate(&mut analyzer)?;
        if answer.collected.products > 0 {
            return search.show(answer, Some(reading.told));
        }
        // That nothing was found so is what the answer depends on, too.
        stated = search.stated;
    }
    let collection = arranged_collection(snapshot, request, arrangement, cancel)?;
    let plan = plan(&typed, snapshot.lexicon(), &mut analyzer, request.prefix);
    let mut search = Search { snapshot, request, arrangement, collection, plan, rows, cancel, stated };
    let answer = search.evaluate(&mut analyzer)?;
    search.show(answer, None)
}

/// What the passes so far say that the answer depends on.
#[derive(Default)]
struct Stated {
    dependency: Dependency,
    live: LiveMatches,
    /// Whether any of them asked live fields.
    is_live: bool,
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    request: &'a SearchRequest,
    arrangement: &'a Arrangement,
    collection: Collection,
    plan: QueryPlan,
    rows: &'a LiveRows<'a>,
    cancel: CancelCheck<'a>,
    stated: Stated,
}

impl Search<'_> {
    fn show(mut self, mut answer: Answer, interpreted: Option<Interpreted>) -> Result<SearchPage, IndexError> {
        self.stated.dependency.variants.extend(self.collection.arranged.variants());
        let (corrected, did_you_mean) = match self.request.tells_wording {
            true => self.wording(&answer)?,
            false => (None, None),
        };
        let from = (self.request.page - 1) * self.request.per_page;
        let evaluation =
            Evaluation { plan: &self.plan, corrections: answer.corrections.as_deref(), needed: answer.needed };
        let marks = (self.request.highlight_pre.as_str(), self.request.highlight_post.as_str());
        let mut highlighter =
            Highlighter::new(self.snapshot.settings(), &self.plan, answer.corrections.as_deref(), marks);
        let mut hits = Vec::with_capacity(self.request.per_page);
        let best = self.collection.arranged.place(std::mem::take(&mut answer.collected.best));
        for placed in best.iter().skip(from).take(self.request.per_page) {
            hits.push(self.hit(placed, evaluation, &mut highlighter)?);
        }
        if self.stated.is_live && !self.collection.is_live() {
            // A reading that asked live fields found nothing. What live fields decide is served as it was assembled, so
            // those of the products that are shown instead must count, too.
            let mut shown = LiveMatches::default();
            hits.iter().for_each(|hit| shown.add(hit.ordinal));
            self.stated.live.merge(shown);
        }
        let counters = answer.collected.counters.into_iter().zip(&self.collection.facets);
        let facets = counters.map(|(counter, plan)| counter.finish(plan, self.request.facet_limit)).collect();
        let live = match (self.stated.is_live, self.stated.live.cut) {
            (false, _) => LiveDependency::None,
            (true, false) => LiveDependency::Products(self.stated.live.ordinals),
            (true, true) => LiveDependency::Any,
        };
        Ok(SearchPage {
            live,
            total: answer.collected.total,
            total_products: self.collection.group.is_some().then_some(answer.collected.products),
            corrected,
            did_you_mean,
            interpreted,
            relaxed: !answer.relaxation.is_empty(),
            relaxation: answer.relaxation,
            hits,
            facets,
            dependency: self.stated.dependency,
        })
    }

    /// What is told of other words: those by which the first hit was found, or else those that may have been meant.
    fn wording(&self, answer: &Answer) -> Result<(Option<String>, Option<String>), IndexError> {
        // What is pinned says nothing of what the words mean.
        let first = answer.collected.best.iter().find(|placed| placed.candidate.relevance.pin == 0);
        if let Some(first) = first {
            let at = (first.segment, first.candidate.doc);
            let (corrections, relaxed) = (answer.corrections.as_deref(), !answer.relaxation.is_empty());
            let corrected = wording::corrected(self.snapshot, &self.request.q, &self.plan, corrections, at, relaxed)?;
            if corrected.is_some() {
                return Ok((corrected, None));
            }
        }
        Ok((None, self.offer(answer.as_typed)?))
    }

    fn hit(
        &self,
        placed: &Placed,
        evaluation: Evaluation<'_>,
        highlighter: &mut Highlighter,
    ) -> Result<Hit, IndexError> {
        let doc = placed.candidate.doc;
        let segment = u32::try_from(placed.segment).unwrap_or(u32::MAX);
        let stored: Stored = self.snapshot.searcher().doc(DocAddress::new(segment, doc))?;
        let damaged = |error: serde_json::Error| stored.damaged(&error.to_string());
        let highlights = match self.request.highlight.is_empty() || stored.content.is_empty() {
            true => Vec::new(),
            false => {
                let content = serde_json::from_str(&stored.content).map_err(damaged)?;
                highlights(&self.request.highlight, &content, highlighter)
            }
        };
        let ranking = if self.request.explain_ranking { Some(self.explain(placed, evaluation)?) } else { None };
        let columns = &self.snapshot.columns()[placed.segment];
        let ordinal = columns.ordinal(doc);
        let unknown = Row { version: 0, fields: LiveFields::default() };
        let row = ordinal.map_or(unknown, |ordinal| self.rows.row(ordinal));
        let shown = |name: &str| self.request.fields.as_ref().is_none_or(|fields| fields.iter().any(|f| f == name));
        let shows = LiveShown { price: shown("price"), stock: shown("stock"), in_stock: shown("in_stock") };
        let chosen = self.request.fields.as_ref().map(|fields| stored.content(fields)).transpose().map_err(damaged)?;
        Ok(Hit {
            content: chosen.unwrap_or(stored.content),
            id: stored.id,
            ordinal,
            score: placed.candidate.relevance.score,
            live: row.live(),
            version: row.version,
            shows,
            highlights,
            group_count: self.collection.group.is_some().then_some(placed.members),
            ranking,
        })
    }

    fn explain(&self, placed: &Placed, evaluation: Evaluation<'_>) -> Result<serde_json::Value, IndexError> {
        let statistics = Statistics::gather(self.snapshot, evaluation)?;
        let mut scorer = SegmentScorer::open(self.snapshot, placed.segment, evaluation, &statistics)?;
        let shares = scorer.explain(placed.candidate.doc);
        let words = self.plan.words.iter().zip(shares).map(|(word, (direct, corrected))| {
            let how = if direct > 0.0 {
                "direct"
            } else if corrected > 0.0 {
                "corrected"
            } else {
                "missing"
            };
            let score = if direct > 0.0 { direct } else { corrected };
            serde_json::json!({"word": word.text, "match": how, "score": score})
        });
        let (relevance, traits) = (placed.candidate.relevance, placed.traits);
        let factors = Factors::of(&self.snapshot.settings().ranking, relevance, traits);
        let mut ranking = serde_json::json!({
            "score": relevance.score,
            "text": relevance.text,
            "head": relevance.is_head,
            "kind": traits.kind,
            "named": relevance.is_named,
            "popularity": traits.popularity,
            "sold_out": traits.sold_out,
            "factors": {
                "wanted": factors.wanted,
                "name": factors.name,
                "popularity": factors.popularity,
                "sold_out": factors.sold_out,
            },
            "words_matched": relevance.matched,
            "words_direct": relevance.direct,
            "words": words.collect::<Vec<_>>(),
        });
        // Who sees part of the catalog only is not told of rules: they speak of the rest, too.
        if self.request.within.is_none() {
            self.explain_rules(placed, &mut ranking)?;
        }
        Ok(ranking)
    }

    /// Which rules put the product where it is.
    fn explain_rules(&self, placed: &Placed, ranking: &mut serde_json::Value) -> Result<(), IndexError> {
        let arranged = &self.collection.arranged;
        if let Some(pin) = arranged.pin(placed.candidate.relevance.pin) {
            ranking["pinned"] = serde_json::json!({"rule": pin.rule, "position": pin.position});
        }
        let columns = &self.snapshot.columns()[placed.segment];
        let opened = arranged.open(placed.segment, columns, self.rows)?;
        let factors = opened.factors_of(placed.candidate.doc).filter_map(|at| self.arrangement.factors.get(at));
        let factors: Vec<_> =
            factors.map(|factor| serde_json::json!({"rule": factor.rule, "factor": factor.factor})).collect();
        if !factors.is_empty() {
            ranking["rule_factors"] = factors.into();
        }
        Ok(())
    }
}

fn highlights(
    fields: &[String],
    content: &serde_json::Map<String, serde_json::Value>,
    highlighter: &mut Highlighter,
) -> Vec<(String, Vec<String>)> {
    let mut highlights = Vec::new();
    for field in fields {
        let texts = Stored::texts(content, field);
        let marked: Vec<Option<String>> = texts.iter().map(|text| highlighter.mark(text)).collect();
        if marked.iter().any(Option::is_some) {
            let whole = marked.into_iter().zip(texts).map(|(marked, text)| marked.unwrap_or(text)).collect();
            highlights.push((field.clone(), whole));
        }
    }
    highlights
}

/// What is asked for, under what rules ask for.
fn arranged_collection(
    snapshot: &Snapshot,
    request: &SearchRequest,
    arrangement: &Arrangement,
    cancel: CancelCheck<'_>,
) -> Result<Collection, IndexError> {
    let mut collection = resolve_request(snapshot, request)?;
    collection.conditions.extend(Arranged::conditions(arrangement)?);
    collection.arranged = Arranged::resolve(snapshot, arrangement, cancel)?;
    // A page is cut once the pinned are in their places.
    collection.limit += collection.arranged.pins();
    Ok(collection)
}

/// Resolves fields and tells apart what restricts everything and what only selects within one facet.
fn resolve_request(snapshot: &Snapshot, request: &SearchRequest) -> Result<Collection, IndexError> {
    let window = request.page.checked_mul(request.per_page).filter(|&w| request.page > 0 && w <= RESULT_WINDOW_MAX);
    let Some(limit) = window else {
        let message = format!("page × per_page must be from 1 to {RESULT_WINDOW_MAX}");
        return Err(IndexError::InvalidRequest { parameter: "page", message });
    };
    if request.facets.len() > FACETS_MAX {
        let message = format!("at most {FACETS_MAX} facets, not {}", request.facets.len());
        return Err(IndexError::InvalidRequest { parameter: "facets", message });
    }
    let mut facets: Vec<FacetPlan> = Vec::with_capacity(request.facets.len());
    for name in &request.facets {
        let field = resolve(snapshot, name, "facets")?;
        facets.push(FacetPlan { name: name.clone(), field, selected: Vec::new() });
    }
    let mut conditions = match &request.within {
        None => Vec::new(),
        // Never a facet's own selection: that would count what the asker may not see.
        Some(within) => match Condition::resolve_as(&|name| Ok(assumed(name)), within)? {
            Condition::And(operands) => operands,
            one => vec![one],
        },
    };
    let mut selections = Vec::new();
    let filter = request.filter.as_ref().map(|filter| Condition::resolve(snapshot, filter)).transpose()?;
    let conjuncts = match filter {
        Some(Condition::And(operands)) => operands,
        other => other.into_iter().collect(),
    };
    for condition in conjuncts {
        let own = condition.only_field().and_then(|field| facets.iter().position(|facet| facet.field == field));
        match own {
            Some(facet) => {
                facets[facet].selected.extend(condition.selected().into_iter().cloned());
                selections.push((facet, condition));
            }
            None => conditions.push(condition),
        }
    }
    let group = match &request.group {
        Some(name) => Some(GroupField::new(resolve(snapshot, name, "group")?, name)?),
        None => None,
    };
    let keys = resolve_keys(snapshot, &request.sort)?;
    Ok(Collection {
        conditions,
        selections,
        facets,
        keys,
        group,
        limit,
        window: request.window,
        arranged: Arranged::default(),
    })
}
