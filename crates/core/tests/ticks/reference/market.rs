//! What there is to trade with: quote, trade at hand, and what has been taken of them (rules T1 to T7).

use std::collections::BTreeMap;

use super::super::history::*;
use super::Flaw;

/// A row of the merged files.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    Quote(Quote),
    Trade(Trade),
}

impl Row {
    pub(super) fn at(&self) -> i64 {
        match self {
            Self::Quote(quote) => quote.at,
            Self::Trade(trade) => trade.at,
        }
    }
}

/// All rows by time: quotes first, then trades (rule T1).
pub(super) fn merged(history: &History, flaw: Option<Flaw>) -> Vec<Row> {
    let quotes = history.quotes.iter().map(|quote| Row::Quote(*quote));
    let trades = history.trades.iter().map(|trade| Row::Trade(*trade));
    let mut rows: Vec<Row> = if flaw == Some(Flaw::TradesFirst) {
        trades.chain(quotes).collect()
    } else {
        quotes.chain(trades).collect()
    };
    rows.sort_by_key(Row::at);
    rows
}

/// With what an order trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Trade,
    Bid,
    Ask,
}

/// What there is to trade with.
#[derive(Debug, Default)]
pub(super) struct Market {
    pub(super) bid: Option<Level>,
    pub(super) ask: Option<Level>,
    /// The last trade.
    pub(super) trade: Option<Level>,
    /// How much each owner has taken of each.
    taken: BTreeMap<(Source, usize), u64>,
}

impl Market {
    pub(super) fn set(&mut self, row: &Row, sized: bool) {
        match row {
            Row::Quote(quote) => {
                // Where sizes are not known, a price is enough.
                let is_there = |level: &Level| level.1 > 0 || !sized;
                (self.bid, self.ask) = (quote.bid.filter(is_there), quote.ask.filter(is_there));
                self.taken.retain(|(source, _), _| *source == Source::Trade);
            }
            Row::Trade(trade) => {
                self.trade = Some((trade.price, trade.quantity));
                self.taken.retain(|(source, _), _| *source != Source::Trade);
            }
        }
    }

    /// The price and size of a source.
    pub(super) fn level(&self, source: Source) -> Option<Level> {
        match source {
            Source::Trade => self.trade,
            Source::Bid => self.bid,
            Source::Ask => self.ask,
        }
    }

    /// How much an owner can still have of a source (rule T6).
    pub(super) fn available(
        &self,
        source: Source,
        owner: usize,
        history: &History,
        flaw: Option<Flaw>,
    ) -> u64 {
        let Some((_, size)) = self.level(source) else { return 0 };
        if !history.rules.sized {
            return u64::MAX;
        }
        let is_endless = flaw == Some(Flaw::BeyondSize) && source != Source::Trade;
        if is_endless || (flaw == Some(Flaw::TakenComesBack) && source != Source::Trade) {
            return if is_endless { u64::MAX } else { size * history.rules.participation / 8 };
        }
        let of = |wanted: &dyn Fn(usize) -> bool| -> u64 {
            let all = self.taken.iter().filter(|((from, who), _)| *from == source && wanted(*who));
            all.map(|(_, quantity)| *quantity).sum()
        };
        let share = (size * history.rules.participation / 8).saturating_sub(of(&|who| who == owner));
        share.min(size.saturating_sub(of(&|_| true)))
    }

    pub(super) fn take(&mut self, source: Source, owner: usize, quantity: u64) {
        *self.taken.entry((source, owner)).or_default() += quantity;
    }
}
