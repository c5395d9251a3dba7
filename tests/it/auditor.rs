//! An auditor that rebuilds every account from the tape's trades alone, sharing no code with the
//! accounts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bearpit::market::{Fact, Listing, SinkError, Stamped, TapeSink};
use bearpit::units::{ActorId, InstrumentId, OrderId};

/// What the auditor has seen.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Change of cash by owner, in units of 10^-10.
    pub(crate) cash: BTreeMap<ActorId, i128>,
    /// Change of holdings by owner and instrument, in lots.
    pub(crate) lots: BTreeMap<(ActorId, InstrumentId), i64>,
    /// Fees less rebates, in units of 10^-10.
    pub(crate) fees: i128,
    /// Lots entered, traded, and taken out, by order.
    orders: BTreeMap<OrderId, [u64; 3]>,
    ended: BTreeSet<OrderId>,
    pub(crate) trades: u64,
    pub(crate) refusals: u64,
    pub(crate) marks: u64,
}

/// Money of one tick times one lot, in units of 10^-10, by instrument; and the listings.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    pub(crate) units: Vec<i128>,
    pub(crate) listings: Vec<Listing>,
}

/// Reads the tape into a shared ledger.
#[derive(Debug)]
pub(crate) struct Auditor {
    ledger: Rc<RefCell<Ledger>>,
    sizes: Rc<RefCell<Sizes>>,
}

impl Auditor {
    pub(crate) fn new() -> (Self, Rc<RefCell<Ledger>>, Rc<RefCell<Sizes>>) {
        let ledger = Rc::new(RefCell::new(Ledger::default()));
        let sizes = Rc::new(RefCell::new(Sizes { units: Vec::new(), listings: Vec::new() }));
        (Self { ledger: Rc::clone(&ledger), sizes: Rc::clone(&sizes) }, ledger, sizes)
    }
}

impl Ledger {
    fn entry(&mut self, order: OrderId) -> &mut [u64; 3] {
        self.orders.entry(order).or_default()
    }

    fn end(&mut self, order: OrderId) -> Result<(), String> {
        if self.ended.insert(order) { Ok(()) } else { Err(format!("order {order} ended twice")) }
    }

    /// Checks that every order that was entered has ended, and that its lots add up.
    pub(crate) fn check_orders(&self) -> Result<(), String> {
        for (order, [entered, traded, taken_out]) in &self.orders {
            if *entered != traded + taken_out {
                return Err(format!(
                    "order {order}: {entered} lots entered, {traded} traded, {taken_out} taken out"
                ));
            }
            if !self.ended.contains(order) {
                return Err(format!("order {order} never ended"));
            }
        }
        Ok(())
    }
}

impl TapeSink for Auditor {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut ledger = self.ledger.borrow_mut();
        match stamped.fact {
            Fact::OrderAccepted { order, terms, .. } => ledger.entry(*order)[0] = terms.quantity.lots(),
            Fact::OrderReplaced { order, leaves, .. }
            | Fact::OrderReduced { order, leaves, .. }
            | Fact::OrderGrown { order, leaves, .. } => {
                let entry = ledger.entry(*order);
                entry[0] = entry[1] + leaves.lots();
            }
            Fact::OrderCanceled { order, quantity, .. } | Fact::OrderExpired { order, quantity, .. } => {
                ledger.entry(*order)[2] += quantity.lots();
                ledger.end(*order)?;
            }
            Fact::Traded(trade) => {
                ledger.trades += 1;
                let sizes = self.sizes.borrow();
                let instrument = sizes.listings[trade.listing.index()].instrument;
                let lots = i64::try_from(trade.quantity.lots()).unwrap();
                let notional =
                    i128::from(trade.price.ticks()) * i128::from(lots) * sizes.units[instrument.index()];
                let taker_sign = if trade.aggressor == bearpit::market::Side::Buy { 1 } else { -1 };
                for (owner, order, sign, fee) in [
                    (trade.maker, trade.maker_order, -taker_sign, trade.maker_fee.units()),
                    (trade.taker, trade.taker_order, taker_sign, trade.taker_fee.units()),
                ] {
                    *ledger.cash.entry(owner).or_default() -= notional * i128::from(sign) + fee;
                    *ledger.lots.entry((owner, instrument)).or_default() += lots * sign;
                    ledger.fees += fee;
                    let entry = ledger.entry(order);
                    entry[1] += trade.quantity.lots();
                    if entry[0] == entry[1] {
                        ledger.end(order)?;
                    }
                }
            }
            Fact::OrderRefused { .. } => ledger.refusals += 1,
            Fact::AccountMarked(_) => ledger.marks += 1,
            _ => {}
        }
        Ok(())
    }
}
