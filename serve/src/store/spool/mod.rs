//! The [`Spool`]: a queue on disk between the market and the database.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands before a payload: its length and checksum.
const OVERHEAD: usize = 12;
/// The most bytes of a payload: more is taken for damage.
const PAYLOAD_MAX: usize = 1 << 26;
/// Names the layout of frames and of what is in them: one of another layout is taken for damage.
const LAYOUT: &str = "bearpit spool 2";
/// What the names of its files end with; before it stands their number.
const EXTENSION: &str = "spool";

/// How large a spool may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolSize {
    /// The most bytes of all files together.
    pub bytes_max: u64,
    /// When the next file is begun: files are deleted as a whole.
    pub file_bytes: u64,
}

impl Default for SpoolSize {
    /// 256 MiB, in files of 8 MiB.
    fn default() -> Self {
        Self { bytes_max: 256 << 20, file_bytes: 8 << 20 }
    }
}

/// Payloads in order, on disk but never synced: what a crash takes is rebuilt from the journal.
///
/// Each frame has a checksum. What is torn or damaged is left away, from there to the end of its file, so
/// whoever reads must look whether what comes follows what was.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    size: SpoolSize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The files, the oldest first; the last is written to.
    files: VecDeque<SpoolFile>,
    /// Opened for appending, if it is.
    writer: Option<File>,
    /// Opened for reading, with its number.
    reader: Option<(u64, File)>,
    /// Which file is read from, and where.
    place: ReadPlace,
}

#[derive(Debug, Clone, Copy, Default)]
struct ReadPlace {
    /// The number of the file.
    file: u64,
    /// How many of its bytes were read.
    at: u64,
}

#[derive(Debug, Clone, Copy)]
struct SpoolFile {
    number: u64,
    bytes: u64,
}

impl Spool {
    /// Opens the spool of a directory, which is made if it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: &Path, size: SpoolSize) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            let is_ours = path.extension().is_some_and(|it| it == EXTENSION);
            if let Some(number) = number.filter(|_| is_ours) {
                files.push(SpoolFile { number, bytes: fs::metadata(&path)?.len() });
            }
        }
        files.sort_unstable_by_key(|file| file.number);
        // The last one may be torn, so nothing is appended to it.
        let next = files.last().map_or(1, |file| file.number + 1);
        files.push(SpoolFile { number: next, bytes: 0 });
        let place = ReadPlace { file: files[0].number, at: 0 };
        let inner = Inner { files: files.into(), writer: None, reader: None, place };
        Ok(Self { directory: directory.to_owned(), size, inner: Mutex::new(inner) })
    }

    /// Appends a payload; returns whether there was room for it.
    ///
    /// # Errors
    /// What the system says; the payload may be lost then, and what follows goes to another file.
    pub fn append(&self, payload: &[u8]) -> io::Result<bool> {
        let mut inner = self.lock();
        let bytes = (OVERHEAD + payload.len()) as u64;
        if payload.len() > PAYLOAD_MAX || inner.bytes() + bytes > self.size.bytes_max {
            return Ok(false);
        }
        if inner.files.back().is_none_or(|file| file.bytes >= self.size.file_bytes) {
            inner.begin_file();
        }
        let written = self.write(&mut inner, payload);
        if written.is_err() {
            // Part of it may be there.
            inner.begin_file();
        }
        written.map(|()| true)
    }

    fn write(&self, inner: &mut Inner, payload: &[u8]) -> io::Result<()> {
        let Some(last) = inner.files.back_mut() else { return Ok(()) };
        let path = self.directory.join(format!("{:08}.{EXTENSION}", last.number));
        let writer = match &mut inner.writer {
            Some(writer) => writer,
            None => inner.writer.insert(OpenOptions::new().create(true).append(true).open(path)?),
        };
        let mut frame = Vec::with_capacity(OVERHEAD + payload.len());
        frame.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend_from_slice(&checksum(payload));
        frame.extend_from_slice(payload);
        writer.write_all(&frame)?;
        last.bytes += frame.len() as u64;
        Ok(())
    }

    /// Reads the next payload, if there is one. What is damaged is left away.
    ///
    /// # Errors
    /// What the system says.
    pub fn next(&self) -> io::Result<Option<Vec<u8>>> {
        let mut inner = self.lock();
        loop {
            let place = inner.place;
            let file = inner.files.iter().find(|file| file.number == place.file).copied();
            if let Some(file) = file
                && place.at < file.bytes
            {
                if let Some(payload) = self.read(&mut inner, file)? {
                    return Ok(Some(payload));
                }
                // Torn or damaged: nothing behind it can be found.
                inner.place.at = file.bytes;
                continue;
            }
            let Some(next) = inner.files.iter().find(|file| file.number > place.file) else {
                return Ok(None);
            };
            inner.place = ReadPlace { file: next.number, at: 0 };
        }
    }

    fn read(&self, inner: &mut Inner, file: SpoolFile) -> io::Result<Option<Vec<u8>>> {
        let place = inner.place;
        let reader = match &mut inner.reader {
            Some((number, reader)) if *number == file.number => reader,
            other => {
                let path = self.directory.join(format!("{:08}.{EXTENSION}", file.number));
                &mut other.insert((file.number, File::open(path)?)).1
            }
        };
        let left = file.bytes - place.at;
        let mut head = [0; OVERHEAD];
        reader.seek(SeekFrom::Start(place.at))?;
        if left < OVERHEAD as u64 {
            return Ok(None);
        }
        reader.read_exact(&mut head)?;
        let [a, b, c, d, sum @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        if u64::from(length) > left - OVERHEAD as u64 || length as usize > PAYLOAD_MAX {
            return Ok(None);
        }
        let mut payload = vec![0; length as usize];
        reader.read_exact(&mut payload)?;
        inner.place.at += (OVERHEAD + payload.len()) as u64;
        Ok(Some(payload).filter(|payload| checksum(payload) == sum))
    }

    /// Deletes the files all of whose payloads have been read: they are not needed again.
    ///
    /// # Errors
    /// What the system says; the files are left then.
    pub fn forget_read(&self) -> io::Result<()> {
        let mut inner = self.lock();
        while let Some(first) = inner.files.front().copied() {
            let place = inner.place;
            let is_read =
                first.number < place.file || (first.number == place.file && place.at >= first.bytes);
            if !is_read || first.bytes == 0 && inner.files.len() == 1 {
                break;
            }
            if inner.files.len() == 1 {
                inner.begin_file();
            }
            inner.files.pop_front();
            inner.reader = inner.reader.take().filter(|(number, _)| *number != first.number);
            match fs::remove_file(self.directory.join(format!("{:08}.{EXTENSION}", first.number))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns how many bytes its files have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lock().bytes()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked in between has left a place and files that are there.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn begin_file(&mut self) {
        let number = self.files.back().map_or(1, |file| file.number + 1);
        self.files.push_back(SpoolFile { number, bytes: 0 });
        self.writer = None;
    }
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::derive_key(LAYOUT, payload)[..8]);
    sum
}
