//! Files of historical data: bytes in, typed rows out, with a description of what was found.
//!
//! A reader finds out by itself how a file is written: separator, encoding, header or none, which column is
//! what, how times are written, in which order rows stand. [`ReadOptions`] say so where it should not.
//! Whatever cannot be read is a [`Finding`] with its line; no text makes a reader panic. Damaged Parquet and
//! Arrow files are errors as far as Polars' decoders notice: a changed count within a page can make them ask
//! for more memory than there is, which ends the program.
//!
//! | part | what it does |
//! |---|---|
//! | `decode`, `dialect` | from bytes to text; separator and header |
//! | `names`, `layout` | which column is what, by header or by place |
//! | `time_format`, `stamp`, `zone` | how times are written; from there to the run's clock |
//! | `number` | how numbers are written |
//! | `text`, `frame` | rows of text; rows of Parquet and Arrow files |
//! | `rows`, `bars`, `ticks` | cells to rows: checked, in order of time |
//! | `found`, `outcome`, `finding` | what was found, and what is wrong |
//!
//! ```
//! use bearpit::data::{ReadOptions, Rows, read};
//!
//! let outcome = read(b"Date;Close;Open;Low;High\n2024-01-02;11;10;9;12\n", &ReadOptions::default());
//! let file = outcome.file.unwrap();
//! let Rows::Bars(bars) = file.rows else { panic!("no bars") };
//! assert_eq!((bars[0].open, bars[0].volume), (10.0, None));
//! ```

mod bars;
mod bounded_file;
mod decode;
mod dialect;
mod finding;
mod found;
mod frame;
mod layout;
mod names;
mod number;
mod options;
mod outcome;
mod records;
mod rows;
mod stamp;
#[cfg(test)]
mod tests;
mod text;
mod ticks;
mod time_format;
mod zone;

pub(crate) use bounded_file::{read_data_file, read_text_file};
pub use decode::{Encoding, LineEnd};
pub use finding::Finding;
pub use found::{Form, Found, TakenColumn, VolumeFound};
pub use layout::FileKind;
pub use options::{ColumnRef, NumberFormat, OnBadRow, Order, ReadOptions, Role};
pub use outcome::{DataFile, Outcome, Rows};
pub use zone::{ClockError, UnknownZone, Zone};

/// Reads a file: text with separators, Parquet, or Arrow IPC.
#[must_use]
pub fn read(bytes: &[u8], options: &ReadOptions) -> Outcome {
    match bytes {
        [b'P', b'A', b'R', b'1', ..] => frame::read_parquet(bytes, options),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => frame::read_ipc(bytes, options),
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let message = "the file is compressed; unpack it first";
            Outcome::failed(Finding::of_file(message, None))
        }
        _ => text::read(bytes, options),
    }
}
