//! Reads a finished run back with Polars: who traded how much, as maker or taker, and for what fees.
//!
//! `cargo run --release --example read_a_run -- runs/quickstart/42`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use bearpit::record::{StoredRun, Table};
use polars_core::prelude::DataType;

#[derive(Default)]
struct Trader {
    fills: u64,
    quantity: f64,
    made: f64,
    fees: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory =
        std::env::args_os().nth(1).map_or_else(|| PathBuf::from("runs/quickstart/42"), PathBuf::from);
    let run = StoredRun::open(&directory)?;
    let manifest = run.manifest();
    println!(
        "{} with seed {}, {} trades, digest {}",
        manifest.scenario, manifest.seed, manifest.trades, manifest.digest
    );

    // A table is an ordinary Polars frame; `docs/tables.md` describes its columns.
    let bars = run.table(Table::Bars)?;
    println!("{}", bars.head(Some(5)));

    // Columns come typed; money is an exact decimal, here cast to a number.
    let fills = run.table(Table::Fills)?;
    let owners = fills.column("owner")?.str()?;
    let roles = fills.column("liquidity")?.str()?;
    let quantities = fills.column("quantity")?.f64()?;
    let fees = fills.column("fee")?.cast(&DataType::Float64)?;
    let fees = fees.f64()?;
    let mut traders: BTreeMap<&str, Trader> = BTreeMap::new();
    for (((owner, role), quantity), fee) in
        owners.iter().zip(roles.iter()).zip(quantities.iter()).zip(fees.iter())
    {
        let (Some(owner), Some(quantity)) = (owner, quantity) else { continue };
        let trader = traders.entry(owner).or_default();
        trader.fills += 1;
        trader.quantity += quantity;
        trader.made += if role == Some("maker") { quantity } else { 0.0 };
        trader.fees += fee.unwrap_or(0.0);
    }
    let mut busiest: Vec<(&str, Trader)> = traders.into_iter().collect();
    busiest.sort_by(|a, b| b.1.quantity.total_cmp(&a.1.quantity));
    println!("{:<18} {:>8} {:>12} {:>9} {:>10}", "the busiest", "fills", "quantity", "as maker", "fees");
    for (owner, trader) in busiest.iter().take(8) {
        let share = 100.0 * trader.made / trader.quantity;
        println!(
            "{owner:<18} {:>8} {:>12.0} {share:>8.0}% {:>10.2}",
            trader.fills, trader.quantity, trader.fees
        );
    }
    Ok(())
}
