//! What handlers take from a request: catalog, parameters, body. Every refusal names what is wrong.
//!
//! Owns the strict reading of the query string of administrative routes and the bounded, impatient reading of bodies.
//! Search and autocomplete have their own parameters. Invariant: no body is ever held beyond the limit that the caller
//! of [`RequestBody`] states or that of the configuration, and no pause inside a body is longer than the idle timeout.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::error::{ApiError, ErrorCode};
use crate::answer::within::Within;
use crate::app::App;
use crate::catalog::Catalog;
use crate::catalog::feeds::Format;
use crate::config::nearest;
use crate::ingest::once::Once;

/// Slowest mean pace of a body in bytes a second, counted from the idle timeout on: a modem of the nineties is faster.
/// Without it a byte a minute holds one of the few places for uploads as long as it likes.
const BODY_PACE_MIN: u64 = 1_024;

/// The names in a route's path, percent-decoded. axum's own extractor refuses in plain text.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(names)) => Ok(Self(names)),
            Err(PathRejection::FailedToDeserializePathParams(refused)) => {
                let message = match refused.kind() {
                    ErrorKind::InvalidUtf8InPathParam { key } => format!("the {key} in the path is not UTF-8"),
                    _ => refused.body_text(),
                };
                Err(ApiError::new(ErrorCode::InvalidParameter, message))
            }
            Err(rejection) => Err(ApiError::internal(rejection)),
        }
    }
}

/// The catalog of a route.
///
/// # Errors
/// `unknown_catalog`; the others are not listed, since names of catalogs are not for every caller to learn.
pub fn catalog<'a>(app: &'a App, name: &str) -> Result<&'a Arc<Catalog>, ApiError> {
    app.catalogs.get(name).ok_or_else(|| ApiError::unknown_catalog(name))
}

/// What the asker's key may see; the gate has put it there.
pub fn within(parts: &Parts) -> Option<&Within> {
    parts.extensions.get::<Arc<Within>>().map(Arc::as_ref)
}

/// The header with a caller's idempotency key, as messages name it.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The `Idempotency-Key` of a request to a route; `route` tells requests with one body apart.
///
/// # Errors
/// `invalid_parameter` if it is given twice or is no key.
pub fn idempotency_key(headers: &HeaderMap, route: &'static str) -> Result<Option<Once>, ApiError> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(ApiError::parameter(IDEMPOTENCY_KEY, format!("{IDEMPOTENCY_KEY} is given twice")));
    }
    let once = Once::new(key.as_bytes(), route);
    once.map(Some).map_err(|error| ApiError::parameter(IDEMPOTENCY_KEY, error.to_string()))
}

/// The format that a body is declared to have, one of those `accepted`; `expected` names them in the refusal.
///
/// # Errors
/// `unsupported_media_type`.
pub fn body_format(headers: &HeaderMap, accepted: &[Format], expected: &str) -> Result<Format, ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Format::of_content_type(given).filter(|format| accepted.contains(format)).ok_or_else(|| {
        let message = match given {
            "" => format!("the request has no content type, expected {expected}"),
            given => format!("content type is `{given}`, expected {expected}"),
        };
        ApiError::new(ErrorCode::UnsupportedMediaType, message)
    })
}

/// How a body is compressed, in small letters; several encodings are joined by commas, wherever they stand.
pub fn content_encoding(headers: &HeaderMap) -> Option<String> {
    let given: Vec<_> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase())
        .collect();
    (!given.is_empty()).then(|| given.join(", "))
}

/// A query string, read strictly: an unknown or doubled parameter is a mistake that would otherwise pass unseen.
#[derive(Debug)]
pub struct Parameters {
    given: Vec<(&'static str, String)>,
}

impl Parameters {
    /// Reads the query string of a route that knows the parameters `known`.
    ///
    /// # Errors
    /// `invalid_parameter` for an unknown or doubled one.
    pub fn read(query: Option<&str>, known: &[&'static str]) -> Result<Self, ApiError> {
        let query = query.unwrap_or_default();
        // The parser below would put question marks in place of what is none, and ask for something else.
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(ApiError::new(ErrorCode::InvalidParameter, "the query string is not UTF-8"));
        }
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(known_name) = known.iter().copied().find(|known| *known == name) else {
                return Err(ApiError::new(ErrorCode::InvalidParameter, unknown_parameter(&name, known)));
            };
            if given.iter().any(|(other, _)| *other == known_name) {
                return Err(ApiError::parameter(known_name, format!("{known_name} is given twice")));
            }
            given.push((known_name, value.into_owned()));
        }
        Ok(Self { given })
    }

    /// A parameter's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// A whole number within a range.
    ///
    /// # Errors
    /// `invalid_parameter` with the range.
    pub fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, ApiError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(ApiError::parameter(
                name,
                format!("{name} is `{text}`, expected a whole number from {} to {}", range.start(), range.end()),
            )),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// `invalid_parameter` for any other word.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ApiError> {
        match self.text(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(ApiError::parameter(name, format!("{name} is `{other}`, expected `true` or `false`"))),
        }
    }

    /// `wait=searchable`: whether the caller wants to wait until every search on this node sees the change.
    ///
    /// # Errors
    /// `invalid_parameter` for any other word.
    pub fn waits_until_searchable(&self) -> Result<bool, ApiError> {
        match self.text("wait") {
            None => Ok(false),
            Some("searchable") => Ok(true),
            Some(other) => Err(ApiError::parameter("wait", format!("wait is `{other}`, expected `searchable`"))),
        }
    }
}

fn unknown_parameter(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no parameter `{name}` here; did you mean `{near}`?"),
        None if known.is_empty() => format!("there is no parameter `{name}` here; this route takes none"),
        None => format!("there is no parameter `{name}` here; parameters are {}", known.join(", ")),
    }
}

/// A request's body, read chunk by chunk under a limit.
#[derive(Debug)]
pub struct RequestBody {
    body: Body,
    read: usize,
    bytes_max: usize,
    pause_max: Duration,
    /// Time spent on waiting for the sender. What the server takes to write is not the sender's fault.
    waited: Duration,
    /// How it is compressed, if it is.
    encoding: Option<String>,
}

impl RequestBody {
    /// A body of at most `bytes_max`, and of no more than the configuration allows any; a length announced above that is
    /// refused before anything is read.
    ///
    /// # Errors
    /// `body_too_large`.
    pub fn new(app: &App, headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Self, ApiError> {
        let bytes_max = bytes_max.min(app.config.http.body_bytes_max);
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > bytes_max as u64) {
            return Err(too_large(bytes_max));
        }
        let encoding = content_encoding(headers).filter(|encoding| encoding != "identity");
        let pause_max = app.config.http.idle_timeout;
        Ok(Self { body, read: 0, bytes_max, pause_max, waited: Duration::ZERO, encoding })
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// `body_too_large`, `body_timeout`, or `invalid_body` when the client broke off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let begun = Instant::now();
            let patience = self.patience();
            let Ok(frame) = timeout(patience, self.body.frame()).await else {
                let message = if patience == self.pause_max {
                    format!("no byte of the body arrived for {} s", self.pause_max.as_secs_f32())
                } else {
                    format!("the body arrives at less than {BODY_PACE_MIN} bytes a second")
                };
                return Err(ApiError::new(ErrorCode::BodyTimeout, message));
            };
            self.waited += begun.elapsed();
            let frame = match frame {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    return Err(ApiError::new(ErrorCode::InvalidBody, "the body broke off").caused_by(error));
                }
            };
            // Trailers carry nothing for us.
            let Ok(data) = frame.into_data() else { continue };
            self.read += data.len();
            if self.read > self.bytes_max {
                return Err(too_large(self.bytes_max));
            }
            return Ok(Some(data));
        }
    }

    /// How long the next frame may take: the longest pause, or less for a body that is behind the slowest pace.
    fn patience(&self) -> Duration {
        let due = self.pause_max + Duration::from_millis(self.read as u64 * 1_000 / BODY_PACE_MIN);
        due.saturating_sub(self.waited).min(self.pause_max)
    }

    /// The whole body, for routes whose limit is small.
    ///
    /// # Errors
    /// As [`RequestBody::chunk`], and `unsupported_media_type` for one that is compressed.
    pub async fn all(mut self) -> Result<Bytes, ApiError> {
        if let Some(encoding) = self.encoding {
            let message = format!("content encoding is `{encoding}`, expected none on this route");
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
        }
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut bytes = BytesMut::from(&first[..]);
        bytes.extend_from_slice(&second);
        while let Some(more) = self.chunk().await? {
            bytes.extend_from_slice(&more);
        }
        Ok(bytes.freeze())
    }

    /// The whole body as JSON.
    ///
    /// # Errors
    /// As [`RequestBody::all`], and `invalid_body` with line and column.
    pub async fn json(self) -> Result<Value, ApiError> {
        let bytes = self.all().await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ApiError::new(ErrorCode::InvalidBody, format!("the body is not JSON: {error}")))
    }
}

fn too_large(bytes_max: usize) -> ApiError {
    ApiError::new(ErrorCode::BodyTooLarge, format!("the body is larger than the limit of {bytes_max} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that arrive one after the other, with a pause before each.
    fn dripping(pauses: impl IntoIterator<Item = Duration>, bytes: usize) -> RequestBody {
        let chunks: Vec<_> = pauses.into_iter().collect();
        let chunks = futures_util::stream::unfold(chunks.into_iter(), move |mut chunks| async move {
            tokio::time::sleep(chunks.next()?).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes])), chunks))
        });
        let pause_max = Duration::from_secs(60);
        let body = Body::from_stream(chunks);
        RequestBody { body, read: 0, bytes_max: 1 << 20, pause_max, waited: Duration::ZERO, encoding: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_pause_and_may_be_slow_but_not_for_ever() {
        let second = Duration::from_secs(1);
        // At the slowest pace, for ten minutes.
        assert!(dripping(vec![second; 600], 1_024).all().await.is_ok());
        assert!(dripping([second * 59, second], 1).all().await.is_ok());
        for (body, message) in [
            (dripping([second * 61], 1), "no byte of the body arrived for 60 s"),
            (dripping(vec![second; 600], 1), "the body arrives at less than 1024 bytes a second"),
        ] {
            let error = body.all().await.unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (ErrorCode::BodyTimeout, message));
        }
    }

    #[test]
    fn a_query_string_that_is_no_text_is_refused() {
        for query in ["limit=%ff", "%ff=1", "limit=%c3"] {
            assert_eq!(Parameters::read(Some(query), &["limit"]).unwrap_err().message, "the query string is not UTF-8");
        }
        assert_eq!(Parameters::read(Some("limit=%c3%a9%"), &["limit"]).unwrap().text("limit"), Some("é%"));
    }

    #[test]
    fn each_bad_parameter_is_named() {
        let read = |query| Parameters::read(Some(query), &["limit", "feed", "wait"]);
        for (query, message) in [
            ("limt=1", "there is no parameter `limt` here; did you mean `limit`?"),
            ("colour=red", "there is no parameter `colour` here; parameters are limit, feed, wait"),
            ("limit=1&limit=2", "limit is given twice"),
        ] {
            assert_eq!(read(query).unwrap_err().message, message);
        }
        for (query, ok) in
            [("limit=1", true), ("limit=10", true), ("limit=0", false), ("limit=11", false), ("limit=x", false)]
        {
            assert_eq!(read(query).unwrap().number("limit", 1..=10, 5).is_ok(), ok, "{query}");
        }
        assert_eq!(read("").unwrap().number("limit", 1..=10, 5).unwrap(), 5);
        assert!(!read("feed=false").unwrap().flag("feed", true).unwrap());
        assert_eq!(read("feed=0").unwrap().flag("feed", true).unwrap_err().parameter, Some("feed"));
        assert!(read("wait=searchable").unwrap().waits_until_searchable().unwrap());
        assert_eq!(read("wait=yes").unwrap().waits_until_searchable().unwrap_err().parameter, Some("wait"));
    }
}
