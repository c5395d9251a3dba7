//! Margin accounts at the gate, by hand-worked values, and against a plain reckoning of what orders take.

mod lot_by_lot;

use super::*;

/// Two instruments, of which a tick times a lot is one of money, and what a lot of each is worth; nothing is
/// known of one at zero.
#[derive(Debug, Clone, Copy)]
struct Prices([i64; 2]);

const INSTRUMENTS: [InstrumentId; 2] = [InstrumentId::new(0), InstrumentId::new(1)];

impl Marks for Prices {
    fn worth(&self, instrument: InstrumentId, holding: NetQuantity) -> Option<Money> {
        let price = self.0[instrument.index()];
        (price != 0).then(|| Money::from_whole(price * holding.lots()))
    }

    fn notional(&self, _: InstrumentId, price: Price, quantity: Quantity) -> Money {
        Money::from_whole(price.ticks() * quantity.net().lots())
    }
}

/// A margin account that trades two instruments.
struct MarginDesk {
    account: Account,
    instrument: Instrument,
    fees: FeeSchedule,
    prices: Prices,
    next: u64,
}

impl MarginDesk {
    /// Initial margin of one in `leverage`, and half of that for maintenance.
    fn new(cash: i64, leverage: u32) -> Self {
        let [initial, maintenance] = [leverage, 2 * leverage].map(|of| MarginRate::new(1, of).unwrap());
        let credit = Credit::Margin(MarginTerms::new(initial, maintenance).unwrap());
        let config = AccountConfig { cash: Money::from_whole(cash), credit, ..AccountConfig::default() };
        config.check(2).unwrap();
        let instrument = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let account = Account::open(&config, 2);
        Self { account, instrument, fees: FeeSchedule::FREE, prices: Prices([100, 50]), next: 0 }
    }

    fn charged(self, bps: i128) -> Self {
        let rate = FeeRate::from_bps(crate::units::Decimal::new(bps, 0)).unwrap();
        Self { fees: FeeSchedule::from(Fees { maker: rate, taker: rate, auction: rate }), ..self }
    }

    fn with<T>(&mut self, which: usize, what: impl FnOnce(&mut Account, &OrderContext<'_>) -> T) -> T {
        let at = OrderContext {
            listing: ListingId::new(u32::try_from(which).unwrap()),
            instrument_id: INSTRUMENTS[which],
            instrument: &self.instrument,
            fees: &self.fees,
            now: SimTime::from_nanos(0),
            pricing: Pricing::Protected,
            marks: Some(&self.prices),
        };
        what(&mut self.account, &at)
    }

    fn submit(&mut self, which: usize, terms: OrderTerms) -> Result<u64, Refusal> {
        let id = self.next;
        let ask = Price::new(self.prices.0[which]);
        self.with(which, |account, at| account.admit(OrderId::new(id), terms, at, Some(ask)))?;
        self.next += 3;
        Ok(id)
    }

    fn replace(&mut self, which: usize, id: u64, price: i64, lots: u64) -> Result<(), Refusal> {
        let new = Replacement::at(Price::new(price), Quantity::new(lots));
        self.with(which, |account, at| account.admit_replace(OrderId::new(id), new, at)).map(|_| ())
    }

    fn hear(&mut self, which: usize, id: u64, kind: ReportKind) {
        let order = OrderId::new(id);
        let side = self.account.order(order).map_or(Side::Buy, |order| order.side);
        let (listing, at) = (ListingId::new(u32::try_from(which).unwrap()), SimTime::from_nanos(0));
        let report = ExecutionReport { order, listing, side, at, kind };
        self.with(which, |account, at| account.book(&report, at)).unwrap();
    }

    fn fill(&mut self, which: usize, id: u64, price: i64, lots: u64) {
        let leaves = self.account.order(OrderId::new(id)).unwrap().leaves - Quantity::new(lots);
        let kind = ReportKind::Filled {
            trade: TradeId::new(0),
            price: Price::new(price),
            quantity: Quantity::new(lots),
            leaves,
            liquidity: Liquidity::Maker,
            phase: Phase::Continuous,
            fee: Money::ZERO,
        };
        self.hear(which, id, kind);
    }

    /// Trades at once.
    fn trade(&mut self, which: usize, terms: OrderTerms, price: i64) {
        let id = self.submit(which, terms).unwrap();
        self.fill(which, id, price, terms.quantity.lots());
    }

    fn stands(&self) -> MarginStanding {
        self.account.margin(&self.prices).unwrap()
    }

    fn power(&self) -> Money {
        self.stands().buying_power()
    }

    fn worth(&self) -> Valuation {
        let MarginStanding { equity, exposure, .. } = self.stands();
        Valuation { equity, exposure }
    }
}

fn whole(amount: i64) -> Money {
    Money::from_whole(amount)
}

fn short_of(needed: i64, free: i64) -> Result<u64, Refusal> {
    Err(Refusal::InsufficientMargin { needed: whole(needed), free: whole(free) })
}

#[test]
fn an_account_of_leverage_two_buys_for_twice_its_equity() {
    let mut desk = MarginDesk::new(10_000, 2);
    assert_eq!(desk.power(), whole(20_000));
    let bid = desk.submit(0, buy(150, 100)).unwrap();
    assert_eq!((desk.stands().initial, desk.power()), (whole(7_500), whole(5_000)));
    assert_eq!(desk.submit(0, buy(51, 100)), short_of(2_550, 2_500));
    assert_eq!(desk.account.refused(), 1);
    desk.fill(0, bid, 100, 150);
    // Cash is 5,000 below zero, and the position worth 15,000.
    assert_eq!(desk.account.cash(), whole(-5_000));
    assert_eq!((desk.stands().equity, desk.stands().maintenance), (whole(10_000), whole(3_750)));
    // The other instrument takes of the same margin: 100 lots at 50, half of it.
    desk.submit(1, buy(100, 50)).unwrap();
    assert_eq!(desk.power(), Money::ZERO);
    assert_eq!(desk.submit(1, buy(1, 50)), short_of(25, 0));
}

#[test]
fn a_short_sale_takes_margin_and_its_proceeds_pay_for_nothing_more() {
    let mut desk = MarginDesk::new(10_000, 2);
    desk.trade(0, sell(100, 100), 100);
    assert_eq!((desk.account.cash(), desk.stands().equity), (whole(20_000), whole(10_000)));
    assert_eq!(desk.power(), whole(10_000));
    assert_eq!(desk.submit(0, sell(101, 100)), short_of(5_050, 5_000));
    // Covering it takes nothing, and what goes beyond that is a purchase of its own: as large as the short.
    desk.submit(0, buy(200, 100)).unwrap();
    assert_eq!(desk.power(), whole(10_000));
    assert_eq!(desk.submit(0, buy(101, 100)), short_of(5_050, 5_000));
}

#[test]
fn what_only_reduces_a_position_is_let_through_without_any_margin() {
    let mut desk = MarginDesk::new(10_000, 2);
    desk.trade(0, buy(200, 100), 100);
    desk.prices = Prices([60, 50]);
    let stands = desk.stands();
    assert_eq!((stands.equity, stands.initial, stands.excess()), (whole(2_000), whole(6_000), whole(-4_000)));
    assert_eq!(desk.power(), Money::ZERO);
    assert_eq!(desk.submit(0, buy(1, 60)), short_of(30, -4_000));
    desk.submit(0, OrderTerms::market(Side::Sell, Quantity::new(150))).unwrap();
    desk.submit(0, sell(50, 60)).unwrap();
    // All of it is for sale already; a short as large as the position takes no more than it does.
    desk.submit(0, sell(200, 60)).unwrap();
    assert_eq!(desk.submit(0, sell(1, 60)), short_of(30, -4_000));
}

#[test]
fn what_an_order_loses_at_its_own_price_is_taken_in_full() {
    let mut desk = MarginDesk::new(6_500, 2);
    // Half of 110, and the 10 by which that is above the mark.
    assert_eq!(desk.submit(0, buy(101, 110)), short_of(6_565, 6_500));
    desk.submit(0, buy(100, 110)).unwrap();
    let mut desk = MarginDesk::new(6_000, 2);
    // Half of the mark, and the 10 below it; above the mark, half of the limit.
    assert_eq!(desk.submit(0, sell(101, 90)), short_of(6_060, 6_000));
    assert_eq!(desk.submit(0, sell(101, 120)), short_of(6_060, 6_000));
    desk.submit(0, sell(100, 90)).unwrap();
}

#[test]
fn a_market_order_is_protected_where_its_margin_ends() {
    let mut desk = MarginDesk::new(10_000, 2);
    let market = |lots| OrderTerms::market(Side::Buy, Quantity::new(lots));
    let sent = |desk: &mut MarginDesk, lots| {
        let id = desk.submit(0, market(lots)).unwrap();
        desk.account.order(OrderId::new(id)).unwrap().price
    };
    // At 106 a lot takes 53 and loses 6.
    assert_eq!(sent(&mut desk, 100), Some(Price::new(106)), "the collar");
    let mut desk = MarginDesk::new(10_000, 2);
    // 190 lots at 101 take 51.5 each: 9,785; at 102 they would take 10,070.
    assert_eq!(sent(&mut desk, 190), Some(Price::new(101)));
    assert_eq!(MarginDesk::new(10_000, 2).submit(0, market(201)), short_of(10_050, 10_000));
}

#[test]
fn of_two_linked_orders_the_one_that_takes_more_counts() {
    let mut desk = MarginDesk::new(10_000, 2);
    let first = desk.submit(0, buy(100, 100)).unwrap();
    desk.submit(0, or(buy(100, 90), first)).unwrap();
    assert_eq!(desk.stands().initial, whole(5_000));
    desk.hear(0, first, REQUESTED);
    // The report of the other's end is on its way, and it has nothing left to trade.
    assert_eq!(desk.stands().initial, Money::ZERO);
    let mut desk = MarginDesk::new(10_000, 2);
    desk.submit(0, bracket(buy(200, 100), 120, 80)).unwrap();
    assert_eq!(desk.stands().initial, whole(10_000), "its exits only close it");
    let mut desk = MarginDesk::new(10_000, 2);
    desk.submit(0, bracket(sell(200, 100), 80, 120)).unwrap();
    assert_eq!(desk.stands().initial, whole(10_000));
}

#[test]
fn a_replace_holds_the_larger_of_both_until_it_is_answered() {
    let mut desk = MarginDesk::new(10_000, 2);
    let id = desk.submit(0, buy(100, 100)).unwrap();
    let refused = desk.replace(0, id, 100, 201);
    assert_eq!(refused, Err(Refusal::InsufficientMargin { needed: whole(5_050), free: whole(5_000) }));
    desk.replace(0, id, 100, 200).unwrap();
    assert_eq!(desk.power(), Money::ZERO);
    desk.hear(0, id, ReportKind::CommandRejected(RejectReason::UnknownOrder));
    assert_eq!(desk.power(), whole(10_000));
}

#[test]
fn fees_are_taken_beside_the_margin() {
    let mut desk = MarginDesk::new(10_000, 2).charged(10);
    // 10 basis points of 10,000, and a unit of money for each lot, since each fill rounds.
    let fee = whole(10) + Money::from_units(100);
    desk.submit(0, buy(100, 100)).unwrap();
    assert_eq!(desk.stands().initial, whole(5_000) + fee);
    assert_eq!(desk.account.free_cash(), whole(10_000) - fee);
    assert!(matches!(desk.submit(0, buy(100, 100)), Err(Refusal::InsufficientMargin { .. })));
    assert!(desk.submit(0, buy(99, 100)).is_ok());
}

#[test]
fn fees_of_exits_are_asked_for_with_those_of_their_entry() {
    let charged = || MarginDesk::new(10_000, 2).charged(25);
    // 199 lots take 9,950, and 49.75 of fees; their exits another 59.70 at worst.
    assert!(charged().submit(0, buy(199, 100)).is_ok());
    let refused = charged().submit(0, bracket(buy(199, 100), 120, 80));
    assert!(matches!(refused, Err(Refusal::InsufficientMargin { .. })), "{refused:?}");
    let mut desk = charged();
    desk.submit(0, bracket(buy(197, 100), 120, 80)).unwrap();
    assert!(desk.stands().excess() > Money::ZERO);
}

#[test]
fn before_there_is_a_price_an_order_without_a_limit_is_refused_whatever_it_reduces() {
    let mut desk = MarginDesk::new(10_000, 2);
    desk.trade(0, buy(100, 100), 100);
    desk.prices = Prices([0, 50]);
    let market = OrderTerms::market(Side::Sell, Quantity::new(100));
    assert_eq!(desk.submit(0, market), Err(Refusal::NoMark));
    desk.submit(0, reducing(market)).unwrap();
    desk.submit(0, sell(100, 100)).unwrap();
}

#[test]
fn equity_below_maintenance_calls_the_account_until_it_is_closed_out() {
    let mut desk = MarginDesk::new(10_000, 2);
    desk.trade(0, buy(200, 100), 100);
    // 200 lots: a quarter of 13,333.. is the equity that is left at 66 and two thirds.
    desk.prices = Prices([67, 50]);
    assert_eq!(desk.account.note_valuation(desk.worth()), None);
    desk.prices = Prices([66, 50]);
    let (equity, maintenance) = (whole(3_200), whole(3_300));
    assert_eq!(desk.account.margin_call(desk.worth()), Some(MarginCall { equity, maintenance }));
    assert_eq!(desk.account.note_valuation(desk.worth()), Some(Restriction::Called));
    assert_eq!(desk.account.note_valuation(desk.worth()), None, "once");
    assert_eq!(desk.submit(0, reducing(sell(10, 66))), Err(Refusal::MarginCall));
    assert_eq!(desk.account.positions_to_close(), [ACME]);
    let forced = OrderTerms { reduce_only: true, ..OrderTerms::market(Side::Sell, Quantity::new(200)) };
    desk.with(0, |account, at| account.force(OrderId::new(1_000), forced, at));
    assert!(desk.account.positions_to_close().is_empty(), "an order for it is on its way");
    assert!(!desk.account.end_call());
    desk.fill(0, 1_000, 65, 200);
    assert!(desk.account.end_call());
    assert_eq!((desk.account.cash(), desk.power()), (whole(3_000), whole(6_000)));
    desk.submit(0, buy(10, 65)).unwrap();
}

#[test]
fn equity_that_is_gone_ruins_a_margin_account_for_good() {
    let mut desk = MarginDesk::new(10_000, 2);
    desk.trade(0, sell(200, 100), 100);
    desk.prices = Prices([150, 50]);
    assert_eq!(desk.account.note_valuation(desk.worth()), Some(Restriction::Ruined));
    assert_eq!(desk.submit(0, buy(10, 150)), Err(Refusal::Ruined));
    assert!(!desk.account.end_call());
}

#[test]
fn an_account_on_margin_cannot_have_limits_of_its_own() {
    let rate = MarginRate::new(1, 2).unwrap();
    let credit = Credit::Margin(MarginTerms::new(rate, rate).unwrap());
    let margin = AccountConfig { credit, ..AccountConfig::default() };
    assert_eq!(margin.check(1), Ok(()));
    let short = AccountConfig { max_short: vec![(ACME, Quantity::new(1))], ..margin.clone() };
    let debit = AccountConfig { max_debit: whole(1), ..margin.clone() };
    let keeps = AccountConfig { on_ruin: Some(OnRuin::Keep), ..margin };
    for config in [short, debit, keeps] {
        assert_eq!(config.check(1), Err(AccountError::LimitedMargin));
    }
}

#[test]
fn a_full_account_sells_out_of_what_its_exits_leave_too() {
    let mut desk = MarginDesk::new(10_000, 2);
    let entry = desk.submit(0, bracket(buy(200, 100), 120, 80)).unwrap();
    desk.fill(0, entry, 100, 200);
    assert_eq!(desk.stands().initial, whole(10_000));
    desk.submit(0, OrderTerms::market(Side::Sell, Quantity::new(200))).unwrap();
    let mut desk = MarginDesk::new(10_000, 2);
    let entry = desk.submit(0, bracket(buy(200, 100), 120, 80)).unwrap();
    desk.fill(0, entry, 100, 200);
    // Below the mark too: what closes it opens nothing that could lose.
    desk.submit(0, sell(200, 95)).unwrap();
    assert_eq!(desk.power(), Money::ZERO);
    // Of 201 lots the one that goes beyond counts as of the most expensive order: half of 100, and 5 lost.
    assert_eq!(desk.submit(0, sell(1, 100)), short_of(55, 0));
}

#[test]
fn a_linked_order_without_a_limit_is_covered_by_what_its_partner_takes() {
    let mut desk = MarginDesk::new(10_000, 2);
    let first = desk.submit(0, buy(180, 100)).unwrap();
    let stop = desk.submit(0, or(stop(Side::Buy, 180, 101), first)).unwrap();
    // At 105 a lot would take 52.5 and lose 4: the order is protected where the margin ends.
    assert_eq!(desk.account.order(OrderId::new(stop)).unwrap().price, Some(Price::new(104)));
    assert!(desk.stands().excess() >= Money::ZERO);
}

#[test]
fn a_stop_that_waits_loses_nothing_before_its_trigger() {
    let stop_limit = |side, trigger, limit| {
        let kind = OrderKind::StopLimit { trigger: Price::new(trigger), limit: Price::new(limit) };
        OrderTerms { kind, ..super::limit(side, 100, limit) }
    };
    let mut desk = MarginDesk::new(10_000, 2);
    // Half of 112, and the 2 that it can lose beyond its trigger.
    desk.submit(0, stop_limit(Side::Buy, 110, 112)).unwrap();
    assert_eq!(desk.stands().initial, whole(5_800));
    let mut desk = MarginDesk::new(10_000, 2);
    desk.submit(0, stop_limit(Side::Sell, 90, 87)).unwrap();
    assert_eq!(desk.stands().initial, whole(5_300));
}
