//! The built page in Chromium, against a real server: `cargo test --test browser`.
//!
//! The page is `dist` of the workspace, built with `trunk build --release`, or is where
//! `TIDINGS_CLIENT_DIR` says. `CHROMIUM` and `CHROMEDRIVER` are found on the path unless they are set;
//! `TIDINGS_AXE` is the script of axe-core, which `cargo xtask test` fetches.

mod access;
mod announcer;
mod attention;
mod both_set_ups;
mod course;
mod development;
mod dropped;
mod faults;
mod forced_colours;
mod glide;
mod groups;
mod history;
mod hostile_text;
mod input_method;
mod installed;
mod kept;
mod keyboard;
mod left;
mod loading;
mod login;
mod looking;
mod notifications;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the rest is for `soak` and `measure`")]
mod page;
mod pictures;
mod places;
mod profile;
mod settings;
mod switching;
mod translated;
mod writing;

use page::{away, group, past, person};
