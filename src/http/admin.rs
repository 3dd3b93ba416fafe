//! `POST /v1/admin/backup` and `POST /v1/admin/rebuild`.
//!
//! Owns what a caller may ask for: an absolute folder on the server's machine that is absent or empty, a catalog. What a
//! backup is, is in [`crate::backup`]; what a rebuild is, in [`crate::catalog`]. The body must be declared as JSON, which a page of another origin cannot do without a
//! preflight that this server does not answer.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, RequestBody, catalog};
use super::products::{blocking, json_response};
use crate::app::App;
use crate::backup::{self, BackupError, Source};
use crate::catalog::feeds::Format;

/// Largest body: a path at its longest.
const BODY_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    dir: PathBuf,
}

/// Copies all catalogs while they are served; answers when the copy is whole and on the disk.
pub(super) async fn backup(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = read(&app, query.as_deref(), &headers, body).await?;
    let Request { dir } =
        serde_json::from_value(body).map_err(|error| ApiError::parameter("dir", format!("the body: {error}")))?;
    if !dir.is_absolute() {
        let message = format!("dir is `{}`, expected an absolute path on the server's machine", dir.display());
        return Err(ApiError::parameter("dir", message));
    }
    let copy = move || {
        let sources =
            app.open_catalogs().map(|(name, catalog)| -> Source<'_> { (name, Box::new(|into| catalog.backup(into))) });
        backup::backup(&dir, sources).map(|manifest| json!({"dir": dir, "catalogs": manifest.catalogs}))
    };
    let done = blocking(copy).await?.map_err(refused)?;
    Ok(json_response(StatusCode::OK, &done))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RebuildRequest {
    catalog: String,
}

/// Builds a catalog's index anew beside the one in use; answers when it is in its place.
pub(super) async fn rebuild(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = read(&app, query.as_deref(), &headers, body).await?;
    let RebuildRequest { catalog: name } =
        serde_json::from_value(body).map_err(|error| ApiError::parameter("catalog", format!("the body: {error}")))?;
    let catalog = catalog(&app, &name)?.clone();
    let snapshot = blocking(move || catalog.rebuild().map(|()| catalog.snapshot())).await??;
    let done = json!({"catalog": name, "products": snapshot.product_count(), "sequence": snapshot.sequence()});
    Ok(json_response(StatusCode::OK, &done))
}

async fn read(app: &App, query: Option<&str>, headers: &HeaderMap, body: Body) -> Result<Value, ApiError> {
    Parameters::read(query, &[])?;
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if Format::of_content_type(given) != Some(Format::Json) {
        let message = format!("content type is `{given}`, expected application/json");
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
    }
    RequestBody::new(app, headers, body, BODY_BYTES_MAX)?.json().await
}

fn refused(error: BackupError) -> ApiError {
    match error {
        // What the caller chose; the system's word on it is what repairs it.
        error @ (BackupError::Exists(_) | BackupError::Folder { .. }) => ApiError::parameter("dir", error.to_string()),
        error @ (BackupError::Manifest { .. } | BackupError::Newer { .. } | BackupError::Catalog { .. }) => {
            ApiError::new(ErrorCode::WriteFailed, "the backup could not be completed; the log of the server says why")
                .caused_by(error)
        }
    }
}
