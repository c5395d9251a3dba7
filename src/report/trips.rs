//! Round trips: how far they went against and for their owner, and the ones that one wants to see.

use super::ReportError;
use super::account::lasting;
use super::figures::{Dot, Key, Scatter, Sign, Tone};
use super::page::absent;
use super::sheet::{Sheet, put};
use super::text::{NONE, cents, escape, number, optional, percent, places_for, readable, span, whole};
use crate::analysis::{AccountData, AccountTrip, RunData};
use crate::record::{InstrumentSummary, Table};
use bearpit_core::market::Side;
use bearpit_core::units::SimTime;

/// More dots are a cloud.
const DOTS_MAX: usize = 400;

/// Draws how far trips went.
pub(super) fn scatter(sheet: &mut Sheet, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let stride = account.trips.len() / DOTS_MAX + 1;
    let mut shown: Vec<&AccountTrip> = account.trips.iter().step_by(stride).collect();
    if !data.manifest.has(Table::Pnl) {
        // Without marks nobody knows how a trip went on its way.
        shown.clear();
    } else if shown.len() as u64 != account.trips_total {
        // What one wants to see is seen, however the others are thinned.
        let notable = account.top_trips.wins.iter().chain(&account.top_trips.losses);
        let missing: Vec<&AccountTrip> = notable.filter(|trip| !shown.contains(trip)).collect();
        shown.extend(missing);
    }
    let dot = |it: &&AccountTrip| Dot {
        across: it.trip.worst.to_f64(),
        up: it.trip.best.to_f64(),
        tone: Tone::of_sign(it.trip.net().to_f64()),
    };
    let key = |label: &str, tone| Key { label: label.to_owned(), tone, sign: Sign::Line };
    let figure = Scatter {
        title: format!("Round trips of {owner} on their way"),
        across: "worst P&L on the way, MAE (currency)".to_owned(),
        up: "best, MFE (currency)".to_owned(),
        keys: vec![key("gained after fees, or even", Tone::Up), key("lost", Tone::Down)],
        dots: shown.iter().map(dot).collect(),
    };
    let total = whole(account.trips_total);
    let caption = if (shown.len() as u64) < account.trips_total {
        let shown = whole(shown.len() as u64);
        format!("{shown} of {total} round trips, evenly, and the largest gains and losses.")
    } else {
        format!("{total} round trips, from flat to flat.")
    };
    sheet.figure(
        &format!("{owner} round trips"),
        &figure,
        &caption,
        &absent(data, &[Table::Fills, Table::Pnl], "it never went from flat to flat."),
    )
}

/// Writes the largest gains and losses, and the last trips.
pub(super) fn table(sheet: &mut Sheet, account: &AccountData, instruments: &[InstrumentSummary]) {
    if account.trips_total == 0 {
        return;
    }
    let metric = |key: &str| account.metrics.get(key);
    put!(sheet, "<h3>Round trips</h3>");
    put!(
        sheet,
        "<p class=\"note\">{} from flat to flat: {} of them gained, {} after fees each in the mean, {} long in the mean. Below are the largest gains, the largest losses, and the last ones; sizes and prices in the mean of a trip's fills, all else in currency.</p>",
        whole(account.trips_total),
        percent(metric("hit_ratio_trips"), 0),
        optional(metric("expectancy_trip"), 2),
        metric("trip_duration_mean").map_or_else(|| NONE.to_owned(), lasting),
    );
    put!(
        sheet,
        "<div class=\"scroll\"><table class=\"trips\"><thead><tr><th>entered</th><th>market</th><th>side</th><th>quantity</th><th>entry</th><th>exit</th><th>lasted</th><th>worst</th><th>best</th><th>fees</th><th>P&amp;L after fees</th><th>return</th></tr></thead>"
    );
    let notable = &account.top_trips;
    group(sheet, "Largest gains", notable.wins.iter(), instruments);
    group(sheet, "Largest losses", notable.losses.iter(), instruments);
    group(sheet, "Last", notable.last.iter(), instruments);
    put!(sheet, "</table></div>");
}

fn group<'a>(
    sheet: &mut Sheet,
    name: &str,
    trips: impl Iterator<Item = &'a AccountTrip>,
    instruments: &[InstrumentSummary],
) {
    put!(sheet, "<tbody><tr><th colspan=\"12\" class=\"group\">{name}</th></tr>");
    let mut any = false;
    for trip in trips {
        row(sheet, trip, instruments);
        any = true;
    }
    if !any {
        put!(sheet, "<tr><td colspan=\"12\">none</td></tr>");
    }
    put!(sheet, "</tbody>");
}

fn row(sheet: &mut Sheet, of: &AccountTrip, instruments: &[InstrumentSummary]) {
    let trip = &of.trip;
    let instrument = instruments.iter().find(|it| it.symbol == of.symbol);
    let size = |text: Option<&String>| text.and_then(|text| text.parse::<f64>().ok());
    let quantity = size(instrument.map(|it| &it.lot_size)).map(|lot| lot * lots(trip.quantity.lots()));
    let places = size(instrument.map(|it| &it.tick_size)).map_or(2, |tick| places_for(tick * 20.0).max(2));
    let price =
        |amount: f64| optional(quantity.filter(|it| *it > 0.0).map(|quantity| amount / quantity), places);
    let class = if trip.net().to_f64() < 0.0 { "loss" } else { "gain" };
    let cells = [
        escape(&of.symbol),
        if trip.side == Side::Buy { "long" } else { "short" }.to_owned(),
        optional(quantity, if quantity.is_some_and(|it| it.fract() != 0.0) { 4 } else { 0 }),
        price(trip.entry.to_f64()),
        price(trip.exit.to_f64()),
        span(trip.exited_at.saturating_sub(trip.entered_at)),
        cents(&trip.worst.to_string()),
        cents(&trip.best.to_string()),
        cents(&trip.fees.to_string()),
        format!("<span class=\"{class}\">{}</span>", number(trip.net().to_f64(), 2)),
        percent(trip.share(), 2),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    // To the second: figures of a fraction of one are in the table `fills`.
    let entered: String = SimTime::from_nanos(trip.entered_at).to_string().chars().take(19).collect();
    put!(sheet, "<tr><td>{}</td>{cells}</tr>", readable(&entered));
}

#[expect(clippy::cast_precision_loss, reason = "no account holds more than 2^50 lots")]
const fn lots(count: u64) -> f64 {
    count as f64
}
