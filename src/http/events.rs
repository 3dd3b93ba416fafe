//! `POST /v1/{catalog}/events`: what shoppers did, one event a line or an array of them.
//!
//! Owns the way from the wire to [`crate::learn`]: reading, the report by line, the limits. **Scope:** `search`, as for
//! search and autocomplete: whoever shows results reports what became of them, and a key for a page has no other scope.
//! What such a key can do is bounded by what an event can do ([`crate::learn::sessions`]), not by trust. Browsers of other
//! origins may send, as they may search; `text/plain` is read as lines, since that is what `navigator.sendBeacon` can
//! send across origins without asking first.
//!
//! Invariant: the events of a request are taken together or not at all; no search waits for any. What runs and what is
//! held at a time is bounded, whatever clients send and however soon they leave.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;
use storefind_index::feed::FeedMapping;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, body_format, catalog, idempotency_key};
use super::products::{blocking, json_response};
use crate::app::App;
use crate::catalog::Catalog;
use crate::catalog::feeds::{self, Format, LineError};
use crate::ingest::once::Once;
use crate::ingest::{Rejected, Report};
use crate::learn::event::{Event, Wrong};
use crate::learn::finding::{Bounds, Numbers};
use crate::learn::{LearnError, Learner, Sent, now_ms};

/// Largest body: some five thousand events. Browsers send 64 KiB at most; back ends send oftener instead.
const BODY_BYTES_MAX: usize = 1 << 20;
/// What telling long numbers apart may cost one request: more numbers than honest shoppers of a batch paste. These
/// searches run beside the query threads, so they get as long as a slow search and no longer. Queries with more of them
/// are withheld.
const NUMBERS_LOOKED_UP: Bounds = Bounds { numbers: 100, time: Duration::from_millis(100) };
/// Requests that look numbers up at a time. The query threads know nothing of these searches, so whatever is sent they take
/// no more than so many cores; the others' numbers are taken for strangers' meanwhile.
const LOOKERS_MAX: usize = 2;
/// Places for those.
static LOOKERS: Semaphore = Semaphore::const_new(LOOKERS_MAX);
/// Requests that are written at a time. They follow each other into one file; more would only hold threads.
const AT_A_TIME_MAX: usize = 32;
/// Places for those.
static PLACES: Semaphore = Semaphore::const_new(AT_A_TIME_MAX);
/// Bytes of bodies that are held at a time, from before the first is read until the last event is written: twice what is
/// written at a time, if all are as long as they may be.
const HELD_BYTES_MAX: usize = 2 * AT_A_TIME_MAX * BODY_BYTES_MAX;
/// Room for those.
static ROOM: Semaphore = Semaphore::const_new(HELD_BYTES_MAX);
/// Longest time that a body may take to arrive, since it has room meanwhile: a browser's largest at 2 KB a second.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

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
    let body = RequestBody::new(&app, &headers, body, BODY_BYTES_MAX)?;
    let room = room(&ROOM, &headers, BODY_BYTES_MAX.min(app.config.http.body_bytes_max))?;
    let body = in_time(body.all()).await?;
    let work = move || {
        let _room = room;
        take(&learner, &catalog, (format, body), once.as_ref())
    };
    let (report, repeated) = at_a_place(&PLACES, work).await??;
    app.metrics.writes.events_accepted.inc_by(report.accepted);
    app.metrics.writes.events_rejected.inc_by(report.rejected);
    let (accepted, rejected, errors) = (report.accepted, report.rejected, report.errors);
    let body = json!({"accepted": accepted, "repeated": repeated, "rejected": rejected, "errors": errors});
    Ok(json_response(StatusCode::ACCEPTED, &body))
}

/// Room for a body of the announced length, or of the longest if none was announced.
fn room(room: &'static Semaphore, headers: &HeaderMap, bytes_max: usize) -> Result<SemaphorePermit<'static>, ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let bytes = u32::try_from(announced.unwrap_or(bytes_max).min(bytes_max)).unwrap_or(u32::MAX);
    room.try_acquire_many(bytes).map_err(|_| overloaded())
}

/// The body, if it arrives in time.
async fn in_time<T>(body: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    tokio::time::timeout(BODY_TIME_MAX, body).await.unwrap_or_else(|_| {
        let message = format!("the body took longer than {} s", BODY_TIME_MAX.as_secs());
        Err(ApiError::new(ErrorCode::BodyTimeout, message))
    })
}

/// Tells numbers apart by `know`, from the first one on in one of these places; without one, none is known.
fn at_a_lookers_place<'a>(lookers: &'static Semaphore, know: impl Fn(&str) -> bool + 'a) -> impl Fn(&str) -> bool + 'a {
    let place = OnceCell::new();
    move |words| place.get_or_init(|| lookers.try_acquire().ok()).is_some() && know(words)
}

/// Does the work at one of these places. The place is taken until the work ends, also when nobody waits for it any more.
async fn at_a_place<T: Send + 'static>(
    places: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let place = places.try_acquire().map_err(|_| overloaded())?;
    blocking(move || {
        let _place = place;
        work()
    })
    .await
}

fn overloaded() -> ApiError {
    ApiError::new(ErrorCode::Overloaded, "more events arrive than can be written; send them later")
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
    let numbers = Numbers::new(catalog.snapshot(), NUMBERS_LOOKED_UP);
    let taken = learner.take(&sent, now, &at_a_lookers_place(&LOOKERS, |words| numbers.know(words)))?;
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    fn semaphore(permits: usize) -> &'static Semaphore {
        Box::leak(Box::new(Semaphore::new(permits)))
    }

    #[tokio::test]
    async fn a_client_that_leaves_frees_no_place_while_its_work_goes_on() {
        let places = semaphore(1);
        let (release, released) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let work = move || {
            let _ = begin.send(());
            let _ = released.recv();
        };
        let request = tokio::spawn(at_a_place(places, work));
        begun.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        let refused = at_a_place(places, || {}).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Overloaded);
        drop(release);
        drop(tokio::time::timeout(LONG, places.acquire()).await.expect("free when the work has ended").unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_does_not_hold_its_room_for_long() {
        let began = tokio::time::Instant::now();
        let dripping = std::future::pending::<Result<(), ApiError>>();
        assert_eq!(in_time(dripping).await.unwrap_err().code, ErrorCode::BodyTimeout);
        assert_eq!(began.elapsed(), BODY_TIME_MAX);
        assert_eq!(in_time(async { Ok(7) }).await.unwrap(), 7);
    }

    #[test]
    fn few_requests_look_numbers_up_at_a_time() {
        let lookers = semaphore(1);
        let (first, second) = (at_a_lookers_place(lookers, |_| true), at_a_lookers_place(lookers, |_| true));
        assert!(first("5556677") && first("5556678"), "it keeps its place");
        assert!(!second("5556677"));
        drop(first);
        assert!(!second("5556677"), "what was not known of a request stays so");
        assert!(at_a_lookers_place(lookers, |_| true)("5556677"));
    }

    #[test]
    fn bodies_have_room_before_they_are_read_or_are_refused() {
        const ROOM: usize = 100;
        let all = semaphore(ROOM);
        let announced = |length: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_LENGTH, length.parse().unwrap());
            headers
        };
        let first = room(all, &announced("70"), 80).unwrap();
        assert_eq!(all.available_permits(), 30);
        for headers in [announced("31"), HeaderMap::new(), announced("many")] {
            assert_eq!(room(all, &headers, 80).unwrap_err().code, ErrorCode::Overloaded);
        }
        assert!(room(all, &announced("30"), 80).is_ok());
        drop(first);
        drop(room(all, &HeaderMap::new(), 80).expect("as long as it may be"));
        assert_eq!(all.available_permits(), ROOM);
    }
}
