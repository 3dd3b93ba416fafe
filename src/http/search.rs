//! `GET` and `POST /v1/{catalog}/search`.
//!
//! Owns nothing but the way from the wire to `answer`. On a hit this is a lookup of the catalog and one call.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::error::{ApiError, ErrorCode};
use super::extract::{Path, RequestBody, catalog, within};
use crate::answer::Asked;
use crate::answer::params::BODY_BYTES_MAX;
use crate::app::App;

/// Parameters in the query string. Takes the request as it is: extractors would copy its URL and headers.
pub async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    Ok(app.answers.search(catalog, Asked::Query(query), &parts.headers, within(&parts)).await?)
}

/// The same parameters in a JSON body.
pub async fn post(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let (parts, body) = request.into_parts();
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(ApiError::new(ErrorCode::InvalidParameter, "a search by POST has its parameters in the body only"));
    }
    let body = RequestBody::new(&app, &parts.headers, body, BODY_BYTES_MAX)?.all().await?;
    Ok(app.answers.search(catalog, Asked::Json(&body), &parts.headers, within(&parts)).await?)
}
