//! Freshness as a shopper meets it: from the acknowledgement of a change to the first answer that shows it.
//!
//! Owns the probes' rhythm and their times. It refuses to use any way past the caches: a probe asks the normal route,
//! so that a kept answer that should have gone is seen.
//!
//! Two probes. The *content* probe writes a marker product with a word that nobody has used and searches for the word:
//! always by the same question, whose kept answer may be served for a while after the change, and beside that by
//! questions that nobody has asked (they differ in a mark that highlights), which tell when the change was published.
//! The *price* probe changes, through `live`, the price of a product that a popular first page shows, and asks for that
//! very page, which other callers keep in the cache.
//!
//! What is found is late by up to the time between two looks and by the answer itself: the figures are upper bounds.
//!
//! Invariant: a change that never shows is counted, not forgotten.

pub(crate) mod watch;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::bail;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;

use crate::arrivals::Rates;
use crate::client::{Access, Body, Client};
use crate::engine::timer::Timer;
use crate::engine::{Clock, stopped};
use crate::record::distribution::Recording;
use crate::scenario::shape;
use watch::{Popular, shows_price, shows_title};

/// What the ids of marker products begin with.
pub(crate) const MARKER: &str = "loadtest-marker-";
/// Marker products that are written in turn, so that the catalog does not grow.
const MARKERS: usize = 256;
/// After so many times the bound, a change is given up as never visible.
const BOUNDS_MAX: u32 = 10;
/// The first price that a probe sets, in cents.
const PRICE_CENTS: usize = 100_000;
/// Letters of a marker's word: two such words are never within reach of the typing errors that a search forgives.
const WORD_LETTERS: usize = 16;

/// Questions asked anew are never answered from a cache, so they are asked this much more rarely.
const ANEW_POLLS: u64 = 4;

/// What the probes of one kind saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) visible: Recording,
    /// Visible later than the bound.
    pub(crate) late: u64,
    pub(crate) never: u64,
    /// The write itself failed.
    pub(crate) failed: u64,
}

#[derive(Debug)]
pub(crate) struct Prober {
    pub(crate) client: Rc<Client>,
    pub(crate) clock: Clock,
    pub(crate) catalog: String,
    pub(crate) settings: shape::Probe,
    /// Changes that are acknowledged in phases that do not count are made, and not watched.
    pub(crate) rates: Rates,
    pub(crate) counted: Vec<bool>,
    pub(crate) content: RefCell<Seen>,
    /// The same changes, by questions that were never asked before.
    pub(crate) published: RefCell<Seen>,
    pub(crate) price: RefCell<Seen>,
}

impl Prober {
    /// Probes content until the run ends.
    pub(crate) async fn probe_content(self: Rc<Self>, seed: u64) -> anyhow::Result<()> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut probes = JoinSet::new();
        let timer = Timer::new()?;
        for (number, at) in even_times(self.settings.content_per_second, self.rates.end()).enumerate() {
            timer.until(self.clock.instant(at)).await?;
            if stopped() {
                break;
            }
            let letters = (0..WORD_LETTERS).map(|_| char::from(random.random_range(b'a'..=b'z')));
            let word: String = letters.collect();
            probes.spawn_local(Rc::clone(&self).content(number % MARKERS, word));
        }
        while probes.join_next().await.is_some() {}
        Ok(())
    }

    async fn content(self: Rc<Self>, marker: usize, word: String) {
        let id = format!("{MARKER}{marker}");
        let line = format!("{{\"id\":\"{id}\",\"title\":\"Marker {word}\"}}\n");
        let write = self.client.post_request(&format!("/v1/{}/products?feed=false", self.catalog), line.as_bytes());
        let look = format!("/v1/{}/search?q={word}", self.catalog);
        let Some(acknowledged) = self.written(&write, &[&self.content, &self.published]).await else { return };
        let shows = |body: &[u8]| shows_title(body, &id, &word);
        // Only the title is compared, which is shown without marks.
        let anew = |number: u32| format!("{look}&highlight=title&highlight_pre={number}");
        tokio::join!(
            self.observe(&self.content, acknowledged, self.settings.poll_ms, |_| look.clone(), shows),
            self.observe(&self.published, acknowledged, self.settings.poll_ms * ANEW_POLLS, anew, shows),
        );
    }

    /// Probes prices until the run ends. A slow one does not delay the next, which watches another product.
    pub(crate) async fn probe_prices(self: Rc<Self>, popular: Vec<Popular>) -> anyhow::Result<()> {
        let timer = Timer::new()?;
        let mut probes = JoinSet::new();
        let mut free: VecDeque<Popular> = popular.into();
        for (number, at) in even_times(self.settings.price_per_second, self.rates.end()).enumerate() {
            timer.until(self.clock.instant(at)).await?;
            if stopped() {
                break;
            }
            while let Some(Ok(watched)) = probes.try_join_next() {
                free.push_back(watched);
            }
            // None is free when prices take this long to show; that must not look like fewer probes.
            match free.pop_front() {
                Some(watched) => drop(probes.spawn_local(Rc::clone(&self).price(watched, number))),
                None => self.price.borrow_mut().failed += 1,
            }
        }
        while probes.join_next().await.is_some() {}
        Ok(())
    }

    async fn price(self: Rc<Self>, watched: Popular, number: usize) -> Popular {
        // A price that this product has not had: cents count the probes.
        let cents = PRICE_CENTS + number;
        let text = format!("{}.{:02}", cents / 100, cents % 100);
        if let Ok(price) = text.parse() {
            let line = format!("{{\"id\":{},\"price\":{text}}}\n", serde_json::Value::from(watched.id.as_str()));
            let write = self.client.post_request(&format!("/v1/{}/live", self.catalog), line.as_bytes());
            if let Some(acknowledged) = self.written(&write, &[&self.price]).await {
                let look = |_| watched.target.clone();
                self.observe(&self.price, acknowledged, self.settings.poll_ms, look, |body| {
                    shows_price(body, &watched.id, price)
                })
                .await;
            }
        }
        watched
    }

    /// Writes; the moment of the acknowledgement, or a failure counted by those who wanted to see it.
    async fn written(&self, write: &crate::client::Request, watched_by: &[&RefCell<Seen>]) -> Option<Duration> {
        let written = self.write(write).await.ok();
        if written.is_none() {
            watched_by.iter().for_each(|seen| seen.borrow_mut().failed += 1);
        }
        written
    }

    /// Looks until the change shows, if its phase counts; `look` makes the target of each look from its number.
    async fn observe(
        &self,
        seen: &RefCell<Seen>,
        acknowledged: Duration,
        poll_ms: u64,
        look: impl Fn(u32) -> String,
        shows: impl Fn(&[u8]) -> bool,
    ) {
        if !self.rates.phase(acknowledged).is_some_and(|phase| self.counted[phase]) {
            return;
        }
        let bound = Duration::from_millis(self.settings.bound_ms);
        for number in 0.. {
            let request = self.client.plain_request(Access::Search, &look(number));
            let answer = self.client.send(&request, Body::Kept).await;
            let passed = self.clock.now().saturating_sub(acknowledged);
            if answer.is_ok_and(|answer| answer.head.status == 200 && shows(&answer.body)) {
                let mut seen = seen.borrow_mut();
                seen.visible.record(passed);
                seen.late += u64::from(passed > bound);
                return;
            }
            if passed > bound * BOUNDS_MAX || stopped() {
                seen.borrow_mut().never += u64::from(!stopped());
                return;
            }
            tokio::time::sleep(Duration::from_millis(poll_ms)).await;
        }
    }

    /// The moment of the acknowledgement.
    async fn write(&self, request: &crate::client::Request) -> anyhow::Result<Duration> {
        let answer = self.client.send(request, Body::Kept).await?;
        let acknowledgement: crate::changes::Acknowledgement = serde_json::from_slice(&answer.body)?;
        if answer.head.status != 202 || acknowledgement.accepted != 1 {
            bail!("status {}: {}", answer.head.status, answer.text());
        }
        Ok(self.clock.now())
    }
}

/// Moments at even distances.
fn even_times(rate: f64, end: Duration) -> impl Iterator<Item = Duration> {
    let step = if rate > 0.0 { 1.0 / rate } else { f64::INFINITY };
    let moments = (1_u32..).map(move |number| f64::from(number) * step);
    moments.take_while(move |at| *at < end.as_secs_f64()).map(Duration::from_secs_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_come_at_even_distances_and_not_at_all_at_rate_zero() {
        let times: Vec<_> = even_times(4.0, Duration::from_secs(1)).map(|at| at.as_millis()).collect();
        assert_eq!(times, [250, 500, 750]);
        assert_eq!(even_times(0.0, Duration::from_secs(9)).count(), 0);
    }
}
