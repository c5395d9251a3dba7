//! [`StoredRun`]: a finished run, read back.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars_core::prelude::{DataFrame, PolarsResult, polars_ensure};
use thiserror::Error;

use super::csv_reader::CsvReader;
use super::format::Format;
use super::ipc::IpcReader;
use super::json_fault::json_fault;
use super::manifest::Manifest;
use super::parquet_reader::ParquetReader;
use super::schema::schema;
use super::table::Table;

/// Rows that are read at once.
const SLICE_ROWS: usize = 16 * 1024;

/// A finished run, read from its directory.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::record::{StoredRun, Table};
/// use bearpit::run::{OutputConfig, Run};
/// use bearpit::scenario::Scenario;
///
/// let out = tempfile::TempDir::new()?;
/// let end = "scenario.end=2025-03-03T09:35:00".parse()?;
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &[end])?;
/// let finished = Run::of(&scenario).output(OutputConfig::new(out.path())).run()?;
///
/// let run = StoredRun::open(finished.directory.as_deref().ok_or("it has output")?)?;
/// let trades = run.table(Table::Trades)?;
/// assert_eq!(trades.height() as u64, run.manifest().trades);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoredRun {
    directory: PathBuf,
    manifest: Manifest,
}

/// Says why a run, or a table of it, cannot be read.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is no such directory.
    #[error("{}: there is no such directory; name a run's, such as runs/quickstart/42", .0.display())]
    NoDirectory(PathBuf),
    /// There is no manifest.
    #[error("{}: there is no manifest.json: the run did not finish, or this is no run's directory", .0.display())]
    NoManifest(PathBuf),
    /// The manifest is not one.
    #[error("{}: the manifest cannot be read: {why}; run the scenario again", path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another version of the program wrote it.
    #[error(
        "{}: the run has layout {found}, but this bearpit reads layout {}: its tables have other columns; run the \
         scenario again, or read it with the bearpit that wrote it",
        path.display(), Manifest::VERSION
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The layout it has.
        found: u32,
    },
    /// The summary is not there, or is not valid.
    #[error("{}: the summary cannot be read: {why}; run the scenario again", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The scenario did not ask for a table.
    #[error(
        "{}: the table `{}` was not recorded; add it to `tables` in [record] of the scenario, and run it again",
        directory.display(), table.name()
    )]
    NotRecorded {
        /// The run.
        directory: PathBuf,
        /// What it lacks.
        table: Table,
    },
    /// A table is not there, or not whole.
    #[error("{}: the table cannot be read: {why}; run the scenario again", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl StoredRun {
    /// Opens the run in `directory`.
    ///
    /// # Errors
    /// [`OpenError`] if there is no finished run of this version.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        if !directory.is_dir() {
            return Err(OpenError::NoDirectory(directory.to_path_buf()));
        }
        let path = directory.join("manifest.json");
        let bytes = fs::read(&path).map_err(|_| OpenError::NoManifest(directory.to_path_buf()))?;
        let bad =
            |error: serde_json::Error| OpenError::BadManifest { path: path.clone(), why: json_fault(&error) };
        // The layout is checked first: another layout may have other fields.
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(bad)?;
        let layout =
            value.get("layout").and_then(serde_json::Value::as_u64).and_then(|it| u32::try_from(it).ok());
        match layout {
            Some(Manifest::VERSION) => {}
            Some(found) => return Err(OpenError::Version { path, found }),
            None => return Err(OpenError::BadManifest { path, why: "it has no `layout`".to_owned() }),
        }
        let manifest = serde_json::from_value(value).map_err(bad)?;
        Ok(Self { directory: directory.to_path_buf(), manifest })
    }

    /// Takes a run whose tables are written, but which has not been published yet.
    #[must_use]
    pub fn assemble(directory: &Path, manifest: Manifest) -> Self {
        Self { directory: directory.to_path_buf(), manifest }
    }

    /// Returns the directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Says what is wrong with the manifest.
    #[must_use]
    pub fn bad_manifest(&self, why: String) -> OpenError {
        OpenError::BadManifest { path: self.directory.join("manifest.json"), why }
    }

    /// Returns whether a table was recorded.
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        self.manifest.has(table)
    }

    /// Reads some columns of a table piece by piece, in order, and gives each piece to `visit`.
    ///
    /// # Errors
    /// [`OpenError::NotRecorded`] if there is none, [`OpenError::Table`] if the file is missing or damaged,
    /// and what `visit` returns.
    pub fn visit(
        &self,
        table: Table,
        wanted: &[&str],
        mut visit: impl FnMut(&DataFrame) -> PolarsResult<()>,
    ) -> Result<(), OpenError> {
        let mut pieces = self.pieces(table, wanted)?;
        while let Some(piece) = pieces.read_next()? {
            visit(&piece).map_err(|error| pieces.bad(error.to_string()))?;
        }
        Ok(())
    }

    /// Begins to read some columns of a table piece by piece, in order.
    ///
    /// Memory does not grow with the table: Parquet and CSV are read in slices, Arrow IPC batch by batch.
    ///
    /// # Errors
    /// [`OpenError::NotRecorded`] if there is none, [`OpenError::BadManifest`] if the manifest names no
    /// format.
    pub fn pieces(&self, table: Table, wanted: &[&str]) -> Result<Pieces<'_>, OpenError> {
        let path = self.path(table)?;
        let rows = self.rows(table).and_then(|rows| usize::try_from(rows).ok());
        let unknown = || self.damaged(table, "the manifest says nothing of its rows".to_owned());
        let rows = rows.ok_or_else(unknown)?;
        let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
        Ok(Pieces { run: self, table, path, wanted, rows, read: 0, parquet: None, csv: None, ipc: None })
    }

    /// Says that a table is damaged.
    #[must_use]
    pub fn damaged(&self, table: Table, why: String) -> OpenError {
        self.path(table).map_or_else(|error| error, |path| OpenError::Table { path, why })
    }

    fn rows(&self, table: Table) -> Option<u64> {
        self.manifest.tables.iter().find(|it| it.name == table.name()).map(|it| it.rows)
    }

    fn path(&self, table: Table) -> Result<PathBuf, OpenError> {
        if !self.has(table) {
            return Err(OpenError::NotRecorded { directory: self.directory.clone(), table });
        }
        Ok(self.directory.join(format!("{}.{}", table.name(), self.manifest.format.extension())))
    }

    /// Reads a table, whole, with the types of `docs/tables.md`.
    ///
    /// # Errors
    /// [`OpenError::NotRecorded`] if there is none, [`OpenError::Table`] if the file is missing, damaged, or
    /// has not the rows that the manifest says.
    pub fn table(&self, table: Table) -> Result<DataFrame, OpenError> {
        let bad = |path: &Path, why: String| OpenError::Table { path: path.to_path_buf(), why };
        let path = self.path(table)?;
        if self.rows(table) == Some(0) {
            // It has no file.
            return Ok(DataFrame::empty_with_schema(&schema(table, self.manifest.floats)));
        }
        let frame = match self.manifest.format {
            Format::Ipc => IpcReader::open(&path).and_then(IpcReader::read_all),
            Format::Csv => CsvReader::open(&path, table).and_then(CsvReader::read_all),
            Format::Parquet => ParquetReader::open(&path).and_then(|mut file| file.read_all()),
        };
        let frame = frame.map_err(|error| bad(&path, error.to_string()))?;
        let expected = schema(table, self.manifest.floats);
        if frame.schema().as_ref() != &expected {
            return Err(bad(&path, "its columns are not those of this version".to_owned()));
        }
        let rows = self.rows(table);
        if rows != Some(frame.height() as u64) {
            let wanted = rows.map_or_else(|| "no".to_owned(), |rows| rows.to_string());
            return Err(bad(
                &path,
                format!("it has {} rows, but the manifest says {wanted}", frame.height()),
            ));
        }
        Ok(frame)
    }
}

/// A table that is read piece by piece.
#[derive(Debug)]
pub struct Pieces<'a> {
    run: &'a StoredRun,
    table: Table,
    path: PathBuf,
    wanted: Vec<String>,
    rows: usize,
    read: usize,
    parquet: Option<ParquetReader>,
    csv: Option<CsvReader>,
    ipc: Option<IpcReader>,
}

impl Pieces<'_> {
    /// Returns the next piece; none after the last.
    ///
    /// # Errors
    /// [`OpenError::Table`] if the file is missing or damaged.
    pub fn read_next(&mut self) -> Result<Option<DataFrame>, OpenError> {
        if self.rows == 0 {
            return Ok(None);
        }
        if self.run.manifest.format != Format::Parquet {
            return self.next_in_order();
        }
        if self.read >= self.rows {
            return Ok(None);
        }
        let slice = self.read..self.read + SLICE_ROWS;
        let frame = self.slice(slice).map_err(|error| self.bad(error.to_string()))?;
        if frame.height() == 0 {
            return Err(
                self.bad(format!("it ends after {} rows, but the manifest says {}", self.read, self.rows))
            );
        }
        self.read += frame.height();
        Ok(Some(frame))
    }

    /// Reads some rows of a file that has no index of rows, and stays open; checks at its end that it has as
    /// many as the manifest says.
    fn next_in_order(&mut self) -> Result<Option<DataFrame>, OpenError> {
        let slice = match self.run.manifest.format {
            Format::Ipc => self.ipc_batch(),
            Format::Csv | Format::Parquet => self.csv_slice(),
        };
        let frame = slice.map_err(|error| self.bad(error.to_string()))?;
        let rows = frame.as_ref().map_or(0, DataFrame::height);
        self.read += rows;
        if self.read > self.rows || (rows == 0 && self.read < self.rows) {
            let (read, rows) = (self.read, self.rows);
            return Err(self.bad(format!("it has {read} rows or more, but the manifest says {rows}")));
        }
        Ok(frame)
    }

    fn csv_slice(&mut self) -> PolarsResult<Option<DataFrame>> {
        let file = match &mut self.csv {
            Some(file) => file,
            None => self.csv.insert(CsvReader::open(&self.path, self.table)?),
        };
        let Some(frame) = file.read(SLICE_ROWS)? else { return Ok(None) };
        frame.select(self.wanted.iter().map(String::as_str)).map(Some)
    }

    fn ipc_batch(&mut self) -> PolarsResult<Option<DataFrame>> {
        let file = match &mut self.ipc {
            Some(file) => file,
            None => {
                let file = IpcReader::open(&self.path)?;
                let is_known = *file.schema() == schema(self.table, self.run.manifest.floats);
                polars_ensure!(is_known, SchemaMismatch: "its columns are not those of this version");
                self.ipc.insert(file)
            }
        };
        let Some(frame) = file.read_next()? else { return Ok(None) };
        frame.select(self.wanted.iter().map(String::as_str)).map(Some)
    }

    /// Reads some rows of a Parquet file, which stays open.
    fn slice(&mut self, rows: Range<usize>) -> PolarsResult<DataFrame> {
        let file = match &mut self.parquet {
            Some(file) => file,
            None => self.parquet.insert(ParquetReader::open(&self.path)?),
        };
        file.read(&self.wanted, rows)
    }

    /// Says that the table is damaged.
    #[must_use]
    pub fn bad(&self, why: String) -> OpenError {
        OpenError::Table { path: self.path.clone(), why }
    }
}
