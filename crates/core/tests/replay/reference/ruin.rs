//! Ruin at its instant (rule 27).

use super::super::history::{End, Kind, OnRuin, Part, Side, Tif};
use super::{Order, Reference, State, cash};

/// The number of orders that close positions: nobody has sent them.
pub(super) const CLOSING: usize = usize::MAX;

impl Reference<'_> {
    /// Ends what those have who are ruined by what has just filled, until there is nothing to close.
    pub(super) fn settle_ruin(&mut self) {
        loop {
            let closing = self.liquidate();
            if closing.is_empty() {
                return;
            }
            let due = closing.into_iter().filter_map(|index| self.due_on_arrival(index)).collect();
            self.fill_in_order(due);
        }
    }

    /// Notes who is ruined now, cancels what they have at the venue, and enters the orders that close what
    /// they hold; returns these.
    pub(super) fn liquidate(&mut self) -> Vec<usize> {
        let mut closing = Vec::new();
        for owner in 0..self.accounts.len() {
            let is_gone = self
                .equity(owner)
                .is_some_and(|equity| equity < 0 || (equity == 0 && self.accounts[owner].has_traded));
            if self.history.owners[owner].on_ruin == OnRuin::Nothing
                || !is_gone
                || self.accounts[owner].ruined.is_some()
            {
                continue;
            }
            self.accounts[owner].ruined = Some(self.now);
            for index in 0..self.orders.len() {
                if self.orders[index].owner == owner && self.orders[index].arrival().is_some() {
                    self.end(index, End::Canceled("ruined"));
                }
            }
            for instrument in 0..self.markets.len() {
                closing.extend(self.close(owner, instrument));
            }
        }
        closing
    }

    /// Returns cash and what is held at the price that there is, or was last; none if something has had none.
    fn equity(&self, owner: usize) -> Option<i128> {
        let account = &self.accounts[owner];
        let mut equity = account.cash;
        for (market, position) in self.markets.iter().zip(&account.positions) {
            if *position != 0 {
                let price = market.price.or(market.last_close)?;
                equity += cash::notional(price, position.unsigned_abs()) * i128::from(position.signum());
            }
        }
        Some(equity)
    }

    /// Enters the order that closes a position, unless its file is over.
    fn close(&mut self, owner: usize, instrument: usize) -> Option<usize> {
        let position = self.accounts[owner].positions[instrument];
        let market = &self.markets[instrument];
        if position == 0 || market.done == market.steps.len() && market.price.is_none() {
            return None;
        }
        let index = self.orders.len();
        self.orders.push(Order {
            number: CLOSING,
            part: Part::Entry,
            owner,
            instrument,
            side: if position > 0 { Side::Sell } else { Side::Buy },
            kind: Kind::Market,
            tif: Tif::Gtc,
            leaves: position.unsigned_abs(),
            state: State::Sent,
            is_left_over: false,
            best: None,
            bar: None,
            passed_over: None,
            known_price: 0,
            names: None,
            partner: None,
            bracket: None,
            exits: None,
            entry: None,
            fills: Vec::new(),
        });
        self.go_live(index);
        Some(index)
    }
}
