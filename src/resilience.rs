//! Limits that keep the server answering when it is asked for more than it can do.
//!
//! Pure state and plain threads; policy (what is shed, what is told to the caller) lies with `answer`.

pub mod deadline;

pub mod latency;

pub mod breaker;

pub mod bulkhead;

pub mod chance;

pub mod limiter;

pub mod pool;

pub mod token_bucket;
