//! `GET /v1/{catalog}/autocomplete`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::error::ApiError;
use super::extract::{Path, catalog};
use crate::app::App;

/// Completes what has been typed.
pub async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let (parts, _) = request.into_parts();
    Ok(app.answers.autocomplete(catalog, parts.uri.query().unwrap_or_default(), &parts.headers).await?)
}
