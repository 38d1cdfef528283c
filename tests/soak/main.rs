//! Tests that take long, run before a release: `cargo xtask soak`, which is
//! `cargo test --test soak -- --nocapture --test-threads 1`. It needs the built page, Chromium,
//! Postgres and Redis; and for `other_browsers`, as seen on Debian 12:
//!
//! | what | version |
//! |---|---|
//! | `firefox-esr` (Debian) | 153.8 |
//! | `geckodriver` (crates.io: `cargo install geckodriver`; or `GECKODRIVER`) | 0.37 |
//! | `webkit2gtk-driver` (Debian; or `WEBKIT_DRIVER`), which brings `MiniBrowser` | 2.50 |
//! | `xvfb` (Debian), the display that WebKit needs | 21.1 |

mod away;
mod long_conversation;
mod network;
mod nodes;
mod other_browsers;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the rest is for `browser` and `measure`")]
mod page;
#[path = "../people/mod.rs"]
#[expect(dead_code, reason = "the rest is for `faults` and `measure`")]
mod people;
mod pictures;
mod simulation;
