//! Log lines: text for people or JSON for machines, on standard error.
//!
//! Owns the one subscriber. Rules for those who log: once, where it is handled; a message that is readable alone, plus
//! dotted fields; error = someone must act, warn = degraded but served, info = lifecycle; never a shopper's query
//! above debug, but for the slow-query log (`slow_queries`), which is asked for by configuration.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LoggingConfig};

/// Starts logging. Calling it again (a second server in one test process) keeps the first.
pub fn start(config: &LoggingConfig) {
    let filter = EnvFilter::new(&config.filter);
    // Colours are for eyes; in a file they are noise.
    let coloured = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    let outcome = match config.format {
        LogFormat::Text => builder.with_target(false).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging was started before; its settings stay");
    }
}
