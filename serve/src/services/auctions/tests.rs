//! Auctions among people of a market that runs.

use std::time::Duration;

use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::participant::AccountLimits;
use bearpit_core::units::{InstrumentId, NetQuantity};
use serde_json::{Value, json};

use super::*;
use crate::domain::{
    AccountId, Actor, ClientOrderId, Credential, Number, Problem, ProblemKind, Role, Scopes, SessionId,
    WallTime,
};
use crate::driver::What;
use crate::publication::{Channel, Content, Position, Subscription};
use crate::services::trading::tests::Floor;
use crate::store::people::{NewUser, People};

/// People with shares and cash in a market with auctions.
struct House {
    floor: Floor,
    auctions: Auctions,
    anne: AccountId,
    ben: AccountId,
}

fn id(text: &str) -> Option<ClientOrderId> {
    ClientOrderId::try_from(text.to_owned()).ok()
}

fn offer(symbol: &str, quantity: &str) -> AuctionRequest {
    let body = json!({ "symbol": symbol, "quantity": quantity });
    AuctionRequest::Offer(serde_json::from_value(body).unwrap())
}

fn propose(auction: &AuctionReceipt, body: Value) -> AuctionRequest {
    let auction = path_auction(&auction.auction_id).unwrap();
    AuctionRequest::Propose(auction, serde_json::from_value(body).unwrap())
}

fn accept(proposal: &AuctionReceipt) -> AuctionRequest {
    let auction = path_auction(&proposal.auction_id).unwrap();
    AuctionRequest::Accept(auction, path_proposal(proposal.proposal_id.as_deref().unwrap()).unwrap())
}

fn code(refused: Result<AuctionReceipt, Problem>) -> (ProblemKind, String, Option<String>) {
    let Problem { kind, code, field, .. } = refused.unwrap_err();
    (kind, code.into_owned(), field)
}

impl House {
    async fn open() -> Self {
        let floor = Floor::open_with_auctions().await;
        let auctions = Auctions::new(Arc::clone(&floor.trading));
        let house = Self { floor, auctions, anne: AccountId::draw(), ben: AccountId::draw() };
        for (account, instrument) in [(house.anne, 0), (house.ben, 1)] {
            house.give(account, instrument, 1_000).await;
        }
        house
    }

    async fn give(&self, account: AccountId, instrument: u32, lots: i64) {
        let (instrument, quantity) = (InstrumentId::new(instrument), NetQuantity::new(lots));
        let reference = Reference::new("shares").unwrap();
        let funding = Funding { transfer: Transfer::Shares { instrument, quantity }, reference };
        self.floor.trading.ask(account, What::Fund(funding), None).await.unwrap();
    }

    async fn act(&self, account: AccountId, request: &AuctionRequest) -> Result<AuctionReceipt, Problem> {
        self.auctions.act(account, request, None).await
    }

    /// Returns free and held cash, and the lots of both instruments.
    async fn has(&self, account: AccountId) -> (String, String, [i64; 2]) {
        let view = self.floor.trading.account_view(account).await.unwrap();
        let lots = ["ACME", "GRAM"].map(|symbol| {
            view.positions.iter().find(|it| it.symbol == symbol).map_or(0, |it| it.holding.lots())
        });
        let held = view.cash - view.free_cash;
        let text = |cash| Number::of_money(cash).to_string();
        (text(view.free_cash), text(held), lots)
    }

    async fn add(&self, name: &str, account: AccountId) -> Actor {
        let actor = Actor {
            user: crate::domain::UserId::draw(),
            account,
            role: Role::User,
            scopes: Scopes::of_role(Role::User),
            credential: Credential::Session(SessionId::draw()),
        };
        let user = NewUser {
            id: actor.user,
            username: name.to_owned(),
            username_key: name.to_owned(),
            mail: None,
            is_verified: true,
            role: actor.role,
            password_hash: None,
            account,
            now: WallTime::from_nanos(0),
        };
        People::new(self.floor.trading.database.clone()).add(&user).await.unwrap();
        actor
    }

    /// Waits until everybody sees an auction with a status.
    async fn shown(&self, who: AccountId, auction: &AuctionReceipt, status: &str) -> AuctionView {
        let auction = path_auction(&auction.auction_id).unwrap();
        let seen = async {
            loop {
                match self.auctions.one(who, auction).await {
                    Ok(view) if view.status == status => return view,
                    _ => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(120), seen).await.unwrap()
    }
}

#[tokio::test]
async fn a_lot_and_the_cash_for_it_are_held_and_swapped_when_the_owner_accepts() {
    let house = House::open().await;
    let (anne, ben) = (house.anne, house.ben);
    let auction = house.act(anne, &offer("ACME", "40")).await.unwrap();
    assert_eq!((auction.status, &*auction.auction_id), ("auction_open", "1"));
    let cash = house.act(ben, &propose(&auction, json!({ "cash": "4100.50" }))).await.unwrap();
    let less = house.act(ben, &propose(&auction, json!({ "cash": "4000" }))).await.unwrap();
    assert_eq!((cash.status, less.proposal_id.as_deref()), ("proposal_open", Some("2")));
    assert_eq!(house.has(ben).await.1, "8100.5");

    let view = house.shown(ben, &auction, "open").await;
    let seen = serde_json::to_value(&view).unwrap();
    assert_eq!((&seen["yours"], &seen["quantity"]), (&json!(false), &json!("40")));
    assert!(!seen.to_string().contains(&anne.to_string()), "nobody is told whose it is");

    let done = house.act(anne, &accept(&cash)).await.unwrap();
    assert_eq!((done.status, done.proposal_id), ("proposal_accepted", cash.proposal_id.clone()));
    assert_eq!(house.has(anne).await, ("104100.5".into(), "0".into(), [960, 0]));
    assert_eq!(house.has(ben).await, ("95899.5".into(), "0".into(), [40, 1000]));
    let view = serde_json::to_value(house.shown(anne, &auction, "accepted").await).unwrap();
    assert_eq!(
        (&view["yours"], &view["accepted_id"], &view["value"]),
        (&json!(true), &json!("1"), &json!("4100.5"))
    );
    let ends: Vec<_> = view["proposals"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(ends, ["accepted", "outbid"]);
    house.floor.end();
}

#[tokio::test]
async fn shares_are_swapped_for_shares_and_what_is_taken_back_is_free_again() {
    let house = House::open().await;
    let (anne, ben) = (house.anne, house.ben);
    let auction = house.act(anne, &offer("ACME", "10")).await.unwrap();
    let body = json!({ "symbol": "GRAM", "quantity": "0.25" });
    // Nothing says what either is worth before the first trade.
    let unknown = house.act(ben, &propose(&auction, body.clone())).await;
    if let Ok(proposal) = &unknown {
        let refused = code(house.act(anne, &accept(proposal)).await);
        assert_eq!((refused.0, &*refused.1), (ProblemKind::Refused, "no_mark"));
    } else {
        assert_eq!(code(unknown).1, "no_mark");
    }
    house.give(anne, 1, 10).await;
    let order = |side: &str| json!({ "symbol": "ACME", "side": side, "quantity": 1, "price": "50" });
    house.floor.enter(ben, order("buy")).await.unwrap();
    house.floor.enter(anne, order("sell")).await.unwrap();
    let proposal = loop {
        match house.act(ben, &propose(&auction, body.clone())).await {
            Ok(proposal) => break proposal,
            Err(problem) => assert_eq!(problem.code, "no_mark", "{problem}"),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let view = house.shown(anne, &auction, "open").await;
    let auction_id = path_auction(&view.auction_id).unwrap();
    let taken_back = house.act(ben, &propose(&auction, json!({ "cash": "1" }))).await.unwrap();
    let proposal_id = path_proposal(taken_back.proposal_id.as_deref().unwrap()).unwrap();
    let withdrawn = house.act(ben, &AuctionRequest::WithdrawProposal(auction_id, proposal_id)).await.unwrap();
    assert_eq!(withdrawn.status, "proposal_withdrawn");
    house.act(anne, &accept(&proposal)).await.unwrap();
    let (_, held, lots) = house.has(anne).await;
    assert_eq!((held.as_str(), lots), ("0", [989, 260]));
    assert_eq!(house.has(ben).await.2, [11, 750]);
    let other = house.act(anne, &offer("ACME", "989")).await.unwrap();
    let all = code(house.act(anne, &offer("ACME", "1")).await);
    assert_eq!((&*all.1, all.2.as_deref()), ("insufficient_shares", Some("quantity")));
    let withdrawn =
        house.act(anne, &AuctionRequest::Withdraw(path_auction(&other.auction_id).unwrap())).await;
    assert_eq!(withdrawn.unwrap().status, "auction_withdrawn");
    house.act(anne, &offer("ACME", "1")).await.unwrap();
    house.floor.end();
}

#[tokio::test]
async fn what_is_asked_for_under_an_id_is_done_once_and_something_else_under_it_is_refused() {
    let house = House::open().await;
    let request = offer("ACME", "40");
    let first = house.auctions.act(house.anne, &request, id("a")).await.unwrap();
    assert_eq!(house.auctions.act(house.anne, &request, id("a")).await, Ok(first.clone()));
    let other = code(house.auctions.act(house.anne, &offer("ACME", "41"), id("a")).await);
    assert_eq!(
        other,
        (ProblemKind::Conflict, "client_request_id_in_use".to_owned(), Some("client_request_id".to_owned()))
    );
    let lots = house.act(house.anne, &offer("ACME", "961")).await;
    assert_eq!(code(lots).1, "insufficient_shares", "40 are held once");
    let refused = house.auctions.act(house.ben, &request, id("a")).await.unwrap_err();
    assert_eq!(house.auctions.act(house.ben, &request, id("a")).await, Err(refused), "a refusal too");
    let proposal = house.act(house.ben, &propose(&first, json!({ "cash": "5" }))).await.unwrap();
    let done = house.auctions.act(house.anne, &accept(&proposal), id("b")).await.unwrap();
    assert_eq!(house.auctions.act(house.anne, &accept(&proposal), id("b")).await, Ok(done));
    assert_eq!(code(house.act(house.anne, &accept(&proposal)).await).1, "auction_over");
    house.floor.end();
}

#[tokio::test]
async fn each_refusal_names_what_is_wrong() {
    let house = House::open().await;
    let (anne, ben) = (house.anne, house.ben);
    let auction = house.act(anne, &offer("ACME", "40")).await.unwrap();
    let late = AuctionRequest::Offer(
        serde_json::from_value(
            json!({ "symbol": "ACME", "quantity": 1, "deadline": "2099-01-01T00:00:00Z" }),
        )
        .unwrap(),
    );
    let past = AuctionRequest::Offer(
        serde_json::from_value(
            json!({ "symbol": "ACME", "quantity": 1, "deadline": "2001-01-01T00:00:00Z" }),
        )
        .unwrap(),
    );
    let in_own = propose(&auction, json!({ "cash": 1 }));
    let proposal = house.act(ben, &in_own).await.unwrap();
    let unknown = AuctionRequest::Withdraw(path_auction("99").unwrap());
    let of_other = AuctionRequest::Withdraw(path_auction(&auction.auction_id).unwrap());
    let much = propose(&auction, json!({ "cash": "1000000" }));
    let same = propose(&auction, json!({ "symbol": "ACME", "quantity": 1 }));
    for (who, request, kind, name, field) in [
        (anne, &late, ProblemKind::Refused, "deadline_too_late", Some("deadline")),
        (anne, &past, ProblemKind::Refused, "deadline_passed", Some("deadline")),
        (anne, &in_own, ProblemKind::Forbidden, "own_auction", None),
        (anne, &unknown, ProblemKind::NotFound, "unknown_auction", Some("auction_id")),
        (ben, &of_other, ProblemKind::Forbidden, "not_owner", None),
        (ben, &accept(&proposal), ProblemKind::Forbidden, "not_owner", None),
        (ben, &much, ProblemKind::Refused, "insufficient_cash", Some("cash")),
        (ben, &same, ProblemKind::Refused, "same_instrument", Some("symbol")),
        (ben, &offer("NONE", "1"), ProblemKind::NotFound, "unknown_symbol", Some("symbol")),
        (ben, &offer("ACME", "0.5"), ProblemKind::Refused, "off_lot", Some("quantity")),
        (ben, &offer("ACME", "1"), ProblemKind::Refused, "insufficient_shares", Some("quantity")),
        (ben, &propose(&auction, json!({})), ProblemKind::Refused, "missing_field", Some("cash")),
    ] {
        let expected = (kind, name.to_owned(), field.map(str::to_owned));
        assert_eq!(code(house.act(who, request).await), expected, "{request:?}");
    }
    for text in ["", "x", "-1", "+1", "1.0", "99999999999999999999999"] {
        assert_eq!(path_auction(text).unwrap_err().kind, ProblemKind::NotFound, "{text}");
    }
    house.floor.end();
}

#[tokio::test]
async fn accounts_of_one_person_do_each_other_no_favours_also_when_they_were_opened_before() {
    let house = House::open().await;
    let (anne, other) = (house.anne, AccountId::draw());
    let auction = house.act(anne, &offer("ACME", "40")).await.unwrap();
    // Both are known to be of one person only now.
    let owner = house.add("anne", anne).await;
    let strategy = crate::store::strategies::StrategyRow {
        account: other,
        user: owner.user,
        name: "s".to_owned(),
        script: "{}".to_owned(),
        cash: crate::store::database::Amount(1),
        status: crate::store::strategies::StrategyStatus::Running,
        created_at: WallTime::from_nanos(1),
        ended_at: None,
        client: None,
    };
    let limits = crate::store::strategies::StrategyLimits { per_user: 5, total: 5 };
    house.floor.trading.database.add_strategy(&strategy, limits).await.unwrap();
    let favour = propose(&auction, json!({ "cash": "0.01" }));
    assert_eq!(code(house.act(other, &favour).await).1, "same_person");
    house.act(house.ben, &favour).await.unwrap();
    house.floor.end();
}

#[tokio::test]
async fn a_blocked_account_and_one_of_a_contest_take_no_part() {
    let house = House::open().await;
    let auction = house.act(house.anne, &offer("ACME", "40")).await.unwrap();
    let limits = AccountLimits { is_sealed: true, ..AccountLimits::default() };
    house.floor.trading.ask_open(house.ben, What::Limit(limits)).await.unwrap();
    let sealed = house.act(house.ben, &propose(&auction, json!({ "cash": 1 }))).await;
    assert_eq!(code(sealed), (ProblemKind::Forbidden, "sealed".to_owned(), None));
    house.floor.trading.shut(house.anne, "rules").await.unwrap();
    assert_eq!(house.shown(house.ben, &auction, "blocked").await.proposals, []);
    let blocked = code(house.act(house.anne, &offer("ACME", "1")).await);
    assert_eq!((blocked.0, &*blocked.1), (ProblemKind::Forbidden, "blocked"));
    house.floor.end();
}

#[tokio::test]
async fn open_auctions_are_found_by_symbol_owner_and_page() {
    let house = House::open().await;
    let (anne, ben) = (house.anne, house.ben);
    for _ in 0..3 {
        house.act(anne, &offer("ACME", "1")).await.unwrap();
    }
    let last = house.act(ben, &offer("GRAM", "0.1")).await.unwrap();
    house.shown(ben, &last, "open").await;
    let ids = |who, query: OpenQuery| {
        let page = house.auctions.open(who, &query).unwrap();
        (page.auctions.into_iter().map(|it| it.auction_id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(ids(anne, OpenQuery::default()).0, ["4", "3", "2", "1"]);
    let of_symbol = OpenQuery { symbol: Some("ACME".to_owned()), limit: Some(2), ..OpenQuery::default() };
    let (first, next) = ids(anne, of_symbol.clone());
    assert_eq!((first, next.as_deref()), (vec!["3".to_owned(), "2".to_owned()], Some("2")));
    assert_eq!(ids(anne, OpenQuery { cursor: next, ..of_symbol }), (vec!["1".to_owned()], None));
    assert_eq!(ids(ben, OpenQuery { is_mine: true, ..OpenQuery::default() }).0, ["4"]);
    let proposal = house.act(ben, &propose(&last_of(&house, anne), json!({ "cash": 3 }))).await.unwrap();
    let both = async {
        while ids(ben, OpenQuery { is_mine: true, ..OpenQuery::default() }).0.len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), both).await.unwrap();
    assert_eq!(proposal.auction_id, "3");
    for limit in [0, 201] {
        let query = OpenQuery { limit: Some(limit), ..OpenQuery::default() };
        assert_eq!(house.auctions.open(anne, &query).unwrap_err().field.as_deref(), Some("limit"));
    }
    let query = AuctionQuery { outcome: Some("sold".to_owned()), ..AuctionQuery::default() };
    assert_eq!(house.auctions.history(anne, &query).await.unwrap_err().field.as_deref(), Some("outcome"));
    house.floor.end();
}

/// Returns the newest open auction of somebody's.
fn last_of(house: &House, who: AccountId) -> AuctionReceipt {
    let query = OpenQuery { is_mine: true, ..OpenQuery::default() };
    let newest = house.auctions.open(who, &query).unwrap().auctions.remove(0);
    AuctionReceipt {
        auction_id: newest.auction_id,
        proposal_id: None,
        status: "auction_open",
        at: newest.offered_at,
    }
}

async fn next(subscription: &mut Subscription) -> crate::publication::Update {
    tokio::time::timeout(Duration::from_secs(120), subscription.next()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_reader_has_a_snapshot_then_each_event_by_number_and_resumes_where_it_was() {
    let house = House::open().await;
    let (anne, ben) = (house.anne, house.ben);
    let auction = house.act(anne, &offer("ACME", "40")).await.unwrap();
    house.shown(anne, &auction, "open").await;
    let publication = house.floor.trading.data.publication();
    let mut reader = publication.subscribe(&Channel::Auctions, None).unwrap();
    let snapshot = next(&mut reader).await;
    let Content::AuctionsSnapshot(state) = &snapshot.content else { panic!("{snapshot:?}") };
    assert_eq!(state.open.len(), 1);
    let position: Position = reader.position().unwrap();
    let proposal = house.act(ben, &propose(&auction, json!({ "cash": 7 }))).await.unwrap();
    house.act(anne, &accept(&proposal)).await.unwrap();
    let mut kinds = Vec::new();
    let mut expected = position.next;
    while kinds.len() < 2 {
        let update = next(&mut reader).await;
        assert_eq!(update.numbers, expected..expected + 1);
        expected += 1;
        let Content::Auction(news) = &update.content else { panic!("{update:?}") };
        kinds.push(AuctionEventView::of(&house.floor.trading.data, news).kind);
    }
    assert_eq!(kinds, ["proposed", "accepted"]);
    let mut again = publication.subscribe(&Channel::Auctions, Some(position)).unwrap();
    assert_eq!(next(&mut again).await.numbers.start, position.next);
    house.floor.end();
}
