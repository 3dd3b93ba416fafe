//! The HTTP side over real sockets.

mod backup;
mod connections;
mod contract;
mod edge;
mod history;
mod live;
mod products;
mod retries;
mod rules;
mod uploads;
