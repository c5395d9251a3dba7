//! Round trips: maximum adverse and favorable excursions, and tables of the largest and of all trips.

use super::missing::why_missing;
use crate::analysis::{AccountData, AccountTrip, RunData};
use crate::record::Table;
use crate::report::figures::{Color, Dot, LegendEntry, Marker, Scatter};
use crate::report::page::{CardTable, PageBuilder, ReportError, put};
use crate::report::text::{
    NONE, cents, count_text, decimals_for, duration_text, escape, moment_text, number, number_or_dash,
    percent, seconds_text,
};
use bearpit_core::market::Side;

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
        title: format!("Round trips of {owner}: excursions"),
        x_label: "maximum adverse excursion, MAE (currency)".to_owned(),
        y_label: "MFE (currency)".to_owned(),
        legend: vec![key("profit after fees, or zero", Color::Up), key("loss", Color::Down)],
        dots: shown.iter().map(dot).collect(),
    };
    let total = count_text(account.trips_total);
    let caption = if (shown.len() as u64) < account.trips_total {
        let shown = count_text(shown.len() as u64);
        format!("An even sample of {shown} of {total} round trips, with the largest gains and losses.")
    } else {
        format!(
            "{total} round trips, from flat to flat. The maximum favorable excursion, MFE, is the best P&amp;L on the way, before fees."
        )
    };
    page.figure(
        &format!("{owner} round trips"),
        &figure,
        &caption,
        &why_missing(data, &[Table::Fills, Table::Pnl], "no round trip was completed."),
    )
}

const TABLE: CardTable<'_> = CardTable {
    columns: &[
        "entered",
        "P&amp;L after fees",
        "return",
        "market",
        "side",
        "quantity",
        "entry",
        "exit",
        "lasted",
        "worst",
        "best",
        "fees",
    ],
    class: "list",
};

/// Of longer lists only the largest gains and losses and the last trips are on the page.
const LISTED_MAX: u64 = 250;

/// Writes the tables of the largest gains, the largest losses, and all or the last trips.
pub(super) fn table(page: &mut PageBuilder, data: &RunData, account: &AccountData) {
    if account.trips_total == 0 {
        return;
    }
    let metric = |key: &str| account.metrics.get(key);
    put!(page, "<h3>Round trips</h3>");
    put!(
        page,
        "<p class=\"note\">{} from flat to flat: {} were profitable; the mean P&amp;L after fees is {}, the mean duration {}. Entry and exit are mean prices of a trip's fills; worst and best are the lowest and highest P&amp;L during the trip, before fees; amounts are in currency.</p>",
        count_text(account.trips_total),
        percent(metric("hit_ratio_trips"), 0),
        number_or_dash(metric("expectancy_trip"), 2),
        metric("trip_duration_mean").map_or_else(|| NONE.to_owned(), seconds_text),
    );
    if data.manifest.replays.iter().any(|it| it.rules.fill == "this_close") {
        put!(page, "<p class=\"failure\">{}</p>", super::backtest::THIS_CLOSE);
    }
    let notable = &account.top_trips;
    TABLE.begin(page);
    group(page, "Largest gains", notable.wins.iter(), data);
    group(page, "Largest losses", notable.losses.iter(), data);
    TABLE.end(page);
    let are_all = account.trips.len() as u64 == account.trips_total && account.trips_total <= LISTED_MAX;
    let total = count_text(account.trips_total);
    let title = if are_all { format!("All {total} round trips") } else { "The last round trips".to_owned() };
    put!(page, "<details class=\"all\"><summary>{title}</summary>");
    TABLE_OF_ALL.begin(page);
    if are_all {
        rows(page, account.trips.iter(), data);
    } else {
        rows(page, notable.last.iter(), data);
    }
    TABLE_OF_ALL.end(page);
    put!(page, "</details>");
    if data.manifest.has(Table::Trips) {
        let file = format!("{}.{}", Table::Trips.name(), data.manifest.format.extension());
        put!(
            page,
            "<p class=\"note\">The table <a href=\"{file}\"><code>{file}</code></a> beside this page has all round trips, with their exact times and what ended them.</p>"
        );
    }
}

/// The same table, which the page's script shows in pages of 25 rows.
const TABLE_OF_ALL: CardTable<'_> = CardTable { class: "list paged", ..TABLE };

fn group<'a>(
    page: &mut PageBuilder,
    name: &str,
    trips: impl Iterator<Item = &'a AccountTrip>,
    data: &RunData,
) {
    let mut trips = trips.peekable();
    TABLE.begin_body(page, Some(name));
    if trips.peek().is_none() {
        TABLE.row(page, "none", &[]);
    }
    trips.for_each(|trip| row(page, trip, data));
    TABLE.end_body(page);
}

fn rows<'a>(page: &mut PageBuilder, trips: impl Iterator<Item = &'a AccountTrip>, data: &RunData) {
    TABLE.begin_body(page, None);
    trips.for_each(|trip| row(page, trip, data));
    TABLE.end_body(page);
}

fn row(page: &mut PageBuilder, of: &AccountTrip, data: &RunData) {
    let trip = &of.trip;
    let instrument = data.manifest.instruments.iter().find(|it| it.symbol == of.symbol);
    let quantity = instrument.map(|it| it.lot_size.to_f64()).map(|lot| lot * lots(trip.quantity.lots()));
    let multiplier = instrument.map_or(1.0, |it| it.multiplier.to_f64());
    let places =
        instrument.map(|it| it.tick_size.to_f64()).map_or(2, |tick| decimals_for(tick * 20.0).max(2));
    let price = |amount: f64| {
        number_or_dash(quantity.filter(|it| *it > 0.0).map(|quantity| amount / quantity / multiplier), places)
    };
    let class = if trip.net().to_f64() < 0.0 { "loss" } else { "gain" };
    let cells = [
        format!("<span class=\"{class}\">{}</span>", number(trip.net().to_f64(), 2)),
        percent(trip.share(), 2),
        escape(&of.symbol),
        if trip.side == Side::Buy { "long" } else { "short" }.to_owned(),
        number_or_dash(quantity, if quantity.is_some_and(|it| it.fract() != 0.0) { 4 } else { 0 }),
        price(trip.entry.to_f64()),
        price(trip.exit.to_f64()),
        duration_text(trip.exited_at.saturating_sub(trip.entered_at)),
        cents(&trip.worst.to_string()),
        cents(&trip.best.to_string()),
        cents(&trip.fees.to_string()),
    ];
    // To the day or second; the table `trips` has the exact time.
    TABLE.row(page, &moment_text(trip.entered_at, data.period), &cells);
}

#[expect(clippy::cast_precision_loss, reason = "no account holds more than 2^50 lots")]
const fn lots(count: u64) -> f64 {
    count as f64
}
