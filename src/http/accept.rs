//! The accept loop: from a listening socket to requests, with a limit on everything a client can hold.
//!
//! Owns connections: how many, how long, how they end. It knows nothing of routes. `axum::serve` is not used because
//! it sets no timer (headers may take forever), leaves Nagle's algorithm on and has no limit on connections.
//!
//! **Several listeners** share the port, one for each processor: the kernel spreads new connections over their queues, so
//! that accepting is not the work of one task when browsers come and go by the thousand.
//!
//! **Too many connections.** One more is accepted, told `503` with `Retry-After` and closed. Leaving it in the
//! kernel's queue instead would look like a hang to the client and to the health checker, and closing it without a
//! word like a crash. The tellers are few and bounded themselves; beyond them, and under TLS, where telling would take a
//! handshake, connections are closed at once.
//!
//! **Shutdown.** The listeners close first, so that a load balancer sees refusals, not errors. Idle connections close
//! at once, busy ones after their running request (HTTP/2: all streams begun), and what is left at the deadline is
//! cut. [`Server::run`] returns only when no connection is left.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::connection::{Activity, Patience, Verdict, Watched};
use super::edge::Edge;
use super::limit::Peer;
use super::tls;
use crate::config::HttpConfig;

/// Connections that the kernel may hold until they are accepted: a burst of browsers after a restart.
const BACKLOG: i32 = 1_024;
/// Refused connections that are told so at the same time.
const TELLERS_MAX: usize = 64;
/// How long a refused client may take to read why.
const TELLING_TIME: Duration = Duration::from_secs(1);
/// Pause after an accept error that is not the client's, such as too many open files: trying at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What a connection gets to end politely once it has overstayed.
const CLOSING_TIME: Duration = Duration::from_secs(1);
/// Streams at a time on one HTTP/2 connection: a browser's page needs about ten, a back end pools.
const HTTP2_STREAMS_MAX: u32 = 128;
/// What a client reads when too many connections are open.
const REFUSAL: &str = "{\"error\":{\"code\":\"overloaded\",\"message\":\"too many open connections\",\
                       \"docs\":\"/docs#overloaded\"}}";

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// Why not.
    #[source]
    pub source: io::Error,
}

/// A bound server.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request that ran was answered.
    All,
    /// So many connections were cut at the deadline.
    Cut(usize),
}

/// A connection's orders from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Serve,
    Finish,
    Cut,
}

impl Server {
    /// Binds so many listeners, at least one; port 0 takes a free one. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The address with the reason. Another server on the same address is one.
    pub fn bind(address: SocketAddr, listeners: usize) -> Result<Self, BindError> {
        let bound = || {
            let first = listen(address, Share::Claim)?;
            let address = first.local_addr()?;
            let further = (1..listeners).map(|_| listen(address, Share::Join));
            let listeners = std::iter::once(Ok(first)).chain(further).collect::<io::Result<_>>()?;
            Ok(Self { listeners, address })
        };
        bound().map_err(|source| BindError { address, source })
    }

    /// The address bound, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes, then drains. A dropped call cuts nothing that runs but accepts no more.
    pub async fn run(self, edge: Arc<Edge>, shutdown: impl Future<Output = ()>) -> Drained {
        let config = edge.app().config.http.clone();
        let (orders, order) = watch::channel(Order::Serve);
        let connections = Arc::new(Semaphore::new(config.connections_max));
        let accepting = Accepting {
            connections: connections.clone(),
            tellers: Arc::new(Semaphore::new(TELLERS_MAX)),
            builder: Arc::new(builder(&config)),
            patience: Patience { header_timeout: config.header_timeout, idle_timeout: config.idle_timeout },
            edge,
            order,
        };
        let accepting = Arc::new(accepting);
        let mut accepts = JoinSet::new();
        let app = accepting.edge.app();
        accepts.spawn(tls::watch(app.tls.clone(), app.metrics.tls.clone()));
        for listener in self.listeners {
            let accepting = Arc::clone(&accepting);
            accepts.spawn(async move { accepting.accept(&listener).await });
        }
        drop(accepting);
        shutdown.await;
        // Closes the listeners: who comes now is refused at once and can try elsewhere.
        accepts.shutdown().await;
        orders.send_replace(Order::Finish);
        drain(&connections, config.connections_max, config.drain_timeout, &orders).await
    }
}

/// Waits for every permit: then no connection is left.
async fn drain(
    connections: &Semaphore,
    connections_max: usize,
    drain_timeout: Duration,
    orders: &watch::Sender<Order>,
) -> Drained {
    let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
    if timeout(drain_timeout, connections.acquire_many(all)).await.is_ok() {
        return Drained::All;
    }
    let left = connections_max.saturating_sub(connections.available_permits());
    orders.send_replace(Order::Cut);
    let gone = connections.acquire_many(all).await;
    debug_assert!(gone.is_ok(), "the semaphore is never closed");
    Drained::Cut(left)
}

struct Accepting {
    connections: Arc<Semaphore>,
    tellers: Arc<Semaphore>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    patience: Patience,
    edge: Arc<Edge>,
    order: watch::Receiver<Order>,
}

impl Accepting {
    /// Accepts for ever.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) if is_clients(&error) => continue,
                Err(error) => {
                    tracing::error!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match self.connections.clone().try_acquire_owned() {
                Ok(permit) => {
                    let serving =
                        serve(stream, self.edge.clone(), self.builder.clone(), self.patience, self.order.clone());
                    tokio::spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(_) => self.refuse(stream),
            }
        }
    }

    fn refuse(&self, stream: TcpStream) {
        self.edge.app().metrics.http.connections_refused.inc();
        // Plain text in the place of a handshake would be taken for a broken server; an end is an end.
        if self.edge.app().tls.is_some() {
            return;
        }
        if let Ok(permit) = self.tellers.clone().try_acquire_owned() {
            tokio::spawn(async move {
                // The client may have left; then there is nobody to tell.
                let _ = timeout(TELLING_TIME, tell(stream)).await;
                drop(permit);
            });
        }
    }
}

/// One connection from its first byte to its last.
async fn serve(
    stream: TcpStream,
    edge: Arc<Edge>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    patience: Patience,
    mut order: watch::Receiver<Order>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the client left before it was served");
        return;
    }
    // A client that is gone has no address any more; there is nobody left to limit.
    let address = stream.peer_addr().ok().map(|address| address.ip());
    let app = edge.app().clone();
    app.metrics.http.connections.inc();
    match &app.tls {
        None => converse(stream, Peer { address, tls: false }, edge, builder, patience, order).await,
        Some(tls) => {
            let encrypted = tokio::select! {
                encrypted = tls.accept(stream, patience.header_timeout, &app.metrics.tls) => encrypted,
                // Who has not even said what it wants is not waited for.
                _ = order.wait_for(|order| *order != Order::Serve) => None,
            };
            if let Some(stream) = encrypted {
                converse(stream, Peer { address, tls: true }, edge, builder, patience, order).await;
            }
        }
    }
    app.metrics.http.connections.dec();
}

/// The requests of one connection and their answers.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    edge: Arc<Edge>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    patience: Patience,
    mut order: watch::Receiver<Order>,
) {
    let http = &edge.app().metrics.http;
    let activity = Arc::new(Activity::new(Instant::now()));
    let service = {
        let (edge, activity) = (edge.clone(), activity.clone());
        hyper::service::service_fn(move |request| {
            let (edge, activity) = (edge.clone(), activity.clone());
            async move {
                let running = activity.begin();
                let response = edge.handle_from(peer, request).await;
                drop(running);
                Ok::<_, Infallible>(response)
            }
        })
    };
    let io = TokioIo::new(Watched::new(stream, activity.clone()));
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut alarm = pin!(sleep_until(Instant::now() + patience.header_timeout.min(patience.idle_timeout)));
    let mut finishing = false;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "a connection ended with an error");
                }
                break;
            }
            () = alarm.as_mut() => match activity.verdict(Instant::now(), patience) {
                Verdict::WaitUntil(moment) => alarm.as_mut().reset(moment),
                Verdict::Close => {
                    http.connections_timed_out.inc();
                    connection.as_mut().graceful_shutdown();
                    // Idle connections end here; one that does not move is dropped with what it holds.
                    let _ = timeout(CLOSING_TIME, connection.as_mut()).await;
                    break;
                }
            },
            changed = order.changed() => match (changed, *order.borrow_and_update()) {
                (Ok(()), Order::Finish) if !finishing => {
                    finishing = true;
                    connection.as_mut().graceful_shutdown();
                }
                (Ok(()), Order::Serve | Order::Finish) => {}
                (Ok(()), Order::Cut) | (Err(_), _) => break,
            },
        }
    }
}

fn builder(config: &HttpConfig) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `connection` watches headers and idling; see there why hyper's own timer cannot.
        .header_read_timeout(None)
        // A client that sends its request and closes its half still gets the answer.
        .half_close(true)
        .max_headers(config.headers_max)
        .max_buf_size(config.header_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(config.header_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// How a listener comes by its port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// It must be free.
    Claim,
    /// Another listener of this server has it.
    Join,
}

fn listen(address: SocketAddr, share: Share) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the last run to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Set before binding it would let a second server take a share of this one's connections without a word; set
    // after it, it only lets the own listeners join.
    if share == Share::Join {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_reuse_port(true)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Errors that belong to one client which is already gone.
fn is_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// Says why and closes. What the client sends meanwhile is read and dropped: closing with unread bytes would reset the
/// connection and could take the answer away from the client before it is read.
async fn tell(mut stream: TcpStream) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Retry-After: 1\r\nConnection: close\r\n\r\n{REFUSAL}",
        REFUSAL.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut sink = [0_u8; 1_024];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
