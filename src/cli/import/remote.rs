//! Import into a running server, over its public routes.
//!
//! Records are sent in batches of moderate size, so that a lost connection costs one batch and not the file. The
//! server applies the feed mapping, which only it knows for certain; CSV therefore travels as CSV, since how a column
//! is read depends on the mapping. `429` and passing `503`s are waited out; sending a batch again is harmless, because
//! an upsert is.
//!
//! **`--replace`** must know the ids that the files name, and only the server knows the mapping. So the files are read
//! once more beforehand, with the mapping that the configuration here has for the catalog, and after the upload every
//! id found that way must be in the server's export: otherwise the two mappings differ, and nothing is removed, force
//! or not. Products go one request each, since there is no route for many.

mod batches;

use std::time::Instant;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use storefind_index::feed::FeedMapping;

use self::batches::{Batch, Batches};
use super::super::Failure;
use super::super::remote::{Server, segment};
use super::replace::Replacing;
use super::source::InputFile;
use super::{Arguments, Done, Total, progress};
use crate::catalog::feeds;
use crate::ingest::{Ids, Report};

/// Products of one page of an export: some megabytes.
const PAGE: usize = 1_000;

/// Imports all files and waits until everything is searchable.
pub(super) fn run(arguments: &Arguments, url: &str, total: &mut Total) -> Result<Done, Failure> {
    let server = Server::new(url, &arguments.server)?;
    let began = Instant::now();
    let catalog = RemoteCatalog {
        products: format!("/v1/{}/products", segment(&arguments.catalog)),
        feed: if arguments.no_feed { "?feed=false" } else { "" },
        server,
    };
    let replacing = match arguments.replace {
        Some(mode) => {
            let (named, mapped) = named(arguments)?;
            let mut replacing = Replacing::new(mode, catalog.ids()?);
            replacing.named = named;
            Some((replacing, mapped))
        }
        None => None,
    };
    for path in &arguments.files {
        let (file, source) = InputFile::open(path)?;
        let bar = progress(&file);
        let mut batches = Batches::of(source);
        while let Some(batch) = batches.next(|rejected| total.reject(&file, rejected))? {
            let mut report = catalog.send(&batch)?;
            batch.restore_lines(&mut report);
            total.add(&file, report);
            bar.set(file.read());
        }
        bar.finish();
    }
    let kept = match replacing {
        None => None,
        Some((replacing, mapped)) => match catalog.gone(replacing, &mapped, total.report.rejected) {
            Ok(gone) => {
                gone.iter().try_for_each(|id| catalog.delete(id))?;
                total.removed = Some(gone.len());
                None
            }
            Err(reason) => Some(reason),
        },
    };
    catalog.wait_until_searchable()?;
    Ok(Done { seconds: began.elapsed().as_secs_f64(), kept })
}

/// The ids that the files name, and those of the records that can be mapped.
fn named(arguments: &Arguments) -> Result<(Ids, Ids), Failure> {
    if arguments.files.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::usage("--replace with --url reads the files twice, so it cannot take standard input"));
    }
    let config = arguments.config.load()?;
    let mapping = match config.catalogs.get(&arguments.catalog) {
        Some(catalog) if !arguments.no_feed => catalog.feed.clone(),
        _ => FeedMapping::identity(),
    };
    let (mut named, mut mapped) = (Ids::default(), Ids::default());
    for path in &arguments.files {
        let (_, source) = InputFile::open(path)?;
        // What cannot be read is for the upload to report.
        for record in feeds::read(source.format, source.input, &mapping).filter_map(|(_, record)| record.ok()) {
            match mapping.map(record) {
                Ok((product, _)) => {
                    named.insert(&product.id);
                    mapped.insert(&product.id);
                }
                Err(error) => error.id.iter().for_each(|id| named.insert(id)),
            }
        }
    }
    Ok((named, mapped))
}

struct RemoteCatalog {
    server: Server,
    products: String,
    feed: &'static str,
}

impl RemoteCatalog {
    /// Sends a batch until it is taken.
    fn send(&self, batch: &Batch) -> Result<Report, anyhow::Error> {
        let path = format!("{}{}", self.products, self.feed);
        let answer = self.server.post(&path, batch.content_type, &batch.body)?;
        serde_json::from_str(&answer).with_context(|| format!("{path} answered something else than a report"))
    }

    /// An empty upload that waits, so that no product travels twice.
    fn wait_until_searchable(&self) -> Result<(), anyhow::Error> {
        let path = format!("{}?wait=searchable", self.products);
        self.server.post(&path, "application/x-ndjson", b"").map(|_| ())
    }

    fn delete(&self, id: &str) -> Result<(), anyhow::Error> {
        self.server.delete(&format!("{}/{}", self.products, segment(id)))
    }

    /// Every id of the catalog.
    fn ids(&self) -> Result<Vec<String>, anyhow::Error> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
        }
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids.last().map(|id| format!("&after={}", segment(id))).unwrap_or_default();
            let page = self.server.get(&format!("{}?limit={PAGE}{after}", self.products))?;
            let before = ids.len();
            for line in page.lines() {
                let row: Row = serde_json::from_str(line).context("the export is broken off")?;
                ids.push(row.id);
            }
            if ids.len() - before < PAGE {
                return Ok(ids);
            }
        }
    }

    /// What is to go, once it is sure that server and configuration mean the same ids.
    fn gone(&self, replacing: Replacing, mapped: &Ids, rejected: u64) -> Result<Vec<String>, anyhow::Error> {
        let found = self.ids()?.iter().filter(|id| mapped.contains(id)).count();
        if found as u64 + rejected < mapped.len() as u64 {
            return Err(anyhow!(
                "--replace: nothing was removed, because of {} product(s) of the files the server has only {found} \
                 under the same id: its feed mapping is not that of the configuration here (--config)",
                mapped.len()
            ));
        }
        replacing.gone(rejected)
    }
}
