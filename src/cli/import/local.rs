//! Import into a data folder that no server holds.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use storefind_index::feed::FeedMapping;

use super::super::Failure;
use super::source::InputFile;
use super::{Arguments, Total, progress};
use crate::app::{DataDirLock, LockError, Mode};
use crate::catalog::registry::catalog_dir;
use crate::catalog::{Catalog, feeds};
use crate::ingest::{Ingest, Stopped};
use crate::telemetry;

/// Longest wait for the last product to be searchable; only a failing index takes so long.
const VISIBLE_WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Records between two looks at the progress.
const PROGRESS_EVERY: u64 = 256;

/// Imports all files; returns the seconds that it took until everything was searchable.
pub(super) fn run(arguments: &Arguments, total: &mut Total) -> Result<f64, Failure> {
    let config = arguments.config.load()?;
    let name = &arguments.catalog;
    let Some(catalog) = config.catalogs.get(name) else {
        return Err(Failure::usage(format!(
            "there is no catalog `{name}` in the configuration; add [catalogs.{name}] to it"
        )));
    };
    telemetry::logs::start(&config.logging);
    let _lock = DataDirLock::take(&config.data_dir, Mode::ReadWrite).map_err(|error| match error {
        LockError::InUse { .. } => anyhow!("{error}; import into it with --url http://{}", config.listen),
        error @ LockError::Io { .. } => anyhow::Error::from(error),
    })?;
    let mapping = if arguments.no_feed { FeedMapping::identity() } else { catalog.feed.clone() };
    let dir = catalog_dir(&config.data_dir, name);
    let open = Catalog::open(name, &dir, &catalog.settings, config.freshness_bound, false)
        .with_context(|| format!("catalog `{name}` cannot be opened"))?;
    let began = Instant::now();
    let imported = import(&open, arguments, &mapping, total);
    let visible = open.wait_visible_blocking(total.report.sequence, VISIBLE_WAIT_MAX);
    // Before any error is returned: what was accepted is to be committed.
    open.close();
    imported?;
    visible.map_err(anyhow::Error::from)?;
    Ok(began.elapsed().as_secs_f64())
}

fn import(
    catalog: &Catalog,
    arguments: &Arguments,
    mapping: &FeedMapping,
    total: &mut Total,
) -> Result<(), anyhow::Error> {
    for path in &arguments.files {
        let (file, source) = InputFile::open(path)?;
        let bar = progress(&file);
        let mut ingest = Ingest::begin(catalog, mapping)?;
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
    Ok(())
}
