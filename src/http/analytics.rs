//! `GET /v1/{catalog}/analytics`: what was searched, what found nothing, what nobody clicked, by day; and which synonyms
//! are offered. `POST /v1/{catalog}/analytics/dismiss`: which are not to be offered any more.
//!
//! Owns the parameters and the body; what is told is in [`crate::analytics`]. **Scope:** `merchandise`, as for the settings
//! in which a synonym is approved. Invariant: what was answered until some seconds before the request is in the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::error::{ApiError, ErrorCode};
use super::events::learner;
use super::extract::{Parameters, Path, RequestBody, body_format, catalog};
use super::products::{blocking, json_response};
use crate::analytics::report::Range;
use crate::analytics::synonyms;
use crate::app::App;
use crate::catalog::feeds::Format;
use crate::learn::day::Day;
use crate::learn::now_ms;
use crate::learn::reformulation::Pair;

/// Days told of when nothing else is asked: a week.
const DAYS_DEFAULT: u32 = 7;
/// Queries of each list when nothing else is asked.
const LIMIT_DEFAULT: usize = 20;
/// Most queries of each list: more than anybody reads, and some hundred kilobytes.
const LIMIT_MAX: usize = 1_000;
/// How long it may be looked what candidates for synonyms find: these searches run beside the query threads. Those that
/// are left are offered when the first have been decided upon.
const CANDIDATES_TIME_MAX: Duration = Duration::from_millis(500);
/// Largest body that dismisses a pair: two texts at their limit, with escapes.
const PAIR_BYTES_MAX: usize = 4 << 10;

/// Reads and reports.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(query.as_deref(), &["from", "to", "limit"])?;
    let limit = parameters.number("limit", 1..=LIMIT_MAX, LIMIT_DEFAULT)?;
    let now = now_ms();
    let range = range(&parameters, Day::of(now))?;
    let catalog = Arc::clone(catalog(&app, &name)?);
    let learner = learner(&app, &catalog)?;
    let body = blocking(move || {
        app.warm_up.count_answers(catalog.name());
        let mut body = serde_json::to_value(learner.report(range, now, limit)).map_err(ApiError::internal)?;
        let snapshot = catalog.snapshot();
        let reformulations = learner.reformulations(now, &snapshot.settings().autocomplete);
        let end = Instant::now() + CANDIDATES_TIME_MAX;
        let candidates = synonyms::offered(&snapshot, reformulations, limit, &move || Instant::now() >= end);
        body["synonym_candidates"] = json!(candidates.map_err(ApiError::internal)?);
        Ok::<_, ApiError>(body)
    });
    Ok(json_response(StatusCode::OK, &body.await??))
}

/// What `POST …/dismiss` is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dismissal {
    from: String,
    to: String,
}

/// Takes a pair off the candidates, for good.
pub(super) async fn dismiss(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    // A page of another origin must not be able to send this: a declared JSON body needs a preflight.
    body_format(&headers, &[Format::Json], "application/json")?;
    let catalog = Arc::clone(catalog(&app, &name)?);
    let learner = learner(&app, &catalog)?;
    let body = RequestBody::new(&app, &headers, body, PAIR_BYTES_MAX)?.json().await?;
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidBody, message);
    let Dismissal { from, to } = serde_json::from_value(body).map_err(|error| invalid(error.to_string()))?;
    let pair = Pair::read(&from, &to)
        .ok_or_else(|| invalid("from and to are texts with a letter or digit, as long as a query may be".into()))?;
    let dismissed = json!({"dismissed": {"from": pair.from, "to": pair.to}});
    blocking(move || learner.dismiss(pair)).await??;
    Ok(json_response(StatusCode::OK, &dismissed))
}

/// The days that are asked for: up to today, from a week before the last.
fn range(parameters: &Parameters, today: Day) -> Result<Range, ApiError> {
    let day = |name: &'static str| match parameters.text(name) {
        None => Ok(None),
        Some(text) => match Day::parse(text) {
            Some(day) => Ok(Some(day)),
            None => Err(ApiError::parameter(name, format!("{name} is `{text}`, expected a day such as `{today}`"))),
        },
    };
    let to = day("to")?.unwrap_or(today);
    let from = day("from")?.unwrap_or(to.minus(DAYS_DEFAULT - 1));
    if from > to {
        return Err(ApiError::parameter("from", format!("from is `{from}`, which is after to, `{to}`")));
    }
    Ok(Range { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_a_week_is_the_default() {
        let today = Day::parse("2026-11-23").unwrap();
        let read = |query| range(&Parameters::read(Some(query), &["from", "to"]).unwrap(), today);
        for (query, from, to) in [
            ("", "2026-11-17", "2026-11-23"),
            ("to=2026-03-02", "2026-02-24", "2026-03-02"),
            ("from=2026-11-23", "2026-11-23", "2026-11-23"),
            ("from=2025-01-01&to=2025-12-31", "2025-01-01", "2025-12-31"),
        ] {
            let range = read(query).unwrap();
            assert_eq!((range.from.to_string().as_str(), range.to.to_string().as_str()), (from, to), "{query}");
        }
        for (query, parameter) in
            [("from=yesterday", "from"), ("to=2026-02-30", "to"), ("from=2026-11-24", "from"), ("to=", "to")]
        {
            assert_eq!(read(query).unwrap_err().parameter, Some(parameter), "{query}");
        }
    }
}
