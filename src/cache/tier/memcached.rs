//! One server of a Memcached pool. Which key lives on which server is decided above ([`guard`](super::guard)), so that each
//! has a breaker of its own.
//!
//! Owns the words of the protocol. The client has a pool of connections that carry one request each; a call that is given
//! up closes its connection, so nobody ever reads another's answer. Invariant: a value that is read is at most as long as
//! the server's own limit for items.

use std::time::Duration;

use bytes::Bytes;
use memcache::exp::{AsyncMemcache, Error, Ttl};

use super::guard::CALLS_MAX;
use super::link::Link;
use super::remote::{Fault, Remote, RemoteKey, Reply};

/// Time to connect; nobody waits for it longer than for an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A reply that is not there after this long will not come; callers have gone on long before.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest refusal that is repeated in the log.
const MESSAGE_CHARS_MAX: usize = 200;

/// See the module.
#[derive(Debug)]
pub struct Memcached {
    address: String,
    client: Link<AsyncMemcache>,
}

impl Memcached {
    /// The way to the server at `host:port`. Connects to nothing yet; the name is resolved with the first call.
    pub fn new(address: String) -> Self {
        Self { address, client: Link::default() }
    }

    async fn with<T, F>(&self, call: impl FnOnce(AsyncMemcache) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let address = self.address.clone();
        let held = self.client.hold(|| connect(address)).await?;
        let result = call(held.link.clone()).await.map_err(|error| fault(&error));
        if matches!(result, Err(Fault::Unreachable(_))) {
            // The name may lead elsewhere by now.
            self.client.give_up(&held);
        }
        result
    }
}

impl Remote for Memcached {
    fn get<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, Option<Bytes>> {
        Box::pin(async move {
            let value: Option<Vec<u8>> = self.with(|client| async move { client.get(key.as_str()).await }).await?;
            Ok(value.map(Bytes::from))
        })
    }

    fn put<'a>(&'a self, key: &'a RemoteKey, value: Bytes, ttl: Duration) -> Reply<'a, ()> {
        Box::pin(async move {
            let ttl = Ttl::secs(u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX).max(1));
            self.with(|client| async move { client.set(key.as_str(), &value[..], ttl).await }).await
        })
    }

    fn delete<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, ()> {
        Box::pin(async move { self.with(|client| async move { client.delete(key.as_str()).await }).await })
    }
}

async fn connect(address: String) -> Result<AsyncMemcache, Fault> {
    let builder = AsyncMemcache::builder()
        .timeout(RESPONSE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        // As many as calls may run: one more would wait for a connection, which the bulkhead rules out.
        .max_connections(CALLS_MAX)
        .max_idle(CALLS_MAX);
    builder.connect_async([address]).await.map_err(|error| fault(&error))
}

fn fault(error: &Error) -> Fault {
    let message = || error.to_string().chars().take(MESSAGE_CHARS_MAX).collect();
    match error {
        Error::Io(_) => Fault::Unreachable(message()),
        Error::Timeout { .. } => Fault::TimedOut,
        Error::Ambiguous { source, .. } => fault(source),
        Error::Server(_) | Error::Rejected(_) => Fault::Refused(message()),
        _ => Fault::Garbled(message()),
    }
}
