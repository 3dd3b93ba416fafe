//! Import into a data folder that no server holds.

use std::time::Instant;

use anyhow::anyhow;
use storefind_index::feed::FeedMapping;

use super::super::Failure;
use super::super::at_rest::AtRest;
use super::replace::Replacing;
use super::source::InputFile;
use super::{Arguments, Done, Total, progress};
use crate::catalog::{Catalog, CatalogError, Change, EXPORT_LIMIT_MAX, feeds};
use crate::ingest::{Ingest, Stopped};

/// Records between two looks at the progress.
const PROGRESS_EVERY: u64 = 256;

/// Imports all files and waits until everything is searchable.
pub(super) fn run(arguments: &Arguments, total: &mut Total) -> Result<Done, Failure> {
    let open = AtRest::open(&arguments.config, &arguments.catalog, "import into it")?;
    let mapping = if arguments.no_feed { FeedMapping::identity() } else { open.feed.clone() };
    let began = Instant::now();
    let imported = import(&open.catalog, arguments, &mapping, total);
    let visible = open.wait_visible(total.report.sequence);
    // Before any error is returned: what was accepted is to be committed.
    open.close();
    let kept = imported?;
    visible.map_err(anyhow::Error::from)?;
    Ok(Done { seconds: began.elapsed().as_secs_f64(), kept })
}

/// Imports the files, then removes what they lack if that is wanted; returns why it does not.
fn import(
    catalog: &Catalog,
    arguments: &Arguments,
    mapping: &FeedMapping,
    total: &mut Total,
) -> Result<Option<anyhow::Error>, anyhow::Error> {
    let mut replacing = match arguments.replace {
        Some(mode) => Some(Replacing::new(mode, ids(catalog)?)),
        None => None,
    };
    for path in &arguments.files {
        let (file, source) = InputFile::open(path)?;
        let bar = progress(&file);
        let named = replacing.as_mut().map(|replacing| &mut replacing.named);
        let mut ingest = Ingest::begin(catalog, mapping, None)?.noting(named);
        for (count, (line, record)) in (0_u64..).zip(feeds::read(source.format, source.input, mapping)) {
            if !ingest.take(line, record) {
                break;
            }
            if count % PROGRESS_EVERY == 0 {
                bar.set(file.read());
            }
        }
        let (report, stopped) = ingest.finish();
        bar.finish();
        total.add(&file, report);
        match stopped {
            None => {}
            Some(Stopped::Unreadable(error)) => {
                return Err(anyhow!("{} cannot be read beyond line {}: {}", file.name(), error.line, error.message));
            }
            Some(Stopped::Refused(error)) => return Err(error.into()),
        }
    }
    let gone = match replacing.map(|replacing| replacing.gone(total.report.rejected)) {
        None => return Ok(None),
        Some(Err(reason)) => return Ok(Some(reason)),
        Some(Ok(gone)) => gone,
    };
    // One write: a search sees all of them or none, and so does a log after a crash.
    let deletes = gone.into_iter().map(|id| Change::Delete { id }).collect();
    let written = catalog.write(deletes)?;
    total.removed = Some(written.outcomes.iter().filter(|outcome| outcome.is_ok()).count());
    total.report.sequence = total.report.sequence.max(written.sequence);
    Ok(None)
}

/// Every id of the catalog.
fn ids(catalog: &Catalog) -> Result<Vec<String>, CatalogError> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let page = catalog.export(ids.last().map(String::as_str), EXPORT_LIMIT_MAX)?;
        let full = page.len() == EXPORT_LIMIT_MAX;
        ids.extend(page.into_iter().map(|product| product.id));
        if !full {
            return Ok(ids);
        }
    }
}
