//! Every route in one list.
//!
//! Owns the list and the two answers for what is not on it, in the same form as all errors. Invariant: `openapi.json`
//! describes exactly these routes (held by a test).

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::routing::{get, options, post, put};

use super::error::{ApiError, ErrorCode};
use super::{
    admin, analytics, autocomplete, cors, events, health, live, pages, products, rules, search, settings, stats, tiers,
    upload,
};
use crate::app::App;

/// The router of an application.
pub(super) fn router(app: Arc<App>) -> Router {
    let preflight = |methods: &'static str| options(move || async move { cors::preflight(methods) });
    Router::new()
        .route("/v1/{catalog}/search", get(search::get).post(search::post).merge(preflight("GET, HEAD, POST, OPTIONS")))
        .route("/v1/{catalog}/autocomplete", get(autocomplete::get).merge(preflight("GET, HEAD, OPTIONS")))
        .route("/v1/{catalog}/products", get(products::export).post(upload::post))
        .route(
            "/v1/{catalog}/products/{id}",
            get(products::get).put(products::put).patch(products::patch).delete(products::delete),
        )
        .route("/v1/{catalog}/live", post(live::post))
        .route("/v1/{catalog}/events", post(events::post).merge(preflight("POST, OPTIONS")))
        .route("/v1/{catalog}/analytics", get(analytics::get))
        .route("/v1/{catalog}/analytics/dismiss", post(analytics::dismiss))
        .route("/v1/{catalog}/settings", get(settings::get).put(settings::put))
        .route("/v1/{catalog}/rules", get(rules::get).put(rules::put))
        .route("/v1/{catalog}/rules/history", get(rules::history))
        .route("/v1/{catalog}/rules/undo", post(rules::undo))
        .route("/v1/{catalog}/rules/preview", post(rules::preview))
        .route("/v1/admin/backup", post(admin::backup))
        .route("/v1/admin/rebuild", post(admin::rebuild))
        .route("/v1/admin/cache/{catalog}", get(tiers::peek).delete(tiers::forget))
        .route("/v1/admin/tiers/{tier}", put(tiers::put_tier))
        .route("/v1/stats", get(stats::stats))
        .route("/metrics", get(stats::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(pages::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

async fn not_found(uri: Uri) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("there is no route {}; /docs lists them", uri.path()))
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, format!("{} does not take {method}", uri.path()))
}
