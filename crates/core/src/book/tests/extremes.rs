//! Every field of every command at the ends of its type: both engines do alike, and neither panics.

use super::differential::Twins;
use super::traffic::Step;
use super::*;
use crate::book::PriceBands;

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

/// Commands that make a book, each an order of owner 0 or 1, then what phase it is in.
fn books() -> Vec<(Vec<Command>, Phase)> {
    let limit = |order, owner, side, ticks| {
        let terms = OrderTerms::limit(side, Quantity::new(4), Price::new(ticks));
        command(order, owner, CommandKind::New(terms))
    };
    let of_kind = |order, side, kind| {
        command(order, 0, CommandKind::New(OrderTerms::new(side, Quantity::new(4), kind)))
    };
    let sides = vec![
        limit(1, 0, Side::Buy, 99),
        limit(2, 1, Side::Buy, 98),
        limit(3, 0, Side::Sell, 101),
        limit(4, 1, Side::Sell, 102),
    ];
    let mut rich = sides.clone();
    let bracket = Link::Bracket { take_profit: Price::new(110), stop_loss: Price::new(90), protection: None };
    let entry =
        OrderTerms { link: bracket, ..OrderTerms::limit(Side::Buy, Quantity::new(9), Price::new(100)) };
    rich.push(of_kind(5, Side::Buy, OrderKind::Stop { trigger: Price::new(103), protection: None }));
    rich.push(command(10, 0, CommandKind::New(entry)));
    rich.push(command(13, 1, CommandKind::New(OrderTerms::market(Side::Sell, Quantity::new(3)))));
    rich.push(of_kind(14, Side::Sell, OrderKind::Pegged { to: Peg::Mid, offset: 1, limit: None }));
    let far = vec![limit(1, 1, Side::Buy, -EDGE), limit(3, 1, Side::Sell, EDGE)];
    let mut crossed = vec![limit(1, 1, Side::Buy, EDGE), limit(3, 1, Side::Sell, EDGE)];
    crossed.push(of_kind(5, Side::Sell, OrderKind::Stop { trigger: Price::new(-EDGE), protection: None }));
    vec![
        (Vec::new(), Phase::Continuous),
        (sides.clone(), Phase::Continuous),
        (sides, Phase::ClosingAuction),
        (rich.clone(), Phase::Continuous),
        (rich, Phase::Halt),
        (far.clone(), Phase::Continuous),
        (far, Phase::OpeningAuction),
        (crossed, Phase::Continuous),
    ]
}

/// Applies a command to a book, and then what brings everything about: trades, an auction, the close.
fn try_out(before: &Twins, command: Command) {
    let mut twins = before.clone();
    let market = |order, side| {
        let terms = OrderTerms::market(side, Quantity::new(3));
        Step::Execute(super::command(order, 2, CommandKind::New(terms)))
    };
    let steps = [
        Step::Execute(command),
        market(70, Side::Buy),
        market(71, Side::Sell),
        Step::Enter(Phase::ClosingAuction),
        market(72, Side::Buy),
        Step::Enter(Phase::Continuous),
        Step::Enter(Phase::Closed),
    ];
    for step in steps {
        if let Err(error) = twins.follow(&step, true) {
            panic!("{command:?}, then {step:?}: {error}");
        }
    }
}

fn starts() -> Vec<Twins> {
    let bands = PriceBands { static_bps: Some(u32::MAX), dynamic_bps: Some(0), limit_bps: Some(u32::MAX) };
    let mut all = Vec::new();
    for config in [
        BookConfig::default(),
        BookConfig {
            bands,
            reference: Some(Price::new(100)),
            min_price: Price::new(-EDGE),
            ..BookConfig::default()
        },
    ] {
        for (commands, phase) in books() {
            let mut twins = Twins::new(config, ReferenceBook::new(config));
            for step in commands.into_iter().map(Step::Execute).chain([Step::Enter(phase)]) {
                twins.follow(&step, true).unwrap();
            }
            all.push(twins);
        }
    }
    all
}

#[test]
fn a_protection_beyond_all_prices_is_rejected_where_an_opposite_order_rests() {
    for worst in [i64::MIN, i64::MAX] {
        for (resting, side) in [(Side::Sell, Side::Buy), (Side::Buy, Side::Sell)] {
            let mut twins = Twins::new(BookConfig::default(), ReferenceBook::default());
            let rests = OrderTerms::limit(resting, Quantity::new(4), Price::new(100));
            twins.follow(&Step::Execute(command(1, 0, CommandKind::New(rests))), true).unwrap();
            let kind = OrderKind::Market { protection: Some(Price::new(worst)) };
            let terms = OrderTerms { kind, ..OrderTerms::market(side, Quantity::new(4)) };
            twins.follow(&Step::Execute(command(2, 1, CommandKind::New(terms))), true).unwrap();
            let rejected = twins.events.iter().any(|event| {
                matches!(event, BookEvent::Rejected { reason: RejectReason::PriceOutOfRange, .. })
            });
            assert!(rejected, "{:?}", twins.events);
        }
    }
}

#[test]
fn every_field_at_its_ends_is_the_same_to_both_engines() {
    let mut tried = 0;
    for start in starts() {
        for command in commands() {
            for variant in variants(&command) {
                try_out(&start, variant);
                tried += 1;
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}

#[test]
fn two_fields_at_their_ends_are_the_same_to_both_engines() {
    // A part of all pairs, another one for each book.
    const EVERY: usize = if cfg!(debug_assertions) { 997 } else { 23 };
    for (number, start) in starts().iter().enumerate() {
        let pairs = commands().into_iter().flat_map(|command| variants(&command));
        let pairs = pairs.flat_map(|command| variants(&command));
        for variant in pairs.skip(number).step_by(EVERY) {
            try_out(start, variant);
        }
    }
}
