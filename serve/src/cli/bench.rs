//! `bearpit-serve bench`: how many requests a second this machine and disk take.

use std::fs;
use std::time::Duration;

use super::arguments::BenchArguments;
use super::console::{chain, print, print_error};
use super::exit::Failure;
use crate::load::durable;

/// Measures, and prints it.
///
/// # Errors
/// [`Failure::Run`] if the directory cannot be used.
pub(super) fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let BenchArguments { data, requests, sync_extra } = arguments;
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
