//! `GET /v1/{catalog}/analytics`: what was searched, what found nothing, what nobody clicked, by day.
//!
//! Owns the parameters; what is told is in [`crate::analytics`]. **Scope:** `merchandise`. Invariant: what was answered
//! until some seconds before the request is in the answer.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::error::ApiError;
use super::events::learner;
use super::extract::{Parameters, Path, catalog};
use super::products::{blocking, json_response};
use crate::analytics::report::Range;
use crate::app::App;
use crate::learn::day::Day;
use crate::learn::now_ms;

/// Days told of when nothing else is asked: a week.
const DAYS_DEFAULT: u32 = 7;
/// Queries of each list when nothing else is asked.
const LIMIT_DEFAULT: usize = 20;
/// Most queries of each list: more than anybody reads, and some hundred kilobytes.
const LIMIT_MAX: usize = 1_000;

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
        serde_json::to_value(learner.report(range, now, limit))
    });
    Ok(json_response(StatusCode::OK, &body.await?.map_err(ApiError::internal)?))
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
