//! Tests of two people in the page, which run on one process with SQLite and again on two nodes
//! with Postgres and Redis.

mod chat;
mod presence;
mod receipts;
