//! Networks between the node and its servers that delay, hold back, cut, reset and garble: no wrong answer, no failed
//! request, and all is as before when they are well again.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Shop, count, detail, filled, stat};
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::server::{TestServer, until};
use crate::support::servers::{Process, free_port, memcached, redis};

/// Both servers, each behind a proxy, and a node that knows the proxies only.
struct Net {
    shop: Shop,
    redis: FaultProxy,
    memcached: FaultProxy,
    node: TestServer,
    _servers: [Process; 2],
}

impl Net {
    fn new() -> Self {
        let shop = Shop::new();
        let servers = [redis(free_port(), &[]), memcached(free_port(), &[])];
        let [redis, memcached] =
            servers.each_ref().map(|server| FaultProxy::start(SocketAddr::from(([127, 0, 0, 1], server.port))));
        let node = shop.node(Some(&format!("redis://{}", redis.address())), Some(memcached.address().port()));
        shop.ask(&node, "q=shoe");
        filled(&node, "memcached", 1);
        Self { shop, redis, memcached, node, _servers: servers }
    }

    fn set(&self, fault: Fault) {
        self.redis.set(fault);
        self.memcached.set(fault);
    }

    /// Questions that memory does not know yet; each answer is compared.
    fn ask_anew(&self, from: usize, count: usize) {
        for n in from..from + count {
            let answer = self.shop.ask(&self.node, &format!("q=shoe&per_page={}&page={}", n % 19 + 1, n / 19 + 1));
            assert_eq!(detail(&answer), "index", "{}", answer.head);
        }
    }

    fn passed(&self, tier: &str) -> u64 {
        let passed = stat(&self.node, &format!("/catalogs/shop/tiers/{tier}/passed"));
        passed.as_object().map_or(0, |reasons| {
            let faults = reasons.iter().filter(|(reason, _)| *reason != "skipped" && *reason != "paused");
            faults.filter_map(|(_, count)| count.as_u64()).sum()
        })
    }

    /// Well again: both are asked and answer again without anybody's doing, and no request has failed meanwhile.
    fn recovers(&self) {
        self.set(Fault::None);
        let lookups = |tier: &str| count(&self.node, &format!("/catalogs/shop/tiers/{tier}/lookups"));
        let before = ["redis", "memcached"].map(lookups);
        let mut page = 0;
        until("both are used again", || {
            page += 1;
            // A probe is somebody's question that memory does not know.
            self.shop.ask(&self.node, &format!("q=bag&per_page={}&page={}", page % 50 + 1, page / 50 % 100 + 1));
            ["redis", "memcached"].iter().zip(before).all(|(tier, before)| {
                let closed = stat(&self.node, &format!("/remote/{tier}/servers/0/breaker")) == "closed";
                closed && lookups(tier) > before
            })
        });
        let errors = stat(&self.node, "/catalogs/shop/search/errors");
        assert!(errors.as_object().is_some_and(|errors| errors.values().all(|count| *count == 0)), "{errors}");
    }

    /// Under a fault every answer is right and computed, and both tiers are found to fail.
    fn survives(&self, fault: Fault) {
        self.set(fault);
        self.ask_anew(0, 30);
        for tier in ["redis", "memcached"] {
            assert!(self.passed(tier) > 0, "{tier} is not known to fail under {fault:?}");
        }
        self.recovers();
    }
}

#[test]
fn delays_of_a_tenth_of_a_second_and_of_ten_seconds_cost_the_tiers_deadline_only() {
    let net = Net::new();
    net.survives(Fault::Delay(Duration::from_millis(150)));
    let net = Net::new();
    net.survives(Fault::Delay(Duration::from_secs(10)));
}

#[test]
fn connections_that_stall_and_connections_that_are_reset() {
    let net = Net::new();
    net.survives(Fault::Stall);
    let net = Net::new();
    net.survives(Fault::Reset);
}

#[test]
fn answers_that_are_garbled_and_answers_that_end_too_soon() {
    let net = Net::new();
    net.survives(Fault::Garbage);
    let net = Net::new();
    net.survives(Fault::CutAfter(3));
}

#[test]
fn a_hundred_reconnects_leave_nothing_behind() {
    let net = Net::new();
    let answered = || count(&net.node, "/catalogs/shop/tiers/redis/misses/absent");
    let mut n = 0;
    while net.redis.accepted() < 100 {
        net.set(Fault::Reset);
        net.set(Fault::None);
        let before = answered();
        // Lost again only once it is used again: a probe that fails makes a breaker wait longer for the next.
        until("Redis answers over new connections", || {
            n += 1;
            net.shop.ask(&net.node, &format!("q=shoe&per_page={}&page={}", n % 50 + 1, n / 50 % 100 + 1));
            answered() > before
        });
    }
    net.recovers();
}
