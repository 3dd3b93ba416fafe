//! `storefind import`: products from files into a catalog, of a running server or of a stopped one's data folder.
//!
//! Owns the command's arguments, the summary and the exit status. How a file reaches a catalog is in `local` and
//! `remote`; what `--replace` removes is decided in `replace`. Exits 0 also when lines were rejected (`--strict`: 1).

mod local;
mod remote;
mod replace;
mod source;

use std::path::PathBuf;

use anyhow::anyhow;

use self::replace::Replace;
use self::source::InputFile;
use super::progress::Progress;
use super::remote::ServerArguments;
use super::{ConfigArgument, Failure, Outcome};
use crate::ingest::{Rejected, Report};

/// Rejections that the summary shows. The first ones tell what is wrong with a feed.
const REASONS_SHOWN_MAX: usize = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    /// JSONL, JSON array or CSV, also compressed by gzip; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    server: ServerArguments,
    /// The files have product fields already: do not apply the catalog's feed mapping
    #[arg(long)]
    no_feed: bool,
    /// Exit with status 1 if any line was rejected
    #[arg(long)]
    strict: bool,
    /// Remove the products that the files lack, once all is imported; not if more than 30 % would go or a line was
    /// rejected, unless it is `--replace=force`
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "guarded",
        value_name = "force",
        hide_possible_values = true
    )]
    replace: Option<Replace>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut total = Total::default();
    let Done { seconds, kept } = match &arguments.server.url {
        Some(url) => remote::run(arguments, url, &mut total)?,
        None => local::run(arguments, &mut total)?,
    };
    total.print(&arguments.catalog, seconds);
    if let Some(reason) = kept {
        return Err(Failure::Running(reason));
    }
    if arguments.strict && total.report.rejected > 0 {
        return Err(Failure::Running(anyhow!(
            "{} line(s) were rejected, and --strict was given",
            total.report.rejected
        )));
    }
    Ok(())
}

/// The end of an import.
struct Done {
    /// Time until everything was searchable.
    seconds: f64,
    /// Why `--replace` removed nothing.
    kept: Option<anyhow::Error>,
}

/// What became of all files.
#[derive(Debug, Default)]
struct Total {
    report: Report,
    /// Products that `--replace` removed.
    removed: Option<usize>,
    /// The file of each reported rejection.
    files: Vec<String>,
}

impl Total {
    fn add(&mut self, file: &InputFile, report: Report) {
        self.report.accepted += report.accepted;
        self.report.ignored_fields += report.ignored_fields;
        self.report.sequence = self.report.sequence.max(report.sequence);
        let unreported = report.rejected - report.errors.len() as u64;
        for rejected in report.errors {
            self.reject(file, rejected);
        }
        self.report.rejected += unreported;
    }

    fn reject(&mut self, file: &InputFile, rejected: Rejected) {
        let before = self.report.errors.len();
        self.report.reject(rejected);
        if self.report.errors.len() > before {
            self.files.push(file.name());
        }
    }

    fn print(&self, catalog: &str, seconds: f64) {
        let Report { accepted, rejected, ignored_fields, sequence, errors } = &self.report;
        println!("{catalog}: {accepted} accepted, {rejected} rejected, sequence {sequence}");
        if let Some(removed) = self.removed {
            println!("{removed} product(s) that the files lack were removed");
        }
        if *ignored_fields > 0 {
            println!("{ignored_fields} field values were ignored because the feed mapping does not name them");
        }
        for (file, error) in self.files.iter().zip(errors).take(REASONS_SHOWN_MAX) {
            let id = error.id.as_deref().map(|id| format!(" (id {id})")).unwrap_or_default();
            println!("  {file}:{}{id}: {}: {}", error.line, error.code, error.message);
        }
        let shown = errors.len().min(REASONS_SHOWN_MAX) as u64;
        if *rejected > shown {
            println!("  and {} more", rejected - shown);
        }
        println!("all searchable after {seconds:.1} s, {:.0} products a second", *accepted as f64 / seconds.max(1e-3));
    }
}

/// A bar for the bytes of one file.
fn progress(file: &InputFile) -> Progress {
    Progress::bytes(file.name(), file.bytes())
}
