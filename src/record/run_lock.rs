//! [`RunLock`]: one process at a time writes the result of a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A file that is locked as long as a run writes its result, and that names the process that does.
///
/// The lock is the system's: it ends with its process however that ends, so that a file that was left behind
/// locks nothing.
#[derive(Debug)]
pub(super) struct RunLock {
    path: PathBuf,
    /// Locked; `None` where the file system has no locks.
    _file: Option<File>,
}

/// Why a lock was not taken.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another run has it; the text names that, such as `process 4711`.
    Held(String),
    /// The system refused something.
    Io(io::Error),
}

impl RunLock {
    /// Takes the lock of a path, without waiting.
    pub(super) fn take(path: &Path) -> Result<Self, NotLocked> {
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(NotLocked::Io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(NotLocked::Held(holder(&mut file))),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { path: path.to_owned(), _file: None });
                }
                Err(TryLockError::Error(error)) => return Err(NotLocked::Io(error)),
            }
            // Between opening and locking, the holder before may have removed the file: then the lock is one
            // of nothing, and the next comer would make a file of its own.
            if !is_at(&file, path) {
                continue;
            }
            let named = file.set_len(0).and_then(|()| write!(file, "process {}", std::process::id()));
            named.map_err(NotLocked::Io)?;
            return Ok(Self { path: path.to_owned(), _file: Some(file) });
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // While it is still locked. A file that stays behind locks nothing.
        fs::remove_file(&self.path).ok();
    }
}

/// Returns whoever holds a locked file, as it has written.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Some systems do not let others read a locked file.
    match file.take(64).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}

/// Returns whether an open file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |it: fs::Metadata| (it.dev(), it.ino());
    let (open, named) = (file.metadata().map(place), fs::metadata(path).map(place));
    open.is_ok_and(|open| named.is_ok_and(|named| open == named))
}

/// Returns whether an open file is the one that has this name now.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.lock");
        let lock = RunLock::take(&path).unwrap();
        let Err(NotLocked::Held(holder)) = RunLock::take(&path) else { panic!("taken twice") };
        assert_eq!(holder, format!("process {}", std::process::id()));
        drop(lock);
        assert!(!path.exists());
        // What a process that was killed left behind locks nothing.
        fs::write(&path, "process 1").unwrap();
        drop(RunLock::take(&path).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn of_many_that_come_at_once_one_has_the_lock_at_any_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.lock");
        let (holders, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    // As often as it takes: how often somebody else has it is a matter of the machine.
                    for _ in 0..25 {
                        let lock = loop {
                            match RunLock::take(&path) {
                                Ok(lock) => break lock,
                                Err(_) => std::thread::yield_now(),
                            }
                        };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 200);
    }
}
