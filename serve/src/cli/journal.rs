//! `bearpit-serve replay`, `audit` and `repair`: what is done with a journal while no market runs.

use std::path::Path;
use std::time::Duration;

use bearpit::run::OutputConfig;
use serde_json::{Value, json};

use super::arguments::{AuditArguments, JournalArguments, RepairArguments, ReplayArguments};
use super::console::{chain, print, print_diagnostics, print_error};
use super::database::named;
use super::exit::Failure;
use crate::config::DatabaseUrl;
use crate::driver::{DriveError, MarketSource, ScenarioSource, Segment};
use crate::replay::{
    AccountAudit, Audit, AuditError, Difference, LedgerAudit, LedgerAuditError, LedgerExtent, RepairError,
    ReplayError, audit, audit_with_ledger, replay as tables, void,
};
use crate::store::database::Database;
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

/// Prints what each account of a segment has, once its facts add up to that; with a database, beside what its
/// ledger has.
///
/// # Errors
/// As [`replay`]; [`Failure::Run`] also if they do not, or the ledger differs.
pub(super) fn audited(arguments: &AuditArguments) -> Result<(), Failure> {
    let AuditArguments { of, json, data, database, config } = arguments;
    let Opened { segment, source } = open(of)?;
    let (found, ledger) = match named(data.as_ref(), database.as_ref(), config.as_deref())? {
        None => (audit(&segment, &source).map_err(|error| unaudited(&of.journal, &error))?, None),
        Some(url) => {
            let (found, ledger) = with_ledger(&of.journal, &segment, &source, &url)?;
            (found, Some(ledger))
        }
    };
    if *json {
        print(&as_json(&found, ledger.as_ref()).to_string())?;
    } else {
        print_audit(&of.journal, &found)?;
        ledger.as_ref().map_or(Ok(()), print_ledger)?;
    }
    match ledger {
        Some(ledger) if !ledger.differences.is_empty() => Err(Failure::Run),
        _ => Ok(()),
    }
}

fn print_audit(journal: &Path, found: &Audit) -> Result<(), Failure> {
    let (at, digest) = (found.at, found.digest);
    let state = if found.is_settled { "settled" } else { "as if it had been settled there" };
    print(&format!("{}: at {at}, {state}: {digest}", journal.display()))?;
    for account in &found.accounts {
        let holdings: String =
            account.holdings.iter().map(|(symbol, lots)| format!(", {symbol} {}", lots.lots())).collect();
        let AccountAudit { name, kind, cash, open_orders, .. } = account;
        print(&format!("  {name} ({kind}): cash {cash}{holdings}, {open_orders} open orders"))?;
    }
    print(&format!("{} accounts: their facts add up to what they have", found.accounts.len()))
}

fn print_ledger(ledger: &LedgerAudit) -> Result<(), Failure> {
    for Difference { account, asset, by_facts, in_ledger } in &ledger.differences {
        let what = asset.symbol().unwrap_or("cash");
        let (by_facts, in_ledger) = (by_facts.decimal(), in_ledger.decimal());
        print_error(&format!(
            "error: account {account}: its facts add up to {by_facts} of {what}, but the ledger has {in_ledger}"
        ));
    }
    let up_to = match ledger.extent {
        LedgerExtent::Whole => String::new(),
        LedgerExtent::Before(fact) => format!(", up to fact {fact}, where the database stands"),
        LedgerExtent::NotYet { stands_at } => {
            return print(&format!(
                "ledger: nothing of this segment yet: the database stands at segment {stands_at}"
            ));
        }
        LedgerExtent::Never { begins_with: Some(first) } => {
            return print(&format!("ledger: nothing of this segment: it begins with segment {first}"));
        }
        LedgerExtent::Never { begins_with: None } => {
            return print("ledger: nothing of this segment: it has not begun");
        }
        LedgerExtent::OtherTape => {
            return print("ledger: other requests are void in the database: the next start writes it anew");
        }
    };
    let (accounts, difference) = (ledger.accounts, ledger.differences.len());
    let difference =
        if difference == 0 { "difference 0".to_owned() } else { format!("{difference} balances differ") };
    print(&format!("ledger: {accounts} accounts{up_to}: {difference}"))
}

fn with_ledger(
    journal: &Path,
    segment: &Segment,
    source: &ScenarioSource,
    url: &DatabaseUrl,
) -> Result<(Audit, LedgerAudit), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refuse(journal, &error, Failure::Run))?;
    let audited = runtime.block_on(async {
        let database = Database::open(url).await?;
        let audited = audit_with_ledger(segment, source, &database).await;
        database.close().await;
        audited
    });
    audited.map_err(|error| match &error {
        LedgerAuditError::Audit(error) => unaudited(journal, error),
        LedgerAuditError::Store(error) => {
            print_error(&format!("error: {url}: {}", chain(error)));
            Failure::Run
        }
    })
}

fn unaudited(journal: &Path, error: &AuditError) -> Failure {
    let failure = match error {
        AuditError::Drive(error) => of_drive(error),
        AuditError::Live(_) | AuditError::Differs { .. } => Failure::Run,
    };
    refuse(journal, error, failure)
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

fn as_json(audit: &Audit, ledger: Option<&LedgerAudit>) -> Value {
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
        "ledger": ledger.map(ledger_as_json),
    })
}

fn ledger_as_json(ledger: &LedgerAudit) -> Value {
    let difference = |it: &Difference| {
        json!({
            "account": it.account,
            "asset": it.asset.symbol().unwrap_or("cash"),
            "by_facts": it.by_facts.decimal().to_string(),
            "in_ledger": it.in_ledger.decimal().to_string(),
        })
    };
    let (extent, number) = match ledger.extent {
        LedgerExtent::Whole => ("whole", None),
        LedgerExtent::Before(fact) => ("before_fact", Some(fact)),
        LedgerExtent::NotYet { stands_at } => ("not_yet", Some(stands_at)),
        LedgerExtent::Never { begins_with } => ("before_its_beginning", begins_with),
        LedgerExtent::OtherTape => ("other_tape", None),
    };
    json!({
        "extent": extent,
        "number": number,
        "accounts": ledger.accounts,
        "differences": ledger.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}
