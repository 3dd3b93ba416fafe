//! `/v1/{catalog}/rules`: what a merchandiser wants of certain searches (docs/RULES.md).
//!
//! Owns reading and writing rules with their versions: who changes them may say which version was seen, by `If-Match` or
//! in the body, and is refused if others came between. Limits of single rules lie with
//! [`storefind_index::rules`]. Invariant: rules that reach the catalog have passed `Rules::check`.

mod preview;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use storefind_index::rules::Rules;

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, body_format, catalog, idempotency_key};
use super::products::{blocking, json_response, wait_until_searchable};
use crate::app::App;
use crate::cache::freshness::UnixMillis;
use crate::catalog::feeds::Format;
use crate::catalog::{Catalog, RulesChange, RulesVersion};
use crate::ingest::once::Once;

pub(super) use preview::preview;

/// Largest rules: a thousand of them with some dozens of pins each.
const RULES_BYTES_MAX: usize = 4 << 20;

/// `GET`: the rules last acknowledged, or those of a former `version`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let wanted = version_of(&Parameters::read(query.as_deref(), &["version"])?)?;
    let catalog = catalog(&app, &name)?.clone();
    let found = blocking(move || find(&catalog, wanted)).await??;
    let body = json!({"version": found.version, "put_at": put_at(&found), "rules": found.put.rules});
    Ok(tagged(json_response(StatusCode::OK, &body), found.version))
}

/// `GET …/history`: the version in force and those that can be had back, latest first.
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let current = catalog(&app, &name)?.rules();
    let in_force = json!({"version": current.version, "put_at": put_at(&current), "rules": current.put.rules.0.len()});
    let former = current.put.former.iter().rev().map(|former| json!(former));
    let versions: Vec<Value> = std::iter::once(in_force).chain(former).collect();
    Ok(json_response(StatusCode::OK, &json!({"versions": versions})))
}

/// `PUT`: replaces all rules.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let waits = Parameters::read(query.as_deref(), &["wait"])?.waits_until_searchable()?;
    let catalog = catalog(&app, &name)?;
    let once = idempotency_key(&headers, "rules")?;
    let given = read(RequestBody::new(&app, &headers, body, RULES_BYTES_MAX)?.json().await?)?;
    let expected = seen(&headers)?.or(given.version);
    let once = once.map(|once| {
        let mut digest = once.digest();
        // Rules that JSON cannot hold do not come from it.
        digest.text(&serde_json::to_string(&given.rules).unwrap_or_default());
        digest.option(expected);
        (once.part(1), digest.finish())
    });
    let writer = catalog.clone();
    let change = RulesChange { rules: given.rules, put_at: UnixMillis::now().0, expected };
    let version = blocking(move || writer.put_rules(change, once)).await??.map_err(changed)?;
    acknowledged(&app, catalog, version, waits).await
}

/// `POST …/undo`: puts the rules of a former version in force again, those before the last change unless one is named.
/// That is a change like any other, so it can be undone, too.
///
/// There is no body, but a page of another origin must not be able to send this: `If-Match` and a declared JSON body both
/// need a preflight, which this route does not answer.
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(query.as_deref(), &["version", "wait"])?;
    let (wanted, waits) = (version_of(&parameters)?, parameters.waits_until_searchable()?);
    let catalog = catalog(&app, &name)?;
    let expected = seen(&headers)?;
    if !headers.contains_key(header::IF_MATCH) {
        body_format(&headers, &[Format::Json], "application/json, or the header If-Match")?;
    }
    let once = idempotency_key(&headers, "rules/undo")?.map(|once: Once| {
        let mut digest = once.digest();
        digest.option(wanted);
        digest.option(expected);
        (once.part(1), digest.finish())
    });
    let writer = catalog.clone();
    let undone = move || {
        let current = writer.rules();
        let former = match wanted {
            Some(version) => find(&writer, Some(version))?,
            None => match current.put.former.last() {
                Some(former) => find(&writer, Some(former.version))?,
                // The first rules: before them there were none.
                None if current.version > 0 => RulesVersion::default(),
                None => return Err(ApiError::new(ErrorCode::InvalidParameter, "there is no change to undo")),
            },
        };
        let rules = former.put.rules.clone();
        // Of what was looked at just now, so that two who undo at once do not undo each other.
        let expected = Some(expected.unwrap_or(current.version));
        let change = RulesChange { rules, put_at: UnixMillis::now().0, expected };
        writer.put_rules(change, once)?.map_err(changed)
    };
    let version = blocking(undone).await??;
    acknowledged(&app, catalog, version, waits).await
}

async fn acknowledged(app: &App, catalog: &Arc<Catalog>, version: u64, waits: bool) -> Result<Response, ApiError> {
    if waits {
        wait_until_searchable(app, catalog, version).await?;
    }
    let body = json!({"sequence": version, "version": version});
    Ok(tagged(json_response(StatusCode::ACCEPTED, &body), version))
}

/// What `PUT` is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    rules: Rules,
    /// As `GET` told it, so that what was got can be sent back changed.
    #[serde(default)]
    version: Option<u64>,
    /// Likewise, and of no meaning here.
    #[serde(default, rename = "put_at")]
    _put_at: Option<u64>,
}

fn read(body: Value) -> Result<Given, ApiError> {
    let refuse = |message: String| ApiError::new(ErrorCode::InvalidRules, message);
    if !body.is_object() {
        return Err(refuse("expected a JSON object with `rules`".into()));
    }
    let given: Given = serde_json::from_value(body).map_err(|error| refuse(error.to_string()))?;
    given.rules.check().map_err(refuse)?;
    Ok(given)
}

/// The version in force, or a former one.
fn find(catalog: &Catalog, wanted: Option<u64>) -> Result<RulesVersion, ApiError> {
    let Some(version) = wanted else { return Ok(catalog.rules()) };
    catalog.rules_of(version)?.ok_or_else(|| {
        let message = format!("version {version} of the rules is not kept; `…/rules/history` lists those that are");
        ApiError::parameter("version", message)
    })
}

fn put_at(version: &RulesVersion) -> Option<u64> {
    (version.version > 0).then_some(version.put.put_at)
}

fn version_of(parameters: &Parameters) -> Result<Option<u64>, ApiError> {
    let read = |text: &str| {
        let refused = || ApiError::parameter("version", format!("version is `{text}`, expected a whole number"));
        text.parse().map_err(|_| refused())
    };
    parameters.text("version").map(read).transpose()
}

/// The version that `If-Match` says was seen; `*` is any.
fn seen(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = given.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| {
        ApiError::parameter("If-Match", format!("If-Match is `{text}`, expected the ETag of the rules that were seen"))
    })
}

fn changed(refusal: crate::catalog::Refusal) -> ApiError {
    ApiError::new(ErrorCode::VersionChanged, refusal.message)
}

fn tagged(mut response: Response, version: u64) -> Response {
    // Digits in quotes are a header value.
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
