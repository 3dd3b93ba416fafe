//! The application: every long-lived part, built once from the configuration.
//!
//! This is the only place that knows all parts. **Start:** the data folder is locked, then catalogs are opened (each
//! replays in the background what its index lacks, and reads beside what was learned from shoppers), then the answers with their caches and query threads, then the
//! warm-up, which asks these. **Shutdown**, in the reverse order of who needs whom: the accept loop drains
//! ([`crate::http::accept`]), then the warm-up saves what was asked, the query threads end and the catalogs close after a
//! last durable commit ([`App::close`]), then, with the last handle, the lock goes.
//!
//! Invariant: one process at a time writes to a data folder.

mod lock;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::answer::warm_up::WarmUp;
use crate::answer::{Answers, SetupError};
use crate::catalog::Catalog;
use crate::catalog::registry::{Catalogs, OpenError};
use crate::config::Config;
use crate::http::tls::{Tls, TlsError};
use crate::http::upload::UPLOADS_MAX;
use crate::learn::keepers::Learners;
use crate::telemetry::{AnswerCollector, Metrics};

pub use lock::{DataDirLock, LockError};

/// Every long-lived part.
#[derive(Debug)]
pub struct App {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// All catalogs.
    pub catalogs: Catalogs,
    /// What is learned from shoppers.
    pub learners: Learners,
    /// What answers searches and autocompletes: caches and query threads.
    pub answers: Arc<Answers>,
    /// What asks the dearest questions of before again.
    pub warm_up: WarmUp,
    /// The certificate in use, where TLS is configured.
    pub tls: Option<Arc<Tls>>,
    /// What the server counts.
    pub metrics: Arc<Metrics>,
    /// When the server started.
    pub started: Instant,
    /// Bounds the uploads that run at a time.
    pub(crate) uploads: Arc<Semaphore>,
    /// Held for its drop.
    _lock: DataDirLock,
}

/// Whether a node takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    ReadWrite,
    /// It refuses them, and builds its projections in a temporary folder.
    ReadOnly,
}

/// Why the application could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The certificate cannot be used.
    #[error("TLS is configured, but cannot be served")]
    Tls(#[from] TlsError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] LockError),
    /// A catalog cannot be opened.
    #[error(transparent)]
    Catalog(#[from] OpenError),
    /// Threads or caches cannot be had.
    #[error(transparent)]
    Answers(#[from] SetupError),
}

impl App {
    /// Builds all parts. Blocking while files are opened; catalogs catch up in the background.
    ///
    /// # Errors
    /// The data folder is in use or cannot be used, or a catalog cannot be opened; each names the path.
    pub fn build(config: Config, mode: Mode) -> Result<Arc<Self>, BuildError> {
        let tls = config.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
        let lock = DataDirLock::take(&config.data_dir, mode)?;
        let catalogs = Catalogs::open(&config, mode == Mode::ReadOnly)?;
        let learners = Learners::open(&config, mode, &catalogs);
        let answers = Arc::new(Answers::new(&config)?);
        let warm_up = WarmUp::start(&config, mode, (&catalogs, &learners), &answers);
        let metrics = Arc::new(Metrics::new());
        metrics.register(|registry| registry.register_collector(Box::new(AnswerCollector::new(answers.clone()))));
        Ok(Arc::new(Self {
            config: Arc::new(config),
            catalogs,
            learners,
            answers,
            warm_up,
            tls,
            metrics,
            started: Instant::now(),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            _lock: lock,
        }))
    }

    /// Every catalog with its name.
    pub fn open_catalogs(&self) -> impl Iterator<Item = (&str, &Arc<Catalog>)> {
        self.catalogs.iter().map(|catalog| (catalog.name(), catalog))
    }

    /// Saves what was asked, ends the query threads, then closes the catalogs after a last durable commit. Blocking; to
    /// be called once no request runs any more.
    pub fn close(&self) {
        self.warm_up.close();
        self.answers.close();
        self.catalogs.close();
    }
}
