//! The fuzz targets, over the seeds and a fixed number of mutations of them.
//!
//! The mutations are the same in every run: a failure here can be repeated, and a run takes as long as the last one.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

/// Most changes that are made to a seed, one after the other.
const CHANGES_MAX: u32 = 6;
/// Longest piece that a change copies, cuts or repeats.
const PIECE_BYTES_MAX: usize = 24;
/// Longest input; longer ones say nothing new and take longer.
const INPUT_BYTES_MAX: usize = 4_096;

/// Runs a target over each of its seeds and over `mutations` inputs that are made of them.
fn run(target: &str, check: fn(&[u8]), mutations: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // A folder has no order of its own.
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(seeds.len() >= 5, "{target} has {} seeds", seeds.len());
    let repeatable = |input: &[u8], origin: &str| {
        if catch_unwind(AssertUnwindSafe(|| check(input))).is_err() {
            panic!("{target} fails for {origin}: b\"{}\"", input.escape_ascii());
        }
    };
    for (seed, path) in seeds.iter().zip(&paths) {
        repeatable(seed, &path.display().to_string());
    }
    for number in 0..mutations {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let mut input = seeds[random.random_range(0..seeds.len())].clone();
        for _ in 0..random.random_range(1..=CHANGES_MAX) {
            change(&mut input, &seeds, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        repeatable(&input, &format!("mutation {number}"));
    }
}

/// One change of the kinds that find most: other bits, other bytes, a piece less, a piece twice, a piece of elsewhere.
fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut ChaCha8Rng) {
    let at = random.random_range(0..=input.len());
    let end = (at + random.random_range(0..=PIECE_BYTES_MAX)).min(input.len());
    match random.random_range(0..6) {
        0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
        1 => input.insert(at, random.random()),
        2 => drop(input.drain(at..end)),
        3 => {
            let piece = input[at..end].repeat(random.random_range(1..=8));
            drop(input.splice(at..at, piece));
        }
        _ => {
            let other = &seeds[random.random_range(0..seeds.len())];
            let from = random.random_range(0..=other.len());
            let to = (from + random.random_range(0..=PIECE_BYTES_MAX)).min(other.len());
            drop(input.splice(at..end, other[from..to].iter().copied()));
        }
    }
}

#[test]
fn any_filter_is_read_or_refused_with_its_place() {
    run("filter", targets::filter::check, 20_000);
}

#[test]
fn any_query_has_a_page() {
    run("query", targets::query::check, 1_500);
}

#[test]
fn any_feed_is_products_and_errors_with_their_lines() {
    run("feed", targets::feed::check, 10_000);
}

#[test]
fn any_configuration_is_read_or_refused_with_its_lines() {
    run("config", targets::config::check, 3_000);
}

#[test]
fn a_target_that_fails_is_reported_with_its_input() {
    let failed = catch_unwind(|| run("filter", |input| assert!(!input.contains(&b'@')), 2_000)).unwrap_err();
    let message = failed.downcast::<String>().unwrap();
    assert!(message.starts_with("filter fails for mutation ") && message.contains('@'), "{message}");
}
