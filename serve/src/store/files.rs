//! Files that are whole or not there, for the eyes of the server's user only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file in place of the one before: whoever reads meanwhile, also after a crash, has one or the
/// other, whole. Of what is written to one path, one write goes after the other.
///
/// # Errors
/// That the disk refuses; the file is the one before then, and a part of the new one may lie beside it, which
/// the next write replaces.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Writes a file that is not there yet, with its directory: it appears as a whole.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is one, which stays; or that the disk refuses.
pub fn put_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let unnamed = path.with_extension(format!("{}.new", std::process::id()));
    let file = private(OpenOptions::new().write(true).create_new(true)).open(&unnamed);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(&unnamed, path)
    });
    fs::remove_file(&unnamed).ok();
    written
}

/// Returns when the names in a directory are on disk; some systems have no such call, and need none.
///
/// # Errors
/// That the disk refuses.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
