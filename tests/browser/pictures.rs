//! Every screen fits its window: here on a phone and on a tablet; in `soak` at every width, in both
//! languages and themes.

use crate::page::pictures::{every_screen_fits, every_screen_of_a_group_fits};
use anyhow::Result;
use tidings_tests::browser::Look;

const PHONE: Look = Look {
    width: 360,
    height: 740,
    scale: 1,
    language: "en-US",
    dark: false,
    full_chromium: false,
};
const TABLET: Look = Look {
    width: 768,
    height: 1024,
    scale: 1,
    language: "zh-CN",
    dark: true,
    full_chromium: false,
};

#[tokio::test]
async fn every_screen_fits_a_phone_and_a_tablet() -> Result<()> {
    every_screen_fits(&[PHONE, TABLET]).await
}

#[tokio::test]
async fn every_screen_of_a_group_fits_a_phone() -> Result<()> {
    every_screen_of_a_group_fits(&[PHONE]).await
}
