//! [`KINDS`]: the one list of all native agents.

use super::kind::AgentKind;
use super::{
    adaptive_maker, chiarella, double_auction, execution, feed, flow, market_maker, metaorders, momentum,
    noise, order_flow, quoting, replay, routing, stress, ticks, value,
};

/// All kinds of native agents, in the order of the documentation.
///
/// To add one, write its file and add it here; scenario files, error messages, the documentation and the JSON
/// schema follow from this list.
pub static KINDS: [&AgentKind; 29] = [
    &market_maker::KIND,
    &noise::KIND,
    &value::KIND,
    &momentum::KIND,
    &chiarella::CHIARELLA_IORI,
    &chiarella::EXTENDED_CHIARELLA,
    &adaptive_maker::KIND,
    &quoting::AVELLANEDA_STOIKOV,
    &quoting::GLFT,
    &feed::KIND,
    &double_auction::ZIC,
    &double_auction::ZIP,
    &double_auction::GD,
    &double_auction::AA,
    &execution::TWAP,
    &execution::VWAP,
    &execution::POV,
    &execution::ALMGREN_CHRISS,
    &routing::KIND,
    &metaorders::KIND,
    &flow::FARMER_PATELLI_ZOVKO,
    &flow::CONT_STOIKOV_TALREJA,
    &flow::HAWKES,
    &flow::QUEUE_REACTIVE,
    &stress::LATENCY_ARBITRAGEUR,
    &stress::SPOOFER,
    &replay::KIND,
    &ticks::KIND,
    &order_flow::KIND,
];
