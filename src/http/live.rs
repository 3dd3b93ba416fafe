//! `POST /v1/{catalog}/live`: prices and stock of many products, a line each.
//!
//! Streams, limits and reports as [`super::upload`] does. What a line may hold is in [`crate::ingest`]. Live lines
//! speak product fields and never pass the feed mapping.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::error::ApiError;
use super::extract::{Parameters, Path, body_format, catalog, idempotency_key};
use super::upload::{Input, Upload};
use crate::app::App;
use crate::catalog::feeds::{Format, Lines};
use crate::ingest::LiveIngest;

/// Reads, writes and reports.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let waits = Parameters::read(query.as_deref(), &["wait"])?.waits_until_searchable()?;
    let catalog = catalog(&app, &name)?;
    body_format(&headers, &[Format::Ndjson], "application/x-ndjson")?;
    let once = idempotency_key(&headers, "live")?;
    let writer = catalog.clone();
    let read = move |input: Input| {
        let mut ingest = LiveIngest::begin(&writer, once)?;
        let mut lines = Lines::new(input);
        while let Some((line, bytes)) = lines.next_line() {
            if !ingest.take(line, bytes) {
                break;
            }
        }
        Ok(ingest.finish())
    };
    Upload { app: &app, catalog, headers: &headers, waits }.receive(body, read).await
}
