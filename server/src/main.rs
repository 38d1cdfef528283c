//! The `tidings` program.

use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// jemalloc, because a message is allocated on one thread and freed on another, for which glibc's
/// allocator takes a lock.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    tidings_server::program::main()
}
