//! Writing files: whole or not at all, and never over somebody's work.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file beside the old one and puts it in its place, so that it is never half there.
pub(super) fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    // As readable for others as any new file, which temporary files are not.
    let mut file = tempfile::Builder::new().make_in(directory, |path| fs::File::create_new(path))?;
    file.write_all(bytes)?;
    file.persist(directory.join(name))?;
    Ok(())
}

/// Writes a file that must not be there yet, in a directory that is made if need be.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}
