//! Open orders, and what links them (rules 18 and 19; they are those of bars).

use super::super::history::*;

/// When an order does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// At once.
    Now,
    /// At the next row of the kind that market orders trade with.
    Row,
    /// At the first of these of a day.
    DayOpen,
    /// At the last of these of a day.
    DayClose,
    /// When a price comes.
    Price,
}

#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) number: usize,
    pub(super) part: Part,
    pub(super) owner: usize,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) tif: Tif,
    pub(super) left: u64,
    pub(super) filled: u64,
    pub(super) total: u64,
    pub(super) since: i64,
    pub(super) arrival: usize,
    /// Of a trailing stop: the best price so far.
    pub(super) best: Option<i64>,
    pub(super) waits: Waits,
    /// Whether it is what an earlier row left of a market order.
    pub(super) is_carried: bool,
    /// Whether it has had its turn at this row.
    pub(super) had_turn: bool,
    pub(super) partner: Option<usize>,
    pub(super) entry: Option<usize>,
    pub(super) link: Link,
    /// The exits of a bracket, once they have entered.
    pub(super) exits: Option<[usize; 2]>,
    pub(super) fills: Vec<Fill>,
    /// What ended it.
    pub(super) end: Option<End>,
}

impl Open {
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    pub(super) fn trigger(&self) -> Option<i64> {
        match self.kind {
            Kind::Stop(trigger) | Kind::StopLimit { trigger, .. } => Some(trigger),
            Kind::Trailing(ticks) => self.best.map(|best| best + self.side.sign() * ticks),
            _ => None,
        }
    }

    pub(super) fn is_stop(&self) -> bool {
        matches!(self.kind, Kind::Stop(_) | Kind::StopLimit { .. } | Kind::Trailing(_))
    }

    /// What it waits for, where orders that arrive now are dealt with at once or not.
    pub(super) fn waits_for(&self, is_dealing: bool) -> Waits {
        let soon = if is_dealing { Waits::Now } else { Waits::Row };
        match (self.tif, self.kind) {
            (Tif::AtOpen, _) => Waits::DayOpen,
            (Tif::AtClose, _) => Waits::DayClose,
            (_, Kind::Market | Kind::MarketToLimit) => soon,
            (Tif::Ioc | Tif::Fok, Kind::Limit(_)) => soon,
            _ => Waits::Price,
        }
    }

    /// Lets a trailing stop follow a price.
    pub(super) fn follow(&mut self, price: i64) {
        if let Kind::Trailing(_) = self.kind {
            self.best = Some(match (self.side, self.best) {
                (_, None) => price,
                (Side::Sell, Some(best)) => best.max(price),
                (Side::Buy, Some(best)) => best.min(price),
            });
        }
    }

    /// Its place among orders that are due at one instant (rule 16).
    pub(super) fn place(&self) -> (bool, u8, i64, usize) {
        let sign = self.side.sign();
        let (class, price) = match self.kind {
            _ if self.is_carried => (0, 0),
            Kind::Limit(limit) => (2, -sign * limit),
            _ => match self.trigger() {
                Some(trigger) => (3, sign * trigger),
                None => (1, 0),
            },
        };
        (self.side == Side::Buy, class, price, self.arrival)
    }
}
