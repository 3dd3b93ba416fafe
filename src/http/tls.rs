//! TLS: the certificate in use, the handshake, and a new certificate without a restart.
//!
//! Owns what happens between an accepted connection and its first request, where TLS is configured. Protocol and
//! ciphers are rustls's own choice (TLS 1.2 and 1.3), HTTP/2 is offered before HTTP/1.1.
//!
//! | a client that | is |
//! | --- | --- |
//! | finishes the handshake in time | served |
//! | speaks plain HTTP | told so in plain HTTP, and closed |
//! | takes longer than `http.header_timeout` | closed |
//! | sends something else, or trusts us not | closed, with the alert that rustls sends |
//!
//! Each handshake runs in its connection's own task, so that a slow one keeps nobody waiting, and holds one of the
//! places of `http.max_connections`, so that many slow ones cannot pile up.
//!
//! **A new certificate** is found by looking at both files every few seconds: tools that renew certificates write
//! files, and not all of them can also send a signal. A pair that cannot be used (half written, of different keys)
//! leaves the old one in use, and is tried again at each look. Open connections keep what they have.
//!
//! Invariant: there is always a pair in use whose key belongs to its certificate.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::config::TlsConfig;
use crate::telemetry::tls::{Handshake, Reload, TlsMetrics};

/// How often the files are looked at: soon enough that nobody wonders, and two file names a look cost nothing.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// First byte of every TLS connection: the type of a handshake record.
const HANDSHAKE_RECORD: u8 = 0x16;
/// How long a client that speaks plain HTTP may take to read that it should not.
const TELLING_TIME: Duration = Duration::from_secs(1);
/// Protocols that are offered, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// What a client that speaks plain HTTP reads.
const PLAIN: &str = "this port speaks HTTPS\n";

/// The certificate in use.
#[derive(Debug)]
pub struct Tls {
    files: TlsConfig,
    current: ArcSwap<ServerConfig>,
    last: Mutex<Look>,
}

/// What was found in the files.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    stamps: [Option<(SystemTime, u64)>; 2],
    is_usable: bool,
}

/// Why a pair of certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("cannot read {path} as PEM")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// A file without what it should hold.
    #[error("{path} holds no certificate")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The two do not belong together, or cannot be used at all.
    #[error("the certificate of {certificate} and the key of {key} cannot be used together")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads both files. Blocking.
    ///
    /// # Errors
    /// Which file is wrong, and how.
    pub fn load(files: &TlsConfig) -> Result<Self, TlsError> {
        let stamps = stamps(files);
        let current = ArcSwap::from_pointee(read(files)?);
        Ok(Self { files: files.clone(), current, last: Mutex::new(Look { stamps, is_usable: true }) })
    }

    /// Uses what the files hold now, if it is new and usable. Blocking.
    pub fn refresh(&self, metrics: &TlsMetrics) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the files are read: what changes after this is seen at the next look.
        let stamps = stamps(&self.files);
        let is_new = stamps != last.stamps;
        if !is_new && last.is_usable {
            return;
        }
        let read = read(&self.files);
        *last = Look { stamps, is_usable: read.is_ok() };
        match read {
            Ok(config) => {
                self.current.store(Arc::new(config));
                metrics.reloads(Reload::Done).inc();
                tracing::info!(tls.certificate = %self.files.certificate.display(), "a new certificate is in use");
            }
            // Once for each state of the files, not at each look.
            Err(error) if is_new => {
                metrics.reloads(Reload::Failed).inc();
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error, "the new certificate cannot be used; the old one stays in use");
            }
            Err(_) => {}
        }
    }

    /// The handshake with one client; `None` when there is nobody to serve. Dropping the call closes the connection.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        time_max: Duration,
        metrics: &TlsMetrics,
    ) -> Option<TlsStream<TcpStream>> {
        let handshake = async {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(1) if first == [HANDSHAKE_RECORD] => {}
                Ok(1) => return Err((Handshake::Plain, Some(stream))),
                Ok(_) | Err(_) => return Err((Handshake::Failed, None)),
            }
            let acceptor = TlsAcceptor::from(self.current.load_full());
            acceptor.accept(stream).await.map_err(|error| {
                tracing::debug!(%error, "a TLS handshake failed");
                (Handshake::Failed, None)
            })
        };
        let (outcome, served) = match timeout(time_max, handshake).await {
            Ok(Ok(encrypted)) => (Handshake::Done, Some(encrypted)),
            Ok(Err((outcome, told))) => {
                if let Some(plain) = told {
                    // The client may have left; then there is nobody to tell.
                    let _ = timeout(TELLING_TIME, tell(plain)).await;
                }
                (outcome, None)
            }
            Err(_) => (Handshake::TimedOut, None),
        };
        metrics.handshakes(outcome).inc();
        served
    }
}

/// Looks for new files for ever; does nothing where there is no TLS.
pub(super) async fn watch(tls: Option<Arc<Tls>>, metrics: Arc<TlsMetrics>) {
    let Some(tls) = tls else { return std::future::pending().await };
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    loop {
        looks.tick().await;
        let (tls, metrics) = (tls.clone(), metrics.clone());
        if let Err(error) = tokio::task::spawn_blocking(move || tls.refresh(&metrics)).await {
            tracing::error!(%error, "looking for a new certificate failed");
        }
    }
}

fn read(files: &TlsConfig) -> Result<ServerConfig, TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Read { path, source }
    };
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(unreadable(&files.certificate))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate { path: files.certificate.clone() });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    // rustls compares the key with the certificate here.
    let config = builder
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
    let mut config = config.map_err(|source| TlsError::Pair {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    })?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// By which a changed file is known: when it was written, and its length. Links are followed, as orchestrators swap
/// them.
fn stamps(files: &TlsConfig) -> [Option<(SystemTime, u64)>; 2] {
    let stamp = |metadata: Metadata| Some((metadata.modified().ok()?, metadata.len()));
    [&files.certificate, &files.key].map(|path| std::fs::metadata(path).ok().and_then(stamp))
}

/// Says why and closes, after reading what comes: closing with unread bytes could take the answer away from the client.
async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{PLAIN}",
        PLAIN.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut sink = [0_u8; 1_024];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
