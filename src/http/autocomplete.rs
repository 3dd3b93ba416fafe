//! `GET /v1/{catalog}/autocomplete`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::error::ApiError;
use super::extract::{Path, catalog, within};
use crate::app::App;

/// Completes what has been typed.
pub async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    Ok(app.answers.autocomplete(catalog, query, &parts.headers, within(&parts)).await?)
}
