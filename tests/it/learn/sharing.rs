//! Two nodes and a real Redis: what shoppers of one search, the other suggests.

use storefind::app::Mode;

use super::{PRODUCTS, shoppers, suggested, until_learning};
use crate::support::server::{TestServer, copy_of, until};
use crate::support::servers::{free_port, redis};

/// A node of its own, with the same products as its siblings and this Redis.
fn node(products: &std::path::Path, port: u16) -> TestServer {
    let toml = format!("cache.redis.url = \"redis://127.0.0.1:{port}\"");
    let node = TestServer::over(copy_of(products), &toml, Mode::ReadWrite);
    until_learning(&node);
    node
}

#[test]
fn what_shoppers_of_one_node_search_the_other_suggests() {
    let first = TestServer::start();
    assert_eq!(first.upload(PRODUCTS).json()["accepted"], 3);
    let products = first.into_data();
    let mut server = redis(free_port(), &[]);
    let (a, b) = (node(products.path(), server.port), node(products.path(), server.port));
    shoppers(&a, "blue kettle", 0..12);
    // Too few on either node, so that neither tells the other.
    shoppers(&a, "red kettle", 0..6);
    shoppers(&b, "red kettle", 6..12);
    for (name, node) in [("the node itself", &a), ("the other", &b)] {
        until(&format!("{name} suggests it"), || suggested(node, "blue k") == ["blue kettle"]);
        assert!(suggested(node, "red k").is_empty());
    }
    let keys = server.redis_keys();
    assert!(keys.iter().any(|key| key.starts_with("storefind:learned:shop:")), "{keys:?}");

    // Without Redis both go on, and what each hears of its own shoppers is suggested.
    server.kill();
    shoppers(&b, "red kettle", 20..40);
    until("it learns on", || suggested(&b, "red k") == ["red kettle"]);
    assert_eq!(suggested(&b, "blue k"), ["blue kettle"], "what was heard before stays");
}
