//! What concerns store, bus and presence: run on one process with SQLite and again on two nodes with
//! Postgres and Redis.

mod accounts;
mod commands;
mod course;
mod crash;
mod delivery;
mod groups;
mod ours;
mod profile;
