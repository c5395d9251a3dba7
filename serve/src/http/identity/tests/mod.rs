//! Identity from outside, over sockets.

mod access;
mod browser;
mod enumeration;
mod harness;
mod keys;
mod limits;
mod log;
pub(in crate::http) mod matrix;
mod postgres;
mod sessions;
mod tls;
mod tokens;
