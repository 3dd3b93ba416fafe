//! `storefind evaluate`: how good a catalog's answers are, and whether other settings are better.
//!
//! Owns the command's arguments and opening what is searched: a running server, or the data folder of a stopped one.
//! The figures are those of [`crate::evaluate`].

mod side;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::Completion;

use super::at_rest::AtRest;
use super::remote::ServerArguments;
use super::{ConfigArgument, Failure, Outcome};
use crate::catalog::Catalog;
use crate::evaluate::ablation::Ablation;
use crate::evaluate::compare::{Comparison, headlines};
use crate::evaluate::evaluation::{About, Evaluation, Measured};
use crate::evaluate::html::Pictures;
use crate::evaluate::judgments::Judgments;
use crate::evaluate::page::Scored;
use crate::evaluate::queries::{self, Query};
use crate::evaluate::setting::{Setting, Switch};
use crate::evaluate::typos::Keyboard;
use crate::evaluate::{EvaluateError, SearchError, categories, completions, judged, typos};
use side::{Side, connect};

/// Longest wait for the suggestions of a catalog that was just opened: a million products take some ten seconds.
const SUGGESTIONS_WAIT_MAX: Duration = Duration::from_secs(300);
/// How often they are looked for.
const SUGGESTIONS_POLL: Duration = Duration::from_millis(20);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    /// Judgments: CSV with the columns `query`, `docid` and `rating` (0 is irrelevant). Or queries: JSONL, also .gz, with
    /// `query` and, if known, `popularity`, `hits` and `categories`
    queries: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    server: ServerArguments,
    /// Search by other settings than those in force: `plain` BM25, `text` (no ranking beside the words) or a JSON file
    #[arg(long, value_name = "SETTING", conflicts_with = "url")]
    setting: Option<String>,
    /// Compare, query by query, with another setting, or with the same catalog of a running server by its address
    #[arg(long, value_name = "SETTING|URL")]
    against: Option<String>,
    /// Switch off each part of the ranking, and the synonyms, one after the other, and tell what each gives
    #[arg(long, conflicts_with_all = ["url", "setting"])]
    ablate: bool,
    /// Type every query with one and two errors, drawn by this seed, and model numbers with a wrong digit
    #[arg(long, value_name = "SEED")]
    typos: Option<u64>,
    /// The keyboard on which errors are made
    #[arg(long, value_enum, default_value_t = Keyboard::Qwerty, requires = "typos")]
    keyboard: Keyboard,
    /// Tell how often each query is among the first eight suggestions after one to six characters
    #[arg(long)]
    completions: bool,
    /// Write a page with the figures and, query by query, the results as a shopper sees them
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Let the page load the products' pictures from their addresses
    #[arg(long, requires = "html")]
    pictures: bool,
    /// Write everything that was measured as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results of every judged query as JSON, {"query": ["id", …]}
    #[arg(long, value_name = "FILE")]
    run_file: Option<PathBuf>,
}

/// What the queries are measured by.
enum Set {
    Judgments(Judgments),
    Queries(Vec<Query>),
}

/// What is searched.
struct Subject<'a> {
    side: Side,
    against: Option<Side>,
    /// The data folder's, as it is in force.
    snapshot: Option<&'a Snapshot>,
    suggest: &'a Suggest<'a>,
}

/// The suggestions for a prefix, at most so many, best first.
type Suggest<'a> = dyn Fn(&str, usize) -> Result<Vec<String>, SearchError> + 'a;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let set = Set::read(arguments)?;
    let evaluation = match &arguments.server.url {
        Some(url) => remote(arguments, url, &set)?,
        None => local(arguments, &set)?,
    };
    print!("{evaluation}");
    if let Some(path) = &arguments.json {
        evaluation.write_json(path)?;
    }
    if let Some(path) = &arguments.html {
        let pictures = if arguments.pictures { Pictures::Linked } else { Pictures::Placeholders };
        evaluation.write_html(path, pictures)?;
    }
    if let (Some(path), Measured::Judged { report, .. }) = (&arguments.run_file, &evaluation.measured) {
        report.write_run(path)?;
    }
    Ok(())
}

impl Set {
    fn read(arguments: &Arguments) -> Result<Self, Failure> {
        if !queries::is_set(&arguments.queries) {
            return Ok(Self::Judgments(Judgments::read(&arguments.queries)?));
        }
        if arguments.run_file.is_some() {
            return Err(Failure::usage("--run-file is for judgments; --json has the results of a set of queries"));
        }
        Ok(Self::Queries(queries::read(&arguments.queries)?))
    }

    fn queries(&self) -> Vec<Query> {
        match self {
            Self::Judgments(judgments) => queries::of_judgments(judgments),
            Self::Queries(queries) => queries.clone(),
        }
    }
}

fn remote(arguments: &Arguments, url: &str, set: &Set) -> Result<Evaluation, Failure> {
    let server = connect(arguments, url)?;
    let suggest = |prefix: &str, limit: usize| Ok(server.suggest(prefix, limit)?);
    let side = Side::Server(server.clone());
    let against = Side::against(arguments, None)?;
    measure(arguments, set, &Subject { side, against, snapshot: None, suggest: &suggest })
}

fn local(arguments: &Arguments, set: &Set) -> Result<Evaluation, Failure> {
    let open = AtRest::open(&arguments.config, &arguments.catalog, "evaluate it")?;
    let evaluation = measure_open(&open, arguments, set);
    // Before any error is returned: what was indexed at the start is to be kept.
    open.close();
    evaluation
}

fn measure_open(open: &AtRest, arguments: &Arguments, set: &Set) -> Result<Evaluation, Failure> {
    let visible = open.wait_visible(open.catalog.status().log_sequence);
    visible.map_err(anyhow::Error::from)?;
    let snapshot = open.catalog.snapshot();
    if snapshot.product_count() == 0 {
        let name = &arguments.catalog;
        return Err(anyhow!("catalog `{name}` has no products; run `storefind import {name} FILE` first").into());
    }
    if arguments.completions {
        wait_for_suggestions(&open.catalog)?;
    }
    let suggestions = open.catalog.suggestions();
    let suggest = |prefix: &str, limit: usize| {
        let completion = Completion { prefix, limit, category: None, typos: true };
        Ok(suggestions.index.complete(completion).into_iter().map(|suggestion| suggestion.text).collect())
    };
    let setting = arguments.setting.as_deref().map_or(Setting::InForce, Setting::named);
    let side = Side::folder(setting, &snapshot)?;
    let against = Side::against(arguments, Some(&snapshot))?;
    measure(arguments, set, &Subject { side, against, snapshot: Some(&snapshot), suggest: &suggest })
}

/// Suggestions are built behind the start.
fn wait_for_suggestions(catalog: &Catalog) -> Result<(), anyhow::Error> {
    let began = Instant::now();
    while catalog.suggestions().generation == 0 {
        if began.elapsed() > SUGGESTIONS_WAIT_MAX {
            return Err(anyhow!("the suggestions were not built within {} s", SUGGESTIONS_WAIT_MAX.as_secs()));
        }
        std::thread::sleep(SUGGESTIONS_POLL);
    }
    Ok(())
}

fn measure(arguments: &Arguments, set: &Set, subject: &Subject<'_>) -> Result<Evaluation, Failure> {
    let (measured, comparison, ablation) = match set {
        Set::Judgments(judgments) => {
            let run = |side: &Side| judged::run(judgments, |query, limit| side.search(query, limit));
            let Rounds { report, baseline, comparison, ablation } =
                rounds(arguments, subject, run, |report| &report.queries)?;
            (Measured::Judged { report, baseline, best_rating: judgments.best_rating() }, comparison, ablation)
        }
        Set::Queries(set) => {
            // Of one side: both are measured by the same.
            let known = subject.side.categories()?;
            let run = |side: &Side| categories::run(set, &known, |query, limit| side.search(query, limit));
            let Rounds { report, baseline, comparison, ablation } =
                rounds(arguments, subject, run, |report| &report.queries)?;
            (Measured::Categories { report, baseline }, comparison, ablation)
        }
    };
    let search = |query: &str, limit: usize| subject.side.search(query, limit);
    let typos = arguments.typos.map(|seed| typos::run(&set.queries(), arguments.keyboard, seed, search));
    let completions = arguments.completions.then(|| completions::run(&set.queries(), subject.suggest));
    Ok(Evaluation {
        about: about(arguments),
        measured,
        comparison,
        ablation,
        typos: typos.transpose()?,
        completions: completions.transpose()?,
    })
}

/// The same queries, asked again and again.
struct Rounds<R> {
    report: R,
    baseline: Option<R>,
    comparison: Option<Comparison>,
    ablation: Option<Ablation>,
}

/// Measures what is evaluated, what it is compared with, and, if that was asked, the settings without each switch.
fn rounds<R, Q: Scored>(
    arguments: &Arguments,
    subject: &Subject<'_>,
    run: impl Fn(&Side) -> Result<R, EvaluateError>,
    queries: impl Fn(&R) -> &[Q],
) -> Result<Rounds<R>, Failure> {
    let report = run(&subject.side)?;
    let baseline = subject.against.as_ref().map(&run).transpose()?;
    let pair = arguments.against.as_deref().zip(baseline.as_ref());
    let comparison = pair.map(|(name, baseline)| Comparison::of(name, queries(baseline), queries(&report)));
    let ablated = subject.snapshot.filter(|_| arguments.ablate).map(|snapshot| {
        Ablation::of(&Switch::of(snapshot.settings()), |switch| {
            let snapshot = switch.snapshot(snapshot).map_err(|error| Failure::Usage(error.into()))?;
            let without = run(&Side::Folder { setting: Setting::InForce, snapshot })?;
            Ok::<_, Failure>(headlines(queries(&without), queries(&report)))
        })
    });
    let ablation = ablated.transpose()?;
    Ok(Rounds { report, baseline, comparison, ablation })
}

fn about(arguments: &Arguments) -> About {
    let setting = match (&arguments.server.url, &arguments.setting) {
        (Some(url), _) => format!("the server {url}"),
        (None, Some(setting)) => setting.clone(),
        (None, None) => "the settings in force".to_owned(),
    };
    About {
        catalog: arguments.catalog.clone(),
        queries: arguments.queries.display().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        setting,
        against: arguments.against.clone(),
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        match error {
            // What was given on the command line is wrong.
            EvaluateError::Read { .. }
            | EvaluateError::Open { .. }
            | EvaluateError::Line { .. }
            | EvaluateError::Empty(_)
            | EvaluateError::NoQueries(_) => Self::Usage(error.into()),
            EvaluateError::Search { .. }
            | EvaluateError::Suggest { .. }
            | EvaluateError::Categories(_)
            | EvaluateError::Write { .. } => Self::Running(error.into()),
        }
    }
}
