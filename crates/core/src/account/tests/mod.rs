//! The gate, rule by rule.

use super::*;
use crate::market::{
    CancelReason, ExecutionReport, ExpiryReason, FeeSchedule, Fees, Instrument, Link, Liquidity, OrderKind,
    OrderTerms, Peg, Phase, ReduceReason, Refusal, RejectReason, Replacement, ReportKind, Side, StopLoss,
    TimeInForce, TrailingDistance,
};
use crate::units::{
    FeeRate, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime, TradeId,
};

const ACME: InstrumentId = InstrumentId::new(0);

/// One account at one listing where a tick times a lot is one of money; it gets the venue's reports.
struct Desk {
    account: Account,
    instrument: Instrument,
    fees: FeeSchedule,
    next: u64,
}

impl Desk {
    fn new(cash: i64, lots: u64, max_short: u64) -> Self {
        let config = AccountConfig {
            cash: Money::from_whole(cash),
            holdings: vec![(ACME, Quantity::new(lots))],
            max_short: vec![(ACME, Quantity::new(max_short))],
            ..AccountConfig::default()
        };
        Self::of(&config)
    }

    fn of(config: &AccountConfig) -> Self {
        let instrument = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
        Self { account: Account::open(config, 1), instrument, fees: FeeSchedule::FREE, next: 0 }
    }

    fn with<T>(&mut self, what: impl FnOnce(&mut Account, &OrderContext<'_>) -> T) -> T {
        let at = OrderContext {
            listing: ListingId::new(0),
            instrument_id: ACME,
            instrument: &self.instrument,
            fees: &self.fees,
            now: SimTime::from_nanos(0),
            pricing: Pricing::Protected,
            marks: None,
        };
        what(&mut self.account, &at)
    }

    /// Submits an order where the ask is 100; returns its number.
    fn submit(&mut self, terms: OrderTerms) -> Result<u64, Refusal> {
        let id = self.next;
        self.with(|account, at| account.admit(OrderId::new(id), terms, at, Some(Price::new(100))))?;
        self.next += 3;
        Ok(id)
    }

    fn replace(&mut self, id: u64, price: i64, lots: u64) -> Result<(), Refusal> {
        self.change(id, Replacement::at(Price::new(price), Quantity::new(lots)))
    }

    fn change(&mut self, id: u64, new: Replacement) -> Result<(), Refusal> {
        self.with(|account, at| account.admit_replace(OrderId::new(id), new, at)).map(|_| ())
    }

    fn hear(&mut self, id: u64, kind: ReportKind) {
        let order = OrderId::new(id);
        let (listing, at) = (ListingId::new(0), SimTime::from_nanos(0));
        let side = self.account.order(order).map_or(Side::Buy, |order| order.side);
        let report = ExecutionReport { order, listing, side, at, kind };
        self.with(|account, at| account.book(&report, at)).unwrap();
    }

    fn fill(&mut self, id: u64, price: i64, lots: u64) {
        let leaves = self.order(id).leaves - Quantity::new(lots);
        let kind = ReportKind::Filled {
            trade: TradeId::new(0),
            price: Price::new(price),
            quantity: Quantity::new(lots),
            leaves,
            liquidity: Liquidity::Maker,
            phase: Phase::Continuous,
            fee: Money::ZERO,
        };
        self.hear(id, kind);
    }

    fn order(&self, id: u64) -> OpenOrder {
        self.account.order(OrderId::new(id)).unwrap()
    }

    fn free(&self) -> i128 {
        self.account.free_cash().units() / Money::UNITS
    }

    fn sellable(&self) -> i64 {
        self.account.sellable(ACME).lots()
    }

    fn open(&self) -> Vec<u64> {
        self.account.open_orders().iter().map(|order| order.id.get()).collect()
    }

    fn unfit(&self) -> Vec<u64> {
        self.account.unfit_orders(ACME).into_iter().map(OrderId::get).collect()
    }
}

fn limit(side: Side, lots: u64, price: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(price))
}

fn buy(lots: u64, price: i64) -> OrderTerms {
    limit(Side::Buy, lots, price)
}

fn sell(lots: u64, price: i64) -> OrderTerms {
    limit(Side::Sell, lots, price)
}

fn stop(side: Side, lots: u64, trigger: i64) -> OrderTerms {
    let kind = OrderKind::Stop { trigger: Price::new(trigger), protection: None };
    OrderTerms { kind, ..limit(side, lots, trigger) }
}

fn pegged(side: Side, lots: u64, limit: Option<i64>) -> OrderTerms {
    let kind = OrderKind::Pegged { to: Peg::Touch, offset: 0, limit: limit.map(Price::new) };
    OrderTerms::new(side, Quantity::new(lots), kind)
}

fn reducing(terms: OrderTerms) -> OrderTerms {
    OrderTerms { reduce_only: true, ..terms }
}

fn or(terms: OrderTerms, other: u64) -> OrderTerms {
    OrderTerms { link: Link::OneCancelsOther(OrderId::new(other)), ..terms }
}

fn bracket(terms: OrderTerms, take_profit: i64, stop_loss: i64) -> OrderTerms {
    let (take_profit, stop_loss) = (Price::new(take_profit), Price::new(stop_loss));
    OrderTerms {
        link: Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(StopLoss::at(stop_loss)) },
        ..terms
    }
}

const LINKED: ReportKind = ReportKind::Canceled(CancelReason::Linked);
const REQUESTED: ReportKind = ReportKind::Canceled(CancelReason::Requested);
const UNLINKABLE: ReportKind = ReportKind::Rejected(RejectReason::LinkUnfit);

mod brackets;
mod exits;
mod extremes;
mod futures;
mod links;
mod margin;
mod notional;
mod plain;
mod reduce_only;
