//! The model test of invariant 1: an answer from a tier equals the uncached one.
//!
//! Some answers are looked for in a remote tier first, which outlives the process: the production lookup and encoding,
//! over a server in memory. In some worlds two nodes share it and the log, and each publishes at its own pace: what one
//! computed the other judges.
//!
//! Random catalogs, changes, settings, restarts, jumps of the clock and queries drive the production parts: parameters,
//! normalisation, key, stack, memory tier, judgement, the computation, the projector, the log, tantivy in memory. The
//! oracle is the computation itself, made anew at the sequence that is published. Everything happens on the test's own
//! thread, step by step, so that a seed tells the whole story; only the projector's thread and the query pool are left
//! out.
//!
//! Every rule of the scheme has a switch (`storefind_index::switch`), and with any one of them off a wrong answer must
//! be found: so no rule stands here that does nothing, and no test that sees nothing.
//!
//! `STOREFIND_MODEL_STEPS=1000000 cargo test --lib answer::model -- --nocapture` runs longer.

mod afar;
mod merchant;
pub(super) mod node;
mod queries;
pub(super) mod shop;
mod world;

use std::time::Instant;

use storefind_index::settings::Language;
use storefind_index::switch::{Rule, switch_all_on, switch_off};

use self::shop::Random;
use self::world::{Tally, World};

/// Steps of one world: enough for a vocabulary to come, go and come back.
const WORLD_STEPS: usize = 400;

/// Steps in the suite.
const STEPS: usize = 100_000;

/// So many of a hundred searches ask the remote tier first.
const AFAR_PERCENT: u32 = 30;

/// Every such world has two nodes.
const TWIN_EVERY: u64 = 4;

/// Every such world is about compounds, prices in words and details; with [`TWIN_EVERY`] it has no divisor in common, so
/// that some are both.
const WORDY_EVERY: u64 = 5;

/// Steps of the suite in worlds with a merchandiser.
const MERCHANT_STEPS: usize = 20_000;

/// Worlds that a rule gets to show what its absence does.
const WORLDS_MAX: u64 = 400;

/// Worlds in which a wrong answer was found once.
/// 813: a selected value without products was written as some product elsewhere wrote it.
const FOUND: &[u64] = &[813];

/// Such worlds since seeds are mixed.
/// 423: a new word, within reach of a mistyped one, led by its stem to a product that had not changed.
const FOUND_MIXED: &[u64] = &[423];

#[test]
fn what_was_found_once_stays_mended() {
    for seed in FOUND {
        run_world(World::new(Random::overlapping(*seed)), *seed, WORLD_STEPS).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    for seed in FOUND_MIXED {
        run(*seed, WORLD_STEPS).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

fn run(seed: u64, steps: usize) -> Result<Tally, String> {
    run_world(World::new(Random::new(seed)), seed, steps)
}

fn run_world(mut world: World, seed: u64, steps: usize) -> Result<Tally, String> {
    for step in 0..steps {
        world.step().map_err(|wrong| format!("world {seed}, step {step}: {wrong}"))?;
    }
    Ok(world.tally())
}

#[test]
fn a_cached_answer_equals_the_uncached_one() {
    let worlds = (steps(STEPS) / WORLD_STEPS) as u64;
    let began = Instant::now();
    let seeds: Vec<u64> = (1..=worlds).collect();
    // Two cores.
    let world = |seed: u64| match seed % TWIN_EVERY {
        0 => World::with_twin(Random::new(seed), AFAR_PERCENT),
        _ => World::with_afar(Random::new(seed), AFAR_PERCENT),
    };
    let world = |seed: u64| if seed.is_multiple_of(WORDY_EVERY) { world(seed).wordy() } else { world(seed) };
    let run = |seed: u64| run_world(world(seed), seed, WORLD_STEPS);
    let every_other = |from: usize| seeds.iter().skip(from).step_by(2).map(|seed| run(*seed)).collect();
    let tallies: Vec<Result<Tally, String>> = std::thread::scope(|scope| {
        let other = scope.spawn(|| every_other(1));
        let mut tallies: Vec<_> = every_other(0);
        tallies.extend(other.join().expect("no panic"));
        tallies
    });
    let mut sum = Tally::default();
    for tally in tallies {
        sum.add(&tally.unwrap_or_else(|wrong| panic!("{wrong}")));
    }
    eprintln!("{sum:?} in {:?}", began.elapsed());
    assert!(sum.touched_since * 5 >= sum.steps, "too few hits on a catalog touched since: {sum:?}");
    assert!(sum.graced > 0 && sum.refilled > 0 && sum.live_dependent > 0, "{sum:?}");
    assert!(sum.at_twin * 40 >= sum.steps && sum.ahead > 0, "{sum:?}");
    assert!(sum.from_afar * 20 >= sum.steps && sum.from_another_process > 0, "{sum:?}");
}

#[test]
fn what_rules_arrange_is_as_fresh() {
    let worlds = (steps(MERCHANT_STEPS) / WORLD_STEPS) as u64;
    let mut sum = Tally::default();
    for seed in 1..=worlds {
        sum.add(&run_with_merchant(seed).unwrap_or_else(|wrong| panic!("{wrong}")));
    }
    eprintln!("{sum:?}");
    assert!(sum.touched_since * 10 >= sum.steps, "too few hits on a catalog touched since: {sum:?}");
    assert!(sum.pinned * 40 >= sum.steps && sum.dated * 20 >= sum.steps, "{sum:?}");
    assert!(sum.from_afar * 80 >= sum.steps && sum.at_twin > 0, "{sum:?}");
}

fn run_with_merchant(seed: u64) -> Result<Tally, String> {
    let percent = if seed.is_multiple_of(2) { AFAR_PERCENT } else { 0 };
    let world = match seed % TWIN_EVERY {
        0 => World::with_twin(Random::new(seed), percent),
        _ => World::with_afar(Random::new(seed), percent),
    };
    let world = if seed.is_multiple_of(WORDY_EVERY) { world.wordy() } else { world };
    run_world(world.with_merchant(Random::new(!seed)), seed, WORLD_STEPS)
}

fn steps(usual: usize) -> usize {
    std::env::var("STOREFIND_MODEL_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[track_caller]
fn breaks_without(rule: Rule) {
    breaks_in_worlds_without(rule, |seed| run(seed, WORLD_STEPS));
}

#[track_caller]
fn breaks_in_worlds_without(rule: Rule, run: impl FnMut(u64) -> Result<Tally, String>) {
    switch_off(rule);
    let mut run = run;
    let found = (1..=WORLDS_MAX).find_map(|seed| run(seed).err());
    switch_all_on();
    let Some(wrong) = found else { panic!("without {rule:?} no wrong answer was found in {WORLDS_MAX} worlds") };
    eprintln!("without {rule:?}: {wrong}");
}

#[test]
fn without_the_old_version_answers_are_wrong() {
    breaks_without(Rule::OldVersion);
}

#[test]
fn without_prefixes_answers_are_wrong() {
    breaks_without(Rule::Prefixes);
}

#[test]
fn without_values_answers_are_wrong() {
    breaks_without(Rule::Values);
}

#[test]
fn without_buckets_answers_are_wrong() {
    breaks_without(Rule::Buckets);
}

#[test]
fn without_the_variants_of_pins_answers_are_wrong() {
    breaks_in_worlds_without(Rule::Pins, run_with_merchant);
}

#[test]
fn without_the_ends_of_dates_answers_are_wrong() {
    breaks_in_worlds_without(Rule::Dates, run_with_merchant);
}

#[test]
fn when_those_that_died_stay_in_what_segments_keep_answers_are_wrong() {
    breaks_without(Rule::Deaths);
}

/// Told as a story, because it needs a word that the engine's dictionary has forgotten, too.
#[test]
fn when_newness_is_what_was_never_seen_answers_are_wrong() {
    let story = || {
        let mut world = World::new(Random::new(0));
        let zeppelin = |world: &mut World| world.put(&[("id", "z"), ("title", "zeppelin")]);
        zeppelin(&mut world);
        world.delete("z");
        let raw = "q=zepelin&prefix=false&per_page=100";
        for filler in 0..200 {
            world.put(&[("id", "f"), ("title", if filler % 2 == 0 { "lamp" } else { "shoe" })]);
            world.forget();
            world.ask(raw)?;
            if !world.depends_on(raw, "stem:zeppelin") {
                zeppelin(&mut world);
                return world.ask(raw);
            }
        }
        panic!("the dictionary never forgets")
    };
    story().unwrap_or_else(|wrong| panic!("{wrong}"));
    switch_off(Rule::LiveCounts);
    let wrong = story();
    switch_all_on();
    assert!(wrong.is_err(), "a word that comes back is new again");
}

#[test]
fn without_alternatives_answers_are_wrong() {
    breaks_without(Rule::Alternatives);
}

/// Told as stories, because the words of the random worlds have few of them.
#[test]
fn a_product_that_only_a_generic_synonym_finds_is_not_missed() {
    let stories = [
        ("laptop", "silver notebook"),
        ("laptops", "silver notebooks"),
        ("ssd", "solid state drive"),
        ("solid state drives", "red ssd"),
        ("desktop", "desktop pc"),
    ];
    for (query, title) in stories {
        let story = || {
            let mut world = World::new(Random::new(0));
            world.speak(Language::English);
            let raw = format!("q={}&prefix=false&typos=false&per_page=100", query.replace(' ', "+"));
            world.put(&[("id", "o"), ("title", "lamp")]);
            world.ask(&raw)?;
            world.put(&[("id", "s"), ("title", title)]);
            world.ask(&raw)?;
            world.put(&[("id", "s"), ("title", "lamp")]);
            world.ask(&raw)
        };
        story().unwrap_or_else(|wrong| panic!("{wrong}"));
        switch_off(Rule::Alternatives);
        let wrong = story();
        switch_all_on();
        // A desktop PC has the word itself.
        assert_eq!(wrong.is_err(), query != "desktop", "{query}");
    }
}

#[test]
fn without_all_variants_answers_are_wrong() {
    breaks_without(Rule::Variants);
}

#[test]
fn without_facet_variants_answers_are_wrong() {
    breaks_without(Rule::FacetVariants);
}

#[test]
fn without_the_products_of_live_filters_answers_are_wrong() {
    breaks_without(Rule::LiveProducts);
}

#[test]
fn without_the_fold_answers_are_wrong() {
    breaks_without(Rule::Fold);
}

/// Told as a story: a product changes while another analysis is in force, and the log forgets what it was.
#[test]
fn without_what_other_analyses_hid_answers_are_wrong() {
    let story = || {
        let mut world = World::new(Random::new(0));
        world.speak(Language::English);
        world.put(&[("id", "r"), ("title", "running")]);
        let raw = "q=running&prefix=false&typos=false&per_page=100";
        world.ask(raw)?;
        world.speak(Language::German);
        world.put(&[("id", "r"), ("title", "lamp")]);
        world.speak(Language::English);
        world.ask(raw)
    };
    story().unwrap_or_else(|wrong| panic!("{wrong}"));
    switch_off(Rule::CompleteFrom);
    let wrong = story();
    switch_all_on();
    assert!(wrong.is_err(), "the old version was touched in other words only");
}
