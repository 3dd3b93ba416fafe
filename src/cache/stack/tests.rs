//! What a caller who waited for another's computation is told.

use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::live::LiveTable;
use storefind_index::settings::Settings;
use storefind_index::touch::touch_hash;
use storefind_index::writer::Writer;
use tokio::sync::oneshot;

use super::*;
use crate::cache::body::Body;
use crate::cache::freshness::{Stamp, UnixMillis};
use crate::cache::proof::Proof;
use crate::catalog::touch_table::TouchTable;
use crate::catalog::visibility::Visibility;

const LONG: Duration = Duration::from_secs(3_600);

/// An answer as of `as_of` that depends on `word:lamp`.
fn lamps(key: &Arc<Key>, as_of: u64) -> Entry {
    let clauses = vec![Clause { terms: vec!["word:lamp".into()] }];
    let variant = Variant { name: "strict".into(), required: 1, clauses };
    let proof = Proof::new(Dependency { variants: vec![variant] }, LiveDependency::None);
    let body = Body::new(b"{}".to_vec(), Vec::new());
    let stamp = Stamp::new(as_of, UnixMillis::now(), 1);
    Entry::new(Arc::clone(key), stamp, Arc::new(proof), Duration::ZERO, body, Arc::default())
}

#[tokio::test]
async fn who_waited_is_told_the_sequence_of_the_answer_and_not_that_of_its_own_view() {
    let live = Arc::<LiveTable>::default();
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::clone(&live)).expect("in memory");
    let first = writer.commit(10).expect("commits");
    let visibility = Arc::new(Visibility::new(first, live, TouchTable::new(1 << 10, 0), LONG, Vec::new().into()));
    let stack: Arc<Stack<String>> = Arc::new(Stack::new(MemoryTier::new(1 << 20).expect("a thread"), |_, _, _| vec![]));
    let key = Arc::new(Key::new("search:1:demo:1:q=lamp".into()));
    let (land, landing) = oneshot::channel::<()>();
    let ask = |view: View, landing: Option<oneshot::Receiver<()>>| {
        let (stack, key) = (Arc::clone(&stack), Arc::clone(&key));
        tokio::spawn(async move {
            let entry = lamps(&key, 10);
            let compute = move |filler: Filler| async move {
                landing.expect("one leads").await.expect("lands");
                Ok(filler.fill(entry))
            };
            stack.fetch(&Ask::of_memory(&key), view, Instant::now() + LONG, compute).await.expect("an answer")
        })
    };
    let leader = ask(View::of(&visibility), Some(landing));
    while stack.flights.is_empty() {
        tokio::task::yield_now().await;
    }
    // Another publication touches the answer that is still being computed.
    let second = writer.commit(12).expect("commits");
    visibility.publish(second, &[(touch_hash("word:lamp"), 11)], Instant::now());
    let waiter = ask(View::of(&visibility), None);
    tokio::task::yield_now().await;
    land.send(()).expect("is waited for");
    let (led, waited) = (leader.await.expect("no panic"), waiter.await.expect("no panic"));
    assert_eq!((led.sequence, led.collapsed), (10, false));
    assert_eq!((waited.sequence, waited.collapsed), (10, true), "graced, so its own sequence");
}
