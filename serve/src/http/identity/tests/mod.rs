//! Identity from outside, over sockets.

mod access;
mod browser;
mod enumeration;
mod harness;
mod issuer;
mod keys;
mod limits;
mod log;
mod mail;
mod matrix;
mod outside_links;
mod outside_logins;
mod outside_tokens;
mod postgres;
#[cfg(unix)]
mod redis;
mod second_factor;
mod sessions;
mod tls;
mod tokens;
