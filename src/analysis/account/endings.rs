//! [`OrderEnding`]: how many orders of an account ended without being filled, and why.

use serde::{Deserialize, Serialize};

/// A way in which orders ended that their owner did not ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEnding {
    /// How: `refused`, `rejected`, `canceled` or `expired`, as in the table `orders`.
    pub status: String,
    /// Why, as in the table `orders`.
    pub reason: String,
    /// How many orders.
    pub orders: u64,
}

impl OrderEnding {
    /// Returns the endings of several runs, each way once.
    #[must_use]
    pub fn total<'a>(endings: impl IntoIterator<Item = &'a Self>) -> Vec<Self> {
        let mut total = Endings::default();
        for Self { status, reason, orders } in endings {
            total.add_all(status, reason, *orders);
        }
        total.finish()
    }
}

/// Why orders are canceled as their owner wants it.
const WANTED: [&str; 4] = ["requested", "mass_cancel", "linked", "replaced_to_filled"];

/// The endings of an account's orders so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endings(Vec<OrderEnding>);

impl Endings {
    /// Counts an order that has ended, unless it was filled or its owner ended it.
    pub(crate) fn add(&mut self, status: &str, reason: &str) {
        if status != "filled" && !WANTED.contains(&reason) {
            self.add_all(status, reason, 1);
        }
    }

    fn add_all(&mut self, status: &str, reason: &str, orders: u64) {
        match self.0.iter_mut().find(|it| it.status == status && it.reason == reason) {
            Some(ending) => ending.orders += orders,
            None => {
                let (status, reason) = (status.to_owned(), reason.to_owned());
                self.0.push(OrderEnding { status, reason, orders });
            }
        }
    }

    /// Returns them by status, the most frequent reason first.
    pub(crate) fn finish(mut self) -> Vec<OrderEnding> {
        self.0.sort_by(|a, b| {
            let by_count = b.orders.cmp(&a.orders);
            rank(&a.status).cmp(&rank(&b.status)).then(by_count).then_with(|| a.reason.cmp(&b.reason))
        });
        self.0
    }
}

fn rank(status: &str) -> usize {
    ["refused", "rejected", "canceled", "expired"].iter().position(|known| *known == status).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asked_for_is_counted_by_reason() {
        let mut endings = Endings::default();
        for (status, reason) in [
            ("canceled", "ioc_remainder"),
            ("filled", ""),
            ("canceled", "requested"),
            ("refused", "insufficient_cash"),
            ("canceled", "linked"),
            ("refused", "insufficient_shares"),
            ("refused", "insufficient_shares"),
        ] {
            endings.add(status, reason);
        }
        let found: Vec<String> = endings
            .clone()
            .finish()
            .iter()
            .map(|it| format!("{} {} {}", it.status, it.reason, it.orders))
            .collect();
        assert_eq!(
            found,
            ["refused insufficient_shares 2", "refused insufficient_cash 1", "canceled ioc_remainder 1"]
        );
        let once = endings.clone().finish();
        let twice = OrderEnding::total(once.iter().chain(&once));
        let counts: Vec<u64> = twice.iter().map(|it| it.orders).collect();
        assert_eq!((counts.as_slice(), twice[0].reason.as_str()), (&[4, 2, 2][..], "insufficient_shares"));
    }
}
