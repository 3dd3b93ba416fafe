//! Every metric of the server that is not a tier's own, declared in one place.
//!
//! A struct per subsystem, registered once, passed by handle. Labels come from closed enums, and all series of HTTP
//! exist from the start, so that counting is an addition to a known cell: no lookup by label, no lock.
//! `docs/METRICS.md` lists the names, and a test compares.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::histogram::DurationHistogram;
use super::tls::TlsMetrics;
use crate::http::route::Route;

/// Classes of status: 1xx never leaves the server, so five are 2xx to 5xx and "other".
const STATUS_CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "other"];

/// The registry and what is registered in it.
#[derive(Debug)]
pub struct Metrics {
    /// Requests and connections.
    pub http: HttpMetrics,
    /// What happens before encrypted connections are served.
    pub tls: Arc<TlsMetrics>,
    /// What writers sent.
    pub writes: WriteMetrics,
    /// State of each catalog, set when metrics are read.
    pub catalogs: CatalogMetrics,
    /// Under a lock because others register at start and the text is made now and then; counting never takes it.
    registry: Mutex<Registry>,
}

/// Requests and connections.
#[derive(Debug)]
pub struct HttpMetrics {
    requests: Vec<[Counter; STATUS_CLASSES.len()]>,
    durations: Vec<DurationHistogram>,
    /// Open connections.
    pub connections: Gauge,
    /// Connections refused because too many were open.
    pub connections_refused: Counter,
    /// Connections closed because they were idle or slow.
    pub connections_timed_out: Counter,
    /// Handlers that panicked; each is a bug.
    pub panics: Counter,
    refused: [Counter; Refusal::ALL.len()],
}

/// Why a request was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No key, or none that is known.
    Unauthorized,
    /// The key lacks the scope or the catalog.
    Forbidden,
    /// The key has sent more than it may.
    Key,
    /// The address has sent more than it may.
    Address,
}

impl Refusal {
    /// All, in the order of their numbers.
    const ALL: [Self; 4] = [Self::Unauthorized, Self::Forbidden, Self::Key, Self::Address];

    fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Key => "key_rate",
            Self::Address => "address_rate",
        }
    }
}

/// What writers sent.
#[derive(Debug, Default)]
pub struct WriteMetrics {
    /// Lines and single changes that were accepted.
    pub accepted: Counter,
    /// Lines and single changes that were rejected.
    pub rejected: Counter,
    /// Shoppers' deeds that were accepted.
    pub events_accepted: Counter,
    /// Shoppers' deeds that were rejected.
    pub events_rejected: Counter,
}

/// A catalog's name, which comes from the configuration, never from a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CatalogLabel {
    /// The catalog.
    pub catalog: String,
}

/// State of each catalog.
#[derive(Debug, Default)]
pub struct CatalogMetrics {
    /// Products that can be found.
    pub products: Family<CatalogLabel, Gauge>,
    /// Sequence of the published snapshot.
    pub sequence: Family<CatalogLabel, Gauge>,
    /// 1 when the catalog has caught up with its log.
    pub ready: Family<CatalogLabel, Gauge>,
    /// Suggestions held.
    pub suggestions: Family<CatalogLabel, Gauge>,
    /// Acknowledged events that are not visible yet.
    pub lag_events: Family<CatalogLabel, Gauge>,
    /// Age of the oldest acknowledgement that is not visible yet.
    pub lag: Family<CatalogLabel, Gauge<f64, AtomicU64>>,
    /// Events that could not be applied.
    pub set_aside: Family<CatalogLabel, Gauge>,
    /// Bytes of the log on disk.
    pub log_bytes: Family<CatalogLabel, Gauge>,
}

impl Metrics {
    /// Registers everything.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("storefind");
        let http = HttpMetrics::register(&mut registry);
        let tls = Arc::new(TlsMetrics::register(&mut registry));
        let writes = WriteMetrics::default();
        registry.register("changes_accepted", "Changes of products that were accepted", writes.accepted.clone());
        registry.register("changes_rejected", "Changes of products that were rejected", writes.rejected.clone());
        let help = "What shoppers did, as storefronts reported it";
        registry.register("shopper_events_accepted", help, writes.events_accepted.clone());
        let help = "Reports of what shoppers did that were rejected";
        registry.register("shopper_events_rejected", help, writes.events_rejected.clone());
        let catalogs = CatalogMetrics::default();
        registry.register("catalog_products", "Products that can be found", catalogs.products.clone());
        registry.register("catalog_sequence", "Sequence of the published snapshot", catalogs.sequence.clone());
        registry.register("catalog_ready", "1 when caught up with the log", catalogs.ready.clone());
        registry.register("catalog_suggestions", "Suggestions held", catalogs.suggestions.clone());
        let help = "Acknowledged events that are not visible yet";
        registry.register("catalog_lag_events", help, catalogs.lag_events.clone());
        let help = "Age of the oldest acknowledgement that is not visible yet";
        registry.register_with_unit("catalog_lag", help, Unit::Seconds, catalogs.lag.clone());
        registry.register("catalog_events_set_aside", "Events that could not be applied", catalogs.set_aside.clone());
        registry.register("catalog_log_bytes", "Bytes of the log on disk", catalogs.log_bytes.clone());
        Self { http, tls, writes, catalogs, registry: Mutex::new(registry) }
    }

    /// Lets another subsystem register its metrics, at start.
    pub fn register(&self, register: impl FnOnce(&mut Registry)) {
        register(&mut self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &registry) {
            Ok(()) => text,
            // Writing to a String cannot fail; an encoder that does is reported to whoever scrapes.
            Err(error) => format!("# metrics could not be encoded: {error}\n# EOF\n"),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpMetrics {
    fn register(registry: &mut Registry) -> Self {
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct Labels {
            route: &'static str,
            status: &'static str,
        }
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct RouteLabel {
            route: &'static str,
        }
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct ReasonLabel {
            reason: &'static str,
        }
        let refused = Family::<ReasonLabel, Counter>::default();
        let requests = Family::<Labels, Counter>::default();
        let durations = Family::<RouteLabel, DurationHistogram>::default();
        let cells = |route: Route| {
            STATUS_CLASSES.map(|status| requests.get_or_create_owned(&Labels { route: route.as_str(), status }))
        };
        let http = Self {
            requests: Route::ALL.map(cells).to_vec(),
            durations: Route::ALL
                .map(|route| durations.get_or_create_owned(&RouteLabel { route: route.as_str() }))
                .to_vec(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            connections_timed_out: Counter::default(),
            panics: Counter::default(),
            refused: Refusal::ALL.map(|refusal| refused.get_or_create_owned(&ReasonLabel { reason: refusal.as_str() })),
        };
        registry.register("http_requests", "Answers, by route and class of status", requests);
        registry.register_with_unit("http_request_duration", "Time to answer, by route", Unit::Seconds, durations);
        registry.register("http_connections", "Open connections", http.connections.clone());
        registry.register(
            "http_connections_refused",
            "Connections refused because too many were open",
            http.connections_refused.clone(),
        );
        registry.register(
            "http_connections_timed_out",
            "Connections closed because they were idle or slow",
            http.connections_timed_out.clone(),
        );
        registry.register("http_refused", "Requests that were not let in, by reason", refused);
        registry.register("http_panics", "Handlers that panicked", http.panics.clone());
        http
    }

    /// The count of requests that were not let in for this reason.
    pub fn refused(&self, refusal: Refusal) -> &Counter {
        &self.refused[refusal as usize]
    }

    /// Counts one answer.
    pub fn observe(&self, route: Route, status: StatusCode, duration: Duration) {
        let class = match status.as_u16() / 100 {
            class @ 2..=5 => usize::from(class) - 2,
            _ => 4,
        };
        self.requests[route as usize][class].inc();
        self.durations[route as usize].observe(duration);
    }

    /// Time to answer on a route so far.
    pub fn durations(&self, route: Route) -> &DurationHistogram {
        &self.durations[route as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_own_cells() {
        for (number, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, number, "{route:?}");
        }
        let metrics = Metrics::new();
        metrics.http.observe(Route::Stats, StatusCode::NOT_FOUND, Duration::from_micros(30));
        let text = metrics.render();
        assert!(text.contains("storefind_http_requests_total{route=\"stats\",status=\"4xx\"} 1\n"), "{text}");
        assert!(
            text.contains("storefind_http_request_duration_seconds_bucket{le=\"0.00005\",route=\"stats\"} 1\n"),
            "{text}"
        );
    }
}
