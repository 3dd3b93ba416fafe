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
use crate::telemetry::metrics::CatalogLabel;

/// `GET /v1/stats`
pub(super) async fn stats(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let catalogs: Map<String, Value> =
        app.open_catalogs().map(|(name, catalog)| (name.to_owned(), catalog_stats(&catalog))).collect();
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
    let gauges = &app.metrics.catalogs;
    for (name, catalog) in app.open_catalogs() {
        let label = CatalogLabel { catalog: name.to_owned() };
        let snapshot = catalog.snapshot();
        gauges.products.get_or_create(&label).set(signed(snapshot.product_count()));
        gauges.sequence.get_or_create(&label).set(signed(snapshot.sequence()));
        gauges.ready.get_or_create(&label).set(i64::from(catalog.is_ready()));
        let suggestions = catalog.suggestions().index.len();
        gauges.suggestions.get_or_create(&label).set(i64::try_from(suggestions).unwrap_or(i64::MAX));
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.metrics.render()).into_response()
}

fn catalog_stats(catalog: &Catalog) -> Value {
    let snapshot = catalog.snapshot();
    let suggestions = catalog.suggestions();
    json!({
        "ready": catalog.is_ready(),
        "products": snapshot.product_count(),
        "sequence": snapshot.sequence(),
        "validated_sequence": catalog.validated(),
        "settings_version": catalog.settings_version(),
        "suggestions": suggestions.index.len(),
        "suggestions_generation": suggestions.generation,
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
