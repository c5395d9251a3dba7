//! Writing to standard output and standard error.

use std::error::Error;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::color::colors_errors;
use super::exit::Failure;
use crate::record::DirectoryError;
use crate::run::{OutputConflict, ReportFileError, chain};
use crate::scenario::Diagnostics;
use bearpit_core::units::visible;

/// Prints a line on standard output.
///
/// A reader that has closed the pipe (`| head`) is not an error.
///
/// # Errors
/// [`Failure::Run`] if standard output cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    // Names and texts of files and scripts may have characters that act on a terminal.
    print_raw(format!("{}\n", visible(text)).as_bytes())
}

/// Prints bytes on standard output as they are: what another program reads.
///
/// # Errors
/// As [`print`].
pub(super) fn print_raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            print_error(&format!("error: cannot write to standard output: {error}"));
            Err(Failure::Run)
        }
        _ => Ok(()),
    }
}

/// Prints a line on standard error; if that fails, nothing can be done.
pub(super) fn print_error(text: &str) {
    print_error_as_is(&visible(text));
}

fn print_error_as_is(text: &str) {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).ok();
}

/// Prints what is wrong with an input on standard error.
pub(super) fn print_diagnostics(diagnostics: &Diagnostics) {
    // What comes from files is escaped there; colors are escape sequences.
    print_error_as_is(diagnostics.render(colors_errors()).trim_end());
}

/// Prints an error with its causes on standard error.
pub(super) fn report_error(error: &dyn Error) {
    print_error(&format!("error: {}", chain(error)));
}

/// Prints what results would overwrite, and the flags that help.
pub(super) fn report_conflict(conflict: &OutputConflict) {
    match conflict {
        OutputConflict::Result(DirectoryError::Exists(_)) => {
            let help = "add --force to replace it, or choose another --out or --seed";
            print_error(&format!("error: {conflict}; {help}"));
        }
        OutputConflict::Page(error) => report_page_error(error),
        _ => report_error(conflict),
    }
}

/// Prints why a page cannot be written, and the flags that help.
pub(super) fn report_page_error(error: &ReportFileError) {
    match error {
        ReportFileError::PageExists(_) => {
            print_error(&format!("error: {error}; add --force to replace it, or choose another --out"));
        }
        ReportFileError::OpenSome(errors) => errors.iter().for_each(|error| report_error(error)),
        _ => report_error(error),
    }
}

/// Makes a table with these column heads; columns from index `numbers` on are aligned right.
///
/// Columns are as wide as what stands in them: a name that is wrapped can be neither read nor copied.
pub(super) fn new_table(heads: &[&str], numbers: usize) -> Table {
    const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(PLAIN);
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(heads);
    for index in numbers..heads.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
