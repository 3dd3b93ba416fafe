//! What one node computed another serves.

use super::{Shop, both_use_redis, count, detail, entry_path, filled, key_of, stat, until, url};
use crate::support::servers::{Process, free_port, memcached, redis, redis_cluster, redis_sentinel};

#[test]
fn what_one_node_computed_the_other_serves_from_redis_and_then_from_memory() {
    let (shop, server) = (Shop::new(), redis(free_port(), &[]));
    let (a, b) = (shop.node(Some(&url(&server)), None), shop.node(Some(&url(&server)), None));
    let first = shop.ask(&a, "q=shoe&facets=brand");
    assert_eq!(detail(&first), "index");
    assert!(first.header("cache-status").is_some_and(|status| status.ends_with("; tiers=\"redis:absent\"")));
    filled(&a, "redis", 1);
    let shared = shop.ask(&b, "q=shoe&facets=brand");
    assert_eq!((detail(&shared), shared.header("etag")), ("redis".to_owned(), first.header("etag")));
    assert!(shared.header("cache-status").is_some_and(|status| status.starts_with("storefind; hit; ttl=")));
    assert_eq!(detail(&shop.ask(&b, "q=shoe&facets=brand")), "memory");
    assert_eq!(count(&b, "/catalogs/shop/tiers/redis/hits"), 1);
    assert_eq!(count(&b, "/catalogs/shop/search/computations/count"), 0);
    assert_eq!(stat(&b, "/remote/redis/servers/0/breaker"), "closed");
}

#[test]
fn an_autocomplete_is_shared_like_a_search() {
    let (shop, server) = (Shop::new(), redis(free_port(), &[]));
    let (a, b) = (shop.node(Some(&url(&server)), None), shop.node(Some(&url(&server)), None));
    let path = "/v1/shop/autocomplete?q=runn";
    for node in [&shop.plain, &a, &b] {
        // Its key names what the suggestions say, which are built beside the start.
        until("there are suggestions", || !node.get(path).json()["suggestions"].as_array().unwrap().is_empty());
    }
    let path = "/v1/shop/autocomplete?q=shoe";
    let before = count(&a, "/catalogs/shop/tiers/redis/fills");
    let computed = a.get(path);
    assert_eq!(detail(&computed), "index");
    filled(&a, "redis", before + 1);
    let shared = b.get(path);
    assert_eq!((detail(&shared), shared.text()), ("redis".to_owned(), computed.text()));
    assert_eq!(shared.text(), shop.plain.get(path).text());
    assert_eq!(detail(&b.get(path)), "memory");
}

#[test]
fn memcached_alone_is_a_tier_too() {
    let (shop, server) = (Shop::new(), memcached(free_port(), &[]));
    let (a, b) = (shop.node(None, Some(server.port)), shop.node(None, Some(server.port)));
    assert_eq!(detail(&shop.ask(&a, "q=lamp")), "index");
    filled(&a, "memcached", 1);
    assert_eq!(detail(&shop.ask(&b, "q=lamp")), "memcached");
}

#[test]
fn a_cluster_and_a_primary_that_sentinels_know_are_tiers_too() {
    let shop = Shop::new();
    let (cluster, primary) = (redis_cluster(free_port()), redis(free_port(), &[]));
    let sentinel = redis_sentinel(free_port(), &primary, "shop");
    for (port, mode) in [(cluster.port, "cluster"), (sentinel.port, "sentinel")] {
        let more = format!("cache.redis.mode = \"{mode}\"\ncache.redis.primary = \"shop\"\n");
        let node = || shop.node_with(Some(&format!("redis://127.0.0.1:{port}")), None, &more);
        let (a, b) = (node(), node());
        both_use_redis(&shop, &a, &b);
    }
    assert!(!primary.redis_keys().is_empty() && !cluster.redis_keys().is_empty());
}

#[test]
fn two_memcached_servers_share_the_keys() {
    let shop = Shop::new();
    let pool = [memcached(free_port(), &[]), memcached(free_port(), &[])];
    let more = format!("cache.memcached.url = \"memcache://127.0.0.1:{},127.0.0.1:{}\"\n", pool[0].port, pool[1].port);
    let node = || shop.node_with(None, None, &more);
    let (a, b) = (node(), node());
    for n in 1..=20 {
        shop.ask(&a, &format!("q=lamp&per_page={n}"));
    }
    // A fill that a busy machine leaves no time for is dropped: another node computes what is missing, and fills it.
    until("they have all", || {
        let another = node();
        (1..=20).filter(|n| detail(&shop.ask(&another, &format!("q=lamp&per_page={n}"))) != "memcached").count() == 0
    });
    for n in 1..=20 {
        assert_eq!(detail(&shop.ask(&b, &format!("q=lamp&per_page={n}"))), "memcached");
    }
    let items = |server: &Process| -> u64 {
        let stats = server.talk("stats\r\n", "END");
        let items = stats.iter().find_map(|line| line.strip_prefix("STAT curr_items "));
        items.and_then(|items| items.parse().ok()).unwrap()
    };
    assert!(pool.each_ref().map(items).iter().all(|items| *items >= 3), "{:?}", pool.each_ref().map(items));
}

#[test]
fn what_redis_lost_comes_from_memcached_and_goes_back_to_redis() {
    let shop = Shop::new();
    let (redis, memcached) = (redis(free_port(), &[]), memcached(free_port(), &[]));
    let node = || shop.node(Some(&url(&redis)), Some(memcached.port));
    let a = node();
    shop.ask(&a, "q=lamp");
    filled(&a, "memcached", 1);
    redis.talk("FLUSHALL\r\nPING\r\n", "+PONG");
    let b = node();
    let answer = shop.ask(&b, "q=lamp");
    assert_eq!(detail(&answer), "memcached");
    assert!(answer.header("cache-status").is_some_and(|status| status.contains("tiers=\"redis:absent\"")));
    filled(&b, "redis", 1);
    assert_eq!(detail(&shop.ask(&node(), "q=lamp")), "redis");
}

#[test]
fn an_engineer_can_look_at_an_entry_have_it_forgotten_and_pause_a_tier() {
    let (shop, server) = (Shop::new(), redis(free_port(), &[]));
    let node = || shop.node(Some(&url(&server)), None);
    let a = node();
    shop.ask(&a, "q=lamp");
    filled(&a, "redis", 1);
    let path = entry_path(&key_of(&a, "q=lamp"));
    let peeked = a.get(&path).json();
    assert_eq!((&peeked["memory"]["verdict"], &peeked["tiers"][0]["verdict"]), (&"fresh".into(), &"fresh".into()));
    let forgotten = a.request("DELETE", &path, &[], b"").json();
    assert_eq!((&forgotten["memory"], &forgotten["tiers"]["redis"]), (&1.into(), &"forgotten".into()));
    assert_eq!(server.redis_keys(), Vec::<String>::new());
    assert_eq!(detail(&shop.ask(&a, "q=lamp")), "index");
    filled(&a, "redis", 2);
    let b = node();
    assert_eq!(b.request("DELETE", "/v1/admin/cache/shop", &[], b"").status, 200);
    assert_eq!(detail(&shop.ask(&b, "q=lamp")), "index", "what was computed before is not accepted");
    let c = node();
    let pause = |paused: bool| {
        let body = format!("{{\"paused\":{paused}}}");
        c.request("PUT", "/v1/admin/tiers/redis", &["Content-Type: application/json"], body.as_bytes()).status
    };
    assert_eq!(pause(true), 200);
    let paused = shop.ask(&c, "q=lamp");
    assert!(paused.header("cache-status").is_some_and(|status| status.ends_with("tiers=\"redis:paused\"")));
    assert_eq!(pause(false), 200);
    assert_eq!(c.request("DELETE", "/v1/admin/cache/shop?key=search/v2/other/1?q=x", &[], b"").status, 400);
    assert_eq!(c.get("/v1/admin/cache/shop").status, 400);
    let body: &[u8] = b"{\"paused\":true}";
    let absent = c.request("PUT", "/v1/admin/tiers/memcached", &["Content-Type: application/json"], body);
    assert_eq!(absent.status, 404);
}
