//! Commands with every field at the ends of its type, for tests of whatever takes commands.

use super::{
    Command, CommandKind, Link, OrderKind, OrderTerms, Peg, SelfTrade, Side, TimeInForce, TrailingDistance,
};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

const EDGE: i64 = Price::MAX_TICKS;

const PRICES: [i64; 9] =
    [i64::MIN, i64::MIN + 1, -EDGE - 1, -EDGE, 0, EDGE, EDGE + 1, i64::MAX - 1, i64::MAX];

const LOTS: [u64; 6] = [0, 1, Quantity::MAX_LOTS - 1, Quantity::MAX_LOTS, Quantity::MAX_LOTS + 1, u64::MAX];

const IDS: [u64; 5] = [0, u64::MAX - 3, u64::MAX - 2, u64::MAX - 1, u64::MAX];

const DISTANCES: [TrailingDistance; 8] = [
    TrailingDistance::Ticks(i64::MIN),
    TrailingDistance::Ticks(0),
    TrailingDistance::Ticks(EDGE),
    TrailingDistance::Ticks(EDGE + 1),
    TrailingDistance::Ticks(i64::MAX),
    TrailingDistance::BasisPoints(0),
    TrailingDistance::BasisPoints(9_999),
    TrailingDistance::BasisPoints(u32::MAX),
];

/// Returns the same command with one field at an end of its type, in all ways.
pub(crate) fn variants(command: &Command) -> Vec<Command> {
    let with = |change: &dyn Fn(&mut Command)| {
        let mut changed = *command;
        change(&mut changed);
        changed
    };
    let mut all: Vec<Command> = IDS.iter().map(|id| with(&|it| it.order = OrderId::new(*id))).collect();
    all.extend([0, u32::MAX].map(|id| with(&|it| it.owner = ActorId::new(id))));
    all.push(with(&|it| it.listing = ListingId::new(u32::MAX)));
    match command.kind {
        CommandKind::New(terms) => {
            let new = |terms| with(&|it| it.kind = CommandKind::New(terms));
            all.extend(terms_variants(&terms).into_iter().map(new));
        }
        CommandKind::Replace { price, quantity } => {
            let to = |price, quantity| with(&|it| it.kind = CommandKind::Replace { price, quantity });
            all.extend(PRICES.map(|ticks| to(Price::new(ticks), quantity)));
            all.extend(LOTS.map(|lots| to(price, Quantity::new(lots))));
        }
        CommandKind::Cancel | CommandKind::MassCancel { .. } | CommandKind::Disconnect => {}
    }
    all
}

fn terms_variants(terms: &OrderTerms) -> Vec<OrderTerms> {
    let lots = LOTS.map(Quantity::new);
    let mut all: Vec<OrderTerms> = lots.map(|quantity| OrderTerms { quantity, ..*terms }).to_vec();
    all.extend(kind_variants(terms.kind).into_iter().map(|kind| OrderTerms { kind, ..*terms }));
    all.extend(link_variants(terms.link).into_iter().map(|link| OrderTerms { link, ..*terms }));
    for lots in lots {
        all.push(OrderTerms { display: Some(lots), ..*terms });
        all.push(OrderTerms { minimum: Some(lots), ..*terms });
    }
    for nanos in [i64::MIN, 0, i64::MAX] {
        all.push(OrderTerms { time_in_force: TimeInForce::Gtd(at(nanos)), ..*terms });
    }
    all.push(OrderTerms { reduce_only: true, ..*terms });
    all
}

fn kind_variants(kind: OrderKind) -> Vec<OrderKind> {
    let prices = PRICES.map(Price::new);
    let mut all: Vec<OrderKind> = prices.map(|price| kind.protected_at(price)).to_vec();
    match kind {
        OrderKind::Limit(_) => all.extend(prices.map(OrderKind::Limit)),
        OrderKind::Stop { protection, .. } => {
            all.extend(prices.map(|trigger| OrderKind::Stop { trigger, protection }));
        }
        OrderKind::StopLimit { trigger, limit } => {
            all.extend(prices.map(|trigger| OrderKind::StopLimit { trigger, limit }));
            all.extend(prices.map(|limit| OrderKind::StopLimit { trigger, limit }));
        }
        OrderKind::TrailingStop { protection, .. } => {
            all.extend(DISTANCES.map(|distance| OrderKind::TrailingStop { distance, protection }));
        }
        OrderKind::Pegged { to, limit, .. } => {
            let ends = [i32::MIN, i32::MIN + 1, i32::MAX];
            all.extend(ends.map(|offset| OrderKind::Pegged { to, offset, limit }));
        }
        OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => {}
    }
    all
}

fn link_variants(link: Link) -> Vec<Link> {
    let prices = PRICES.map(Price::new);
    let mut all: Vec<Link> = IDS.map(|id| Link::OneCancelsOther(OrderId::new(id))).to_vec();
    let (profit, loss) = (Price::new(104), Price::new(96));
    let (take_profit, stop_loss, protection) = match link {
        Link::Bracket { take_profit, stop_loss, protection } => (take_profit, stop_loss, protection),
        Link::None | Link::OneCancelsOther(_) => (profit, loss, None),
    };
    all.extend(prices.map(|take_profit| Link::Bracket { take_profit, stop_loss, protection }));
    all.extend(prices.map(|stop_loss| Link::Bracket { take_profit, stop_loss, protection }));
    all.extend(prices.map(|worst| Link::Bracket { take_profit, stop_loss, protection: Some(worst) }));
    all
}

/// One command of each kind, and of each kind of order.
pub(crate) fn commands() -> Vec<Command> {
    let price = Price::new(101);
    let distance = TrailingDistance::Ticks(2);
    let kinds = [
        OrderKind::Limit(price),
        OrderKind::Market { protection: None },
        OrderKind::MarketToLimit { protection: None },
        OrderKind::Stop { trigger: price, protection: None },
        OrderKind::StopLimit { trigger: price, limit: price },
        OrderKind::TrailingStop { distance, protection: None },
        OrderKind::Pegged { to: Peg::Mid, offset: 1, limit: None },
        OrderKind::Pegged { to: Peg::Touch, offset: 1, limit: None },
    ];
    let mut all = Vec::new();
    for side in Side::BOTH {
        for kind in kinds {
            let terms = OrderTerms::new(side, Quantity::new(5), kind);
            for self_trade in [SelfTrade::Allow, SelfTrade::CancelOldest] {
                all.push(command(50, 0, CommandKind::New(OrderTerms { self_trade, ..terms })));
            }
            all.push(command(50, 0, CommandKind::New(terms.with(TimeInForce::Fok))));
        }
        let bracket = Link::Bracket { take_profit: price, stop_loss: price, protection: None };
        let limit = OrderTerms { link: bracket, ..OrderTerms::limit(side, Quantity::new(5), price) };
        all.push(command(50, 0, CommandKind::New(limit)));
        all.push(command(0, 0, CommandKind::MassCancel { side: Some(side) }));
    }
    for order in [1, 3, 5, 10] {
        let quantity = Quantity::new(3);
        all.push(command(order, 0, CommandKind::Cancel));
        all.push(command(order, 0, CommandKind::Replace { price, quantity }));
    }
    all.extend([CommandKind::MassCancel { side: None }, CommandKind::Disconnect].map(|it| command(0, 0, it)));
    all
}

fn command(order: u64, owner: u32, kind: CommandKind) -> Command {
    Command { order: OrderId::new(order), owner: ActorId::new(owner), listing: ListingId::new(0), kind }
}

fn at(nanos: i64) -> SimTime {
    SimTime::from_nanos(nanos)
}
