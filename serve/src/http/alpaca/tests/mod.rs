//! The face from outside, over sockets, on a market with a maker.

mod fixture;
mod rest;
mod streams;
