//! `bearpit-serve bench`: how much this machine and disk take.

use std::fs;
use std::time::Duration;

use super::arguments::{BenchArguments, BenchWhat};
use super::console::{chain, print, print_error};
use super::exit::Failure;
use crate::load::{BenchConfig, BenchError, Cores, Line, books, durable, fan_out, logins, orders};

/// Measures, and prints it.
///
/// # Errors
/// [`Failure::Run`] if the directory cannot be used, or a server does not do what it is asked.
pub(super) fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let what = if arguments.what.is_empty() { &[BenchWhat::Market][..] } else { &arguments.what };
    let config =
        if what.iter().any(|what| *what != BenchWhat::Market) { Some(config(arguments)?) } else { None };
    for what in what {
        match &config {
            Some(config) if *what != BenchWhat::Market => server(config, *what)?,
            _ => market(arguments)?,
        }
    }
    Ok(())
}

/// Measures the market without a server.
fn market(arguments: &BenchArguments) -> Result<(), Failure> {
    let BenchArguments { data, requests, sync_extra, .. } = arguments;
    let directory = data.join(format!("bench-{}", std::process::id()));
    let failed = |error: &dyn std::error::Error| {
        print_error(&format!("error: {}: {}", directory.display(), chain(error)));
        Failure::Run
    };
    fs::create_dir_all(data).and_then(|()| fs::create_dir(&directory)).map_err(|error| failed(&error))?;
    let measured = durable(&directory, *requests as usize, Duration::from_millis(*sync_extra));
    let removed = fs::remove_dir_all(&directory);
    let load = measured.map_err(|error| failed(&error))?;
    removed.map_err(|error| failed(&error))?;
    print(&format!(
        "{:.0} requests/s, each on disk before its answer; {} syncs of {:.3} ms, {:.0} requests each",
        f64::from(*requests) / load.took.as_secs_f64(),
        load.syncs,
        load.sync.as_secs_f64() * 1e3,
        f64::from(*requests) / f64::from(u32::try_from(load.syncs).unwrap_or(u32::MAX).max(1)),
    ))
}

/// Says where server and load run.
fn config(arguments: &BenchArguments) -> Result<BenchConfig, Failure> {
    let program = std::env::current_exe().map_err(|error| failed(&error.into()))?;
    let BenchArguments { data, seconds, rate, crowd, .. } = arguments;
    let cores = Cores::find();
    print(match cores {
        Some(_) => "the server has one processor, what loads it another",
        None => "server and load share their processors: there is one only, or no `taskset`",
    })?;
    Ok(BenchConfig { program, data: data.clone(), seconds: *seconds, rate: *rate, crowd: *crowd, cores })
}

/// Measures a server process.
fn server(config: &BenchConfig, what: BenchWhat) -> Result<(), Failure> {
    let mut printed = Ok(());
    let mut say = |line: &Line| {
        if printed.is_ok() {
            printed = print(&line.to_string());
        }
    };
    let measured = match what {
        BenchWhat::Market => Ok(()),
        BenchWhat::Orders => orders(config, &mut say),
        BenchWhat::Books => books(config, &mut say),
        BenchWhat::FanOut => fan_out(config, &mut say),
        BenchWhat::Logins => logins(config, &mut say),
    };
    measured.map_err(|error| failed(&error))?;
    printed
}

fn failed(error: &BenchError) -> Failure {
    print_error(&format!("error: {}", chain(error)));
    Failure::Run
}
