//! The smart order router in its scenario: what it costs beside a trader at one venue, and phases.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use bearpit::market::{Cell, Fact, Row, SinkError, Stamped, TapeSink};
use bearpit::scenario::Scenario;

/// What agents recorded, by table.
type Recorded = Rc<RefCell<Vec<(String, Row)>>>;

struct Recorder(Recorded);

impl TapeSink for Recorder {
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::Recorded { table, row, .. } = fact.fact {
            self.0.borrow_mut().push((table.to_string(), row.clone()));
        }
        Ok(())
    }
}

/// Runs the scenario with changes, and with a text after it.
fn run(changes: &[&str], further: &str) -> Vec<(String, Row)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/smart_routing.toml");
    let shipped = fs::read_to_string(path).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("smart_routing.toml");
    fs::write(&path, format!("{shipped}\n{further}")).unwrap();
    let changes: Vec<_> = changes.iter().map(|change| change.parse().unwrap()).collect();
    let scenario = Scenario::load(&path, &changes).unwrap();
    let recorded = Recorded::default();
    let mut builder = scenario.lay_out().unwrap();
    builder.sink(Box::new(Recorder(Rc::clone(&recorded))));
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    market.world().domain().check_conservation().unwrap();
    recorded.take()
}

/// Returns a number of a row; NaN, which equals nothing, if there is none.
fn number(row: &Row, name: &str) -> f64 {
    let cell = row.iter().find(|(key, _)| &**key == name).map(|(_, cell)| cell);
    match cell {
        Some(Cell::Float(Some(value))) => value.get(),
        _ => f64::NAN,
    }
}

/// Returns a text of a row; empty if there is none.
fn text(row: &Row, name: &str) -> String {
    match row.iter().find(|(key, _)| &**key == name) {
        Some((_, Cell::Text(text))) => text.to_string(),
        _ => String::new(),
    }
}

/// Returns the rows of the router's order, of its parts, and of the trader at one venue.
fn rows(recorded: Vec<(String, Row)>) -> (Row, Vec<Row>, Row) {
    let (execution, routes): (Vec<_>, Vec<_>) =
        recorded.into_iter().partition(|(table, _)| table == "execution");
    let is_router = |row: &Row| row.iter().any(|(key, _)| &**key == "slippage_net_bps");
    let (router, naive): (Vec<Row>, Vec<Row>) =
        execution.into_iter().map(|(_, row)| row).partition(is_router);
    let [router, naive] = [router, naive].map(|rows| {
        assert_eq!(rows.len(), 1);
        rows[0].clone()
    });
    (router, routes.into_iter().map(|(_, row)| row).collect(), naive)
}

#[test]
fn with_fees_it_costs_less_than_one_venue_on_every_seed() {
    for seed in 1..=6 {
        let (router, routes, naive) = rows(run(&[&format!("scenario.seed={seed}")], ""));
        assert_eq!((number(&router, "filled"), number(&naive, "filled")), (30_000.0, 30_000.0));
        let paid = number(&router, "average_price") + number(&router, "fees") / 30_000.0;
        // NORTH takes three basis points of the notional.
        let paid_at_one = number(&naive, "average_price") * 1.000_3;
        let saved = (paid_at_one - paid) / paid_at_one * 1e4;
        assert!(saved > 1.0, "seed {seed}: {saved} bps");
        // The parts add up to the order, and to its fees.
        let sum = |name| routes.iter().map(|row| number(row, name)).sum::<f64>();
        assert!(
            (sum("filled") - 30_000.0).abs() < 1e-6 && (sum("fee") - number(&router, "fees")).abs() < 1e-6
        );
        assert!((number(&router, "children") - routes.len() as f64).abs() < 1e-9);
    }
}

#[test]
fn a_venue_that_does_not_trade_gets_nothing() {
    let halt =
        "[[events]]\nkind = \"halt\"\nat = 2025-03-03T09:30:30\nvenue = \"EAST\"\nduration = \"63m\"\n";
    let (router, routes, _) = rows(run(&[], halt));
    assert!(routes.iter().all(|row| text(row, "venue") != "EAST"));
    assert!((number(&router, "filled") - 30_000.0).abs() < 1e-9);
    let (_, routes, _) = rows(run(&[], ""));
    assert!(routes.iter().any(|row| text(row, "venue") == "EAST"));
}

#[test]
fn what_rests_earns_the_makers_rebate_and_ends_with_the_time() {
    let changes = [
        "agents.router.rest=true",
        "agents.router.limit=0.01",
        "agents.router.duration=10m",
        "agents.router.slices=1",
    ];
    let (router, routes, _) = rows(run(&changes, ""));
    assert!(number(&router, "filled") < 1.0, "nobody sells at a cent");
    assert_eq!(routes.len(), 1);
    assert_eq!((text(&routes[0], "venue"), text(&routes[0], "kind")), ("NORTH".into(), "rest".into()));
    assert_eq!(text(&routes[0], "outcome"), "canceled");
}
