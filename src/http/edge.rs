//! What is done to every request and answer, once, around the router.
//!
//! Owns the request id, `Server-Timing`, cross-origin and security headers, the count of the answer and the refuge
//! from a panic; who is let in is decided by [`super::auth`] and [`super::cors`].
//! A stack of middleware could do this in five layers, each with a boxed future and a clone of the request's parts;
//! here it is one function without allocation beyond the two header values, because a memory hit costs some ten
//! microseconds altogether and must stay within a fifth of the bare router.
//!
//! Invariant: every answer leaves with `X-Request-Id` and `Server-Timing`, also 404, 405 and 500.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use tokio::time::Instant;
use tower::Service as _;

use super::auth::Gate;
use super::cors::Cors;
use super::error::{ApiError, Cause, ErrorCode};
use super::limit::Peer;
use super::request_id::{RequestIds, X_REQUEST_ID};
use super::route::Route;
use super::router;
use crate::app::App;

/// Tells clients what the server measured.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Which sites' pages may embed an answer.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// A year, as browsers' own lists ask for at least; this host alone, since others are not ours to speak for.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// The router with its surroundings.
#[derive(Debug)]
pub struct Edge {
    app: Arc<App>,
    router: Router,
    ids: RequestIds,
    cors: Cors,
    gate: Gate,
}

impl Edge {
    /// The whole HTTP side of an application.
    pub fn new(app: Arc<App>) -> Self {
        let cors = Cors::new(&app.config.http.cors_origins);
        let gate = Gate::new(&app.config);
        Self { router: router::router(app.clone()), ids: RequestIds::new(), cors, gate, app }
    }

    /// The application behind it.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Answers one request from within the process.
    pub async fn handle<B>(&self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        self.handle_from(Peer::default(), request).await
    }

    /// Answers one request. Dropping the call drops the handler; what a handler spawned (writes, computations) goes on.
    pub async fn handle_from<B>(&self, peer: Peer, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let started = Instant::now();
        let route = Route::of(request.uri().path());
        let id = self.ids.of(request.headers().get(X_REQUEST_ID));
        let origin = self.cors.origin_for(route, request.headers());
        let admitted = {
            let (method, uri, headers) = (request.method(), request.uri(), request.headers());
            let admitted =
                self.gate.admit((route, method, uri.path()), headers, peer, (started, &self.app.metrics.http));
            admitted.and_then(|within| self.cors.admit(route, method, uri, headers).map(|()| within))
        };
        let answered = match admitted {
            Err(refused) => Ok(refused.into_response()),
            Ok(within) => {
                if let Some(within) = within {
                    request.extensions_mut().insert(Arc::clone(within));
                }
                self.guarded(request.map(Body::new)).await
            }
        };
        let mut response = match answered {
            Ok(response) => response,
            Err(panicked) => {
                self.app.metrics.http.panics.inc();
                tracing::error!(request.id = ?id, route = route.as_str(), panic = %panicked, "a handler panicked");
                ApiError::new(ErrorCode::Internal, ApiError::internal(panicked).message).into_response()
            }
        };
        let elapsed = started.elapsed();
        self.app.metrics.http.observe(route, response.status(), elapsed);
        if response.status().is_server_error() {
            log_failure(route, &id, &mut response);
        }
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id);
        // Answers of the cache and the index bring their own, with its parts.
        if !headers.contains_key(SERVER_TIMING) {
            headers.insert(SERVER_TIMING, server_timing(elapsed));
        }
        self.cors.mark(route, origin, headers);
        protect(route, peer, headers);
        response
    }

    /// Runs the router; a panic inside becomes an error, so that the connection and its other streams live on.
    async fn guarded(&self, request: Request<Body>) -> Result<Response, Panicked> {
        // A `Router` is always ready, and cloning it counts up one reference.
        let mut answer = pin!(self.router.clone().call(request));
        std::future::poll_fn(|cx| {
            match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
                Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(response)),
                Ok(Poll::Ready(Err(never))) => match never {},
                Ok(Poll::Pending) => Poll::Pending,
                // The future is not polled again, so nothing half-done is seen.
                Err(payload) => Poll::Ready(Err(Panicked::of(payload.as_ref()))),
            }
        })
        .await
    }
}

/// What every answer tells browsers: take it for what it says it is, tell no other site where you were, let other
/// sites' pages embed only what is theirs to call, and stay with an encrypted connection.
fn protect(route: Route, peer: Peer, headers: &mut HeaderMap) {
    let embeddable = if route.is_public() { "cross-origin" } else { "same-origin" };
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(embeddable));
    if peer.tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
    }
}

/// A handler panicked; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Panicked(String);

impl Panicked {
    fn of(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        Self(text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned()))
    }
}

/// Ours to repair (500, a failing log) is an error; overload and deadlines are told by metrics and are debug here, or
/// they would flood the log in the worst moment.
fn log_failure(route: Route, id: &HeaderValue, response: &mut Response) {
    let status = response.status();
    match response.extensions_mut().remove::<Cause>() {
        Some(Cause(cause)) => {
            let cause: &(dyn std::error::Error + 'static) = cause.as_ref();
            tracing::error!(request.id = ?id, route = route.as_str(), status = status.as_u16(), error = cause, "a request failed");
        }
        None if status == StatusCode::INTERNAL_SERVER_ERROR => {}
        None => {
            tracing::debug!(request.id = ?id, route = route.as_str(), status = status.as_u16(), "a request was shed")
        }
    }
}

/// `total;dur=0.123`, milliseconds.
fn server_timing(elapsed: Duration) -> HeaderValue {
    let us = elapsed.as_micros();
    let mut buffer = [0_u8; 48];
    let mut rest = &mut buffer[..];
    let written = write!(rest, "total;dur={}.{:03}", us / 1_000, us % 1_000);
    let length = 48 - rest.len();
    debug_assert!(written.is_ok(), "the buffer holds the longest duration");
    HeaderValue::from_bytes(&buffer[..length]).unwrap_or(HeaderValue::from_static("total"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_that_tells_nothing_and_the_next_request_is_answered() {
        let data = tempfile::tempdir().unwrap();
        let mut config = crate::config::Config::load(&crate::config::Sources::default()).unwrap();
        config.data_dir = data.path().to_owned();
        let app = App::build(config, crate::app::Mode::ReadWrite).unwrap();
        let mut edge = Edge::new(app);
        async fn broken() -> &'static str {
            panic!("a secret")
        }
        edge.router = Router::new().route("/broken", axum::routing::get(broken)).merge(edge.router);
        let get = |path| Request::get(path).body(Body::empty()).unwrap();
        let response = edge.handle(get("/broken")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(X_REQUEST_ID) && response.headers().contains_key(SERVER_TIMING));
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert!(body.starts_with(b"{\"error\":{\"code\":\"internal\"") && !body.windows(6).any(|six| six == b"secret"));
        assert_eq!(edge.app.metrics.http.panics.get(), 1);
        assert_eq!(edge.handle(get("/healthz")).await.status(), StatusCode::OK);
    }

    #[test]
    fn server_timing_is_in_milliseconds() {
        for (us, text) in [(0, "total;dur=0.000"), (7, "total;dur=0.007"), (123_456, "total;dur=123.456")] {
            assert_eq!(server_timing(Duration::from_micros(us)), text);
        }
        assert!(server_timing(Duration::MAX).to_str().unwrap().starts_with("total;dur="));
    }
}
