//! What is refused in auctions, with the sentence that says why; nothing changes then.

use super::*;

use bearpit_core::account::{Credit, MarginRate, MarginTerms};
use bearpit_core::participant::AccountLimits;
use bearpit_core::units::PersonId;

fn limits(limits: AccountLimits, participant: ActorId) -> RequestKind {
    RequestKind::Limit { participant, limits }
}

#[test]
fn a_market_without_the_table_has_no_auctions() {
    let mut live = Live::start(builder_at(0, None, [plain(), plain(), plain()]));
    for (millis, action) in (10..).zip([offer(ACME, 1, 1_000), propose(1, cash(1)), withdraw(1)]) {
        let said = live.refusal(millis, "owner", action);
        assert_eq!(
            said,
            "this market has no auctions between participants: its scenario has no table [auctions]"
        );
    }
}

#[test]
fn each_refusal_says_why_and_changes_nothing() {
    let rules = AuctionRules { max_open: 2, max_proposals: 1, max_deviation_bps: Some(5_000) };
    let (mut live, facts) = quoted(rules);
    live.act(10, "owner", offer(ACME, 40, 30_000)).unwrap();
    live.act(10, "p", propose(1, cash(4_000))).unwrap();
    let before = (["owner", "p", "q"].map(|name| live.has(name)), told(&facts).len());
    let twenty = 20_i64;
    let at = |millis: i64| after(millis).to_string();
    for (who, action, said) in [
        ("owner", offer(ACME, 0, 9_000), "a quantity of 0 lots is not allowed: it must lie between 1 and 2^40".to_owned()),
        ("owner", offer(ACME, 61, 9_000), "61 lots are needed, but only 60 are free".to_owned()),
        ("owner", offer(InstrumentId::new(9), 1, 9_000), "there is no instrument 9".to_owned()),
        ("owner", offer(ACME, 1, twenty), format!("the deadline must come after now, {}", at(twenty))),
        (
            "owner",
            offer(ACME, 1, 60_001),
            format!("the deadline must come by the market's close, {}: no auction outlasts a day", at(60_000)),
        ),
        ("owner", propose(1, cash(4_000)), "auction 1 is your own: others propose".to_owned()),
        ("q", propose(2, cash(4_000)), "there is no auction 2".to_owned()),
        ("q", propose(1, cash(0)), "0.00 of cash cannot be proposed: it must be above zero, and at most 10^20".to_owned()),
        ("q", propose(1, cash(10_001)), "needs 10001.00 of free cash, but only 10000.00 is free".to_owned()),
        ("q", propose(1, shares(ACME, 10)), "shares cannot be proposed for shares of the same instrument".to_owned()),
        ("q", propose(1, shares(BOLT, 101)), "101 lots are needed, but only 100 are free".to_owned()),
        (
            "q",
            propose(1, cash(6_001)),
            "what is proposed is worth 6001.00 and the lot 4000.00: at most 5000 basis points apart are allowed".to_owned(),
        ),
        ("p", propose(1, cash(4_100)), "you have 1 open proposals to auction 1, as many as one may: withdraw one".to_owned()),
        ("q", accept(1, 1), "auction 1 is somebody else's: its owner alone accepts, rejects and withdraws".to_owned()),
        ("p", withdraw(1), "auction 1 is somebody else's: its owner alone accepts, rejects and withdraws".to_owned()),
        ("q", withdraw_proposal(1, 1), "proposal 1 is somebody else's".to_owned()),
        ("owner", accept(1, 2), "auction 1 has no open proposal 2".to_owned()),
        ("owner", reject(1, 7), "auction 1 has no open proposal 7".to_owned()),
    ] {
        assert_eq!(live.refusal(twenty, who, action), said);
    }
    assert_eq!((["owner", "p", "q"].map(|name| live.has(name)), told(&facts).len()), before);
    live.act(30, "owner", offer(ACME, 1, 30_000)).unwrap();
    assert_eq!(
        live.refusal(31, "owner", offer(ACME, 1, 30_000)),
        "you have 2 open auctions, as many as a participant may: withdraw one, or wait"
    );
    live.act(40, "owner", withdraw(1)).unwrap();
    assert_eq!(live.refusal(41, "owner", accept(1, 1)), "auction 1 is over");
    live.finish();
}

#[test]
fn before_there_is_a_price_shares_cannot_be_valued_and_cash_can() {
    let mut live = Live::start(builder_at(0, Some(AuctionRules::default()), [plain(), plain(), plain()]));
    live.act(10, "owner", offer(ACME, 10, 30_000)).unwrap();
    let said = live.refusal(11, "p", propose(1, shares(BOLT, 10)));
    assert_eq!(said, "the shares have no price yet, so it is not known what they are worth");
    live.act(12, "p", propose(1, cash(900))).unwrap();
    live.act(13, "owner", accept(1, 1)).unwrap();
    assert_eq!(live.has("owner")[..3], [10_900, 10_900, 90]);
    live.finish();
}

#[test]
fn accounts_of_one_person_do_each_other_no_favours() {
    let mut builder = builder_at(0, Some(AuctionRules::default()), [plain(), plain(), plain()]);
    builder.person("owner", PersonId::new(5));
    let mut live = Live::start(builder);
    live.quote_both(1);
    live.act(10, "owner", offer(ACME, 10, 30_000)).unwrap();
    for (name, person) in [("p", 5), ("q", 6)] {
        let participant = live.id(name);
        let identify = RequestKind::Identify { participant, person: PersonId::new(person) };
        assert_eq!(live.ask(11, identify).outcome, Ok(Outcome::Identified));
    }
    assert_eq!(
        live.refusal(12, "p", propose(1, cash(1_000))),
        "auction 1 is of another account of the same person, and no favours are done between those"
    );
    live.act(13, "q", propose(1, cash(1_000))).unwrap();
    // Of whom nothing was said is nobody's other account.
    live.act(14, "maker", propose(1, cash(1_000))).unwrap();
    live.finish();
}

#[test]
fn what_an_operator_forbids_is_refused() {
    let (mut live, _) = quoted(AuctionRules::default());
    live.act(10, "owner", offer(ACME, 10, 30_000)).unwrap();
    live.act(10, "q", propose(1, cash(1_000))).unwrap();
    let [p, q] = ["p", "q"].map(|name| live.id(name));
    let sealed = AccountLimits { is_sealed: true, ..AccountLimits::default() };
    live.ask(11, limits(sealed.clone(), p)).outcome.unwrap();
    let said = "the account is sealed: neither cash nor shares enter or leave it but by trading at a venue";
    assert_eq!(live.refusal(12, "p", propose(1, cash(1_000))), said);
    assert_eq!(live.refusal(12, "p", offer(ACME, 1, 30_000)), said);
    live.ask(13, limits(sealed, q)).outcome.unwrap();
    assert_eq!(
        live.refusal(14, "owner", accept(1, 1)),
        "the other side cannot take part in the swap: its account is sealed"
    );
    let bounds = [("ACME".to_owned(), Some(Quantity::new(105)))].into_iter().collect();
    let bounded = AccountLimits { instruments: Some(bounds), ..AccountLimits::default() };
    live.ask(15, limits(bounded.clone(), p)).outcome.unwrap();
    assert_eq!(
        live.refusal(16, "p", propose(1, cash(1_000))),
        "with its open orders this account could come to hold or owe 110 lots, and its limit is 105"
    );
    assert_eq!(
        live.refusal(17, "p", propose(1, shares(BOLT, 20))),
        "this account may not trade this instrument"
    );
    live.ask(18, limits(bounded, q)).outcome.unwrap();
    assert_eq!(
        live.refusal(19, "owner", accept(1, 1)),
        "the other side cannot take part in the swap: an operator does not let it hold so much"
    );
    let halt = RequestKind::Halt { listing: Some(LISTING) };
    live.ask(20, halt).outcome.unwrap();
    let halted = "instrument 0 is halted: nothing is offered, proposed or accepted until it trades again";
    assert_eq!(live.refusal(21, "owner", accept(1, 1)), halted);
    assert_eq!(live.refusal(21, "maker", propose(1, cash(1_000))), halted);
    live.finish();
}

#[test]
fn a_margin_account_gives_what_its_equity_leaves_and_takes_what_its_margin_covers() {
    let [half, quarter] = [2, 4].map(|of| MarginRate::new(1, of).unwrap());
    let margin = Credit::Margin(MarginTerms::new(half, quarter).unwrap());
    let on_margin = AccountConfig { credit: margin, ..plain() };
    let mut live =
        Live::start(builder_at(0, Some(AuctionRules::default()), [plain(), on_margin.clone(), on_margin]));
    live.quote_both(1);
    live.act(10, "owner", offer(ACME, 50, 30_000)).unwrap();
    // 10,000 of cash and 15,000 in shares, of which margin takes half.
    assert_eq!(
        live.refusal(11, "p", propose(1, cash(17_501))),
        "needs 17501.00 of free cash, but only 17500.00 is free"
    );
    live.act(12, "p", propose(1, cash(17_500))).unwrap();
    // What it holds for that, no order can take as margin.
    let more = live.submit(13, "p", limit(Side::Buy, 10, 9_000));
    assert!(matches!(more, Err(RequestRefusal::Instruction(Refusal::InsufficientMargin { .. }))), "{more:?}");
    live.act(14, "owner", accept(1, 1)).unwrap();
    assert_eq!(live.has("p")[..3], [-7_500, -7_500, 150]);
    let p = live.id("p");
    let standing = live.market.world().domain().margin(p).unwrap();
    // Equity: 15,000 + 5,000 of BOLT - 7,500; margin takes half of 20,000.
    assert_eq!(standing.excess(), Money::from_whole(2_500));
    // An account on margin can sell what it offers, but then it has nothing to give.
    live.act(20, "q", offer(BOLT, 100, 30_000)).unwrap();
    let submit = |side, lots, ticks| Instruction::Submit {
        listing: ListingId::new(1),
        terms: limit(side, lots, ticks),
    };
    live.instruct(21, "maker", submit(Side::Buy, 60, 4_995)).unwrap();
    live.instruct(22, "q", submit(Side::Sell, 60, 4_995)).unwrap();
    live.act(23, "owner", propose(2, cash(5_000))).unwrap();
    assert_eq!(live.refusal(24, "q", accept(2, 2)), "100 lots are needed, but only 40 are free");
    live.finish();
}
