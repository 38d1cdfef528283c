//! The `tidings` program under another name, so that cargo builds it with the tests of this
//! package.

use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    tidings_server::program::main()
}
