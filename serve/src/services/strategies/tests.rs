//! Strategies in a market that runs.

use std::time::Duration;

use bearpit::scenario::UserScript;
use bearpit_core::market::Transfer;
use serde_json::{Value, json};

use super::*;
use crate::domain::{Actor, ContestId, Credential, Role, Scopes, SessionId, WallTime};
use crate::driver::What;
use crate::services::trading::tests::Floor;
use crate::store::contests::entries::{EntryStatus, NewEntry};
use crate::store::contests::{ContestRow, ContestStatus, Ranking};
use crate::store::database::Amount;
use crate::store::database::testing::add_user;

const BUYER: &str = "const N = param(\"n\", 3);
fn on_start() { log(`cash ${cash()}`); plot(\"n\", N); buy(N); buy_limit(1, 50.0); }
fn on_order_filled(event) { log(`filled ${event.quantity}`); }
fn on_timer(name) { throw name; }";

struct Bench {
    floor: Floor,
    strategies: Arc<Strategies>,
    maker: AccountId,
}

impl Bench {
    /// Opens a market in which somebody bids 99 for ten, and has bought ten that are offered at 101.
    async fn open() -> Self {
        Self::with(StrategyLimits { per_user: 2, total: 3 }).await
    }

    async fn with(limits: StrategyLimits) -> Self {
        let outputs = StrategyOutputs::default();
        let floor = Floor::open_to(vec![outputs.sink()]).await;
        let strategies = Arc::new(Strategies::new(StrategiesParts {
            trading: Arc::clone(&floor.trading),
            source: floor.trading.source.clone(),
            data: Arc::clone(&floor.trading.data),
            database: floor.trading.database.clone(),
            outputs,
            limits,
        }));
        let (maker, seller) = (AccountId::draw(), AccountId::draw());
        // Shares come from outside: nobody has any.
        floor.trading.account(seller).await.unwrap();
        let transfer = Transfer::Shares {
            instrument: bearpit_core::units::InstrumentId::new(0),
            quantity: bearpit_core::units::NetQuantity::new(100),
        };
        let what = What::Fund(funding(transfer, "shares for the test").unwrap());
        floor.trading.ask_open(seller, what).await.unwrap();
        let order = |side: &str, price: &str| json!({ "symbol": "ACME", "side": side, "quantity": "10", "price": price });
        floor.enter(seller, order("sell", "101")).await.unwrap();
        floor.enter(maker, order("buy", "99")).await.unwrap();
        Self { floor, strategies, maker }
    }

    async fn person(&self, name: &str) -> Actor {
        let user = UserId::draw();
        add_user(&self.floor.trading.database, user, name).await.unwrap();
        Actor {
            user,
            account: AccountId::draw(),
            role: Role::User,
            scopes: Scopes::default(),
            credential: Credential::Session(SessionId::draw()),
        }
    }

    /// Has somebody play in a contest, with an account that is open already, as one is once its contest has
    /// begun, and returns them as they trade there.
    async fn playing(&self, who: Actor) -> Actor {
        let account = AccountId::draw();
        self.floor.trading.account(account).await.unwrap();
        self.playing_with(account, who).await
    }

    async fn playing_with(&self, account: AccountId, who: Actor) -> Actor {
        let (database, now) = (&self.floor.trading.database, WallTime::from_nanos(1));
        let contest = ContestRow {
            id: ContestId::draw(),
            name: "week".to_owned(),
            description: String::new(),
            ranking: Ranking::Return,
            cash: Amount(5_000),
            starts_at: 0,
            ends_at: i64::MAX,
            entry_until: i64::MAX,
            instruments: "{}".to_owned(),
            orders: None,
            status: ContestStatus::Announced,
            reason: None,
            created_by: who.user,
            created_at: now,
            settled: None,
        };
        database.add_contest(&contest).await.unwrap();
        let entry = NewEntry { contest: contest.id, user: who.user, account, name: None, now };
        assert_eq!(database.add_entry(&entry).await, Ok(true));
        database.move_entry(account, EntryStatus::Playing).await.unwrap();
        Actor { account, ..who }
    }

    async fn listed(&self, who: Actor) -> Vec<AccountId> {
        let listed = self.strategies.all(who.user).await.unwrap().strategies;
        listed.into_iter().map(|view| view.strategy_id).collect()
    }

    async fn start(&self, who: Actor, request: Value) -> Result<StrategyView, Problem> {
        let request = serde_json::from_value(request).unwrap();
        self.strategies.start(who, request, WallTime::from_nanos(5)).await
    }

    async fn cash(&self, who: Actor) -> String {
        self.floor.trading.account(who.account).await.unwrap().cash.to_string()
    }

    /// Asks until something holds.
    async fn until<T: Future<Output = bool>>(&self, holds: impl Fn() -> T) {
        let wait = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), wait).await.unwrap();
    }
}

fn request(source: &str, cash: &str) -> Value {
    json!({ "name": "mine", "source": source, "parameters": { "n": 4 }, "cash": cash })
}

#[tokio::test]
async fn a_strategy_trades_with_the_cash_that_it_was_given_and_leaves_all_to_its_owner() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let view = bench.start(anne, request(BUYER, "1000")).await.unwrap();
    let (id, strategies) = (view.strategy_id, Arc::clone(&bench.strategies));
    assert_eq!((view.status, view.cash.to_string()), (StrategyStatusName::Running, "1000".to_owned()));
    assert_eq!(bench.cash(anne).await, "99000");
    bench.until(|| async { strategies.log(anne.user, id, None).await.unwrap().lines.len() == 2 }).await;
    let log = strategies.log(anne.user, id, None).await.unwrap();
    let texts: Vec<&str> = log.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["cash 1000.0", "filled 4.0"]);
    let first = log.lines[0].number.clone();
    assert_eq!(strategies.log(anne.user, id, Some(&first)).await.unwrap().lines.len(), 1);
    assert_eq!(strategies.log(anne.user, id, Some("x")).await.unwrap_err().field.as_deref(), Some("after"));
    let series = strategies.series(anne.user, id).await.unwrap();
    assert_eq!((series.series[0].name.as_str(), series.series[0].points[0].value), ("n", Some(4.0)));
    let detail = strategies.one(anne.user, id).await.unwrap();
    assert_eq!((detail.source.as_str(), &detail.parameters["n"]), (BUYER, &json!(4)));
    assert_eq!(
        (detail.positions[0].quantity.to_string(), detail.account.unwrap().open_orders),
        ("4".to_owned(), 1)
    );
    // Worth the middle of 99 and 101: four bought at 101 are a loss of four.
    assert_eq!(detail.strategy.pnl.unwrap().to_string(), "-4");

    let stopped =
        strategies.stop(anne.user, id, StopRequest { flatten: true }, WallTime::from_nanos(9)).await;
    assert_eq!(stopped.unwrap().status, StrategyStatusName::Stopped);
    bench
        .until(|| async {
            let detail = strategies.one(anne.user, id).await.unwrap();
            detail.positions.is_empty() && detail.account.unwrap().open_orders == 0
        })
        .await;
    strategies.delete(anne, id, WallTime::from_nanos(9)).await.unwrap();
    // Four bought at 101 and sold at 99.
    assert_eq!(bench.cash(anne).await, "99992");
    assert!(strategies.all(anne.user).await.unwrap().strategies.is_empty());
    assert_eq!(strategies.one(anne.user, id).await.unwrap_err().code, "unknown_strategy");
    bench.floor.end();
}

#[tokio::test]
async fn what_a_strategy_holds_goes_to_its_owner_when_it_is_deleted() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let id = bench.start(anne, request(BUYER, "1000")).await.unwrap().strategy_id;
    let strategies = &bench.strategies;
    bench.until(|| async { strategies.log(anne.user, id, None).await.unwrap().lines.len() == 2 }).await;
    bench
        .until(|| async {
            match strategies.delete(anne, id, WallTime::from_nanos(9)).await {
                Ok(()) => true,
                // The cancel of its order is on its way.
                Err(problem) => problem.code != "open_orders",
            }
        })
        .await;
    let positions = bench.floor.trading.positions(anne.account).await.unwrap().positions;
    assert_eq!((positions.len(), positions[0].quantity.to_string()), (1, "4".to_owned()));
    assert_eq!(bench.floor.trading.account(anne.account).await.unwrap().cash.to_string(), "99596");
    bench.floor.end();
}

#[tokio::test]
async fn what_cannot_be_started_leaves_nothing_behind() {
    let bench = Bench::open().await;
    let (anne, bert) = (bench.person("anne").await, bench.person("bert").await);
    for (source, cash, code, field) in [
        ("fn on_start() { by(1); }", "10", "invalid_strategy", "source"),
        ("fn on_start() { throw 7; }", "10", "invalid_strategy", "source"),
        (BUYER, "0", "invalid_field", "cash"),
        (BUYER, "100000.01", "funding_refused", "cash"),
    ] {
        let problem = bench.start(anne, request(source, cash)).await.unwrap_err();
        assert_eq!((&*problem.code, problem.field.as_deref()), (code, Some(field)), "{source}: {problem}");
    }
    let mut unknown = request(BUYER, "10");
    unknown["symbol"] = json!("NONE");
    assert_eq!(bench.start(anne, unknown).await.unwrap_err().field.as_deref(), Some("symbol"));
    assert!(bench.strategies.all(anne.user).await.unwrap().strategies.is_empty());
    assert_eq!(bench.floor.trading.account(anne.account).await.unwrap().cash.to_string(), "100000");

    let mut started = Vec::new();
    for who in [anne, anne, anne, bert, bert] {
        started.push(bench.start(who, request("fn on_start() { }", "1")).await.map_err(|it| it.code));
    }
    let codes: Vec<_> = started.iter().map(|it| it.as_ref().err().map(|code| &**code)).collect();
    assert_eq!(codes, [None, None, Some("too_many_strategies"), None, Some("too_many_strategies")]);
    let id = started[0].as_ref().unwrap().strategy_id;
    let stolen = bench.strategies.stop(bert.user, id, StopRequest::default(), WallTime::from_nanos(1)).await;
    assert_eq!(stolen.unwrap_err().code, "unknown_strategy", "as if there were none");
    bench.floor.end();
}

#[tokio::test]
async fn the_owner_of_a_strategy_reads_why_its_orders_were_refused() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let source = "fn on_start() { for i in 0..3 { buy_limit(1000, 50.0); } sell(5); log(\"begun\"); }";
    let id = bench.start(anne, request(source, "1000")).await.unwrap().strategy_id;
    let strategies = &bench.strategies;
    let is_written = || async {
        let log = strategies.log(anne.user, id, None).await.unwrap();
        log.lines.iter().any(|line| line.text == "begun") && log.lines.len() >= 3
    };
    bench.until(is_written).await;
    let log = strategies.log(anne.user, id, None).await.unwrap();
    let refused: Vec<&str> =
        log.lines.iter().map(|line| line.text.as_str()).filter(|text| *text != "begun").collect();
    let [bought, sold] = refused.as_slice() else { panic!("{refused:?}") };
    assert!(bought.starts_with("refused: buy 1000 ACME@PIT: needs 50000"), "{bought}");
    assert!(sold.starts_with("refused: sell 5 ACME@PIT: "), "{sold}");
    assert!(log.lines.iter().all(|line| !line.is_failure));
    // What is refused to people is no line of a strategy's.
    let order = json!({ "symbol": "ACME", "side": "sell", "quantity": "5", "price": "100" });
    bench.floor.enter(anne.account, order).await.unwrap_err();
    strategies.outputs.read(anne.account, |written| assert!(written.is_none()));
    bench.floor.end();
}

#[tokio::test]
async fn nothing_is_done_to_a_strategy_that_is_being_started() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let id = bench.start(anne, request("fn on_start() { }", "5")).await.unwrap().strategy_id;
    let (strategies, now) = (&bench.strategies, WallTime::from_nanos(9));
    strategies.change_seating(|seating| seating.insert(id));
    let stopped = strategies.stop(anne.user, id, StopRequest::default(), now).await;
    assert_eq!(stopped.unwrap_err().code, "starting");
    assert_eq!(strategies.delete(anne, id, now).await.unwrap_err().code, "starting");
    strategies.change_seating(|seating| seating.remove(&id));
    strategies.delete(anne, id, now).await.unwrap();
    assert_eq!(bench.cash(anne).await, "100000");
    bench.floor.end();
}

#[tokio::test]
async fn a_check_says_all_that_is_wrong_and_starts_nothing() {
    let bench = Bench::open().await;
    let check = |source: &str| {
        let request = serde_json::from_value(json!({ "source": source })).unwrap();
        let strategies = Arc::clone(&bench.strategies);
        async move { strategies.check(request).await.unwrap() }
    };
    let found = check("fn on_start() { by(1); }\nfn on_bar(bar) { bar.clos; }").await;
    let places: Vec<_> = found
        .errors
        .iter()
        .map(|it| (it.line, it.message.contains("clos") || it.message.contains("by")))
        .collect();
    assert_eq!((found.is_valid, places), (false, vec![(1, true), (2, true)]));
    let found = check("fn on_bar(bar) { throw \"no\"; }").await;
    assert!(!found.is_valid && found.errors[0].message.contains("in a rehearsal: "), "{found:?}");
    let found = check("fn on_start() { every(\"x\", \"1s\"); } fn on_timer(n) { loop { } }").await;
    assert!(found.errors[0].message.contains("operations"), "{found:?}");
    let found = check("const N = param(\"n\", 5); fn on_start() { log(1); }").await;
    assert!(found.is_valid && found.warnings.len() == 1 && found.rehearsal_log == ["1"], "{found:?}");
    // Whoever quotes better than the market of a rehearsal, or is woken all the time, is not refused for
    // that.
    for honest in [
        "fn on_start() { every(\"x\", \"7s\"); } fn on_timer(n) { if bid() != () { buy_limit(1, bid() + 0.01); } }",
        "fn on_start() { every(\"x\", \"1ms\"); } fn on_timer(n) { }",
        "fn on_start() { sell(5); }",
    ] {
        let found = check(honest).await;
        assert!(found.is_valid, "{honest}: {found:?}");
    }
    let long = serde_json::from_value(json!({ "source": " ".repeat(SOURCE_BYTES_MAX + 1) })).unwrap();
    assert_eq!(bench.strategies.check(long).await.unwrap_err().code, "too_long");
    assert_eq!(bench.floor.trading.account(bench.maker).await.unwrap().cash.to_string(), "100000");
    bench.floor.end();
}

#[tokio::test]
async fn a_strategy_that_fails_says_so_and_one_left_half_way_is_ended() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let late = "fn on_start() { set_timer(\"x\", \"5m\"); } fn on_timer(name) { throw \"late\"; }";
    // Prices are lower in a rehearsal.
    let failing = "fn on_start() { set_timer(\"x\", \"100ms\"); } fn on_timer(name) { if ask() > 50.0 { throw \"no\"; } }";
    assert!(bench.start(anne, request(late, "10")).await.is_err(), "the rehearsal gets there");
    let id = bench.start(anne, request(failing, "500")).await.unwrap().strategy_id;
    let strategies = &bench.strategies;
    bench
        .until(|| async {
            let view = strategies.one(anne.user, id).await.unwrap().strategy;
            view.status == StrategyStatusName::Failed && view.failure.is_some_and(|it| it.contains("no"))
        })
        .await;
    let log = strategies.log(anne.user, id, None).await.unwrap();
    assert!(log.lines.last().unwrap().is_failure);

    let row = StrategyRow {
        account: AccountId::draw(),
        user: anne.user,
        name: "half".to_owned(),
        script: UserScript::new("s.rhai", "").to_json(),
        cash: Amount(1),
        status: StrategyStatus::Starting,
        created_at: WallTime::from_nanos(1),
        ended_at: None,
        client: None,
    };
    bench.strategies.database.add_strategy(&row, bench.strategies.limits).await.unwrap();
    bench.strategies.fund(&row, anne.account).await.unwrap();
    strategies.end_left_half_way().await.unwrap();
    let ended = strategies.one(anne.user, row.account).await.unwrap().strategy;
    assert_eq!(ended.status, StrategyStatusName::Stopped);
    strategies.delete(anne, row.account, WallTime::from_nanos(2)).await.unwrap();
    bench.floor.end();
}

#[tokio::test]
async fn a_strategy_that_is_sent_again_under_its_id_is_started_once() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let mut named = request(BUYER, "1000");
    named["client_strategy_id"] = json!("mine-1");
    let [first, second] = [bench.start(anne, named.clone()), bench.start(anne, named.clone())];
    let (first, second) = tokio::join!(first, second);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.strategy_id, second.strategy_id);
    assert_eq!(bench.start(anne, named.clone()).await.unwrap().strategy_id, first.strategy_id);
    assert_eq!(bench.cash(anne).await, "99000", "it got its cash once");
    named["cash"] = json!("1001");
    let other = bench.start(anne, named.clone()).await.unwrap_err();
    assert_eq!(
        (other.kind, other.field.as_deref()),
        (ProblemKind::Conflict, Some("client_strategy_id")),
        "{other}"
    );
    // The id of another is one's own all the same.
    let ben = bench.person("ben").await;
    assert_ne!(bench.start(ben, named).await.unwrap().strategy_id, first.strategy_id);
    bench.floor.end();
}

#[tokio::test]
async fn a_strategy_whose_start_a_crash_interrupted_is_returned_as_it_was_left_and_its_id_stays_taken() {
    let bench = Bench::open().await;
    let (anne, strategies) = (bench.person("anne").await, &bench.strategies);
    let mut named = request(BUYER, "1000");
    named["client_strategy_id"] = json!("mine-1");
    let asked: StrategyRequest = serde_json::from_value(named.clone()).unwrap();
    let row = StrategyRow {
        account: AccountId::draw(),
        user: anne.user,
        name: asked.name.clone(),
        script: asked.script().to_json(),
        cash: Money::from_whole(1_000).into(),
        status: StrategyStatus::Starting,
        created_at: WallTime::from_nanos(1),
        ended_at: None,
        client: asked.client_strategy_id,
    };
    // A process did this, and ended before the script was in its seat.
    strategies.database.add_strategy(&row, strategies.limits).await.unwrap();
    strategies.fund(&row, anne.account).await.unwrap();
    let again = async || bench.start(anne, named.clone()).await;
    let found = again().await.unwrap();
    assert_eq!((found.strategy_id, found.status), (row.account, StrategyStatusName::Starting));
    strategies.end_left_half_way().await.unwrap();
    let found = again().await.unwrap();
    assert_eq!((found.strategy_id, found.status), (row.account, StrategyStatusName::Stopped));
    assert_eq!(found.equity.unwrap().to_string(), "1000", "it has its cash, and has not traded");
    assert_eq!(bench.cash(anne).await, "99000", "it got its cash once");
    // Deleted, it gives its cash back, and its id stays taken.
    strategies.delete(anne, row.account, WallTime::from_nanos(9)).await.unwrap();
    assert_eq!(bench.cash(anne).await, "100000");
    let refused = again().await.unwrap_err();
    assert_eq!((refused.kind, &*refused.code), (ProblemKind::Conflict, "client_strategy_id_in_use"));
    assert!(refused.message.contains("deleted"), "{refused}");
    named["client_strategy_id"] = json!("mine-2");
    assert_eq!(bench.start(anne, named).await.unwrap().status, StrategyStatusName::Running);
    bench.floor.end();
}

#[tokio::test]
async fn starts_and_deletes_in_a_loop_come_to_an_end_and_limits_outlast_the_process() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let idle = "fn on_start() {}";
    let starts = StrategyLimits { per_user: 2, total: 3 }.starts();
    for _ in 0..starts {
        let id = bench.start(anne, request(idle, "1")).await.unwrap().strategy_id;
        bench.strategies.delete(anne, id, WallTime::from_nanos(6)).await.unwrap();
    }
    let refused = bench.start(anne, request(idle, "1")).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.code), (ProblemKind::Conflict, "too_many_strategies"), "{refused}");
    // Another process with the same database knows what runs, and what was started.
    let again = Arc::new(Strategies::new(StrategiesParts {
        trading: Arc::clone(&bench.floor.trading),
        source: bench.floor.trading.source.clone(),
        data: Arc::clone(&bench.floor.trading.data),
        database: bench.floor.trading.database.clone(),
        outputs: StrategyOutputs::default(),
        limits: StrategyLimits { per_user: 2, total: 3 },
    }));
    let start = |who: Actor| {
        let request = serde_json::from_value(request(idle, "1")).unwrap();
        again.start(who, request, WallTime::from_nanos(7))
    };
    assert_eq!(&*start(anne).await.unwrap_err().code, "too_many_strategies");
    let (ben, carl) = (bench.person("ben").await, bench.person("carl").await);
    for who in [ben, ben, carl] {
        bench.start(who, request(idle, "1")).await.unwrap();
    }
    assert_eq!(&*start(ben).await.unwrap_err().code, "too_many_strategies", "two of a person");
    assert_eq!(&*start(carl).await.unwrap_err().code, "too_many_strategies", "three in all");
    bench.floor.end();
}

#[tokio::test]
async fn a_strategy_that_cannot_be_paid_for_leaves_no_account() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    for _ in 0..30 {
        let refused = bench.start(anne, request("fn on_start() {}", "100001")).await.unwrap_err();
        assert_eq!(&*refused.code, "funding_refused");
    }
    assert_eq!(bench.strategies.all(anne.user).await.unwrap().strategies, []);
    bench.start(anne, request("fn on_start() {}", "1")).await.unwrap();
    bench.floor.end();
}

#[tokio::test]
async fn a_start_that_is_refused_leaves_the_strategy_before_it_in_the_account_of_a_contest() {
    let bench = Bench::with(StrategyLimits { per_user: 1, total: 3 }).await;
    let (anne, now) = (bench.person("anne").await, WallTime::from_nanos(9));
    let player = bench.playing(anne).await;
    let in_contest = |name: &str| json!({ "name": name, "source": "fn on_start() {}" });
    bench.start(player, in_contest("first")).await.unwrap();
    bench.strategies.stop(anne.user, player.account, StopRequest::default(), now).await.unwrap();
    let own = bench.start(anne, request("fn on_start() {}", "1")).await.unwrap().strategy_id;
    let refused = bench.start(player, in_contest("second")).await.unwrap_err();
    assert_eq!(refused.code, "too_many_strategies");
    let first = bench.strategies.one(anne.user, player.account).await.unwrap().strategy;
    assert_eq!((first.name.as_str(), first.status), ("first", StrategyStatusName::Stopped));
    assert_eq!(bench.listed(anne).await.len(), 2);
    // Where there is room, the next takes its place.
    bench.strategies.stop(anne.user, own, StopRequest::default(), now).await.unwrap();
    let second = bench.start(player, in_contest("second")).await.unwrap();
    assert_eq!((second.strategy_id, second.name.as_str()), (player.account, "second"));
    assert_eq!(bench.listed(anne).await.len(), 2);
    bench.floor.end();
}

#[tokio::test]
async fn a_start_that_fails_in_the_market_restores_the_strategy_before_it() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    // An account that the market does not know, so that it starts nothing there.
    let player = bench.playing_with(AccountId::draw(), anne).await;
    let database = &bench.strategies.database;
    let first = StrategyRow {
        account: player.account,
        user: anne.user,
        name: "first".to_owned(),
        script: "{}".to_owned(),
        cash: Money::from_whole(5_000).into(),
        status: StrategyStatus::Starting,
        created_at: WallTime::from_nanos(1),
        ended_at: None,
        client: None,
    };
    database.add_strategy(&first, bench.strategies.limits).await.unwrap();
    let stopped =
        StrategyRow { status: StrategyStatus::Stopped, ended_at: Some(WallTime::from_nanos(2)), ..first };
    database.move_strategy(player.account, stopped.status, stopped.ended_at).await.unwrap();
    let request = json!({ "name": "second", "source": "fn on_start() {}", "client_strategy_id": "mine-2" });
    let refused = bench.start(player, request).await.unwrap_err();
    assert_ne!(refused.kind, ProblemKind::Unknown, "{refused}");
    assert_eq!(database.strategies(anne.user).await, Ok(vec![stopped]));
    bench.floor.end();
}

/// Starts a strategy that does something with its fills in the market, and not in the rehearsal, where
/// nothing trades at 101; and returns the last line of its log, and its status, once it has ended or written
/// a word.
async fn last_words(
    bench: &Bench,
    who: Actor,
    source: &str,
    parameters: Value,
) -> (String, StrategyStatusName) {
    let request = json!({ "name": "loop", "source": source, "parameters": parameters, "cash": "2000" });
    let id = bench.start(who, request).await.unwrap().strategy_id;
    let status = async || bench.strategies.one(who.user, id).await.unwrap().strategy.status;
    let last = async || {
        let lines = bench.strategies.log(who.user, id, None).await.unwrap().lines;
        lines.last().map(|line| line.text.clone()).unwrap_or_default()
    };
    bench.until(|| async { last().await == "ended" || status().await == StrategyStatusName::Failed }).await;
    (last().await, status().await)
}

#[tokio::test]
async fn a_callback_of_more_than_a_hundred_thousand_operations_ends_its_strategy() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let source = "const N = param(\"n\", 1);
        fn on_start() { buy(1); }
        fn on_order_filled(event) { if event.price == 101.0 { for it in 0..N { } log(\"ended\"); } }";
    let (last, status) = last_words(&bench, anne, source, json!({ "n": 20_000 })).await;
    assert_eq!((last.as_str(), status), ("ended", StrategyStatusName::Running));
    let (last, status) = last_words(&bench, anne, source, json!({ "n": 100_000 })).await;
    assert!(last.contains("more than 100000 operations"), "{last}");
    assert_eq!(status, StrategyStatusName::Failed);
    bench.floor.end();
}

#[tokio::test]
async fn a_strategy_that_writes_more_lines_than_it_may_ends_with_one_that_says_so() {
    let bench = Bench::open().await;
    let anne = bench.person("anne").await;
    let source = "fn on_start() { buy(1); }
        fn on_order_filled(event) { if event.price == 101.0 { every(\"turn\", \"1ms\"); } }
        fn on_timer(name) { for it in 0..100 { log(it); } }";
    let (last, status) = last_words(&bench, anne, source, json!({})).await;
    assert_eq!(status, StrategyStatusName::Failed);
    assert!(last.contains(&UserScript::LIMITS.lines.to_string()), "{last}");
    bench.floor.end();
}
