//! `storefind demo`: a generated shop, served at once and filled while it is served.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::progress::Progress;
use super::{Failure, Outcome, serve};
use crate::app::{App, Mode};
use crate::catalog::{Catalog, CatalogError, Change};
use crate::config::{Config, Sources};
use crate::{demo, telemetry};

/// The catalog's name.
const CATALOG: &str = "demo";
/// Products of one write. Small at first sight, so that the page has something to show after a moment.
const BATCH_PRODUCTS: usize = 1_000;
/// Most products: ids are made for so many.
const PRODUCTS_MAX: u64 = 9_000_000;
/// Longest wait until the last product can be found; only a failing index takes so long.
const VISIBLE_WAIT_MAX: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How many products to generate
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=PRODUCTS_MAX))]
    products: u64,
    /// Address to listen on [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Folder to keep the catalog in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let temporary = match arguments.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("storefind-demo-").tempdir().context("cannot make a folder")?),
    };
    let data_dir = arguments.data.as_deref().or_else(|| temporary.as_ref().map(tempfile::TempDir::path));
    let config = Config::load(&sources(arguments, data_dir.context("there is no folder for the catalog")?)?)?;
    telemetry::logs::start(&config.logging);
    let runtime = serve::runtime()?;
    let server = serve::bind(&runtime, &config)?;
    let app = serve::build(&runtime, config, Mode::ReadWrite)?;
    greet(app.tls.is_some(), server.address(), temporary.is_some());
    let filling = Filling::start(app.clone(), arguments.products)?;
    let served = serve::serve(runtime, server, &app);
    let filled = filling.stop();
    served?;
    filled
}

/// The environment still counts (a smaller cache, another log format), a configuration file does not: the demo is the
/// same everywhere.
fn sources(arguments: &Arguments, data_dir: &std::path::Path) -> Result<Sources, Failure> {
    let mut sources = Sources::of_environment();
    let data_dir = data_dir.to_str().ok_or_else(|| Failure::usage("the folder's name is not UTF-8"))?;
    sources.arguments.push(("--data", "data_dir", data_dir.to_owned()));
    sources.arguments.push(("storefind demo", "catalogs.demo.language", "english".to_owned()));
    if let Some(listen) = arguments.listen {
        sources.arguments.push(("--listen", "listen", listen.to_string()));
    }
    Ok(sources)
}

fn greet(is_encrypted: bool, address: SocketAddr, is_temporary: bool) {
    let scheme = if is_encrypted { "https" } else { "http" };
    println!("The shop is open at {scheme}://{address}/");
    println!("Ask it: curl '{scheme}://{address}/v1/{CATALOG}/search?q=laptop&facets=brand'");
    println!("Contract: {scheme}://{address}/docs");
    let kept = if is_temporary { "; the catalog goes with it" } else { "" };
    println!("Press Ctrl-C to stop{kept}.");
}

/// The thread that fills the catalog.
struct Filling {
    thread: std::thread::JoinHandle<Outcome>,
    stop: Arc<AtomicBool>,
}

impl Filling {
    fn start(app: Arc<App>, products: u64) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("storefind-demo".into())
            .spawn(move || {
                let catalog = app.catalogs.get(CATALOG).context("the demo catalog is not open")?;
                fill(catalog, products, &stopped)
            })
            .context("cannot start a thread")?;
        Ok(Self { thread, stop })
    }

    fn stop(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_else(|_| Err(Failure::Running(anyhow!("generating products panicked"))))
    }
}

/// Writes batch by batch until all are there, or until it is told to stop. Products that a kept folder has already are
/// written again only if there are fewer than asked for.
fn fill(catalog: &Catalog, products: u64, stop: &AtomicBool) -> Outcome {
    let kept = catalog.status().products;
    if kept == products {
        eprintln!("{kept} products were kept from the last time");
        return Ok(());
    }
    let progress = Progress::products("indexing", products);
    let mut generated = demo::products(products);
    let mut sequence = 0;
    loop {
        let batch: Vec<Change> = generated.by_ref().take(BATCH_PRODUCTS).map(Change::Upsert).collect();
        if batch.is_empty() {
            break;
        }
        let count = batch.len() as u64;
        match write_patiently(catalog, &batch, stop)? {
            Some(written) => sequence = written,
            None => return Ok(()),
        }
        progress.advance(count);
    }
    let waited = catalog.wait_visible_blocking(sequence, VISIBLE_WAIT_MAX);
    progress.finish();
    if !stop.load(Ordering::Relaxed) {
        waited.map_err(anyhow::Error::from)?;
        eprintln!("{} products indexed in {:.1} s", catalog.status().products, progress.elapsed().as_secs_f64());
    }
    Ok(())
}

/// `None` when told to stop. The catalog slows the writer itself; it says busy only after a long wait.
fn write_patiently(catalog: &Catalog, batch: &[Change], stop: &AtomicBool) -> Result<Option<u64>, Failure> {
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match catalog.write(batch.to_vec()) {
            Ok(written) => return Ok(Some(written.sequence)),
            Err(CatalogError::Busy) => {}
            // The server is stopping, and this thread with it.
            Err(CatalogError::Closed) => return Ok(None),
            Err(error) => return Err(Failure::Running(error.into())),
        }
    }
}
