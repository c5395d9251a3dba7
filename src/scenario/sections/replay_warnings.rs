//! What is allowed in a replay of bars, but seldom meant: orders that come too late for the next open, and a
//! path that is shown or anticipated.

use crate::scenario::config::{AgentConfig, VenueConfig, listings};
use crate::scenario::document::{Section, SourceSpan};
use bearpit_core::replay::{MarketFill, ReplayBar, ReplayConfig};
use bearpit_core::units::SimDuration;

/// Warns of the replays among the agents; `places` has where each agent stands in the scenario.
pub(super) fn warn(
    root: &Section<'_>,
    agents: &[AgentConfig],
    places: &[SourceSpan],
    venues: &[VenueConfig],
) {
    for (agent, place) in agents.iter().zip(places) {
        if let Some(replay) = agent.configured.replay() {
            warn_of_rules(root, replay, place);
            warn_of_rows(root, replay, place);
        } else {
            warn_of_latency(root, agent, place, agents, venues);
        }
    }
}

fn warn_of_rules(root: &Section<'_>, replay: &ReplayConfig, place: &SourceSpan) {
    let mut findings = root.findings.borrow_mut();
    if replay.rules.intrabar_feed {
        let message =
            "`intrabar_feed` shows a path that is made up: who sees a few points of it knows the extremes";
        let help = "take the results as those of another market, or leave the key out";
        findings.warn(place.clone(), message, Some(help.to_owned()));
    }
    if replay.rules.market_fill == MarketFill::ThisClose {
        let message = "`fill = \"this_close\"` fills market orders at the close that they were decided on";
        let help = "leave the key out for fills at the next open";
        findings.warn(place.clone(), message, Some(help.to_owned()));
    }
}

/// Warns of rows outside of the session, and of bars within which there are no finer ones.
fn warn_of_rows(root: &Section<'_>, replay: &ReplayConfig, place: &SourceSpan) {
    let mut findings = root.findings.borrow_mut();
    let (all, outside) = (replay.bars.len(), replay.days.outside());
    if outside > 0 {
        let message = format!(
            "{outside} of {all} bars begin outside of `session`: they trade as others do, but begin and end no day"
        );
        let help = "leave them out of the file, or let `session` have them";
        findings.warn(place.clone(), message, Some(help.to_owned()));
    }
    let is_coarse = |bar: &&ReplayBar| {
        let first = replay.finer.partition_point(|finer| finer.start < bar.start);
        replay.finer.get(first).is_none_or(|finer| finer.start >= bar.end)
    };
    let coarse = replay.bars.iter().filter(is_coarse).count();
    if let Some(first) = replay.bars.iter().find(is_coarse).filter(|_| !replay.finer.is_empty()) {
        let start = first.start;
        let message = format!(
            "{coarse} of {all} bars have no bars of `finer` within them, the first that of {start}: their path has four \
             points"
        );
        findings.warn(place.clone(), message, None);
    }
}

/// Warns of an agent whose orders of the end of a bar can miss the next open of a replay.
fn warn_of_latency(
    root: &Section<'_>,
    agent: &AgentConfig,
    place: &SourceSpan,
    agents: &[AgentConfig],
    venues: &[VenueConfig],
) {
    for replay in agents {
        let Some(config) = replay.configured.replay() else { continue };
        let listing = listings(venues).into_iter().find(|listing| listing.id == replay.listing);
        let Some(venue) = listing.and_then(|listing| venues.get(listing.venue.index())) else { continue };
        let [own, theirs] = [&agent.latencies, &venue.latencies];
        let legs = [&own.feed, &theirs.feed, &own.entry, &theirs.entry];
        let latency = legs.iter().fold(venue.processing, |sum, leg| sum + leg.upper_bound());
        let Some(time) = time_to_open(config).filter(|time| latency >= *time) else { continue };
        let (name, at) = (&agent.name, &venue.name);
        let message = format!(
            "a bar of `{at}` opens {time} after the last has ended, but `{name}` hears of that end, and its orders \
             arrive, after up to {latency}: orders for the open can come too late"
        );
        let help = "let `auction` be longer, or the latency shorter";
        root.findings.borrow_mut().warn(place.clone(), message, Some(help.to_owned()));
        return;
    }
}

/// Returns the shortest time from the end of a bar to the next open.
fn time_to_open(config: &ReplayConfig) -> Option<SimDuration> {
    config.bars.windows(2).map(|pair| pair[1].start + config.call - pair[0].end).min()
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, Severity};

    /// Returns the warnings of a replay with keys added to it, and of an agent whose entry latency is that.
    fn warnings(keys: &str, latency: &str) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.toml");
        let bars =
            "date,open,high,low,close,volume\n2024-01-01T10:00:00,1,1,1,1,9\n2024-01-01T11:00:00,1,1,1,1,9\n";
        std::fs::write(directory.path().join("bars.csv"), bars).unwrap();
        let text = format!(
            "[scenario]\nname = \"t\"\nstart = 2024-01-01\nend = 2024-01-02\n\
             [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n\
             [[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n\
             [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_length = \"1h\"\n{keys}\n\
             [[agents]]\nkind = \"noise\"\nmax_quantity = 1\ndepth = 1\nlatency = {{ entry = \"{latency}\" }}\n"
        );
        std::fs::write(&path, text).unwrap();
        let found = Scenario::load(&path, &[]).unwrap().warnings.to_json_of(Severity::Warning);
        let text = |item: &serde_json::Value| item["message"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(text).collect()
    }

    #[test]
    fn what_is_seldom_meant_in_a_replay_is_a_warning() {
        assert_eq!(warnings("", "999ms"), [""; 0]);
        let late = warnings("", "1s");
        assert!(
            late.len() == 1 && late[0].contains("a bar of `V` opens 1s after the last has ended"),
            "{late:?}"
        );
        assert_eq!(warnings("auction = \"2s\"", "1s"), [""; 0]);
        for (keys, part) in [
            ("intrabar_feed = true", "a path that is made up"),
            ("fill = \"this_close\"", "at the close that they were decided on"),
            ("depth = 100", "has no key `depth` any more: it is passed over"),
        ] {
            let found = warnings(keys, "1ms");
            assert!(found.len() == 1 && found[0].contains(part), "{keys}: {found:?}");
        }
    }
}
