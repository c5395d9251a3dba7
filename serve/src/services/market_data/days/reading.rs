//! [`ReplayChunks`]: parts of replays, read piece by piece.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bearpit_core::units::SimTime;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Where the minutes of a replay begin in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// In order.
    pub(super) minutes: Vec<Minute>,
    /// How long the file is.
    pub(super) end: u64,
}

/// A minute of a replay, which begins with the whole book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Minute {
    pub(super) begins: SimTime,
    pub(super) offset: u64,
}

impl Index {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory fails for lengths that are not known only, and all are.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Returns where the lines are that show the market from `from` to `to`.
    fn range(&self, from: Option<SimTime>, to: Option<SimTime>) -> Range<u64> {
        let offset = |place: usize| self.minutes.get(place).map_or(self.end, |minute| minute.offset);
        let first = from.map_or(0, |from| self.minutes.partition_point(|it| it.begins <= from).max(1) - 1);
        let last = to.map_or(self.minutes.len(), |to| self.minutes.partition_point(|it| it.begins < to));
        offset(first)..offset(last.max(first))
    }
}

/// Returns the name of a listing's file. Symbols may have letters that names of files may not.
pub(super) fn data_file((symbol, venue): (&str, &str)) -> String {
    let digest = blake3::hash(format!("{symbol}@{venue}").as_bytes());
    format!("{}.ndjson", &digest.to_hex()[..24])
}

/// Returns the name of the file of where its minutes begin.
pub(super) fn index_file(listing: (&str, &str)) -> String {
    data_file(listing).replace(".ndjson", ".index")
}

/// A part of a replay: lines of JSON, a piece at a time.
#[derive(Debug, Default)]
pub struct ReplayChunks {
    parts: VecDeque<Part>,
}

#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    range: Range<u64>,
    file: Option<File>,
}

/// How much is read at a time.
const CHUNK: u64 = 1 << 16;

impl ReplayChunks {
    pub(super) fn extend(&mut self, part: Option<Part>) {
        self.parts.extend(part);
    }

    /// Returns the next piece, of 64 kB at most; absent at the end. It reads a file, so it blocks.
    ///
    /// # Errors
    /// What the system says if the file cannot be read.
    pub fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(part) = self.parts.front_mut() {
            if let Some(chunk) = part.next_chunk()? {
                return Ok(Some(chunk));
            }
            self.parts.pop_front();
        }
        Ok(None)
    }
}

impl Part {
    fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = File::open(&self.path)?;
                file.seek(SeekFrom::Start(self.range.start))?;
                self.file.insert(file)
            }
        };
        let length = (self.range.end - self.range.start).min(CHUNK);
        let mut chunk = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact(&mut chunk)?;
        self.range.start += length;
        Ok(Some(chunk.into()))
    }
}

/// Returns a part of a listing's replay; none if the listing was not there.
pub(super) fn part(
    directory: &Path,
    (symbol, venue): &(String, String),
    from: Option<SimTime>,
    to: Option<SimTime>,
) -> io::Result<Option<Part>> {
    let listing = (symbol.as_str(), venue.as_str());
    let index = match fs::read(directory.join(index_file(listing))) {
        Ok(bytes) => postcard::from_bytes::<Index>(&bytes).map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let range = index.range(from, to);
    Ok(Some(Part { path: directory.join(data_file(listing)), range, file: None }))
}
