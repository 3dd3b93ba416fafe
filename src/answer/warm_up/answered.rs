//! What an answer's body says of its question: what was asked, whether anything was found, what was corrected.
//!
//! Kept answers carry a count of how often they were given, from whichever tier and whether computed or not; with this
//! head, the count becomes figures for merchandisers without a step on the way of an answer. Owns the reading of the head.
//! Invariant: any bytes give figures or none.

use serde::Deserialize;

use crate::learn::record::Answered;

/// What stands behind the head. A text in the head cannot hold it: its quotes would be escaped.
const BEHIND_HEAD: &[u8] = b",\"hits\":";
/// Condition of a question, which makes what is found say nothing of the query alone.
const FILTER: &str = "filter=";

#[derive(Deserialize)]
struct Head {
    query: String,
    #[serde(default)]
    corrected: String,
    page: u64,
    total: u64,
}

/// Figures of an answer that was given so many times by `time`; `None` of one to a further page, to a filter, or to
/// nothing typed.
pub(super) fn read(question: &str, body: &[u8], times: u32, time: u64) -> Option<Answered> {
    if question.split('&').any(|pair| pair.starts_with(FILTER)) {
        return None;
    }
    let end = body.windows(BEHIND_HEAD.len()).position(|bytes| bytes == BEHIND_HEAD)?;
    let head = [&body[..end], b"}"].concat();
    let Head { query, corrected, page, total } = serde_json::from_slice(&head).ok()?;
    (page == 1 && !query.trim().is_empty()).then_some(Answered {
        time,
        query,
        times,
        found_nothing: total == 0,
        corrected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_body_is_read_and_other_answers_do_not_count() {
        let body = br#"{"query":"\",\"hits\":[","corrected":"b","relaxed":false,"page":1,"per_page":20,"total":0,"hits":[],"facets":{}}"#;
        let expected =
            Answered { time: 9, query: "\",\"hits\":[".into(), times: 3, found_nothing: true, corrected: "b".into() };
        assert_eq!(read("q=x&facets=*", body, 3, 9), Some(expected));
        assert_eq!(read("q=x&filter=brand%3Ahp", body, 3, 9), None);
        for body in [
            br#"{"query":"a","page":2,"total":5,"hits":[]}"#.as_slice(),
            br#"{"query":" ","page":1,"total":5,"hits":[]}"#,
            br#"{"query":"a","suggestions":[]}"#,
            b"",
            b",\"hits\":",
        ] {
            assert_eq!(read("q=x", body, 3, 9), None);
        }
    }
}
