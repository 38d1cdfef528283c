//! The page's entry point: mounts the app. Everything else is in the library, where tests reach it.

/// A third of the size of the standard library's, and no slower.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    tidings_client::mount();
}
