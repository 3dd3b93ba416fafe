//! Each rule of the judgement, at its boundary.

use storefind_index::answer::LiveDependency;
use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::live::{LiveFields, LiveTable};
use storefind_index::settings::Settings;
use storefind_index::switch::{Rule, switch_all_on, switch_off};
use storefind_index::touch::touch_hash;
use storefind_index::writer::Writer;

use super::*;
use crate::catalog::touch_table::TouchTable;

const BOUND: Duration = Duration::from_secs(1);
const STARTS: [(u64, u64); 2] = [(0, 77), (50, 88)];

/// A catalog of which sequence 10 is published, and which knows every touch from 5 on.
struct Shop {
    writer: Writer,
    visibility: Arc<Visibility>,
    instant: Instant,
}

impl Shop {
    fn new() -> Self {
        let live = Arc::<LiveTable>::default();
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::clone(&live)).expect("in memory");
        let snapshot = writer.commit(10).expect("commits");
        let visibility = Visibility::new(snapshot, live, TouchTable::new(1 << 16, 5), BOUND, STARTS.into());
        Self { writer, visibility: Arc::new(visibility), instant: Instant::now() }
    }

    fn publish(&mut self, sequence: u64, touched: &[&str], after_ms: u64) {
        let snapshot = self.writer.commit(sequence).expect("commits");
        let touches: Vec<_> = touched.iter().map(|form| (touch_hash(form), sequence)).collect();
        self.visibility.publish(snapshot, &touches, self.instant + Duration::from_millis(after_ms));
    }

    fn set_live(&self, id: &str, sequence: u64, price: f64, after_ms: u64) {
        let ordinal = self.visibility.live().ordinal_or_new(id).expect("room");
        self.visibility.live().set(ordinal, sequence, LiveFields { price: Some(price), ..LiveFields::default() });
        self.visibility.live_applied(sequence, self.instant + Duration::from_millis(after_ms));
    }

    fn view(&self, after_ms: u64) -> View {
        View {
            validated: self.visibility.validated(),
            now: UnixMillis(100_000 + after_ms),
            instant: self.instant + Duration::from_millis(after_ms),
            graced: true,
            visibility: Arc::clone(&self.visibility),
        }
    }
}

fn stamp(as_of: u64) -> Stamp {
    Stamp { as_of, live_as_of: as_of, start: 77, computed_at: UnixMillis(100_000), max_age: MAX_AGE, valid_until: None }
}

/// Depends on `word:lamp`.
fn lamps(live: LiveDependency) -> Proof {
    let clauses = vec![Clause { terms: vec!["word:lamp".into()] }];
    Proof::new(Dependency { variants: vec![Variant { name: "strict".into(), required: 1, clauses }] }, live)
}

#[track_caller]
fn check(view: &View, stamp: &Stamp, proof: &Proof, expected: Result<(u64, u64), StaleReason>) {
    let found = match judge(stamp, proof, view) {
        Verdict::Fresh { sequence, age, .. } => Ok((sequence, u64::try_from(age.as_millis()).expect("small"))),
        Verdict::Stale(reason) => Err(reason),
    };
    assert_eq!(found, expected);
}

#[test]
fn an_entry_that_nothing_touched_is_fresh_and_tells_what_it_was_validated_at() {
    let mut shop = Shop::new();
    shop.publish(12, &["word:chair"], 0);
    check(&shop.view(900), &stamp(10), &lamps(LiveDependency::None), Ok((12, 0)));
    check(&shop.view(900), &stamp(14), &lamps(LiveDependency::None), Ok((14, 0)));
}

#[test]
fn a_touched_entry_is_served_within_the_grace_after_the_first_change_behind_it() {
    let mut shop = Shop::new();
    shop.publish(12, &["word:chair"], 100);
    shop.publish(13, &["word:lamp"], 300);
    let proof = lamps(LiveDependency::None);
    check(&shop.view(599), &stamp(10), &proof, Ok((10, 499)));
    check(&shop.view(600), &stamp(10), &proof, Err(StaleReason::Touched));
    check(&shop.view(799), &stamp(12), &proof, Ok((12, 499)));
}

#[test]
fn who_was_promised_a_sequence_sees_it() {
    let mut shop = Shop::new();
    shop.publish(12, &["word:lamp"], 0);
    let proof = lamps(LiveDependency::None);
    let strict = View { graced: false, ..shop.view(1) };
    check(&strict, &stamp(10), &proof, Err(StaleReason::Touched));
    check(&shop.view(1), &stamp(10), &proof, Ok((10, 1)));
    shop.visibility.raise_floor(12);
    check(&shop.view(1), &stamp(10), &proof, Err(StaleReason::Touched));
}

#[test]
fn what_is_touched_but_not_validated_is_not_visible_to_anyone_yet() {
    let shop = Shop::new();
    shop.visibility.touch(&[(touch_hash("word:lamp"), 11)]);
    check(&shop.view(900), &stamp(10), &lamps(LiveDependency::None), Ok((10, 0)));
}

#[test]
fn a_live_change_touches_the_answers_that_looked_at_the_product() {
    let shop = Shop::new();
    shop.set_live("lamp", 3, 9.0, 0);
    shop.set_live("chair", 11, 5.0, 100);
    let lamp = shop.visibility.live().ordinal("lamp").expect("given");
    let products = lamps(LiveDependency::Products(vec![lamp]));
    check(&shop.view(900), &stamp(10), &products, Ok((10, 0)));
    check(&shop.view(599), &stamp(10), &lamps(LiveDependency::Any), Ok((10, 499)));
    check(&shop.view(600), &stamp(10), &lamps(LiveDependency::Any), Err(StaleReason::Live));
    shop.set_live("lamp", 12, 8.0, 200);
    check(&shop.view(900), &stamp(10), &products, Err(StaleReason::Live));
    check(&shop.view(900), &stamp(10), &lamps(LiveDependency::None), Ok((10, 0)));
}

#[test]
fn an_entry_is_of_its_own_history_and_of_a_time_that_the_table_knows() {
    let shop = Shop::new();
    let proof = lamps(LiveDependency::None);
    check(&shop.view(0), &Stamp { start: 78, ..stamp(10) }, &proof, Err(StaleReason::OtherHistory));
    check(&shop.view(0), &stamp(60), &proof, Err(StaleReason::OtherHistory));
    switch_off(Rule::Starts);
    check(&shop.view(0), &Stamp { start: 78, ..stamp(10) }, &proof, Ok((10, 0)));
    switch_all_on();
    check(&shop.view(0), &Stamp { start: 88, ..stamp(60) }, &proof, Ok((60, 0)));
    check(&shop.view(0), &stamp(4), &proof, Err(StaleReason::BeforeTouches));
    check(&shop.view(0), &stamp(5), &proof, Ok((10, 0)));
}

#[test]
fn an_entry_lives_until_its_maximum_age_and_not_a_millisecond_longer() {
    let (shop, proof) = (Shop::new(), lamps(LiveDependency::None));
    check(&shop.view(599_999), &stamp(10), &proof, Ok((10, 0)));
    check(&shop.view(600_000), &stamp(10), &proof, Err(StaleReason::TooOld));
    let dated = Stamp { valid_until: Some(UnixMillis(100_500)), ..stamp(10) };
    check(&shop.view(499), &dated, &proof, Ok((10, 0)));
    check(&shop.view(500), &dated, &proof, Err(StaleReason::Expired));
    // Until then it is told to live, and beyond it is late.
    let Verdict::Fresh { ttl, .. } = judge(&dated, &proof, &shop.view(400)) else { panic!("fresh") };
    assert_eq!(ttl, Duration::from_millis(100));
    assert_eq!(rescuable(&dated, &shop.view(3_500), Duration::ZERO), Some(Duration::from_secs(3)));
}

#[test]
fn what_is_left_ends_with_the_age_or_with_a_rule_whichever_comes_first() {
    let at = |after_ms: u64| UnixMillis(100_000 + after_ms);
    let ruled = |until_ms: u64| Stamp { valid_until: Some(at(until_ms)), ..stamp(10) };
    assert_eq!(stamp(10).left(at(1_000)), MAX_AGE - Duration::from_secs(1));
    assert_eq!(ruled(1_500).left(at(1_000)), Duration::from_millis(500));
    assert_eq!(ruled(1_500).left(at(2_000)), Duration::ZERO);
    assert_eq!(ruled(u64::MAX >> 1).left(at(1_000)), MAX_AGE - Duration::from_secs(1));
}

#[test]
fn a_clock_may_lag_by_a_second_and_no_more() {
    let (shop, proof) = (Shop::new(), lamps(LiveDependency::None));
    let at = |ms| View { now: UnixMillis(ms), ..shop.view(0) };
    check(&at(99_000), &stamp(10), &proof, Ok((10, 0)));
    check(&at(98_999), &stamp(10), &proof, Err(StaleReason::FromTheFuture));
}

#[test]
fn maximum_ages_differ_by_a_tenth_at_most_and_do_differ() {
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let age = |n| Stamp::new(1, UnixMillis(5), spread(n)).max_age;
    let ages: Vec<_> = (0..1_000).map(age).collect();
    assert!(ages.iter().all(|age| (MAX_AGE.mul_f64(0.9)..=MAX_AGE.mul_f64(1.1)).contains(age)));
    let spread = ages.iter().max().zip(ages.iter().min()).map(|(max, min)| *max - *min);
    assert!(spread > Some(Duration::from_secs(100)), "{spread:?}");
}

#[test]
fn a_stand_in_is_late_since_the_first_change_or_past_its_age_and_never_by_less_than_a_second() {
    let mut shop = Shop::new();
    let hour = Duration::from_secs(3_600);
    let late = |view: &View, stamp: &Stamp| rescuable(stamp, view, hour);
    assert_eq!(late(&shop.view(0), &stamp(10)), Some(Duration::from_secs(1)));
    shop.publish(12, &["word:lamp"], 500);
    assert_eq!(late(&shop.view(4_500), &stamp(10)), Some(Duration::from_secs(4)));
    let age = MAX_AGE.as_millis() as u64;
    assert_eq!(late(&shop.view(age + 7_000), &stamp(10)), Some(Duration::from_secs(7)));
    assert_eq!(late(&shop.view(age + 3_600_000), &stamp(10)), Some(hour));
}

#[test]
fn nothing_stands_in_that_is_too_old_of_another_history_or_from_the_future() {
    let shop = Shop::new();
    let (hour, age) = (Duration::from_secs(3_600), MAX_AGE.as_millis() as u64);
    assert_eq!(rescuable(&stamp(10), &shop.view(age + 3_600_001), hour), None);
    assert_eq!(rescuable(&stamp(10), &shop.view(age), Duration::ZERO), Some(Duration::from_secs(1)));
    assert_eq!(rescuable(&stamp(10), &shop.view(age + 1), Duration::ZERO), None);
    assert_eq!(rescuable(&Stamp { start: 78, ..stamp(10) }, &shop.view(0), hour), None);
    let future = |ms: u64| Stamp { computed_at: UnixMillis(100_000 + ms), ..stamp(10) };
    assert_eq!(rescuable(&future(1_000), &shop.view(0), hour), Some(Duration::from_secs(1)));
    assert_eq!(rescuable(&future(1_001), &shop.view(0), hour), None);
}
