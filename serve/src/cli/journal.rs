//! `bearpit-serve replay`, `audit` and `repair`: what is done with a journal while no market runs.

use std::path::Path;
use std::time::Duration;

use bearpit::run::OutputConfig;
use serde_json::{Value, json};

use super::arguments::{AuditArguments, JournalArguments, RepairArguments, ReplayArguments};
use super::console::{chain, print, print_diagnostics, print_error};
use super::exit::Failure;
use crate::driver::{DriveError, MarketSource, ScenarioSource, Segment};
use crate::replay::{
    AccountAudit, Audit, AuditError, RepairError, ReplayError, audit, replay as tables, void,
};
use crate::store::journal::OpenError;

/// A segment, and the scenario that its market is laid out from.
struct Opened {
    segment: Segment,
    source: ScenarioSource,
}

/// Rebuilds the market of a segment: the events before each of its records must be as many as they were, and
/// the digest at its end the same.
///
/// # Errors
/// [`Failure::Input`] if the journal is damaged or another market comes out, [`Failure::Run`] if it cannot be
/// read.
pub(super) fn replay(arguments: &ReplayArguments) -> Result<(), Failure> {
    let ReplayArguments { of, out } = arguments;
    let Opened { segment, source } = open(of)?;
    if let Some(out) = out {
        return written(&of.journal, &source, out);
    }
    let failed = |error| refuse(&of.journal, &error, of_drive(&error));
    let scan = segment.scan().map_err(failed)?;
    let mut outputs = 0_u64;
    let live = segment.rebuild(&source, &scan.voids, Duration::ZERO, |_| outputs += 1).map_err(failed)?;
    let (world, records) = (live.market().world(), scan.records);
    let end = if scan.settled.is_some() { "settled, with the digest of the journal" } else { "not settled" };
    let (day, digest) = (&segment.header.day_name, live.market().digest());
    print(&format!(
        "{}: day {day}, {records} records, {} events, {outputs} facts and answers, at {}, {end}: {digest}",
        of.journal.display(),
        world.events(),
        world.now(),
    ))
}

/// Writes the tables and the report of a day, and says where.
fn written(journal: &Path, source: &ScenarioSource, out: &Path) -> Result<(), Failure> {
    let finished = tables(journal, source, Some(OutputConfig::new(out))).map_err(|error| {
        let failure = match &error {
            ReplayError::Drive(error) => of_drive(error),
            ReplayError::Run(_) => Failure::Run,
        };
        refuse(journal, &error, failure)
    })?;
    let directory = finished.directory.unwrap_or_default();
    print(&format!("{}: {}: {}", journal.display(), directory.display(), finished.manifest.digest))
}

/// Prints what each account of a segment has, once its facts add up to that.
///
/// # Errors
/// As [`replay`]; [`Failure::Run`] also if they do not.
pub(super) fn audited(arguments: &AuditArguments) -> Result<(), Failure> {
    let Opened { segment, source } = open(&arguments.of)?;
    let found = audit(&segment, &source).map_err(|error| {
        let failure = match &error {
            AuditError::Drive(error) => of_drive(error),
            AuditError::Live(_) | AuditError::Differs { .. } => Failure::Run,
        };
        refuse(&arguments.of.journal, &error, failure)
    })?;
    if arguments.json {
        return print(&as_json(&found).to_string());
    }
    let (at, digest) = (found.at, found.digest);
    let state = if found.is_settled { "settled" } else { "as if it had been settled there" };
    print(&format!("{}: at {at}, {state}: {digest}", arguments.of.journal.display()))?;
    for account in &found.accounts {
        let holdings: String =
            account.holdings.iter().map(|(symbol, lots)| format!(", {symbol} {}", lots.lots())).collect();
        let AccountAudit { name, kind, cash, open_orders, .. } = account;
        print(&format!("  {name} ({kind}): cash {cash}{holdings}, {open_orders} open orders"))?;
    }
    print(&format!("{} accounts: their facts add up to what they have", found.accounts.len()))
}

/// Takes a request out of a market that cannot be rebuilt with it.
///
/// # Errors
/// [`Failure::Run`] if the journal is in use or cannot be written, [`Failure::Input`] if it has no such
/// request, or the market cannot be rebuilt without it either.
pub(super) fn repair(arguments: &RepairArguments) -> Result<(), Failure> {
    let RepairArguments { of, void: record } = arguments;
    let Opened { source, .. } = open(of)?;
    void(&of.journal, *record, &source).map_err(|error| {
        let failure = match &error {
            RepairError::Drive(error) => of_drive(error),
            RepairError::Journal(error) => of_open(error),
            RepairError::Io(_) => Failure::Run,
            _ => Failure::Input,
        };
        refuse(&of.journal, &error, failure)
    })?;
    print(&format!(
        "{}: record {record} is void; the next start rebuilds the market without it",
        of.journal.display()
    ))
}

/// Opens a segment and reads its scenario, which is in its header.
fn open(arguments: &JournalArguments) -> Result<Opened, Failure> {
    let path = &arguments.journal;
    let segment = Segment::open(path).map_err(|error| refuse(path, &error, of_drive(&error)))?;
    segment.check_engine().map_err(|error| refuse(path, &error, Failure::Input))?;
    let beside = arguments.scenario.as_deref().unwrap_or_else(|| Path::new("scenario.toml"));
    let source = ScenarioSource::of_segment(&segment.header, beside).map_err(|found| {
        print_diagnostics(&found);
        print_error("the scenario of the journal is read anew: with --scenario, beside that file");
        Failure::Input
    })?;
    source.builder(&segment.header).map_err(|error| refuse(path, &error, Failure::Input))?;
    Ok(Opened { segment, source })
}

fn refuse(path: &Path, error: &dyn std::error::Error, failure: Failure) -> Failure {
    print_error(&format!("error: {}: {}", path.display(), chain(error)));
    failure
}

const fn of_drive(error: &DriveError) -> Failure {
    match error {
        DriveError::Io { .. } => Failure::Run,
        DriveError::Journal(error) => of_open(error),
        _ => Failure::Input,
    }
}

const fn of_open(error: &OpenError) -> Failure {
    if matches!(error, OpenError::Header { .. }) { Failure::Input } else { Failure::Run }
}

fn as_json(audit: &Audit) -> Value {
    let account = |it: &AccountAudit| {
        let holdings: serde_json::Map<String, Value> =
            it.holdings.iter().map(|(symbol, lots)| (symbol.clone(), json!(lots.lots()))).collect();
        json!({
            "name": it.name,
            "kind": it.kind,
            "seat": it.is_seat,
            "cash": it.cash.to_string(),
            "lots": holdings,
            "open_orders": it.open_orders,
        })
    };
    json!({
        "at": audit.at.to_string(),
        "settled": audit.is_settled,
        "digest": audit.digest.to_string(),
        "accounts": audit.accounts.iter().map(account).collect::<Vec<_>>(),
    })
}
