//! How much memory the process takes, by the system's own account, while a million different keys pass through the memory
//! tier: no more than was configured, and a tenth.
//!
//! Measured in a process of its own, this very test started again, with the server's allocator: what other tests hold and
//! let go would be counted, too.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use storefind::cache::body::{Body, Hole};
use storefind::cache::entry::{Entry, Holding};
use storefind::cache::freshness::{Stamp, UnixMillis};
use storefind::cache::key::Key;
use storefind::cache::proof::Proof;
use storefind::cache::tier::Tier as _;
use storefind::cache::tier::memory::MemoryTier;
use storefind_index::answer::{LiveDependency, LiveShown};
use storefind_index::dependency::{Clause, Dependency, Variant};

const KEYS: usize = 1_000_000;
/// A quarter of the default. A million entries are some thirty times as much.
const BYTES_MAX: u64 = 64 << 20;
/// What the goal allows beyond it, in hundredths.
const SLACK_PERCENT: u64 = 10;
/// How often it is looked.
const LOOK_EVERY: usize = 10_000;
/// Tells the process that measures from the one that started it.
const MEASURES: &str = "STOREFIND_TEST_MEASURES_MEMORY";
const NAME: &str = "cache::resident::a_million_different_keys_take_no_more_than_was_configured_and_a_tenth";

/// An entry as answers have them, of a size that differs from key to key: few products and short texts weigh least for what
/// they cost beside their bytes, so most are small.
fn entry(n: usize, holding: &Arc<Holding>) -> Arc<Entry> {
    let size = n.wrapping_mul(0x9e37_79b9) >> 7;
    let (products, bytes) = (size % 4, 200 + size % 1_500);
    let text: Vec<u8> = vec![b'x'; bytes];
    let hole = |at: usize| Hole {
        place: at as u32 * 10..at as u32 * 10 + 5,
        id: format!("product-{}", n + at).into(),
        ordinal: Some(at as u32),
        version: n as u64,
        in_stock: true,
        shows: LiveShown { price: true, stock: true, in_stock: true },
        follows_content: true,
    };
    let clause = |word: &str| Clause { terms: vec![format!("word:{word}{n}"), format!("stem:{word}{n}")] };
    let variant = Variant { name: "strict".into(), required: 2, clauses: vec![clause("red"), clause("shoe")] };
    let proof = Proof::new(Dependency { variants: vec![variant] }, LiveDependency::None);
    let key = Key::new(format!("search/v2/shop/1?q=red{n}+shoe{n}"));
    let body = Body::new(text, (0..products).map(hole).collect());
    let stamp = Stamp::new(n as u64, UnixMillis(0), n as u64);
    Arc::new(Entry::new(Arc::new(key), stamp, Arc::new(proof), Duration::ZERO, body, Arc::clone(holding)))
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes << 10
}

#[expect(clippy::print_stderr, reason = "who started this process reads what was measured")]
fn measure() {
    let before = resident();
    let holding = Arc::<Holding>::default();
    let tier = MemoryTier::new(BYTES_MAX).expect("a thread");
    let (mut most, mut passed) = (0, 0);
    for n in 0..KEYS {
        let entry = entry(n, &holding);
        passed += entry.weight() as u64;
        tier.put(&entry);
        if n % LOOK_EVERY == 0 {
            most = most.max(resident().saturating_sub(before));
        }
    }
    tier.settle();
    let (end, usage) = (resident().saturating_sub(before), tier.usage());
    let told = format!("grown by {end} bytes, {most} at most; {usage:?}; {passed} bytes passed through");
    assert!(passed > BYTES_MAX * 10 && usage.bytes > BYTES_MAX / 10 * 9, "not filled: {told}");
    let allowed = BYTES_MAX + BYTES_MAX * SLACK_PERCENT / 100;
    assert!(end <= allowed && most <= allowed, "more than {allowed}: {told}");
    // Nor is a great part of what was configured left unused.
    assert!(end > BYTES_MAX / 2, "weighed as more than it takes: {told}");
    eprintln!("{told}");
}

#[test]
fn a_million_different_keys_take_no_more_than_was_configured_and_a_tenth() {
    if std::env::var_os(MEASURES).is_some() {
        return measure();
    }
    let mut again = Command::new(std::env::current_exe().expect("this test has a file"));
    let output = again.args(["--exact", NAME, "--nocapture"]).env(MEASURES, "1").output().expect("runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("grown by"), "{said}");
}
