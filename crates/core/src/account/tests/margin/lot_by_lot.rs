//! The gate of margin accounts against a reckoning of what each lot takes.

use proptest::prelude::*;

use super::*;

/// What an account on margin does.
#[derive(Debug, Clone, Copy)]
enum Step {
    Submit {
        which: usize,
        side: Side,
        lots: u64,
        price: i64,
        reduces: bool,
    },
    /// An order at another price, of which and an open one only one is to trade.
    Link {
        pick: usize,
        price: i64,
    },
    Replace {
        pick: usize,
        lots: u64,
        price: i64,
    },
    /// The venue answers a replace.
    Answer {
        pick: usize,
        is_taken: bool,
    },
    Fill {
        pick: usize,
        lots: u64,
    },
    Cancel {
        pick: usize,
    },
    Mark {
        which: usize,
        price: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let (pick, prices) = (|| 0..8_usize, || 40..160_i64);
    let step = prop_oneof![
        4 => (0..2_usize, side, 1..60_u64, prices(), prop::bool::weighted(0.2)).prop_map(
            |(which, side, lots, price, reduces)| Step::Submit { which, side, lots, price, reduces }
        ),
        1 => (pick(), prices()).prop_map(|(pick, price)| Step::Link { pick, price }),
        2 => (pick(), 1..60_u64, prices()).prop_map(|(pick, lots, price)| Step::Replace { pick, lots, price }),
        2 => (pick(), any::<bool>()).prop_map(|(pick, is_taken)| Step::Answer { pick, is_taken }),
        3 => (pick(), 1..40_u64).prop_map(|(pick, lots)| Step::Fill { pick, lots }),
        1 => pick().prop_map(|pick| Step::Cancel { pick }),
        1 => (0..2_usize, prices()).prop_map(|(which, price)| Step::Mark { which, price }),
    ];
    prop::collection::vec(step, 1..80)
}

/// An open order.
#[derive(Debug, Clone, Copy)]
struct Open {
    id: u64,
    which: usize,
    side: Side,
    price: i64,
    lots: u64,
    filled: u64,
    /// The price and the lots, filled ones included, of a replace that is not answered yet.
    new: Option<(i64, u64)>,
    partner: Option<u64>,
    reduces: bool,
}

impl Open {
    /// Returns the most lots that may still trade.
    fn most(&self) -> u64 {
        self.new.map_or(0, |(_, total)| total.saturating_sub(self.filled)).max(self.lots)
    }

    /// Returns what a lot is worth where it opens, and what it loses at once.
    fn lot(&self, mark: i64) -> (i64, i64) {
        let prices = || [self.price].into_iter().chain(self.new.map(|new| new.0));
        let dearest = prices().max().unwrap();
        match self.side {
            Side::Buy => (dearest, (dearest - mark).max(0)),
            Side::Sell => (dearest.max(mark), (mark - prices().min().unwrap()).max(0)),
        }
    }

    /// Orders linked orders: the one that takes most counts, or else the older.
    fn rank(&self, mark: i64) -> (i64, std::cmp::Reverse<u64>) {
        let (worth, loss) = self.lot(mark);
        ((worth + loss) * i64::try_from(self.most()).unwrap(), std::cmp::Reverse(self.id))
    }
}

/// What a margin account has, by lists of lots.
#[derive(Debug, Clone, Default)]
struct Plain {
    cash: i64,
    holding: [i64; 2],
    open: Vec<Open>,
}

impl Plain {
    /// Returns equity, and what is taken of it, times the leverage: lot by lot.
    fn stands(&self, marks: [i64; 2], leverage: i64) -> (i64, i64) {
        let equity = self.cash + self.holding[0] * marks[0] + self.holding[1] * marks[1];
        let mut taken = 0;
        for which in [0, 1] {
            let (mark, held) = (marks[which], self.holding[which]);
            let sides = Side::BOTH.map(|side| {
                let counts = |it: &&Open| {
                    let partner = it.partner.and_then(|id| self.open.iter().find(|other| other.id == id));
                    partner.is_none_or(|other| it.rank(mark) > other.rank(mark))
                };
                let of_side = self.open.iter().filter(|it| it.which == which && it.side == side);
                let (leaving, others): (Vec<&Open>, Vec<&Open>) =
                    of_side.filter(counts).partition(|it| it.reduces);
                let mut lots: Vec<(i64, i64)> = others
                    .iter()
                    .flat_map(|it| std::iter::repeat_n(it.lot(mark), usize::try_from(it.most()).unwrap()))
                    .collect();
                lots.sort_unstable();
                lots.reverse();
                let reducing = usize::try_from((-held * side.sign()).max(0)).unwrap();
                let left = usize::try_from(leaving.iter().map(|it| it.most()).sum::<u64>()).unwrap();
                // Whatever only leaves the position is the first to do so; each lot of it loses once at most.
                let losing = lots.iter().take(lots.len().saturating_sub(reducing));
                let opening = lots.iter().take(lots.len().saturating_sub(reducing.saturating_sub(left)));
                taken += losing.map(|lot| lot.1 * leverage).sum::<i64>();
                opening.map(|lot| lot.0).sum::<i64>() + (held * side.sign()).max(0) * mark
            });
            taken += sides[0].max(sides[1]);
        }
        (equity, taken)
    }
}

/// A desk, and what a plain reckoning says of it.
struct Both {
    desk: MarginDesk,
    plain: Plain,
    leverage: i64,
}

impl Both {
    /// Has the plain reckoning be as it would be with a request, if the gate has admitted it; fails if the
    /// reckoning would not have.
    fn admit(&mut self, with: Plain, said: Result<(), Refusal>) -> Result<(), TestCaseError> {
        if matches!(said, Err(Refusal::WouldNotReduce { .. })) {
            return Ok(());
        }
        let marks = self.desk.prices.0;
        let (_, before) = self.plain.stands(marks, self.leverage);
        let (equity, after) = with.stands(marks, self.leverage);
        let is_covered = after <= before || after <= equity * self.leverage;
        // Each instrument's margin is rounded up by itself.
        let is_close = (equity * self.leverage - after).abs() <= 2;
        prop_assert!(said.is_ok() == is_covered || is_close, "{:?} {} {} {:?}", said, equity, after, with);
        if said.is_ok() {
            self.plain = with;
        }
        Ok(())
    }

    fn submit(&mut self, order: Open) -> Result<(), TestCaseError> {
        let order = Open { id: self.desk.next, ..order };
        let mut with = self.plain.clone();
        let mut terms = limit(order.side, order.lots, order.price);
        terms.reduce_only = order.reduces;
        if let Some(partner) = order.partner {
            terms = or(terms, partner);
            with.open.iter_mut().filter(|it| it.id == partner).for_each(|it| it.partner = Some(order.id));
        }
        with.open.push(order);
        let said = self.desk.submit(order.which, terms).map(|_| ());
        self.admit(with, said)
    }

    fn replace(&mut self, pick: usize, price: i64, lots: u64) -> Result<(), TestCaseError> {
        let order = self.plain.open[pick];
        let total = order.filled + lots;
        let mut with = self.plain.clone();
        with.open[pick].new = Some((price, total));
        let said = self.desk.replace(order.which, order.id, price, total);
        self.admit(with, said)
    }

    fn answer(&mut self, pick: usize, is_taken: bool) {
        let order = &mut self.plain.open[pick];
        let Some((price, total)) = order.new.take() else { return };
        let kind = if is_taken && total > order.filled {
            (order.price, order.lots) = (price, total - order.filled);
            ReportKind::Replaced { price: Price::new(price), leaves: Quantity::new(order.lots) }
        } else {
            ReportKind::CommandRejected(RejectReason::UnknownOrder)
        };
        self.desk.hear(order.which, order.id, kind);
    }

    fn fill(&mut self, pick: usize, lots: u64) {
        let order = &mut self.plain.open[pick];
        let lots = lots.min(order.lots);
        self.desk.fill(order.which, order.id, order.price, lots);
        let signed = i64::try_from(lots).unwrap() * order.side.sign();
        order.lots -= lots;
        order.filled += lots;
        let order = *order;
        self.plain.cash -= signed * order.price;
        self.plain.holding[order.which] += signed;
        // Its partner has no more left than it has.
        let partner = order.partner.and_then(|id| self.plain.open.iter_mut().find(|it| it.id == id));
        if let Some(partner) = partner {
            partner.filled += partner.lots - partner.lots.min(order.lots);
            partner.lots = partner.lots.min(order.lots);
        }
        if order.lots == 0 {
            self.end(order, None);
        }
    }

    /// Ends an order, and with it its partner.
    fn end(&mut self, order: Open, kind: Option<ReportKind>) {
        kind.into_iter().for_each(|kind| self.desk.hear(order.which, order.id, kind));
        order.partner.into_iter().for_each(|partner| self.desk.hear(order.which, partner, LINKED));
        self.plain.open.retain(|it| it.id != order.id && Some(it.id) != order.partner);
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (equity, taken) = self.plain.stands(self.desk.prices.0, self.leverage);
        let stands = self.desk.stands();
        prop_assert_eq!(stands.equity, whole(equity));
        let rounded = stands.initial * i128::from(self.leverage) - whole(taken);
        prop_assert!(rounded >= Money::ZERO && rounded <= Money::from_units(10), "{:?} {}", stands, taken);
        prop_assert!(self.desk.power() <= whole((equity * self.leverage - taken).max(0)));
        Ok(())
    }
}

proptest! {
    #[test]
    fn prop_the_gate_takes_what_a_reckoning_lot_by_lot_says(
        cash in 0..20_000_i64, leverage in 1..5_u32, steps in steps(),
    ) {
        let plain = Plain { cash, ..Plain::default() };
        let mut both = Both { desk: MarginDesk::new(cash, leverage), plain, leverage: leverage.into() };
        for step in steps {
            let picked = |pick: usize| both.plain.open.get(pick).copied();
            match step {
                Step::Submit { which, side, lots, price, reduces } => {
                    let new = None;
                    both.submit(Open { id: 0, which, side, price, lots, filled: 0, new, partner: None, reduces })?;
                }
                Step::Link { pick, price } => match picked(pick) {
                    Some(it) if it.new.is_none() && it.partner.is_none() => {
                        both.submit(Open { price, filled: 0, partner: Some(it.id), ..it })?;
                    }
                    _ => {}
                },
                Step::Replace { pick, lots, price } => match picked(pick) {
                    Some(it) if it.new.is_none() && it.partner.is_none() => both.replace(pick, price, lots)?,
                    _ => {}
                },
                Step::Answer { pick, is_taken } if picked(pick).is_some() => both.answer(pick, is_taken),
                Step::Fill { pick, lots } if picked(pick).is_some() => both.fill(pick, lots),
                Step::Cancel { pick } => {
                    picked(pick).into_iter().for_each(|order| both.end(order, Some(REQUESTED)));
                }
                Step::Answer { .. } | Step::Fill { .. } => {}
                Step::Mark { which, price } => both.desk.prices.0[which] = price,
            }
            both.check()?;
        }
    }
}
