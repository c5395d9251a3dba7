//! [`Arrivals`]: the mid when an account's orders arrived at their venue, for slippage.

use crate::analysis::account::builder::AccountBuilder;
use crate::analysis::metrics::trading::slippage_bps;
use crate::analysis::rows::order_rows::EndedOrder;
use crate::analysis::series::EvenSample;

/// An order that was filled, in part or whole, as it arrived at its venue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    account: usize,
    pub(crate) listing: usize,
    sign: f64,
    average_price: f64,
    filled: f64,
    /// The mid before anything happened at that time; none where there was none.
    pub(crate) mid: Option<f64>,
}

/// How many of an account's orders are kept: more are sampled evenly, so that memory does not grow with the
/// run.
const ARRIVALS_MAX: usize = 100_000;

/// The orders of each account that were filled.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    accounts: Vec<EvenSample<Arrival>>,
}

impl Arrivals {
    pub(crate) fn new(accounts: usize) -> Self {
        Self { accounts: (0..accounts).map(|_| EvenSample::new(ARRIVALS_MAX)).collect() }
    }

    /// Begins another account, after all others.
    pub(crate) fn add_account(&mut self) {
        self.accounts.push(EvenSample::new(ARRIVALS_MAX));
    }

    /// Takes an order that has ended.
    pub(crate) fn add(&mut self, account: usize, order: &EndedOrder<'_>) {
        let sample = self.accounts.get_mut(account).filter(|_| order.filled > 0.0);
        if let Some((sample, average_price)) = sample.zip(order.average_price) {
            sample.add(Arrival {
                at: order.entered_at,
                account,
                listing: order.listing,
                sign: order.sign,
                average_price,
                filled: order.filled,
                mid: order.arrival_mid,
            });
        }
    }

    /// Returns the orders that were kept, in order of their arrival.
    pub(crate) fn in_order(self) -> Vec<Arrival> {
        let kept = self.accounts.into_iter().flat_map(|sample| sample.finish().0);
        let mut arrivals: Vec<Arrival> = kept.collect();
        arrivals.sort_by_key(|arrival| (arrival.at, arrival.account));
        arrivals
    }
}

impl Arrival {
    /// Adds what the order paid beyond the mid at its arrival to the totals of its account.
    pub(crate) fn add_slippage(&self, accounts: &mut [AccountBuilder]) {
        let bps = self.mid.and_then(|mid| slippage_bps(self.sign, self.average_price, mid));
        if let Some((bps, account)) = bps.zip(accounts.get_mut(self.account)) {
            account.totals.slippage_arrival.add(bps, self.average_price * self.filled);
        }
    }
}
