//! What every store must do, whichever database is behind it: every sentence is about each of
//! [`cases`].

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
