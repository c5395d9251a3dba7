//! [`LedgerMaker`]: what each fact moves on the accounts of people, their strategies and contests.

use bearpit_core::exchange::Market;
use bearpit_core::market::{
    AccountOpening, AuctionEvent, Fact, Funding, Instrument, PaymentReason, Side, Trade, Transfer,
};
use bearpit_core::units::{ActorId, InstrumentId, Money, NetQuantity, SimTime};

use super::order_terms::in_units;
use crate::domain::{AccountId, Asset, EntryKind};
use crate::publication::Owners;
use crate::store::database::Amount;
use crate::store::projection::{Change, Movement, OpenedRow, PostingRow};

/// Says what facts move on accounts that came from outside.
///
/// An account learns of its trades by reports, which take their time; the ledger has a trade as it happens.
/// So it has at each moment what the account has once all that is on its way has arrived.
#[derive(Debug)]
pub(super) struct LedgerMaker {
    day: u32,
    instruments: Vec<Instrument>,
    /// The instrument of each listing.
    listings: Vec<InstrumentId>,
}

/// Something that moves cash or shares.
struct Cause<'f> {
    account: AccountId,
    at: SimTime,
    kind: EntryKind,
    instrument: Option<InstrumentId>,
    /// The order and the trade.
    of_trade: Option<(i64, i64)>,
    reference: Option<&'f str>,
}

impl<'f> Cause<'f> {
    const fn new(account: AccountId, at: SimTime, kind: EntryKind) -> Self {
        Self { account, at, kind, instrument: None, of_trade: None, reference: None }
    }

    const fn on(self, instrument: InstrumentId) -> Self {
        Self { instrument: Some(instrument), ..self }
    }
}

impl LedgerMaker {
    /// Makes one for a market that has just been opened.
    pub(super) fn new(market: &Market, day: u32) -> Self {
        let state = market.world().domain();
        Self {
            day,
            instruments: state.instruments().cloned().collect(),
            listings: state.listings().map(|listing| listing.instrument).collect(),
        }
    }

    /// Returns what a fact moves on accounts that are somebody's; `is_new` says of one that is opened that
    /// the day did not begin with it.
    pub(super) fn follow(
        &self,
        at: SimTime,
        fact: &Fact,
        is_new: bool,
        owners: &Owners<AccountId>,
    ) -> Vec<Change> {
        let of = |owner: ActorId, kind| owners.of(owner).map(|account| Cause::new(account, at, kind));
        match *fact {
            Fact::AccountOpened(ref opening) => {
                let account = owners.of(opening.owner);
                account.map(|account| self.opened(account, at, opening, is_new)).into_iter().collect()
            }
            Fact::Traded(ref trade) => self.traded(at, trade, owners),
            Fact::AccountFunded { owner, ref funding } => {
                let cause = of(owner, kind_of(funding));
                cause.and_then(|cause| self.funded(cause, funding)).into_iter().collect()
            }
            Fact::AccountFinanced { owner, interest, borrow } => {
                let parts = [(EntryKind::Interest, interest), (EntryKind::BorrowFee, -borrow)];
                let parts = parts.into_iter().filter_map(|(kind, cash)| self.cash(of(owner, kind)?, cash));
                parts.collect()
            }
            Fact::AccountPaid { owner, instrument, reason, amount, .. } => {
                let kind = match reason {
                    PaymentReason::Dividend => EntryKind::Dividend,
                    PaymentReason::Fraction => EntryKind::SplitFraction,
                    PaymentReason::VariationMargin => EntryKind::Settlement,
                    PaymentReason::Funding => EntryKind::Funding,
                };
                let cause = of(owner, kind).map(|cause| cause.on(instrument));
                cause.and_then(|cause| self.cash(cause, amount)).into_iter().collect()
            }
            Fact::PositionSplit { owner, instrument, position, .. } => {
                let cause = of(owner, EntryKind::Split).map(|cause| cause.on(instrument));
                let shares = || self.shares(instrument, position);
                cause
                    .zip(shares())
                    .map(|(cause, (asset, lots))| self.posting(&cause, asset, Movement::To(lots)))
                    .into_iter()
                    .collect()
            }
            Fact::Auction(ref event) => self.swapped(at, event, owners),
            _ => Vec::new(),
        }
    }

    /// Returns what a swap moves on its two accounts; nothing of other events of an auction.
    fn swapped(&self, at: SimTime, event: &AuctionEvent, owners: &Owners<AccountId>) -> Vec<Change> {
        let mut changes = Vec::new();
        for side in event.swap().into_iter().flatten() {
            let Some(account) = owners.of(side.account) else { continue };
            let cause = || Cause::new(account, at, EntryKind::Swap);
            changes.extend(self.cash(cause(), side.cash()));
            for (instrument, lots) in side.shares() {
                let shares = self.shares(instrument, lots);
                changes.extend(
                    shares.map(|(asset, lots)| {
                        self.posting(&cause().on(instrument), asset, Movement::By(lots))
                    }),
                );
            }
        }
        changes
    }

    fn opened(&self, account: AccountId, at: SimTime, opening: &AccountOpening, is_new: bool) -> Change {
        let held = opening.holdings.iter().filter_map(|(instrument, held)| self.shares(*instrument, *held));
        let balances = [(Asset::Cash, opening.cash.into())].into_iter().chain(held).collect();
        Change::AccountOpened(Box::new(OpenedRow {
            account,
            day: self.day,
            is_new,
            balances,
            at: at.nanos(),
        }))
    }

    fn traded(&self, at: SimTime, trade: &Trade, owners: &Owners<AccountId>) -> Vec<Change> {
        let Some(id) = self.listings.get(trade.listing.index()) else { return Vec::new() };
        let Some(instrument) = self.instruments.get(id.index()) else { return Vec::new() };
        let notional = instrument.notional(trade.price, trade.quantity);
        let sides = [
            (trade.maker, trade.maker_order, trade.maker_fee, trade.aggressor.opposite()),
            (trade.taker, trade.taker_order, trade.taker_fee, trade.aggressor),
        ];
        let mut changes = Vec::new();
        for (owner, order, fee, side) in sides {
            let Some(account) = owners.of(owner) else { continue };
            let of_trade = Some((number(order.get()), number(trade.id.get())));
            let cause = |kind| Cause { of_trade, instrument: Some(*id), ..Cause::new(account, at, kind) };
            let (kind, paid, lots) = match side {
                Side::Buy => (EntryKind::Buy, -notional, trade.quantity.net()),
                Side::Sell => (EntryKind::Sell, notional, -trade.quantity.net()),
            };
            // Nobody pays for a future, whose gains are paid as it is settled. It takes margin, which no
            // account from outside has.
            if !instrument.is_future() {
                changes.extend(self.cash(cause(kind), paid));
            }
            let shares = self.shares(*id, lots);
            changes.extend(shares.map(|(asset, lots)| self.posting(&cause(kind), asset, Movement::By(lots))));
            let kind = if fee < Money::ZERO { EntryKind::Rebate } else { EntryKind::Fee };
            changes.extend(self.cash(cause(kind), -fee));
        }
        changes
    }

    fn funded(&self, cause: Cause<'_>, funding: &Funding) -> Option<Change> {
        let cause = Cause { reference: Some(funding.reference.as_str()), ..cause };
        match funding.transfer {
            Transfer::Cash(cash) => self.cash(cause, cash),
            Transfer::Shares { instrument, quantity } => {
                let (asset, lots) = self.shares(instrument, quantity)?;
                Some(self.posting(&cause.on(instrument), asset, Movement::By(lots)))
            }
        }
    }

    fn cash(&self, cause: Cause<'_>, amount: Money) -> Option<Change> {
        let movement = Movement::By(amount.into());
        (amount != Money::ZERO).then(|| self.posting(&cause, Asset::Cash, movement))
    }

    fn shares(&self, instrument: InstrumentId, lots: NetQuantity) -> Option<(Asset, Amount)> {
        let instrument = self.instruments.get(instrument.index())?;
        let amount = in_units(lots.lots(), instrument.lot_size());
        Some((Asset::Shares(instrument.symbol().to_owned()), amount))
    }

    fn posting(&self, cause: &Cause<'_>, asset: Asset, movement: Movement) -> Change {
        let instrument = cause.instrument.and_then(|id| self.instruments.get(id.index()));
        Change::Posted(Box::new(PostingRow {
            account: cause.account,
            day: self.day,
            asset,
            movement,
            kind: cause.kind,
            symbol: instrument.map(|instrument| instrument.symbol().to_owned()),
            order: cause.of_trade.map(|(order, _)| order),
            trade: cause.of_trade.map(|(_, trade)| trade),
            reference: cause.reference.map(str::to_owned),
            at: cause.at.nanos(),
        }))
    }
}

fn kind_of(funding: &Funding) -> EntryKind {
    EntryKind::of_funding(funding.reference.as_str(), funding.transfer.is_inward())
}

/// Returns an id of the market for the database: none comes near the end of `i64`.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
