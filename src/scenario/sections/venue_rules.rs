//! Reading the rules of a venue: matching, price bands, halts, sessions.

use std::collections::BTreeSet;

use crate::scenario::config::VenueRules;
use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{Node, Section, Value, readers};
use bearpit_core::book::{Matching, PriceBands};
use bearpit_core::exchange::{Calendar, MONDAY_TO_FRIDAY};
use bearpit_core::units::{SimDuration, SimTime};

#[derive(Clone, Copy)]
enum Policy {
    PriceTime,
    ProRata,
    TopShare,
}

const POLICIES: [(&str, Policy); 3] =
    [("price_time", Policy::PriceTime), ("pro_rata", Policy::ProRata), ("top_share", Policy::TopShare)];

const WEEKDAYS: [(&str, usize); 7] =
    [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];

/// Reads the rules of a venue; each has a default.
pub(super) fn rules(section: &Section<'_>) -> Option<VenueRules> {
    let matching = matching(section);
    let bands = bands(section);
    let minute = SimDuration::from_secs(60);
    let halt = section.or("halt", minute, readers::positive_duration);
    let reopening = section.or("reopening", minute, readers::positive_duration);
    let sessions = match section.table("sessions", "the sessions") {
        None => Some(None),
        Some(table) => {
            let calendar = calendar(&table);
            table.finish();
            calendar.map(Some)
        }
    };
    Some(VenueRules {
        matching: matching?,
        bands: bands?,
        halt: halt?,
        reopening: reopening?,
        sessions: sessions?,
    })
}

fn matching(section: &Section<'_>) -> Option<Matching> {
    let policy = section.or("matching", Policy::PriceTime, readers::one_of(&POLICIES))?;
    let percent = section.optional("top_share_percent", readers::integer(0, 100));
    match policy {
        Policy::TopShare => {
            if !section.has("top_share_percent") {
                let message = "matching \"top_share\" needs `top_share_percent`, from 0 to 100";
                section.report("matching", message, None);
            }
            Some(Matching::TopShare { percent: u8::try_from(percent?).ok()? })
        }
        _ if section.has("top_share_percent") => {
            let message = "`top_share_percent` has a meaning only with matching = \"top_share\"";
            section.report("top_share_percent", message, None);
            None
        }
        Policy::PriceTime => Some(Matching::PriceTime),
        Policy::ProRata => Some(Matching::ProRata),
    }
}

fn bands(section: &Section<'_>) -> Option<PriceBands> {
    let Some(table) = section.table("bands", "the bands") else { return Some(PriceBands::default()) };
    let percent = |key| {
        if table.has(key) {
            table.optional(key, hundredths).map(Some)
        } else {
            table.or(key, None, |_| Ok(None))
        }
    };
    let bands = (percent("static_percent"), percent("dynamic_percent"), percent("limit_percent"));
    table.finish();
    let (static_bps, dynamic_bps, limit_bps) = (bands.0?, bands.1?, bands.2?);
    Some(PriceBands { static_bps, dynamic_bps, limit_bps })
}

/// A percentage above zero, in hundredths.
fn hundredths(node: &Node) -> Read<u32> {
    let wrong = || readers::disallowed(node, "a percentage from 0.01 to 10000, with at most two places");
    let bps = readers::positive_decimal(node)?.scaled(2).ok_or_else(wrong)?;
    u32::try_from(bps).ok().filter(|bps| *bps <= 1_000_000).ok_or_else(wrong)
}

fn calendar(table: &Section<'_>) -> Option<Calendar> {
    let none = SimDuration::ZERO;
    let open = table.required("open", readers::duration);
    let close = table.required("close", readers::duration);
    let opening_auction = table.or("opening_auction", none, readers::duration);
    let pre_open = table.or("pre_open", opening_auction.unwrap_or(none), readers::duration);
    let closing_auction = table.or("closing_auction", none, readers::duration);
    let weekdays = table.or("days", MONDAY_TO_FRIDAY, weekdays);
    let holidays = table.or("holidays", BTreeSet::new(), days);
    let (open, close) = (open?, close?);
    let (pre_open, opening_auction, closing_auction) = (pre_open?, opening_auction?, closing_auction?);
    let day = SimDuration::from_secs(24 * 3_600);
    if close <= open {
        let message = format!("`close` is {close}, but must come after `open`, {open}");
        table.report("close", message, None);
        return None;
    }
    if pre_open < opening_auction {
        let message = format!("`pre_open` is {pre_open}, shorter than `opening_auction`, {opening_auction}");
        table.report("pre_open", message, None);
        return None;
    }
    let length =
        SimDuration::from_nanos(close.nanos() - open.nanos() + pre_open.nanos() + closing_auction.nanos());
    if length > day || open > day {
        table.report("close", "a session with its auctions must fit into 24 hours", None);
        return None;
    }
    Some(Calendar {
        open,
        close,
        pre_open,
        opening_auction,
        closing_auction,
        weekdays: weekdays?,
        holidays: holidays?,
    })
}

fn weekdays(node: &Node) -> Read<[bool; 7]> {
    let Value::List(items) = &node.value else {
        let sentence = format!("is {}, but must be a list such as [\"mon\", \"tue\"]", node.kind());
        return Err(ValueError::new(sentence));
    };
    let mut weekdays = [false; 7];
    for item in items {
        let day = readers::one_of(&WEEKDAYS)(item)
            .map_err(|error| ValueError::new(format!("has a day that {error}")))?;
        weekdays[day] = true;
    }
    if weekdays == [false; 7] {
        Err(ValueError::new("is empty, but must name at least one day"))
    } else {
        Ok(weekdays)
    }
}

fn days(node: &Node) -> Read<BTreeSet<SimTime>> {
    let Value::List(items) = &node.value else {
        let sentence = format!("is {}, but must be a list of days such as [2025-12-25]", node.kind());
        return Err(ValueError::new(sentence));
    };
    let item = |node: &Node| {
        readers::date(node).map_err(|error| ValueError::new(format!("has an item that {error}")))
    };
    items.iter().map(item).collect()
}
