//! Rules in the log: those in force, and the ones before them that can be had back.
//!
//! Every version is an event, and each names those before it, so that a copy of the log is a copy of the history, too.
//! What a list of them tells stands beside their names, since each may have megabytes. Owns reading them; they are put
//! by `resolve`, like any change.
//!
//! Invariant: every version that the one in force names is in the log.

use std::sync::Arc;

use rusqlite::Connection;
use storefind_index::rules::Rules;

use super::error::LogError;
use super::store::{META_RULES, Store};
use super::{Log, Prepared};
use crate::catalog::Refusal;
use crate::catalog::event::{Event, PutRules};

/// Versions of the rules that are kept beside the one in force: a busy day of a merchandiser, and some megabytes at
/// worst.
pub const RULES_KEPT: usize = 50;

/// Rules that are to be put.
#[derive(Debug, Clone)]
pub struct RulesChange {
    /// All of them.
    pub rules: Rules,
    /// The time, in milliseconds since 1970; for people.
    pub put_at: u64,
    /// The version that they take the place of, where the caller has seen one.
    pub expected: Option<u64>,
}

/// Rules as they were put once.
#[derive(Debug, Clone)]
pub struct RulesVersion {
    /// Sequence of the change that put them; 0 for none at all.
    pub version: u64,
    /// The rules, and what is known of their history.
    pub put: Arc<PutRules>,
}

impl Default for RulesVersion {
    fn default() -> Self {
        let put = PutRules { put_at: 0, former: Vec::new(), rules: Rules::default() };
        Self { version: 0, put: Arc::new(put) }
    }
}

impl Log {
    /// The rules last put; version 0 if none ever were.
    pub fn rules(&self) -> RulesVersion {
        let latest = self.shared.rules.load();
        latest.as_deref().map_or_else(RulesVersion::default, |(version, put)| RulesVersion {
            version: *version,
            put: Arc::clone(put),
        })
    }

    /// The rules of a version: the one in force or one before it that can be had back; `None` for any other. Reads no
    /// event but theirs.
    ///
    /// # Errors
    /// The disk failed, or the log is damaged.
    pub fn rules_of(&self, version: u64) -> Result<Option<RulesVersion>, LogError> {
        let current = self.rules();
        if current.version == version {
            return Ok(Some(current));
        }
        let keeps = |latest: &PutRules| latest.former.iter().any(|former| former.version == version);
        if !keeps(&current.put) {
            return Ok(None);
        }
        let reader = self.store.reader()?;
        match read(&self.store, &reader, version) {
            Ok(put) => Ok(Some(RulesVersion { version, put: Arc::new(put) })),
            // Whoever writes the log may have given it up meanwhile.
            Err(error) => match read_latest(&self.store, &reader)? {
                Some((_, latest)) if keeps(&latest) => Err(error),
                _ => Ok(None),
            },
        }
    }

    /// Appends other rules; returns their sequence, that of before if they are no others, or why they are refused. With
    /// a key, once; see [`Log::append_once`]. Blocking.
    ///
    /// # Errors
    /// As [`Log::append_once`].
    pub fn append_rules(
        &self,
        change: RulesChange,
        once: Option<(String, u64)>,
    ) -> Result<Result<u64, Refusal>, LogError> {
        let bytes = serde_json::to_vec(&change.rules).map_or(0, |bytes| bytes.len());
        let mut written = self.send(vec![Prepared::Rules { change: Box::new(change), bytes }], once)?;
        Ok(written.outcomes.pop().unwrap_or(Ok(written.sequence)))
    }
}

/// The rules last put, with their sequence.
pub(super) fn read_latest(store: &Store, connection: &Connection) -> Result<Option<(u64, Arc<PutRules>)>, LogError> {
    let Some(sequence) = store.number(connection, META_RULES)? else { return Ok(None) };
    Ok(Some((sequence, Arc::new(read(store, connection, sequence)?))))
}

fn read(store: &Store, connection: &Connection, sequence: u64) -> Result<PutRules, LogError> {
    match store.event(connection, sequence)? {
        Event::Rules { rules } => Ok(*rules),
        Event::Upsert { .. }
        | Event::Live { .. }
        | Event::Delete { .. }
        | Event::Settings { .. }
        | Event::Start { .. } => Err(store.damaged(META_RULES)),
    }
}
