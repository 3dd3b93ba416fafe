//! Pages and their parts, embedded in the program: nothing to install, nothing fetched from elsewhere.
//!
//! Owns the one table of files, their types, tags and compressed forms. Invariant: an asset's tag is a hash of its
//! bytes, so `no-cache` with a tag is always right, also over an upgrade.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use xxhash_rust::xxh3::xxh3_64;

/// What a page may do: its own scripts and styles, no inline code, no frames. Product pictures are where the shop's
/// feed says they are, so pictures alone may come from elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                              img-src 'self' data: https: http:; manifest-src 'self'; base-uri 'none'; \
                              form-action 'self'; frame-ancestors 'none'";
/// A page that opens ours, or is opened by it, gets no handle on it.
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Fastest level that is near the best for text of this size; it is done once.
const GZIP_LEVEL: u32 = 6;

/// One file as it is served.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

macro_rules! assets {
    ($($path:literal => $file:literal as $content_type:ident;)+) => {
        /// Every file that is served, and where.
        static ASSETS: &[Asset] = &[
            $(Asset { path: $path, content_type: $content_type, body: include_bytes!(concat!("../../web/", $file)) },)+
        ];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

assets! {
    "/" => "index.html" as HTML;
    "/style.css" => "style.css" as CSS;
    "/icon.svg" => "icon.svg" as SVG;
    "/analytics.css" => "analytics.css" as CSS;
    "/app/analytics/candidates.js" => "app/analytics/candidates.js" as SCRIPT;
    "/app/analytics/main.js" => "app/analytics/main.js" as SCRIPT;
    "/app/api.js" => "app/api.js" as SCRIPT;
    "/app/card.js" => "app/card.js" as SCRIPT;
    "/app/dashboard/catalogs.js" => "app/dashboard/catalogs.js" as SCRIPT;
    "/app/dashboard/figures.js" => "app/dashboard/figures.js" as SCRIPT;
    "/app/dashboard/history.js" => "app/dashboard/history.js" as SCRIPT;
    "/app/dashboard/live.js" => "app/dashboard/live.js" as SCRIPT;
    "/app/dashboard/main.js" => "app/dashboard/main.js" as SCRIPT;
    "/app/dashboard/plot.js" => "app/dashboard/plot.js" as SCRIPT;
    "/app/dashboard/source.js" => "app/dashboard/source.js" as SCRIPT;
    "/app/dashboard/tiers.js" => "app/dashboard/tiers.js" as SCRIPT;
    "/app/dashboard/tiles.js" => "app/dashboard/tiles.js" as SCRIPT;
    "/app/dashboard/traffic.js" => "app/dashboard/traffic.js" as SCRIPT;
    "/app/dashboard/words.js" => "app/dashboard/words.js" as SCRIPT;
    "/app/dom.js" => "app/dom.js" as SCRIPT;
    "/app/facet-categories.js" => "app/facet-categories.js" as SCRIPT;
    "/app/facet-range.js" => "app/facet-range.js" as SCRIPT;
    "/app/facet-values.js" => "app/facet-values.js" as SCRIPT;
    "/app/facets.js" => "app/facets.js" as SCRIPT;
    "/app/format.js" => "app/format.js" as SCRIPT;
    "/app/help.js" => "app/help.js" as SCRIPT;
    "/app/hero.js" => "app/hero.js" as SCRIPT;
    "/app/key-form.js" => "app/key-form.js" as SCRIPT;
    "/app/main.js" => "app/main.js" as SCRIPT;
    "/app/picture-kind.js" => "app/picture-kind.js" as SCRIPT;
    "/app/picture.js" => "app/picture.js" as SCRIPT;
    "/app/product.js" => "app/product.js" as SCRIPT;
    "/app/results.js" => "app/results.js" as SCRIPT;
    "/app/rules/form.js" => "app/rules/form.js" as SCRIPT;
    "/app/rules/main.js" => "app/rules/main.js" as SCRIPT;
    "/app/rules/preview.js" => "app/rules/preview.js" as SCRIPT;
    "/app/rules/server.js" => "app/rules/server.js" as SCRIPT;
    "/app/rules/text.js" => "app/rules/text.js" as SCRIPT;
    "/app/search-box.js" => "app/search-box.js" as SCRIPT;
    "/app/shapes-electronics.js" => "app/shapes-electronics.js" as SCRIPT;
    "/app/shapes-home.js" => "app/shapes-home.js" as SCRIPT;
    "/app/shapes-people.js" => "app/shapes-people.js" as SCRIPT;
    "/app/shapes.js" => "app/shapes.js" as SCRIPT;
    "/app/state.js" => "app/state.js" as SCRIPT;
    "/app/trace.js" => "app/trace.js" as SCRIPT;
    "/dashboard" => "dashboard.html" as HTML;
    "/dashboard/analytics" => "analytics.html" as HTML;
    "/dashboard/rules" => "rules.html" as HTML;
    "/dashboard.css" => "dashboard.css" as CSS;
    "/docs" => "docs.html" as HTML;
    "/docs.css" => "docs.css" as CSS;
    "/docs.js" => "docs.js" as SCRIPT;
    "/openapi.json" => "openapi.json" as JSON;
    "/rules.css" => "rules.css" as CSS;
}

/// An asset, ready to be sent.
struct Ready {
    asset: &'static Asset,
    tag: HeaderValue,
    gzip_tag: HeaderValue,
    gzip: Bytes,
}

static READY: LazyLock<Vec<Ready>> = LazyLock::new(|| ASSETS.iter().map(Ready::new).collect());

/// The routes of all pages and parts.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    READY.iter().fold(Router::new(), |router, ready| {
        router.route(ready.asset.path, get(move |headers: HeaderMap| async move { ready.answer(&headers) }))
    })
}

impl Ready {
    fn new(asset: &'static Asset) -> Self {
        let hash = xxh3_64(asset.body);
        let tag = |suffix| HeaderValue::from_str(&format!("\"{hash:016x}{suffix}\""));
        Self {
            asset,
            // Hexadecimal digits are a valid header value; a tag that never matches would only cost a transfer.
            tag: tag("").unwrap_or(HeaderValue::from_static("\"0\"")),
            gzip_tag: tag("-gzip").unwrap_or(HeaderValue::from_static("\"0-gzip\"")),
            gzip: gzip(asset.body).into(),
        }
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let zipped = accepts_gzip(request);
        let (tag, body) =
            if zipped { (&self.gzip_tag, self.gzip.clone()) } else { (&self.tag, Bytes::from_static(self.asset.body)) };
        let mut response = if matches_tag(request, tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.asset.content_type)], body).into_response()
        };
        let headers = response.headers_mut();
        if zipped && response_has_body(headers) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(header::ETAG, tag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }
}

fn response_has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_TYPE)
}

/// Whether the client takes gzip: named (or `*`) and not with a quality of zero.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let quality = |wanted: &str| {
        accepted.split(',').find_map(|part| {
            let (coding, quality) = part.split_once(';').unwrap_or((part, "q=1"));
            let quality = quality.trim().strip_prefix("q=").and_then(|text| text.trim().parse::<f32>().ok());
            coding.trim().eq_ignore_ascii_case(wanted).then_some(quality.unwrap_or(0.0))
        })
    };
    quality("gzip").or_else(|| quality("*")).is_some_and(|quality| quality > 0.0)
}

fn matches_tag(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let given = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').map(|given| given.trim().trim_start_matches("W/")).any(|given| given == "*" || tag == given)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    // Writing to a vector cannot fail.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        for (accepted, yes) in [
            ("gzip, deflate, br", true),
            ("*", true),
            ("GZIP;q=0.5", true),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            assert_eq!(accepts_gzip(&headers), yes, "{accepted}");
        }
    }

    #[test]
    fn every_file_of_the_web_folder_is_served() {
        fn walk(folder: &std::path::Path, found: &mut Vec<Vec<u8>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(std::fs::read(&path).unwrap()) }
            }
        }
        let mut found = Vec::new();
        walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/web")), &mut found);
        assert_eq!(found.len(), ASSETS.len());
        assert!(found.iter().all(|file| ASSETS.iter().any(|asset| asset.body == file)));
    }

    #[test]
    fn a_known_tag_is_answered_without_a_body() {
        let ready = &READY[0];
        let first = ready.answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].clone();
        let again = ready.answer(&HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
