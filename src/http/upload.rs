//! `POST /v1/{catalog}/products`: many products in one body, streamed; and the streaming for other bodies of lines.
//!
//! Owns the bridge from an asynchronous body to the blocking readers of [`crate::catalog::feeds`], and the report.
//! Memory is bounded whatever the body's size: a few chunks wait in a channel, a batch of products is collected and
//! written, and reading goes on only then, so that a slow disk slows the sender.
//!
//! **Nothing accepted is lost.** A bad line is reported and skipped. A body that goes over the limit, stalls, breaks
//! off or stops being gzip ends the reading *in front of* the damaged place; what was read before is written and
//! counted in the answer, beside the error. When the client leaves, the blocking side still writes what it has read.
//! The last, incomplete line of a broken body is never taken for a product: the reader gets an error, not an end.
//! With an `Idempotency-Key`, what counts as read before the damage are whole batches ([`crate::ingest`] says why).

mod body;

use std::io::BufRead;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use storefind_index::feed::FeedMapping;

use self::body::{Broken, Encoding, Part, Pipe, pipe};
use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, body_format, catalog, content_encoding, idempotency_key};
use super::products::wait_until_searchable;
use crate::app::App;
use crate::catalog::feeds::{self, Format};
use crate::catalog::{Catalog, CatalogError};
use crate::ingest::{Ingest, Report, Stopped};

/// Uploads at a time. Each holds a thread and a batch; more at once would not be written sooner.
pub(crate) const UPLOADS_MAX: usize = 16;

/// Reads, writes and reports.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(query.as_deref(), &["feed", "wait"])?;
    let (maps_feed, waits) = (parameters.flag("feed", true)?, parameters.waits_until_searchable()?);
    let catalog = catalog(&app, &name)?;
    let (format, once) = (format(&headers)?, idempotency_key(&headers, "products")?);
    let mapping = match app.config.catalogs.get(&name) {
        Some(config) if maps_feed => config.feed.clone(),
        _ => FeedMapping::identity(),
    };
    let writer = catalog.clone();
    let upload = Upload { app: &app, catalog, headers: &headers, waits };
    let read = move |input: Input| {
        let mut ingest = Ingest::begin(&writer, &mapping, once)?;
        for (line, record) in feeds::read(format, input, &mapping) {
            if !ingest.take(line, record) {
                break;
            }
        }
        Ok(ingest.finish())
    };
    upload.receive(body, read).await
}

/// The bytes of a body, decompressed.
pub(super) type Input = Box<dyn BufRead>;

/// What became of a body, and why the reading ended before its end.
pub(super) type Ingested = Result<(Report, Option<Stopped>), CatalogError>;

/// A body of many lines on its way into a catalog.
pub(super) struct Upload<'a> {
    pub(super) app: &'a App,
    pub(super) catalog: &'a Catalog,
    pub(super) headers: &'a HeaderMap,
    /// Whether the caller waits until all of it can be found.
    pub(super) waits: bool,
}

impl Upload<'_> {
    /// Streams the body to `read`, which runs on a thread that may block, and answers with its report.
    pub(super) async fn receive(
        self,
        body: Body,
        read: impl FnOnce(Input) -> Ingested + Send + 'static,
    ) -> Result<Response, ApiError> {
        let Self { app, catalog, headers, waits } = self;
        let encoding = encoding(headers)?;
        let bytes_max = app.config.http.body_bytes_max;
        let mut body = RequestBody::new(app, headers, body, bytes_max)?;
        // A node that takes no writes, or none now, says so before the body is read.
        catalog.admit()?;
        let Ok(permit) = app.uploads.clone().try_acquire_owned() else {
            return Err(ApiError::new(ErrorCode::TooManyChanges, format!("{UPLOADS_MAX} uploads are running already")));
        };
        let Pipe { sender, receiver, reason } = pipe(encoding, bytes_max);
        let ingest = tokio::task::spawn_blocking(move || {
            // Kept until the last batch is written, also when the client has left.
            let _permit = permit;
            read(receiver.open())
        });
        let received = loop {
            match body.chunk().await {
                Ok(Some(chunk)) => {
                    if sender.send(Part::Data(chunk)).await.is_err() {
                        // The other side has stopped for a reason that it reports itself.
                        break Ok(());
                    }
                }
                Ok(None) => {
                    let _ = sender.send(Part::End).await;
                    break Ok(());
                }
                Err(error) => break Err(error),
            }
        };
        drop(sender);
        let (report, stopped) = ingest.await.map_err(ApiError::internal)??;
        app.metrics.writes.accepted.inc_by(report.accepted);
        app.metrics.writes.rejected.inc_by(report.rejected);
        let stopped = stopped.and_then(|stopped| error_of(stopped, reason.get().copied()));
        if let Some(error) = received.err().or(stopped) {
            return Ok(error.into_response_with(members(&report)?));
        }
        if waits && let Err(error) = wait_until_searchable(app, catalog, report.sequence).await {
            return Ok(ApiError::from(error).into_response_with(members(&report)?));
        }
        let body = Value::Object(members(&report)?).to_string();
        Ok((StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], body).into_response())
    }
}

fn members(report: &Report) -> Result<Map<String, Value>, ApiError> {
    match serde_json::to_value(report) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(ApiError::internal(error)),
    }
}

/// Why the reading side stopped; `None` if it is the sending side that knows.
fn error_of(stopped: Stopped, reason: Option<Broken>) -> Option<ApiError> {
    Some(match (stopped, reason) {
        (Stopped::Unreadable(_), Some(Broken::Off)) => return None,
        (Stopped::Unreadable(_), Some(broken @ Broken::TooLarge(_))) => {
            ApiError::new(ErrorCode::BodyTooLarge, broken.to_string())
        }
        (Stopped::Unreadable(error), None) => {
            ApiError::new(ErrorCode::InvalidBody, format!("line {}: {}", error.line, error.message))
        }
        (Stopped::Refused(CatalogError::Busy), _) => ApiError::new(
            ErrorCode::TooManyChanges,
            "more changes wait than can be applied in time; send again what follows the accepted lines",
        ),
        (Stopped::Refused(error), _) => error.into(),
    })
}

/// What the body holds, by its type.
fn format(headers: &HeaderMap) -> Result<Format, ApiError> {
    const EXPECTED: &str = "application/x-ndjson, application/json (an array) or text/csv";
    body_format(headers, &[Format::Ndjson, Format::Json, Format::Csv], EXPECTED)
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, ApiError> {
    match content_encoding(headers).as_deref() {
        None | Some("identity") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(given) => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            format!("content encoding is `{given}`, expected gzip or none"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_or_encoding_is_named_with_what_is_read() {
        let with = |name, value: &str| HeaderMap::from_iter([(name, value.parse().unwrap())]);
        for (value, ok) in [
            ("application/x-ndjson", true),
            ("application/json; charset=utf-8", true),
            ("Text/CSV", true),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let outcome = format(&with(header::CONTENT_TYPE, value));
            assert_eq!(outcome.is_ok(), ok, "{value}");
            if let Err(error) = outcome {
                assert!(error.message.contains(value) && error.message.contains("text/csv"), "{}", error.message);
            }
        }
        assert!(format(&HeaderMap::new()).is_err());
        for (value, ok) in [("gzip", true), ("identity", true), ("br", false), ("gzip, gzip", false)] {
            assert_eq!(encoding(&with(header::CONTENT_ENCODING, value)).is_ok(), ok, "{value}");
        }
        assert!(encoding(&HeaderMap::new()).is_ok());
    }
}
