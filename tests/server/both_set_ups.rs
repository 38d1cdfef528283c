//! Tests of store, bus and presence, which run on one process with SQLite and again on two nodes
//! with Postgres and Redis.

pub(crate) mod accounts;
mod commands;
mod crash;
mod delivery;
mod demo;
mod ended_logins;
mod extensions;
mod groups;
mod legacy;
mod profile;
