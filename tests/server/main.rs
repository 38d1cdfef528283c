//! The server, seen from outside: HTTP, plain WebSocket, signals and its command line.

mod accounts;
mod admission;
mod commands;
mod course;
mod crash;
mod delivery;
mod drain;
mod groups;
mod hostile;
mod logs;
mod metrics;
mod ours;
mod page;
mod profile;
