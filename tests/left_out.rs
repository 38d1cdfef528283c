//! Prints which tests `cargo test` leaves out, and how to run them.

fn main() {
    println!(
        "left out: the page in Chromium (tests/browser), and what needs Postgres or Redis (ignored): \
         `cargo xtask test`; what takes long (tests/soak): `cargo xtask soak`"
    );
}
