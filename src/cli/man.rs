//! `bearpit man`: writes manual pages.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap::builder::{Resettable, StyledStr};
use clap_mangen::Man;

use super::args::{EXIT_CODES, ManArguments, command};
use super::console::{print, print_error, print_raw};
use super::exit::Failure;
use crate::run::write_atomically;

/// Prints the page of `bearpit`, or writes a page for each command into a directory.
///
/// # Errors
/// [`Failure::Run`] if a page cannot be written.
pub(super) fn run(arguments: &ManArguments) -> Result<(), Failure> {
    let mut all = command();
    all.build();
    let Some(directory) = &arguments.out else {
        return page(&all)
            .map_err(|error| failed("standard output", &error))
            .and_then(|page| print_raw(&page));
    };
    let written = fs::create_dir_all(directory).and_then(|()| write_pages(&all, directory));
    let pages = written.map_err(|error| failed(&directory.display().to_string(), &error))?;
    print(&format!(
        "wrote {pages} pages into {}; `man -l {}` shows one",
        directory.display(),
        directory.join("bearpit.1").display()
    ))
}

fn failed(what: &str, error: &io::Error) -> Failure {
    print_error(&format!("error: {what}: cannot be written: {error}"));
    Failure::Run
}

/// Returns the manual page of one command.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    // What help ends with would be one paragraph here.
    let command = command.clone().after_long_help(Resettable::<StyledStr>::Reset);
    // Pages do not depend on the day on which they are made.
    Man::new(command).date("").manual("Bearpit").render(&mut page)?;
    page.extend_from_slice(b".SH \"EXIT STATUS\"\n");
    for (code, meaning) in EXIT_CODES {
        page.extend_from_slice(format!(".TP\n\\fB{code}\\fR\n{meaning}\n").as_bytes());
    }
    Ok(page)
}

/// Writes the pages of a command and of all below it; returns how many.
fn write_pages(command: &Command, directory: &Path) -> io::Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    write_atomically(directory, &format!("{name}.1"), &page(command)?)?;
    let below = command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help");
    below.map(|it| write_pages(it, directory)).try_fold(1, |sum, pages| Ok(sum + pages?))
}
