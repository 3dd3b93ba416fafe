//! `GET` and `POST /v1/{catalog}/search`.
//!
//! Owns nothing but the way from the wire to `answer`. On a hit this is a lookup of the catalog and one call.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::error::{ApiError, ErrorCode};
use super::extract::{RequestBody, catalog};
use crate::answer::Asked;
use crate::app::App;

/// Largest body: all parameters at their limits stay far below it.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Parameters in the query string.
pub async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    Ok(app.answers.search(catalog, Asked::Query(query.as_deref().unwrap_or_default()), &headers).await?)
}

/// The same parameters in a JSON body.
pub async fn post(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(ApiError::new(ErrorCode::InvalidParameter, "a search by POST has its parameters in the body only"));
    }
    let body = RequestBody::new(&app, &headers, body, BODY_BYTES_MAX)?.all().await?;
    Ok(app.answers.search(catalog, Asked::Json(&body), &headers).await?)
}
