//! Where an evaluation searches: a snapshot of a local index, or a running server.
//!
//! Owns the translations into [`Answer`], suggestions and categories. It opens nothing: the command line has the
//! snapshot or the address. Invariant: both ask the same question (the defaults of the public contract), so their
//! figures are the same.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use storefind_index::error::IndexError;
use storefind_index::live::LiveFields;
use storefind_index::request::{FACET_LIMIT_MAX, SearchRequest};
use storefind_index::snapshot::Snapshot;
use ureq::tls::{RootCerts, TlsConfig};

use super::categories::Known;
use super::{Answer, Found};

/// Longest wait for one answer: far beyond any request deadline, so that only a dead server ends an evaluation.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// What is asked of each product: what a shopper sees of it, and what names it.
const FIELDS: [&str; 7] = ["title", "brand", "price", "image", "categories", "sku", "identifiers"];

/// Searches a snapshot.
///
/// # Errors
/// The index failed.
pub fn search_snapshot(snapshot: &Snapshot, query: &str, limit: usize) -> Result<Answer, IndexError> {
    let request = SearchRequest {
        q: query.to_owned(),
        per_page: limit,
        fields: Some(FIELDS.map(String::from).to_vec()),
        ..SearchRequest::default()
    };
    let page = snapshot.search(&request, &|| false)?;
    let found = page.hits.into_iter().map(|hit| stored(hit.id, &hit.content, hit.live.price));
    Ok(Answer { found: found.collect(), corrected: page.corrected, relaxed: page.relaxed })
}

/// Searches a snapshot by plain BM25.
pub(super) fn plain(snapshot: &Snapshot, query: &str, limit: usize) -> Result<Answer, IndexError> {
    let price = |id: &str| {
        let row = snapshot.live().row(snapshot.live().ordinal(id)?);
        row.map_or(LiveFields::default(), |row| row.fields).price
    };
    let found = snapshot.search_plain(query, limit)?.into_iter().map(|(id, content)| {
        let price = price(&id);
        stored(id, &content, price)
    });
    Ok(Answer { found: found.collect(), corrected: None, relaxed: false })
}

/// The categories of a snapshot's products, with how many products each has.
///
/// # Errors
/// The index failed.
pub fn snapshot_categories(snapshot: &Snapshot) -> Result<Known, IndexError> {
    let request = SearchRequest {
        facets: vec![CATEGORIES.to_owned()],
        facet_limit: FACET_LIMIT_MAX,
        per_page: 0,
        ..SearchRequest::default()
    };
    let page = match snapshot.search(&request, &|| false) {
        // No product has one.
        Err(IndexError::UnknownField { .. }) => return Ok(Known::default()),
        page => page?,
    };
    let values = page.facets.into_iter().flat_map(|facet| facet.values);
    Ok(Known::new(page.total, values.filter_map(|value| Some((value.value.as_str()?.to_owned(), value.count)))))
}

/// The facet that counts every level of every category.
const CATEGORIES: &str = "categories";

/// A product of a snapshot, from its content and its price of the moment.
fn stored(id: String, content: &str, price: Option<f64>) -> Found {
    // The content is the index's own JSON; what cannot be read costs a line of the report, no figure.
    let fields: Fields = serde_json::from_str(content).unwrap_or_default();
    Fields { price, ..fields }.of(id)
}

/// Searches one catalog of a running server. Clones share their connections.
#[derive(Clone)]
pub struct Remote {
    agent: ureq::Agent,
    /// Up to the name of the route.
    catalog_url: String,
    authorization: Option<String>,
}

/// Why a server did not answer a search.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The server cannot be reached, or broke off.
    #[error("no answer from {url}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refused the search.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// The status code.
        status: u16,
        /// The server's own code; empty if another program answered.
        code: String,
        /// The server's own words, or the beginning of what it sent.
        message: String,
    },
    /// The answer is not one of a Storefind server.
    #[error("the answer of {url} is not one of a Storefind server")]
    Unreadable {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct SearchAnswer {
    total: u64,
    #[serde(default)]
    corrected: Option<String>,
    #[serde(default)]
    relaxed: bool,
    hits: Vec<Hit>,
    #[serde(default)]
    facets: Facets,
}

#[derive(Deserialize)]
struct Hit {
    id: String,
    product: Fields,
}

#[derive(Deserialize, Default)]
struct Facets {
    #[serde(default)]
    categories: Facet,
}

#[derive(Deserialize, Default)]
struct Facet {
    #[serde(default)]
    values: Vec<FacetValue>,
}

#[derive(Deserialize)]
struct FacetValue {
    value: String,
    count: u64,
}

#[derive(Deserialize)]
struct Completed {
    suggestions: Vec<Suggested>,
}

#[derive(Deserialize)]
struct Suggested {
    text: String,
}

/// What an evaluation reads of a product, in the form of the contract.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    title: Option<String>,
    brand: Option<String>,
    price: Option<f64>,
    image: Option<String>,
    categories: Vec<String>,
    sku: Option<String>,
    identifiers: Vec<String>,
}

impl Fields {
    fn of(self, id: String) -> Found {
        let Self { title, brand, price, image, categories, sku, identifiers } = self;
        let numbers = sku.into_iter().chain(identifiers).collect();
        Found { id, title, brand, price, image, categories, numbers }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    code: String,
    message: String,
}

impl Remote {
    /// A catalog of the server at `base` (`http://127.0.0.1:7700`), asked with a key. Nothing is sent yet.
    pub fn new(base: &str, catalog: &str, key: Option<&str>) -> Self {
        // Certificates are judged as the system does, and no route redirects.
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .tls_config(tls)
            .build();
        let catalog = utf8_percent_encode(catalog, NON_ALPHANUMERIC);
        Self {
            agent: config.into(),
            catalog_url: format!("{}/v1/{catalog}", base.trim_end_matches('/')),
            authorization: key.map(|key| format!("Bearer {key}")),
        }
    }

    /// Searches.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn search(&self, query: &str, limit: usize) -> Result<Answer, RemoteError> {
        let (limit, fields) = (limit.to_string(), FIELDS.join(","));
        let parameters = [("q", query), ("per_page", &limit), ("fields", &fields)];
        let answer: SearchAnswer = self.ask("search", &parameters)?;
        let found = answer.hits.into_iter().map(|hit| hit.product.of(hit.id));
        Ok(Answer { found: found.collect(), corrected: answer.corrected, relaxed: answer.relaxed })
    }

    /// The suggestions for a prefix, best first.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn suggest(&self, prefix: &str, limit: usize) -> Result<Vec<String>, RemoteError> {
        let limit = limit.to_string();
        let completed: Completed = self.ask("autocomplete", &[("q", prefix), ("limit", &limit), ("products", "0")])?;
        Ok(completed.suggestions.into_iter().map(|suggestion| suggestion.text).collect())
    }

    /// The categories of the products, with how many products each has.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn categories(&self) -> Result<Known, RemoteError> {
        let limit = FACET_LIMIT_MAX.to_string();
        let parameters = [("per_page", "0"), ("facets", CATEGORIES), ("facet_limit", &limit)];
        let answer: SearchAnswer = match self.ask("search", &parameters) {
            // No product has one.
            Err(RemoteError::Refused { code, .. }) if code == "unknown_field" => return Ok(Known::default()),
            answer => answer?,
        };
        let values = answer.facets.categories.values.into_iter();
        Ok(Known::new(answer.total, values.map(|value| (value.value, value.count))))
    }

    fn ask<A: DeserializeOwned>(&self, route: &str, parameters: &[(&str, &str)]) -> Result<A, RemoteError> {
        let url = format!("{}/{route}", self.catalog_url);
        let unreachable = |source| RemoteError::Unreachable { url: url.clone(), source: Box::new(source) };
        let request = self.agent.get(&url).query_pairs(parameters.iter().copied());
        let request = match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        };
        let mut response = request.call().map_err(unreachable)?;
        let body = response.body_mut().read_to_string().map_err(unreachable)?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            let Refusal { error: RefusalBody { code, message } } = refusal(&body);
            return Err(RemoteError::Refused { url, status, code, message });
        }
        serde_json::from_str(&body).map_err(|source| RemoteError::Unreadable { url, source })
    }
}

/// Without the key.
impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("catalog_url", &self.catalog_url).finish_non_exhaustive()
    }
}

/// What a refusal says; of anything that is not Storefind's, the beginning.
fn refusal(body: &str) -> Refusal {
    const SHOWN_CHARS_MAX: usize = 200;
    let foreign = || RefusalBody { code: String::new(), message: body.chars().take(SHOWN_CHARS_MAX).collect() };
    serde_json::from_str(body).unwrap_or_else(|_| Refusal { error: foreign() })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    use storefind_index::live::LiveTable;
    use storefind_index::settings::Settings;
    use storefind_index::writer::Writer;

    use super::*;

    /// The first products of the demo catalog.
    pub(in crate::evaluate) fn snapshot(products: u64) -> Snapshot {
        let live = Arc::new(LiveTable::default());
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::clone(&live)).unwrap();
        for product in crate::demo::products(products) {
            let ordinal = live.ordinal_or_new(&product.id).unwrap();
            live.set(ordinal, 1, LiveFields::of(&product));
            writer.upsert(&product).unwrap();
        }
        writer.commit(1).unwrap()
    }

    #[test]
    fn a_snapshot_is_searched_with_the_defaults_of_the_contract() {
        let snapshot = snapshot(300);
        let wanted = crate::demo::product(0, 300);
        // The whole title, mistyped: typing errors are allowed unless a request says otherwise.
        let query = wanted.title.replace("Headphones", "Headphnes");
        let answer = search_snapshot(&snapshot, &query, 5).unwrap();
        let best = &answer.found[0];
        assert_eq!((best.id.as_str(), best.title.as_deref()), (wanted.id.as_str(), Some(wanted.title.as_str())));
        assert_eq!((&best.brand, best.price), (&wanted.brand, wanted.price));
        assert_eq!(best.categories, wanted.categories);
        assert_eq!(best.numbers.first(), wanted.sku.as_ref());
        assert!(answer.corrected.is_some_and(|corrected| corrected.contains("headphones")));
        assert!(answer.found.len() <= 5);
    }

    #[test]
    fn the_categories_of_a_snapshot_are_those_of_its_products() {
        let known = snapshot_categories(&snapshot(300)).unwrap();
        let wanted = crate::demo::product(0, 300);
        assert!(known.count(&wanted.categories[0]).is_some_and(|count| count > 0), "{known:?}");
        assert_eq!(known.count("Flying Carpets"), None);
    }

    /// Sends one response to one request and gives back the request's first line.
    fn ask<A>(response: &'static str, ask: impl FnOnce(&Remote) -> A) -> (String, A) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(response.as_bytes()).unwrap();
            String::from_utf8(request).unwrap().lines().next().unwrap().to_owned()
        });
        let answer = ask(&Remote::new(&base, "my shop", None));
        (server.join().unwrap(), answer)
    }

    fn search(server: &Remote) -> Result<Answer, RemoteError> {
        server.search("17\" laptop & bag", 100)
    }

    #[test]
    fn a_query_travels_encoded_and_hits_come_back_in_order() {
        let body = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
             {\"total\":2,\"corrected\":\"laptop\",\"relaxed\":true,\"hits\":[\
             {\"id\":\"b\",\"product\":{\"title\":\"B\",\"price\":2.5,\"sku\":\"B1\"}},{\"id\":\"a\",\"product\":{}}]}";
        let (line, answer) = ask(body, search);
        let answer = answer.unwrap();
        let numbers = vec!["B1".to_owned()];
        let first = Found { id: "b".into(), title: Some("B".into()), price: Some(2.5), numbers, ..Found::default() };
        assert_eq!(answer.found, [first, Found { id: "a".into(), ..Found::default() }]);
        assert_eq!((answer.corrected.as_deref(), answer.relaxed), (Some("laptop"), true));
        let target = line.split(' ').nth(1).unwrap();
        let (path, query) = target.split_once('?').unwrap();
        assert_eq!(path, "/v1/my%20shop/search");
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert!(pairs.contains(&("q".into(), "17\" laptop & bag".into())), "{pairs:?}");
        assert!(pairs.contains(&("per_page".into(), "100".into())), "{pairs:?}");
    }

    #[test]
    fn suggestions_and_categories_are_read_as_the_contract_writes_them() {
        let body = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
             {\"query\":\"l\",\"suggestions\":[{\"text\":\"lamp\"},{\"text\":\"laptop\"}],\"products\":[]}";
        let (line, suggested) = ask(body, |server| server.suggest("l", 8));
        assert_eq!(suggested.unwrap(), ["lamp", "laptop"]);
        assert!(line.contains("/v1/my%20shop/autocomplete?") && line.contains("limit=8"), "{line}");

        let body = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
             {\"total\":9,\"hits\":[],\"facets\":{\"categories\":{\"values\":[{\"value\":\"Tea\",\"count\":4}]}}}";
        let (_, known) = ask(body, Remote::categories);
        assert_eq!(known.unwrap().count("tea"), Some(4));

        let body = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n\
             {\"error\":{\"code\":\"unknown_field\",\"message\":\"no product has a field\"}}";
        let (_, known) = ask(body, Remote::categories);
        assert_eq!(known.unwrap(), Known::default());
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let response = "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n\
             {\"error\":{\"code\":\"unknown_catalog\",\"message\":\"there is no catalog `my shop`\"}}";
        let (_, found) = ask(response, search);
        let message = found.unwrap_err().to_string();
        assert!(message.ends_with("/v1/my%20shop/search answered 404: there is no catalog `my shop`"), "{message}");
    }

    #[test]
    fn another_servers_answer_is_not_taken_for_no_results() {
        let (_, found) = ask("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>", search);
        assert!(matches!(found, Err(RemoteError::Unreadable { .. })));
    }
}
