//! A replay of order flow: every order of a LOBSTER file is entered, changed and executed as it was.

mod file_book;
mod kind;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::{Actor, Handler};

use self::file_book::{FileBook, FileKey, Step};
use bearpit_core::account::OpenOrder;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    BookRow, ExecutionReport, Instrument, MessageKind, OrderMessage, OrderTerms, QuoteLevel, Side,
    TimeInForce, lobster_lots, lobster_ticks,
};
use bearpit_core::participant::{Context, MarketData};
use bearpit_core::units::{ListingId, OrderId, Quantity, SimTime};

pub(crate) use self::kind::KIND;

/// A replay of order flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFlowConfig {
    /// Where it replays.
    pub listing: ListingId,
    /// The messages, in the order of their file; prices in 1/10,000 of the currency and sizes in shares, as
    /// there. Those off the instrument's grid are skipped.
    pub messages: Arc<[OrderMessage]>,
    /// The midnight from which their times count.
    pub midnight: SimTime,
    /// The book before the first message; each level is one order. May be empty.
    pub initial: BookRow,
}

/// Enters the orders of everybody in a file of messages.
///
/// # What it does
/// At its start it enters what rests by then: the book before the first message, each level as one order
/// of unknown id, and what the messages before the start made of it, without a trade. From then on it does
/// at each message's time, in the order of the file:
///
/// | message | its part |
/// |---|---|
/// | add | enters a limit order |
/// | partial cancel | makes the order smaller, which keeps its place |
/// | delete | cancels the order |
/// | execution | sends an immediate-or-cancel order of the other side, of that price and size |
/// | hidden execution, cross trade | nothing: the visible book stays as it is, and no trade is printed |
/// | halt | nothing: an agent cannot halt a venue, and the file has no trades until the halt is over |
///
/// A message about an id that was never added is about the unknown order at its price.
///
/// # Alone and in company
/// Alone, its orders trade with one another by price-time priority, which prints the file's executions.
/// With others in the book an execution hits whoever is first, and others may take what the file has
/// trading later. One rule keeps the book near to the file's: none of its orders has more left than the
/// file says. What an execution did not take, since it hit somebody else, is taken out when the execution
/// is over. Messages about orders that have ended in the market are passed over, and counted; when it stops
/// it logs the counts.
///
/// A file of N levels does not contain what happens behind the Nth. Orders that a message proves gone
/// are canceled before it; the part of an execution that nothing known is left for is entered just
/// before it trades.
///
/// Its account should have unlimited credit. Its latency delays everything it does.
#[derive(Debug)]
pub struct FlowReplayer {
    config: OrderFlowConfig,
    book: FileBook,
    /// Index of the next message.
    next: usize,
    /// The order whose replace must be answered before the next message, which replaces it again.
    awaited: Option<OrderId>,
    /// Executions whose orders have not ended.
    executions: BTreeMap<OrderId, Execution>,
    /// Orders to be reduced when their pending replace is answered.
    oversized: BTreeMap<OrderId, FileKey>,
    tally: Tally,
}

/// Whom an execution is to hit.
#[derive(Debug, Clone, Copy)]
struct Execution {
    /// The order that traded by the file, and how much of it.
    target: Option<(FileKey, Quantity)>,
    /// What was entered to be hit because the file did not know of it before.
    shown: Option<OrderId>,
}

/// Counts of what differed from the file.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// References to ids that were never added.
    older: u64,
    /// References for which too little was known.
    short: u64,
    /// References to orders that had ended in the market.
    over: u64,
    /// Orders that a message proved gone.
    outlived: u64,
    /// Messages that the instrument's grid cannot show, or that add an id which rests.
    unfit: u64,
}

impl FlowReplayer {
    /// Makes a replayer.
    #[must_use]
    pub fn new(config: OrderFlowConfig) -> Self {
        Self {
            config,
            book: FileBook::default(),
            next: 0,
            awaited: None,
            executions: BTreeMap::new(),
            oversized: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Returns the next message, and its time.
    fn coming(&self) -> Option<(SimTime, OrderMessage)> {
        let message = *self.config.messages.get(self.next)?;
        Some((self.config.midnight + message.since_midnight, message))
    }

    /// Returns what a message does to the visible book, if it does something.
    fn step(&mut self, message: &OrderMessage, instrument: &Instrument) -> Option<Step> {
        if message.kind != MessageKind::Add && !message.kind.refers() {
            return None;
        }
        let step = Step::read(message, instrument);
        self.tally.unfit += u64::from(step.is_none());
        step
    }

    /// Makes up the book of the start from the book before the first message and what came since.
    fn catch_up(&mut self, start: SimTime, instrument: &Instrument) {
        for side in Side::BOTH {
            for level in self.config.initial.side(side) {
                let place = lobster_ticks(level.price, instrument).zip(lobster_lots(level.size, instrument));
                match place {
                    Some((price, size)) => self.book.reveal(side, QuoteLevel { price, size }),
                    None => self.tally.unfit += 1,
                }
            }
        }
        while let Some((_, message)) = self.coming().filter(|(time, _)| *time < start) {
            self.next += 1;
            if let Some(step) = self.step(&message, instrument) {
                self.book.follow(&step);
            }
        }
    }

    /// Replays all messages that are due, and schedules the next one.
    fn replay(&mut self, ctx: &mut Context) {
        let Some(instrument) = ctx.instrument(self.config.listing).cloned() else { return };
        while let Some((time, message)) = self.coming() {
            if time > ctx.now() {
                return ctx.wake_at(time, 0);
            }
            let step = self.step(&message, &instrument);
            if let Some(order) = step.and_then(|step| self.busy(&step, ctx)) {
                self.awaited = Some(order);
                return;
            }
            self.next += 1;
            if let Some(step) = step {
                self.carry_out(&step, ctx);
            }
        }
    }

    /// Returns the order that a message would make smaller, if a replace of it is on its way: there can
    /// be only one at a time, and the messages after it must not overtake it.
    fn busy(&self, step: &Step, ctx: &Context) -> Option<OrderId> {
        if !matches!(step.kind, MessageKind::Reduce | MessageKind::Delete) {
            return None;
        }
        let open = self.open(self.book.find(step)?, ctx)?;
        open.pending.map(|_| open.id)
    }

    /// Returns the order in the market that stands for one of the file, if it is open.
    fn open(&self, key: FileKey, ctx: &Context) -> Option<OpenOrder> {
        ctx.account()?.order(self.book.get(key)?.order?)
    }

    fn carry_out(&mut self, step: &Step, ctx: &mut Context) {
        while let Some(key) = self.book.outlived(step) {
            self.tally.outlived += 1;
            let open = self.open(key, ctx);
            self.book.remove(key);
            cancel(open, ctx);
        }
        if step.kind == MessageKind::Add {
            match self.book.add(step) {
                Some(key) => self.enter(key, ctx),
                None => self.tally.unfit += 1,
            }
            return;
        }
        let target = self.book.find(step);
        self.count(step, target, ctx);
        if step.kind == MessageKind::Execute {
            self.execute(step, target, ctx);
        } else if let Some(key) = target {
            self.book.take(key, self.book.taken_by(step, key));
            self.trim(key, ctx);
        }
    }

    fn count(&mut self, step: &Step, target: Option<FileKey>, ctx: &Context) {
        let known = matches!(target, Some(FileKey::Known(_)));
        self.tally.older += u64::from(!known);
        let left = target.and_then(|key| self.book.get(key)).map_or(Quantity::ZERO, |order| order.leaves);
        self.tally.short += u64::from(left < step.size);
        self.tally.over += u64::from(target.is_some_and(|key| self.open(key, ctx).is_none()));
    }

    /// Enters an order of the file as it now stands.
    fn enter(&mut self, key: FileKey, ctx: &mut Context) {
        let Some(order) = self.book.get_mut(key) else { return };
        let terms = OrderTerms::limit(order.side, order.leaves, order.price);
        // What the gate refuses is on the tape, and counts as over when the file comes back to it.
        order.order = ctx.submit(self.config.listing, terms).ok();
    }

    /// Sends the order that traded with the target.
    fn execute(&mut self, step: &Step, target: Option<FileKey>, ctx: &mut Context) {
        let taken = target.map_or(Quantity::ZERO, |key| self.book.take(key, step.size));
        if let Some(order) = target.and_then(|key| self.book.get_mut(key)) {
            order.underway += taken;
        }
        let missing = step.size - taken;
        let shown = if missing.is_zero() {
            None
        } else {
            ctx.submit(self.config.listing, OrderTerms::limit(step.side, missing, step.price)).ok()
        };
        let execution = Execution { target: target.map(|key| (key, taken)), shown };
        let terms = OrderTerms::limit(step.side.opposite(), step.size, step.price).with(TimeInForce::Ioc);
        match ctx.submit(self.config.listing, terms) {
            Ok(order) => {
                self.executions.insert(order, execution);
            }
            Err(_) => self.conclude(execution, ctx),
        }
    }

    /// Takes out what an execution that is over was to take and did not.
    fn conclude(&mut self, execution: Execution, ctx: &mut Context) {
        let shown = execution.shown.and_then(|order| ctx.account()?.order(order));
        cancel(shown, ctx);
        if let Some((key, taken)) = execution.target {
            if let Some(order) = self.book.get_mut(key) {
                order.underway = order.underway.saturating_sub(taken);
            }
            self.trim(key, ctx);
        }
    }

    /// Takes out what an order has beyond what the file, and executions on their way, leave of it; forgets
    /// it once the file leaves nothing.
    fn trim(&mut self, key: FileKey, ctx: &mut Context) {
        let Some(&order) = self.book.get(key) else { return };
        let open = self.open(key, ctx);
        let wanted = order.leaves + order.underway;
        if wanted.is_zero() {
            self.book.remove(key);
            return cancel(open, ctx);
        }
        let Some(open) = open else { return };
        let total = open.filled() + wanted;
        if total < open.quantity && ctx.replace(open.id, order.price, total).is_err() {
            self.oversized.insert(open.id, key);
        }
    }
}

/// Cancels an order that is open, unless that has been asked for.
fn cancel(open: Option<OpenOrder>, ctx: &mut Context) {
    if let Some(open) = open.filter(|open| !open.cancel_sent) {
        // It is open, so nothing is refused.
        ctx.cancel(open.id).ok();
    }
}

impl Actor for FlowReplayer {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        let Some(instrument) = ctx.instrument(self.config.listing).cloned() else { return };
        self.catch_up(ctx.now(), &instrument);
        for key in self.book.queue() {
            self.enter(key, ctx);
        }
        self.replay(ctx);
    }

    fn stopped(&mut self, ctx: &mut Context) {
        let Tally { older, short, over, outlived, unfit } = self.tally;
        ctx.log(format!(
            "{} of {} messages replayed; references: {older} to orders older than the file, {short} to more \
             than was known, {over} to orders that were over; {outlived} orders proved gone, {unfit} messages \
             that do not fit",
            self.next,
            self.config.messages.len(),
        ));
    }
}

impl Handler<Wakeup> for FlowReplayer {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.replay(ctx);
    }
}

impl Handler<ExecutionReport> for FlowReplayer {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let order = report.order;
        if report.kind.is_terminal()
            && let Some(execution) = self.executions.remove(&order)
        {
            self.conclude(execution, ctx);
        }
        let busy = ctx.account().and_then(|it| it.order(order)).is_some_and(|open| open.pending.is_some());
        if busy {
            return;
        }
        if let Some(key) = self.oversized.remove(&order) {
            self.trim(key, ctx);
        }
        if self.awaited == Some(order) {
            self.awaited = None;
            self.replay(ctx);
        }
    }
}

bearpit_core::ignore_messages!(FlowReplayer: MarketData);
