//! The server, seen from outside: HTTP, plain WebSocket, signals and its command line.

mod commands;
mod course;
mod crash;
mod delivery;
mod hostile;
mod ours;
mod page;
