//! Bare HTTP servers, which are what a measurement is compared with. This one: inside this process, hyper and a body
//! that is always the same. Beside it, [axum] in a process of its own.
//!
//! Owns what the generator is measured against. It refuses to do anything that a product search does.
//!
//! Invariant: it runs on threads of its own, as a server under test does, and answers every request alike.

pub(crate) mod axum;

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Context as _;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Bare {
    pub(crate) fn start(body_bytes: usize) -> anyhow::Result<Self> {
        // As many threads as the machine has cores: Storefind's choice too.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("bare").build()?;
        // Bound without waiting: the caller is asynchronous itself, on another runtime.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("cannot bind a bare server")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, Bytes::from(vec![b'x'; body_bytes])));
        Ok(Self { address, runtime: Some(runtime) })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, body: Bytes) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let body = body.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |_: Request<Incoming>| {
                let body = body.clone();
                async move {
                    let response = Response::builder().header("content-type", "application/json");
                    Ok::<_, Infallible>(response.body(Full::new(body)).unwrap_or_default())
                }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Access, Client};
    use crate::scenario::shape;

    #[tokio::test]
    async fn every_request_is_answered_alike() {
        let bare = Bare::start(77).unwrap();
        let client = Client::new(bare.address, &shape::Client::default());
        for target in ["/", "/v1/x/search?q=y"] {
            let answer = client.get(Access::Search, target).await.unwrap();
            assert_eq!((answer.head.status, answer.body.len()), (200, 77));
        }
        assert_eq!(client.opened(), 1);
    }
}
