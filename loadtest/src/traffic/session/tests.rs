//! Sessions keep the rate, the order and the shares that the model promises.

use std::rc::Rc;

use super::*;
use crate::catalog::Product;
use crate::scenario;

const SCENARIO: &str = "name = \"x\"\ncatalog = \"demo\"\n[popularity]\ndistinct = 300\n[[phases]]\nname = \"a\"\n\
    seconds = 30\nrate = 500\n[[phases]]\nname = \"b\"\nseconds = 30\nrate = 2000\n[[phases]]\nname = \"c\"\n\
    seconds = 30\nrate = 1000\nflash = 0.5\n";

fn planned(seed: u64) -> Vec<Planned> {
    let product = |number: usize| Product {
        id: number.to_string(),
        title: format!("Auralith TX-{number} on-ear Headphones, Midnight Blue"),
        brand: Some(format!("Brand{}", number % 20)),
        categories: vec!["Electronics > Audio > Headphones".into()],
        price: Some(10.0),
        ..Product::default()
    };
    let products = Rc::new((0..200).map(product).collect::<Vec<_>>());
    let scenario = scenario::parse(SCENARIO).unwrap();
    let pool = QueryPool::from_products(products, &scenario.popularity, 1);
    let rates = Rates::new(&scenario.phases);
    Sessions::new(&scenario, pool, rates, seed).collect()
}

fn between(planned: &[Planned], from: u64, to: u64) -> Vec<&Planned> {
    let range = Duration::from_secs(from)..Duration::from_secs(to);
    planned.iter().filter(|planned| range.contains(&planned.at)).collect()
}

#[test]
fn each_phase_has_its_rate_from_its_first_second() {
    let planned = planned(1);
    for (from, to, rate) in [(0, 10, 500), (20, 30, 500), (30, 35, 2000), (50, 60, 2000), (60, 65, 1000)] {
        let expected = (to - from) * rate;
        let count = between(&planned, from, to).len();
        // Sessions come in lumps, so the spread is wider than that of single requests.
        assert!(
            count.abs_diff(usize::try_from(expected).unwrap()) * 8 < count,
            "{from}..{to}: {count}, not {expected}"
        );
    }
}

#[test]
fn requests_leave_in_order_of_time() {
    assert!(planned(1).windows(2).all(|two| two[0].at <= two[1].at));
}

#[test]
fn the_same_seed_gives_the_same_requests() {
    assert_eq!(planned(1)[..500], planned(1)[..500]);
    assert_ne!(planned(1)[..500], planned(2)[..500]);
}

#[test]
fn the_kinds_have_the_shares_of_the_model() {
    let planned = planned(1);
    let of = |kind: Kind| {
        let count = u32::try_from(planned.iter().filter(|planned| planned.ask.kind == kind).count()).unwrap();
        f64::from(count)
    };
    let first = of(Kind::FirstPage);
    let other = of(Kind::Other) + of(Kind::OtherPriced);
    assert!((other / first - 0.40).abs() < 0.03, "{}", other / first);
    let typed = of(Kind::Autocomplete) / first;
    assert!((4.5..8.0).contains(&typed), "{typed}");
    let hostile = of(Kind::Hostile) / f64::from(u32::try_from(planned.len()).unwrap());
    assert!((0.007..0.013).contains(&hostile), "{hostile}");
}

#[test]
fn a_flash_query_is_asked_by_its_share_and_only_in_its_phase() {
    let planned = planned(1);
    let most = |from, to| {
        let mut counts = std::collections::HashMap::new();
        let first_pages = between(&planned, from, to).into_iter().filter(|planned| planned.ask.kind == Kind::FirstPage);
        let mut all = 0;
        for planned in first_pages {
            *counts.entry(planned.ask.target.clone()).or_insert(0) += 1;
            all += 1;
        }
        f64::from(counts.into_values().max().unwrap()) / f64::from(all)
    };
    assert!(most(70, 90) > 0.4, "{}", most(70, 90));
    assert!(most(30, 60) < 0.2, "{}", most(30, 60));
}
