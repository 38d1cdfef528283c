//! The `tidings` program under another name, for the tests of this package: cargo builds it with them.

use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    tidings_server::program::main()
}
