//! Conformance tests of the stores: each test runs on each of [`cases`].

/// Defines two tests for each of these functions, which take a [`cases::Case`]: one on SQLite, and
/// one on PostgreSQL, which is ignored by default.
macro_rules! on_each_store {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() -> crate::Result {
                    super::$test(crate::cases::sqlite().await?).await
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs Postgres: cargo xtask test"]
                async fn $test() -> crate::Result {
                    super::$test(crate::cases::postgres().await?).await
                }
            )*
        }
    };
}

mod appending;
mod cases;
mod faults;
mod groups;
mod members;
mod migrating;
mod nodes;
mod pages;
mod postgres;
mod proxy;
mod reading;
mod sessions;
mod users;

use tidings_server::store::StoreError;
use tidings_shared::UserId;

const A: UserId = UserId(1);
const B: UserId = UserId(2);
const C: UserId = UserId(3);

type Result<T = ()> = std::result::Result<T, StoreError>;
