//! What the server tells its operators: metrics and logs.

pub mod histogram;
pub mod logs;
pub mod metrics;

pub use metrics::Metrics;
