//! Reading `[live]`: how the scenario runs as a live market.

use super::Head;
use super::head::zone as zone_named;
use crate::data::Zone;
use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{Node, Section, Value, readers};
use crate::scenario::live_config::{AfterOutage, Durability, LiveClock, LiveConfig};
use bearpit_core::kernel::Speed;
use bearpit_core::units::SimDuration;

const DAY: SimDuration = SimDuration::from_secs(86_400);
const MILLISECOND: SimDuration = SimDuration::from_millis(1);
/// The longest time whose requests a relaxed journal may lose.
const LOSES_MAX: SimDuration = SimDuration::from_secs(60);
const KEEP_DAYS_MAX: i64 = 36_500;

/// The words for what virtual time follows.
pub(in crate::scenario) const CLOCKS: [(&str, bool); 2] = [("wall", true), ("scaled", false)];

/// The words for what happens after an outage.
pub(in crate::scenario) const AFTER_OUTAGE: [(&str, AfterOutage); 2] =
    [("halt", AfterOutage::DEFAULT), ("catch_up", AfterOutage::CatchUp)];

/// The words for when answers are given.
pub(in crate::scenario) const DURABILITY: [(&str, Durability); 1] = [("synced", Durability::Synced)];

/// What replays a file with dates of its own, and so has nothing for other days.
const DATED_AGENTS: [&str; 3] = ["replay", "ticks", "order_flow"];
/// Bars, which a scaled clock follows.
const BARS: &str = "replay";
const DATED_PROCESSES: [&str; 2] = ["replay", "ticks"];

/// Reads `[live]`, which may be missing; that is `Some(None)`.
pub(in crate::scenario) fn live(root: &Section<'_>, head: Option<&Head>) -> Option<Option<LiveConfig>> {
    let Some(section) = root.table("live", "[live]") else { return Some(None) };
    let clock = clock(&section, head.and_then(|head| head.zone.as_ref()));
    let starting_cash = section.or("starting_cash", LiveConfig::STARTING_CASH, readers::money);
    let durability = section.or("durability", Durability::Synced, durability);
    let keep_days = section.or("keep_days", LiveConfig::KEEP_DAYS.into(), readers::integer(1, KEEP_DAYS_MAX));
    let operations_max = LiveConfig::SCRIPT_OPERATIONS_MAX.cast_signed();
    let default = clock.as_ref().map_or(LiveConfig::SCRIPT_OPERATIONS, LiveConfig::default_script_operations);
    let script_operations =
        section.or("script_operations", default.cast_signed(), readers::integer(1, operations_max));
    section.finish();
    if let Some(head) = head {
        check_length(root, head);
    }
    let follows_file = clock.as_ref().is_some_and(|clock| matches!(clock, LiveClock::Scaled { .. }));
    check_undated(root, follows_file);
    let keep_days = u32::try_from(keep_days?).ok()?;
    let (starting_cash, durability) = (starting_cash?, durability?);
    let script_operations = script_operations?.unsigned_abs();
    Some(Some(LiveConfig { clock: clock?, starting_cash, durability, keep_days, script_operations }))
}

/// Reads what virtual time follows, with the keys that have a meaning with one clock only.
fn clock(section: &Section<'_>, own: Option<&Zone>) -> Option<LiveClock> {
    let is_wall = section.or("clock", true, readers::one_of(&CLOCKS));
    let default = own.cloned().unwrap_or_default();
    let zone = section.or("zone", default, zone_named);
    let after_outage = section.or("after_outage", AfterOutage::DEFAULT, after_outage);
    let speed = section.or("speed", Speed::REAL_TIME, speed);
    let (wrong, other, why) = if is_wall? {
        if let (Some(zone), Some(own)) = (&zone, own.filter(|own| zone.as_ref() != Some(own))) {
            let message = format!("`zone` is {zone}, but the zone of [scenario] is {own}");
            section.report("zone", message, Some("leave one of them out".to_owned()));
        }
        (&["speed"][..], "scaled", "the clock on the wall runs at its own speed")
    } else {
        let why = "a scaled clock goes from the scenario's start as it is written, and stands still while the market does";
        (&["zone", "after_outage"][..], "wall", why)
    };
    for key in wrong.iter().filter(|key| section.has(key)) {
        let message = format!("`{key}` has a meaning only with clock = \"{other}\": {why}");
        section.report(key, message, Some(format!("leave `{key}` out, or write clock = \"{other}\"")));
    }
    Some(if is_wall? {
        LiveClock::Wall { zone: zone?, after_outage: after_outage? }
    } else {
        LiveClock::Scaled { speed: speed? }
    })
}

fn speed(node: &Node) -> Read<Speed> {
    let thousandths = readers::decimal(node)?.scaled(3).and_then(|it| u32::try_from(it).ok());
    thousandths.and_then(|it| Speed::from_thousandths(it).ok()).ok_or_else(|| {
        let allowed = "from 0.001 to 1000000 times real time, with at most three decimal places";
        readers::disallowed(node, allowed)
    })
}

/// `"halt"`, `"catch_up"`, or `{ halt = "30s" }`.
fn after_outage(node: &Node) -> Read<AfterOutage> {
    let beyond = span_of(node, "halt", MILLISECOND, DAY)?;
    beyond.map_or_else(|| readers::one_of(&AFTER_OUTAGE)(node), |beyond| Ok(AfterOutage::Halt { beyond }))
}

/// `"synced"`, or `{ relaxed = "50ms" }`.
fn durability(node: &Node) -> Read<Durability> {
    if matches!(&node.value, Value::Text(word) if word == "relaxed") {
        let help = "is `relaxed`, but must say how much can be lost, such as { relaxed = \"50ms\" }";
        return Err(ValueError::new(help));
    }
    let loses_max = span_of(node, "relaxed", MILLISECOND, LOSES_MAX)?;
    loses_max
        .map_or_else(|| readers::one_of(&DURABILITY)(node), |loses_max| Ok(Durability::Relaxed { loses_max }))
}

/// Returns the span of a table with one key, or `None` if the value is no table.
fn span_of(node: &Node, key: &str, min: SimDuration, max: SimDuration) -> Read<Option<SimDuration>> {
    let Value::Table(entries) = &node.value else { return Ok(None) };
    let [only] = &entries[..] else {
        return Err(ValueError::new(format!("is a table, which must have the one key `{key}`")));
    };
    if only.key != key {
        return Err(ValueError::new(format!("has the key `{}`, but must have `{key}`", only.key)));
    }
    let in_it = |why: ValueError| ValueError::new(format!("has a `{key}` that {why}"));
    let span = readers::duration(&only.node).map_err(in_it)?;
    if (min..=max).contains(&span) {
        return Ok(Some(span));
    }
    Err(in_it(readers::disallowed(&only.node, &format!("from {min} to {max}"))))
}

/// Reports days that would last into each other.
fn check_length(root: &Section<'_>, head: &Head) {
    let longest = head.start + DAY;
    let Some(section) = root.table("scenario", "[scenario]").filter(|_| head.end > longest) else { return };
    let message = format!(
        "`end` is {}, but [live] has one day after the other, so that it can be {longest} at most",
        head.end
    );
    section.report("end", message, None);
}

/// Reports what has data for the scenario's own dates only. On a clock of its own a market can follow the
/// dates of bars, day by day.
fn check_undated(root: &Section<'_>, follows_file: bool) {
    for agent in items(root, "agents") {
        let kind = agent.entries().iter().find(|entry| entry.key == "kind");
        let Some(kind) =
            kind.filter(|it| readers::text(&it.node).is_ok_and(|it| is_dated(&it, follows_file)))
        else {
            continue;
        };
        report_dated(root, &kind.node, "an agent of this kind");
    }
    for instrument in items(root, "instruments") {
        let process = instrument.entries().iter().find(|entry| entry.key == "process");
        let entries = process.map_or(&[][..], |process| process.node.entries());
        let kind = entries.iter().find(|entry| entry.key == "kind");
        let is_dated =
            |kind: &Node| readers::text(kind).is_ok_and(|it| DATED_PROCESSES.contains(&it.as_str()));
        if let Some(kind) = kind.filter(|it| is_dated(&it.node)) {
            report_dated(root, &kind.node, "a process of this kind");
        }
    }
}

fn is_dated(kind: &str, follows_file: bool) -> bool {
    DATED_AGENTS.contains(&kind) && !(follows_file && kind == BARS)
}

fn report_dated(root: &Section<'_>, kind: &Node, what: &str) {
    let message = format!("{what} replays a file, which has no data for the days of [live]");
    let help = "leave it out, or remove [live] and run `bearpit simulate`; bars can be replayed with `clock = \"scaled\"`".to_owned();
    root.findings.borrow_mut().push(kind.place.clone(), message, Some(help));
}

fn items<'a>(root: &Section<'a>, list: &str) -> &'a [Node] {
    match root.peek(list).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}
