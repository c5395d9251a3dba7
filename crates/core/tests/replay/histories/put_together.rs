//! What is sent, put together from what was drawn.

use super::super::history::*;
use super::PLENTY;
use super::drawn::*;

/// Puts together what is sent in a history.
pub(super) fn sent(history: &History, drawn: &[Drawn]) -> Vec<Sent> {
    Builder { history, so_far: Vec::new() }.put_together(drawn)
}

struct Builder<'a> {
    history: &'a History,
    so_far: Vec<Sent>,
}

impl Builder<'_> {
    fn put_together(mut self, drawn: &[Drawn]) -> Vec<Sent> {
        for drawn in drawn {
            let sent = self.sent(drawn);
            self.so_far.push(sent);
        }
        // Those that name others come after them, in the order of time too.
        let mut order: Vec<usize> = (0..self.so_far.len()).collect();
        order.sort_by_key(|index| (self.so_far[*index].at, self.so_far[*index].owner));
        let number = |other: usize| order.iter().position(|index| *index == other).unwrap();
        let renumbered = |index: &usize| {
            let mut sent = self.so_far[*index];
            match &mut sent.act {
                Act::Cancel(other)
                | Act::Replace { number: other, .. }
                | Act::Change { number: other, .. }
                | Act::Submit(Order { link: Link::Pair(other), .. }) => *other = number(*other),
                Act::Submit(_) => {}
            }
            sent
        };
        order.iter().map(renumbered).collect()
    }

    fn sent(&self, drawn: &Drawn) -> Sent {
        let owner = drawn.owner % self.history.owners.len();
        let instrument = drawn.instrument % self.history.files.len();
        let sent = Sent {
            at: self.time(owner, instrument, drawn),
            owner,
            act: Act::Submit(self.order(instrument, drawn)),
        };
        match drawn.link {
            DrawnLink::Pair(back) => self.paired(sent, back).unwrap_or(sent),
            DrawnLink::Cancel(back) => self.cancel(sent, back).unwrap_or(sent),
            DrawnLink::Replace(back, up, less) => self.replace(sent, back, up, less).unwrap_or(sent),
            DrawnLink::Change(back, change) => self.change(sent, back, change).unwrap_or(sent),
            DrawnLink::None | DrawnLink::Bracket(..) => sent,
        }
    }

    /// Names an order so many before, and takes on what linked orders must have in common.
    fn paired(&self, mut sent: Sent, back: usize) -> Option<Sent> {
        let target = self.so_far.len().checked_sub(back)?;
        let Sent { at, owner, act: Act::Submit(other) } = self.so_far[target] else { return None };
        let Act::Submit(order) = &mut sent.act else { return None };
        if !(is_linkable(&other) && is_linkable(order)) || other.link != Link::None || self.is_named(target) {
            return None;
        }
        let (side, quantity, instrument) = (other.side, other.quantity, other.instrument);
        *order = Order { side, quantity, instrument, link: Link::Pair(target), ..*order };
        Some(Sent { at: sent.at.max(at), owner, ..sent })
    }

    fn cancel(&self, sent: Sent, back: usize) -> Option<Sent> {
        let target = self.so_far.len().checked_sub(back)?;
        let Sent { at, owner, act: Act::Submit(_) } = self.so_far[target] else { return None };
        Some(Sent { at: sent.at.max(at), owner, act: Act::Cancel(target) })
    }

    /// Gives an order so many before another price and total: once, so that no replace waits for the answer
    /// to another; of an owner with plenty, since what two totals hold meanwhile is no rule of a replay.
    fn replace(&self, sent: Sent, back: usize, up: i64, less: i64) -> Option<Sent> {
        let target = self.so_far.len().checked_sub(back)?;
        let Sent { at, owner, act: Act::Submit(other) } = self.so_far[target] else { return None };
        let price = match other.kind {
            Kind::Limit(price) | Kind::Stop(price) | Kind::StopLimit { limit: price, .. } => price + up,
            Kind::Market
            | Kind::MarketToLimit
            | Kind::Trailing(_)
            | Kind::TrailingBps(_)
            | Kind::Pegged(_) => return None,
        };
        if self.is_named(target)
            || matches!(other.link, Link::Pair(_))
            || self.history.owners[owner].max_short < PLENTY
        {
            return None;
        }
        let quantity = (other.quantity.cast_signed() - less).max(1).unsigned_abs();
        Some(Sent { at: sent.at.max(at), owner, act: Act::Replace { number: target, price, quantity } })
    }

    /// Gives an order so many before another trigger, distance or time in force; as [`Self::replace`].
    fn change(&self, sent: Sent, back: usize, change: DrawnChange) -> Option<Sent> {
        let target = self.so_far.len().checked_sub(back)?;
        let Sent { at, owner, act: Act::Submit(other) } = self.so_far[target] else { return None };
        if self.is_named(target)
            || matches!(other.link, Link::Pair(_))
            || self.history.owners[owner].max_short < PLENTY
        {
            return None;
        }
        let change = match (change, other.kind) {
            (DrawnChange::Terms(ticks), Kind::Stop(trigger) | Kind::StopLimit { trigger, .. }) => {
                Change::Trigger(trigger + ticks)
            }
            (DrawnChange::Terms(ticks), Kind::Trailing(_) | Kind::TrailingBps(_)) => {
                Change::Distance(1 + ticks.abs())
            }
            (DrawnChange::Terms(_), _) | (_, Kind::Market | Kind::MarketToLimit | Kind::Pegged(_)) => {
                return None;
            }
            (DrawnChange::Gtc, _) => Change::Tif(Tif::Gtc),
            (DrawnChange::Day, _) => Change::Tif(Tif::Day),
            (DrawnChange::Gtd(bar, part), _) => {
                let file = &self.history.files[other.instrument];
                let bar = file[bar % file.len()];
                Change::Tif(Tif::Gtd(bar.start + (bar.end - bar.start) / 100 * (part / 10) + part % 10))
            }
        };
        Some(Sent { at: sent.at.max(at), owner, act: Act::Change { number: target, change } })
    }

    /// Whether something drawn so far links or replaces an order.
    fn is_named(&self, target: usize) -> bool {
        self.so_far.iter().any(|sent| match sent.act {
            Act::Replace { number, .. } | Act::Change { number, .. } => number == target,
            Act::Submit(Order { link: Link::Pair(number), .. }) => number == target,
            Act::Submit(_) | Act::Cancel(_) => false,
        })
    }

    /// Returns when something is sent, so that it arrives at its spot.
    fn time(&self, owner: usize, instrument: usize, drawn: &Drawn) -> i64 {
        let (file, auction) = (&self.history.files[instrument], self.history.rules.auction);
        let bar = file[drawn.bar % file.len()];
        let length = bar.end - bar.start;
        let arrives = match drawn.spot {
            Spot::Before => bar.start + auction / 3,
            Spot::Exact(point) => {
                let points = [0, auction, length / 3, 2 * length / 3, length - 1, length];
                bar.start + points[point % points.len()]
            }
            Spot::Within(part) => bar.start + length / 1_000 * part + part,
        };
        let Owner { entry, max_short, .. } = self.history.owners[owner];
        let at = (arrives - entry).max(0);
        // What the gate knows at an instant at which something fills is nobody's promise: whoever is short of
        // cash sends at other times.
        if max_short < PLENTY { at - at % 1_000 + 613 } else { at }
    }

    fn order(&self, instrument: usize, drawn: &Drawn) -> Order {
        let file = &self.history.files[instrument];
        let bar = file[drawn.bar % file.len()];
        let price = bar.open + drawn.offset;
        let sign = drawn.side.sign();
        let kind = match drawn.kind {
            DrawnKind::Market => Kind::Market,
            DrawnKind::MarketToLimit => Kind::MarketToLimit,
            DrawnKind::Limit => Kind::Limit(price),
            DrawnKind::Stop => Kind::Stop(price),
            DrawnKind::StopLimit => {
                Kind::StopLimit { trigger: price, limit: price + sign * (drawn.distance - 3) }
            }
            DrawnKind::Trailing => Kind::Trailing(drawn.distance),
            DrawnKind::TrailingBps => Kind::TrailingBps(70 * drawn.distance),
            DrawnKind::Pegged => Kind::Pegged(price),
        };
        let is_pegged = matches!(kind, Kind::Pegged(_));
        let is_plain = matches!(kind, Kind::Market | Kind::MarketToLimit | Kind::Limit(_));
        let tif = match drawn.tif {
            DrawnTif::Day => Tif::Day,
            DrawnTif::Ioc if !is_pegged => Tif::Ioc,
            DrawnTif::Fok if !is_pegged => Tif::Fok,
            DrawnTif::AtOpen if is_plain => Tif::AtOpen,
            DrawnTif::AtClose if is_plain => Tif::AtClose,
            DrawnTif::Gtd(later, part) => {
                let bar = file[(drawn.bar + later) % file.len()];
                Tif::Gtd(bar.start + (bar.end - bar.start) / 100 * (part / 10) + part % 10)
            }
            DrawnTif::Gtc | DrawnTif::Ioc | DrawnTif::Fok | DrawnTif::AtOpen | DrawnTif::AtClose => Tif::Gtc,
        };
        let link = match drawn.link {
            DrawnLink::Bracket(exits, profit, loss) if !is_pegged => {
                let (profit, trigger) = (Some(price + sign * profit), price - sign * loss);
                let loss = Some(Loss { trigger, limit: None });
                match exits {
                    DrawnExits::Both => Link::Bracket { profit, loss },
                    DrawnExits::Profit => Link::Bracket { profit, loss: None },
                    DrawnExits::Loss => Link::Bracket { profit: None, loss },
                    DrawnExits::Limited(has_both, ticks) => {
                        let loss = Some(Loss { trigger, limit: Some(trigger + ticks) });
                        Link::Bracket { profit: profit.filter(|_| has_both), loss }
                    }
                }
            }
            _ => Link::None,
        };
        Order { instrument, side: drawn.side, quantity: drawn.quantity, kind, tif, link }
    }
}

/// Whether an order can be one of two linked ones: a limit order or stop that may stay.
fn is_linkable(order: &Order) -> bool {
    !matches!(order.kind, Kind::Market | Kind::MarketToLimit | Kind::Pegged(_))
        && matches!(order.tif, Tif::Gtc | Tif::Day | Tif::Gtd(_))
        && !matches!(order.link, Link::Bracket { .. })
}
