//! Rows of what accounts did and hold: orders, rejects, P&L, positions.

use super::Sheets;
use crate::record::holdings::PositionRow;
use crate::record::rows::{Names, OrderRow};
use crate::record::table::Table;
use crate::record::writer::RecordError;
use bearpit_core::market::{AccountMark, Fact, OrderTerms};
use bearpit_core::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// What a gate or a venue did not let pass.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Reject {
    order: Option<OrderId>,
    owner: ActorId,
    listing: ListingId,
    /// The terms of a new order; none where an order was to be changed or canceled.
    terms: Option<OrderTerms>,
    by: &'static str,
    reason: &'static str,
}

impl Reject {
    /// Returns what a fact tells, if it tells of something that did not pass.
    pub(in super::super) const fn of(fact: &Fact) -> Option<Self> {
        let (order, owner, listing, terms) = match *fact {
            Fact::OrderRefused { owner, listing, terms, .. } => (None, owner, listing, Some(terms)),
            Fact::OrderRejected { order, owner, listing, terms, .. } => {
                (Some(order), owner, listing, Some(terms))
            }
            Fact::CommandRejected { order, owner, listing, .. } => (Some(order), owner, listing, None),
            _ => return None,
        };
        let (by, reason) = match fact {
            Fact::OrderRefused { reason, .. } => ("gate", reason.name()),
            Fact::OrderRejected { reason, .. } | Fact::CommandRejected { reason, .. } => {
                ("venue", reason.name())
            }
            _ => return None,
        };
        Some(Self { order, owner, listing, terms, by, reason })
    }
}

impl Sheets {
    /// Adds an order that has ended.
    pub(in super::super) fn order(&mut self, row: &OrderRow) -> Result<(), RecordError> {
        let OrderRow { listing, terms, .. } = *row;
        self.add(Table::Orders, |sheet, names, words| {
            sheet.count(row.order.map(OrderId::get)).word(words.actor(row.owner));
            sheet.place(words, listing).say(words, terms.side.name());
            sheet.say(words, terms.kind.name()).say(words, terms.time_in_force.name());
            sheet.price(names, listing, terms.kind.limit()).price(names, listing, terms.kind.trigger());
            sheet.quantity(names, listing, Some(terms.quantity)).quantity(names, listing, terms.display);
            sheet.time(row.entered_at).count(row.entry_latency_ns()).time(row.ended_at);
            sheet.quantity(names, listing, Some(Quantity::new(row.filled_lots)));
            sheet.number(average_price(names, row)).say(words, row.status.name());
            let reason = row.reason.map(|reason| words.fixed(reason));
            sheet.word(reason);
        })
    }

    /// Adds what did not pass.
    pub(in super::super) fn reject(&mut self, at: SimTime, reject: &Reject) -> Result<(), RecordError> {
        let Reject { listing, terms, .. } = *reject;
        self.add(Table::Rejects, |sheet, names, words| {
            sheet.time(at).count(reject.order.map(OrderId::get)).word(words.actor(reject.owner));
            sheet.place(words, listing).say(words, terms.map_or("change", |_| "order"));
            let side = terms.map(|terms| words.fixed(terms.side.name()));
            sheet.say(words, reject.by).word(side);
            sheet.price(names, listing, terms.and_then(|terms| terms.kind.limit()));
            sheet.quantity(names, listing, terms.map(|terms| terms.quantity)).say(words, reject.reason);
        })
    }

    /// Adds a mark of an account that financing has brought so much so far.
    pub(in super::super) fn mark(
        &mut self,
        at: SimTime,
        mark: &AccountMark,
        financing: Money,
    ) -> Result<(), RecordError> {
        self.add(Table::Pnl, |sheet, names, words| {
            let instrument = names.instruments.get(mark.instrument.index());
            let position = instrument.map(|instrument| instrument.holding_f64(mark.position));
            let half_ticks = mark.mark_half_ticks.map(Price::new);
            let price =
                instrument.zip(half_ticks).map(|(instrument, price)| instrument.price_f64(price) / 2.0);
            let average = position.filter(|_| mark.position.lots() != 0);
            sheet.time(at).word(words.actor(mark.owner)).word(words.symbol(mark.instrument));
            sheet.number(position).number(price);
            sheet.number(average.map(|position| mark.cost.to_f64() / position));
            sheet.money(mark.realized).money(mark.unrealized).money(mark.fees).money(financing);
            sheet.money(mark.cash).money(mark.equity);
        })
    }

    /// Adds what an account holds.
    pub(in super::super) fn position(&mut self, row: &PositionRow) -> Result<(), RecordError> {
        self.add(Table::Positions, |sheet, names, words| {
            let state = &row.state;
            let instrument = names.instruments.get(row.instrument.index());
            sheet.time(row.at).word(words.actor(row.owner)).word(words.symbol(row.instrument));
            for lots in [state.position, state.bought.net(), state.sold.net()] {
                sheet.number(instrument.map(|instrument| instrument.holding_f64(lots)));
            }
            sheet.count(Some(state.fills)).money(state.fees);
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "an average is a number to read")]
fn average_price(names: &Names, row: &OrderRow) -> Option<f64> {
    if row.filled_lots == 0 {
        return None;
    }
    let tick = names.price(row.listing, Price::new(1))?;
    Some(row.filled_value as f64 / row.filled_lots as f64 * tick)
}
