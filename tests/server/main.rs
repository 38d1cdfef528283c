//! Black-box tests of the server: HTTP, plain WebSocket, signals and the command line.

mod ack_then_bind;
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
