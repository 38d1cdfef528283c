//! The page's entry point: mounts the app. Everything else is in the library, where tests reach it.

/// A quarter of the size of the standard library's, 1.1 KB; whatever it is asked for takes it the
/// same time.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    tidings_client::mount();
}
