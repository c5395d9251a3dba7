//! The vocabulary of a market: instruments, orders, commands, facts, reports, and the tape.
//!
//! A *command* is a request to a venue, a *fact* is what happened, an *execution report* is what the
//! owner of an order is told of it. Facts go to the [`Tape`], the one stream that everything that
//! looks at the market reads.

mod bar;
mod command;
mod encode;
mod fact;
mod flow;
mod instrument;
mod order;
mod quote;
mod reason;
mod report;
mod tape;

pub use bar::Bar;
pub use command::{Command, CommandKind};
pub use fact::{AccountMark, Fact, Trade};
pub use flow::{BookRow, HaltState, MessageKind, OrderMessage, flow_price};
pub use instrument::{Fees, Instrument, InstrumentError, Listing};
pub use order::{OrderKind, OrderTerms, Side, TimeInForce};
pub use quote::{Quote, QuoteLevel};
pub use reason::{CancelReason, Refusal, RejectReason};
pub use report::{ExecutionReport, Liquidity, ReportKind};
pub use tape::{Stamped, Tape, TapeSink};
