//! HTTP: whether the process lives, whether the market takes orders, and figures for whoever watches it.
//!
//! | route | answer |
//! |---|---|
//! | `/healthz` | 200 as long as the process lives, whatever the market does |
//! | `/readyz` | 200 if the market takes orders, with what else is away; else 503, with the reason |
//! | `/metrics` | figures, as Prometheus reads them |
//!
//! A server has a thread and a runtime of its own, so that nothing that clients do delays the market. It
//! knows the market as a [`Market`], and asks it only for what is at hand. Errors are
//! `application/problem+json`: `{"code", "message", "field", "hint"}` and the status; a wrong method is
//! answered with 405 and what is allowed.

mod admin;
mod administration;
mod alpaca;
mod answers;
mod auctions;
mod body;
mod client;
mod connection;
mod contests;
mod dialect;
mod edge;
mod endpoint;
mod estimates;
mod face;
mod groups;
mod health;
mod identity;
mod instruments;
mod market_data;
mod notifications;
mod openapi;
mod payments;
mod profile;
mod push;
mod routes;
mod server;
mod shared;
mod strategies;
mod token;
mod trading;
mod wallet;
mod watchlists;
mod webhooks;
mod ws;

pub use admin::{Acting, AdminServer, Operator, OperatorDesk, Telling};
pub use client::{AskError, ask, ask_channels};
pub use edge::{Edge, EdgeError};
pub use endpoint::{Access, Entry};
pub use face::{Face, document, entries};
pub use health::{Market, Readiness};
pub use instruments::Metrics;
pub use payments::SANDBOX_PAY_PATH;
pub use server::{Server, ServerConfig};
pub use token::AdminAccess;
pub use ws::{Authenticating, Authenticator, NoticeParts, WsConfig, WsParts};

#[cfg(test)]
mod admin_tests;
#[cfg(test)]
mod tests;
