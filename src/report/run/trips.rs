//! Round trips: maximum adverse and favorable excursions, and a table of the largest and the last trips.

use super::missing::why_missing;
use crate::analysis::{AccountData, AccountTrip, RunData};
use crate::record::{InstrumentSummary, Table};
use crate::report::figures::{Color, Dot, LegendEntry, Marker, Scatter};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{
    NONE, cents, count_text, decimals_for, duration_text, escape, number, number_or_dash, percent,
    seconds_text, time_text,
};
use bearpit_core::market::Side;
use bearpit_core::units::SimTime;

/// More dots cannot be distinguished.
const DOTS_MAX: usize = 400;

/// Draws the excursions of trips.
pub(super) fn scatter(
    page: &mut PageBuilder,
    data: &RunData,
    account: &AccountData,
) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let stride = account.trips.len() / DOTS_MAX + 1;
    let mut shown: Vec<&AccountTrip> = account.trips.iter().step_by(stride).collect();
    if !data.manifest.has(Table::Pnl) {
        // Without marks the P&L during a trip is unknown.
        shown.clear();
    } else if shown.len() as u64 != account.trips_total {
        // The largest gains and losses are shown, whatever the even sample contains.
        let notable = account.top_trips.wins.iter().chain(&account.top_trips.losses);
        let missing: Vec<&AccountTrip> = notable.filter(|trip| !shown.contains(trip)).collect();
        shown.extend(missing);
    }
    let dot = |it: &&AccountTrip| Dot {
        x: it.trip.worst.to_f64(),
        y: it.trip.best.to_f64(),
        color: Color::of_sign(it.trip.net().to_f64()),
    };
    let key = |label: &str, color| LegendEntry { label: label.to_owned(), color, marker: Marker::Line };
    let figure = Scatter {
        title: format!("Round trips of {owner}: MAE and MFE"),
        x_label: "maximum adverse excursion (currency)".to_owned(),
        y_label: "maximum favorable excursion (currency)".to_owned(),
        legend: vec![key("profit after fees, or zero", Color::Up), key("loss", Color::Down)],
        dots: shown.iter().map(dot).collect(),
    };
    let total = count_text(account.trips_total);
    let caption = if (shown.len() as u64) < account.trips_total {
        let shown = count_text(shown.len() as u64);
        format!("An even sample of {shown} of {total} round trips, with the largest gains and losses.")
    } else {
        format!("{total} round trips, from flat to flat.")
    };
    page.figure(
        &format!("{owner} round trips"),
        &figure,
        &caption,
        &why_missing(data, &[Table::Fills, Table::Pnl], "no round trip was completed."),
    )
}

/// Writes the table of the largest gains, the largest losses, and the last trips.
pub(super) fn table(page: &mut PageBuilder, account: &AccountData, instruments: &[InstrumentSummary]) {
    if account.trips_total == 0 {
        return;
    }
    let metric = |key: &str| account.metrics.get(key);
    put!(page, "<h3>Round trips</h3>");
    put!(
        page,
        "<p class=\"note\">{} from flat to flat: {} were profitable; the mean P&amp;L after fees is {}, the mean duration {}. The table lists the largest gains, the largest losses and the last trips. Entry and exit are mean prices of a trip's fills; worst and best are the lowest and highest P&amp;L during the trip; amounts are in currency.</p>",
        count_text(account.trips_total),
        percent(metric("hit_ratio_trips"), 0),
        number_or_dash(metric("expectancy_trip"), 2),
        metric("trip_duration_mean").map_or_else(|| NONE.to_owned(), seconds_text),
    );
    put!(
        page,
        "<div class=\"scroll\"><table class=\"trips\"><thead><tr><th>entered</th><th>market</th><th>side</th><th>quantity</th><th>entry</th><th>exit</th><th>lasted</th><th>worst</th><th>best</th><th>fees</th><th>P&amp;L after fees</th><th>return</th></tr></thead>"
    );
    let notable = &account.top_trips;
    group(page, "Largest gains", notable.wins.iter(), instruments);
    group(page, "Largest losses", notable.losses.iter(), instruments);
    group(page, "Last", notable.last.iter(), instruments);
    put!(page, "</table></div>");
}

fn group<'a>(
    page: &mut PageBuilder,
    name: &str,
    trips: impl Iterator<Item = &'a AccountTrip>,
    instruments: &[InstrumentSummary],
) {
    put!(page, "<tbody><tr><th colspan=\"12\" class=\"group\">{name}</th></tr>");
    let mut any = false;
    for trip in trips {
        row(page, trip, instruments);
        any = true;
    }
    if !any {
        put!(page, "<tr><td colspan=\"12\">none</td></tr>");
    }
    put!(page, "</tbody>");
}

fn row(page: &mut PageBuilder, of: &AccountTrip, instruments: &[InstrumentSummary]) {
    let trip = &of.trip;
    let instrument = instruments.iter().find(|it| it.symbol == of.symbol);
    let quantity = instrument.map(|it| it.lot_size.to_f64()).map(|lot| lot * lots(trip.quantity.lots()));
    let places =
        instrument.map(|it| it.tick_size.to_f64()).map_or(2, |tick| decimals_for(tick * 20.0).max(2));
    let price = |amount: f64| {
        number_or_dash(quantity.filter(|it| *it > 0.0).map(|quantity| amount / quantity), places)
    };
    let class = if trip.net().to_f64() < 0.0 { "loss" } else { "gain" };
    let cells = [
        escape(&of.symbol),
        if trip.side == Side::Buy { "long" } else { "short" }.to_owned(),
        number_or_dash(quantity, if quantity.is_some_and(|it| it.fract() != 0.0) { 4 } else { 0 }),
        price(trip.entry.to_f64()),
        price(trip.exit.to_f64()),
        duration_text(trip.exited_at.saturating_sub(trip.entered_at)),
        cents(&trip.worst.to_string()),
        cents(&trip.best.to_string()),
        cents(&trip.fees.to_string()),
        format!("<span class=\"{class}\">{}</span>", number(trip.net().to_f64(), 2)),
        percent(trip.share(), 2),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    // To the second; the table `fills` has the exact time.
    let entered: String = SimTime::from_nanos(trip.entered_at).to_string().chars().take(19).collect();
    put!(page, "<tr><td>{}</td>{cells}</tr>", time_text(&entered));
}

#[expect(clippy::cast_precision_loss, reason = "no account holds more than 2^50 lots")]
const fn lots(count: u64) -> f64 {
    count as f64
}
