//! [`Arrivals`]: the mid when the quotes that were filled arrived at their venue, for slippage.

use crate::analysis::account::builder::AccountBuilder;
use crate::analysis::metrics::trading::slippage_bps;
use crate::analysis::rows::account_rows::FillRow;
use crate::analysis::series::EvenSample;
use bearpit_core::market::Side;

/// A fill, with the time at which its order had arrived with the terms at which it was filled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    account: usize,
    pub(crate) listing: usize,
    sign: f64,
    price: f64,
    quantity: f64,
    /// The mid before anything happened at that time; none where there was none.
    pub(crate) mid: Option<f64>,
}

/// How many of an account's fills are kept: more are sampled evenly, so that memory does not grow with the
/// run.
const ARRIVALS_MAX: usize = 100_000;

/// The fills of each account.
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

    /// Takes a fill; in order of time.
    pub(crate) fn add(&mut self, fill: &FillRow) {
        if let Some((sample, listing)) = self.accounts.get_mut(fill.account).zip(fill.listing) {
            sample.add(Arrival {
                at: fill.quoted_at,
                account: fill.account,
                listing,
                sign: if fill.side == Side::Buy { 1.0 } else { -1.0 },
                price: fill.price,
                quantity: fill.quantity,
                mid: fill.quoted_mid,
            });
        }
    }

    /// Returns the fills that were kept, in order of the arrival of their quotes.
    pub(crate) fn in_order(self) -> Vec<Arrival> {
        let kept = self.accounts.into_iter().flat_map(|sample| sample.finish().0);
        let mut arrivals: Vec<Arrival> = kept.collect();
        arrivals.sort_by_key(|arrival| (arrival.at, arrival.account));
        arrivals
    }
}

impl Arrival {
    /// Adds what the fill paid beyond the mid at the arrival of its quote to the totals of its account.
    pub(crate) fn add_slippage(&self, accounts: &mut [AccountBuilder]) {
        let bps = self.mid.and_then(|mid| slippage_bps(self.sign, self.price, mid));
        if let Some((bps, account)) = bps.zip(accounts.get_mut(self.account)) {
            account.totals.slippage_arrival.add(bps, self.price * self.quantity);
        }
    }
}
