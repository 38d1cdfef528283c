//! Every screen fits its window: on a phone and on a tablet here, at every width, in both languages and
//! themes in `soak`.

use crate::page::pictures::{every_screen_fits, every_screen_of_a_group_fits};
use anyhow::Result;
use tidings_tests::browser::Look;

const PHONE: Look = Look {
    width: 360,
    height: 740,
    scale: 1,
    language: "en-US",
    dark: false,
    whole: false,
};
const TABLET: Look = Look {
    width: 768,
    height: 1024,
    scale: 1,
    language: "zh-CN",
    dark: true,
    whole: false,
};

#[tokio::test]
async fn every_screen_fits_a_phone_and_a_tablet() -> Result<()> {
    every_screen_fits(&[PHONE, TABLET]).await
}

#[tokio::test]
async fn every_screen_of_a_group_fits_a_phone() -> Result<()> {
    every_screen_of_a_group_fits(&[PHONE]).await
}
