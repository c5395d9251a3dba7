//! Commands and reports as they wait in the queue: the usual ones inline, in at most a line of the
//! processor's cache, the rest on the heap.

use crate::market::{
    CancelReason, Command, CommandKind, ExecutionReport, ExpiryReason, Liquidity, OrderKind, OrderTerms,
    Phase, PlainTime, Replacement, ReportKind, SentCommand, Side, TimeInForce,
};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, ShortQuantity, SimTime, TradeId};

/// A command on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandMessage(PackedCommand);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PackedCommand {
    Plain(PlainCommand),
    Dated(DatedLimit),
    Other(Box<SentCommand>),
}

/// A new order with plain terms, a cancel or a replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PlainCommand {
    order: OrderId,
    owner: ActorId,
    listing: ListingId,
    sent_at: SimTime,
    splits: u32,
    request: PlainRequest,
}

/// A new limit order with plain terms and a date, at a listing that has had no split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DatedLimit {
    order: OrderId,
    sent_at: SimTime,
    price: Price,
    until: SimTime,
    owner: ActorId,
    listing: ListingId,
    quantity: ShortQuantity,
    side: Side,
    reduce_only: bool,
}

impl DatedLimit {
    /// Returns a command in this form, if it has one.
    fn of(sent: &SentCommand) -> Option<Self> {
        let SentCommand { command: Command { order, owner, listing, ref kind }, sent_at, splits } = *sent;
        let CommandKind::New(terms) = kind else { return None };
        let (OrderKind::Limit(price), TimeInForce::Gtd(until)) = (terms.kind, terms.time_in_force) else {
            return None;
        };
        let OrderTerms { side, reduce_only, .. } = *terms;
        let quantity = ShortQuantity::of(terms.quantity)?;
        let dated = Self { order, sent_at, price, until, owner, listing, quantity, side, reduce_only };
        (terms.is_plain() && splits == 0).then_some(dated)
    }

    fn sent(self) -> SentCommand {
        let Self { order, sent_at, price, until, owner, listing, quantity, side, reduce_only } = self;
        let terms = OrderTerms::limit(side, quantity.get(), price).with(TimeInForce::Gtd(until));
        let kind = CommandKind::New(OrderTerms { reduce_only, ..terms });
        SentCommand { command: Command { order, owner, listing, kind }, sent_at, splits: 0 }
    }
}

/// One level of variants, so that a request takes three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainRequest {
    Limit { price: Price, quantity: Quantity, side: Side, reduce_only: bool, time: PlainTime },
    Protected { price: Price, quantity: Quantity, side: Side, reduce_only: bool, time: PlainTime },
    Market { quantity: Quantity, side: Side, reduce_only: bool, time: PlainTime },
    Cancel,
    Replace { price: Price, quantity: Quantity },
}

impl PlainRequest {
    /// Returns a request in its plain form, if it has one.
    fn of(kind: &CommandKind) -> Option<Self> {
        match *kind {
            CommandKind::New(ref terms) if terms.is_plain() => Self::new_order(terms),
            CommandKind::Cancel => Some(Self::Cancel),
            CommandKind::Replace(new) => {
                new.price_and_quantity().map(|(price, quantity)| Self::Replace { price, quantity })
            }
            CommandKind::New(_) | CommandKind::MassCancel { .. } | CommandKind::Disconnect => None,
        }
    }

    fn new_order(terms: &OrderTerms) -> Option<Self> {
        let OrderTerms { side, quantity, reduce_only, .. } = *terms;
        let time = PlainTime::of(terms.time_in_force)?;
        match terms.kind {
            OrderKind::Limit(price) => Some(Self::Limit { price, quantity, side, reduce_only, time }),
            OrderKind::Market { protection: Some(price) } => {
                Some(Self::Protected { price, quantity, side, reduce_only, time })
            }
            OrderKind::Market { protection: None } => {
                Some(Self::Market { quantity, side, reduce_only, time })
            }
            _ => None,
        }
    }

    fn kind(self) -> CommandKind {
        let (kind, quantity, side, reduce_only, time) = match self {
            Self::Limit { price, quantity, side, reduce_only, time } => {
                (OrderKind::Limit(price), quantity, side, reduce_only, time)
            }
            Self::Protected { price, quantity, side, reduce_only, time } => {
                (OrderKind::Market { protection: Some(price) }, quantity, side, reduce_only, time)
            }
            Self::Market { quantity, side, reduce_only, time } => {
                (OrderKind::Market { protection: None }, quantity, side, reduce_only, time)
            }
            Self::Cancel => return CommandKind::Cancel,
            Self::Replace { price, quantity } => {
                return CommandKind::Replace(Replacement::at(price, quantity));
            }
        };
        let terms = OrderTerms::new(side, quantity, kind).with(time.time_in_force());
        CommandKind::New(OrderTerms { reduce_only, ..terms })
    }
}

impl From<SentCommand> for CommandMessage {
    #[inline]
    fn from(sent: SentCommand) -> Self {
        let SentCommand { command: Command { order, owner, listing, ref kind }, sent_at, splits } = sent;
        Self(match PlainRequest::of(kind) {
            Some(request) => {
                PackedCommand::Plain(PlainCommand { order, owner, listing, sent_at, splits, request })
            }
            None => match DatedLimit::of(&sent) {
                Some(dated) => PackedCommand::Dated(dated),
                None => PackedCommand::Other(Box::new(sent)),
            },
        })
    }
}

impl From<CommandMessage> for SentCommand {
    #[inline]
    fn from(message: CommandMessage) -> Self {
        match message.0 {
            PackedCommand::Plain(PlainCommand { order, owner, listing, sent_at, splits, request }) => {
                Self { command: Command { order, owner, listing, kind: request.kind() }, sent_at, splits }
            }
            PackedCommand::Dated(dated) => dated.sent(),
            PackedCommand::Other(sent) => *sent,
        }
    }
}

/// A report on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMessage(PackedReport);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PackedReport {
    Fill(PackedFill),
    Other(Box<ExecutionReport>),
    News { order: OrderId, at: SimTime, listing: ListingId, side: Side, news: PlainNews },
}

/// What else often happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainNews {
    Accepted,
    Requested,
    IocRemainder,
    Expired(ExpiryReason),
    Replaced { price: Price, leaves: Quantity },
}

impl PlainNews {
    const fn of(kind: ReportKind) -> Option<Self> {
        Some(match kind {
            ReportKind::Accepted => Self::Accepted,
            ReportKind::Canceled(CancelReason::Requested) => Self::Requested,
            ReportKind::Canceled(CancelReason::IocRemainder) => Self::IocRemainder,
            ReportKind::Expired(reason) => Self::Expired(reason),
            ReportKind::Replaced { price, leaves } => Self::Replaced { price, leaves },
            _ => return None,
        })
    }

    const fn kind(self) -> ReportKind {
        match self {
            Self::Accepted => ReportKind::Accepted,
            Self::Requested => ReportKind::Canceled(CancelReason::Requested),
            Self::IocRemainder => ReportKind::Canceled(CancelReason::IocRemainder),
            Self::Expired(reason) => ReportKind::Expired(reason),
            Self::Replaced { price, leaves } => ReportKind::Replaced { price, leaves },
        }
    }
}

/// A fill whose fee fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PackedFill {
    order: OrderId,
    at: SimTime,
    trade: TradeId,
    price: Price,
    quantity: Quantity,
    leaves: Quantity,
    fee_units: i64,
    listing: ListingId,
    side: Side,
    liquidity: Liquidity,
    phase: Phase,
}

/// Returns the fee of a fill in units of money, if it fits.
fn fee_units(kind: ReportKind) -> Option<i64> {
    let ReportKind::Filled { fee, .. } = kind else { return None };
    i64::try_from(fee.units()).ok()
}

impl From<ExecutionReport> for ReportMessage {
    #[inline]
    fn from(report: ExecutionReport) -> Self {
        let ExecutionReport { order, listing, side, at, kind } = report;
        if let Some(news) = PlainNews::of(kind) {
            return Self(PackedReport::News { order, at, listing, side, news });
        }
        Self(match (kind, fee_units(kind)) {
            (
                ReportKind::Filled { trade, price, quantity, leaves, liquidity, phase, .. },
                Some(fee_units),
            ) => PackedReport::Fill(PackedFill {
                order,
                at,
                trade,
                price,
                quantity,
                leaves,
                fee_units,
                listing,
                side,
                liquidity,
                phase,
            }),
            _ => PackedReport::Other(Box::new(report)),
        })
    }
}

impl From<ReportMessage> for ExecutionReport {
    #[inline]
    fn from(message: ReportMessage) -> Self {
        match message.0 {
            PackedReport::News { order, at, listing, side, news } => {
                Self { order, listing, side, at, kind: news.kind() }
            }
            PackedReport::Fill(fill) => {
                let PackedFill { order, at, trade, price, quantity, leaves, .. } = fill;
                let PackedFill { fee_units, listing, side, liquidity, phase, .. } = fill;
                let fee = Money::from_units(i128::from(fee_units));
                let kind = ReportKind::Filled { trade, price, quantity, leaves, liquidity, phase, fee };
                Self { order, listing, side, at, kind }
            }
            PackedReport::Other(report) => *report,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Link, PostOnly, SelfTrade, TimeInForce, TrailingDistance};

    fn sent(kind: CommandKind) -> SentCommand {
        let command =
            Command { order: OrderId::new(7), owner: ActorId::new(8), listing: ListingId::new(9), kind };
        SentCommand { command, sent_at: SimTime::from_nanos(-5), splits: 2 }
    }

    fn all_terms() -> Vec<OrderTerms> {
        let [price, worst] = [Price::new(-3), Price::new(i64::MAX)];
        let kinds = [
            OrderKind::Limit(price),
            OrderKind::Market { protection: None },
            OrderKind::Market { protection: Some(worst) },
            OrderKind::MarketToLimit { protection: None },
            OrderKind::Stop { trigger: price, protection: Some(worst) },
            OrderKind::StopLimit { trigger: price, limit: worst },
        ];
        let times = [
            TimeInForce::Gtc,
            TimeInForce::Day,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Gtd(SimTime::from_nanos(1)),
            TimeInForce::AtOpen,
            TimeInForce::AtClose,
        ];
        let quantity = Quantity::new(u64::MAX);
        let mut all = Vec::new();
        for side in Side::BOTH {
            for plain in kinds.map(|kind| OrderTerms::new(side, quantity, kind)) {
                all.extend(times.map(|time| plain.with(time)));
                all.push(OrderTerms { reduce_only: true, ..plain });
                all.push(OrderTerms { display: Some(quantity), ..plain });
                all.push(OrderTerms { minimum: Some(quantity), ..plain });
                all.push(OrderTerms { post_only: PostOnly::Slide, ..plain });
                all.push(OrderTerms { self_trade: SelfTrade::Decrement, ..plain });
                all.push(OrderTerms { link: Link::OneCancelsOther(OrderId::new(1)), ..plain });
            }
        }
        all
    }

    #[test]
    fn commands_come_out_as_they_went_in() {
        let mut kinds: Vec<CommandKind> = all_terms().into_iter().map(CommandKind::New).collect();
        let at = Replacement::at(Price::new(i64::MIN), Quantity::new(3));
        let replace = CommandKind::Replace(at);
        kinds.extend(
            [
                Replacement::default(),
                Replacement { time_in_force: Some(TimeInForce::Day), ..at },
                Replacement { distance: Some(TrailingDistance::Ticks(1)), ..at },
                Replacement { trigger: at.price, ..at },
            ]
            .map(CommandKind::Replace),
        );
        let mass = CommandKind::MassCancel { side: Some(Side::Sell) };
        kinds.extend([CommandKind::Cancel, replace, mass, CommandKind::Disconnect]);
        let mut inline = 0;
        for kind in kinds {
            let message = CommandMessage::from(sent(kind));
            inline += u32::from(matches!(message.0, PackedCommand::Plain(_)));
            assert_eq!(SentCommand::from(message), sent(kind));
        }
        // Of both sides: limits, markets with and without a worst price, each with the times in force but a
        // date, and reduce-only; cancel and replace.
        assert_eq!(inline, 2 * 3 * (6 + 1) + 2);
    }

    #[test]
    fn limit_orders_with_a_date_are_inline_where_nothing_was_split() {
        let (mut dated, date) = (0, TimeInForce::Gtd(SimTime::from_nanos(i64::MAX)));
        for terms in all_terms() {
            for quantity in [1, (1 << 40) - 1, 1 << 40] {
                let terms = OrderTerms { quantity: Quantity::new(quantity), ..terms.with(date) };
                for splits in [0, 1] {
                    let sent = SentCommand { splits, ..sent(CommandKind::New(terms)) };
                    let message = CommandMessage::from(sent);
                    dated += u32::from(matches!(message.0, PackedCommand::Dated(_)));
                    assert_eq!(SentCommand::from(message), sent);
                }
            }
        }
        // Of both sides: limits, of seven times in force before they had the date, and reduce-only, of the
        // two quantities that fit.
        assert_eq!(dated, 2 * (7 + 1) * 2);
    }

    #[test]
    fn reports_come_out_as_they_went_in() {
        let fill = |fee| ReportKind::Filled {
            trade: TradeId::new(1),
            price: Price::new(2),
            quantity: Quantity::new(3),
            leaves: Quantity::new(4),
            liquidity: Liquidity::Auction,
            phase: Phase::ReopeningAuction,
            fee: Money::from_units(fee),
        };
        let fees = [0, -7, i128::from(i64::MAX), i128::from(i64::MIN), i128::from(i64::MAX) + 1, i128::MIN];
        let mut kinds = fees.map(fill).to_vec();
        let replaced = ReportKind::Replaced { price: Price::new(-1), leaves: Quantity::new(2) };
        kinds.extend([ReportKind::Accepted, replaced, ReportKind::Expired(ExpiryReason::DateReached)]);
        let reasons = [CancelReason::Requested, CancelReason::IocRemainder, CancelReason::SelfTrade];
        kinds.extend(reasons.map(ReportKind::Canceled));
        for kind in kinds {
            let (order, listing) = (OrderId::new(u64::MAX), ListingId::new(5));
            let report =
                ExecutionReport { order, listing, side: Side::Sell, at: SimTime::from_nanos(9), kind };
            assert_eq!(ExecutionReport::from(ReportMessage::from(report)), report);
        }
    }
}
