//! The face from outside, over sockets, on a market with a maker.

mod days;
mod fixture;
mod history;
mod matrix;
mod rest;
mod streams;
mod venues;
