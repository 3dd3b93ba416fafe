//! Rows over a real socket, held by counts: how fast this machine is plays no part.

use tokio::task::LocalSet;

use super::*;

fn request(client: &Client, number: u32) -> Request {
    client.request(&format!("/v1/demo/search?q={number}"))
}

fn on_a_thread<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, work)
}

#[test]
fn a_row_counts_the_answers_of_its_time() {
    let row = on_a_thread(async {
        let bare = Bare::start(10).unwrap();
        let client = Client::new(bare.address, &shape::Client::default());
        let asked = Asked::each((0..).map(move |number| request(&client, number)));
        row(bare.address, "bare", &asked, 3, 0.3).await.unwrap().unwrap()
    });
    assert!(row.latency.count > 0);
    assert_eq!((row.failed, row.shed, row.kept, row.of_bare), (0, 0, 0, None));
}

#[test]
fn running_out_of_questions_is_an_error_and_no_row() {
    let error = on_a_thread(async {
        let bare = Bare::start(10).unwrap();
        let client = Client::new(bare.address, &shape::Client::default());
        let asked = Asked::each((0..3).map(move |number| request(&client, number)));
        row(bare.address, "misses", &asked, 2, 600.0).await.unwrap_err()
    });
    let text = format!("{error:#}");
    assert!(text.contains("misses") && text.contains("nothing left"), "{text}");
}

#[test]
fn what_is_not_answered_is_told_apart() {
    let mut counted = Counted::default();
    let answer = |status, cache: &str| {
        let cache = crate::client::CacheStatus::parse(cache);
        let head = crate::client::Head { status, cache, retry_after_seconds: None, closes: false };
        Answer { head, body: Vec::new() }
    };
    for outcome in [
        Ok(answer(200, "storefind; hit; ttl=1; detail=memory")),
        Ok(answer(200, "storefind; fwd=miss; stored; detail=index")),
        Ok(answer(503, "")),
        Ok(answer(400, "")),
        Err(Failure::TimedOut),
    ] {
        counted.count(outcome.as_ref().map_err(|failure| *failure), Duration::from_millis(1));
    }
    assert_eq!((counted.latency.count(), counted.kept, counted.shed, counted.failed), (2, 1, 1, 2));
}
