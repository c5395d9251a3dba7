//! Writing to the terminal: quietly when nobody reads any more.

use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::Failure;

/// No table on the terminal is wider: so many letters.
const WIDTH: u16 = 100;

/// Prints text and a line end on standard output.
///
/// A reader that has gone away (`| head`) is no error: the work is done, only nobody wants to hear.
///
/// # Errors
/// [`Failure::Run`] if standard output cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written =
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("error: cannot write to standard output: {error}"));
            Err(Failure::Run)
        }
        _ => Ok(()),
    }
}

/// Prints text and a line end on standard error; where that fails there is nobody to tell.
pub(super) fn complain(text: &str) {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).ok();
}

/// Tells whether errors may be coloured: on a terminal, unless `NO_COLOR` is set.
pub(super) fn colors_errors() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Makes a table with these heads, of which those from `numbers` on stand over numbers, which are aligned right.
pub(super) fn new_table(heads: &[&str], numbers: usize) -> Table {
    const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(PLAIN);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH).set_header(heads);
    for index in numbers..heads.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
