//! The server, seen from outside: HTTP, plain WebSocket, signals and its command line.

mod acknowledged;
mod admission;
mod backup;
mod both_set_ups;
mod drain;
mod hostile;
mod limits;
mod logs;
mod metrics;
mod page;
mod site;
mod start;
