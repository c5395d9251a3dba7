//! Accounts of contests in a market that runs.

use bearpit_core::participant::RequestKind;
use bearpit_core::units::{Money, SimDuration};
use serde_json::json;

use super::*;
use crate::domain::{AccountId, UserId};
use crate::driver::{Ask, What};
use crate::live::Record;
use crate::services::identity::system_clock;
use crate::services::trading::asking::seat_of;
use crate::services::trading::tests::Floor;
use crate::services::wall_now;
use crate::store::contests::Ranking;
use crate::store::contests::entries::{EntryRow, EntryStatus, NewEntry};
use crate::store::database::testing::add_user;
use crate::store::database::{Amount, Statement, args};
use crate::store::journal::{SegmentHeader, SegmentWriter};

/// A market, and a contest that has begun in it with one entrant.
struct Bench {
    floor: Floor,
    contests: Contests,
    row: ContestRow,
    entry: EntryRow,
    journal: tempfile::TempDir,
}

impl Bench {
    /// Has somebody enter a contest that lets an entrant send one order an hour.
    async fn open() -> Self {
        let (floor, journal) = (Floor::open_to(Vec::new()).await, tempfile::tempdir().unwrap());
        let database = floor.trading.database.clone();
        let handle = floor.driver.handle.clone();
        let anne = UserId::draw();
        add_user(&database, anne, "anne").await.unwrap();
        let (now, hour) = (handle.status().day.as_ref().unwrap().now, SimDuration::from_secs(3_600));
        let row = ContestRow {
            id: ContestId::draw(),
            name: "week".to_owned(),
            description: String::new(),
            ranking: Ranking::Return,
            cash: Amount::from(Money::from_whole(5_000)),
            starts_at: now.nanos(),
            ends_at: (now + hour).nanos(),
            entry_until: (now + hour).nanos(),
            instruments: r#"{"ACME":null}"#.to_owned(),
            orders: Some((1, hour.nanos())),
            status: ContestStatus::Announced,
            reason: None,
            created_by: anne,
            created_at: wall_now(),
            settled: None,
        };
        database.add_contest(&row).await.unwrap();
        let account = AccountId::draw();
        let entry = NewEntry { contest: row.id, user: anne, account, name: None, now: wall_now() };
        assert_eq!(database.add_entry(&entry).await, Ok(true));
        let entry = database.entry(row.id, anne).await.unwrap().unwrap();
        let contests = Contests::new(ContestsParts {
            trading: Arc::clone(&floor.trading),
            handle,
            journal: Journal { directory: journal.path().to_owned(), scenario: "plain.toml".into() },
            database: database.clone(),
            audit: AuditLog::new(database, system_clock()),
        });
        Self { floor, contests, row, entry, journal }
    }

    /// Enters an order in the account of the contest, and returns why it was refused, if it was.
    async fn refusal(&self) -> Option<String> {
        let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "1", "price": "1" });
        self.floor.enter(self.entry.account, order).await.err().map(|problem| problem.code.into_owned())
    }

    async fn status(&self) -> EntryStatus {
        let entry = self.contests.database.entry_of_account(self.entry.account).await;
        entry.unwrap().unwrap().status
    }
}

#[tokio::test]
async fn an_account_that_is_sealed_stays_as_it_is_when_its_opening_is_repeated() {
    let bench = Bench::open().await;
    let (contests, account) = (&bench.contests, bench.entry.account);
    contests.open_account(&bench.row, &bench.entry).await.unwrap();
    assert_eq!(bench.refusal().await, None);
    // As a crash does that comes before it is written down.
    let forget = Statement::new("UPDATE contest_entries SET status = 'entered' WHERE account_id = $1");
    contests.database.execute(forget, args![account]).await.unwrap();
    contests.open_account(&bench.row, &bench.entry).await.unwrap();
    assert_eq!(bench.status().await, EntryStatus::Playing);
    assert_eq!(bench.floor.trading.account(account).await.unwrap().cash.to_string(), "5000");
    assert_eq!(bench.refusal().await.as_deref(), Some("order_rate"), "what was sent before counts");
    bench.floor.end();
}

#[tokio::test]
async fn an_account_that_was_opened_half_way_is_closed_once_its_entrant_is_disqualified() {
    let bench = Bench::open().await;
    let (contests, seat) = (&bench.contests, seat_of(bench.entry.account));
    let join = bench.floor.trading.source.live().join_empty(&seat);
    let RequestKind::Join { spec, config, .. } = join else { panic!("it is no join") };
    let what = What::Join { spec, config: Box::new(config) };
    bench.floor.trading.send(Ask { seat, what, client: None }).await.unwrap();
    contests.database.disqualify_entry(bench.row.id, bench.entry.number, "why").await.unwrap();
    contests.look().await.unwrap();
    assert_eq!(bench.status().await, EntryStatus::Closed);
    assert_eq!(bench.refusal().await.as_deref(), Some("ended"));
    // One that was being opened at that moment is closed behind it.
    let half = Bench::open().await;
    half.contests.database.disqualify_entry(half.row.id, half.entry.number, "why").await.unwrap();
    half.contests.open_account(&half.row, &half.entry).await.unwrap();
    assert_eq!((half.status().await, half.refusal().await.as_deref()), (EntryStatus::Closed, Some("ended")));
    half.floor.end();
    bench.floor.end();
}

impl Bench {
    /// Leaves a segment of a version of the engine, settled at a moment.
    fn leave(&self, number: u64, engine: &str, digest: u8, (opens, settled): (i64, i64)) {
        let header = SegmentHeader {
            engine: engine.to_owned(),
            scenario: String::new(),
            changes: Vec::new(),
            inputs: String::new(),
            seed: 1,
            day: 1,
            day_name: "2025-03-03".to_owned(),
            opens: Some(SimTime::from_nanos(opens)),
            opening: Vec::new(),
        };
        let mut writer = SegmentWriter::begin(&header);
        let record = Record::Settled { at: SimTime::from_nanos(settled), digest: [digest; 32] };
        writer.push(&record.to_bytes()).unwrap();
        std::fs::write(self.journal.path().join(format!("{number:08}.journal")), writer.take()).unwrap();
    }

    /// Has the database say what the entrant was worth at a moment of a segment.
    async fn mark(&self, segment: i64, at: i64, equity: i64) {
        self.mark_of(self.entry.account, segment, at, (equity, 0)).await;
    }

    /// Has the database say what an account was worth at a moment, and what came into it since the last one.
    async fn mark_of(&self, account: AccountId, segment: i64, at: i64, (equity, funded): (i64, i64)) {
        let sql = "INSERT INTO account_marks (account_id, marked_at, segment, equity, cash, fees, funded)
            VALUES ($1, $2, $3, $4, $4, '0', $5)";
        let [equity, funded] = [equity, funded].map(|whole| Amount::from(Money::from_whole(whole)));
        let arguments = args![account, at, segment, equity, funded];
        self.contests.database.execute(Statement::new(sql), arguments).await.unwrap();
    }

    /// Has the database say up to where it is.
    async fn project_to(&self, segment: i64, is_ended: bool) {
        let sql = "UPDATE projection SET segment = $1, is_ended = $2 WHERE id = 1";
        let moved = self.contests.database.execute(Statement::new(sql), args![segment, is_ended]).await;
        assert_eq!(moved, Ok(1));
    }
}

#[tokio::test]
async fn a_contest_over_a_new_version_of_the_engine_is_settled_by_what_was_recorded_before() {
    let bench = Bench::open().await;
    let (contests, row) = (&bench.contests, &bench.row);
    let (start, half, end) = (row.starts_at, (row.starts_at + row.ends_at) / 2, row.ends_at);
    bench.leave(1, "0.0.0-first", 0xab, (start, half));
    bench.leave(2, "0.0.0-second", 0xcd, (half, end));
    // The newest goes on, and is not looked at.
    bench.leave(3, "0.0.0-second", 0xef, (end, end + 1));
    for (segment, at, equity) in [(1, start + 1, 5_000), (1, half, 5_500), (2, end, 6_000)] {
        bench.mark(segment, at, equity).await;
    }
    contests.database.move_contest(row.id, ContestStatus::Running, None, wall_now()).await.unwrap();
    contests.database.move_contest(row.id, ContestStatus::Ended, None, wall_now()).await.unwrap();
    let settled = async || {
        contests.settle(row, wall_now()).await.unwrap();
        let row = contests.database.contest(row.id).await.unwrap().unwrap();
        row.settled.map(|(digest, _)| digest)
    };
    bench.project_to(2, false).await;
    assert_eq!(settled().await, None, "the database has not all of it yet");
    bench.project_to(2, true).await;
    let segments = [(1, "ab".repeat(32)), (2, "cd".repeat(32))];
    assert_eq!(settled().await, Some(settling::digest_of(&segments)));
    let board = contests.leaderboard(row.id, wall_now()).await.unwrap();
    let [entrant] = board.entrants.as_slice() else { panic!("{board:?}") };
    let equity = entrant.equity.map(|equity| equity.to_string());
    assert_eq!((board.is_final, entrant.marks, equity.as_deref()), (true, 3, Some("6000")));
    bench.floor.end();
}

/// What accounts were worth, mark by mark.
fn worth(marks: usize, up: i64, down: i64) -> Vec<i64> {
    let mut worth = vec![5_000];
    for mark in 1..marks {
        worth.push(worth[mark - 1] + if mark % 2 == 1 { up } else { -down });
    }
    worth
}

/// The mean of the returns over their standard deviation; that of the first mark is none.
fn sharpe_of_periods(worth: &[i64]) -> f64 {
    let worth: Vec<f64> = worth.iter().map(|it| f64::from(i32::try_from(*it).unwrap())).collect();
    let later = worth.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
    let returns: Vec<f64> = [0.0].into_iter().chain(later).collect();
    let count = f64::from(i32::try_from(returns.len()).unwrap());
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|it| (it - mean) * (it - mean)).sum();
    mean / (squares / (count - 1.0)).sqrt()
}

#[tokio::test]
async fn entrants_are_ranked_by_sharpe_from_thirty_marks_on_and_by_the_smaller_drawdown() {
    let bench = Bench::open().await;
    let (contests, start) = (&bench.contests, bench.row.starts_at);
    let step = bench.floor.trading.source.scenario().sample_interval.nanos();
    let row = ContestRow { ends_at: start + 100 * step, ..bench.row.clone() };
    let tracks = [worth(30, 200, 150), worth(30, 10, 5), worth(29, 10, 5), worth(30, 0, 0)];
    let mut accounts = vec![bench.entry.account];
    for name in ["bert", "cleo", "dora"] {
        let (user, account) = (UserId::draw(), AccountId::draw());
        add_user(&contests.database, user, name).await.unwrap();
        let entry = NewEntry { contest: row.id, user, account, name: None, now: wall_now() };
        assert_eq!(contests.database.add_entry(&entry).await, Ok(true));
        accounts.push(account);
    }
    for (account, track) in accounts.iter().zip(&tracks) {
        for (place, equity) in (0_i64..).zip(track) {
            let funded = if place == 0 { 5_000 } else { 0 };
            bench.mark_of(*account, 1, start + place * step, (*equity, funded)).await;
        }
    }
    let ranked = async |ranking| contests.live_ranking(&ContestRow { ranking, ..row.clone() }).await.unwrap();
    let places = |ranked: &[views::RankedView]| {
        ranked.iter().map(|it| (it.number, it.place, it.reason.clone())).collect::<Vec<_>>()
    };

    let by_sharpe = ranked(Ranking::Sharpe).await;
    let too_few = Some("a Sharpe ratio needs 30 marks: there are 29".to_owned());
    let never = Some("what the account is worth has never changed".to_owned());
    assert_eq!(
        places(&by_sharpe),
        [(2, Some(1), None), (1, Some(2), None), (3, None, too_few), (4, None, never.clone())]
    );
    // What makes it a ratio of a year is the same for both.
    let [steady, wild] = [0, 1].map(|place: usize| by_sharpe[place].value.unwrap());
    let expected = sharpe_of_periods(&tracks[1]) / sharpe_of_periods(&tracks[0]);
    assert!((steady / wild / expected - 1.0).abs() < 1e-9 && wild > 0.0, "{steady} {wild} {expected}");

    let by_drawdown = ranked(Ranking::MaxDrawdown).await;
    assert_eq!(
        places(&by_drawdown),
        // The loss after the first gain is the largest share: 5 of 5,010, and 150 of 5,200.
        [(2, Some(1), None), (3, Some(1), None), (1, Some(3), None), (4, None, never)]
    );
    let [small, large] = [0, 2].map(|place: usize| by_drawdown[place].value.unwrap());
    assert!(
        (small + 5.0 / 5_010.0).abs() < 1e-12 && (large + 150.0 / 5_200.0).abs() < 1e-12,
        "{small} {large}"
    );
    bench.floor.end();
}
