//! Reading `multiplier` and `contract` of an instrument: the size of a contract, and what a trade settles.

use super::instruments::KnownInstrument;
use crate::scenario::document::readers::{self, Read, disallowed};
use crate::scenario::document::{Node, Section};
use bearpit_core::market::{Contract, DailySettlement, FundingRate, FundingTerms, Instrument};
use bearpit_core::units::{Decimal, InstrumentId, SimDuration};

const HOUR: SimDuration = SimDuration::from_secs(3_600);

/// The kinds of `contract`.
pub(in crate::scenario) const CONTRACTS: [(&str, ContractKind); 3] =
    [("spot", ContractKind::Spot), ("future", ContractKind::Future), ("perpetual", ContractKind::Perpetual)];

/// A kind of `contract`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum ContractKind {
    /// The thing itself.
    Spot,
    /// A future that is marked to market once a day.
    Future,
    /// A future without an end.
    Perpetual,
}

/// Sets `multiplier` and `contract` of an instrument; `None` if there are errors, which have been reported.
pub(super) fn with_contract(
    section: &Section<'_>,
    instrument: Option<Instrument>,
    known: &[KnownInstrument],
    is_live: bool,
) -> Option<Instrument> {
    let multiplier = section.or("multiplier", Decimal::new(1, 0), readers::positive_decimal);
    let contract = contract(section, known, is_live);
    let sized = instrument.zip(multiplier).and_then(|(instrument, multiplier)| {
        let sized = instrument.with_multiplier(multiplier);
        sized.map_err(|error| section.report("multiplier", error.to_string(), None)).ok()
    });
    let (instrument, contract) = sized.zip(contract)?;
    if let Contract::Perpetual(FundingTerms { index: None, .. }) = contract
        && !section.has("process")
    {
        let message = "a perpetual needs an `index`, or a `process` whose value is that";
        section.report("contract", message, Some("name another instrument: index = \"BTC\"".to_owned()));
        return None;
    }
    Some(instrument.with_contract(contract))
}

fn contract(section: &Section<'_>, known: &[KnownInstrument], is_live: bool) -> Option<Contract> {
    let Some(table) = section.table("contract", "the contract") else { return Some(Contract::Spot) };
    let kind = table.required("kind", readers::one_of(&CONTRACTS));
    let read = match kind {
        None => {
            // Without a kind, it is not known which keys there are.
            table.abandon();
            return None;
        }
        Some(ContractKind::Spot) => Some(Contract::Spot),
        Some(ContractKind::Future) => {
            let settles = table.required("settlement", readers::time_of_day);
            settles.map(|time_of_day| Contract::Future(DailySettlement { time_of_day }))
        }
        Some(ContractKind::Perpetual) => perpetual(&table, known),
    };
    if is_live && !matches!(kind, Some(ContractKind::Spot)) {
        let message = "futures are for simulations: a live market trades things against their price only";
        table.report("kind", message, Some("leave `contract` out, or [live]".to_owned()));
    }
    table.finish();
    read
}

fn perpetual(table: &Section<'_>, known: &[KnownInstrument]) -> Option<Contract> {
    let part = |parts| FundingRate::new(parts).unwrap_or_default();
    let index = table.optional("index", |node| earlier(node, known));
    let interval = table.or("interval", SimDuration::from_nanos(8 * HOUR.nanos()), interval);
    let interest = table.or("interest", part(10_000), rate);
    let band = table.or("band", part(50_000), positive_rate);
    let cap = table.or("cap", part(750_000), positive_rate);
    if table.has("index") && index.is_none() {
        return None;
    }
    Some(Contract::Perpetual(FundingTerms {
        index,
        interval: interval?,
        interest: interest?,
        band: band?,
        cap: cap?,
    }))
}

/// An instrument that stands before this one.
fn earlier(node: &Node, known: &[KnownInstrument]) -> Read<InstrumentId> {
    let symbol = readers::text(node)?;
    let symbols: Vec<&str> = known.iter().map(|known| known.symbol.as_str()).collect();
    let found = (0..).map(InstrumentId::new).zip(&symbols).find(|(_, earlier)| **earlier == symbol);
    found.map(|(id, _)| id).ok_or_else(|| {
        if symbols.is_empty() {
            return disallowed(node, "an instrument that stands before this one, and there is none");
        }
        readers::unknown(&symbol, &symbols)
    })
}

/// A span of which a day is a multiple, or that is one of days.
fn interval(node: &Node) -> Read<SimDuration> {
    let span = readers::positive_duration(node)?.nanos();
    let day = 24 * HOUR.nanos();
    if day % span == 0 || span % day == 0 {
        return Ok(SimDuration::from_nanos(span));
    }
    Err(disallowed(node, "a part of a day, such as 1h or 8h, or days: it is counted from midnight"))
}

/// A share from minus one to one.
fn rate(node: &Node) -> Read<FundingRate> {
    let allowed = "from -1 to 1 with at most eight decimal places, such as 0.0001 for 0.01 %";
    FundingRate::from_decimal(readers::decimal(node)?).ok_or_else(|| disallowed(node, allowed))
}

fn positive_rate(node: &Node) -> Read<FundingRate> {
    let read = rate(node)?;
    let allowed = "from 0 to 1 with at most eight decimal places, such as 0.0005 for 0.05 %";
    if read >= FundingRate::default() { Ok(read) } else { Err(disallowed(node, allowed)) }
}
