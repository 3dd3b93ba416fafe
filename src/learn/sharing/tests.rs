//! Nodes that talk through a server that can be told to fail.

use super::*;
use crate::cache::tier::remote::fake::{Fake, Mood};

const NOW: u64 = 1_700_000_000_000;

fn node(server: &Fake, number: u64) -> Sharing {
    Sharing::over(("fake".into(), Box::new(server.clone())), number)
}

fn learned(text: &str, weight: f64) -> Vec<Learned> {
    vec![Learned { text: text.into(), weight }]
}

async fn round(node: &Sharing, slot: Option<usize>, text: &str) -> Result<Round, Passed> {
    node.round("shop", slot, (learned(text, 8.0), NOW)).await
}

#[tokio::test(start_paused = true)]
async fn each_hears_the_others_and_not_itself_however_often_it_tells() {
    let server = Fake::default();
    let (a, b) = (node(&server, 1), node(&server, 2));
    let mut slots = [None, None];
    for _ in 0..3 {
        slots[0] = round(&a, slots[0], "kettle").await.unwrap().slot;
        slots[1] = round(&b, slots[1], "tea pot").await.unwrap().slot;
    }
    assert_eq!(round(&a, slots[0], "kettle").await.unwrap().others, learned("tea pot", 8.0));
    assert_eq!(round(&b, slots[1], "tea pot").await.unwrap().others, learned("kettle", 8.0));
    assert_eq!((server.len(), server.ttl()), (2, Some(LIST_AGE_MAX)));
    let silent = node(&server, 4).round("shop", None, (Vec::new(), NOW)).await.unwrap();
    assert_eq!((silent.others.len(), server.len()), (2, 2), "who has nothing to tell only listens");
    let elsewhere = node(&server, 3).round("other", None, (Vec::new(), NOW)).await.unwrap();
    assert!(elsewhere.others.is_empty(), "catalogs are apart");
}

#[tokio::test(start_paused = true)]
async fn two_that_take_one_slot_sort_it_out() {
    let server = Fake::default();
    // Both would begin at the same place, and both found it free.
    let (a, b) = (node(&server, 5), node(&server, 5 + SLOTS as u64));
    let free: Vec<Option<Option<List>>> = vec![None; SLOTS];
    let (slot_a, slot_b) = (a.judge(None, &free, NOW).slot, b.judge(None, &free, NOW).slot);
    assert_eq!((slot_a, slot_b), (Some(5), Some(5)));
    let told = |node: u64, text: &str| List { node, time: NOW, learned: learned(text, 8.0) }.encode().into();
    server.put_now(&RemoteKey::learned("shop", 5), told(b.node, "tea pot"));
    let again = round(&a, slot_a, "kettle").await.unwrap();
    assert_eq!((again.slot, again.others), (Some(6), learned("tea pot", 8.0)));
    assert_eq!(round(&b, slot_b, "tea pot").await.unwrap().slot, Some(5));
}

#[tokio::test(start_paused = true)]
async fn where_all_slots_are_taken_a_node_only_listens() {
    let server = Fake::default();
    for number in 0..SLOTS {
        // A later program's list cannot be read, and is left alone.
        server.put_now(&RemoteKey::learned("shop", number), b"SFLEARN9".as_slice().into());
    }
    let round = round(&node(&server, 1), None, "kettle").await.unwrap();
    assert_eq!(round, Round { slot: None, others: Vec::new() });
    assert_eq!(server.get_now(&RemoteKey::learned("shop", 1)).unwrap(), b"SFLEARN9".as_slice());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_or_hangs_ends_the_round_in_time() {
    let server = Fake::default();
    let a = node(&server, 1);
    for mood in [Mood::Frozen, Mood::Failing(Fault::Refused("no".into())), Mood::Panicking] {
        server.set(mood.clone());
        let began = tokio::time::Instant::now();
        assert!(round(&a, None, "kettle").await.is_err(), "{mood:?}");
        assert!(began.elapsed() <= BACKGROUND_DEADLINE, "{mood:?}");
    }
}

#[test]
fn what_was_told_fades() {
    let list = List { node: 1, time: NOW, learned: learned("kettle", 8.0) };
    let after_a_week: Vec<Learned> = list.at(NOW + 7 * 86_400_000).collect();
    assert_eq!(after_a_week, learned("kettle", 4.0));
}
