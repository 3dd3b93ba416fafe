//! What the server tells its operators: metrics and logs.

mod answers;
pub mod histogram;
pub mod logs;
pub mod metrics;
pub mod slow_queries;
mod tiers;
pub mod tls;
mod warm_up;

pub use answers::AnswerCollector;
pub use metrics::Metrics;
