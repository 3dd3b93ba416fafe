//! A running server, as commands talk to it: one agent, patience with a busy server, errors in one sentence.
//!
//! It knows no route. Invariant: what passes by itself (`429`, `503`) is waited out, up to [`PATIENCE`]; anything else
//! that is no success is an error with the server's own words.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use super::{Failure, Outcome};
use crate::config::KEY_VARIABLE;

/// Time for one request, the server's own wait for room included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(120);
/// How long a server that stays busy is asked again before a command gives up.
const PATIENCE: Duration = Duration::from_secs(600);
/// Pause before the next try when the server names none.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause that a server may ask for.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);
/// Longest answer that is read whole. A page of an export is the longest, and is bounded by its caller.
const ANSWER_BYTES_MAX: u64 = 1 << 30;

/// A running server and what it takes to be let in, as every command that can ask one takes them.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArguments {
    /// A running server, such as http://127.0.0.1:7700 [default: the data folder of the configuration]
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// A key of the server [default: what the variable STOREFIND_KEY holds, which others on this machine cannot see]
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
}

impl ServerArguments {
    /// The key to send, if any. A variable that is empty is as good as none.
    pub(super) fn key(&self) -> Option<String> {
        self.key.clone().or_else(|| std::env::var(KEY_VARIABLE).ok()).filter(|key| !key.is_empty())
    }
}

/// See the module.
pub(super) struct Server {
    agent: ureq::Agent,
    base: String,
    /// The value of `Authorization`.
    authorization: Option<String>,
}

type Response = ureq::http::Response<ureq::Body>;

impl Server {
    /// A server at an address such as `http://127.0.0.1:7700`, asked with a key.
    ///
    /// # Errors
    /// It is no such address, or the key cannot be sent.
    pub(super) fn new(url: &str, arguments: &ServerArguments) -> Result<Self, Failure> {
        check_url(url)?;
        let authorization = arguments.key().map(|key| format!("Bearer {key}"));
        if authorization
            .as_ref()
            .is_some_and(|value| !value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
        {
            return Err(Failure::usage("the key has characters that no key has"));
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_TIME_MAX))
            .http_status_as_error(false)
            // A redirection could take the key elsewhere, and no route of ours redirects.
            .max_redirects(0)
            .tls_config(as_the_system_trusts())
            .build()
            .into();
        Ok(Self { agent, base: url.trim_end_matches('/').to_owned(), authorization })
    }

    /// Sends a body until it is taken; returns the answer's text.
    pub(super) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<String, anyhow::Error> {
        let (_, text) = self.patiently(path, &[], |url| {
            self.keyed(self.agent.post(url)).header("Content-Type", content_type).send(body)
        })?;
        Ok(text)
    }

    /// [`Server::post`] for work that takes as long as it takes.
    pub(super) fn post_patiently(&self, path: &str, content_type: &str, body: &[u8]) -> Result<String, anyhow::Error> {
        let send = |url: &str| {
            let request = self.keyed(self.agent.post(url)).config().timeout_global(None).build();
            request.header("Content-Type", content_type).send(body)
        };
        Ok(self.patiently(path, &[], send)?.1)
    }

    /// Asks until there is an answer; returns its text.
    pub(super) fn get(&self, path: &str) -> Result<String, anyhow::Error> {
        Ok(self.patiently(path, &[], |url| self.keyed(self.agent.get(url)).call())?.1)
    }

    /// Deletes what may be gone already.
    pub(super) fn delete(&self, path: &str) -> Result<(), anyhow::Error> {
        self.patiently(path, &[404], |url| self.keyed(self.agent.delete(url)).call()).map(|_| ())
    }

    fn keyed<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    fn patiently(
        &self,
        path: &str,
        also_good: &[u16],
        send: impl Fn(&str) -> Result<Response, ureq::Error>,
    ) -> Result<(u16, String), anyhow::Error> {
        let url = format!("{}{path}", self.base);
        let began = Instant::now();
        loop {
            let mut response = send(&url).map_err(|error| anyhow!("cannot reach {url}: {error}"))?;
            let status = response.status().as_u16();
            let pause = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
            let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
            let text = text.with_context(|| format!("{url} broke off its answer"))?;
            match status {
                200..=299 => return Ok((status, text)),
                status if also_good.contains(&status) => return Ok((status, text)),
                429 | 503 if began.elapsed() < PATIENCE => {
                    std::thread::sleep(pause.map_or(RETRY_PAUSE, Duration::from_secs).min(RETRY_PAUSE_MAX));
                }
                status => bail!("{url} answered {status}: {}", message(&text)),
            }
        }
    }
}

/// Certificates are judged as the system does, so that a shop's own authority counts where it is installed;
/// `SSL_CERT_FILE` names another.
fn as_the_system_trusts() -> ureq::tls::TlsConfig {
    ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build()
}

/// Whether `--url` is an address that commands can ask.
pub(super) fn check_url(url: &str) -> Outcome {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Failure::usage(format!("--url is `{url}`, expected an address such as http://127.0.0.1:7700")));
    }
    Ok(())
}

/// The sentence of an error body, or the body itself where another program answers.
fn message(text: &str) -> String {
    let body: Option<Value> = serde_json::from_str(text).ok();
    let message = body.as_ref().and_then(|body| body["error"]["message"].as_str());
    message.map_or_else(|| text.chars().take(200).collect(), str::to_owned)
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> percent_encoding::PercentEncode<'_> {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
}
