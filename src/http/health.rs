//! `/healthz` and `/readyz`: is the process alive, and should it get traffic.
//!
//! Alive is answered without looking at anything, so that a slow disk never gets the process killed. Ready needs every
//! catalog to have caught up with its log once, and to be warm.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::products::json_response;
use crate::app::App;

/// `/healthz`
pub(super) async fn alive() -> Response {
    json_response(StatusCode::OK, &json!({"status": "ok"}))
}

/// `/readyz`
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let reasons: Vec<String> = app
        .open_catalogs()
        .filter_map(|(name, catalog)| match (catalog.is_ready(), app.warm_up.is_warm(name)) {
            (false, _) => Some(format!("catalog `{name}` has not caught up with its log yet")),
            (true, false) => Some(format!("catalog `{name}` is being warmed up")),
            (true, true) => None,
        })
        .collect();
    if reasons.is_empty() {
        json_response(StatusCode::OK, &json!({"status": "ready"}))
    } else {
        json_response(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "starting", "reasons": reasons}))
    }
}
