//! The load generator of Storefind: an open loop, a traffic model, freshness probes, and a report.
//!
//! It speaks HTTP only and shares no code with the server, so that what it sees is what any client would see.
//! How to run it and what its figures mean stands in `README.md` beside it.

mod arrivals;
mod bare;
mod calibrate;
mod catalog;
mod changes;
mod cli;
mod client;
mod compare;
mod connections;
mod engine;
mod faults;
mod machine;
mod pairs;
mod probe;
mod record;
mod report;
mod result;
mod run;
mod saturate;
mod scenario;
mod server;
mod setup;
mod sweep;
mod traffic;

use std::process::ExitCode;

/// The generator makes many short strings; what it saves is the server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
