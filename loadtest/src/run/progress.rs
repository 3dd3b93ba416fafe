//! The line that shows a run going on.
//!
//! Owns the bar on the terminal. It refuses to be exact: results come from the recorder at the end.
//!
//! Invariant: it costs the generator's thread a few drawings a second and no more.

use std::rc::Rc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use crate::engine::{Clock, Driver};

/// Time between two drawings.
const DRAW_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    task: JoinHandle<()>,
}

impl Progress {
    /// Shows the time that has passed and what is in flight. Must run within a `LocalSet`.
    pub(crate) fn start(title: &str, driver: Rc<Driver>, clock: Clock, end: Duration) -> Self {
        let bar = ProgressBar::new(end.as_secs().max(1));
        let template = "{prefix} [{bar:30}] {pos}/{len} s  {msg}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(title.to_owned());
        let shown = bar.clone();
        let task = tokio::task::spawn_local(async move {
            loop {
                tokio::time::sleep(DRAW_INTERVAL).await;
                let now = clock.now();
                shown.set_position(now.as_secs().min(end.as_secs()));
                shown.set_message(message(&driver, now));
            }
        });
        Self { bar, task }
    }

    pub(crate) fn finish(self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}

/// What the last whole second came to.
fn message(driver: &Driver, now: Duration) -> String {
    let recorder = driver.recorder.borrow();
    let last = usize::try_from(now.as_secs().saturating_sub(1)).unwrap_or(0);
    let Some(second) = recorder.series.seconds.get(last) else { return String::new() };
    let p99 = second.quantile_us(0.99).map_or("-".to_owned(), crate::report::milliseconds);
    format!(
        "{}/s planned, {} answered, {} shed, {} failed, {} in flight, p99 {p99}",
        second.planned,
        second.answered,
        second.shed,
        second.failed,
        driver.in_flight()
    )
}
