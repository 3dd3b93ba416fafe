//! `POST /v1/{catalog}/events`: what shoppers did, one event a line or an array of them.
//!
//! Owns the way from the wire to [`crate::learn`]: reading, the report by line, the limits. **Scope:** `search`, as for
//! search and autocomplete: whoever shows results reports what became of them, and a key for a page has no other scope.
//! What such a key can do is bounded by what an event can do ([`crate::learn::sessions`]), not by trust. Browsers of other
//! origins may send, as they may search; `text/plain` is read as lines, since that is what `navigator.sendBeacon` can
//! send across origins without asking first.
//!
//! Invariant: the events of a request are taken together or not at all; no search waits for any.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;
use storefind_index::feed::FeedMapping;
use tokio::sync::Semaphore;

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, body_format, catalog, idempotency_key};
use super::products::{blocking, json_response};
use crate::app::App;
use crate::catalog::Catalog;
use crate::catalog::feeds::{self, Format, LineError};
use crate::ingest::once::Once;
use crate::ingest::{Rejected, Report};
use crate::learn::event::{Event, Wrong};
use crate::learn::finding::Numbers;
use crate::learn::{LearnError, Learner, Sent, now_ms};

/// Largest body: some five thousand events. Browsers send 64 KiB at most; back ends send oftener instead.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Long numbers that are looked up for one request, a search each: more than honest shoppers of a batch paste, and at most
/// some hundred milliseconds. Queries with more of them are withheld.
const NUMBERS_LOOKED_UP_MAX: usize = 100;
/// Requests that are written at a time. They follow each other into one file; more would only hold threads.
const AT_A_TIME_MAX: usize = 32;
/// Places for those.
static PLACES: Semaphore = Semaphore::const_new(AT_A_TIME_MAX);

/// Reads, writes and reports.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let catalog = Arc::clone(catalog(&app, &name)?);
    let (format, once) = (format(&headers)?, idempotency_key(&headers, "events")?);
    let learner = learner(&app, &catalog)?;
    let body = RequestBody::new(&app, &headers, body, BODY_BYTES_MAX)?.all().await?;
    let Ok(_place) = PLACES.try_acquire() else {
        return Err(ApiError::new(ErrorCode::Overloaded, "more events arrive than can be written; send them later"));
    };
    let (report, repeated) = blocking(move || take(&learner, &catalog, (format, body), once.as_ref())).await??;
    app.metrics.writes.events_accepted.inc_by(report.accepted);
    app.metrics.writes.events_rejected.inc_by(report.rejected);
    let (accepted, rejected, errors) = (report.accepted, report.rejected, report.errors);
    let body = json!({"accepted": accepted, "repeated": repeated, "rejected": rejected, "errors": errors});
    Ok(json_response(StatusCode::ACCEPTED, &body))
}

/// The learner of a catalog.
///
/// # Errors
/// `not_found` where nothing is kept, `write_failed` where its folder could not be opened.
pub(super) fn learner(app: &App, catalog: &Catalog) -> Result<Arc<Learner>, ApiError> {
    match app.learners.of(catalog) {
        Some(learner) => Ok(Arc::clone(learner)),
        None if app.learners.keeps() => {
            Err(ApiError::new(ErrorCode::WriteFailed, "the folder of events could not be opened; the log says why"))
        }
        None => Err(ApiError::new(ErrorCode::NotFound, "this server keeps no events: `learning.keep_days` is 0")),
    }
}

/// What the body holds, by its type.
fn format(headers: &HeaderMap) -> Result<Format, ApiError> {
    const EXPECTED: &str = "application/x-ndjson, application/json (an array) or text/plain (lines)";
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/plain") {
        true => Ok(Format::Ndjson),
        false => body_format(headers, &[Format::Ndjson, Format::Json], EXPECTED),
    }
}

/// Reads the events and has them learned; the report, and how many were known already.
fn take(
    learner: &Learner,
    catalog: &Catalog,
    (format, body): (Format, Bytes),
    once: Option<&Once>,
) -> Result<(Report, u64), ApiError> {
    let now = now_ms();
    let (mut report, mut sent) = (Report::default(), Vec::new());
    let mapping = FeedMapping::identity();
    for (line, record) in feeds::read(format, body.as_ref(), &mapping) {
        let event = match record {
            Ok(object) => Event::read(&object, now),
            Err(LineError { code, message, .. }) => Err(Wrong { code, message }),
        };
        match event {
            Ok(event) => sent.push(Sent { event, request: once.map(|once| (once.part(0), line)) }),
            Err(Wrong { code, message }) => report.reject(Rejected { line, id: None, code: code.to_owned(), message }),
        }
    }
    let numbers = Numbers::new(catalog.snapshot(), NUMBERS_LOOKED_UP_MAX);
    let taken = learner.take(&sent, now, &|words| numbers.know(words))?;
    report.accepted = taken.accepted;
    Ok((report, taken.repeated))
}

impl From<LearnError> for ApiError {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::ReadOnly => Self::new(ErrorCode::ReadOnly, "this node is read-only"),
            LearnError::Starting => {
                Self::new(ErrorCode::Overloaded, "what was learned before is still being read; send the events later")
            }
            error @ LearnError::Journal { .. } => {
                let message = "the events could not be written; none of this request was taken";
                Self::new(ErrorCode::WriteFailed, message).caused_by(error)
            }
        }
    }
}
