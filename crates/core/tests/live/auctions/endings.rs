//! How auctions end without a swap: at their deadline, with the market, by their owner, with their account.

use super::*;

use bearpit_core::account::{Credit, MarginRate, MarginTerms};
use bearpit_core::market::Reference;

#[test]
fn an_auction_expires_at_its_deadline_and_frees_what_all_held() {
    let (mut live, facts) = quoted(AuctionRules::default());
    live.act(10, "owner", offer(ACME, 40, 100)).unwrap();
    live.act(20, "p", propose(1, cash(4_000))).unwrap();
    live.act(21, "q", propose(1, shares(BOLT, 80))).unwrap();
    live.act(22, "owner", reject(1, 1)).unwrap();
    assert_eq!(live.has("p")[1], 10_000, "what is rejected is free at once");
    live.act(23, "p", propose(1, cash(4_100))).unwrap();
    live.act(24, "p", withdraw_proposal(1, 3)).unwrap();
    assert_eq!(live.has("p")[1], 10_000, "and so is what is withdrawn");
    live.market.step(after(99), u64::MAX).unwrap();
    assert_eq!(live.market.world().domain().open_auctions().count(), 1);
    live.market.step(after(100), u64::MAX).unwrap();
    assert_eq!(live.has("owner"), [10_000, 10_000, 100, 100, 100, 100]);
    assert_eq!(live.has("q"), [10_000, 10_000, 100, 100, 100, 100]);
    assert_eq!(
        told(&facts)[3..],
        [
            "22 proposal 1: rejected",
            "23 1 is proposed 4100.00 by 3",
            "24 proposal 3: withdrawn",
            "100 proposal 2: auction_ended",
            "100 auction 1: expired",
        ]
    );
    assert_eq!(live.refusal(101, "owner", accept(1, 2)), "auction 1 is over");
    live.finish();
}

#[test]
fn the_close_is_the_last_deadline_and_a_stop_within_the_day_ends_all() {
    let (mut live, facts) = quoted(AuctionRules::default());
    live.act(10, "owner", offer(ACME, 40, 60_000)).unwrap();
    live.act(20, "p", propose(1, cash(4_000))).unwrap();
    live.finish();
    assert_eq!(told(&facts)[2..], ["60000 proposal 1: auction_ended", "60000 auction 1: expired"]);

    let facts = Facts::default();
    let mut builder = builder_at(0, Some(AuctionRules::default()), [plain(), plain(), plain()]);
    builder.sink(Box::new(facts.clone()));
    builder.goes_on();
    let mut live = Live::start(builder);
    live.act(10, "owner", offer(ACME, 40, 60_000)).unwrap();
    live.act(20, "p", propose(1, cash(4_000))).unwrap();
    live.market.step(after(1_000), u64::MAX).unwrap();
    live.market.settle().unwrap();
    assert_eq!(told(&facts)[2..], ["1000 proposal 1: auction_ended", "1000 auction 1: closed"]);
    assert_eq!(live.has("p")[..2], [10_000, 10_000]);
    // The next part of the day goes on with the ids, since none comes twice.
    let state = live.market.closing_state().unwrap().clone();
    assert_eq!(state.next_auction_ids, [2, 2]);
    let mut builder = builder_at(1_000, Some(AuctionRules::default()), [plain(), plain(), plain()]);
    builder.goes_on();
    builder.opening(state);
    let mut live = Live::start(builder);
    let opened = live.act(1_010, "owner", offer(ACME, 40, 2_000));
    assert_eq!(opened, Ok(Outcome::AuctionOpened { auction: AuctionId::new(2) }));
    assert_eq!(live.refusal(1_011, "owner", withdraw(1)), "auction 1 is over");
}

#[test]
fn whoever_is_blocked_or_leaves_takes_part_in_nothing_any_more() {
    let (mut live, facts) = quoted(AuctionRules::default());
    for name in ["owner", "p"] {
        live.act(10, name, offer(ACME, 10, 30_000)).unwrap();
    }
    live.act(11, "owner", propose(2, cash(1_000))).unwrap();
    live.act(11, "p", propose(1, cash(1_000))).unwrap();
    let (participant, reason) = (live.id("owner"), Reference::new("asked too often").unwrap());
    live.ask(20, RequestKind::Block { participant, reason }).outcome.unwrap();
    live.instruct(30, "p", Instruction::Disconnect).unwrap();
    assert_eq!(
        told(&facts)[4..],
        [
            "20 proposal 2: auction_ended",
            "20 auction 1: blocked",
            "20 proposal 1: blocked",
            "30 auction 2: withdrawn",
        ]
    );
    for name in ["owner", "p"] {
        assert_eq!(live.has(name), [10_000, 10_000, 100, 100, 100, 100]);
    }
    let said = "the account is blocked by the market's operator: orders can only be canceled";
    assert_eq!(live.refusal(40, "owner", offer(ACME, 10, 30_000)), said);
    live.finish();
}

#[test]
fn a_margin_call_ends_what_its_account_offers_and_proposes_before_positions_are_closed() {
    let [half, quarter] = [2, 4].map(|of| MarginRate::new(1, of).unwrap());
    let margin = Credit::Margin(MarginTerms::new(half, quarter).unwrap());
    // 18 lots of BOLT, and 440 owed for them.
    let holdings = vec![(BOLT, Quantity::new(18))];
    let poor = AccountConfig { credit: margin, cash: Money::from_whole(-440), holdings, ..plain() };
    let facts = Facts::default();
    let mut builder = builder_at(0, Some(AuctionRules::default()), [plain(), poor, plain()]);
    builder.sink(Box::new(facts.clone()));
    builder.sample_interval(SimDuration::from_secs(1));
    let mut live = Live::start(builder);
    live.quote_both(1);
    live.act(10, "p", offer(BOLT, 18, 30_000)).unwrap();
    live.act(11, "owner", propose(1, cash(900))).unwrap();
    // At 30 the shares are worth 540, of which a quarter is more than the 100 that are left.
    let submit = |side, lots, ticks| Instruction::Submit {
        listing: ListingId::new(1),
        terms: limit(side, lots, ticks),
    };
    live.instruct(12, "maker", Instruction::MassCancel { listing: ListingId::new(1), side: None }).unwrap();
    live.instruct(13, "maker", submit(Side::Buy, 1, 2_990)).unwrap();
    live.instruct(14, "maker", submit(Side::Sell, 1, 3_010)).unwrap();
    live.market.step(after(1_000), u64::MAX).unwrap();
    assert_eq!(told(&facts)[2..], ["1000 proposal 1: auction_ended", "1000 auction 1: restricted"]);
    let said = live.refusal(1_010, "p", offer(BOLT, 1, 30_000));
    assert!(said.starts_with("the account's equity fell below its maintenance margin"), "{said}");
    live.finish();
}

#[test]
fn a_swap_that_covers_a_short_cancels_reduce_only_orders_that_no_longer_fit() {
    let shorting = AccountConfig {
        holdings: vec![(BOLT, Quantity::new(100))],
        max_short: vec![(ACME, Quantity::new(50))],
        ..plain()
    };
    let facts = Facts::default();
    let mut builder = builder_at(0, Some(AuctionRules::default()), [plain(), shorting, plain()]);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.quote_both(1);
    live.submit(2, "maker", limit(Side::Buy, 50, 9_990)).unwrap();
    live.submit(3, "p", limit(Side::Sell, 50, 9_990)).unwrap();
    let cover = OrderTerms { reduce_only: true, ..limit(Side::Buy, 40, 5_000) };
    live.submit(4, "p", cover).unwrap();
    live.act(10, "owner", offer(ACME, 30, 30_000)).unwrap();
    live.act(11, "p", propose(1, cash(3_000))).unwrap();
    live.act(12, "owner", accept(1, 1)).unwrap();
    let account = live.market.world().domain().account(live.id("p")).unwrap();
    assert_eq!(account.holding(ACME).lots(), -20);
    let facts = facts.0.borrow();
    let canceled = facts.iter().filter(|(_, fact)| matches!(fact, Fact::OrderCanceled { .. }));
    assert_eq!(canceled.count(), 1, "40 lots to buy against 20 that are owed");
}
