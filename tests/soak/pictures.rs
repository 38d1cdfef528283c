//! Every screen at every width, in both languages and themes. `cargo xtask soak` writes screenshots
//! of them into `target/pictures` (`TIDINGS_PICTURES`).

use crate::page::pictures::{every_screen_fits, every_screen_of_a_group_fits};
use anyhow::Result;
use tidings_tests::browser::Look;

fn looks(variants: &[(&'static str, bool)]) -> Vec<Look> {
    let mut looks = Vec::new();
    for (width, height) in [(1280, 800), (768, 1024), (360, 740)] {
        for &(language, dark) in variants {
            looks.push(Look {
                width,
                height,
                scale: 2,
                language,
                dark,
                full_chromium: false,
            });
        }
    }
    looks
}

#[tokio::test]
async fn every_screen_fits_its_window() -> Result<()> {
    let all = [
        ("zh-CN", false),
        ("zh-CN", true),
        ("en-US", false),
        ("en-US", true),
    ];
    every_screen_fits(&looks(&all)).await
}

#[tokio::test]
async fn every_screen_of_a_group_fits_its_window() -> Result<()> {
    every_screen_of_a_group_fits(&looks(&[("zh-CN", false), ("en-US", true)])).await
}
