//! Servers that are absent, wrong, killed or full of other things: no wrong answer and no failed request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Shop, count, detail, filled, stat, tried, url};
use crate::support::server::until;
use crate::support::servers::{free_port, memcached, redis};

#[test]
fn servers_that_are_absent_at_the_start_are_found_when_they_appear() {
    let shop = Shop::new();
    let (redis_port, memcached_port) = (free_port(), free_port());
    let node = shop.node(Some(&format!("redis://127.0.0.1:{redis_port}")), Some(memcached_port));
    for n in 0..10 {
        let answer = shop.ask(&node, &format!("q=shoe&per_page={}", n + 1));
        assert_eq!(detail(&answer), "index");
    }
    assert_eq!(stat(&node, "/remote/redis/servers/0/failing"), "unreachable");
    assert_eq!(stat(&node, "/remote/memcached/servers/0/failing"), "unreachable");
    assert_eq!(stat(&node, "/remote/redis/servers/0/breaker"), "open");
    let (_redis, _memcached) = (redis(redis_port, &[]), memcached(memcached_port, &[]));
    let mut page = 0;
    // Reading and writing are told apart, and a first write may precede the first reading that succeeds: so both must
    // have been used and neither may be failing.
    until("both are used and nothing fails any more", || {
        page += 1;
        shop.ask(&node, &format!("q=shoe&per_page={}&page={}", page % 20 + 1, page / 20 + 1));
        ["redis", "memcached"].iter().all(|tier| {
            count(&node, &format!("/catalogs/shop/tiers/{tier}/fills")) > 0
                && stat(&node, &format!("/remote/{tier}/servers/0/failing")).is_null()
        })
    });
}

#[test]
fn servers_that_are_killed_under_load_cost_no_answer_and_are_used_again_when_they_are_back() {
    let shop = Shop::new();
    let (mut redis_server, mut memcached_server) = (redis(free_port(), &[]), memcached(free_port(), &[]));
    let node = shop.node(Some(&url(&redis_server)), Some(memcached_server.port));
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let n = asked.fetch_add(1, Ordering::Relaxed);
                    shop.ask(&node, &format!("q=shoe&per_page={}&page={}", n % 20 + 1, n / 20 % 50 + 1));
                }
            });
        }
        let further = |by: usize| {
            let from = asked.load(Ordering::Relaxed);
            until("requests go on", || asked.load(Ordering::Relaxed) >= from + by);
        };
        further(30);
        redis_server.kill();
        memcached_server.kill();
        further(60);
        let (redis_port, memcached_port) = (redis_server.port, memcached_server.port);
        redis_server = redis(redis_port, &[]);
        memcached_server = memcached(memcached_port, &[]);
        let fills = |tier: &str| count(&node, &format!("/catalogs/shop/tiers/{tier}/fills"));
        let before = (fills("redis"), fills("memcached"));
        until("both are used again", || {
            // What is in memory asks nobody.
            node.request("DELETE", "/v1/admin/cache/shop", &[], b"");
            fills("redis") > before.0 && fills("memcached") > before.1
        });
        done.store(true, Ordering::Relaxed);
    });
    assert!(count(&node, "/remote/redis/servers/0/breaker_openings") > 0);
    let errors = stat(&node, "/catalogs/shop/search/errors");
    assert!(errors.as_object().is_some_and(|errors| errors.values().all(|count| *count == 0)), "{errors}");
}

#[test]
fn servers_that_freeze_are_passed_by_until_they_go_on() {
    let shop = Shop::new();
    let (redis, memcached) = (redis(free_port(), &[]), memcached(free_port(), &[]));
    let node = shop.node(Some(&url(&redis)), Some(memcached.port));
    shop.ask(&node, "q=shoe");
    filled(&node, "memcached", 1);
    redis.freeze();
    memcached.freeze();
    for n in 1..=20 {
        assert_eq!(detail(&shop.ask(&node, &format!("q=lamp&per_page={n}"))), "index");
    }
    for tier in ["redis", "memcached"] {
        let passed = |reason: &str| count(&node, &format!("/catalogs/shop/tiers/{tier}/passed/{reason}"));
        assert!(passed("timeout") > 0 && passed("breaker_open") > 0, "{tier}");
        assert_eq!(stat(&node, &format!("/remote/{tier}/servers/0/failing")), "timeout");
    }
    redis.thaw();
    memcached.thaw();
    let mut page = 0;
    let fills = |tier: &str| count(&node, &format!("/catalogs/shop/tiers/{tier}/fills"));
    let before = (fills("redis"), fills("memcached"));
    until("both are used again", || {
        page += 1;
        shop.ask(&node, &format!("q=shoe&per_page={}&page={}", page % 20 + 1, page / 20 + 1));
        fills("redis") > before.0 && fills("memcached") > before.1
    });
}

#[test]
fn a_server_without_room_refuses_what_it_is_given_and_is_asked_all_the_same() {
    let shop = Shop::new();
    // Less than it takes to start, and a limit for items that no page keeps.
    let redis = redis(free_port(), &["--maxmemory", "100kb", "--maxmemory-policy", "noeviction"]);
    let memcached = memcached(free_port(), &["-I", "1024", "-o", "slab_chunk_max=512"]);
    let node = shop.node(Some(&url(&redis)), Some(memcached.port));
    let mut told = Vec::new();
    for n in 21..=40 {
        let answer = shop.ask(&node, &format!("q=shoe&per_page={n}&highlight=title"));
        assert_eq!(detail(&answer), "index");
        told.extend(tried(&answer));
    }
    for tier in ["redis", "memcached"] {
        let refused = format!("/catalogs/shop/tiers/{tier}/fills_passed/refused");
        until(&format!("{tier} refuses"), || count(&node, &refused) > 0);
        assert_eq!(stat(&node, &format!("/remote/{tier}/servers/0/breaker")), "closed");
        // Asked each time; a server on a loaded machine may miss its deadline, which follows its answers down to a
        // millisecond.
        let told = |word: &str| told.iter().filter(|told| **told == format!("{tier}:{word}")).count() as u64;
        assert_eq!(told("absent") + told("timeout"), 20, "{tier}");
        assert!(told("absent") >= 15, "{tier} was given the time for {} only", told("absent"));
        assert_eq!(count(&node, &format!("/catalogs/shop/tiers/{tier}/misses/absent")), told("absent"), "{tier}");
        assert_eq!(count(&node, &format!("/catalogs/shop/tiers/{tier}/passed/timeout")), told("timeout"), "{tier}");
    }
}

#[test]
fn values_of_other_programs_are_misses_with_their_reason_and_are_overwritten() {
    let shop = Shop::new();
    let (redis, memcached) = (redis(free_port(), &[]), memcached(free_port(), &[]));
    let node = || shop.node(Some(&url(&redis)), Some(memcached.port));
    let a = node();
    shop.ask(&a, "q=lamp");
    filled(&a, "memcached", 1);
    let keys = redis.redis_keys();
    assert_eq!(keys.len(), 1);
    assert!(memcached.memcached_has(&keys[0]), "both keep it under one key");
    redis.redis_set(&keys[0], "somebody-elses");
    memcached.memcached_set(&keys[0], "Sfnd, but cut");
    let b = node();
    let answer = shop.ask(&b, "q=lamp");
    let status = answer.header("cache-status").unwrap();
    assert!(status.ends_with("tiers=\"redis:not_ours,memcached:other_format\""), "{status}");
    filled(&b, "memcached", 1);
    assert_eq!(detail(&shop.ask(&node(), "q=lamp")), "redis");
    // A list is no text at all.
    redis.talk(&format!("DEL {0}\r\nLPUSH {0} x\r\nPING\r\n", keys[0]), "+PONG");
    let status = shop.ask(&node(), "q=lamp").header("cache-status").unwrap();
    assert!(status.contains("detail=memcached; tiers=\"redis:not_ours\""), "{status}");
}

#[test]
fn a_wrong_password_is_a_fault_that_is_told_and_a_right_one_works() {
    let shop = Shop::new();
    let server = redis(free_port(), &["--requirepass", "right"]);
    for login in ["", ":wrong@"] {
        let node = shop.node(Some(&format!("redis://{login}127.0.0.1:{}", server.port)), None);
        for n in 1..10 {
            assert_eq!(detail(&shop.ask(&node, &format!("q=shoe&per_page={n}"))), "index");
        }
        assert_eq!(stat(&node, "/remote/redis/servers/0/failing"), "refused");
        assert_eq!(stat(&node, "/remote/redis/servers/0/breaker"), "open");
        assert!(!node.get("/v1/stats").text().contains("wrong") && !node.get("/metrics").text().contains("wrong"));
    }
    let right = format!("redis://:right@127.0.0.1:{}", server.port);
    let a = shop.node(Some(&right), None);
    shop.ask(&a, "q=lamp");
    filled(&a, "redis", 1);
    assert_eq!(detail(&shop.ask(&shop.node(Some(&right), None), "q=lamp")), "redis");
}

#[test]
fn a_password_that_becomes_right_is_noticed_without_a_restart() {
    let shop = Shop::new();
    let server = redis(free_port(), &["--requirepass", "new"]);
    let node = shop.node(Some(&format!("redis://:old@127.0.0.1:{}", server.port)), None);
    shop.ask(&node, "q=lamp");
    server.talk("AUTH new\r\nCONFIG SET requirepass old\r\nPING\r\n", "+PONG");
    let mut page = 0;
    until("the tier is used", || {
        page += 1;
        shop.ask(&node, &format!("q=shoe&per_page={}&page={}", page % 20 + 1, page / 20 + 1));
        count(&node, "/catalogs/shop/tiers/redis/fills") > 0
    });
}
