//! The `tidings` program.

use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// A message lives on several threads. glibc's allocator takes a lock for what one of them allocated
/// and another frees.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    tidings_server::program::main()
}
