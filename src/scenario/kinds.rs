//! The kinds of agents that a scenario can name: the native ones, and scripts.

use crate::script;
use bearpit_agents::AgentKind;

/// Returns all kinds of agents, in the order of the documentation.
pub fn agent_kinds() -> impl Iterator<Item = &'static AgentKind> + Clone {
    bearpit_agents::KINDS.iter().copied().chain([&script::KIND])
}
