//! The `storefind` command.

use std::process::ExitCode;

/// Allocates faster and with less fragmentation than the system's allocator when many threads make short-lived strings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    storefind::cli::main()
}
