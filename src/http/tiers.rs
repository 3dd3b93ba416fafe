//! `PUT /v1/admin/tiers/{tier}`, and `GET` and `DELETE /v1/admin/cache/{catalog}`.
//!
//! Owns what an engineer may ask of the cache over HTTP; what it means is in [`crate::answer::admin`]. Invariant: nothing
//! here can make an answer wrong; at worst it makes answers dear.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::admin::read;
use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, catalog};
use super::products::json_response;
use crate::answer::admin::is_of;
use crate::app::App;
use crate::cache::tier::TierName;

/// Longest key: that of a search whose every parameter is at its limit.
const KEY_BYTES_MAX: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierOrder {
    paused: bool,
}

/// Pauses a remote tier, or has it go on.
pub(super) async fn put_tier(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let Some(tier) = TierName::REMOTE.into_iter().find(|tier| tier.as_str() == name) else {
        return Err(ApiError::parameter("tier", format!("there is no tier `{name}`, only `redis` and `memcached`")));
    };
    let TierOrder { paused } = read(&app, request, "paused").await?;
    let absent = || ApiError::new(ErrorCode::NotFound, format!("the tier `{name}` is not configured"));
    app.answers.pause(tier, paused).ok_or_else(absent)?;
    Ok(json_response(StatusCode::OK, &json!({"tier": tier.as_str(), "paused": paused})))
}

/// Shows what every tier holds under a key, as `explain=cache` tells it.
pub(super) async fn peek(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let parameters = Parameters::read(query.as_deref(), &["key"])?;
    let wanted = || ApiError::parameter("key", "key is missing; `explain=cache` tells the key of an answer");
    let key = checked(&name, parameters.text("key").ok_or_else(wanted)?)?;
    Ok(json_response(StatusCode::OK, &app.answers.peek(catalog, key).await))
}

/// Has one entry forgotten, or all of a catalog.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let catalog = catalog(&app, &name)?;
    let parameters = Parameters::read(query.as_deref(), &["key"])?;
    let forgotten = match parameters.text("key") {
        Some(key) => app.answers.forget(catalog, checked(&name, key)?).await,
        None => app.answers.forget_all(catalog),
    };
    let tiers: serde_json::Map<_, _> =
        forgotten.tiers.iter().map(|(tier, said)| ((*tier).to_owned(), json!(said))).collect();
    Ok(json_response(StatusCode::OK, &json!({"catalog": name, "memory": forgotten.memory, "tiers": tiers})))
}

fn checked<'a>(catalog: &str, key: &'a str) -> Result<&'a str, ApiError> {
    if key.len() <= KEY_BYTES_MAX && is_of(catalog, key) {
        Ok(key)
    } else {
        Err(ApiError::parameter(
            "key",
            format!("key is not one of `{catalog}`; `explain=cache` tells the key of an answer"),
        ))
    }
}
