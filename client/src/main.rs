//! The page's entry point: mounts the app. Everything else is in the library, where tests reach it.

fn main() {
    tidings_client::mount();
}
