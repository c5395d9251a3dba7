//! Commands with every field at the ends of its type, for tests of whatever takes commands.

use super::{
    Command, CommandKind, Link, OrderKind, OrderTerms, Peg, Replacement, SelfTrade, Side, StopLoss,
    TimeInForce, TrailingDistance,
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
        CommandKind::Replace(new) => {
            let to = |new| with(&|it| it.kind = CommandKind::Replace(new));
            all.extend(replacement_variants(new).into_iter().map(to));
        }
        CommandKind::Cancel | CommandKind::MassCancel { .. } | CommandKind::Disconnect => {}
    }
    all
}

fn replacement_variants(new: Replacement) -> Vec<Replacement> {
    let mut all = vec![Replacement::default()];
    for price in PRICES.map(|ticks| Some(Price::new(ticks))) {
        all.extend([Replacement { price, ..new }, Replacement { trigger: price, ..new }]);
        all.push(Replacement { trigger: price, ..Replacement::default() });
    }
    all.extend(LOTS.map(|lots| Replacement { quantity: Some(Quantity::new(lots)), ..new }));
    for distance in DISTANCES.map(Some) {
        all.extend([Replacement { distance, ..new }, Replacement { distance, ..Replacement::default() }]);
    }
    let times = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];
    let dates = [i64::MIN, 0, i64::MAX].map(|nanos| TimeInForce::Gtd(at(nanos)));
    let auctions = [TimeInForce::AtOpen, TimeInForce::AtClose];
    for time_in_force in times.into_iter().chain(dates).chain(auctions).map(Some) {
        all.extend([
            Replacement { time_in_force, ..new },
            Replacement { time_in_force, ..Replacement::default() },
        ]);
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
    all.extend(IDS.map(|id| Link::ExitOf(OrderId::new(id))));
    let (profit, loss) = (Price::new(104), Price::new(96));
    let take_profit = link.take_profit().unwrap_or(profit);
    let trigger = link.stop_loss().map_or(loss, StopLoss::trigger);
    let mut stops = prices.map(StopLoss::at).to_vec();
    for price in prices {
        stops.push(StopLoss::Market { trigger, protection: Some(price) });
        stops.push(StopLoss::Limit { trigger, limit: price });
        stops.push(StopLoss::Limit { trigger: price, limit: trigger });
    }
    for stop in stops {
        all.push(Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(stop) });
        all.extend([Link::Bracket { take_profit: None, stop_loss: Some(stop) }, Link::Pair(stop)]);
    }
    for take_profit in prices.map(Some) {
        let stop = StopLoss::at(trigger);
        all.push(Link::Bracket { take_profit, stop_loss: Some(stop) });
        all.push(Link::Bracket { take_profit, stop_loss: None });
    }
    all.push(Link::Bracket { take_profit: None, stop_loss: None });
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
        let stop = StopLoss::at(price);
        let bracket = Link::Bracket { take_profit: Some(price), stop_loss: Some(stop) };
        let behind = StopLoss::at(price + side.sign() * 3);
        for link in [bracket, Link::Pair(behind)] {
            let limit = OrderTerms { link, ..OrderTerms::limit(side, Quantity::new(5), price) };
            all.push(command(50, 0, CommandKind::New(limit)));
        }
        all.push(command(0, 0, CommandKind::MassCancel { side: Some(side) }));
    }
    for order in [1, 3, 5, 10] {
        let quantity = Quantity::new(3);
        all.push(command(order, 0, CommandKind::Cancel));
        all.push(command(order, 0, CommandKind::Replace(Replacement::at(price, quantity))));
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
