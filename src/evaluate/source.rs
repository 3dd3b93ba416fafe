//! Where an evaluation searches: a snapshot of a local index, or a running server.
//!
//! Owns the two translations into [`Found`]. It opens nothing: the command line has the snapshot or the address.
//! Invariant: both ask the same question (the defaults of the public contract), so their figures are the same.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use storefind_index::error::IndexError;
use storefind_index::request::SearchRequest;
use storefind_index::snapshot::Snapshot;
use ureq::tls::{RootCerts, TlsConfig};

use super::Found;

/// Longest wait for one answer: far beyond any request deadline, so that only a dead server ends an evaluation.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Searches a snapshot.
///
/// # Errors
/// The index failed.
pub fn search_snapshot(snapshot: &Snapshot, query: &str, limit: usize) -> Result<Vec<Found>, IndexError> {
    let request = SearchRequest {
        q: query.to_owned(),
        per_page: limit,
        fields: Some(vec!["title".to_owned()]),
        ..SearchRequest::default()
    };
    let page = snapshot.search(&request, &|| false)?;
    Ok(page.hits.into_iter().map(|hit| found((hit.id, hit.content))).collect())
}

/// A product of a snapshot, from its id and content.
pub(super) fn found((id, content): (String, String)) -> Found {
    // The content is the index's own JSON; a title that cannot be read costs a line of the report, no figure.
    let shown: Shown = serde_json::from_str(&content).unwrap_or_default();
    Found { id, title: shown.title }
}

/// Searches one catalog of a running server.
pub struct Remote {
    agent: ureq::Agent,
    search_url: String,
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
        /// The server's own words, or the beginning of what it sent.
        message: String,
    },
    /// The answer is not one of a Storefind server.
    #[error("the answer of {url} is not a search answer")]
    Unreadable {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Answer {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    id: String,
    product: Shown,
}

#[derive(Deserialize, Default)]
struct Shown {
    title: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
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
            search_url: format!("{}/v1/{catalog}/search", base.trim_end_matches('/')),
            authorization: key.map(|key| format!("Bearer {key}")),
        }
    }

    /// Searches.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Found>, RemoteError> {
        let url = || self.search_url.clone();
        let unreachable = |source| RemoteError::Unreachable { url: url(), source: Box::new(source) };
        let request = self.agent.get(&self.search_url);
        let request = request.query("q", query).query("per_page", limit.to_string()).query("fields", "title");
        let request = match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        };
        let mut response = request.call().map_err(unreachable)?;
        let body = response.body_mut().read_to_string().map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(RemoteError::Refused { url: url(), status: status.as_u16(), message: refusal(&body) });
        }
        let answer: Answer =
            serde_json::from_str(&body).map_err(|source| RemoteError::Unreadable { url: url(), source })?;
        Ok(answer.hits.into_iter().map(|hit| Found { id: hit.id, title: hit.product.title }).collect())
    }
}

/// Without the key.
impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("search_url", &self.search_url).finish_non_exhaustive()
    }
}

/// What a refusal says; of anything that is not Storefind's, the beginning.
fn refusal(body: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 200;
    match serde_json::from_str::<Refusal>(body) {
        Ok(refusal) => refusal.error.message,
        Err(_) => body.chars().take(SHOWN_CHARS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    use storefind_index::settings::Settings;
    use storefind_index::writer::Writer;

    use super::*;

    #[test]
    fn a_snapshot_is_searched_with_the_defaults_of_the_contract() {
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).unwrap();
        for product in crate::demo::products(300) {
            writer.upsert(&product).unwrap();
        }
        let snapshot = writer.commit(1).unwrap();
        let wanted = crate::demo::product(0, 300);
        // The whole title, mistyped: typing errors are allowed unless a request says otherwise.
        let query = wanted.title.replace("Headphones", "Headphnes");
        let found = search_snapshot(&snapshot, &query, 5).unwrap();
        assert_eq!(
            (found[0].id.as_str(), found[0].title.as_deref()),
            (wanted.id.as_str(), Some(wanted.title.as_str()))
        );
        assert!(found.len() <= 5);
    }

    /// Sends one response to one request and gives back the request's first line.
    fn ask(response: &'static str) -> (String, Result<Vec<Found>, RemoteError>) {
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
        let found = Remote::new(&base, "my shop", None).search("17\" laptop & bag", 100);
        (server.join().unwrap(), found)
    }

    #[test]
    fn a_query_travels_encoded_and_hits_come_back_in_order() {
        let (line, found) = ask("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
             {\"total\":2,\"hits\":[{\"id\":\"b\",\"product\":{\"title\":\"B\"}},{\"id\":\"a\",\"product\":{}}]}");
        let found = found.unwrap();
        assert_eq!(found[0], Found { id: "b".into(), title: Some("B".into()) });
        assert_eq!(found[1], Found { id: "a".into(), title: None });
        let target = line.split(' ').nth(1).unwrap();
        let (path, query) = target.split_once('?').unwrap();
        assert_eq!(path, "/v1/my%20shop/search");
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert!(pairs.contains(&("q".into(), "17\" laptop & bag".into())), "{pairs:?}");
        assert!(pairs.contains(&("per_page".into(), "100".into())), "{pairs:?}");
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let (_, found) = ask("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n\
             {\"error\":{\"code\":\"unknown_catalog\",\"message\":\"there is no catalog `my shop`\"}}");
        let message = found.unwrap_err().to_string();
        assert!(message.ends_with("/v1/my%20shop/search answered 404: there is no catalog `my shop`"), "{message}");
    }

    #[test]
    fn another_servers_answer_is_not_taken_for_no_results() {
        let (_, found) = ask("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>");
        assert!(matches!(found, Err(RemoteError::Unreadable { .. })));
    }
}
