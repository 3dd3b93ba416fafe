//! Redis: one server, a primary found through Sentinels, or a Cluster.
//!
//! Owns the connections and the words of the protocol. A few connections take turns: each answers in order, so that one
//! large value would hold up everything behind it. The client reconnects by itself; what it does not notice (a password
//! that was changed, a primary that is none any more) gets a new connection here.
//!
//! Values are asked for as a range, so that another program's value of half a gigabyte under a key of ours is not read.
//! Invariant: nothing that is read is longer than [`VALUE_BYTES_MAX`] and one byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{Client, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo as _, RedisError, TlsMode};

use super::link::{Held, Link};
use super::remote::{Fault, Remote, RemoteKey, Reply};
use crate::cache::codec::VALUE_BYTES_MAX;
use crate::config::{RedisConfig, RedisMode};

/// Connections to the server: four carried 339,000 operations a second where one carried 206,000.
const CONNECTIONS: usize = 4;
/// Time to connect, log in included. Nobody waits for it longer than for an answer; it goes on beside.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A reply that is not there after this long will not come; callers have gone on long before.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Unacknowledged for so long, a connection is dead: a network that was cut gives no other sign.
const USER_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest refusal that is repeated in the log.
const MESSAGE_CHARS_MAX: usize = 200;

/// See the module.
#[derive(Debug)]
pub struct Redis {
    way: Arc<Way>,
    connections: [Link<Connection>; CONNECTIONS],
    turn: AtomicUsize,
}

/// How to connect.
enum Way {
    Single(Client),
    Cluster(Box<ClusterClient>),
    Sentinel { sentinels: Vec<ConnectionInfo>, primary: String },
}

#[derive(Clone)]
enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
    Sentinel(MultiplexedConnection),
}

impl Redis {
    /// The way to the configured server or servers. Connects to none yet.
    ///
    /// # Errors
    /// The URL does not lead anywhere; the message holds no password.
    pub fn new(config: &RedisConfig) -> Result<Self, Fault> {
        if config.urls.iter().any(|url| url.secret().starts_with("rediss:")) {
            // Refused when one was chosen before, which will do as well.
            let _chosen = rustls::crypto::ring::default_provider().install_default();
        }
        let infos = config.urls.iter().map(|url| url.secret().into_connection_info());
        let infos = infos.collect::<Result<Vec<_>, _>>().map_err(|error| fault(&error))?;
        let infos: Vec<_> = infos.into_iter().map(|info| info.set_tcp_settings(tcp())).collect();
        let way = match (config.mode, infos.first()) {
            (_, None) => return Err(Fault::Unreachable("no server is named".into())),
            (RedisMode::Single, Some(first)) => {
                Way::Single(Client::open(first.clone()).map_err(|error| fault(&error))?)
            }
            (RedisMode::Cluster, Some(_)) => {
                let builder = ClusterClient::builder(infos).tcp_settings(tcp()).retries(1);
                let builder = builder.connection_timeout(CONNECT_TIMEOUT).response_timeout(RESPONSE_TIMEOUT);
                Way::Cluster(Box::new(builder.build().map_err(|error| fault(&error))?))
            }
            (RedisMode::Sentinel, Some(_)) => Way::Sentinel { sentinels: infos, primary: config.primary.clone() },
        };
        Ok(Self {
            way: Arc::new(way),
            connections: std::array::from_fn(|_| Link::default()),
            turn: AtomicUsize::new(0),
        })
    }

    async fn query<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Refusal> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let link = &self.connections[turn % CONNECTIONS];
        let way = Arc::clone(&self.way);
        let mut held = link.hold(|| connect(way)).await.map_err(Refusal::Fault)?;
        let result = held.link.query(&command).await;
        if let Err(error) = &result
            && held.is_spoilt_by(error)
        {
            link.give_up(&held);
        }
        result.map_err(|error| match error.code() {
            Some("WRONGTYPE") => Refusal::WrongType,
            _ => Refusal::Fault(fault(&error)),
        })
    }
}

/// Why a command has no result.
enum Refusal {
    /// Something else than a text lies under the key.
    WrongType,
    Fault(Fault),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongType => Self::Refused("another kind of value is there".into()),
            Refusal::Fault(fault) => fault,
        }
    }
}

impl Remote for Redis {
    fn get<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, Option<Bytes>> {
        Box::pin(async move {
            let mut command = redis::cmd("GETRANGE");
            command.arg(key.as_str()).arg(0).arg(VALUE_BYTES_MAX);
            match self.query::<Bytes>(command).await {
                // A range of nothing is empty, and no value of ours is.
                Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
                // Not a text: another program's, under a key of ours. The codec calls it by its name.
                Err(Refusal::WrongType) => Ok(Some(Bytes::new())),
                Err(Refusal::Fault(fault)) => Err(fault),
            }
        })
    }

    fn put<'a>(&'a self, key: &'a RemoteKey, value: Bytes, ttl: Duration) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(key.as_str()).arg(&*value).arg("PX").arg(millis(ttl));
            Ok(self.query(command).await?)
        })
    }

    fn delete<'a>(&'a self, key: &'a RemoteKey) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("DEL");
            command.arg(key.as_str());
            Ok(self.query(command).await?)
        })
    }

    fn claim<'a>(&'a self, key: &'a RemoteKey, ttl: Duration) -> Option<Reply<'a, bool>> {
        Some(Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(key.as_str()).arg("1").arg("NX").arg("PX").arg(millis(ttl));
            let put: Option<String> = self.query(command).await?;
            Ok(put.is_some())
        }))
    }
}

impl Connection {
    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
            Self::Sentinel(connection) => command.query_async(connection).await,
        }
    }
}

impl Held<Connection> {
    /// Whether another connection may fare better. A cluster notices a lost one by itself. So does a manager, but it tells
    /// the next caller its old error before it connects again: after a restart each of the connections would fail once
    /// more.
    fn is_spoilt_by(&self, error: &RedisError) -> bool {
        let lost = error.is_io_error() || error.is_connection_dropped();
        let stays = ["WRONGTYPE", "OOM", "LOADING", "BUSY"];
        match (lost, &self.link) {
            (true, Connection::Single(_) | Connection::Sentinel(_)) => true,
            (true, Connection::Cluster(_)) => false,
            (false, _) => !error.code().is_some_and(|code| stays.contains(&code)),
        }
    }
}

async fn connect(way: Arc<Way>) -> Result<Connection, Fault> {
    let connecting = async {
        match &*way {
            Way::Single(client) => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(CONNECT_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT))
                    // Whoever comes next tries again; meanwhile nobody is to wait.
                    .set_number_of_retries(0);
                Ok(Connection::Single(client.get_connection_manager_with_config(config).await?))
            }
            Way::Cluster(client) => Ok(Connection::Cluster(client.get_async_connection().await?)),
            Way::Sentinel { sentinels, primary } => connect_by_sentinel(sentinels, primary).await,
        }
    };
    match tokio::time::timeout(CONNECT_TIMEOUT * 2, connecting).await {
        Ok(connected) => connected.map_err(|error: RedisError| fault(&error)),
        Err(_) => Err(Fault::Unreachable("connecting takes too long".into())),
    }
}

async fn connect_by_sentinel(sentinels: &[ConnectionInfo], primary: &str) -> Result<Connection, RedisError> {
    let addresses = sentinels.iter().map(|info| info.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, primary, SentinelServerType::Master)?
        .set_client_to_redis_tcp_settings(tcp())
        .set_client_to_sentinel_tcp_settings(tcp());
    if let Some(info) = sentinels.first() {
        let settings = info.redis_settings();
        builder = builder.set_client_to_redis_db(settings.db());
        if let Some(username) = settings.username() {
            builder = builder.set_client_to_redis_username(username);
        }
        if let Some(password) = settings.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            builder =
                builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
    }
    Ok(Connection::Sentinel(builder.build()?.get_async_connection().await?))
}

/// Answers are small and wanted at once: no waiting for more to send.
fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(USER_TIMEOUT)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn fault(error: &RedisError) -> Fault {
    // The client's own words; neither holds what was sent.
    let message: String = error.to_string().chars().take(MESSAGE_CHARS_MAX).collect();
    match error.kind() {
        _ if error.is_timeout() => Fault::TimedOut,
        _ if error.is_io_error() || error.is_connection_dropped() => Fault::Unreachable(message),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Fault::Garbled(message),
        ErrorKind::MasterNameNotFoundBySentinel | ErrorKind::ClusterConnectionNotFound => Fault::Unreachable(message),
        _ => Fault::Refused(message),
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The clients show their passwords.
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Cluster(_) => "Cluster",
            Self::Sentinel { .. } => "Sentinel",
        })
    }
}
