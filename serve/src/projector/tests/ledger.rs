//! Random days of two seats: the ledger has what their accounts have, at each place of the tape.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::{Asset, EntryKind};
use crate::store::database::Amount;
use crate::store::database::testing::ScratchFile;
use crate::store::projection::{Change, LedgerPlace, Movement};

const BERT: &str = "0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b12";
const SEATS: [&str; 2] = [ANNE, BERT];
const ACME: InstrumentId = InstrumentId::new(0);
/// A debug build takes ten times as long.
const CASES: u32 = if cfg!(debug_assertions) { 4 } else { 24 };

/// What is asked in the name of a seat.
#[derive(Debug, Clone)]
enum Step {
    Trade(Side, u64),
    Rest(Side, u64, i64),
    CancelAll,
    Cash(i64, &'static str),
    Shares(i64),
    ToTheOther(i64),
    Pass(u64),
    /// The process is ended, and goes on from where the market was.
    Stop,
    /// The day ends.
    NextDay,
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn step() -> impl Strategy<Value = Step> {
    let references = prop_oneof![Just("prize"), Just("payment:7"), Just("refund:7"), Just("refund-back:7")];
    prop_oneof![
        5 => (side(), 1_u64..60).prop_map(|(side, lots)| Step::Trade(side, lots)),
        4 => (side(), 1_u64..60, -40_i64..40).prop_map(|(side, lots, ticks)| Step::Rest(side, lots, ticks)),
        1 => Just(Step::CancelAll),
        2 => (-3_000_i64..3_000, references).prop_map(|(cash, reference)| Step::Cash(cash, reference)),
        1 => (-30_i64..30).prop_map(Step::Shares),
        2 => (1_i64..5_000).prop_map(Step::ToTheOther),
        2 => (1_u64..20).prop_map(Step::Pass),
        1 => Just(Step::Stop),
        1 => Just(Step::NextDay),
    ]
}

/// What a seat has at a place of the tape.
#[derive(Debug)]
struct Standing {
    segment: i64,
    /// The number of the next fact.
    facts: i64,
    /// Cash and lots of each seat, where it is open.
    seats: Vec<(AccountId, Amount, i64)>,
}

/// Random days, and what the seats had after each step.
struct Days {
    directory: JournalDirectory,
    market: Option<Running>,
    day: u32,
    segment: i64,
    standings: Vec<Standing>,
}

impl Days {
    fn new(journal: &Path) -> Self {
        let directory = JournalDirectory::open(journal).unwrap();
        let market = Running::open(&directory, 1, None, Vec::new(), None);
        let mut days = Self { directory, market: Some(market), day: 1, segment: 1, standings: Vec::new() };
        for name in SEATS {
            days.market().ask(source().live().join(name), None);
            days.note();
        }
        days
    }

    fn market(&mut self) -> &mut Running {
        self.market.as_mut().unwrap()
    }

    fn note(&mut self) {
        let market = self.market.as_ref().unwrap();
        let state = market.live.market();
        let seats = SEATS.iter().filter_map(|name| {
            let account = state.world().domain().account(state.participant(name)?.id)?;
            Some((name.parse().unwrap(), account.cash().into(), account.holding(ACME).lots()))
        });
        let facts = i64::try_from(market.facts).unwrap();
        self.standings.push(Standing { segment: self.segment, facts, seats: seats.collect() });
    }

    /// Settles the market, and opens the next segment of the same day, or of the next.
    fn reopen(&mut self, is_next_day: bool) {
        let mut market = self.market.take().unwrap();
        market.live.settle().unwrap();
        market.show();
        self.market = Some(market);
        self.note();
        let market = self.market.take().unwrap();
        let (left, at) = (market.live.left().unwrap().to_vec(), market.live.market().world().now());
        self.day += u32::from(is_next_day);
        self.segment += 1;
        let opens = (!is_next_day).then_some(at);
        self.market = Some(Running::open(&self.directory, self.day, opens, left, None));
        self.market().pass(Duration::from_secs(1));
        self.note();
    }

    fn take(&mut self, seat: usize, step: &Step) {
        let market = self.market();
        let participant = market.live.market().participant(SEATS[seat]).unwrap().id;
        let other = market.live.market().participant(SEATS[1 - seat]).unwrap().id;
        let fund = |transfer, reference| Funding { transfer, reference: Reference::new(reference).unwrap() };
        let submit = |terms| RequestKind::Instruct {
            participant,
            instruction: Instruction::Submit { listing: ListingId::new(0), terms },
        };
        let kind = match *step {
            Step::Trade(side, lots) => submit(OrderTerms::market(side, Quantity::new(lots))),
            Step::Rest(side, lots, ticks) => {
                submit(OrderTerms::limit(side, Quantity::new(lots), Price::new(10_000 + ticks)))
            }
            Step::CancelAll => {
                let instruction = Instruction::MassCancel { listing: ListingId::new(0), side: None };
                RequestKind::Instruct { participant, instruction }
            }
            Step::Cash(cash, reference) => {
                let funding = fund(Transfer::Cash(Money::from_whole(cash)), reference);
                RequestKind::Fund { participant, funding }
            }
            Step::Shares(lots) => {
                let shares = Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) };
                RequestKind::Fund { participant, funding: fund(shares, "gift") }
            }
            Step::ToTheOther(cash) => {
                let funding = fund(Transfer::Cash(Money::from_whole(cash)), "transfer:7");
                RequestKind::Transfer { from: participant, to: other, funding }
            }
            Step::Pass(seconds) => return market.pass(Duration::from_secs(seconds)),
            Step::Stop => return self.reopen(false),
            Step::NextDay => return self.reopen(true),
        };
        market.ask(kind, None);
    }
}

fn days(journal: &Path, steps: &[(usize, Step)]) -> Vec<Standing> {
    let mut days = Days::new(journal);
    for (seat, step) in steps {
        days.take(*seat, step);
        days.note();
    }
    days.reopen(true);
    days.standings
}

/// The batches of a journal.
fn batches(place: &Place) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut take = |batch| {
        batches.push(batch);
        ControlFlow::Continue(())
    };
    place.source().batches(Position::START, Until::END, &mut take).unwrap();
    batches
}

async fn rows(database: &Database) -> Vec<LedgerRow> {
    let mut all = Vec::new();
    for name in SEATS {
        let filter =
            LedgerFilter { is_oldest_first: true, ..LedgerFilter::of(name.parse().unwrap(), 10_000) };
        let page = database.ledger(&filter).await.unwrap();
        assert_eq!(page.next, None);
        all.extend(page.rows);
    }
    all.sort_unstable_by_key(|row| row.place);
    all
}

/// Returns what accounts have of each asset by the sums of rows, and checks the balances that these say.
fn sums(rows: &[LedgerRow]) -> BTreeMap<(AccountId, Asset), i128> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let sum = sums.entry((row.account, row.asset.clone())).or_insert(0);
        *sum += row.amount.0;
        assert_eq!(*sum, row.balance.0, "{row:?}");
    }
    sums
}

fn check(rows: &[LedgerRow], standings: &[Standing]) {
    for standing in standings {
        let Standing { segment, facts, seats } = standing;
        let until = LedgerPlace { segment: *segment, sequence: *facts, line: 0 };
        let sums = sums(&rows[..rows.partition_point(|row| row.place < until)]);
        for (account, cash, lots) in seats {
            let of = |asset| sums.get(&(*account, asset)).copied().unwrap_or_default();
            assert_eq!(of(Asset::Cash), cash.0, "{standing:?}");
            let acme = of(Asset::Shares("ACME".to_owned()));
            assert_eq!(acme, i128::from(*lots) * Money::UNITS, "{standing:?}");
        }
        // What went from one seat has come to the other.
        let transfers = rows.iter().filter(|row| row.place < until && row.kind.counter() == "transfers");
        assert_eq!(transfers.map(|row| row.amount.0).sum::<i128>(), 0, "{standing:?}");
    }
    let first_of_segment = |row: &&LedgerRow| row.kind == EntryKind::Opening;
    assert_eq!(rows.iter().find(first_of_segment), None, "what was carried over is what was there");
}

/// Adds up what facts move, without a database.
fn by_facts(batches: &[Batch]) -> BTreeMap<(AccountId, Asset), i128> {
    let mut sums = BTreeMap::new();
    for (_, change) in batches.iter().flat_map(|batch| &batch.changes) {
        match change {
            Change::AccountOpened(opened) if opened.is_new => {
                for (asset, amount) in &opened.balances {
                    sums.insert((opened.account, asset.clone()), amount.0);
                }
            }
            Change::Posted(posting) => {
                let Movement::By(amount) = posting.movement else { panic!("{posting:?}") };
                *sums.entry((posting.account, posting.asset.clone())).or_insert(0) += amount.0;
            }
            _ => {}
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn the_ledger_has_what_accounts_have_at_each_place(
        steps in vec((0_usize..2, step()), 1..25),
        fails_after in 0_u64..40,
    ) {
        let place = Place::new();
        let standings = days(&place.journal(), &steps);
        let batches = batches(&place);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let file = ScratchFile::new();
            let url = crate::config::DatabaseUrl::Sqlite(file.path());
            let database = Database::open(&url).await.unwrap();
            rebuild(database.clone(), place.source()).await.unwrap();
            let whole = rows(&database).await;
            check(&whole, &standings);
            let mut by_facts = by_facts(&batches);
            by_facts.retain(|_, amount| *amount != 0);
            let mut by_rows = sums(&whole);
            by_rows.retain(|_, amount| *amount != 0);
            prop_assert_eq!(by_rows, by_facts);
            // A process ends within, and another goes on.
            let mut projection = Projection::new(database.clone());
            projection.forget_from(1).await.unwrap();
            prop_assert!(rows(&database).await.is_empty());
            database.faults.fail_after(fails_after);
            for batch in &batches {
                while projection.apply(batch).await.is_err() {
                    database.faults.heal();
                    projection = Projection::new(database.clone());
                }
            }
            database.faults.heal();
            prop_assert_eq!(rows(&database).await, whole);
            database.close().await;
            Ok(())
        })?;
    }
}

/// The ledger of an earlier version: it has orders of the segment, and none of what moves.
fn without_ledger(batch: &Batch) -> Batch {
    let is_kept = |change: &Change| {
        !matches!(change, Change::LedgerBegan | Change::AccountOpened(_) | Change::Posted(_))
    };
    let changes = batch.changes.iter().filter(|(_, change)| is_kept(change)).cloned().collect();
    Batch { changes, ..batch.clone() }
}

#[tokio::test]
async fn a_database_from_before_the_ledger_is_carried_into_it() {
    on_each_database(|database| async move {
        let place = Place::new();
        let steps = [(0, Step::Trade(Side::Buy, 30)), (1, Step::Stop), (0, Step::Trade(Side::Sell, 10))];
        let standings = days(&place.journal(), &steps);
        let mut projection = Projection::new(database.clone());
        let batches = batches(&place);
        let is_of_first = |batch: &&Batch| batch.segment == 1;
        for batch in batches.iter().filter(is_of_first) {
            projection.apply(&without_ledger(batch)).await.unwrap();
        }
        assert_eq!(database.ledger_from().await, Ok(None));
        for batch in batches.iter().filter(|batch| !is_of_first(batch)) {
            projection.apply(batch).await.unwrap();
        }
        assert_eq!(database.ledger_from().await, Ok(Some(2)));
        let rows = rows(&database).await;
        assert!(
            rows.iter().any(|row| row.kind == EntryKind::Opening && row.asset != Asset::Cash),
            "{rows:?}"
        );
        let last = standings.last().unwrap();
        let sums = sums(&rows);
        for (account, cash, _) in &last.seats {
            assert_eq!(sums[&(*account, Asset::Cash)], cash.0);
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_segment_of_which_a_part_has_no_ledger_is_written_anew_once_it_is_shown_again() {
    on_each_database(|database| async move {
        let place = Place::new();
        let mut market =
            Running::open(&JournalDirectory::open(&place.journal()).unwrap(), 1, None, Vec::new(), None);
        market.ask(source().live().join(ANNE), None);
        market.submit(OrderTerms::market(Side::Buy, Quantity::new(30)), Some("first"));
        drop(market);
        let expected = from_journal(&database, &place).await;
        let mut projection = Projection::new(database.clone());
        projection.forget_from(1).await.unwrap();
        for batch in &batches(&place) {
            projection.apply(&without_ledger(batch)).await.unwrap();
        }
        assert!(seen(&database).await.ledger.is_empty());
        let (mut projector, mut sink, _) = place.projector(&database, SpoolSize::default());
        let _shown = show_again(&place, "00000001.journal", &mut sink);
        sink.flush(SimTime::from_nanos(i64::MAX));
        let wait = async {
            while seen(&database).await.position != expected.position
                || seen(&database).await.ledger.is_empty()
            {
                projector.drain().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
        assert_eq!(seen(&database).await, expected);
    })
    .await
    .unwrap();
}
