//! What the recorder makes of facts itself: snapshots, bars, positions; what it leaves out.

use super::*;

/// Records facts, each at its second.
pub(super) fn record_at(plan: &RecordConfig, facts: &[(i64, Fact)]) -> (TempDir, StoredRun) {
    let directory = TempDir::new().unwrap();
    let (mut recorder, recording) =
        Recorder::start(Output::Directory(directory.path()), plan, label(), names(), ()).unwrap();
    for (sequence, (second, fact)) in (0..).zip(facts) {
        let at = START.saturating_add(SimDuration::from_secs(*second));
        recorder.take(Stamped { at, sequence, fact }).unwrap();
    }
    drop(recorder);
    let recorded = recording.finish().unwrap();
    let left_out = Table::ALL.into_iter().filter(|table| !plan.tables.contains(*table));
    let manifest = Manifest { not_recorded: left_out.collect(), ..manifest(plan.format, recorded.tables) };
    let run = StoredRun::assemble(directory.path(), manifest);
    (directory, run)
}

pub(super) fn rows(run: &StoredRun, table: Table) -> Vec<String> {
    let frame = run.table(table).unwrap();
    (0..frame.height()).map(|index| row(&frame, index)).collect()
}

/// Returns the rows without `2025-03-03T09:` and `PIT|ACME|`, which they all have.
fn short(run: &StoredRun, table: Table) -> Vec<String> {
    rows(run, table).iter().map(|row| row.replace("2025-03-03T09:", "").replace("PIT|ACME|", "")).collect()
}

pub(super) fn only(table: Table) -> RecordConfig {
    RecordConfig { tables: [table].into_iter().collect(), ..plan(Format::Parquet) }
}

#[test]
fn a_snapshot_is_what_the_book_showed_before_its_time() {
    let cancel = |order| Fact::OrderCanceled {
        order: OrderId::new(order),
        listing: LISTING,
        quantity: Quantity::new(10),
        reason: CancelReason::Requested,
    };
    let facts = [
        (1, accepted(1, ANNE, terms(Side::Buy, 10, 10_000))),
        (2, accepted(2, ANNE, terms(Side::Buy, 10, 9_999))),
        (2, accepted(3, ANNE, terms(Side::Buy, 10, 9_998))),
        (3, accepted(4, BEN, terms(Side::Sell, 10, 10_002))),
        // Nothing is shown at six: the last orders go before it.
        (4, cancel(1)),
        (7, Fact::PhaseChanged { listing: LISTING, phase: Phase::Halt }),
        (8, cancel(2)),
        (8, cancel(3)),
        (8, cancel(4)),
        (3_600, accepted(5, ANNE, terms(Side::Buy, 10, 9_000))),
        (3_600, cancel(5)),
    ];
    let (_keep, run) = record_at(&only(Table::Books), &facts);
    assert_eq!(
        short(&run, Table::Books),
        [
            "30:03|bid|1|100.0|1.0",
            "30:03|bid|2|99.99|1.0",
            "30:06|bid|1|99.99|1.0",
            "30:06|bid|2|99.98|1.0",
            "30:06|ask|1|100.02|1.0",
        ]
    );
}

#[test]
fn snapshots_go_on_while_nothing_happens() {
    let facts = [(1, accepted(1, ANNE, terms(Side::Buy, 10, 10_000)))];
    let (_keep, run) = record_at(&only(Table::Books), &facts);
    let found = rows(&run, Table::Books);
    assert_eq!(
        (found.len(), found.last().unwrap().as_str()),
        (1_200, "2025-03-03T10:30:00|PIT|ACME|bid|1|100.0|1.0")
    );
}

#[test]
fn bars_are_of_every_interval_asked_for_and_only_those_that_have_ended() {
    let bars = [60, 300, 86_400].map(|secs| SimDuration::from_secs(secs).into()).to_vec();
    let facts = [
        (10, trade(0, 1, 2, 10, 10_000)),
        (59, trade(1, 1, 2, 20, 10_003)),
        (60, trade(2, 1, 2, 5, 9_990)),
        (290, trade(3, 1, 2, 5, 9_991)),
        (3_599, trade(4, 1, 2, 5, 9_992)),
    ];
    let (_keep, run) = record_at(&RecordConfig { bars, ..only(Table::Bars) }, &facts);
    assert_eq!(
        rows(&run, Table::Bars).iter().map(|row| row.replace("2025-03-03T", "")).collect::<Vec<_>>(),
        [
            "09:30:00|09:31:00|1m|PIT|ACME|100.0|100.03|100.0|100.03|3.0",
            "09:31:00|09:32:00|1m|PIT|ACME|99.9|99.9|99.9|99.9|0.5",
            "09:34:00|09:35:00|1m|PIT|ACME|99.91|99.91|99.91|99.91|0.5",
            "09:30:00|09:35:00|5m|PIT|ACME|100.0|100.03|99.9|99.91|4.0",
            "10:29:00|10:30:00|1m|PIT|ACME|99.92|99.92|99.92|99.92|0.5",
            "10:25:00|10:30:00|5m|PIT|ACME|99.92|99.92|99.92|99.92|0.5",
        ]
    );
}

#[test]
fn bars_of_weeks_and_months_are_those_of_the_calendar() {
    let bars = vec!["1w".parse().unwrap(), "1mo".parse().unwrap()];
    // Days after Monday the 3rd of March 2025: a Sunday, the Monday after it, the end of March, the next
    // month.
    let days = [6, 7, 28, 29, 400].into_iter().zip(0_u32..);
    let facts: Vec<(i64, Fact)> =
        days.map(|(day, id)| (day * 86_400, trade(id.into(), 1, 2, 10, 10_000 + i64::from(id)))).collect();
    let (_keep, run) = record_at(&RecordConfig { bars, ..only(Table::Bars) }, &facts);
    assert_eq!(
        rows(&run, Table::Bars),
        [
            "2025-03-03T00:00:00|2025-03-10T00:00:00|1w|PIT|ACME|100.0|100.0|100.0|100.0|1.0",
            "2025-03-10T00:00:00|2025-03-17T00:00:00|1w|PIT|ACME|100.01|100.01|100.01|100.01|1.0",
            "2025-03-01T00:00:00|2025-04-01T00:00:00|1mo|PIT|ACME|100.0|100.02|100.0|100.02|3.0",
            "2025-03-31T00:00:00|2025-04-07T00:00:00|1w|PIT|ACME|100.02|100.03|100.02|100.03|2.0",
            "2025-04-01T00:00:00|2025-05-01T00:00:00|1mo|PIT|ACME|100.03|100.03|100.03|100.03|1.0",
        ]
    );
}

#[test]
fn what_a_holding_costs_is_absent_before_the_first_mark() {
    let Some(Fact::AccountMarked(marked)) =
        market_facts().into_iter().find(|fact| matches!(fact, Fact::AccountMarked(_)))
    else {
        panic!("one is a mark")
    };
    let unmarked = AccountMark { mark_half_ticks: None, cost: Money::ZERO, ..marked };
    let flat = AccountMark { position: NetQuantity::new(0), ..marked };
    let facts = [unmarked, marked, flat].map(|mark| (1, Fact::AccountMarked(mark)));
    let (_keep, run) = record_at(&only(Table::Pnl), &facts);
    let cells =
        |row: &String| row.split('|').skip(4).take(2).map(str::to_owned).collect::<Vec<_>>().join("|");
    let found: Vec<String> = rows(&run, Table::Pnl).iter().map(cells).collect();
    assert_eq!(found, ["|", "100.015|100.0", "100.015|"]);
}

#[test]
fn a_fill_says_since_when_its_order_has_had_its_terms() {
    let replaced = |ticks, kept_priority| Fact::OrderReplaced {
        order: OrderId::new(1),
        listing: LISTING,
        price: Price::new(ticks),
        leaves: Quantity::new(20),
        kept_priority,
    };
    let cancel = Fact::OrderCanceled {
        order: OrderId::new(1),
        listing: LISTING,
        quantity: Quantity::new(10),
        reason: CancelReason::Requested,
    };
    let facts = [
        (1, accepted(1, ANNE, terms(Side::Buy, 30, 10_000))),
        (2, accepted(2, BEN, terms(Side::Sell, 5, 10_000))),
        (2, trade(0, 1, 2, 5, 10_000)),
        (3, replaced(9_990, false)),
        (4, accepted(3, BEN, terms(Side::Sell, 5, 9_990))),
        (4, trade(1, 1, 3, 5, 9_990)),
        (5, replaced(9_990, true)),
        (6, accepted(4, BEN, terms(Side::Sell, 5, 9_990))),
        (6, trade(2, 1, 4, 5, 9_990)),
        (7, cancel),
    ];
    // Whether orders are recorded or not.
    for tables in [vec![Table::Fills], vec![Table::Fills, Table::Orders]] {
        let plan = RecordConfig { tables: tables.into_iter().collect(), ..plan(Format::Parquet) };
        let (_keep, run) = record_at(&plan, &facts);
        let anne = |row: &String| {
            let cells: Vec<&str> = row.split('|').collect();
            (cells[4] == "anne").then(|| format!("{} {}", &cells[0][17..], &cells[15][17..]))
        };
        let found: Vec<String> = rows(&run, Table::Fills).iter().filter_map(anne).collect();
        assert_eq!(found, ["02 01", "04 03", "06 03"]);
    }
}

#[test]
fn equity_has_one_row_a_sample_and_none_of_fills() {
    let Some(Fact::AccountMarked(marked)) =
        market_facts().into_iter().find(|fact| matches!(fact, Fact::AccountMarked(_)))
    else {
        panic!("one is a mark")
    };
    let sample = AccountMark { cause: MarkCause::Sample, ..marked };
    let second = AccountMark { instrument: InstrumentId::new(1), ..sample };
    let after = AccountMark { equity: Money::from_whole(2), ..sample };
    let mark = |second, mark| (second, Fact::AccountMarked(mark));
    let financed = Fact::AccountFinanced { owner: ANNE, interest: Money::from_whole(5), borrow: Money::ZERO };
    let ben = AccountMark { owner: BEN, ..sample };
    let facts = [
        mark(1, marked),
        (60, financed),
        mark(60, sample),
        mark(60, second),
        mark(60, ben),
        // At the end of the run, accounts are marked once more.
        mark(120, sample),
        mark(120, after),
    ];
    let (_keep, run) = record_at(&only(Table::Equity), &facts);
    assert_eq!(
        short(&run, Table::Equity),
        [
            "31:00|anne|1000000000000.00|0.0000000001|0.00|5.00",
            "31:00|ben, \"the\" second|1000000000000.00|0.0000000001|0.00|0.00",
            "32:00|anne|1000000000000.00|2.00|0.00|5.00",
        ]
    );
    let (_keep, run) =
        record_at(&only(Table::Ruins), &market_facts().into_iter().map(|fact| (7, fact)).collect::<Vec<_>>());
    assert_eq!(short(&run, Table::Ruins), ["30:07|ben, \"the\" second|-0.0000000003"]);
    let (_keep, run) = record_at(
        &only(Table::MarginCalls),
        &market_facts().into_iter().map(|fact| (7, fact)).collect::<Vec<_>>(),
    );
    let expected = ["30:07|anne|called|0.0000000004|0.0000000009", "30:07|anne|ended|0.0000000002|0.00"];
    assert_eq!(short(&run, Table::MarginCalls), expected);
}

#[test]
fn positions_are_recorded_when_they_have_changed_from_the_opening_to_the_end() {
    let facts = [
        (61, trade(0, 1, 2, 10, 10_000)),
        (100, trade(1, 1, 2, 5, 9_990)),
        (3_600, trade(2, 1, 2, 1, 9_990)),
    ];
    let (_keep, run) = record_at(&only(Table::Positions), &facts);
    let ben = "ben, \"the\" second|ACME";
    assert_eq!(
        short(&run, Table::Positions),
        [
            format!("30:00|{ben}|2.5|0.0|0.0|0|0.00"),
            "32:00|anne|ACME|1.5|1.5|0.0|2|-0.0000000002".to_owned(),
            format!("32:00|{ben}|1.0|0.0|1.5|2|2469135780.246913578"),
            "2025-03-03T10:30:00|anne|ACME|1.6|1.6|0.0|3|-0.0000000003".to_owned(),
            format!("2025-03-03T10:30:00|{ben}|0.9|0.0|1.6|3|3703703670.370370367"),
        ]
    );
}

#[test]
fn what_did_not_pass_is_recorded_with_who_said_so() {
    let (_keep, run) = stored(Format::Parquet);
    let ben = "ben, \"the\" second|PIT|ACME";
    let without_time = |table| {
        rows(&run, table).iter().map(|row| row.split_once('|').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        without_time(Table::Rejects),
        [
            format!("4|{ben}|order|venue|buy||0.7|no_liquidity"),
            format!("|{ben}|order|gate|buy||0.8|no_reference_price"),
            "5|anne|PIT|ACME|change|venue||||unknown_order".to_owned(),
        ]
    );
    assert_eq!(without_time(Table::Phases), ["PIT|ACME|halt|100.01|1.0", "PIT|ACME|continuous||"]);
}

#[test]
fn every_row_names_its_scenario_and_seed() {
    for format in [Format::Parquet, Format::Csv, Format::Ipc] {
        let (_keep, run) = stored(format);
        for table in Table::ALL {
            let frame = run.table(table).unwrap();
            assert!(frame.height() > 0, "{} has rows to look at", table.name());
            let scenarios = frame.column("scenario").unwrap().str().unwrap();
            assert!(scenarios.iter().all(|it| it == Some("a quiet, long day")), "{format} {}", table.name());
            let seeds = frame.column("seed").unwrap().u64().unwrap();
            assert!(seeds.iter().all(|it| it == Some(u64::MAX)), "{format} {}", table.name());
        }
    }
}

#[test]
fn a_table_that_was_not_recorded_is_no_damage_but_an_answer() {
    for table in Table::ALL {
        let (keep, run) = record_at(&only(table), &[]);
        let files = fs::read_dir(keep.path()).unwrap().count();
        assert_eq!((files, run.table(table).unwrap().height()), (opening(table), opening(table)));
        for other in Table::ALL.into_iter().filter(|other| *other != table) {
            assert!(!run.has(other));
            for error in [run.table(other).unwrap_err(), run.pieces(other, &["time"]).unwrap_err()] {
                assert!(matches!(error, OpenError::NotRecorded { .. }), "{error}");
                let name = format!("the table `{}` was not recorded; add it to `tables`", other.name());
                assert!(error.to_string().contains(&name), "{error}");
            }
        }
    }
}

#[test]
fn orders_of_a_replay_have_rows_only_where_they_are_asked_for() {
    for format in [Format::Parquet, Format::Csv, Format::Ipc] {
        let recorded = |order_replays: &[String], replayed_orders| {
            let plan =
                RecordConfig { order_replays: order_replays.to_vec(), replayed_orders, ..plan(format) };
            let directory = TempDir::new().unwrap();
            let tables = record(directory.path(), &plan, &facts());
            let run = StoredRun::assemble(directory.path(), manifest(format, tables));
            Table::ALL.map(|table| (table, rows(&run, table)))
        };
        let anne = ["anne".to_owned()];
        let (whole, asked, without) = (recorded(&[], false), recorded(&anne, true), recorded(&anne, false));
        assert_eq!(asked, whole);
        for ((table, whole), (_, without)) in whole.into_iter().zip(without) {
            let is_left_out = matches!(table, Table::Orders | Table::Fills | Table::Rejects);
            let is_of_anne = |row: &String| is_left_out && row.split('|').any(|cell| cell == "anne");
            let (of_anne, others): (Vec<String>, Vec<String>) = whole.into_iter().partition(is_of_anne);
            assert_eq!((of_anne.is_empty(), &without), (!is_left_out, &others), "{}", table.name());
        }
    }
}

#[test]
fn tables_do_not_depend_on_which_others_are_recorded() {
    let (_keep, whole) = stored(Format::Parquet);
    for table in Table::ALL {
        let directory = TempDir::new().unwrap();
        let tables = record(directory.path(), &only(table), &facts());
        let run = StoredRun::assemble(directory.path(), manifest(Format::Parquet, tables));
        assert!(run.table(table).unwrap().equals_missing(&whole.table(table).unwrap()), "{}", table.name());
    }
}

#[test]
fn rows_of_an_account_follow_its_opening_and_any_id_is_safe() {
    let zed = ActorId::new(5);
    let holdings: Arc<[_]> = Arc::new([(InstrumentId::new(0), NetQuantity::new(30))]);
    let opening = |owner, name: &str, holdings| {
        Fact::AccountOpened(AccountOpening {
            owner,
            name: name.into(),
            kind: "desk".into(),
            cash: Money::ZERO,
            holdings,
        })
    };
    let funded = |owner, lots| Fact::AccountFunded {
        owner,
        funding: Funding {
            transfer: Transfer::Shares { instrument: InstrumentId::new(0), quantity: NetQuantity::new(lots) },
            reference: Reference::new("wire").unwrap(),
        },
    };
    let logged = |actor| Fact::Logged { actor, text: "here".into() };
    let stranger = ActorId::new(u32::MAX);
    let plan = RecordConfig {
        tables: [Table::Log, Table::Positions].into_iter().collect(),
        ..plan(Format::Parquet)
    };
    let facts = [
        (1, logged(stranger)),
        (1, funded(stranger, 10)),
        (2, opening(zed, "zed", holdings)),
        (2, logged(zed)),
        (3, opening(ActorId::new(2), "amy", Arc::new([]))),
        (3, logged(ActorId::new(2))),
        (3, logged(ActorId::new(3))),
        (4, funded(zed, -10)),
    ];
    let (_keep, run) = record_at(&plan, &facts);
    let logs: Vec<String> = short(&run, Table::Log);
    let owners: Vec<&str> = logs.iter().filter_map(|row| row.split('|').nth(1)).collect();
    assert_eq!(owners, ["", "zed", "amy", ""], "{logs:?}");
    let positions: Vec<String> =
        rows(&run, Table::Positions).into_iter().filter(|row| row.contains("|zed|")).collect();
    assert_eq!(positions.len(), 1, "{positions:?}");
    assert!(positions[0].contains("|zed|ACME|2.0|0.0|0.0|0|"), "{positions:?}");
}
