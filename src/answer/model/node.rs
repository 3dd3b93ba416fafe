//! What one process has of a catalog, opened for a test: log, projector, index in memory, and the way to an answer.
//!
//! Owns opening the production parts side by side and reading a query as they would. It refuses to keep answers: who
//! asks brings a stack, or two.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::live::LiveTable;
use storefind_index::request::SearchRequest;
use storefind_index::switch::{Rule, without};
use tokio::time::Instant;

use crate::answer::effective;
use crate::answer::params::{self, Params};
use crate::answer::question::{Answered, Computation, Question};
use crate::answer::{AnswerError, render};
use crate::cache::freshness::UnixMillis;
use crate::cache::key::Key;
use crate::cache::stack::Stack;
use crate::cache::tier::memory::MemoryTier;
use crate::catalog::load_live;
use crate::catalog::log::{Access, Log};
use crate::catalog::projector::{InMemory, Opened, Projector, Shared};
use crate::catalog::visibility::{self, Visibility};
use crate::resilience::deadline::Worth;

pub(in crate::answer) struct Node {
    pub(in crate::answer) log: Arc<Log>,
    pub(in crate::answer) visibility: Arc<Visibility>,
    pub(in crate::answer) projector: Projector,
    name: &'static str,
}

impl Node {
    /// Opens the catalog `name` in `dir` and publishes what its log has.
    pub(in crate::answer) fn open(name: &'static str, dir: &Path, bound: Duration) -> Self {
        let log = Arc::new(Log::open(dir, name, Access::ReadWrite).expect("the log opens"));
        Self::projecting(name, log, Arc::default(), bound)
    }

    /// Another node on the log of this one, with projections of its own, in which every product has another ordinal.
    /// Whenever one of the two makes something durable, the other must have walked as far: the log forgets.
    pub(in crate::answer) fn twin(&self, bound: Duration) -> Self {
        loop {
            let pruned_through = self.log.pruned_through();
            let live = Arc::<LiveTable>::default();
            for n in 0..7 {
                live.ordinal_or_new(&format!("only here {n}")).expect("room");
            }
            let twin = Self::projecting(self.name, Arc::clone(&self.log), live, bound);
            // What this node made durable may be forgotten while the other walks for the first time. The log raises its
            // mark before it forgets, so a mark that stood tells that nothing was missed.
            if self.log.pruned_through() == pruned_through {
                return twin;
            }
        }
    }

    fn projecting(name: &'static str, log: Arc<Log>, live: Arc<LiveTable>, bound: Duration) -> Self {
        load_live(&log, &live).expect("the log is read");
        let opened = Opened::new(&log, Box::new(InMemory(Arc::clone(&live))), Arc::default()).expect("opens");
        let visibility = Arc::new(visibility::start(&log, opened.snapshot(), live, bound, None));
        let shared = Shared {
            log: Arc::clone(&log),
            visibility: Arc::clone(&visibility),
            report: Arc::default(),
            applied: Arc::default(),
            stop: Arc::default(),
            rebuilds: Arc::default(),
            touches: None,
        };
        let mut projector = Projector::new(name, shared, opened, bound);
        projector.publish_all();
        Self { log, visibility, projector, name }
    }

    /// The key and the effective query of a raw one, under the published settings.
    pub(in crate::answer) fn question(&self, raw: &str) -> Result<(Arc<Key>, SearchRequest), String> {
        let published = self.visibility.published();
        let params = Params::from_query(raw, params::search::NAMES).map_err(|error| error.to_string())?;
        let asked = params::search::read(params).map_err(|error| format!("{raw}: {error}"))?;
        let (key, effective) = effective::question(self.name, &published, asked.request);
        Ok((Arc::new(key), effective))
    }

    /// Computes an answer as if nothing were kept of any computation: what all others are compared with.
    pub(in crate::answer) fn compute_anew(
        &self,
        key: &Arc<Key>,
        request: &SearchRequest,
        at: UnixMillis,
    ) -> Result<Answered, AnswerError> {
        without(Rule::KeptPasses, || self.compute(key, request, at))
    }

    /// Computes an answer; nothing is kept of it but what segments keep.
    pub(in crate::answer) fn compute(
        &self,
        key: &Arc<Key>,
        request: &SearchRequest,
        at: UnixMillis,
    ) -> Result<Answered, AnswerError> {
        let worth = Worth::until(Instant::now() + Duration::from_secs(60));
        let version = self.visibility.published().version;
        Computation::apart(Question::Search(request.clone()), &self.visibility, key, (version, at)).run(&worth)
    }
}

/// A memory tier alone.
pub(in crate::answer) fn stack(bytes: u64) -> Stack<String> {
    Stack::new(MemoryTier::new(bytes).expect("a thread"), render::live_fields)
}

/// A folder that is removed in the end; in memory where the system has that.
pub(in crate::answer) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}
