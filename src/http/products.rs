//! One product at a time, and the export of all.
//!
//! Owns `PUT`, `PATCH`, `DELETE` and `GET /v1/{catalog}/products/{id}` and `GET /v1/{catalog}/products`. Bulk writes
//! are in [`super::upload`]. These routes speak product fields and never apply the feed mapping.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Map, Value, json};
use storefind_index::product::{ATTRIBUTES, FIELD_NAMES, Product};
use tokio::sync::mpsc;

use super::error::{ApiError, ErrorCode};
use super::extract::{Parameters, Path, RequestBody, catalog, idempotency_key};
use crate::app::App;
use crate::catalog::{Catalog, CatalogError, Change, Refusal};
use crate::ingest::once::Once;

/// Largest body with one product: several texts of the longest kind and a few thousand attributes.
const PRODUCT_BYTES_MAX: usize = 8 << 20;
/// Products of one export page by default and at most: a page is held in pieces, so the most bounds its time.
const EXPORT_LIMIT: usize = 1_000;
const EXPORT_LIMIT_MAX: usize = 10_000;
/// Products that are read from the log at a time while exporting: some hundred kilobytes.
const EXPORT_CHUNK: usize = 250;

type Route = Path<(String, String)>;

/// `PUT /v1/{catalog}/products/{id}`: adds or replaces.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path((name, id)): Route,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let target = Target::read(&app, &name, query.as_deref(), &headers)?;
    let mut object = Map::from_iter([("id".to_owned(), Value::String(id.clone()))]);
    object.extend(read_fields(&app, &id, &headers, body).await?);
    let product = Product::from_json(object).map_err(|error| invalid_product(&error.code, &error.message))?;
    target.change(&app, Change::Upsert(product)).await
}

/// `PATCH /v1/{catalog}/products/{id}`: changes the named fields; `null` removes one.
pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Path((name, id)): Route,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let target = Target::read(&app, &name, query.as_deref(), &headers)?;
    let fields = read_fields(&app, &id, &headers, body).await?;
    target.change(&app, Change::Patch { id, fields }).await
}

/// `DELETE /v1/{catalog}/products/{id}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((name, id)): Route,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let target = Target::read(&app, &name, query.as_deref(), &headers)?;
    target.change(&app, Change::Delete { id }).await
}

/// `GET /v1/{catalog}/products/{id}`: the last acknowledged state.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((name, id)): Route,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    Parameters::read(query.as_deref(), &[])?;
    let catalog = catalog(&app, &name)?.clone();
    let (found, id) = blocking(move || (catalog.product(&id), id)).await?;
    let (sequence, product) = found?.ok_or_else(|| ApiError::unknown_product(&id))?;
    let mut fields = product.to_json();
    fields.remove("id");
    let body = json!({"id": id, "product": fields, "sequence": sequence});
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET /v1/{catalog}/products`: NDJSON, by id, after `after`. Fewer lines than `limit` say that it was the last page.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(query.as_deref(), &["after", "limit"])?;
    let limit = parameters.number("limit", 1..=EXPORT_LIMIT_MAX, EXPORT_LIMIT)?;
    let after = parameters.text("after").map(str::to_owned);
    let catalog = catalog(&app, &name)?.clone();
    let (sender, mut chunks) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || send_export(&catalog, after, limit, &sender));
    // What fails before the first line still gets its status.
    let first = match chunks.recv().await {
        None => Bytes::new(),
        Some(first) => first?,
    };
    let rest = stream::unfold(chunks, |mut chunks| async move {
        let chunk: Result<Bytes, ApiError> = chunks.recv().await?;
        Some((chunk.map_err(|error| std::io::Error::other(error.message)), chunks))
    });
    let body = Body::from_stream(stream::StreamExt::chain(stream::iter([Ok(first)]), rest));
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// Reads and sends chunk by chunk; ends early when the client has left.
fn send_export(
    catalog: &Catalog,
    mut after: Option<String>,
    limit: usize,
    sender: &mpsc::Sender<Result<Bytes, ApiError>>,
) {
    let mut left = limit;
    while left > 0 {
        let wanted = left.min(EXPORT_CHUNK);
        let (chunk, full) = match catalog.export(after.as_deref(), wanted) {
            Ok(products) => {
                after = products.last().map(|product| product.id.clone());
                (Ok(lines(&products)), products.len() == wanted)
            }
            Err(error) => (Err(ApiError::from(error)), false),
        };
        if sender.blocking_send(chunk).is_err() || !full {
            return;
        }
        left -= wanted;
    }
}

fn lines(products: &[Product]) -> Bytes {
    let mut text = String::new();
    for product in products {
        text.push_str(&Value::Object(product.to_json()).to_string());
        text.push('\n');
    }
    text.into()
}

/// Where a change goes, whether the caller waits for it, and the key under which it is done once.
struct Target {
    catalog: Arc<Catalog>,
    waits: bool,
    once: Option<Once>,
}

impl Target {
    fn read(app: &App, name: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Self, ApiError> {
        let waits = Parameters::read(query, &["wait"])?.waits_until_searchable()?;
        let catalog = catalog(app, name)?.clone();
        Ok(Self { catalog, waits, once: idempotency_key(headers, "product")? })
    }

    async fn change(self, app: &App, change: Change) -> Result<Response, ApiError> {
        let Self { catalog, waits, once } = self;
        let writer = catalog.clone();
        let write = move || match once {
            None => writer.write(vec![change]),
            Some(once) => {
                let mut digest = once.digest();
                digest.change(&change);
                writer.write_once(&once.part(1), digest.finish(), vec![change])
            }
        };
        let written = blocking(write).await??;
        let metrics = &app.metrics.writes;
        match written.outcomes.into_iter().next() {
            Some(Err(refusal)) => {
                metrics.rejected.inc();
                return Err(refused(&refusal));
            }
            Some(Ok(_)) => {
                metrics.accepted.inc();
            }
            None => {}
        }
        if waits {
            wait_until_searchable(app, &catalog, written.sequence).await?;
        }
        Ok(json_response(StatusCode::ACCEPTED, &json!({"sequence": written.sequence})))
    }
}

/// Reads a body of product fields; an `id` in it must be the one of the path, and is taken out.
async fn read_fields(app: &App, id: &str, headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, ApiError> {
    let Value::Object(mut object) = RequestBody::new(app, headers, body, PRODUCT_BYTES_MAX)?.json().await? else {
        return Err(ApiError::new(ErrorCode::InvalidBody, "expected a JSON object with the fields of a product"));
    };
    match object.remove("id") {
        None => {}
        Some(Value::String(given)) if given == id => {}
        Some(Value::Number(given)) if given.to_string() == id => {}
        Some(other) => {
            return Err(ApiError {
                parameter: Some("id"),
                ..ApiError::new(ErrorCode::InvalidProduct, format!("id is {other} in the body, but `{id}` in the path"))
            });
        }
    }
    Ok(object)
}

/// Waits at most the bound plus a second, as API.md promises. Dropping the call gives up the wait, not the change. From
/// then on, no answer of this node is from before the change, not even within the bound.
pub(super) async fn wait_until_searchable(app: &App, catalog: &Catalog, sequence: u64) -> Result<(), CatalogError> {
    catalog.wait_visible(sequence, app.config.freshness_bound + std::time::Duration::from_secs(1)).await?;
    catalog.promise_seen(sequence);
    Ok(())
}

/// Runs what blocks off the async threads. A dropped call lets it finish.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}

pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refused(refusal: &Refusal) -> ApiError {
    if refusal.code == Refusal::UNKNOWN_PRODUCT {
        return ApiError::new(ErrorCode::UnknownProduct, refusal.message.clone());
    }
    invalid_product(&refusal.code, &refusal.message)
}

fn invalid_product(code: &str, message: &str) -> ApiError {
    ApiError { parameter: field_of(code), ..ApiError::new(ErrorCode::InvalidProduct, message) }
}

/// The product field in a code such as `invalid_price`.
fn field_of(code: &str) -> Option<&'static str> {
    let field = code.strip_prefix("invalid_").or_else(|| code.strip_prefix("missing_"))?;
    FIELD_NAMES.into_iter().chain([ATTRIBUTES]).find(|known| *known == field)
}
