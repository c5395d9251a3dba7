//! The law of brackets: whatever an entry has bought is for sale, no more and no less, until its owner says
//! otherwise.

use std::collections::BTreeMap;

use super::traffic::Step;
use super::*;
use crate::book::{BookTrade, OpenState};
use crate::market::ReduceReason;

/// What the events have told of a bracket.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    is_open: bool,
    filled: Quantity,
    /// Whether it has an exit to take profit, and one to limit the loss.
    has: [bool; 2],
    exits: Exits,
    /// What both exits together have traded, or lost to self-trade prevention.
    gone: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exits {
    /// They have not entered.
    None,
    Open,
    /// They have done their work: nothing may be left of the entry.
    Over,
    /// Their owner has canceled them: the entry may go on.
    Withdrawn,
}

/// All brackets of which something is open, by entry.
#[derive(Debug, Clone, Default)]
pub(super) struct BracketLaw(BTreeMap<OrderId, Bracket>);

impl BracketLaw {
    /// Returns the entry of the bracket that an order belongs to; the id of an entry that is over is free.
    fn entry_of(&self, order: OrderId) -> Option<OrderId> {
        let entry = |step| order.get().checked_sub(step).map(OrderId::new);
        let has = |step: usize| {
            let entry = entry(u64::try_from(step).ok()?)?;
            let bracket = self.0.get(&entry)?;
            let is_its = step.checked_sub(1).map_or(bracket.is_open, |exit| bracket.has[exit]);
            is_its.then_some(entry)
        };
        (0..3).find_map(has)
    }

    /// Reads an event; `leaves` has what was open of each order before it.
    pub(super) fn follow(
        &mut self,
        step: &Step,
        event: &BookEvent,
        leaves: &BTreeMap<OrderId, Quantity>,
    ) -> Result<(), String> {
        match *event {
            BookEvent::Accepted { order, .. } => {
                if let Step::Execute(Command { kind: CommandKind::New(terms), .. }) = step
                    && let Link::Bracket { take_profit, stop_loss } = terms.link
                {
                    let (filled, gone) = (Quantity::ZERO, Quantity::ZERO);
                    let has = [take_profit.is_some(), stop_loss.is_some()];
                    self.0.insert(order, Bracket { is_open: true, filled, has, exits: Exits::None, gone });
                }
            }
            BookEvent::ExitEntered { entry, .. } if !is_pair(step, entry) => {
                let bracket = self.0.get_mut(&entry).ok_or(format!("exits of {entry}, which is no entry"))?;
                bracket.exits = Exits::Open;
            }
            BookEvent::Traded(trade) => return self.trade(&trade),
            BookEvent::Reduced { order, leaves: now, reason: ReduceReason::SelfTrade, .. } => {
                let before = leaves.get(&order).copied().unwrap_or_default();
                if let Some(entry) = self.entry_of(order).filter(|entry| *entry != order) {
                    self.0.entry(entry).and_modify(|bracket| bracket.gone += before - now);
                }
            }
            BookEvent::Canceled { order, reason, .. } => {
                self.end(order, if reason.is_by_owner() { Exits::Withdrawn } else { Exits::Over });
            }
            BookEvent::Expired { order, .. } => self.end(order, Exits::Over),
            _ => {}
        }
        Ok(())
    }

    fn trade(&mut self, trade: &BookTrade) -> Result<(), String> {
        let [maker, taker] = [trade.maker_order, trade.taker_order].map(|order| self.entry_of(order));
        if maker.is_some() && maker == taker {
            return Err(format!("{} trades with {} of one bracket", trade.taker_order, trade.maker_order));
        }
        for (order, leaves) in
            [(trade.maker_order, trade.maker_leaves), (trade.taker_order, trade.taker_leaves)]
        {
            let Some(entry) = self.entry_of(order) else { continue };
            let Some(bracket) = self.0.get_mut(&entry) else { continue };
            *(if order == entry { &mut bracket.filled } else { &mut bracket.gone }) += trade.quantity;
            if leaves.is_zero() {
                self.end(order, Exits::Over);
            }
        }
        Ok(())
    }

    /// Notes that an order is over; `exits` is what that means if it is an exit.
    fn end(&mut self, order: OrderId, exits: Exits) {
        let Some(entry) = self.entry_of(order) else { return };
        let Some(bracket) = self.0.get_mut(&entry) else { return };
        if order == entry {
            bracket.is_open = false;
        } else if bracket.exits == Exits::Open {
            bracket.exits = exits;
        }
    }

    /// Checks all brackets after a step, and forgets those that are over.
    pub(super) fn check(&self, after: &[OpenState]) -> Result<(), String> {
        let open: BTreeMap<OrderId, Quantity> =
            after.iter().map(|order| (order.order, order.displayed + order.hidden)).collect();
        for (entry, bracket) in &self.0 {
            let wanted = match bracket.exits {
                Exits::None if !bracket.filled.is_zero() => {
                    return Err(format!("order {entry} has traded, and has no exits"));
                }
                Exits::Over if bracket.is_open => {
                    return Err(format!("entry {entry} goes on after its exits"));
                }
                Exits::Open => Some(bracket.filled - bracket.gone),
                _ => None,
            };
            let exits = [1, 2].map(|step| open.get(&OrderId::new(entry.get() + step)).copied());
            let fits = |(exit, has): (&Option<Quantity>, bool)| {
                // The id of an exit that it has not is free once the entry is over.
                if has { *exit == wanted } else { exit.is_none() || !bracket.is_open }
            };
            if !exits.iter().zip(bracket.has).all(fits) {
                return Err(format!("the exits of {entry} have {exits:?} open, and not {wanted:?}"));
            }
        }
        Ok(())
    }

    /// Forgets the brackets that are over: their ids are free again.
    pub(super) fn forget(&mut self) {
        self.0.retain(|_, bracket| match bracket.exits {
            Exits::None => bracket.is_open || !bracket.filled.is_zero(),
            Exits::Open => true,
            Exits::Over | Exits::Withdrawn => bracket.is_open,
        });
    }
}

/// Returns whether a step enters the first of a pair.
fn is_pair(step: &Step, first: OrderId) -> bool {
    matches!(step, Step::Execute(Command { order, kind: CommandKind::New(terms), .. })
        if *order == first && matches!(terms.link, Link::Pair(_)))
}
