//! A progress bar on standard error, if a person is there to see it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Redraws a second: smooth for the eye, nothing for the processor.
const REDRAWS_PER_S: u8 = 10;

/// A bar; silent where standard error is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// Counts products.
    pub(super) fn products(what: &'static str, total: u64) -> Self {
        Self::new(what, Some(total), "{msg} [{bar:30}] {human_pos}/{human_len} products, {per_sec}, {eta} left")
    }

    /// Counts bytes read; without a known total it only shows that it moves.
    pub(super) fn bytes(what: String, total: Option<u64>) -> Self {
        let template = match total {
            Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{msg} {spinner} {bytes}, {bytes_per_sec}",
        };
        Self::new(what, total, template)
    }

    fn new(what: impl Into<std::borrow::Cow<'static, str>>, total: Option<u64>, template: &str) -> Self {
        // indicatif itself draws nothing where there is no terminal.
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_S));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self { bar, began: Instant::now() }
    }

    pub(super) fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    pub(super) fn set(&self, position: u64) {
        self.bar.set_position(position);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
