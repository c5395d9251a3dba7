//! Auctions between participants: what is held, what a swap moves, who may do what, and how they end.

mod endings;
mod model;
mod refusals;

use super::*;

use bearpit_core::market::{AuctionAction, AuctionEvent, AuctionLot, Consideration, Refusal};
use bearpit_core::participant::AuctionRules;
use bearpit_core::units::{AuctionId, NetQuantity, ProposalId};

const BOLT: InstrumentId = InstrumentId::new(1);

fn lot(instrument: InstrumentId, lots: u64) -> AuctionLot {
    AuctionLot { instrument, quantity: Quantity::new(lots) }
}

fn cash(whole: i64) -> Consideration {
    Consideration::Cash(Money::from_whole(whole))
}

fn shares(instrument: InstrumentId, lots: u64) -> Consideration {
    lot(instrument, lots).into()
}

fn offer(instrument: InstrumentId, lots: u64, deadline: i64) -> AuctionAction {
    AuctionAction::Offer { lot: lot(instrument, lots), deadline: after(deadline) }
}

fn propose(auction: u64, consideration: Consideration) -> AuctionAction {
    AuctionAction::Propose { auction: AuctionId::new(auction), consideration }
}

fn accept(auction: u64, proposal: u64) -> AuctionAction {
    AuctionAction::Accept { auction: AuctionId::new(auction), proposal: ProposalId::new(proposal) }
}

fn reject(auction: u64, proposal: u64) -> AuctionAction {
    AuctionAction::Reject { auction: AuctionId::new(auction), proposal: ProposalId::new(proposal) }
}

fn withdraw(auction: u64) -> AuctionAction {
    AuctionAction::Withdraw { auction: AuctionId::new(auction) }
}

fn withdraw_proposal(auction: u64, proposal: u64) -> AuctionAction {
    AuctionAction::WithdrawProposal { auction: AuctionId::new(auction), proposal: ProposalId::new(proposal) }
}

/// Everybody has 10,000 of cash and 100 lots each of ACME and BOLT.
fn plain() -> AccountConfig {
    let holdings = vec![(ACME, Quantity::new(100)), (BOLT, Quantity::new(100))];
    AccountConfig { holdings, ..account(10_000, 0) }
}

/// A market of two instruments from `millis` on, with a maker, and with `owner`, `p` and `q`.
fn builder_at(millis: i64, rules: Option<AuctionRules>, configs: [AccountConfig; 3]) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(7), after(millis), after(millis + 60_000)).unwrap();
    let [acme, bolt] = ["ACME", "BOLT"].map(|symbol| {
        let instrument = Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        builder.instrument(instrument, None)
    });
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme, bolt]);
    if let Some(rules) = rules {
        builder.auctions(rules);
    }
    builder.agent("maker", ParticipantConfig::new("desk").with_account(plain()), Desk).unwrap();
    for (name, config) in ["owner", "p", "q"].into_iter().zip(configs) {
        builder.agent(name, ParticipantConfig::new("desk").with_account(config), Desk).unwrap();
    }
    builder.factory(Factory);
    builder
}

impl Live {
    fn act(&mut self, millis: i64, name: &str, action: AuctionAction) -> Result<Outcome, RequestRefusal> {
        self.instruct(millis, name, Instruction::Auction(action))
    }

    fn refusal(&mut self, millis: i64, name: &str, action: AuctionAction) -> String {
        self.act(millis, name, action).unwrap_err().to_string()
    }

    /// Has the maker quote so that ACME is worth 100 and BOLT 50.
    fn quote_both(&mut self, millis: i64) {
        for (listing, ticks) in [(0, 10_000), (1, 5_000)] {
            for (side, ticks) in [(Side::Buy, ticks - 10), (Side::Sell, ticks + 10)] {
                let submit =
                    Instruction::Submit { listing: ListingId::new(listing), terms: limit(side, 1, ticks) };
                self.instruct(millis, "maker", submit).unwrap();
            }
        }
    }

    /// Cash and free cash, then lots and free lots of ACME and BOLT.
    fn has(&self, name: &str) -> [i64; 6] {
        let account = self.market.world().domain().account(self.id(name)).unwrap();
        let whole = |money: Money| i64::try_from(money.units() / Money::UNITS).unwrap();
        let [acme, bolt] =
            [ACME, BOLT].map(|id| [account.holding(id).lots(), account.free_shares(id).lots()]);
        [whole(account.cash()), whole(account.free_cash()), acme[0], acme[1], bolt[0], bolt[1]]
    }
}

/// A market in which ACME is worth 100 and BOLT 50.
fn quoted(rules: AuctionRules) -> (Live, Facts) {
    let facts = Facts::default();
    let mut builder = builder_at(0, Some(rules), [plain(), plain(), plain()]);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.quote_both(1);
    (live, facts)
}

/// What the tape says of auctions, by time.
fn told(facts: &Facts) -> Vec<String> {
    let line = |(at, fact): &(SimTime, Fact)| {
        let Fact::Auction(event) = fact else { return None };
        let text = match *event {
            AuctionEvent::Offered { auction, lot, .. } => format!("{auction} offers {}", lot.quantity),
            AuctionEvent::Proposed { auction, proposal, consideration, .. } => match consideration {
                Consideration::Cash(amount) => format!("{auction} is proposed {amount} by {proposal}"),
                Consideration::Shares { quantity, .. } => {
                    format!("{auction} is proposed {quantity} lots by {proposal}")
                }
            },
            AuctionEvent::Accepted { auction, proposal, value, .. } => {
                format!("{auction} accepts {proposal} at {value}")
            }
            AuctionEvent::ProposalEnded { proposal, why, .. } => {
                format!("proposal {proposal}: {}", why.name())
            }
            AuctionEvent::Ended { auction, why, .. } => format!("auction {auction}: {}", why.name()),
        };
        Some(format!("{} {text}", (*at - open()).nanos() / 1_000_000))
    };
    facts.0.borrow().iter().filter_map(line).collect()
}

#[test]
fn shares_are_swapped_for_shares_at_their_mark() {
    let (mut live, facts) = quoted(AuctionRules::default());
    let opened = live.act(10, "owner", offer(ACME, 40, 30_000));
    assert_eq!(opened, Ok(Outcome::AuctionOpened { auction: AuctionId::new(1) }));
    assert_eq!(live.has("owner"), [10_000, 10_000, 100, 60, 100, 100], "the lot is held");
    live.act(20, "p", propose(1, cash(3_900))).unwrap();
    assert_eq!(live.has("p"), [10_000, 6_100, 100, 100, 100, 100], "so is cash");
    let made = live.act(30, "q", propose(1, shares(BOLT, 80)));
    let [auction, proposal] = [1, 2];
    let (auction, proposal) = (AuctionId::new(auction), ProposalId::new(proposal));
    assert_eq!(made, Ok(Outcome::ProposalMade { auction, proposal }));
    assert_eq!(live.has("q"), [10_000, 10_000, 100, 100, 100, 20], "and so are shares");
    let open = live.market.world().domain().auction(auction).unwrap().clone();
    assert_eq!((open.proposals.len(), open.deadline), (2, after(30_000)));
    assert_eq!(live.act(40, "owner", accept(1, 2)), Ok(Outcome::AuctionAccepted { auction, proposal }));
    assert_eq!(live.has("owner"), [10_000, 10_000, 60, 60, 180, 180]);
    assert_eq!(live.has("q"), [10_000, 10_000, 140, 140, 20, 20]);
    assert_eq!(live.has("p"), [10_000, 10_000, 100, 100, 100, 100], "whoever is outbid has it back");
    assert_eq!(live.market.world().domain().open_auctions().count(), 0);
    assert_eq!(
        told(&facts),
        [
            "10 1 offers 40",
            "20 1 is proposed 3900.00 by 1",
            "30 1 is proposed 80 lots by 2",
            "40 1 accepts 2 at 4000.00",
            "40 proposal 1: outbid",
        ]
    );
    // 100 lots had cost 10,000 at their first mark: what left it left at its cost.
    let state = live.market.world().domain();
    let owner = state.account(live.id("owner")).unwrap();
    assert_eq!(owner.position(ACME).cost(), Money::from_whole(6_000));
    assert_eq!(owner.position(BOLT).cost(), Money::from_whole(9_000));
    assert_eq!(owner.realized(), Money::ZERO);
    live.finish();
}

#[test]
fn a_swap_for_cash_is_a_sale_and_a_purchase_at_that_price() {
    let (mut live, _) = quoted(AuctionRules::default());
    live.act(10, "owner", offer(ACME, 10, 30_000)).unwrap();
    live.act(20, "p", propose(1, cash(1_100))).unwrap();
    live.act(30, "owner", accept(1, 1)).unwrap();
    assert_eq!(live.has("owner"), [11_100, 11_100, 90, 90, 100, 100]);
    assert_eq!(live.has("p"), [8_900, 8_900, 110, 110, 100, 100]);
    let state = live.market.world().domain();
    let [owner, p] = ["owner", "p"].map(|name| state.account(live.id(name)).unwrap());
    assert_eq!(owner.position(ACME).realized(), Money::from_whole(100), "10 lots that had cost 1,000");
    assert_eq!(p.position(ACME).cost(), Money::from_whole(11_100));
    let equity = |name| state.equity(live.id(name)).unwrap();
    assert_eq!(equity("owner") - equity("p"), Money::from_whole(200), "one has gained what the other paid");
    live.finish();
}

#[test]
fn what_an_auction_holds_no_order_can_use_and_the_other_way_round() {
    let (mut live, _) = quoted(AuctionRules::default());
    live.act(10, "owner", offer(ACME, 70, 30_000)).unwrap();
    let sold = live.submit(11, "owner", limit(Side::Sell, 31, 20_000));
    let available = NetQuantity::new(30);
    assert_eq!(sold, Err(Refusal::InsufficientShares { asked: Quantity::new(31), available }.into()));
    live.submit(12, "owner", limit(Side::Sell, 30, 20_000)).unwrap();
    assert_eq!(live.refusal(13, "owner", offer(ACME, 1, 30_000)), "1 lots are needed, but only 0 are free");
    live.act(14, "p", propose(1, cash(6_000))).unwrap();
    let bought = live.submit(15, "p", limit(Side::Buy, 50, 9_000));
    let (needed, free) = (Money::from_whole(4_500), Money::from_whole(4_000));
    assert_eq!(bought, Err(Refusal::InsufficientCash { needed, free }.into()));
    live.submit(16, "p", limit(Side::Buy, 40, 9_000)).unwrap();
    let poor = live.refusal(17, "p", propose(1, cash(401)));
    assert_eq!(poor, "needs 401.00 of free cash, but only 400.00 is free");
    // Nor can it be taken out.
    let funding = |transfer| bearpit_core::market::Funding {
        transfer,
        reference: bearpit_core::market::Reference::new("out").unwrap(),
    };
    let out = bearpit_core::market::Transfer::Cash(Money::from_whole(-401));
    let participant = live.id("p");
    let taken = live.ask(18, RequestKind::Fund { participant, funding: funding(out) }).outcome;
    assert!(matches!(taken, Err(RequestRefusal::Funding(_))), "{taken:?}");
    live.finish();
}

/// Logs what it is told of auctions.
struct Listener;

impl Actor for Listener {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.subscribe_auctions();
    }
}

impl Handler<MarketData> for Listener {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        if let bearpit_core::participant::Update::Auction(event) = data.update {
            ctx.log(format!("{} {} {}", data.listing, event.auction(), event.name()));
        }
    }
}

bearpit_core::ignore_messages!(Listener: Wakeup, ExecutionReport);

#[test]
fn subscribers_are_told_with_their_latency_and_others_of_nothing() {
    let facts = Facts::default();
    let mut builder = builder_at(0, Some(AuctionRules::default()), [plain(), plain(), plain()]);
    let slow = Latencies::all(LatencyModel::Constant(SimDuration::from_millis(5)));
    builder.agent("listener", ParticipantConfig::new("listener").with_latencies(slow), Listener).unwrap();
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.quote_both(1);
    live.act(10, "owner", offer(BOLT, 10, 100)).unwrap();
    live.act(20, "p", propose(1, cash(500))).unwrap();
    live.market.step(after(200), u64::MAX).unwrap();
    let facts = facts.0.borrow();
    let heard = facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Logged { text, .. } => Some(format!("{} {text}", (*at - open()).nanos() / 1_000_000)),
        _ => None,
    });
    assert_eq!(
        heard.collect::<Vec<_>>(),
        ["15 1 1 offered", "25 1 1 proposed", "105 1 1 proposal_ended", "105 1 1 ended"]
    );
}
