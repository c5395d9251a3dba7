//! What venues and brokers charge, worked out anew from all fills of an order, in plain integers: shares no
//! code with the engine but the types that it is compared with.

use bearpit::market::{Charge, ChargedSide, FeeRates, FeeSchedule, FeeTier, FillRate, Liquidity, Side};
use bearpit::units::{Decimal, FeeRate, Money};

const WHOLE: i128 = 10_i128.pow(10);

/// One charge; money in units of 10^-10, rates in units of 10^-9 of notional, by maker, taker and auction.
#[derive(Debug, Clone, Default)]
pub(super) struct Tariff {
    pub(super) on: ChargedSide,
    pub(super) rates: [i64; 3],
    pub(super) a_lot: [i128; 3],
    /// From how much traded on, and the rates from there on.
    pub(super) tiers: Vec<(i128, [i64; 3])>,
    pub(super) an_order: i128,
    pub(super) least: Option<i128>,
    pub(super) most: Option<i128>,
    pub(super) most_rate: Option<i64>,
    pub(super) step: Option<i128>,
}

/// One fill of an order.
#[derive(Debug, Clone, Copy)]
pub(super) struct PastFill {
    pub(super) role: usize,
    /// Price times quantity, without its sign.
    pub(super) notional: i128,
    pub(super) lots: u64,
    /// What its owner had traded before.
    pub(super) traded: i128,
}

pub(super) fn role(liquidity: Liquidity) -> usize {
    match liquidity {
        Liquidity::Maker => 0,
        Liquidity::Taker => 1,
        Liquidity::Auction => 2,
    }
}

/// Rounds half away from zero.
fn div(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator < 0 { (numerator - half) / denominator } else { (numerator + half) / denominator }
}

fn share(rate: i64, notional: i128) -> i128 {
    div(i128::from(rate) * notional, 1_000_000_000)
}

impl Tariff {
    pub(super) fn rates(rates: [i64; 3]) -> Self {
        Self { rates, ..Self::default() }
    }

    /// Returns what an order owes after its fills.
    pub(super) fn owed(&self, fills: &[PastFill]) -> i128 {
        if fills.is_empty() {
            return 0;
        }
        let mut sum = self.an_order;
        for fill in fills {
            let tier = self.tiers.iter().rfind(|(from, _)| *from <= fill.traded);
            let rates = tier.map_or(self.rates, |(_, rates)| *rates);
            sum += share(rates[fill.role], fill.notional);
            sum += self.a_lot[fill.role] * i128::from(fill.lots);
        }
        self.rounded(self.limited(sum, fills.iter().map(|fill| fill.notional).sum()))
    }

    /// Returns a sum raised to the least, and lowered to the most.
    pub(super) fn limited(&self, sum: i128, notional: i128) -> i128 {
        let mut sum = sum;
        sum = self.least.map_or(sum, |least| sum.max(least));
        sum = self.most.map_or(sum, |most| sum.min(most));
        self.most_rate.map_or(sum, |rate| sum.min(share(rate, notional)))
    }

    fn rounded(&self, sum: i128) -> i128 {
        self.step.map_or(sum, |step| div(sum, step) * step)
    }

    /// Returns whether it is a share of each fill's notional by itself.
    pub(super) fn is_rates_only(&self) -> bool {
        let limits = [self.least, self.most, self.step];
        self.a_lot == [0; 3] && self.an_order == 0 && limits == [None; 3] && self.most_rate.is_none()
    }

    /// Returns the same charge with the highest rate for every role, tier by tier.
    pub(super) fn at_worst(&self) -> Self {
        let all = self.tiers.iter().map(|(_, rates)| rates).chain([&self.rates]);
        let rate = all.flatten().copied().max().unwrap().max(0);
        let a_lot = self.a_lot.into_iter().max().unwrap().max(0);
        Self { rates: [rate; 3], a_lot: [a_lot; 3], tiers: Vec::new(), ..self.clone() }
    }

    /// Returns the same charge with the highest tier for each role.
    pub(super) fn at_worst_tier(&self) -> Self {
        let highest =
            |role: usize| self.tiers.iter().map(|(_, rates)| rates[role]).fold(self.rates[role], i64::max);
        Self { rates: [0, 1, 2].map(highest), tiers: Vec::new(), ..self.clone() }
    }

    fn charge(&self) -> Charge {
        let rate = |rates: [i64; 3], role: usize| FillRate {
            rate: FeeRate::from_bps(Decimal::new(rates[role].into(), 5)).unwrap(),
            per_unit: Money::from_units(self.a_lot[role]),
        };
        let rates = |it: [i64; 3]| FeeRates { maker: rate(it, 0), taker: rate(it, 1), auction: rate(it, 2) };
        let tier =
            |(from, it): &(i128, [i64; 3])| FeeTier { from: Money::from_units(*from), rates: rates(*it) };
        Charge {
            on: self.on,
            rates: rates(self.rates),
            tiers: self.tiers.iter().map(tier).collect(),
            per_order: Money::from_units(self.an_order),
            minimum: self.least.map(Money::from_units),
            maximum: self.most.map(Money::from_units),
            maximum_rate: self.most_rate.map(|rate| FeeRate::from_bps(Decimal::new(rate.into(), 5)).unwrap()),
            step: self.step.map(Money::from_units),
            ..Charge::default()
        }
    }
}

/// Returns the schedule of charges.
pub(super) fn schedule(tariffs: &[Tariff]) -> FeeSchedule {
    FeeSchedule::new(tariffs.iter().map(Tariff::charge).collect()).unwrap()
}

/// Returns the charges on orders of `side`.
pub(super) fn on(tariffs: &[Tariff], side: Side) -> impl Iterator<Item = &Tariff> {
    let applies = move |tariff: &&Tariff| match tariff.on {
        ChargedSide::Both => true,
        ChargedSide::Purchases => side == Side::Buy,
        ChargedSide::Sales => side == Side::Sell,
    };
    tariffs.iter().filter(applies)
}

/// The tariffs of a venue and of a broker, one of several by number; the first three are rates only.
pub(super) fn plan(number: u64) -> [Vec<Tariff>; 2] {
    let cents = |cents: i128| WHOLE / 100 * cents;
    let ticket = Tariff {
        an_order: cents(495),
        least: Some(cents(700)),
        most: Some(cents(2_500)),
        step: Some(cents(1)),
        ..Tariff::rates([70_000, 133_333, 10_000])
    };
    let a_share = Tariff {
        a_lot: [-cents(1), cents(3), cents(2)],
        tiers: vec![
            (200 * WHOLE, [0, 250_000, 90_000]),
            (900 * WHOLE, [-100_000, 300_000, 1_000]),
            (5_000 * WHOLE, [0, 110_000, 0]),
        ],
        ..Tariff::rates([100_000, 200_000, 40_000])
    };
    let fixed = Tariff { least: Some(cents(100)), most_rate: Some(10_000_000), ..Tariff::default() };
    let fixed = Tariff { a_lot: [cents(1) / 2; 3], ..fixed };
    let duty = Tariff { on: ChargedSide::Sales, ..Tariff::rates([1_000_000; 3]) };
    let purchase_duty = Tariff { on: ChargedSide::Purchases, ..Tariff::rates([5_000_000; 3]) };
    match number % 6 {
        0 => [Vec::new(), Vec::new()],
        1 => [vec![Tariff::rates([-200_000, 733_333, 100_000])], Vec::new()],
        2 => [vec![Tariff::rates([1_300_000, 7, 9_010_000])], Vec::new()],
        3 => [vec![ticket, duty.clone()], Vec::new()],
        4 => [vec![a_share, purchase_duty], vec![duty]],
        _ => [vec![Tariff::rates([-20_000, 30_000, 0])], vec![fixed, ticket]],
    }
}
