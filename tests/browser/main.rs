//! The built page in Chromium, against a real server: `cargo test --test browser`.
//!
//! The page is `dist` of the workspace, built with `trunk build --release`, or the folder
//! `TIDINGS_CLIENT_DIR`. `CHROMIUM` and `CHROMEDRIVER` are found on the path unless they are set;
//! `TIDINGS_AXE` is the script of axe-core, which `cargo xtask test` fetches.

mod accessibility;
mod announcer;
mod attention;
mod both_set_ups;
mod cached_conversations;
mod composer;
mod development;
mod drag_and_drop;
mod faults;
mod forced_colours;
mod groups;
mod history;
mod hostile_text;
mod input_method;
mod keyboard;
mod legacy;
mod loading;
mod login;
mod navigation;
mod notifications;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the rest is for `soak` and `measure`")]
mod page;
mod pictures;
mod profile;
mod pwa;
mod read_marks;
mod restored;
mod settings;
mod smooth_scrolling;
mod switching;
mod translation;
mod unsent;

use page::{away, group, past, person};
