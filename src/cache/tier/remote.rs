//! The boundary to a server outside this process: what every remote tier must be able to do, and how it may fail.
//!
//! One [`Remote`] speaks to one server (or to one cluster that its client treats as one). It moves bytes under short
//! keys; it knows no entries, no freshness and no deadline: whoever calls it does so inside a timeout of their own
//! ([`guard`](super::guard)), because a client that is reconnecting may wait far past its own. A call that is dropped
//! half-way leaves the connection usable, or closes it.
//!
//! Invariant: a server that is absent costs nothing at start and is found when it appears; until then calls fail.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::cache::codec::FORMAT;
use crate::cache::key::Key;

/// Longest key that Memcached takes.
pub const KEY_BYTES_MAX: usize = 250;

/// An answer of a server, to be waited for.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// A server that keeps bytes.
pub trait Remote: Send + Sync + std::fmt::Debug {
    /// The bytes under this key.
    fn get<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, Option<Bytes>>;

    /// Keeps bytes under this key, at most for `ttl`, in place of those that are there.
    fn put<'a>(&'a self, key: &'a RemoteKey, value: Bytes, ttl: Duration) -> Reply<'a, ()>;

    /// Forgets what is under this key; also fine when nothing is.
    fn delete<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, ()>;

    /// Puts a mark under a key of its own unless there is one; whether it was put. It goes by itself after `ttl`.
    /// `None`: this kind of server is not used for that.
    fn claim<'a>(&'a self, _key: &'a RemoteKey, _ttl: Duration) -> Option<Reply<'a, bool>> {
        None
    }
}

/// The short key under which a server keeps something of ours, mostly an entry: format, catalog and the hash of the full key, which stands in the
/// value. No blanks, no control characters: a catalog's name has neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteKey(Box<str>);

impl RemoteKey {
    /// The key of an entry.
    pub fn of(catalog: &str, key: &Key) -> Self {
        let text = format!("storefind:{FORMAT}:{catalog}:{:032x}", key.hash());
        debug_assert!(text.len() <= KEY_BYTES_MAX, "{text}");
        Self(text.into())
    }

    /// The key of what one node has learned of a catalog's shoppers.
    pub fn learned(catalog: &str, slot: usize) -> Self {
        Self(format!("storefind:learned:{catalog}:{slot}").into())
    }

    /// The key of the mark that says: this entry is being computed.
    pub fn lease(&self) -> Self {
        Self(format!("{}:lease", self.0).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a server gave no answer that can be used. The text is for the log and never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// There is no connection.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with an error: a wrong password, no memory left, a value that is too large.
    #[error("refused: {0}")]
    Refused(String),
    /// It answered what its protocol does not know.
    #[error("answered nonsense: {0}")]
    Garbled(String),
}

#[cfg(test)]
pub(crate) mod fake {
    //! A server in this process's memory that can be told to fail. For unit tests only.

    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use super::{Bytes, Duration, Fault, Remote, RemoteKey, Reply};

    /// How a fake behaves.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub(crate) enum Mood {
        #[default]
        Well,
        /// Never answers.
        Frozen,
        /// Fails at once.
        Failing(Fault),
        /// Panics, as a client with a bug would.
        Panicking,
        /// Answers after a while.
        Slow(Duration),
    }

    /// The server; clones are the same one.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Fake {
        inner: Arc<Mutex<Inner>>,
    }

    #[derive(Debug, Default)]
    struct Inner {
        values: HashMap<String, Bytes>,
        mood: Mood,
        gets: usize,
        ttl: Option<Duration>,
    }

    impl Fake {
        pub(crate) fn set(&self, mood: Mood) {
            self.lock().mood = mood;
        }

        pub(crate) fn gets(&self) -> usize {
            self.lock().gets
        }

        pub(crate) fn len(&self) -> usize {
            self.lock().values.len()
        }

        /// The longest that the last value may be kept.
        pub(crate) fn ttl(&self) -> Option<Duration> {
            self.lock().ttl
        }

        /// Changes every value.
        pub(crate) fn change(&self, change: impl Fn(&Bytes) -> Bytes) {
            self.lock().values.values_mut().for_each(|value| *value = change(value));
        }

        /// Does it at once, whatever the mood.
        pub(crate) fn put_now(&self, key: &RemoteKey, value: Bytes) {
            self.lock().values.insert(key.as_str().to_owned(), value);
        }

        pub(crate) fn get_now(&self, key: &RemoteKey) -> Option<Bytes> {
            self.lock().values.get(key.as_str()).cloned()
        }

        fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
            self.inner.lock().expect("no panic while it is held")
        }

        fn answer<'a, T: Send + 'a>(&'a self, act: impl FnOnce(&mut Inner) -> T + Send + 'a) -> Reply<'a, T> {
            Box::pin(async move {
                let mood = self.lock().mood.clone();
                match mood {
                    Mood::Well => {}
                    Mood::Frozen => std::future::pending().await,
                    Mood::Failing(fault) => return Err(fault),
                    Mood::Panicking => panic!("on purpose"),
                    Mood::Slow(pause) => tokio::time::sleep(pause).await,
                }
                Ok(act(&mut self.lock()))
            })
        }
    }

    impl Remote for Fake {
        fn get<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, Option<Bytes>> {
            self.lock().gets += 1;
            self.answer(|inner| inner.values.get(key.as_str()).cloned())
        }

        fn put<'a>(&'a self, key: &'a RemoteKey, value: Bytes, ttl: Duration) -> Reply<'a, ()> {
            self.answer(move |inner| {
                inner.ttl = Some(ttl);
                inner.values.insert(key.as_str().to_owned(), value);
            })
        }

        fn delete<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, ()> {
            self.answer(|inner| drop(inner.values.remove(key.as_str())))
        }

        fn claim<'a>(&'a self, key: &'a RemoteKey, _ttl: Duration) -> Option<Reply<'a, bool>> {
            let put = |inner: &mut Inner| inner.values.insert(key.as_str().to_owned(), Bytes::new()).is_none();
            Some(self.answer(put))
        }
    }
}
