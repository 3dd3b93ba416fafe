//! Content codings: which one a caller wants, and making it.
//!
//! Owns `Accept-Encoding` and the three compressors. It does not decide when to compress; `entry` makes each
//! variant once. Invariant: what [`compress`] returns is shorter than what it was given.

use std::io::Write;

use bytes::Bytes;

/// Shorter bodies are sent as they are: they fit one network packet with their headers, compressed or not.
pub const COMPRESS_BYTES_MIN: usize = 1_024;
/// zstd's default: on answers within a few per cent of brotli's size at a third of its time.
const ZSTD_LEVEL: i32 = 3;
/// 4 of 11: the last level whose time grows gently (80 µs for 7 KB; level 9 takes 1.6 ms).
const BROTLI_QUALITY: i32 = 4;
/// Window of 2^18 bytes: more than nearly every answer, and it keeps the encoder's tables small.
const BROTLI_WINDOW_BITS: i32 = 18;
/// zlib's default. Only callers that know nothing newer ask for gzip, and it is made once.
const GZIP_LEVEL: u32 = 6;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

impl Coding {
    /// Those that compress, best first: the order breaks ties between equal weights.
    pub const COMPRESSED: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// The name in `Content-Encoding`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// What goes behind the hash in an entity tag, so that each coding has its own.
    pub fn tag_suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gzip",
            Self::Brotli => "-br",
            Self::Zstd => "-zstd",
        }
    }

    /// The coding to answer with. Where nothing offered is acceptable, identity: RFC 9110 lets a server do that,
    /// and a caller prefers an answer to a 406.
    pub fn negotiate(accept_encoding: Option<&str>) -> Self {
        let Some(header) = accept_encoding else { return Self::Identity };
        // Thousandths, as RFC 9110 writes weights; `None` where the header does not name the coding.
        let mut weights: [Option<u16>; 3] = [None; 3];
        let mut any = None;
        let mut identity = None;
        for part in header.split(',') {
            let (name, weight) = match part.split_once(';') {
                Some((name, parameter)) => (name.trim(), weight(parameter)),
                None => (part.trim(), 1_000),
            };
            if let Some(at) = Self::COMPRESSED.iter().position(|coding| name.eq_ignore_ascii_case(coding.as_str())) {
                weights[at] = Some(weight);
            } else if name.eq_ignore_ascii_case("x-gzip") {
                weights[2] = weights[2].or(Some(weight));
            } else if name == "*" {
                any = Some(weight);
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(weight);
            }
        }
        let mut best = (Self::Identity, identity.unwrap_or(0));
        // `>=` lets a compressed coding win over identity at equal weight, `rev` the earlier one over the later.
        for (coding, weight) in Self::COMPRESSED.into_iter().zip(weights).rev() {
            let weight = weight.or(any).unwrap_or(0);
            if weight > 0 && weight >= best.1 {
                best = (coding, weight);
            }
        }
        best.0
    }
}

/// A `q=` parameter in thousandths; what cannot be read counts as 0, so that it is never preferred.
fn weight(parameter: &str) -> u16 {
    let text = parameter.trim();
    let Some(value) = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q=")) else { return 0 };
    match value.trim().parse::<f32>() {
        Ok(value) if (0.0..=1.0).contains(&value) => (value * 1_000.0).round() as u16,
        _ => 0,
    }
}

/// Compresses; `None` when that would not make it shorter, or is identity.
pub fn compress(coding: Coding, text: &[u8]) -> Option<Bytes> {
    let made = match coding {
        Coding::Identity => return None,
        Coding::Gzip => gzip(text),
        Coding::Brotli => brotli(text),
        Coding::Zstd => zstd::bulk::compress(text, ZSTD_LEVEL),
    };
    // Writing into memory fails only when memory does; then the caller gets identity.
    let made = made.ok()?;
    (made.len() < text.len()).then(|| Bytes::from(made.into_boxed_slice()))
}

fn gzip(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(text.len() / 2), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(text)?;
    encoder.finish()
}

fn brotli(mut text: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: text.len(),
        ..Default::default()
    };
    let mut made = Vec::with_capacity(text.len() / 2);
    brotli::BrotliCompress(&mut text, &mut made, &parameters)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_coding_wins_and_ties_go_to_the_better_one() {
        let cases = [
            (None, Coding::Identity),
            (Some(""), Coding::Identity),
            (Some("gzip"), Coding::Gzip),
            (Some("x-gzip"), Coding::Gzip),
            (Some("gzip, deflate, br"), Coding::Brotli),
            (Some("gzip, deflate, br, zstd"), Coding::Zstd),
            (Some("GZIP;q=1.0, br;q=0.5"), Coding::Gzip),
            (Some("br;q=0.4,gzip;q=0.8, zstd;q=0"), Coding::Gzip),
            (Some("*"), Coding::Zstd),
            (Some("*;q=0.5, gzip"), Coding::Gzip),
            (Some("*, zstd;q=0"), Coding::Brotli),
            (Some("identity"), Coding::Identity),
            (Some("identity;q=1, gzip;q=0.5"), Coding::Identity),
            (Some("identity;q=0, gzip;q=0"), Coding::Identity),
            (Some("gzip;q=nan, br;q=7, zstd;x"), Coding::Identity),
            (Some("deflate, compress"), Coding::Identity),
            (Some(",,;,"), Coding::Identity),
        ];
        for (header, expected) in cases {
            assert_eq!(Coding::negotiate(header), expected, "{header:?}");
        }
    }

    #[test]
    fn what_cannot_be_made_shorter_is_not_made() {
        for coding in Coding::COMPRESSED {
            assert_eq!(compress(coding, b"ab"), None, "{coding:?}");
            assert!(compress(coding, &b"laptop ".repeat(500)).is_some_and(|made| made.len() < 200), "{coding:?}");
        }
    }
}
