//! A thousand shoppers who ask for the same at once: in one process, and in two that share a Redis.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{Shop, count, url};
use crate::support::server::{Answer, Ask};
use crate::support::servers::{free_port, redis};

const CALLERS: usize = 1_000;
const QUERY: &str = "q=red+running+shoe&facets=brand&per_page=40";

/// Both ends of every connection are files of this process; many systems start one with 1,024.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to the hard limit anybody may");
}

/// Has so many callers ask at once, in turn of these nodes, and compares what each is told.
fn crowd(shop: &Shop, nodes: &[&dyn Fn() -> TcpStream]) {
    raise_file_limit();
    let path = format!("/v1/shop/search?{QUERY}");
    let expected = shop.plain.get(&path).text();
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    let (most, last) = request.as_bytes().split_at(request.len() - 1);
    // All but the last byte first, so that nobody's request is whole before everybody is there.
    let mut streams: Vec<TcpStream> = nodes.iter().cycle().take(CALLERS).map(|connect| connect()).collect();
    for stream in &mut streams {
        stream.write_all(most).expect("is sent");
    }
    for stream in &mut streams {
        stream.write_all(last).expect("is sent");
    }
    for mut stream in streams {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("is answered");
        let answer = Answer::of(&bytes);
        assert_eq!((answer.status, answer.text()), (200, expected.clone()), "{}", answer.head);
    }
}

fn computations(node: &impl Ask) -> u64 {
    count(node, "/catalogs/shop/search/computations/count")
}

#[test]
fn a_thousand_callers_of_one_process_cause_one_computation() {
    let shop = Shop::new();
    let node = shop.node(None, None);
    crowd(&shop, &[&|| node.connect()]);
    assert_eq!(computations(&node), 1);
}

#[test]
fn a_thousand_callers_of_two_processes_cause_two_computations_at_most_and_one_look_into_redis_each() {
    let (shop, server) = (Shop::new(), redis(free_port(), &[]));
    let (a, b) = (shop.child(&url(&server), "", &[]), shop.child(&url(&server), "", &[]));
    crowd(&shop, &[&|| a.connect(), &|| b.connect()]);
    let made = [&a, &b].map(computations);
    // One of them may have found the other's.
    assert!(made.iter().all(|made| *made <= 1) && (1..=2).contains(&made.iter().sum::<u64>()), "{made:?}");
    for node in [&a, &b] {
        let of_tier = |figure: &str| count(node, &format!("/catalogs/shop/tiers/redis/{figure}"));
        let passed: u64 = ["timeout", "unreachable"].map(|reason| of_tier(&format!("passed/{reason}"))).iter().sum();
        assert_eq!(of_tier("lookups") + passed, 1);
    }
}
