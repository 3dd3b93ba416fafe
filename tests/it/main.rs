//! The tests of the server as its users meet it: one binary, a module per area.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too; clippy knows only #[test] functions")]
#![expect(
    unreachable_pub,
    reason = "nothing can be reached from outside a test binary; `pub` tells helpers from details"
)]

/// The server's own, so that what is measured of its memory is what it takes.
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod abuse;
mod answer;
mod browser;
mod cache;
mod cli;
mod deploy;
mod evaluate;
mod http;
mod keys;
mod learn;
mod support;
mod tidy;
mod tiers;
mod tls;
mod warm_up;
