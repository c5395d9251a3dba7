//! What an operator asks for: halts and their end, blocked participants, transfers between seats.

mod limits;

use super::*;

use bearpit_core::account::FundingRefusal;
use bearpit_core::exchange::ListingConfig;
use bearpit_core::kernel::InjectError;
use bearpit_core::market::{
    Funding, OrderKind, Phase, Reference, Refusal, Replacement, TimeInForce, Transfer,
};
use bearpit_core::participant::{OperatorRefusal, RequestError};
use bearpit_core::units::{NetQuantity, OrderId};

const SECOND: SimDuration = SimDuration::from_secs(1);

/// A market with facts, whose book follows a schedule.
fn market(schedule: &[(i64, Phase)]) -> (Live, Facts) {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let schedule = schedule.iter().map(|(millis, phase)| (after(*millis), *phase)).collect();
    builder.listing_config(LISTING, ListingConfig { schedule, ..ListingConfig::default() });
    (Live::start(builder), facts)
}

impl Live {
    fn halt(&mut self, millis: i64) -> Result<Outcome, RequestRefusal> {
        self.ask(millis, RequestKind::Halt { listing: None }).outcome
    }

    fn reopen(&mut self, millis: i64, auction: SimDuration) -> Result<Outcome, RequestRefusal> {
        self.ask(millis, RequestKind::Reopen { listing: Some(LISTING), auction }).outcome
    }

    fn block(&mut self, millis: i64, name: &str) -> Result<Outcome, RequestRefusal> {
        let (participant, reason) = (self.id(name), Reference::new("asked too often").unwrap());
        self.ask(millis, RequestKind::Block { participant, reason }).outcome
    }

    fn transfer(
        &mut self,
        millis: i64,
        names: [&str; 2],
        transfer: Transfer,
    ) -> Result<Outcome, RequestRefusal> {
        let [from, to] = names.map(|name| self.id(name));
        let funding = Funding { transfer, reference: Reference::new("between seats").unwrap() };
        self.ask(millis, RequestKind::Transfer { from, to, funding }).outcome
    }

    fn refused(&mut self, kind: RequestKind) -> RequestError {
        let now = self.market.world().now();
        let error = match self.market.request(now, Request { tag: None, kind }).unwrap_err() {
            InjectError::Request(error) => Some(error),
            _ => None,
        };
        error.unwrap()
    }

    fn cash_and_shares(&self, name: &str) -> (i64, i64) {
        let account = self.market.world().domain().account(self.id(name)).unwrap();
        let cash = i64::try_from(account.cash().units() / Money::UNITS).unwrap();
        (cash, account.holding(ACME).lots())
    }
}

fn order_of(outcome: Result<Outcome, RequestRefusal>) -> OrderId {
    let order = match outcome.unwrap() {
        Outcome::Submitted { order, .. } => Some(order),
        _ => None,
    };
    order.unwrap()
}

/// Phases and trades, by time.
fn drawn(facts: &Facts) -> Vec<String> {
    let line = |at: &SimTime, fact: &Fact| {
        let text = match fact {
            Fact::PhaseChanged { phase, .. } => phase.to_string(),
            Fact::TradingHalted { .. } => "an operator halts".to_owned(),
            Fact::HaltLifted { .. } => "an operator lifts the halt".to_owned(),
            Fact::Traded(trade) => format!("{} lots at {}", trade.quantity, trade.price),
            Fact::OrderTriggered { .. } => "a stop is elected".to_owned(),
            Fact::ParticipantBlocked { reason, .. } => format!("blocked: {reason}"),
            Fact::ParticipantUnblocked { .. } => "unblocked".to_owned(),
            Fact::OrderCanceled { order, reason, .. } => format!("order {order} is canceled: {reason}"),
            Fact::OrderRejected { reason, .. } => format!("rejected: {reason}"),
            Fact::OrderRefused { reason, .. } => format!("refused: {reason}"),
            _ => return None,
        };
        Some(format!("{} {text}", (*at - open()).nanos() / 1_000_000))
    };
    facts.0.borrow().iter().filter_map(|(at, fact)| line(at, fact)).collect()
}

fn stop(side: Side, lots: u64, ticks: i64) -> OrderTerms {
    let kind = OrderKind::Stop { trigger: Price::new(ticks), protection: None };
    OrderTerms::new(side, Quantity::new(lots), kind)
}

#[test]
fn a_halted_listing_trades_nothing_until_the_auction_that_ends_its_halt() {
    let (mut live, facts) = market(&[]);
    live.submit(1, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(2, "b", stop(Side::Buy, 2, 10_000)).unwrap();
    let kept = order_of(live.submit(3, "b", limit(Side::Buy, 3, 9_990)));
    assert_eq!(live.halt(10), Ok(Outcome::Halted));
    let halt = RequestKind::Halt { listing: Some(LISTING) };
    assert_eq!(live.ask(11, halt).outcome, Err(OperatorRefusal::AlreadyHalted.into()));
    // An order that would trade is rejected by the venue, a cancel is carried out.
    live.submit(12, "b", limit(Side::Buy, 5, 10_000)).unwrap();
    live.instruct(13, "b", Instruction::Cancel(kept)).unwrap();
    assert_eq!(live.reopen(100, SECOND), Ok(Outcome::Reopened));
    assert_eq!(live.reopen(101, SECOND), Err(OperatorRefusal::NotHalted.into()));
    live.submit(200, "b", limit(Side::Buy, 1, 10_000)).unwrap();
    live.market.step(after(2_000), u64::MAX).unwrap();
    let expected = [
        "10 an operator halts",
        "10 halt",
        "12 rejected: the venue does not accept such a command in this phase",
        &format!("13 order {kept} is canceled: canceled by its owner"),
        "100 an operator lifts the halt",
        "100 reopening_auction",
        "1100 1 lots at 10000",
        "1100 continuous",
        "1100 a stop is elected",
        "1100 2 lots at 10000",
    ];
    assert_eq!(drawn(&facts), expected);
    live.finish();
}

#[test]
fn a_halt_outlasts_the_schedule_but_for_the_close() {
    use Phase::{Closed, ClosingAuction, Continuous, OpeningAuction, PreOpen};
    let schedule = [
        (0, Continuous),
        (1_000, ClosingAuction),
        (2_000, Closed),
        (3_000, PreOpen),
        (4_000, OpeningAuction),
        (5_000, Continuous),
    ];
    let (mut live, facts) = market(&schedule);
    // They cross in the closing auction, which is halted.
    live.submit(1_100, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(1_200, "b", limit(Side::Buy, 5, 10_000).with(TimeInForce::Day)).unwrap();
    live.halt(1_500).unwrap();
    live.market.step(after(2_500), u64::MAX).unwrap();
    let expected =
        ["0 continuous", "1000 closing_auction", "1500 an operator halts", "1500 halt", "2000 closed"];
    assert_eq!(drawn(&facts)[..], expected[1..]);
    live.market.step(after(4_500), u64::MAX).unwrap();
    assert_eq!(drawn(&facts).last().unwrap(), "3000 halt");
    // It is reopened while the opening auction goes on, and takes part in that.
    live.reopen(4_600, SECOND).unwrap();
    live.submit(4_700, "b", limit(Side::Buy, 2, 10_000)).unwrap();
    live.market.step(after(6_000), u64::MAX).unwrap();
    let expected = [
        "4600 an operator lifts the halt",
        "4600 opening_auction",
        "5000 2 lots at 10000",
        "5000 continuous",
    ];
    assert_eq!(drawn(&facts)[5..], expected);
    live.finish();
}

#[test]
fn a_closed_listing_that_is_halted_does_not_open_and_opens_as_usual_when_that_is_over() {
    let (mut live, facts) =
        market(&[(0, Phase::Closed), (1_000, Phase::PreOpen), (2_000, Phase::Continuous)]);
    live.halt(100).unwrap();
    live.market.step(after(1_500), u64::MAX).unwrap();
    live.reopen(1_600, SECOND).unwrap();
    live.market.step(after(2_500), u64::MAX).unwrap();
    let expected = [
        "0 closed",
        "100 an operator halts",
        "1000 halt",
        "1600 an operator lifts the halt",
        "1600 pre_open",
        "2000 continuous",
    ];
    assert_eq!(drawn(&facts), expected);
    live.finish();
}

#[test]
fn a_reopening_without_an_auction_trades_at_once() {
    let (mut live, facts) = market(&[]);
    live.halt(1).unwrap();
    live.reopen(2, SimDuration::ZERO).unwrap();
    live.submit(3, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(3, "b", limit(Side::Buy, 5, 10_000)).unwrap();
    assert_eq!(drawn(&facts)[3..], ["2 continuous", "3 5 lots at 10000"]);
    live.finish();
}

#[test]
fn all_books_of_all_venues_halt_at_one_instant() {
    let facts = Facts::default();
    let mut builder = MarketBuilder::new(Seed::new(7), open(), after(60_000)).unwrap();
    let mut instrument = |symbol: &str| {
        builder
            .instrument(Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap(), None)
    };
    let (acme, bolt) = (instrument("ACME"), instrument("BOLT"));
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme, bolt]);
    builder.venue("DARK", Fees::default(), Latencies::NONE, &[acme]);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    let (listing, nowhere) = (ListingId::new(1), ListingId::new(3));
    live.ask(1, RequestKind::Halt { listing: Some(listing) }).outcome.unwrap();
    assert_eq!(live.halt(2), Ok(Outcome::Halted));
    live.market.step(after(3), u64::MAX).unwrap();
    let halted: Vec<(i64, u32)> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(at, fact)| match fact {
            Fact::PhaseChanged { listing, phase: Phase::Halt } => {
                Some(((*at - open()).nanos() / 1_000_000, listing.get()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(halted, [(1, 1), (2, 0), (2, 2)]);
    assert_eq!(
        live.refused(RequestKind::Halt { listing: Some(nowhere) }),
        RequestError::UnknownListing(nowhere)
    );
    let auction = SimDuration::from_secs(86_401);
    let error = live.refused(RequestKind::Reopen { listing: None, auction });
    assert_eq!(error, RequestError::AuctionOutOfRange);
    let auction = SimDuration::from_nanos(-1);
    let error = live.refused(RequestKind::Reopen { listing: None, auction });
    assert_eq!(error.to_string(), "an auction lasts at most a day, and cannot last less than no time");
    live.finish();
}

#[test]
fn a_blocked_participant_has_no_orders_and_enters_none() {
    let (mut live, facts) = market(&[]);
    let first = order_of(live.submit(1, "a", limit(Side::Sell, 5, 10_000)));
    let second = order_of(live.submit(2, "a", limit(Side::Buy, 5, 9_000)));
    assert_eq!(live.block(10, "a"), Ok(Outcome::Blocked));
    assert_eq!(live.block(11, "a"), Err(OperatorRefusal::AlreadyBlocked.into()));
    let terms = limit(Side::Buy, 1, 9_000);
    assert_eq!(live.submit(12, "a", terms), Err(Refusal::Blocked.into()));
    let replace =
        Instruction::Replace { order: first, new: Replacement::at(Price::new(1), Quantity::new(1)) };
    assert_eq!(live.instruct(13, "a", replace), Err(Refusal::Blocked.into()));
    // Others go on, and so does money.
    live.submit(14, "b", terms).unwrap();
    let owner = live.id("a");
    assert_eq!(live.market.world().domain().blocked(owner).unwrap().as_str(), "asked too often");
    let unblock = RequestKind::Unblock { participant: owner };
    assert_eq!(live.ask(20, unblock.clone()).outcome, Ok(Outcome::Unblocked));
    assert_eq!(live.ask(21, unblock).outcome, Err(OperatorRefusal::NotBlocked.into()));
    live.submit(22, "a", terms).unwrap();
    let expected = [
        "10 blocked: asked too often".to_owned(),
        format!("10 order {first} is canceled: canceled with all of its owner's orders"),
        format!("10 order {second} is canceled: canceled with all of its owner's orders"),
        "12 refused: the account is blocked by the market's operator: orders can only be canceled".to_owned(),
        "20 unblocked".to_owned(),
    ];
    assert_eq!(drawn(&facts), expected);
    let nobody = ActorId::new(0);
    assert_eq!(
        live.refused(RequestKind::Unblock { participant: nobody }),
        RequestError::NotAParticipant(nobody)
    );
    live.finish();
}

#[test]
fn money_and_shares_move_between_two_seats_of_one_person_or_not_at_all() {
    let (mut live, facts) = market(&[]);
    live.join(1, "anne", "desk").unwrap();
    live.join(2, "anne/bot", "desk").unwrap();
    let cash = |amount| Transfer::Cash(Money::from_whole(amount));
    let shares = |lots| Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) };
    let seats = ["anne", "anne/bot"];
    assert_eq!(live.transfer(10, seats, cash(2_000)), Ok(Outcome::Transferred));
    assert_eq!(live.transfer(11, seats, shares(3)), Ok(Outcome::Transferred));
    let both = |live: &Live| seats.map(|name| live.cash_and_shares(name));
    assert_eq!(both(&live), [(3_000, 7), (7_000, 13)]);
    let funded: Vec<String> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::AccountFunded { owner, funding } => {
                Some(format!("{owner} {:?} {}", funding.transfer, funding.reference))
            }
            _ => None,
        })
        .collect();
    assert_eq!(funded.len(), 4, "{funded:?}");
    // What an order holds cannot be moved, and then nothing is.
    live.submit(20, "anne", limit(Side::Buy, 20, 10_000)).unwrap();
    let refusal = live.transfer(21, seats, cash(1_001)).unwrap_err();
    assert_eq!(refusal.to_string(), "1001.00 of cash cannot be taken out: 1000.00 is free");
    let refusal = live.transfer(22, seats, shares(8)).unwrap_err();
    assert_eq!(refusal.to_string(), "8 lots cannot be taken out: 7 are free");
    let between = Err(RequestRefusal::Funding(FundingRefusal::NotBetweenTwo));
    assert_eq!(live.transfer(23, ["anne", "anne"], cash(1)), between);
    assert_eq!(live.transfer(24, seats, cash(-1)), between);
    assert_eq!(live.transfer(25, seats, cash(0)), between);
    // The second account cannot take it, so the first keeps it.
    let most = Quantity::MAX_LOTS.cast_signed();
    let funding = Funding { transfer: shares(most - 13), reference: Reference::new("much").unwrap() };
    live.ask(26, RequestKind::Fund { participant: live.id("anne/bot"), funding }).outcome.unwrap();
    let refusal = live.transfer(27, seats, shares(1)).unwrap_err();
    assert_eq!(refusal, RequestRefusal::Funding(FundingRefusal::OutOfRange));
    assert_eq!(live.cash_and_shares("anne"), (3_000, 7));
    live.finish();
}

#[test]
fn shares_that_cover_a_short_position_cancel_what_no_longer_reduces_it() {
    let (mut live, facts) = market(&[]);
    let mut config = desk(5_000, 0);
    config.account.max_short = vec![(ACME, Quantity::new(10))];
    let (name, spec) = ("anne".to_owned(), ActorSpec::new("desk"));
    live.ask(1, RequestKind::Join { name, spec, config }).outcome.unwrap();
    live.submit(2, "a", limit(Side::Buy, 5, 10_000)).unwrap();
    live.submit(3, "anne", limit(Side::Sell, 5, 10_000)).unwrap();
    let reducing = OrderTerms { reduce_only: true, ..limit(Side::Buy, 4, 9_000) };
    let order = order_of(live.submit(4, "anne", reducing));
    let shares = |lots| Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) };
    live.transfer(10, ["a", "anne"], shares(1)).unwrap();
    live.transfer(11, ["a", "anne"], shares(1)).unwrap();
    let expected =
        ["3 5 lots at 10000".to_owned(), format!("11 order {order} is canceled: canceled by its owner")];
    assert_eq!(drawn(&facts), expected);
    live.finish();
}

#[test]
fn an_operator_comes_too_late_once_the_market_has_closed() {
    let (mut live, _) = market(&[]);
    let ask = |live: &mut Live, tag, kind| {
        live.market.request(after(60_001), Request { tag: Some(RequestTag::new(tag)), kind }).unwrap();
    };
    let (a, b) = (live.id("a"), live.id("b"));
    let funding =
        Funding { transfer: Transfer::Cash(Money::from_whole(1)), reference: Reference::new("x").unwrap() };
    ask(&mut live, 1, RequestKind::Halt { listing: None });
    ask(&mut live, 2, RequestKind::Unblock { participant: a });
    ask(&mut live, 3, RequestKind::Transfer { from: a, to: b, funding });
    let answers: Vec<String> =
        live.finish().take_answers().map(|answer| answer.outcome.unwrap_err().to_string()).collect();
    assert_eq!(answers, ["the market has closed"; 3]);
}

#[test]
fn orders_of_a_participant_that_has_stopped_are_still_swept() {
    for by_block in [false, true] {
        let (mut live, facts) = market(&[]);
        let spec = ActorSpec { parameters: "5".to_owned(), ..ActorSpec::new("greeter") };
        let join = RequestKind::Join { name: "g".to_owned(), spec, config: desk(5_000, 10) };
        live.ask(1, join).outcome.unwrap();
        let first = order_of(live.submit(2, "g", limit(Side::Buy, 1, 9_000)));
        let second = order_of(live.submit(3, "g", limit(Side::Sell, 1, 11_000)));
        // It stops at the sixth millisecond: nobody enters orders in its name any more.
        assert_eq!(live.submit(10, "g", limit(Side::Buy, 1, 9_000)), Err(Refusal::Stopped.into()));
        if by_block {
            assert_eq!(live.block(11, "g"), Ok(Outcome::Blocked));
        } else {
            assert_eq!(
                live.instruct(11, "g", Instruction::Cancel(second)),
                Ok(Outcome::CancelSent { order: second })
            );
            let sweep = Instruction::MassCancel { listing: LISTING, side: None };
            assert_eq!(live.instruct(12, "g", sweep), Ok(Outcome::MassCancelSent { listing: LISTING }));
        }
        let canceled = drawn(&facts).into_iter().filter(|line| line.contains("is canceled"));
        let canceled: Vec<_> = canceled.collect();
        assert_eq!(canceled.len(), 2, "{canceled:?}");
        assert!(
            [first, second].iter().all(|id| canceled.iter().any(|it| it.contains(&format!("order {id} "))))
        );
        let open = live.market.world().domain().account(live.id("g")).unwrap().open_orders().len();
        assert_eq!(open, 0);
        live.finish();
    }
}
