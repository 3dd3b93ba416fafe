//! Idempotency keys: a request that comes again gets the answer of the first time.
//!
//! Owns the table `once` and how long it remembers. A key is written in the transaction of its request's events, so
//! that both or neither survive. It refuses to know what a request is: the caller passes a digest of it.
//!
//! Invariant: at most [`KEYS_MAX`] keys are kept, and none is honoured after [`KEY_AGE_MAX`].

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use super::error::LogError;
use super::record::{decode_written, encode_written};
use super::store::Store;
use crate::catalog::Written;

/// Keys that are remembered: more than a day of a busy feed's batches.
pub(super) const KEYS_MAX: i64 = 100_000;

/// How long a key is remembered: longer than anybody retries.
const KEY_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Old keys that go with each new one: more than come, so that they become fewer.
const FORGOTTEN_AT_ONCE_MAX: i64 = 16;

/// The answer that the key's request got, if it came before with the same digest.
pub(super) fn find(
    store: &Store,
    connection: &Connection,
    key: &str,
    digest: u64,
) -> Result<Option<Written>, LogError> {
    let oldest = now().saturating_sub(age_max());
    let read = || {
        let mut select =
            connection.prepare_cached("SELECT digest, changes, written FROM once WHERE key = ?1 AND at >= ?2")?;
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        };
        select.query_row(params![key, oldest], row).optional()
    };
    let Some((before, changes, written)) = read().map_err(|error| store.failed(error))? else { return Ok(None) };
    if before != digest {
        return Err(LogError::KeyReused { key: key.to_owned() });
    }
    let written = usize::try_from(changes).ok().and_then(|changes| decode_written(&written, changes));
    written.map(Some).ok_or_else(|| store.damaged(&format!("the idempotency key {key:?}")))
}

/// Remembers the answer of a request, and forgets some of the oldest.
pub(super) fn keep(
    store: &Store,
    connection: &Connection,
    key: &str,
    digest: u64,
    written: &Written,
) -> Result<(), LogError> {
    let (now, changes) = (now(), i64::try_from(written.outcomes.len()).unwrap_or(i64::MAX));
    let put = || -> rusqlite::Result<()> {
        // `number` of a replaced key is given anew, so numbers are in the order of time.
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO once(key, digest, at, changes, written) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![key, digest.cast_signed(), now, changes, encode_written(written)])?;
        connection
            .prepare_cached(
                "DELETE FROM once WHERE number IN (SELECT number FROM once ORDER BY number LIMIT ?1)
                 AND (at < ?2 OR number <= (SELECT MAX(number) FROM once) - ?3)",
            )?
            .execute(params![FORGOTTEN_AT_ONCE_MAX, now.saturating_sub(age_max()), KEYS_MAX])
            .map(drop)
    };
    put().map_err(|error| store.failed(error))
}

/// Milliseconds since 1970. A clock that is set back keeps keys longer, one that is set forward forgets them early.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn age_max() -> i64 {
    i64::try_from(KEY_AGE_MAX.as_millis()).unwrap_or(i64::MAX)
}
