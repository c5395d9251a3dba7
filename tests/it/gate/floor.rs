//! Traders with accounts around one book, and the messages in flight between them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bearpit::account::{Account, AccountConfig, Credit, FeeFill, FeeLedger, FeePlan, OrderContext, Payer};
use bearpit::book::{BookConfig, BookEvent, BookTrade, Matching, MatchingEngine, OrderBook, PriceBands};
use bearpit::market::{
    Command, CommandKind, ExecutionReport, FeeSchedule, Instrument, Liquidity, OrderTerms, Refusal,
    Replacement, ReportKind, Side,
};
use bearpit::units::{
    ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId, VenueId,
};

use super::auditor::{self, KnownFills, Terms};
use super::tariff::{PastFill, on, plan, role, schedule};
use super::traffic::{Move, next_move};

pub(super) const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);
const MAX_SHORT: u64 = 40;
pub(super) const TRADERS: usize = 4;

/// An account, and the messages in flight from and to it.
#[derive(Debug)]
pub(super) struct Trader {
    pub(super) account: Account,
    /// The fills it knows of.
    known: KnownFills,
    commands: VecDeque<Command>,
    reports: VecDeque<ExecutionReport>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) traders: Vec<Trader>,
    pub(super) book: OrderBook,
    /// Around which prices move.
    pub(super) base: i64,
    terms: Terms,
    venue_fees: FeeSchedule,
    ledger: FeeLedger,
    /// All fills of each order and what they were charged, and what each trader has traded.
    charged: KnownFills,
    traded: [i128; TRADERS],
    next_order: u64,
    pub(super) now: i64,
    collected: Money,
    /// How often each thing has happened.
    pub(super) seen: BTreeMap<String, u64>,
}

impl Floor {
    /// One of several floors, by number: with rules, fees and bands of its own. The last trader's credit
    /// is without limit.
    pub(super) fn new(number: u64) -> Self {
        let tariffs = plan(number);
        let commission = (!tariffs[1].is_empty()).then(|| Arc::new(schedule(&tariffs[1])));
        let base = if number < 6 { 100 } else { 0 };
        let trader = |index: usize| {
            let credit = if index + 1 == TRADERS { Credit::Unlimited } else { Credit::Covered };
            let short = if index + 1 == TRADERS { 0 } else { MAX_SHORT };
            let account = Account::open(
                &AccountConfig {
                    cash: Money::from_whole(6_000),
                    holdings: vec![(ACME, Quantity::new(30 * index as u64))],
                    max_debit: Money::ZERO,
                    max_short: vec![(ACME, Quantity::new(short))],
                    credit,
                    financing: bearpit::account::Financing::NONE,
                    commission: commission.clone(),
                    tracked: false,
                    on_ruin: None,
                },
                1,
            );
            Trader { account, known: KnownFills::new(), commands: VecDeque::new(), reports: VecDeque::new() }
        };
        let matching = if number.is_multiple_of(2) { Matching::PriceTime } else { Matching::ProRata };
        let dynamic_bps = (number == 3).then_some(400);
        let bands = PriceBands { dynamic_bps, ..PriceBands::default() };
        let min_price = Price::new(if base > 0 { 1 } else { -25 });
        let book =
            OrderBook::new(BookConfig { matching, bands, reference: Some(Price::new(base)), min_price });
        let instrument = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
        Self {
            traders: (0..TRADERS).map(trader).collect(),
            book,
            base,
            venue_fees: schedule(&tariffs[0]),
            terms: Terms { instrument: instrument.with_min_price(min_price), tariffs },
            ledger: FeeLedger::default(),
            charged: KnownFills::new(),
            traded: [0; TRADERS],
            next_order: 0,
            now: 0,
            collected: Money::ZERO,
            seen: BTreeMap::new(),
        }
    }

    /// Does one random step, and checks all accounts after it.
    pub(super) fn step(&mut self, seed: u64) -> Result<(), String> {
        self.now += 1;
        let next = next_move(self, seed);
        match next {
            Move::Submit(trader, terms, reference) => self.submit(trader, terms, reference),
            Move::Cancel(trader, order) => self.cancel(trader, order),
            Move::Replace(trader, order, new) => self.replace(trader, order, new),
            Move::TakeOut(trader, kind) => self.take_out(trader, kind),
            Move::Arrive(trader, most) => (0..most).for_each(|_| self.arrive(trader)),
            Move::Hear(trader, most) => {
                for _ in 0..most {
                    self.hear(trader)?;
                }
            }
            Move::Enter(phase) => self.operate(|book, now, out| book.enter_phase(now, phase, out)),
        }
        // What happens at the venue changes no account before its report arrives.
        match next {
            Move::Submit(trader, ..)
            | Move::Cancel(trader, _)
            | Move::Replace(trader, ..)
            | Move::TakeOut(trader, _) => self.check(trader),
            Move::Arrive(..) | Move::Hear(..) | Move::Enter(_) => Ok(()),
        }
    }

    /// Delivers everything, compares accounts with the book, closes, and checks what is left.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        self.drain()?;
        self.compare()?;
        self.operate(|book, _, out| book.expire_all(out));
        self.drain()?;
        let mut total = self.collected;
        let mut lots = 0;
        for Trader { account, .. } in &self.traders {
            if !account.open_orders().is_empty() || account.free_cash() != account.cash() {
                return Err(format!("something is still held: {account:?}"));
            }
            total += account.cash();
            lots += account.holding(ACME).lots();
        }
        if (total, lots) != (Money::from_whole(24_000), 180) {
            return Err(format!("{total} and {lots} lots are left"));
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), String> {
        for trader in 0..TRADERS {
            while !self.traders[trader].commands.is_empty() {
                self.arrive(trader);
            }
        }
        for trader in 0..TRADERS {
            while !self.traders[trader].reports.is_empty() {
                self.hear(trader)?;
            }
        }
        Ok(())
    }

    /// Checks that accounts that have received all reports agree with the book.
    fn compare(&self) -> Result<(), String> {
        let mut in_book: BTreeMap<OrderId, u64> =
            self.book.open_orders().iter().map(|it| (it.order, (it.displayed + it.hidden).lots())).collect();
        for order in self.traders.iter().flat_map(|trader| trader.account.open_orders()) {
            let leaves = in_book.remove(&order.id);
            if order.awaits_entry.is_none() && leaves != Some(order.leaves.lots()) {
                return Err(format!("the book has {leaves:?} open of {order:?}"));
            }
        }
        if in_book.is_empty() { Ok(()) } else { Err(format!("orders nobody knows: {in_book:?}")) }
    }

    fn check(&self, index: usize) -> Result<(), String> {
        let trader = &self.traders[index];
        let max_short = (index + 1 < TRADERS).then_some(MAX_SHORT.cast_signed());
        auditor::check(&trader.account, max_short, &self.terms, &trader.known)
            .map_err(|why| format!("trader {index}: {why}"))
    }

    fn note(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    fn refused(&mut self, refusal: Refusal) {
        self.note(format!("{} refused", refusal.name()));
    }

    fn with<T>(&mut self, trader: usize, what: impl FnOnce(&mut Account, &OrderContext<'_>) -> T) -> T {
        let at = OrderContext {
            listing: LISTING,
            instrument_id: ACME,
            instrument: &self.terms.instrument,
            fees: &self.venue_fees,
            now: SimTime::from_nanos(self.now),
            pricing: bearpit_core::account::Pricing::Protected,
            marks: None,
        };
        what(&mut self.traders[trader].account, &at)
    }

    fn send(&mut self, trader: usize, order: OrderId, kind: CommandKind) {
        let owner = ActorId::new(u32::try_from(trader).unwrap());
        self.traders[trader].commands.push_back(Command { order, owner, listing: LISTING, kind });
    }

    fn submit(&mut self, trader: usize, terms: OrderTerms, reference: Option<Price>) {
        let id = OrderId::new(self.next_order);
        match self.with(trader, |account, at| account.admit(id, terms, at, reference)) {
            Ok(terms) => {
                let terms = terms.into_inner();
                self.next_order += terms.link.ids();
                if terms.reduce_only {
                    self.note("reduce-only entered");
                }
                self.send(trader, id, CommandKind::New(terms));
            }
            Err(refusal) => self.refused(refusal),
        }
    }

    fn cancel(&mut self, trader: usize, order: OrderId) {
        match self.traders[trader].account.admit_cancel(order) {
            Ok(_) => self.send(trader, order, CommandKind::Cancel),
            Err(refusal) => self.refused(refusal),
        }
    }

    fn replace(&mut self, trader: usize, order: OrderId, new: Replacement) {
        match self.with(trader, |account, at| account.admit_replace(order, new, at)) {
            Ok(_) => {
                self.send(trader, order, CommandKind::Replace(new));
            }
            Err(refusal) => self.refused(refusal),
        }
    }

    fn take_out(&mut self, trader: usize, kind: CommandKind) {
        let side = if let CommandKind::MassCancel { side } = kind { side } else { None };
        self.traders[trader].account.admit_mass_cancel(LISTING, side);
        let id = OrderId::new(self.next_order);
        self.next_order += 1;
        self.send(trader, id, kind);
    }

    fn arrive(&mut self, trader: usize) {
        if let Some(command) = self.traders[trader].commands.pop_front() {
            self.operate(|book, now, out| book.execute(now, &command, out));
        }
    }

    /// Books the next report of a trader, and cancels what no longer fits, as the adapter does.
    fn hear(&mut self, trader: usize) -> Result<(), String> {
        let Some(report) = self.traders[trader].reports.pop_front() else { return Ok(()) };
        let order = self.traders[trader].account.order(report.order);
        let what = match report.kind {
            ReportKind::Filled { .. } if order.is_some_and(|order| order.pending.is_some()) => {
                "filled with a replace pending".to_owned()
            }
            ReportKind::Filled { .. } => "filled".to_owned(),
            ReportKind::Accepted if order.is_some_and(|order| order.awaits_entry.is_some()) => {
                "exit entered".to_owned()
            }
            ReportKind::Reduced { reason, .. } => format!("{} reduced", reason.name()),
            ReportKind::Canceled(reason) => format!("{} canceled", reason.name()),
            ReportKind::Rejected(reason) => format!("{} rejected", reason.name()),
            ReportKind::Grown { .. } => "grown".to_owned(),
            ReportKind::Triggered { .. } => "triggered".to_owned(),
            ReportKind::Replaced { .. } => "replaced".to_owned(),
            ReportKind::TermsReplaced { .. } => "terms replaced".to_owned(),
            ReportKind::Repriced { .. } => "repriced".to_owned(),
            ReportKind::CommandRejected(_) => "command rejected".to_owned(),
            ReportKind::Accepted | ReportKind::Expired(_) | ReportKind::Restated(_) => "other".to_owned(),
        };
        self.note(what);
        if let ReportKind::Filled { fee, .. } = report.kind {
            let (fills, charged) = self.traders[trader].known.entry(report.order).or_default();
            // Reports of an order arrive in the order of its fills.
            fills.push(self.charged[&report.order].0[fills.len()]);
            *charged += fee.units();
        }
        self.with(trader, |account, at| account.book(&report, at)).map_err(|error| error.to_string())?;
        self.check(trader)?;
        if matches!(report.kind, ReportKind::Filled { .. }) {
            for order in self.traders[trader].account.unfit_orders(ACME) {
                self.note("unfit canceled");
                self.cancel(trader, order);
            }
        }
        Ok(())
    }

    fn operate(&mut self, action: impl FnOnce(&mut OrderBook, SimTime, &mut Vec<BookEvent>)) {
        let mut events = Vec::new();
        action(&mut self.book, SimTime::from_nanos(self.now), &mut events);
        for event in events {
            self.report_event(event);
        }
    }

    fn report(&mut self, owner: ActorId, order: OrderId, kind: ReportKind) {
        let (side, at) = (Side::Buy, SimTime::from_nanos(self.now));
        let report = ExecutionReport { order, listing: LISTING, side, at, kind };
        self.traders[owner.index()].reports.push_back(report);
    }

    /// Reports as the exchange does.
    fn report_event(&mut self, event: BookEvent) {
        let (owner, order, kind) = match event {
            BookEvent::Accepted { order, owner } | BookEvent::ExitEntered { order, owner, .. } => {
                (owner, order, ReportKind::Accepted)
            }
            BookEvent::Rejected { order, owner, reason } => (owner, order, ReportKind::Rejected(reason)),
            BookEvent::CommandRejected { order, owner, reason } => {
                (owner, order, ReportKind::CommandRejected(reason))
            }
            BookEvent::Replaced { order, owner, price, leaves, .. } => {
                (owner, order, ReportKind::Replaced { price, leaves })
            }
            BookEvent::TermsReplaced { order, owner, kind, time_in_force, leaves, .. } => {
                (owner, order, ReportKind::TermsReplaced { kind, time_in_force, leaves })
            }
            BookEvent::Repriced { order, owner, price, .. } => (owner, order, ReportKind::Repriced { price }),
            BookEvent::Reduced { order, owner, leaves, reason, .. } => {
                (owner, order, ReportKind::Reduced { leaves, reason })
            }
            BookEvent::Grown { order, owner, leaves, .. } => (owner, order, ReportKind::Grown { leaves }),
            BookEvent::Triggered { order, owner, trigger, .. } => {
                (owner, order, ReportKind::Triggered { trigger })
            }
            BookEvent::Canceled { order, owner, reason, .. } => (owner, order, ReportKind::Canceled(reason)),
            BookEvent::Expired { order, owner, reason, .. } => (owner, order, ReportKind::Expired(reason)),
            BookEvent::Traded(trade) => return self.report_trade(&trade),
            BookEvent::Refreshed { .. }
            | BookEvent::Restated { .. }
            | BookEvent::Uncrossed { .. }
            | BookEvent::PhaseChanged { .. } => return,
        };
        self.report(owner, order, kind);
    }

    fn report_trade(&mut self, trade: &BookTrade) {
        let BookTrade { price, quantity, phase, aggressor, .. } = *trade;
        let [maker_role, taker_role] = Liquidity::roles(phase);
        let sides = [
            (trade.maker_owner, trade.maker_order, trade.maker_leaves, maker_role, aggressor.opposite()),
            (trade.taker_owner, trade.taker_order, trade.taker_leaves, taker_role, aggressor),
        ];
        for (owner, order, leaves, liquidity, side) in sides {
            let fill = FeeFill { side, liquidity, price, quantity, instrument: &self.terms.instrument };
            let broker = self.traders[owner.index()].account.commission();
            let plan = FeePlan { venue: &self.venue_fees, broker };
            let payer = Payer { order, owner, venue: VenueId::new(0) };
            let fee = self.ledger.charge(SimTime::from_nanos(self.now), plan, payer, &fill);
            let notional = fill.notional().units();
            let past = PastFill {
                role: role(liquidity),
                notional: notional.abs(),
                lots: quantity.lots(),
                traded: self.traded[owner.index()],
            };
            self.traded[owner.index()] += notional.abs();
            let expected = self.expected_fee(order, side, past, notional);
            assert_eq!(fee.units(), expected, "{side} {quantity} at {price}: {:?}", self.charged[&order]);
            self.collected += fee;
            let trade = TradeId::new(0);
            let kind = ReportKind::Filled { trade, price, quantity, leaves, liquidity, phase, fee };
            self.report(owner, order, kind);
        }
    }

    /// Works out anew from all fills of an order what the newest of them is charged.
    fn expected_fee(&mut self, order: OrderId, side: Side, newest: PastFill, notional: i128) -> i128 {
        let (fills, charged) = self.charged.entry(order).or_default();
        fills.push(newest);
        let tariffs = self.terms.tariffs.iter().flat_map(|tariffs| on(tariffs, side));
        let mut owed: i128 = tariffs.map(|tariff| tariff.owed(fills)).sum();
        if side == Side::Sell && self.base > 0 {
            assert!(notional > 0);
            owed = owed.min(fills.iter().map(|fill| fill.notional).sum());
        }
        let fee = owed - *charged;
        *charged = owed;
        fee
    }
}
