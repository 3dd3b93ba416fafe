//! A bare HTTP server inside this process: hyper and a body that is always the same.
//!
//! Owns what the generator is measured against. It refuses to do anything that a product search does.
//!
//! Invariant: it runs on threads of its own, as a server under test does, and answers every request alike.

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
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).context("cannot bind a bare server")?;
        let address = listener.local_addr()?;
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
