//! The memory tier under a real server's answers: bounded, and told truly.

mod resident;

use crate::answer::{HIT, Shop};

const MEGABYTE: u64 = 1_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_different_questions_hold_no_more_than_a_megabyte() {
    let shop = Shop::with(|config| config.cache.memory_max_bytes = MEGABYTE).await;
    for n in 0..2_000 {
        shop.ask(&format!("q=shoe+{n}")).await;
    }
    // Housekeeping runs ten times a second.
    let settled = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while shop.answers.stats().memory.bytes > MEGABYTE {
            tokio::task::yield_now().await;
        }
    });
    settled.await.expect("within half a minute");
    let memory = shop.answers.stats().memory;
    assert!(memory.bytes > MEGABYTE / 2 && memory.entries > 50, "{memory:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_often_outlives_what_is_asked_once() {
    let shop = Shop::with(|config| config.cache.memory_max_bytes = MEGABYTE).await;
    for n in 0..2_000 {
        shop.ask(&format!("q=shoe+{n}")).await;
        shop.ask("q=laptop").await;
    }
    assert_eq!(shop.ask("q=laptop").await.status_of_cache(), HIT);
}
