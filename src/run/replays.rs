//! What a manifest says of replayed files, and of fees.

use std::path::Path;

use super::fees_text::fees_text;
use crate::record::{ChargeSummary, ReplayRules, ReplaySummary};
use crate::scenario::{AgentConfig, Scenario};
use bearpit_agents::BarReplay;
use bearpit_core::market::{CorporateAction, Instrument, Listing};
use bearpit_core::participant::MarketState;
use bearpit_core::replay::{
    AtEnd, FillRules, MarketFill, PathRule, ReplayAction, ShortCash, Slippage, Touch,
};
use bearpit_core::units::Price;

/// Describes the files that a scenario replays, in the order of its agents.
pub(super) fn replays(scenario: &Scenario, state: &MarketState) -> Vec<ReplaySummary> {
    scenario.agents.iter().filter_map(|agent| replay(scenario, state, agent)).collect()
}

fn replay(scenario: &Scenario, state: &MarketState, agent: &AgentConfig) -> Option<ReplaySummary> {
    let BarReplay { config, file } = agent.config::<BarReplay>()?;
    let listing: &Listing = state.listings().nth(agent.listing.index())?;
    let instrument = state.instruments().nth(listing.instrument.index())?;
    let within = config.bars.iter().filter(|bar| scenario.start <= bar.start && bar.start < scenario.end);
    let (first, last) = (within.clone().next(), within.clone().next_back());
    // What happened by the first bar is over.
    let took_effect = |is_split: bool| {
        let opening = config.bars.partition_point(|bar| bar.start < scenario.start);
        let end = config.bars.partition_point(|bar| bar.start < scenario.end);
        let is_meant = |it: &&ReplayAction| {
            opening < it.bar && it.bar < end && matches!(it.action, CorporateAction::Split(_)) == is_split
        };
        config.actions.iter().filter(is_meant).count() as u64
    };
    let directory = scenario.path.parent().unwrap_or_else(|| Path::new(""));
    let file = file.strip_prefix(directory).unwrap_or(file);
    Some(ReplaySummary {
        venue: state.venues().get(listing.venue.index())?.name.clone(),
        symbol: instrument.symbol().to_owned(),
        file: file.display().to_string(),
        bars: within.count() as u64,
        first: first.map_or(scenario.start, |bar| bar.start),
        last: last.map_or(scenario.start, |bar| bar.end),
        file_end: config.bars.last().map_or(scenario.start, |bar| bar.end),
        bar_length: config.bars.first().map_or(scenario.sample_interval, |bar| bar.end - bar.start),
        has_volumes: config.bars.iter().any(|bar| bar.volume.is_some_and(|volume| !volume.is_zero())),
        warmup: config.warmup as u64,
        splits: took_effect(true),
        dividends: took_effect(false),
        rules: rules(&config.rules, instrument),
    })
}

fn rules(rules: &FillRules, instrument: &Instrument) -> ReplayRules {
    let word = str::to_owned;
    ReplayRules {
        path: word(match rules.path {
            PathRule::Nearer => "nearer",
            PathRule::Farther => "farther",
            PathRule::Worst => "worst",
        }),
        fill: word(match rules.market_fill {
            MarketFill::NextOpen => "next_open",
            MarketFill::ThisClose => "this_close",
        }),
        touch: word(match rules.touch {
            Touch::Fill => "fill",
            Touch::Through => "through",
        }),
        on_short_cash: word(match rules.short_cash {
            ShortCash::Cut => "cut",
            ShortCash::Cancel => "cancel",
        }),
        at_end: word(match rules.at_end {
            AtEnd::Keep => "keep",
            AtEnd::Close => "close",
        }),
        participation_millionths: rules.participation,
        half_spread: instrument.price_decimal(Price::new(rules.half_spread)),
        slippage: match rules.slippage {
            Slippage::None => None,
            Slippage::Ticks(0) => None,
            Slippage::Ticks(1) => Some("1 tick".to_owned()),
            Slippage::Ticks(ticks) => Some(format!("{ticks} ticks")),
            Slippage::Rate(rate) => Some(format!("{} bps of the price", rate.bps())),
            Slippage::Impact(impact) => Some(format!(
                "{impact} times the price times the square root of the fill's share of the bar's volume"
            )),
        },
    }
}

/// Describes what venues and brokers charge.
pub(super) fn charges(scenario: &Scenario) -> Vec<ChargeSummary> {
    let venues = scenario.venues.iter().filter_map(|venue| {
        Some(ChargeSummary { name: venue.name.clone(), is_broker: false, fees: fees_text(&venue.fees)? })
    });
    let brokers = scenario.agents.iter().filter_map(|agent| {
        let fees = fees_text(agent.commission.as_deref()?)?;
        Some(ChargeSummary { name: agent.name.clone(), is_broker: true, fees })
    });
    venues.chain(brokers).collect()
}
