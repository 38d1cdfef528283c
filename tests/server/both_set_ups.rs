//! What concerns store, bus and presence: run on one process with SQLite and again on two nodes with
//! Postgres and Redis.

pub(crate) mod accounts;
mod commands;
mod course;
mod crash;
mod delivery;
mod demo;
mod ended;
mod groups;
mod ours;
mod profile;
