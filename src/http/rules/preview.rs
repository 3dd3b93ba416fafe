//! `POST /v1/{catalog}/rules/preview`: a search as rules that are not yet in force, or a day that has not yet come, would
//! have it. Answers explain their order; nothing of them is kept.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use storefind_index::product::released_seconds;
use storefind_index::rules::Rules;

use super::super::error::{ApiError, ErrorCode};
use super::super::extract::{Parameters, Path, RequestBody, catalog, within};
use super::RULES_BYTES_MAX;
use crate::answer::params::BODY_BYTES_MAX;
use crate::answer::preview::Preview;
use crate::app::App;
use crate::cache::freshness::UnixMillis;

/// What the body says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Parameters of a search.
    #[serde(default)]
    search: Map<String, Value>,
    /// Rules in the place of those in force.
    #[serde(default)]
    rules: Option<Rules>,
    /// When.
    #[serde(default)]
    at: Option<String>,
}

/// Answers one search.
pub(in crate::http) async fn preview(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let (parts, body) = request.into_parts();
    Parameters::read(parts.uri.query(), &[])?;
    let body = RequestBody::new(&app, &parts.headers, body, RULES_BYTES_MAX + BODY_BYTES_MAX)?.json().await?;
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidRules, message);
    let asked: Asked = serde_json::from_value(body).map_err(|error| invalid(error.to_string()))?;
    if let Some(rules) = &asked.rules {
        rules.check().map_err(invalid)?;
    }
    let preview = Preview {
        search: Value::Object(asked.search).to_string().into_bytes(),
        rules: asked.rules.map(Arc::new),
        at: asked.at.as_deref().map(time).transpose()?,
    };
    Ok(app.answers.preview(catalog, preview, &parts.headers, within(&parts)).await?)
}

fn time(text: &str) -> Result<UnixMillis, ApiError> {
    let seconds = released_seconds(text).filter(|seconds| *seconds >= 0.0);
    seconds.map(|seconds| UnixMillis((seconds * 1_000.0) as u64)).ok_or_else(|| {
        ApiError::parameter("at", format!("at is `{text}`, expected a date or time such as 2026-11-27T09:00:00+01:00"))
    })
}
