//! What an event costs an account by how many orders it has open, beside a vector of orders that is searched
//! by its ids and removed from in its middle.
//!
//! `cargo bench -p bearpit-core --bench account`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bearpit_core::account::{Account, AccountConfig, Credit, OpenOrder, OrderContext, Pricing};
use bearpit_core::market::{
    CancelReason, ExecutionReport, FeeSchedule, Instrument, Liquidity, OrderKind, OrderTerms, Phase,
    ReportKind, Side,
};
use bearpit_core::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SIZES: [usize; 4] = [5, 500, 5_000, 150_000];
/// Each sends, hears of, and ends one order.
const CYCLES: usize = 100_000;
/// Removing from a large vector takes so long that fewer must do.
const PLAIN_CYCLES: usize = 2_000;

const LISTING: ListingId = ListingId::new(0);
const LOTS: Quantity = Quantity::new(10);

/// An account, and the ids of its open orders; which of them ends is drawn.
struct Desk {
    account: Account,
    instrument: Instrument,
    fees: FeeSchedule,
    open: Vec<OrderId>,
    next: u64,
    state: u64,
}

impl Desk {
    fn new(size: usize, credit: Credit) -> Result<Self> {
        let config = AccountConfig {
            cash: Money::from_whole(1_000_000_000_000),
            holdings: vec![(InstrumentId::new(0), Quantity::new(1_000_000_000))],
            credit,
            ..AccountConfig::default()
        };
        let instrument = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
        let account = Account::open(&config, 1);
        let fees = FeeSchedule::FREE;
        let mut desk = Self { account, instrument, fees, open: Vec::new(), next: 0, state: 1 };
        for _ in 0..size {
            desk.send()?;
        }
        Ok(desk)
    }

    /// Draws a number below `count`, by a multiplicative generator: the same for every form.
    fn draw(&mut self, count: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or(0) % count
    }

    fn send(&mut self) -> Result<()> {
        let side = if self.next.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        let id = OrderId::new(self.next);
        self.next += 1;
        let terms = OrderTerms::new(side, LOTS, OrderKind::Limit(Price::new(10_000)));
        let at = context(&self.instrument, &self.fees);
        self.account.admit(id, terms, &at, None)?;
        self.open.push(id);
        self.hear(id, side, ReportKind::Accepted)
    }

    fn hear(&mut self, order: OrderId, side: Side, kind: ReportKind) -> Result<()> {
        let report = ExecutionReport { order, listing: LISTING, side, at: SimTime::from_nanos(0), kind };
        let at = context(&self.instrument, &self.fees);
        Ok(self.account.book(&report, &at)?)
    }

    /// Ends one of the open orders: by a cancel or a fill, in turn.
    fn end(&mut self) -> Result<()> {
        let index = self.draw(self.open.len());
        let id = self.open.swap_remove(index);
        let side = self.account.order(id).ok_or("it is open")?.side;
        let kind = if self.next.is_multiple_of(4) {
            ReportKind::Filled {
                trade: TradeId::new(0),
                price: Price::new(10_000),
                quantity: LOTS,
                leaves: Quantity::ZERO,
                liquidity: Liquidity::Maker,
                phase: Phase::Continuous,
                fee: Money::ZERO,
            }
        } else {
            self.account.admit_cancel(id)?;
            ReportKind::Canceled(CancelReason::Requested)
        };
        self.hear(id, side, kind)?;
        black_box(self.account.unfit_orders(InstrumentId::new(0)));
        Ok(())
    }

    fn cycle(&mut self) -> Result<()> {
        self.send()?;
        self.end()
    }
}

fn context<'a>(instrument: &'a Instrument, fees: &'a FeeSchedule) -> OrderContext<'a> {
    let now = SimTime::from_nanos(0);
    OrderContext {
        listing: LISTING,
        instrument_id: InstrumentId::new(0),
        instrument,
        fees,
        now,
        pricing: Pricing::Protected,
        marks: None,
    }
}

/// Returns nanoseconds a cycle of an account with so many open orders.
fn measure(size: usize, credit: Credit) -> Result<f64> {
    let mut desk = Desk::new(size, credit)?;
    for _ in 0..size.min(CYCLES) {
        desk.cycle()?;
    }
    let begin = Instant::now();
    for _ in 0..CYCLES {
        desk.cycle()?;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e9 / CYCLES as f64)
}

/// Returns nanoseconds a cycle of a plain vector of orders, without money: only what it takes to find and
/// keep them.
fn plain(size: usize) -> Result<f64> {
    let mut desk = Desk::new(1, Credit::Covered)?;
    let template: OpenOrder = desk.account.open_orders().first().ok_or("it has one")?;
    let order = |id: usize| {
        let mut order = template;
        order.id = OrderId::new(id as u64);
        order
    };
    let mut orders: Vec<OpenOrder> = (0..size).map(order).collect();
    let begin = Instant::now();
    for next in size..size + PLAIN_CYCLES {
        orders.push(order(next));
        let id = orders[desk.draw(orders.len())].id;
        if let Ok(index) = orders.binary_search_by_key(&id, |order| order.id) {
            black_box(orders.remove(index));
        }
    }
    Ok(begin.elapsed().as_secs_f64() * 1e9 / PLAIN_CYCLES as f64)
}

fn main() -> Result<()> {
    println!("ns for an order that is sent, accepted and ended, by how many the account has open:");
    println!(
        "  {:>8} {:>10} {:>10} {:>16} {:>10}",
        "open", "covered", "unlimited", "plain vector", "of 5 open"
    );
    let mut least = None;
    for size in SIZES {
        let (covered, unlimited) = (measure(size, Credit::Covered)?, measure(size, Credit::Unlimited)?);
        let ratio = covered / *least.get_or_insert(covered);
        println!("  {size:>8} {covered:>10.0} {unlimited:>10.0} {:>16.0} {ratio:>10.2}", plain(size)?);
    }
    Ok(())
}
