//! Entries of market data: levels of a book and what has changed of them, trades, statistics.

use std::collections::BTreeMap;

use bearpit_core::market::{Ladders, QuoteLevel};
use bearpit_core::units::{Price, Quantity};

use super::request::Entries;
use crate::domain::Number;
use crate::fix::codec::{Body, tags, timestamp};
use crate::publication::{ListingSnapshot, TradePrint};
use crate::services::market_data::Scale;

/// Levels of a book as they were sent last, by `MDEntryID`, with place and size.
pub(super) type Levels = BTreeMap<(char, i64), (usize, u64)>;

/// Entries, and how many they are.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) count: usize,
    pub(super) body: Body,
}

/// Returns the levels that are wanted of a book.
pub(super) fn levels_of(ladders: &Ladders, entries: Entries, depth: usize) -> Levels {
    let most = if depth == 0 { usize::MAX } else { depth };
    let side = |kind: char, levels: &[QuoteLevel]| -> Vec<((char, i64), (usize, u64))> {
        let levels = levels.iter().take(most).enumerate();
        levels.map(|(place, it)| ((kind, it.price.ticks()), (place + 1, it.size.lots()))).collect()
    };
    let mut levels = Levels::new();
    if entries.bids {
        levels.extend(side('0', &ladders.bids));
    }
    if entries.offers {
        levels.extend(side('1', &ladders.asks));
    }
    levels
}

/// How the entries of a listing are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) snapshot: &'a ListingSnapshot,
    pub(super) scale: Scale<'a>,
}

impl Writer<'_> {
    /// Names the listing.
    pub(super) fn name(&self, body: &mut Body) {
        body.put(tags::SYMBOL, self.snapshot.listing.instrument.symbol())
            .put(tags::SECURITY_EXCHANGE, &self.snapshot.listing.venue);
    }

    /// Adds all levels, the best first.
    pub(super) fn levels(&self, levels: &Levels, group: &mut Group) {
        let mut sorted: Vec<_> = levels.iter().collect();
        sorted.sort_by_key(|((kind, _), (place, _))| (*kind, *place));
        for ((kind, ticks), (place, lots)) in sorted {
            group.count += 1;
            let body = &mut group.body;
            body.put(tags::MD_ENTRY_TYPE, kind).put(tags::MD_ENTRY_ID, id_of((*kind, *ticks)));
            self.size((*kind, *ticks), *lots, body);
            body.put(tags::MD_ENTRY_POSITION_NO, place);
        }
    }

    /// Adds what has changed from some levels to others: 0 is new, 1 is changed, 2 is gone.
    pub(super) fn changes(&self, old: &Levels, new: &Levels, group: &mut Group) {
        let gone = old.iter().filter(|(key, _)| !new.contains_key(key)).map(|(key, it)| (*key, *it, '2'));
        let other = new.iter().filter_map(|(key, it)| match old.get(key) {
            None => Some((*key, *it, '0')),
            Some((_, lots)) if *lots != it.1 => Some((*key, *it, '1')),
            Some(_) => None,
        });
        for (key, (place, lots), action) in gone.chain(other) {
            group.count += 1;
            let body = &mut group.body;
            body.put(tags::MD_UPDATE_ACTION, action).put(tags::MD_ENTRY_TYPE, key.0);
            body.put(tags::MD_ENTRY_ID, id_of(key));
            self.name(body);
            self.size(key, lots, body);
            if action != '2' {
                group.body.put(tags::MD_ENTRY_POSITION_NO, place);
            }
        }
    }

    /// Adds a trade that is new.
    pub(super) fn trade(&self, print: &TradePrint, is_change: bool, group: &mut Group) {
        group.count += 1;
        if is_change {
            group.body.put(tags::MD_UPDATE_ACTION, '0');
        }
        group.body.put(tags::MD_ENTRY_TYPE, '2').put(tags::MD_ENTRY_ID, format!("T{}", print.id));
        if is_change {
            self.name(&mut group.body);
        }
        let at = timestamp(print.at.nanos() / 1_000_000);
        let (date, time) = at.split_once('-').unwrap_or((&at, ""));
        group
            .body
            .put(tags::MD_ENTRY_PX, self.scale.price(print.price))
            .put(tags::MD_ENTRY_SIZE, self.scale.quantity(print.quantity))
            .put(tags::MD_ENTRY_DATE, date)
            .put(tags::MD_ENTRY_TIME, time);
    }

    /// Adds what the last 24 hours say.
    pub(super) fn statistics(&self, entries: Entries, group: &mut Group) {
        let statistics = &self.snapshot.statistics;
        let prices = [
            (entries.open, '4', statistics.open),
            (entries.high, '7', statistics.high),
            (entries.low, '8', statistics.low),
        ];
        for (_, kind, price) in prices.into_iter().filter(|it| it.0) {
            let Some(price) = price else { continue };
            group.count += 1;
            group.body.put(tags::MD_ENTRY_TYPE, kind).put(tags::MD_ENTRY_PX, self.scale.price(price));
        }
        if entries.volume {
            group.count += 1;
            let volume: Number = self.scale.quantity(statistics.volume);
            group.body.put(tags::MD_ENTRY_TYPE, 'B').put(tags::MD_ENTRY_SIZE, volume);
        }
    }

    fn size(&self, (_, ticks): (char, i64), lots: u64, body: &mut Body) {
        body.put(tags::MD_ENTRY_PX, self.scale.price(Price::new(ticks)))
            .put(tags::MD_ENTRY_SIZE, self.scale.quantity(Quantity::new(lots)));
    }
}

/// Returns what a level is called: its side and its price in ticks.
fn id_of((kind, ticks): (char, i64)) -> String {
    let side = if kind == '0' { 'B' } else { 'S' };
    format!("{side}{ticks}")
}
