//! A rig for ladder tests: both engines, builders of orders, and events as readable lines.

use super::super::differential::Twins;
use super::super::traffic::Step;
use super::super::*;
use crate::book::ladder_by_order;
use crate::market::{Instrument, Replacement, StopLoss};

/// The book that most ladders begin with; the tick is 0.01, so that 100.02 is 10 002 ticks.
pub(super) const QUOTED: &str = "
          bid |  price | ask
              | 100.03 | 4:30
              | 100.02 | 3:10
    1:10 2:20 | 100.00 |";

/// Both engines; each step is applied to both, and they and the auditor must agree.
pub(super) struct Rig {
    twins: Twins,
}

impl Rig {
    /// An empty book.
    pub(super) fn new(config: BookConfig) -> Self {
        Self { twins: Twins::new(config, ReferenceBook::new(config)) }
    }

    /// The book [`QUOTED`]: all orders are of owner 0.
    pub(super) fn quoted() -> Self {
        Self::quoted_with(BookConfig::default())
    }

    pub(super) fn quoted_with(config: BookConfig) -> Self {
        let mut rig = Self::new(config);
        rig.send(buy(1, 10).at(100_00));
        rig.send(buy(2, 20).at(100_00));
        rig.send(sell(3, 10).at(100_02));
        rig.send(sell(4, 30).at(100_03));
        rig.draws(QUOTED);
        rig
    }

    fn step(&mut self, step: &Step) {
        if let Err(error) = self.twins.do_step(step, true) {
            panic!("{error}");
        }
        self.twins.now += 1;
    }

    pub(super) fn send(&mut self, ticket: impl Into<Command>) {
        self.step(&Step::Execute(ticket.into()));
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.step(&Step::Enter(phase));
    }

    /// Advances the clock to `nanos`.
    pub(super) fn wait_until(&mut self, nanos: i64) {
        self.twins.now = nanos;
        self.step(&Step::Pass);
    }

    pub(super) fn drawn(&self) -> String {
        let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let [drawn, expected] =
            [ladder_by_order(&self.twins.engine, &acme), ladder_by_order(&self.twins.reference, &acme)];
        assert_eq!(drawn, expected);
        drawn
    }

    /// Asserts what the book looks like; the drawing may be indented.
    #[track_caller]
    pub(super) fn draws(&self, expected: &str) {
        let (drawn, expected) = (self.drawn(), unindented(expected));
        assert!(drawn == expected, "the book is\n{drawn}\nand not\n{expected}");
    }

    /// Asserts the events of the last step, except "accepted".
    #[track_caller]
    pub(super) fn emits(&self, expected: &[&str]) {
        assert_eq!(tape(&self.twins.events), expected);
    }

    pub(super) fn phase(&self) -> Phase {
        self.twins.engine.phase()
    }

    /// Returns what would trade if the auction ended now, such as `30 @ 100.02`.
    pub(super) fn indicative(&self) -> String {
        let indicative = self.twins.engine.indicative();
        indicative.map_or("nothing".to_owned(), |it| format!("{} @ {}", it.volume, dollars(it.price)))
    }
}

fn unindented(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let indent = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| &line[indent..]).collect::<Vec<_>>().join("\n")
}

fn dollars(price: Price) -> String {
    format!("{}.{:02}", price.ticks() / 100, price.ticks() % 100)
}

/// Returns a line for each event, except "accepted".
fn tape(events: &[BookEvent]) -> Vec<String> {
    events.iter().filter_map(line).collect()
}

fn line(event: &BookEvent) -> Option<String> {
    Some(match *event {
        BookEvent::Accepted { .. } => return None,
        BookEvent::Rejected { order, reason, .. } => format!("{order} rejected: {}", reason.name()),
        BookEvent::CommandRejected { order, reason, .. } => format!("{order} unchanged: {}", reason.name()),
        BookEvent::ExitEntered { order, entry, ref terms, .. } => {
            let (side, kind, lots) = (terms.side, terms.kind.name(), terms.quantity);
            format!("{order} enters as exit of {entry}: {side} {lots}, {kind}")
        }
        BookEvent::Replaced { order, price, leaves, kept_priority, .. } => {
            let place = if kept_priority { "keeps its place" } else { "loses its place" };
            format!("{order} replaced: {leaves} @ {}, {place}", dollars(price))
        }
        BookEvent::TermsReplaced { order, kind, time_in_force, leaves, kept_priority, .. } => {
            let place = if kept_priority { "keeps its place" } else { "loses its place" };
            let trigger = kind.trigger().map_or(String::new(), |at| format!(" from {}", dollars(at)));
            let distance = kind.trailing().map_or(String::new(), |by| format!(" by {by}"));
            let limit = kind.limit().map_or(String::new(), |at| format!(" @ {}", dollars(at)));
            format!("{order} replaced: {leaves}{limit}{trigger}{distance}, {time_in_force}, {place}")
        }
        BookEvent::Repriced { order, price: Some(price), .. } => {
            format!("{order} moves to {}", dollars(price))
        }
        BookEvent::Repriced { order, price: None, .. } => format!("{order} parks"),
        BookEvent::Reduced { order, leaves, reason, .. } => {
            format!("{order} reduced to {leaves}: {}", reason.name())
        }
        BookEvent::Grown { order, leaves, .. } => format!("{order} grows to {leaves}"),
        BookEvent::Triggered { order, trigger, .. } => {
            format!("{order} triggered at {}", dollars(trigger))
        }
        BookEvent::Refreshed { order, displayed, .. } => format!("{order} shows {displayed}"),
        BookEvent::Uncrossed { price, volume } => format!("uncrosses {volume} @ {}", dollars(price)),
        BookEvent::Traded(trade) => {
            let (taker, maker) = (trade.taker_order, trade.maker_order);
            let (verb, from) = if trade.aggressor == Side::Buy { ("buys", "from") } else { ("sells", "to") };
            format!("{taker} {verb} {} @ {} {from} {maker}", trade.quantity, dollars(trade.price))
        }
        BookEvent::Canceled { order, quantity, reason, .. } => {
            format!("{order} canceled {quantity}: {}", reason.name())
        }
        BookEvent::Expired { order, quantity, reason, .. } => {
            format!("{order} expired {quantity}: {}", reason.name())
        }
        BookEvent::PhaseChanged { phase } => format!("phase: {phase}"),
        BookEvent::Restated { .. } => unreachable!("no book splits"),
    })
}

/// A new order; its owner is 0 unless changed.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    order: u64,
    owner: u32,
    pub(super) terms: OrderTerms,
}

/// A market order to buy; other methods change its kind and terms.
pub(super) fn buy(order: u64, lots: u64) -> Ticket {
    Ticket { order, owner: 0, terms: OrderTerms::market(Side::Buy, Quantity::new(lots)) }
}

/// A market order to sell; other methods change its kind and terms.
pub(super) fn sell(order: u64, lots: u64) -> Ticket {
    Ticket { order, owner: 0, terms: OrderTerms::market(Side::Sell, Quantity::new(lots)) }
}

impl Ticket {
    /// As another kind, good till canceled.
    pub(super) fn like(mut self, kind: OrderKind) -> Self {
        self.terms = OrderTerms::new(self.terms.side, self.terms.quantity, kind);
        self
    }

    /// As a limit order, good till canceled.
    pub(super) fn at(self, ticks: i64) -> Self {
        self.like(OrderKind::Limit(Price::new(ticks)))
    }

    pub(super) fn stop(self, trigger: i64) -> Self {
        self.like(OrderKind::Stop { trigger: Price::new(trigger), protection: None })
    }

    pub(super) fn stop_limit(self, trigger: i64, limit: i64) -> Self {
        self.like(OrderKind::StopLimit { trigger: Price::new(trigger), limit: Price::new(limit) })
    }

    pub(super) fn trailing(self, distance: i64) -> Self {
        let distance = TrailingDistance::Ticks(distance);
        self.like(OrderKind::TrailingStop { distance, protection: None })
    }

    pub(super) fn trailing_bps(self, bps: u32) -> Self {
        let distance = TrailingDistance::BasisPoints(bps);
        self.like(OrderKind::TrailingStop { distance, protection: None })
    }

    pub(super) fn pegged(self, to: Peg, offset: i32) -> Self {
        self.like(OrderKind::Pegged { to, offset, limit: None })
    }

    pub(super) fn market_to_limit(self) -> Self {
        self.like(OrderKind::MarketToLimit { protection: None })
    }

    pub(super) fn protected(mut self, ticks: i64) -> Self {
        self.terms.kind = self.terms.kind.protected_at(Price::new(ticks));
        self
    }

    pub(super) fn until(mut self, time_in_force: TimeInForce) -> Self {
        self.terms.time_in_force = time_in_force;
        self
    }

    pub(super) fn showing(mut self, lots: u64) -> Self {
        self.terms.display = Some(Quantity::new(lots));
        self
    }

    pub(super) fn at_least(mut self, lots: u64) -> Self {
        self.terms.minimum = Some(Quantity::new(lots));
        self
    }

    pub(super) fn post_only(mut self, post_only: PostOnly) -> Self {
        self.terms.post_only = post_only;
        self
    }

    pub(super) fn meeting_own(mut self, self_trade: SelfTrade) -> Self {
        self.terms.self_trade = self_trade;
        self
    }

    pub(super) fn or(mut self, other: u64) -> Self {
        self.terms.link = Link::OneCancelsOther(OrderId::new(other));
        self
    }

    pub(super) fn bracket(mut self, take_profit: i64, stop_loss: i64) -> Self {
        let (take_profit, stop_loss) = (Price::new(take_profit), Price::new(stop_loss));
        self.terms.link =
            Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(StopLoss::at(stop_loss)) };
        self
    }

    /// A bracket with one exit or both.
    pub(super) fn exits(mut self, take_profit: Option<i64>, stop_loss: Option<StopLoss>) -> Self {
        self.terms.link = Link::Bracket { take_profit: take_profit.map(Price::new), stop_loss };
        self
    }

    /// The first of a pair.
    pub(super) fn with_stop(mut self, stop: StopLoss) -> Self {
        self.terms.link = Link::Pair(stop);
        self
    }

    pub(super) fn of(mut self, owner: u32) -> Self {
        self.owner = owner;
        self
    }
}

impl From<Ticket> for Command {
    fn from(ticket: Ticket) -> Self {
        command(ticket.order, ticket.owner, CommandKind::New(ticket.terms))
    }
}

pub(super) fn cancel(order: u64) -> Command {
    command(order, 0, CommandKind::Cancel)
}

pub(super) fn change(order: u64, new: Replacement) -> Command {
    command(order, 0, CommandKind::Replace(new))
}

/// A stop with a limit.
pub(super) fn stop_with_limit(trigger: i64, limit: i64) -> StopLoss {
    StopLoss::Limit { trigger: Price::new(trigger), limit: Price::new(limit) }
}

pub(super) fn replace(order: u64, lots: u64, ticks: i64) -> Command {
    command(order, 0, CommandKind::Replace(Replacement::at(Price::new(ticks), Quantity::new(lots))))
}
