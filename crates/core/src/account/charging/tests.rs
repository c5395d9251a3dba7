//! Charges by hand: the amounts that brokers' price lists come to.

use super::*;
use crate::market::{
    Charge, ChargedSide, FeeRates, FeeSchedule, FeeTier, FillRate, Instrument, Liquidity, Side, TierMeasure,
};
use crate::units::{ActorId, FeeRate, Money, OrderId, Price, Quantity, SimTime, VenueId};

fn money(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

fn bps(text: &str) -> FillRate {
    FillRate { rate: FeeRate::from_bps(text.parse().unwrap()).unwrap(), per_unit: Money::ZERO }
}

fn a_share(text: &str) -> FillRate {
    FillRate { per_unit: money(text), ..FillRate::default() }
}

fn schedule(charge: Charge) -> FeeSchedule {
    FeeSchedule::new(vec![charge]).unwrap()
}

fn flat(rate: FillRate) -> Charge {
    Charge::of(FeeRates::flat(rate))
}

/// A venue whose orders fill at prices in cents.
struct Till {
    instrument: Instrument,
    ledger: FeeLedger,
    venue: FeeSchedule,
    broker: Option<FeeSchedule>,
    now: SimTime,
}

impl Till {
    fn new(venue: FeeSchedule) -> Self {
        let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let now = "2025-03-31T12:00:00".parse().unwrap();
        Self { instrument, ledger: FeeLedger::default(), venue, broker: None, now }
    }

    fn plan(&self) -> FeePlan<'_> {
        FeePlan { venue: &self.venue, broker: self.broker.as_ref() }
    }

    /// Fills so much of an order of the account 0.
    fn fill(&mut self, order: u64, side: Side, lots: u64, cents: i64) -> String {
        let instrument = self.instrument.clone();
        let payer = Payer { order: OrderId::new(order), owner: ActorId::new(0), venue: VenueId::new(0) };
        let fill = FeeFill {
            side,
            liquidity: Liquidity::Taker,
            price: Price::new(cents),
            quantity: Quantity::new(lots),
            instrument: &instrument,
        };
        let plan = FeePlan { venue: &self.venue, broker: self.broker.as_ref() };
        self.ledger.charge(self.now, plan, payer, &fill).to_string()
    }

    /// The most that buying so much can be charged.
    fn hold(&self, lots: u64, cents: i64) -> Money {
        let quantity = Quantity::new(lots);
        let part =
            TradeSize { notional: self.instrument.notional(Price::new(cents), quantity).abs(), quantity };
        self.plan().worst(Side::Buy, &[part], &self.instrument, None)
    }
}

#[test]
fn case_41_a_purchase_of_15_at_67_30() {
    let ticket = schedule(Charge { per_order: money("4.95"), ..Charge::default() });
    assert_eq!(Till::new(ticket).fill(0, Side::Buy, 15, 6_730), "4.95");
    let least = Some(money("1"));
    let shares = schedule(Charge { minimum: least, ..flat(a_share("0.005")) });
    assert_eq!(Till::new(shares).fill(0, Side::Buy, 15, 6_730), "1.00");
    let percent = Charge { minimum: least, ..flat(bps("100")) };
    assert_eq!(Till::new(schedule(percent.clone())).fill(0, Side::Buy, 15, 6_730), "10.095");
    let in_cents = schedule(Charge { step: Some(money("0.01")), ..percent });
    assert_eq!(Till::new(in_cents).fill(0, Side::Buy, 15, 6_730), "10.10");
    let mut duty = Till::new(schedule(Charge { on: ChargedSide::Sales, ..flat(bps("10")) }));
    assert_eq!(duty.fill(0, Side::Buy, 15, 6_730), "0.00");
    assert_eq!(duty.fill(1, Side::Sell, 15, 6_730), "1.0095");
}

#[test]
fn the_first_fill_pays_the_minimum_and_later_ones_what_exceeds_it() {
    let charge = Charge { minimum: Some(money("5")), maximum: Some(money("12")), ..flat(bps("100")) };
    let mut till = Till::new(schedule(charge));
    // One percent of 200, 200, 400, 300 and 500: 2, 4, 8, 11, 16 in all.
    let fees = [200, 200, 400, 300, 500].map(|lots| till.fill(0, Side::Buy, lots, 100));
    assert_eq!(fees, ["5.00", "0.00", "3.00", "3.00", "1.00"]);
    assert_eq!(till.fill(1, Side::Buy, 200, 100), "5.00", "another order");
}

#[test]
fn an_order_pays_its_ticket_once_and_cents_do_not_drift() {
    let charge = Charge { per_order: money("1"), step: Some(money("0.01")), ..flat(a_share("0.0035")) };
    let mut till = Till::new(schedule(charge));
    let fees = [1, 1, 1, 1].map(|lots| till.fill(0, Side::Buy, lots, 100));
    // 1.0035, 1.007, 1.0105 and 1.014.
    assert_eq!(fees, ["1.00", "0.01", "0.00", "0.00"]);
}

#[test]
fn a_share_of_the_notional_goes_before_the_minimum() {
    // Interactive Brokers: 0.005 a share, at least 1.00, at most one percent: 10 shares of 0.20 pay 0.02.
    let maximum_rate = Some(bps("100").rate);
    let charge = Charge { minimum: Some(money("1")), maximum_rate, ..flat(a_share("0.005")) };
    let mut till = Till::new(schedule(charge));
    assert_eq!(till.fill(0, Side::Buy, 10, 20), "0.02");
    assert_eq!(till.fill(1, Side::Buy, 1_000, 2_500), "5.00");
    assert_eq!(till.fill(2, Side::Buy, 100, 2_500), "1.00");
}

#[test]
fn tiers_count_the_calendar_month_of_the_account() {
    let tier = |from: &str, rate| FeeTier { from: money(from), rates: FeeRates::flat(rate) };
    let tiers = vec![tier("1000", bps("50")), tier("3000", bps("10"))];
    let mut till = Till::new(schedule(Charge { tiers, ..flat(bps("100")) }));
    let fees = [0, 1, 2, 3].map(|order| till.fill(order, Side::Buy, 1_000, 100));
    // A fill pays by what was traded before it: 0, 1,000, 2,000 and 3,000.
    assert_eq!(fees, ["10.00", "5.00", "5.00", "1.00"]);
    till.now = "2025-04-01T00:00:00".parse().unwrap();
    assert_eq!(till.fill(4, Side::Sell, 1_000, 100), "10.00", "a new month");
}

#[test]
fn tiers_can_count_quantity() {
    let tiers = vec![FeeTier { from: money("300"), rates: FeeRates::flat(a_share("0.002")) }];
    let measure = TierMeasure::Quantity;
    let mut till = Till::new(schedule(Charge { tiers, measure, ..flat(a_share("0.0035")) }));
    let fees = [0, 1, 2].map(|order| till.fill(order, Side::Buy, 200, 100));
    assert_eq!(fees, ["0.70", "0.70", "0.40"]);
}

#[test]
fn venue_and_broker_both_charge() {
    let mut till = Till::new(crate::market::Fees { taker: bps("10").rate, ..Default::default() }.into());
    till.broker = Some(schedule(Charge { per_order: money("1"), ..Charge::default() }));
    assert_eq!([500, 500].map(|lots| till.fill(0, Side::Buy, lots, 200)), ["2.00", "1.00"]);
}

#[test]
fn a_sale_pays_at_most_what_it_has_brought() {
    let mut till = Till::new(schedule(Charge { minimum: Some(money("5")), ..Charge::default() }));
    // The first fill brings 3, the second 3 more.
    assert_eq!([1, 1, 1].map(|lots| till.fill(0, Side::Sell, lots, 300)), ["3.00", "2.00", "0.00"]);
    assert_eq!(till.fill(1, Side::Buy, 1, 300), "5.00");
    let cl = till.instrument.clone().with_min_price(Price::new(-50_000));
    till.instrument = cl;
    assert_eq!(till.fill(2, Side::Sell, 1, 300), "5.00", "where a sale may cost money, its fees are held");
    assert_eq!(till.fill(3, Side::Sell, 10, -3_763), "5.00");
}

#[test]
fn fees_are_on_the_size_of_a_negative_notional() {
    let mut till = Till::new(schedule(flat(bps("10"))));
    till.instrument = till.instrument.clone().with_min_price(Price::new(-50_000));
    assert_eq!(till.fill(0, Side::Buy, 1_000, -3_763), "37.63");
}

#[test]
fn the_hold_is_the_worst_and_no_more() {
    let charge = Charge { minimum: Some(money("5")), maximum: Some(money("12")), ..flat(bps("100")) };
    let till = Till::new(schedule(charge));
    assert_eq!(till.hold(200, 100), money("5"));
    let rounding = till.hold(1_000, 100) - money("10");
    assert!(rounding >= Money::ZERO && rounding <= Money::from_units(1_001), "{rounding}");
    assert_eq!(till.hold(5_000, 100), money("12"));
    assert_eq!(till.hold(0, 100), Money::ZERO);
}
