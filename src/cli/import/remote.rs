//! Import into a running server, over its public routes.
//!
//! Records are sent in batches of moderate size, so that a lost connection costs one batch and not the file. The
//! server applies the feed mapping, which only it knows for certain; CSV therefore travels as CSV, since how a column
//! is read depends on the mapping. `429` and passing `503`s are waited out; sending a batch again is harmless, because
//! an upsert is.

mod batches;

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use self::batches::{Batch, Batches};
use super::super::Failure;
use super::source::InputFile;
use super::{Arguments, Total, progress};
use crate::ingest::Report;

/// Time for one batch, the server's own wait for room included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(120);
/// How long a server that stays busy is asked again before the import gives up.
const PATIENCE: Duration = Duration::from_secs(600);
/// Pause before the next try when the server names none.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause that a server may ask for.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Imports all files; returns the seconds that it took until everything was searchable.
pub(super) fn run(arguments: &Arguments, url: &str, total: &mut Total) -> Result<f64, Failure> {
    let base = url.trim_end_matches('/');
    if !base.starts_with("http://") {
        return Err(Failure::usage(format!("--url is `{url}`, expected an address such as http://127.0.0.1:7700")));
    }
    let catalog = percent_encoding::utf8_percent_encode(&arguments.catalog, percent_encoding::NON_ALPHANUMERIC);
    let feed = if arguments.no_feed { "?feed=false" } else { "" };
    let uploads = Uploads {
        agent: ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_TIME_MAX))
            .http_status_as_error(false)
            .build()
            .into(),
        url: format!("{base}/v1/{catalog}/products{feed}"),
        wait_url: format!("{base}/v1/{catalog}/products?wait=searchable"),
    };
    let began = Instant::now();
    for path in &arguments.files {
        let (file, source) = InputFile::open(path)?;
        let bar = progress(&file);
        let mut batches = Batches::of(source);
        while let Some(batch) = batches.next(|rejected| total.reject(&file, rejected))? {
            let mut report = uploads.send(&batch)?;
            batch.restore_lines(&mut report);
            total.add(&file, report);
            bar.set(file.read());
        }
        bar.finish();
    }
    uploads.wait_until_searchable()?;
    Ok(began.elapsed().as_secs_f64())
}

struct Uploads {
    agent: ureq::Agent,
    url: String,
    wait_url: String,
}

/// What the server said.
struct Answer {
    status: u16,
    retry_after: Duration,
    text: String,
}

impl Uploads {
    /// Sends a batch until it is taken.
    fn send(&self, batch: &Batch) -> Result<Report, anyhow::Error> {
        let answer = self.patiently(&self.url, batch.content_type, &batch.body)?;
        serde_json::from_str(&answer.text)
            .with_context(|| format!("{} answered something else than a report", self.url))
    }

    /// An empty upload that waits, so that no product travels twice.
    fn wait_until_searchable(&self) -> Result<(), anyhow::Error> {
        self.patiently(&self.wait_url, "application/x-ndjson", b"").map(|_| ())
    }

    fn patiently(&self, url: &str, content_type: &str, body: &[u8]) -> Result<Answer, anyhow::Error> {
        let began = Instant::now();
        loop {
            let answer = self.post(url, content_type, body)?;
            match answer.status {
                202 => return Ok(answer),
                429 | 503 if began.elapsed() < PATIENCE => std::thread::sleep(answer.retry_after),
                status => bail!("{url} answered {status}: {}", message(&answer.text)),
            }
        }
    }

    fn post(&self, url: &str, content_type: &str, body: &[u8]) -> Result<Answer, anyhow::Error> {
        let mut response = self
            .agent
            .post(url)
            .header("Content-Type", content_type)
            .send(body)
            .map_err(|error| anyhow!("cannot reach {url}: {error}"))?;
        let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = response.body_mut().read_to_string().with_context(|| format!("{url} broke off its answer"))?;
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map_or(RETRY_PAUSE, Duration::from_secs).min(RETRY_PAUSE_MAX),
            text,
        })
    }
}

/// The sentence of an error body, or the body itself where another program answers.
fn message(text: &str) -> String {
    let body: Option<Value> = serde_json::from_str(text).ok();
    let message = body.as_ref().and_then(|body| body["error"]["message"].as_str());
    message.map_or_else(|| text.chars().take(200).collect(), str::to_owned)
}
