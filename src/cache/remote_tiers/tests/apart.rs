//! Where values are decoded: what is large, or becomes large, keeps no async thread.

use std::sync::mpsc;

use futures_util::FutureExt as _;

use super::*;

/// A value whose body has so many products; compressed, as JSON is.
fn value(products: usize) -> Bytes {
    let text: String = (0..products).map(|n| format!("{{\"id\":\"{n}\",\"title\":\"A red running shoe\"}},")).collect();
    let body = Body::new(text.into_bytes(), Vec::new());
    let stamp = Stamp::new(10, UnixMillis::now(), 1);
    encode(&Entry::new(key("lamp"), stamp, Arc::default(), Duration::ZERO, body, Arc::default())).expect("suited")
}

#[test]
fn a_small_value_that_unpacks_to_much_is_decoded_where_it_keeps_nobody_waiting() {
    let (small, unpacks) = (value(20), value(5_000));
    assert!(unpacks.len() < DECODE_INLINE_BYTES_MAX, "{} bytes are not small", unpacks.len());
    assert!(bytes_to_handle(&unpacks) > DECODE_INLINE_BYTES_MAX);
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(async {
        // The one thread that may block is taken, so what is decoded there has to wait, and what is not does not.
        let (release, taken) = mpsc::channel::<()>();
        let holder = tokio::task::spawn_blocking(move || taken.recv().is_err());
        let key = key("lamp");
        assert!(decode_apart(small, &key).now_or_never().is_some_and(|decoded| decoded.is_ok()));
        let mut decoding = std::pin::pin!(decode_apart(unpacks, &key));
        assert!(decoding.as_mut().now_or_never().is_none(), "decoded on the async thread");
        drop(release);
        assert!(decoding.await.is_ok() && holder.await.expect("no panic"));
    });
}
