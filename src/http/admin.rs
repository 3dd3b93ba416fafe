//! `POST /v1/admin/backup` and `POST /v1/admin/rebuild`.
//!
//! Owns what a caller may ask for: an absolute folder on the server's machine that is absent or empty, a catalog. What a
//! backup is, is in [`crate::backup`]; what a rebuild is, in [`crate::catalog`]. The body must be declared as JSON,
//! which a page of another origin cannot do without a preflight that this server does not answer.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, RequestBody, body_format, catalog};
use super::products::{blocking, json_response};
use crate::app::App;
use crate::backup::{self, BackupError, Source};
use crate::catalog::feeds::Format;

/// Largest body: a path at its longest.
const BODY_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupOrder {
    dir: PathBuf,
}

/// Copies all catalogs while they are served; answers when the copy is whole and on the disk.
pub(super) async fn backup(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let BackupOrder { dir } = read(&app, request, "dir").await?;
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
struct RebuildOrder {
    catalog: String,
}

/// Builds a catalog's index anew beside the one in use; answers when it is in its place.
pub(super) async fn rebuild(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let RebuildOrder { catalog: name } = read(&app, request, "catalog").await?;
    let catalog = catalog(&app, &name)?.clone();
    let snapshot = blocking(move || catalog.rebuild().map(|()| catalog.snapshot())).await??;
    let done = json!({"catalog": name, "products": snapshot.product_count(), "sequence": snapshot.sequence()});
    Ok(json_response(StatusCode::OK, &done))
}

/// Reads what is ordered: a body with one `member`, and no parameters.
pub(super) async fn read<T: DeserializeOwned>(
    app: &App,
    request: Request,
    member: &'static str,
) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    Parameters::read(parts.uri.query(), &[])?;
    body_format(&parts.headers, &[Format::Json], "application/json")?;
    let body = RequestBody::new(app, &parts.headers, body, BODY_BYTES_MAX)?.json().await?;
    serde_json::from_value(body).map_err(|error| ApiError::parameter(member, format!("the body: {error}")))
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
