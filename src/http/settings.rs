//! `GET` and `PUT /v1/{catalog}/settings`.
//!
//! Owns reading and writing settings; the limits of single ones lie with [`storefind_index::settings`]. Invariant:
//! settings that reach the catalog have passed `Settings::check`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use storefind_index::settings::Settings;

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, catalog, idempotency_key};
use super::products::{blocking, json_response, wait_until_searchable};
use crate::app::App;

/// Largest settings: the synonyms below at their usual length.
const SETTINGS_BYTES_MAX: usize = 4 << 20;

/// The settings last acknowledged.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let settings = catalog(&app, &name)?.settings();
    let body = serde_json::to_value(settings.as_ref()).map_err(ApiError::internal)?;
    Ok(json_response(StatusCode::OK, &body))
}

/// Replaces the settings; what the body leaves out gets its default.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let waits = Parameters::read(query.as_deref(), &["wait"])?.waits_until_searchable()?;
    let catalog = catalog(&app, &name)?;
    let once = idempotency_key(&headers, "settings")?;
    let settings = read(RequestBody::new(&app, &headers, body, SETTINGS_BYTES_MAX)?.json().await?)
        .map_err(|message| ApiError::new(ErrorCode::InvalidSettings, message))?;
    let writer = catalog.clone();
    let write = move || match once {
        None => writer.put_settings(settings),
        Some(once) => {
            let mut digest = once.digest();
            digest.settings(&settings);
            writer.put_settings_once(&once.part(1), digest.finish(), settings)
        }
    };
    let sequence = blocking(write).await??;
    if waits {
        wait_until_searchable(&app, catalog, sequence).await?;
    }
    Ok(json_response(StatusCode::ACCEPTED, &json!({"sequence": sequence})))
}

/// Reads and checks; the message names the key and the value.
fn read(body: Value) -> Result<Settings, String> {
    if !body.is_object() {
        return Err("expected a JSON object with settings".into());
    }
    // serde names the unknown key and those that exist, or the type that was expected.
    let settings: Settings = serde_json::from_value(body).map_err(|error| error.to_string())?;
    settings.check()?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_named() {
        for (body, part) in [
            (json!([]), "expected a JSON object"),
            (json!({"colour": 1}), "unknown field `colour`"),
            (json!({"ranking": {"kind": 11}}), "ranking.kind is 11"),
        ] {
            let message = read(body.clone()).unwrap_err();
            assert!(message.contains(part), "{body}: {message}");
        }
    }
}
