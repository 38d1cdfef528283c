//! Tests of the store under load, which run on one process with SQLite and again on two nodes with
//! Postgres and Redis.

mod bad_network;
mod crash;
mod offline;
