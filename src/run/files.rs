//! Writing files completely or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file under a temporary name and renames it, so that it is never incomplete; an existing file of
/// the name is replaced.
///
/// # Errors
/// What the system reports.
pub fn write_atomically(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    // Created with the usual permissions of a new file, which temporary files do not have.
    let mut file = tempfile::Builder::new().make_in(directory, |path| fs::File::create_new(path))?;
    file.write_all(bytes)?;
    file.persist(directory.join(name))?;
    Ok(())
}
