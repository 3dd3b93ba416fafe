//! The HTTP side over real sockets.

mod connections;
mod contract;
mod edge;
mod history;
mod products;
mod uploads;
