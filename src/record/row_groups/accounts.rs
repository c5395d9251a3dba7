//! Rows of what accounts hold and were refused: rejects, P&L, positions.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::actions::ActionRow;
use crate::record::rows::equity::EquityRow;
use crate::record::rows::holdings::PositionRow;
use crate::record::rows::reject::RejectRow;
use crate::record::rows::trips::TripRow;
use crate::record::table::Table;
use bearpit_core::market::{AccountMark, Side};
use bearpit_core::units::{ActorId, InstrumentId, Money, NetQuantity, OrderId, Price, SimTime};

/// A mark of an account, and what financing has brought it so far.
#[derive(Debug)]
pub(super) struct MarkRow {
    pub(super) at: SimTime,
    pub(super) mark: AccountMark,
    pub(super) financing: Money,
}

impl RowGroups {
    /// Adds what did not pass.
    pub(super) fn reject(&mut self, at: SimTime, reject: &RejectRow) -> Result<(), RecordError> {
        let RejectRow { listing, terms, .. } = *reject;
        self.add(Table::Rejects, |group, names, interner| {
            group.time(at).count(reject.order.map(OrderId::get)).word(interner.actor(reject.owner));
            group.place(interner, listing).say(interner, terms.map_or("change", |_| "order"));
            let side = terms.map(|terms| interner.fixed(terms.side.name()));
            group.say(interner, reject.by).word(side);
            group.price(names, listing, terms.and_then(|terms| terms.kind.limit()));
            group.quantity(names, listing, terms.map(|terms| terms.quantity)).say(interner, reject.reason);
        })
    }

    pub(super) fn mark_rows(&mut self, rows: &[MarkRow]) -> Result<(), RecordError> {
        self.add_rows(Table::Pnl, rows.len(), |group, names, interner| {
            let instrument = |row: &MarkRow| names.instruments.get(row.mark.instrument.index());
            let lots = |row: &MarkRow| Some((row.mark.instrument.get(), row.mark.position.lots()));
            let position = |id: u32, lots: i64| {
                let instrument = names.instruments.get(InstrumentId::new(id).index())?;
                Some(instrument.holding_f64(NetQuantity::new(lots)))
            };
            group.times(rows, |row| row.at).words(rows, |row| interner.actor(row.mark.owner));
            group.words(rows, |row| interner.symbol(row.mark.instrument)).steps(rows, lots, position);
            let half_ticks = |row: &MarkRow| Some((row.mark.instrument.get(), row.mark.mark_half_ticks?));
            group.steps(rows, half_ticks, |id, half_ticks| {
                let instrument = names.instruments.get(InstrumentId::new(id).index())?;
                Some(instrument.price_f64(Price::new(half_ticks)) / 2.0)
            });
            // What a holding of the start counts as is known from the first mark on.
            group.numbers(rows, |row| {
                let is_held = row.mark.position.lots() != 0 && row.mark.mark_half_ticks.is_some();
                let position = instrument(row).filter(|_| is_held)?.holding_f64(row.mark.position);
                Some(row.mark.cost.to_f64() / position / instrument(row)?.multiplier().to_f64())
            });
            group.amounts(rows, |row| row.mark.realized).amounts(rows, |row| row.mark.unrealized);
            group.amounts(rows, |row| row.mark.fees).amounts(rows, |row| row.financing);
            group.amounts(rows, |row| row.mark.cash).amounts(rows, |row| row.mark.equity);
            group.says(interner, rows, |row| row.mark.cause.name());
        })
    }

    /// Adds what an account was worth at the end of a sample interval.
    pub(super) fn equity(&mut self, row: &EquityRow) -> Result<(), RecordError> {
        self.add(Table::Equity, |group, _, interner| {
            group.time(row.at).word(interner.actor(row.owner)).money(row.cash).money(row.equity);
            group.money(row.fees).money(row.financing);
        })
    }

    /// Adds an account that has lost all that it had.
    pub(super) fn ruin(&mut self, at: SimTime, owner: ActorId, equity: Money) -> Result<(), RecordError> {
        self.add(Table::Ruins, |group, _, interner| {
            group.time(at).word(interner.actor(owner)).money(equity);
        })
    }

    /// Adds a margin call with equity and maintenance margin, or its end.
    pub(super) fn margin_call(
        &mut self,
        at: SimTime,
        owner: ActorId,
        (equity, maintenance): (Money, Option<Money>),
    ) -> Result<(), RecordError> {
        self.add(Table::MarginCalls, |group, _, interner| {
            let event = if maintenance.is_some() { "called" } else { "ended" };
            group.time(at).word(interner.actor(owner)).say(interner, event);
            group.money(equity).money(maintenance.unwrap_or(Money::ZERO));
        })
    }

    /// Adds a round trip that has ended.
    pub(super) fn trip(&mut self, row: &TripRow) -> Result<(), RecordError> {
        let TripRow { trip, .. } = row;
        self.add(Table::Trips, |group, names, interner| {
            let instrument = names.instruments.get(row.instrument.index());
            let quantity = instrument.map(|instrument| instrument.quantity_f64(trip.quantity));
            let multiplier = instrument.map_or(1.0, |instrument| instrument.multiplier().to_f64());
            let mean = |amount: Money| quantity.map(|quantity| amount.to_f64() / quantity / multiplier);
            let side = if trip.side == Side::Buy { "long" } else { "short" };
            group.word(interner.actor(row.owner)).word(interner.symbol(row.instrument)).say(interner, side);
            group.number(quantity);
            group.time(SimTime::from_nanos(trip.entered_at)).number(mean(trip.entry));
            group.time(SimTime::from_nanos(trip.exited_at)).number(mean(trip.exit));
            group.money(trip.net()).money(trip.fees).number(trip.share());
            group.money(trip.worst).money(trip.best).count(Some(row.bars_held));
            let reason = row.exit_reason.map(|reason| interner.fixed(reason));
            group.word(reason);
        })
    }

    /// Adds a split, a dividend or the clearing of a future, or what an account was given or paid for one.
    pub(super) fn action(&mut self, at: SimTime, row: &ActionRow) -> Result<(), RecordError> {
        let &ActionRow { listing, owner, kind, ratio, position, amount, cost, rate } = row;
        self.add(Table::Actions, |group, names, interner| {
            group.time(at).word(owner.and_then(|owner| interner.actor(owner)));
            group.place(interner, listing).say(interner, kind);
            group.count(ratio.map(|ratio| ratio.new_shares().into()));
            group.count(ratio.map(|ratio| ratio.old().into()));
            let held = names.instrument(listing).zip(position);
            group.number(held.map(|(instrument, position)| instrument.holding_f64(position)));
            group.money(amount).money(cost).number(rate.map(|rate| rate.decimal().to_f64()));
        })
    }

    /// Adds what an account holds.
    pub(super) fn position(&mut self, row: &PositionRow) -> Result<(), RecordError> {
        self.add(Table::Positions, |group, names, interner| {
            let state = &row.state;
            let instrument = names.instruments.get(row.instrument.index());
            group.time(row.at).word(interner.actor(row.owner)).word(interner.symbol(row.instrument));
            for lots in [state.position, state.bought.net(), state.sold.net()] {
                group.number(instrument.map(|instrument| instrument.holding_f64(lots)));
            }
            group.count(Some(state.fills)).money(state.fees);
        })
    }
}
