//! Reading `[scenario]`.

use super::record::RecordDefaults;
use crate::data::Zone;
use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{Node, Section, Value, readers};
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Decimal, Seed, SimDuration, SimTime};

/// The content of `[scenario]`.
pub(in crate::scenario) struct Head {
    pub(in crate::scenario) name: String,
    pub(in crate::scenario) seed: Seed,
    pub(in crate::scenario) start: SimTime,
    pub(in crate::scenario) end: SimTime,
    pub(in crate::scenario) bar_interval: BarInterval,
    pub(in crate::scenario) sample_interval: SimDuration,
    pub(in crate::scenario) periods_per_year: Option<Decimal>,
    /// The shortest entry latency of scripts.
    pub(in crate::scenario) script_latency_min: SimDuration,
    /// The symbol against which accounts are held; `None` if it does not say.
    pub(in crate::scenario) benchmark: Option<String>,
    /// The zone of its clock; `None` if it does not say.
    pub(in crate::scenario) zone: Option<Zone>,
}

impl Head {
    /// Returns the defaults of `[record]`.
    pub(in crate::scenario) const fn record_defaults(&self) -> RecordDefaults {
        let length = SimDuration::from_nanos(self.end.nanos() - self.start.nanos());
        let Self { bar_interval, sample_interval, periods_per_year, .. } = *self;
        RecordDefaults { length, bar_interval, sample_interval, periods_per_year }
    }
}

/// Reads `[scenario]`.
pub(in crate::scenario) fn head(root: &Section<'_>) -> Option<Head> {
    if let Some(section) = root.table("scenario", "[scenario]") {
        let head = read(root, &section);
        section.finish();
        return head;
    }
    let keys = ["name", "start", "end"];
    match keys.into_iter().find(|key| root.has(key)) {
        // The keys are there, below no header: each has its place, and only the header is missed.
        Some(key) => {
            let message = format!("the table [scenario] is missing, of which `{key}` is a key");
            root.report(key, message, Some("write [scenario] in the line above its first key".to_owned()));
            read(root, root)
        }
        None => {
            root.report_missing(
                "scenario",
                "the table [scenario] is missing, with `name`, `start` and `end`",
            );
            None
        }
    }
}

/// Reads what `[scenario]` has from a table.
fn read(root: &Section<'_>, section: &Section<'_>) -> Option<Head> {
    let name = section.required("name", readers::name);
    let seed = section.or("seed", 0, readers::seed);
    let start = section.required("start", readers::time);
    let end = section.required("end", readers::time);
    let minute = SimDuration::from_secs(60);
    let bar_interval = section.or("bars", minute.into(), readers::bar_interval);
    let session = session_open(root, section.peek("zone")).unwrap_or(SimDuration::ZERO);
    let anchor = section.or("anchor", session, readers::time_of_day);
    let sample_interval = section.or("sample", minute, readers::positive_duration);
    let periods_per_year = section.optional("periods_per_year", readers::positive_decimal);
    let benchmark = section.optional("benchmark", readers::text);
    let zone = section.optional("zone", zone);
    let script_latency_min = section.or("script_latency_min", SimDuration::ZERO, readers::latency_span);
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        section.report("end", format!("`end` is {end}, but must come after `start`, {start}"), None);
    }
    Some(Head {
        name: name?,
        seed: Seed::new(seed?),
        start: start?,
        end: end?,
        bar_interval: bar_interval?.anchored(anchor?),
        sample_interval: sample_interval?,
        periods_per_year,
        script_latency_min: script_latency_min?,
        benchmark,
        zone,
    })
}

/// Returns when the session of the first replay opens that has one, if that is told by the scenario's clock:
/// it is the default of `anchor`. What is wrong with it is told where the replay is read.
fn session_open(root: &Section<'_>, own: Option<&Node>) -> Option<SimDuration> {
    let text = |node: &Node, key: &str| {
        let entry = node.entries().iter().find(|entry| entry.key == key)?;
        readers::text(&entry.node).ok()
    };
    let Value::List(agents) = &root.peek("agents")?.value else { return None };
    let session = |agent: &Node| {
        let kind = text(agent, "kind").filter(|kind| kind == "replay");
        kind.and_then(|_| agent.entries().iter().find(|entry| entry.key == "session").cloned())
    };
    let session = agents.iter().find_map(session)?.node;
    let own = own.and_then(|node| readers::text(node).ok());
    let is_own = text(&session, "zone").is_none_or(|zone| own.is_some_and(|own| is_same_zone(&zone, &own)));
    let open = bearpit_agents::time_of_day(&text(&session, "open")?)?;
    Some(open).filter(|open| is_own && *open < SimDuration::from_secs(86_400))
}

fn is_same_zone(one: &str, other: &str) -> bool {
    Zone::named(one).is_ok_and(|one| Zone::named(other).is_ok_and(|other| one == other))
}

/// A time zone.
pub(super) fn zone(node: &Node) -> Read<Zone> {
    let name = readers::text(node)?;
    Zone::named(&name).map_err(|error| ValueError::new(format!("is no time zone: {error}")))
}
