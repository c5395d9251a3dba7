//! Administration of a market that runs.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::config::{Config, PasswordConfig};
use crate::domain::{AccountId, Credential, Number, ProblemKind, Role, Scopes, SessionId, UserId};
use crate::services::identity::{IdentityParts, Newcomers, system_clock};
use crate::services::strategies::{StrategiesParts, StrategyOutputs};
use crate::services::trading::tests::Floor;
use crate::store::database::{Statement, args};
use crate::store::people::NewUser;
use crate::store::strategies::StrategyLimits;

struct Nobody;

impl Newcomers for Nobody {
    fn registered(&self, _: AccountId) {}
}

/// A market, its administration, an administrator and a person.
struct Bench {
    floor: Floor,
    admin: Arc<Admin>,
    board: Arc<Announcements>,
    olga: Actor,
    anne: Actor,
    _data: tempfile::TempDir,
}

impl Bench {
    async fn open() -> Self {
        let outputs = StrategyOutputs::default();
        let (floor, data) = (Floor::open_to(vec![outputs.sink()]).await, tempfile::tempdir().unwrap());
        let (trading, database) = (Arc::clone(&floor.trading), floor.trading.database.clone());
        let strategies = Arc::new(Strategies::new(StrategiesParts {
            trading: Arc::clone(&trading),
            source: trading.source.clone(),
            data: Arc::clone(&trading.data),
            database: database.clone(),
            outputs,
            limits: StrategyLimits { per_user: 2, total: 3 },
        }));
        let mut config = Config::defaults().unwrap().identity;
        config.passwords = PasswordConfig { memory_kib: 64, passes: 1, threads: 2 };
        let identity = IdentityParts {
            config,
            data: data.path(),
            database: database.clone(),
            sessions: None,
            clock: system_clock(),
            newcomers: Arc::new(Nobody),
        };
        let log = AuditLog::new(database.clone(), system_clock());
        let board = Arc::new(Announcements::new(database.clone(), log.clone(), system_clock()));
        let admin = Arc::new(Admin::new(AdminParts {
            identity: Arc::new(Identity::new(identity).unwrap()),
            trading,
            strategies,
            operations: Operations::new(floor.driver.handle.clone(), log.clone()),
            database,
            log,
            clock: system_clock(),
            feeds: Arc::default(),
        }));
        let people = [("olga", Role::Admin), ("anne", Role::User)];
        let [olga, anne] = people.map(|(name, role)| (actor(role), name));
        for (actor, name) in [olga, anne] {
            admin.people.add(&person(&actor, name)).await.unwrap();
        }
        Self { floor, admin, board, olga: olga.0, anne: anne.0, _data: data }
    }

    async fn fund(&self, amount: &str, key: &str) -> Result<FundedView, Problem> {
        let request =
            json!({ "amount": amount, "reference": "prize", "reason": "r", "idempotency_key": key });
        let request = serde_json::from_value(request).unwrap();
        self.admin.fund(self.olga, self.anne.user, request).await
    }

    async fn cash(&self) -> String {
        self.floor.trading.account(self.anne.account).await.unwrap().cash.to_string()
    }

    /// Leaves funds as a crash does that comes before the market's answer is written down.
    async fn forget_outcomes(&self) {
        let forget = Statement::new("UPDATE fundings SET outcome = NULL, message = NULL");
        self.admin.database.execute(forget, args![]).await.unwrap();
    }

    async fn log(&self) -> Vec<(String, AuditOutcomeName)> {
        let page = self.admin.log().page(&AuditQuery::default()).await.unwrap();
        page.entries.into_iter().rev().map(|entry| (entry.action, entry.outcome)).collect()
    }

    async fn enter(&self, account: AccountId, side: &str, price: &str) -> Value {
        let order = json!({ "symbol": "ACME", "side": side, "quantity": "10", "price": price });
        self.floor.enter(account, order).await.unwrap()
    }

    /// Has somebody offer shares, of which there are none in this market by themselves.
    async fn offer(&self, price: &str) -> AccountId {
        let seller = AccountId::draw();
        self.floor.trading.account(seller).await.unwrap();
        let transfer = bearpit_core::market::Transfer::Shares {
            instrument: bearpit_core::units::InstrumentId::new(0),
            quantity: bearpit_core::units::NetQuantity::new(100),
        };
        let reference = bearpit_core::market::Reference::new("shares").unwrap();
        let funding = bearpit_core::market::Funding { transfer, reference };
        self.floor.trading.fund(seller, funding, None).await.unwrap();
        self.enter(seller, "sell", price).await;
        seller
    }
}

fn actor(role: Role) -> Actor {
    Actor {
        user: UserId::draw(),
        account: AccountId::draw(),
        role,
        scopes: Scopes::of_role(role),
        credential: Credential::Session(SessionId::draw()),
    }
}

fn person(actor: &Actor, name: &str) -> NewUser {
    NewUser {
        id: actor.user,
        account: actor.account,
        username: name.to_owned(),
        username_key: name.to_owned(),
        mail: Some(format!("{name}_x@example.org")),
        is_verified: false,
        role: actor.role,
        password_hash: Some("none".to_owned()),
        now: system_clock()(),
    }
}

fn because(reason: &str) -> ReasonRequest {
    ReasonRequest { reason: reason.to_owned() }
}

#[tokio::test]
async fn funds_that_were_left_half_way_are_settled_and_moved_once() {
    let bench = Bench::open().await;
    assert!(!bench.fund("50", "k").await.unwrap().repeated);
    assert_eq!(bench.fund("-200000", "too much").await.unwrap_err().code, "funding_refused");
    bench.forget_outcomes().await;
    // By whoever repeats it, and by the process itself.
    assert!(bench.fund("50", "k").await.unwrap().repeated);
    bench.admin.settle_open().await.unwrap();
    assert!(bench.admin.database.open_fundings().await.unwrap().is_empty());
    assert_eq!(bench.cash().await, "100050");
    assert_eq!(bench.fund("-200000", "too much").await.unwrap_err().code, "funding_refused");
    bench.floor.end();
}

#[tokio::test]
async fn two_who_fund_at_once_with_one_key_fund_once() {
    let bench = Bench::open().await;
    let both = tokio::join!(bench.fund("7", "k"), bench.fund("7", "k"));
    let mut repeated = [both.0.unwrap().repeated, both.1.unwrap().repeated];
    repeated.sort_unstable();
    assert_eq!((repeated, bench.cash().await.as_str()), ([false, true], "100007"));
    bench.floor.end();
}

#[tokio::test]
async fn funds_that_a_paused_market_does_not_take_are_not_moved_later() {
    let bench = Bench::open().await;
    bench.admin.operate(bench.olga, Action::Pause, None).await.unwrap();
    let refused = bench.fund("50", "k").await.unwrap_err();
    assert_eq!((refused.kind, &*refused.code), (ProblemKind::Unavailable, "paused"));
    bench.admin.operate(bench.olga, Action::Resume, None).await.unwrap();
    bench.admin.settle_open().await.unwrap();
    assert_eq!(bench.cash().await, "100000");
    assert!(!bench.fund("50", "k").await.unwrap().repeated);
    assert_eq!(bench.cash().await, "100050");
    bench.floor.end();
}

#[tokio::test]
async fn only_what_is_free_can_be_taken() {
    let bench = Bench::open().await;
    bench.enter(bench.anne.account, "buy", "99").await;
    let free = bench.floor.trading.account(bench.anne.account).await.unwrap().free_cash;
    assert_eq!(free, Number("99010".parse().unwrap()));
    assert_eq!(bench.fund("-99010.01", "a").await.unwrap_err().code, "funding_refused");
    bench.fund("-99010", "b").await.unwrap();
    assert_eq!(bench.cash().await, "990");
    bench.floor.end();
}

#[tokio::test]
async fn a_reset_ends_orders_positions_and_strategies_and_leaves_the_starting_cash() {
    let bench = Bench::open().await;
    let seller = bench.offer("101").await;
    bench.enter(bench.anne.account, "buy", "101").await;
    bench.enter(bench.anne.account, "buy", "98").await;
    let strategy = json!({ "name": "s", "source": "fn on_start() { buy_limit(1, 50.0); }", "cash": "500" });
    let strategy = serde_json::from_value(strategy).unwrap();
    let strategies = Arc::clone(&bench.admin.strategies);
    strategies.start(bench.anne, strategy, system_clock()()).await.unwrap();
    assert_eq!(bench.cash().await, "98490");
    let after = bench.admin.reset(bench.olga, bench.anne.user, because("a new term")).await.unwrap();
    let account = after.account.unwrap();
    assert_eq!((account.cash.to_string().as_str(), account.blocked), ("100000", None));
    assert!(after.positions.is_empty() && after.open_orders.is_empty());
    assert_eq!(serde_json::to_value(&after.strategies).unwrap()[0]["status"], "stopped");
    assert_eq!(serde_json::to_value(&after.strategies).unwrap()[0]["equity"], "0");
    // Nobody else is touched, and once more, after one that was interrupted, changes nothing.
    bench.floor.trading.shut(bench.anne.account, "account reset").await.unwrap();
    assert_eq!(bench.floor.trading.account(seller).await.unwrap().cash.to_string(), "101010");
    bench.admin.reset(bench.olga, bench.anne.user, because("again")).await.unwrap();
    assert_eq!(bench.cash().await, "100000");
    bench.enter(bench.anne.account, "buy", "98").await;
    bench.floor.end();
}

#[tokio::test]
async fn a_block_takes_orders_and_strategies_out_on_request_also_while_the_market_is_paused() {
    let bench = Bench::open().await;
    let anne = bench.anne.account;
    bench.enter(anne, "buy", "98").await;
    let request = |cancel_orders| BlockRequest { reason: "r".to_owned(), cancel_orders };
    let kept = bench.admin.block(bench.olga, bench.anne.user, request(false)).await.unwrap();
    assert_eq!(kept.orders, BlockedOrders::Kept);
    assert_eq!(bench.floor.trading.open_orders(anne).await.unwrap().orders.len(), 1);
    bench.admin.operate(bench.olga, Action::Pause, None).await.unwrap();
    let canceled = bench.admin.block(bench.olga, bench.anne.user, request(true)).await.unwrap();
    assert_eq!((canceled.orders, canceled.message), (BlockedOrders::Canceled, None));
    bench.floor.trading.without_orders(anne).await.unwrap();
    bench.admin.operate(bench.olga, Action::Resume, None).await.unwrap();
    let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "1", "price": "98" });
    assert_eq!(bench.floor.enter(anne, order).await.unwrap_err().kind, ProblemKind::Forbidden);
    let user = bench.admin.unblock(bench.olga, bench.anne.user, because("r")).await.unwrap();
    assert_eq!(user.blocked_at, None);
    bench.enter(anne, "buy", "98").await;
    bench.floor.end();
}

#[tokio::test]
async fn a_block_waits_for_a_reset_with_the_account_and_not_with_the_person() {
    let bench = Bench::open().await;
    let (anne, user) = (bench.anne.account, bench.anne.user);
    bench.cash().await;
    let mut turn = bench.admin.money.lock().await;
    let (admin, olga) = (Arc::clone(&bench.admin), bench.olga);
    let request = BlockRequest { reason: "r".to_owned(), cancel_orders: true };
    let blocking = tokio::spawn(async move { admin.block(olga, user, request).await });
    let is_out = async {
        while bench.admin.listed(user).await.unwrap().blocked_at.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), is_out).await.unwrap();
    let is_shut = async || bench.floor.trading.open_account(anne).await.unwrap().unwrap().blocked.is_some();
    let waits = async {
        loop {
            assert!(!is_shut().await, "a reset would open it up at its end");
            assert!(!blocking.is_finished(), "it has waited for nobody");
            // One who waits has the lock as soon as it is let go, before anybody else can take it.
            drop(turn);
            let Ok(again) = bench.admin.money.try_lock() else { break };
            turn = again;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waits).await.unwrap();
    assert_eq!(blocking.await.unwrap().unwrap().orders, BlockedOrders::Canceled);
    assert!(is_shut().await);
    bench.floor.end();
}

#[tokio::test]
async fn nobody_is_left_without_an_administrator() {
    let bench = Bench::open().await;
    let request = || BlockRequest { reason: "r".to_owned(), cancel_orders: false };
    let own = bench.admin.block(bench.olga, bench.olga.user, request()).await.unwrap_err();
    assert_eq!(own.code, "own_account");
    // By somebody who may no longer.
    let former = Actor { role: Role::Admin, ..bench.anne };
    let last = bench.admin.block(former, bench.olga.user, request()).await.unwrap_err();
    assert_eq!(last.code, "last_admin");
    bench.floor.end();
}

#[tokio::test]
async fn only_entries_are_canceled_on_request() {
    let bench = Bench::open().await;
    bench.offer("101").await;
    let anne = bench.anne.account;
    bench.enter(anne, "buy", "101").await;
    bench.enter(anne, "buy", "98").await;
    let exit = json!({
        "symbol": "ACME", "side": "sell", "quantity": "10", "price": "120", "reduce_only": true,
    });
    let exit = bench.floor.enter(anne, exit).await.unwrap();
    let request = |body: Value| serde_json::from_value::<CancelRequest>(body).unwrap();
    let cancel = |body| bench.admin.cancel_orders(bench.olga, bench.anne.user, request(body));
    assert!(cancel(json!({ "symbol": "GRAM" })).await.unwrap().order_ids.is_empty());
    assert_eq!(cancel(json!({ "entries_only": true })).await.unwrap().order_ids.len(), 1);
    let wait = async {
        loop {
            let open = serde_json::to_value(bench.floor.trading.open_orders(anne).await.unwrap()).unwrap();
            if open["orders"].as_array().unwrap().len() == 1 {
                return open;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let open = tokio::time::timeout(Duration::from_secs(120), wait).await.unwrap();
    assert_eq!(open["orders"][0]["order_id"], exit["order_id"]);
    assert_eq!(cancel(json!({})).await.unwrap().order_ids.len(), 1);
    bench.floor.trading.without_orders(anne).await.unwrap();
    bench.floor.end();
}

#[tokio::test]
async fn people_are_found_by_parts_of_name_and_address_in_pages() {
    let bench = Bench::open().await;
    let names = async |query: UsersQuery| {
        let page = bench.admin.users(&query).await.unwrap();
        (page.users.iter().map(|user| user.username.clone()).collect::<Vec<_>>(), page.next)
    };
    let search = |text: &str| UsersQuery { search: Some(text.to_owned()), ..UsersQuery::default() };
    assert_eq!(names(search("OLG")).await.0, ["olga"]);
    assert_eq!(names(search("e_x@exam")).await.0, ["anne"]);
    // What stands for anything elsewhere stands for itself.
    assert!(names(search("%")).await.0.is_empty() && names(search("o_ga")).await.0.is_empty());
    let admins = UsersQuery { role: Some(Role::Admin), ..UsersQuery::default() };
    assert_eq!(names(admins).await.0, ["olga"]);
    let (first, next) = names(UsersQuery { limit: Some(1), ..UsersQuery::default() }).await;
    assert_eq!((first, next.is_some()), (vec!["anne".to_owned()], true));
    let rest = UsersQuery { limit: Some(1), cursor: next, ..UsersQuery::default() };
    assert_eq!(names(rest).await, (vec!["olga".to_owned()], None));
    bench.admin.identity.block(bench.anne.user).await.unwrap();
    let blocked = |is| UsersQuery { blocked: Some(is), ..UsersQuery::default() };
    assert_eq!(
        (names(blocked(true)).await.0, names(blocked(false)).await.0),
        (vec!["anne".to_owned()], vec!["olga".to_owned()])
    );
    bench.floor.end();
}

#[tokio::test]
async fn announcements_are_shown_until_they_end_also_after_a_restart() {
    let bench = Bench::open().await;
    let request = |body: Value| serde_json::from_value::<AnnouncementRequest>(body).unwrap();
    let told = bench.board.announce(bench.olga, request(json!({ "text": "  Hello.  " }))).await.unwrap();
    assert_eq!((told.text.as_str(), told.level), ("Hello.", LevelName::Info));
    for (body, field) in [
        (json!({ "text": " " }), "text"),
        (json!({ "text": "x\u{7}" }), "text"),
        (json!({ "text": "x", "expires_at": "soon" }), "expires_at"),
        (json!({ "text": "x", "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
    ] {
        let refused = bench.board.announce(bench.olga, request(body)).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    let log = bench.admin.log().clone();
    let restarted = Announcements::new(bench.admin.database.clone(), log, system_clock());
    assert!(restarted.shown().announcements.is_empty());
    restarted.look().await.unwrap();
    assert_eq!(restarted.shown().announcements, std::slice::from_ref(&told));
    bench.board.end(bench.olga, told.id).await.unwrap();
    assert!(bench.board.shown().announcements.is_empty());
    restarted.look().await.unwrap();
    assert!(restarted.shown().announcements.is_empty());
    assert_eq!(bench.board.end(bench.olga, told.id).await.unwrap_err().code, "unknown_announcement");
    for _ in 0..20 {
        bench.board.announce(bench.olga, request(json!({ "text": "x" }))).await.unwrap();
    }
    let full = bench.board.announce(bench.olga, request(json!({ "text": "x" }))).await.unwrap_err();
    assert_eq!(full.code, "too_many_announcements");
    bench.floor.end();
}

#[tokio::test]
async fn an_operator_can_halt_a_market_while_the_database_is_away_and_an_administrator_cannot() {
    let bench = Bench::open().await;
    let halt = || Action::Halt { listing: Some("ACME".to_owned()) };
    bench.admin.operate(bench.olga, halt(), Some("news")).await.unwrap();
    let again = bench.admin.operate(bench.olga, halt(), None).await.unwrap_err();
    assert_eq!((again.kind, &*again.code), (ProblemKind::Conflict, "refused"));
    let done = |outcome| ("market.halt".to_owned(), outcome);
    assert_eq!(bench.log().await, [done(AuditOutcomeName::Done), done(AuditOutcomeName::Refused)]);
    bench.admin.database.close().await;
    let pause = bench.admin.operate(bench.olga, Action::Pause, None).await.unwrap_err();
    assert_eq!(pause.code, "database_away");
    bench.admin.operations.act(By::Operator, Action::Pause, None).await.unwrap();
    bench.floor.end();
}

#[tokio::test]
async fn quotes_are_answered_one_by_one_and_written_down_together() {
    let bench = Bench::open().await;
    let line = |symbol: &str, value: &str| {
        serde_json::from_value::<QuoteLine>(json!({ "symbol": symbol, "value": value })).unwrap()
    };
    let lines = vec![line("ACME", "100"), line("NONE", "100"), line("ACME", "0.00000000001")];
    let done = bench.admin.quote(bench.olga, lines, Some("the close")).await.unwrap();
    let codes: Vec<Option<&str>> = done.iter().map(|it| it.code.as_deref()).collect();
    // The value of this market's instrument moves by itself.
    assert_eq!(codes, [Some("not_a_feed"), Some("unknown_symbol"), Some("bad_price")]);
    assert!(done.iter().all(|it| !it.done && it.message.is_some()), "{done:?}");
    for count in [0, 1_001] {
        let refused = bench.admin.quote(bench.olga, vec![line("ACME", "1"); count], None).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.code), (ProblemKind::Refused, "bad_quotes"));
    }
    assert_eq!(bench.log().await, [("market.quotes".to_owned(), AuditOutcomeName::Done)]);
    assert!(bench.admin.feeds().feeds.is_empty());
    bench.floor.end();
}
