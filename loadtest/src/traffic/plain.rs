//! Independent requests by shares: an exact rate, without the lumps that sessions make.
//!
//! Owns the mix. It refuses to connect one request with another.
//!
//! Invariant: arrivals follow the rates of the run and nothing else.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::keystrokes::{self, Ending};
use super::queries::QueryPool;
use super::session::Model;
use super::{Ask, Planned};
use crate::arrivals::{Process, Rates};
use crate::scenario::{Scenario, shape};

#[derive(Debug)]
pub(crate) struct Plain {
    model: Model,
    traffic: shape::Traffic,
    rates: Rates,
    process: Process,
    random: ChaCha8Rng,
}

impl Plain {
    pub(crate) fn new(scenario: &Scenario, pool: QueryPool, rates: Rates, seed: u64) -> Self {
        Self {
            model: Model::new(scenario, pool),
            traffic: scenario.traffic.clone(),
            process: Process::new(scenario.arrivals, rates.clone()),
            rates,
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    fn ask(&mut self, flash: f64) -> Ask {
        let Self { model, traffic, random, .. } = self;
        if random.random_bool(traffic.hostile) {
            return model.hostile(random);
        }
        let query = model.wish(flash, random);
        if random.random_bool(traffic.autocomplete) {
            let ending =
                if random.random_bool(traffic.ends_on_suggestion) { Ending::Suggestion } else { Ending::Enter };
            let keystrokes = keystrokes::typed(&query.text, ending, random);
            if !keystrokes.is_empty() {
                return model.completed(&keystrokes[random.random_range(0..keystrokes.len())].prefix);
            }
        }
        // Per search there are one first page, `second_page` second pages and `refine` refined ones, as in a session.
        let all = 1.0 + traffic.second_page + traffic.refine;
        let point = random.random::<f64>() * all;
        if point < 1.0 {
            model.searched(&query.text, 1, None)
        } else if point < 1.0 + traffic.second_page {
            model.searched(&query.text, 2, None)
        } else {
            let refinement = model.refinement(&query, random);
            model.searched(&query.text, 1, refinement.as_ref())
        }
    }
}

impl Iterator for Plain {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let at = self.process.next(&mut self.random)?;
        self.model.pool.churn(at, &mut self.random);
        let ask = self.ask(self.rates.flash(at));
        Some(Planned { at, ask })
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::scenario;
    use crate::traffic::Kind;

    #[test]
    fn the_mix_has_the_shares_and_the_rate_of_the_scenario() {
        let text = "name = \"x\"\ncatalog = \"demo\"\n[traffic]\nkind = \"queries\"\nautocomplete = 0.5\n\
            [[phases]]\nname = \"a\"\nseconds = 10\nrate = 1000\n";
        let scenario = scenario::parse(text).unwrap();
        let log = vec![super::super::queries::Logged { text: "laptop bag".into(), popularity: 1.0 }];
        let pool = QueryPool::from_log(Rc::default(), log, &scenario.popularity);
        let planned: Vec<_> = Plain::new(&scenario, pool, Rates::new(&scenario.phases), 4).collect();
        assert!(planned.len().abs_diff(10_000) < 600, "{}", planned.len());
        assert!(planned.iter().all(|planned| planned.at < Duration::from_secs(10)));
        let of = |kind| planned.iter().filter(|planned| planned.ask.kind == kind).count();
        assert!(of(Kind::Autocomplete).abs_diff(4_950) < 400, "{}", of(Kind::Autocomplete));
        assert!(of(Kind::Hostile).abs_diff(100) < 60, "{}", of(Kind::Hostile));
    }
}
