//! The database is away under load: orders of known sessions and keys go on, what needs it answers 503, and
//! once it is back, nothing is missing there.
//!
//! `BEARPIT_TEST_AWAY_SECS=60 .ci/with-postgres cargo test --release -p bearpit-serve --test process away`
//! has it away for a minute; without, it is for some seconds.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bearpit_serve::config::DatabaseUrl;
use bearpit_serve::store::database::testing::{POSTGRES, Schema};
use bearpit_serve::store::database::{Database, Statement};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{Place, Served};
use crate::proxy::Proxy;
use crate::wire::Wire;

/// How long the database is away if nobody says: longer than SQLite waits for a lock.
const AWAY: Duration = Duration::from_secs(9);
/// How long it may take until all has come to the database.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two orders.
const PACE: Duration = Duration::from_millis(4);
/// So many orders are entered before, while the database is away, and after.
const ORDERS: usize = 100;

/// All rows that follow from the journal, as texts.
const ROWS: [&str; 4] = [
    "SELECT CAST(order_id AS TEXT) || ' ' || CAST(segment AS TEXT) || ' ' || symbol || ' ' || side || ' ' || kind
     || ' ' || status || ' ' || COALESCE(CAST(price AS TEXT), '-') || ' ' || CAST(quantity AS TEXT) || ' ' ||
     CAST(leaves AS TEXT) || ' ' || CAST(filled AS TEXT) || ' ' || CAST(traded_value AS TEXT) || ' ' ||
     CAST(fees AS TEXT) || ' ' || COALESCE(reason, '-') || ' ' || COALESCE(CAST(sent_at AS TEXT), '-') || ' ' ||
     COALESCE(CAST(accepted_at AS TEXT), '-') || ' ' || COALESCE(CAST(ended_at AS TEXT), '-') AS line
     FROM orders ORDER BY order_id",
    "SELECT CAST(trade_id AS TEXT) || ' ' || CAST(order_id AS TEXT) || ' ' || CAST(price AS TEXT) || ' ' ||
     CAST(quantity AS TEXT) || ' ' || liquidity || ' ' || CAST(fee AS TEXT) || ' ' || CAST(filled_at AS TEXT) AS line
     FROM fills ORDER BY trade_id, order_id",
    "SELECT CAST(marked_at AS TEXT) || ' ' || CAST(equity AS TEXT) || ' ' || CAST(cash AS TEXT) AS line
     FROM account_marks ORDER BY account_id, marked_at",
    "SELECT symbol || ' ' || span || ' ' || CAST(begins_at AS TEXT) || ' ' || CAST(first_price AS TEXT) || ' ' ||
     CAST(high_price AS TEXT) || ' ' || CAST(low_price AS TEXT) || ' ' || CAST(last_price AS TEXT) || ' ' ||
     CAST(volume AS TEXT) || ' ' || CAST(trades AS TEXT) AS line FROM candles ORDER BY span, begins_at, symbol",
];

/// A database that can be taken away from a server.
enum Taken {
    /// It cannot be reached.
    Cut(Proxy),
    /// Somebody else writes to it.
    Locked(DatabaseUrl),
}

fn away() -> Duration {
    let said = std::env::var("BEARPIT_TEST_AWAY_SECS").ok();
    said.map_or(AWAY, |secs| Duration::from_secs(secs.parse().unwrap()))
}

/// What was entered by an account, and how long each took.
#[derive(Default)]
struct Entered {
    orders: Vec<i64>,
    longest: Duration,
}

/// The entering of orders, as another thread sees it.
#[derive(Default)]
struct Progress {
    entered: AtomicUsize,
    is_over: AtomicBool,
}

impl Progress {
    /// Waits until so many more orders have been taken.
    fn await_more(&self, orders: usize) {
        let wanted = self.entered.load(Ordering::SeqCst) + orders;
        let end = Instant::now() + PATIENCE;
        while !self.has(wanted) {
            assert!(Instant::now() < end, "orders do not go on");
            std::thread::sleep(PACE);
        }
    }

    fn has(&self, orders: usize) -> bool {
        self.entered.load(Ordering::SeqCst) >= orders || self.is_over.load(Ordering::SeqCst)
    }
}

/// Ends the entering of orders, also where the test fails meanwhile.
struct StopOnDrop<'a>(&'a Progress);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// Enters orders, some of which trade, until that is over; each of them must be taken.
fn enter(address: SocketAddr, credentials: &[String], progress: &Progress) -> Entered {
    // Nobody waits for more orders once one was not taken.
    let _stop = StopOnDrop(progress);
    let (mut wire, mut entered) = (Wire::to(address), Entered::default());
    for (number, credential) in credentials.iter().cycle().enumerate() {
        if progress.is_over.load(Ordering::SeqCst) {
            break;
        }
        let price = if number % 4 == 0 { "101.00" } else { "90.00" };
        let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "1", "price": price, "time_in_force": "ioc" });
        let asked = Instant::now();
        let (status, body) = wire.json("POST", "/api/orders", credential, &order.to_string());
        let took = asked.elapsed();
        assert_eq!(status, 201, "order {number}: {body}");
        entered.longest = entered.longest.max(took);
        let body: Value = serde_json::from_str(&body).unwrap();
        entered.orders.push(body["order_id"].as_str().unwrap().parse().unwrap());
        progress.entered.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(PACE);
    }
    entered
}

/// Returns a token of a session and the secret of a key, and the headers by which clients of Alpaca's API
/// send it.
fn credentials(served: &Served) -> (Vec<String>, String) {
    let mut wire = Wire::to(served.address);
    let anne = json!({ "username": "anne", "password": "correct horse battery" }).to_string();
    assert_eq!(wire.json("POST", "/api/auth/register", "", &anne).0, 201);
    let login: Value = serde_json::from_str(&wire.json("POST", "/api/auth/login", "", &anne).1).unwrap();
    let token = login["access_token"].as_str().unwrap().to_owned();
    let key = json!({ "name": "bot", "scopes": ["read", "trade"] }).to_string();
    let key: Value = serde_json::from_str(&wire.json("POST", "/api/keys", &token, &key).1).unwrap();
    let [id, secret] = ["key_id", "secret"].map(|name| key[name].as_str().unwrap().to_owned());
    let headers = format!("APCA-API-KEY-ID: {id}\r\nAPCA-API-SECRET-KEY: {secret}\r\n");
    (vec![token, secret], headers)
}

/// Enters a bracket by Alpaca's API: its exits, which wait, are nowhere but in the answer.
fn enter_bracket(served: &Served, headers: &str) {
    let bracket = json!({
        "symbol": "ACME", "qty": "1", "side": "buy", "type": "limit", "limit_price": "90", "time_in_force": "gtc",
        "order_class": "bracket", "take_profit": { "limit_price": "120" }, "stop_loss": { "stop_price": "80" },
    });
    let (status, _, body) = served.ask("POST", "/v2/orders", headers, &bracket.to_string());
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["legs"].as_array().map(Vec::len), Some(2), "{body}");
}

/// What needs the database while it is away, as long as that is, and until orders have gone on meanwhile;
/// returns how often it said so.
fn ask_what_needs_it(served: &Served, token: &str, reads_go_on: bool, progress: &Progress) -> u32 {
    let (mut wire, mut refused) = (Wire::to(served.address), 0);
    let began = Instant::now();
    let wanted = progress.entered.load(Ordering::SeqCst) + ORDERS;
    let mut number = 0;
    while began.elapsed() < away() || !progress.has(wanted) {
        assert!(began.elapsed() < away() + PATIENCE, "orders do not go on");
        number += 1;
        let newcomer =
            json!({ "username": format!("bert-{number}"), "password": "correct horse battery" }).to_string();
        let (status, body) = wire.json("POST", "/api/auth/register", "", &newcomer);
        assert_eq!(status, 503, "{body}");
        refused += 1;
        let (status, body) = wire.json("GET", "/api/trades/history", token, "");
        assert!(status == 503 || (status == 200 && reads_go_on), "{status}: {body}");
        assert_eq!(wire.json("GET", "/api/quotes", "", "").0, 200);
        assert_eq!(served.get("/readyz").0, 200);
    }
    refused
}

/// Waits until all that has happened is in the database.
fn await_rows(served: &Served) {
    let until = Instant::now() + PATIENCE;
    loop {
        let (lag, spool) =
            (served.figure("bearpit_projection_lag_facts"), served.figure("bearpit_projection_spool_bytes"));
        if lag < 200.0 && spool < 100_000.0 {
            return;
        }
        assert!(Instant::now() < until, "the database is still {lag} facts behind, {spool} bytes wait");
        std::thread::sleep(Duration::from_millis(50));
    }
}

async fn rows(url: &DatabaseUrl) -> Vec<Vec<String>> {
    let database = Database::open(url).await.unwrap();
    let mut tables = Vec::new();
    for sql in ROWS {
        let rows = database.rows(Statement::new(sql), &[]).await.unwrap();
        tables.push(rows.iter().map(|row| row.get("line").unwrap()).collect());
    }
    database.close().await;
    tables
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Waits for something, on this thread.
fn now<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(future)
}

/// Takes the database away from a server under load, and looks whether all is there once it is back. `url` is
/// how the test reaches it, `of_server` how the server does.
#[expect(clippy::print_stdout, reason = "what it measured on the way is of interest")]
fn take_away(taken: &Taken, url: &DatabaseUrl, of_server: &str) {
    let place = Place::new();
    place.scenario_with("speed = 10", "speed = 10\nstarting_cash = 1_000_000_000");
    let cheap = ["--passwords-memory-kib", "8", "--passwords-passes", "1"];
    let limits = ["--limits-address-attempts", "1000000", "--database", of_server];
    let served = place.start_with(&[cheap, limits].concat());
    served.await_ready(200);
    let (credentials, headers) = credentials(&served);
    let (progress, address) = (Progress::default(), served.address);
    let (entered, refused) = std::thread::scope(|scope| {
        let entering = scope.spawn(|| enter(address, &credentials, &progress));
        let stop = StopOnDrop(&progress);
        progress.await_more(ORDERS);
        let refused = match taken {
            Taken::Cut(proxy) => {
                proxy.cut();
                enter_bracket(&served, &headers);
                let refused = ask_what_needs_it(&served, &credentials[0], false, &progress);
                proxy.mend();
                refused
            }
            Taken::Locked(url) => {
                let runtime = runtime();
                let database = runtime.block_on(Database::open(url)).unwrap();
                let lock = runtime.block_on(database.begin()).unwrap();
                enter_bracket(&served, &headers);
                let refused = ask_what_needs_it(&served, &credentials[0], true, &progress);
                runtime.block_on(async {
                    drop(lock);
                    database.close().await;
                });
                refused
            }
        };
        progress.await_more(ORDERS);
        drop(stop);
        (entering.join().unwrap(), refused)
    });
    assert!(refused > 0, "nothing needed the database");
    await_rows(&served);
    assert_eq!(served.stop(), Some(0));

    let caught_up = now(rows(url));
    let rebuilt = place.run(&["rebuild", "--database", of_server]);
    assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.stderr);
    let anew = now(rows(url));
    println!(
        "{} orders entered, the longest in {:?}; {refused} refused; {:?} rows",
        entered.orders.len(),
        entered.longest,
        caught_up.iter().map(Vec::len).collect::<Vec<_>>()
    );
    for (before, after) in caught_up.iter().zip(&anew) {
        assert_eq!(before.len(), after.len());
        let differing = before.iter().zip(after).find(|(before, after)| before != after);
        assert_eq!(differing, None, "rows and rebuilt rows");
    }
    let there = |order: &i64| caught_up[0].iter().any(|line| line.starts_with(&format!("{order} ")));
    let lost: Vec<_> = entered.orders.iter().filter(|order| !there(order)).collect();
    assert!(lost.is_empty(), "orders that were taken and are not in the database: {lost:?}");
    assert!(!caught_up[1].is_empty(), "nothing has traded");
}

#[test]
fn with_the_database_away_orders_go_on_and_nothing_is_lost() {
    let Ok(whole) = std::env::var(POSTGRES) else {
        eprintln!("SKIPPED on PostgreSQL: {POSTGRES} is not set");
        return;
    };
    let schema = now(Schema::new(&whole)).unwrap();
    let (before, server) = whole.rsplit_once('@').unwrap();
    let (host, database) = server.split_once('/').unwrap();
    let database = database.split('?').next().unwrap();
    let target: SocketAddr = host.replace("localhost", "127.0.0.1").parse().unwrap();
    let proxy = Proxy::to(target);
    let options = format!("options[search_path]={}", schema.name());
    let of_server = format!("{before}@{}/{database}?{options}", proxy.address);
    let url = DatabaseUrl::Postgres(format!("{whole}?{options}"));
    take_away(&Taken::Cut(proxy), &url, &of_server);
    now(schema.drop()).unwrap();
}

#[test]
fn with_the_database_locked_orders_go_on_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bearpit.db");
    let of_server = format!("sqlite:{}", path.display());
    let url = DatabaseUrl::Sqlite(path);
    take_away(&Taken::Locked(url.clone()), &url, &of_server);
}
