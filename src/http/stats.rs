//! `GET /v1/stats` and `GET /metrics`: the same facts for an engineer and for a machine.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::extract::Parameters;
use super::products::json_response;
use super::route::Route;
use crate::app::App;
use crate::catalog::Catalog;
use crate::telemetry::metrics::{CatalogLabel, CatalogMetrics};

/// `GET /v1/stats`
pub(super) async fn stats(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let catalogs: Map<String, Value> =
        app.open_catalogs().map(|(name, catalog)| (name.to_owned(), catalog_stats(catalog))).collect();
    let http: Map<String, Value> =
        Route::ALL.into_iter().map(|route| (route.as_str().to_owned(), route_stats(&app, route))).collect();
    let answers = serde_json::to_value(app.answers.stats()).map_err(ApiError::internal)?;
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": app.started.elapsed().as_secs(),
        "freshness_bound_seconds": app.config.freshness_bound.as_secs_f64(),
        "catalogs": catalogs,
        "answers": answers,
        "http": http,
    });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET /metrics`
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    for (name, catalog) in app.open_catalogs() {
        set_gauges(&app.metrics.catalogs, &CatalogLabel { catalog: name.to_owned() }, catalog);
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.metrics.render()).into_response()
}

fn set_gauges(gauges: &CatalogMetrics, label: &CatalogLabel, catalog: &Catalog) {
    let status = catalog.status();
    gauges.products.get_or_create(label).set(signed(status.products));
    gauges.sequence.get_or_create(label).set(signed(catalog.snapshot().sequence()));
    gauges.ready.get_or_create(label).set(i64::from(status.ready));
    gauges.suggestions.get_or_create(label).set(i64::try_from(status.suggestions).unwrap_or(i64::MAX));
    gauges.lag_events.get_or_create(label).set(signed(status.lag_events));
    gauges.lag.get_or_create(label).set(status.lag.as_secs_f64());
    gauges.set_aside.get_or_create(label).set(signed(status.set_aside));
    gauges.log_bytes.get_or_create(label).set(status.log_bytes.map_or(0, signed));
}

fn catalog_stats(catalog: &Catalog) -> Value {
    let status = catalog.status();
    json!({
        "ready": status.ready,
        "products": status.products,
        "sequence": catalog.snapshot().sequence(),
        "log_sequence": status.log_sequence,
        "validated_sequence": status.validated,
        "lag_events": status.lag_events,
        "lag_seconds": status.lag.as_secs_f64(),
        "settings_version": catalog.settings_version(),
        "suggestions": status.suggestions,
        "suggestions_generation": status.suggestions_generation,
        "events_set_aside": status.set_aside,
        "event_set_aside_last": status.set_aside_last.map(|last| json!({"sequence": last.sequence, "reason": last.reason})),
        "failing": status.failing,
        "failures": status.failures,
        "commits": status.commits,
        "commit_last_seconds": status.commit_last.map(|took| took.as_secs_f64()),
        "touch_table_bytes": status.touch_table_bytes,
        "log_bytes": status.log_bytes,
    })
}

fn route_stats(app: &App, route: Route) -> Value {
    let durations = app.metrics.http.durations(route);
    let ms = |quantile| durations.quantile_at_most(quantile).map(|bound: Duration| bound.as_secs_f64() * 1e3);
    json!({"requests": durations.count(), "p50_ms_at_most": ms(0.5), "p99_ms_at_most": ms(0.99)})
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
