//! What happens before encrypted connections are served.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// How a handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// The connection was served.
    Done,
    /// It was no handshake, or the two did not agree.
    Failed,
    /// It took too long.
    TimedOut,
    /// The client spoke plain HTTP.
    Plain,
}

/// What came of a new pair of certificate and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// It is in use.
    Done,
    /// The old one stays in use.
    Failed,
}

/// Handshakes and certificates.
#[derive(Debug)]
pub struct TlsMetrics {
    handshakes: [Counter; 4],
    reloads: [Counter; 2],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl TlsMetrics {
    /// Registers both.
    pub fn register(registry: &mut Registry) -> Self {
        let (handshakes, reloads) =
            (Family::<OutcomeLabel, Counter>::default(), Family::<OutcomeLabel, Counter>::default());
        // In the order of the variants.
        let metrics = Self {
            handshakes: ["done", "failed", "timed_out", "plain"]
                .map(|outcome| handshakes.get_or_create_owned(&OutcomeLabel { outcome })),
            reloads: ["done", "failed"].map(|outcome| reloads.get_or_create_owned(&OutcomeLabel { outcome })),
        };
        registry.register("tls_handshakes", "TLS handshakes, by outcome", handshakes);
        registry.register("tls_reloads", "New certificates, by outcome", reloads);
        metrics
    }

    /// The count of handshakes that ended so.
    pub fn handshakes(&self, outcome: Handshake) -> &Counter {
        &self.handshakes[outcome as usize]
    }

    /// The count of new certificates of which that came.
    pub fn reloads(&self, outcome: Reload) -> &Counter {
        &self.reloads[outcome as usize]
    }
}
