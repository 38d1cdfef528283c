//! What two people see of each other: run on one process with SQLite and again on two nodes with
//! Postgres and Redis.

mod chat;
mod presence;
mod receipts;
