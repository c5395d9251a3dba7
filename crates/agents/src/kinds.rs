//! [`KINDS`]: the one list of all native agents.

use super::kind::AgentKind;
use super::{market_maker, noise, order_flow, replay, ticks};

/// All kinds of native agents, in the order of the documentation.
///
/// To add one, write its file and add it here; scenario files, error messages, the documentation and the JSON
/// schema follow from this list.
pub static KINDS: [&AgentKind; 5] =
    [&market_maker::KIND, &noise::KIND, &replay::KIND, &ticks::KIND, &order_flow::KIND];
