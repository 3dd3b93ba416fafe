//! What shoppers typed: a set of queries without judgments.
//!
//! Owns the file, JSONL with an object a line (`query`, and if known `popularity`, `hits`, `categories`), plain or
//! gzip. Judgments give such a set too, in which every query counts alike.
//!
//! Invariant: no query is empty, none is there twice, and popularities are numbers from 0.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

use super::EvaluateError;
use super::judgments::Judgments;
use crate::catalog::feeds::{Format, Lines, open};

/// One query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Query {
    /// As it was typed.
    #[serde(rename = "query")]
    pub text: String,
    /// How often it was asked, on any scale.
    #[serde(default)]
    pub popularity: f64,
    /// How many products of the shop it was taken from answer it; absent if that is unknown.
    #[serde(default)]
    pub hits: Option<u64>,
    /// Where its products lie.
    #[serde(default)]
    pub categories: Vec<String>,
}

/// Whether a file holds queries rather than judgments, by its name: judgments are CSV.
pub fn is_set(path: &Path) -> bool {
    Format::of_file_name(&path.to_string_lossy()) == Some(Format::Ndjson)
}

/// Reads a set of queries. Of two lines for one query the first counts.
///
/// # Errors
/// A file that cannot be read or holds no query, or its first bad line.
pub fn read(path: &Path) -> Result<Vec<Query>, EvaluateError> {
    let source = open(path).map_err(|source| EvaluateError::Open { path: path.to_owned(), source })?;
    let mut lines = Lines::new(source.input);
    let mut seen = HashSet::new();
    let mut queries = Vec::new();
    while let Some((line, bytes)) = lines.next_line() {
        let wrong = |problem: String| EvaluateError::Line { path: path.to_owned(), line, problem };
        let bytes = bytes.map_err(|error| wrong(error.message))?;
        let query: Query = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if query.text.trim().is_empty() {
            return Err(wrong("the query is empty".to_owned()));
        }
        if !(query.popularity >= 0.0 && query.popularity.is_finite()) {
            return Err(wrong(format!("popularity {} is not a number from 0", query.popularity)));
        }
        if seen.insert(query.text.clone()) {
            queries.push(query);
        }
    }
    if queries.is_empty() {
        return Err(EvaluateError::NoQueries(path.to_owned()));
    }
    Ok(queries)
}

/// The queries of judgments, all equally popular.
pub fn of_judgments(judgments: &Judgments) -> Vec<Query> {
    let query = |text: &str| Query { text: text.to_owned(), popularity: 1.0, hits: None, categories: Vec::new() };
    judgments.iter().map(|(text, _)| query(text)).filter(|query| !query.text.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(name: &str, text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn queries_are_read_plain_and_compressed() {
        let text = "{\"query\":\"macbook\",\"popularity\":731,\"hits\":151,\"categories\":[\"Laptops\"]}\n\n\
                    {\"query\":\"tea\"}\n{\"query\":\"tea\",\"popularity\":3}\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        for (name, bytes) in [("queries.jsonl", text.as_bytes()), ("queries.jsonl.gz", &gzip)] {
            let (_folder, path) = file(name, bytes);
            assert!(is_set(&path));
            let queries = read(&path).unwrap();
            assert_eq!(queries.len(), 2);
            assert_eq!((queries[0].popularity, queries[0].hits), (731.0, Some(151)));
            assert_eq!((queries[1].text.as_str(), queries[1].hits), ("tea", None));
        }
        assert!(!is_set(Path::new("judgments.csv")));
    }

    #[test]
    fn a_bad_line_is_named() {
        let check = |text: &str, expected: &str| {
            let (_folder, path) = file("queries.jsonl", text.as_bytes());
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("queries.jsonl"), "{message}");
        };
        check("{\"query\":\"tea\"}\n{\"popularity\":1}\n", "line 2: missing field `query`");
        check("{\"query\":\" \"}\n", "line 1: the query is empty");
        check("{\"query\":\"tea\",\"popularity\":-1}\n", "line 1: popularity -1");
        check("nonsense\n", "line 1:");
        check("", "has no queries");
    }
}
