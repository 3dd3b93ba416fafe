//! `GET /v1/{catalog}/autocomplete`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::error::ApiError;
use super::extract::catalog;
use crate::app::App;

/// Completes what has been typed.
pub async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    Ok(app.answers.autocomplete(catalog, query.as_deref().unwrap_or_default(), &headers).await?)
}
