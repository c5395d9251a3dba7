//! [`RunDir`]: the directory of a run, which looks complete only when it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::manifest::Manifest;
use super::run_lock::{NotLocked, RunLock};
use bearpit_core::units::Seed;

/// The directory of a run in progress: `<out>/<scenario>/<seed>.partial`.
///
/// Dropped without being published, it is removed. As long as it exists, no other process can have the same:
/// `<seed>.lock` beside it is locked.
#[derive(Debug)]
pub struct RunDir {
    partial: PathBuf,
    target: PathBuf,
    /// `None` when it has been published or removed.
    lock: Option<RunLock>,
}

/// Says why a run has no directory to write to.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// A result exists, and may not be replaced.
    #[error("{}: a result already exists", .0.display())]
    Exists(PathBuf),
    /// Another run is writing its result there.
    #[error("{}: {holder} is writing a result there", path.display())]
    Locked {
        /// Where the result would be.
        path: PathBuf,
        /// Who is, such as `process 4711`.
        holder: String,
    },
    /// The system refused something.
    #[error("{}: {doing}: {cause}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}

impl RunDir {
    /// Checks that a run may write its result; writes nothing.
    ///
    /// # Errors
    /// [`DirectoryError::Exists`] if there is one and `force` is not given.
    pub fn check_free(out: &Path, scenario: &str, seed: Seed, force: bool) -> Result<(), DirectoryError> {
        let target = out.join(scenario).join(seed.to_string());
        if target.exists() && !force { Err(DirectoryError::Exists(target)) } else { Ok(()) }
    }

    /// Makes the directory of a run; what an earlier run left unfinished is removed.
    ///
    /// # Errors
    /// [`DirectoryError`] if there is a result and `force` is not given, another run is writing there, or the
    /// system refuses.
    pub fn create(out: &Path, scenario: &str, seed: Seed, force: bool) -> Result<Self, DirectoryError> {
        Self::check_free(out, scenario, seed, force)?;
        let parent = out.join(scenario);
        let partial = parent.join(format!("{seed}.partial"));
        let target = parent.join(seed.to_string());
        done(fs::create_dir_all(&parent), &parent, "making the directory")?;
        let lock = lock(&parent.join(format!("{seed}.lock")), &target)?;
        // From here on, an error removes what was made.
        let directory = Self { partial, target, lock: Some(lock) };
        directory.tidy()?;
        Self::check_free(out, scenario, seed, force)?;
        done(fs::create_dir_all(&directory.partial), &directory.partial, "making the directory")?;
        Ok(directory)
    }

    /// Removes what runs left that were killed, and gives a result its name back that one had moved aside.
    fn tidy(&self) -> Result<(), DirectoryError> {
        let (partial, old) = (&self.partial, self.target.with_extension("replaced"));
        if partial.exists() {
            done(fs::remove_dir_all(partial), partial, "removing what an earlier run left")?;
        }
        if old.exists() && !self.target.exists() {
            done(fs::rename(&old, &self.target), &old, "giving the old result its name back")?;
        }
        Ok(())
    }

    /// Returns where files are to be written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`DirectoryError::Io`] if the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DirectoryError> {
        let path = self.partial.join(name);
        done(fs::write(&path, bytes), &path, "writing")
    }

    /// Writes the manifest, gives the directory its name, and returns it; an old result is removed only
    /// when the new one stands in its place.
    ///
    /// # Errors
    /// [`DirectoryError::Io`] if the system refuses, or the manifest is not valid.
    pub fn publish(&mut self, manifest: &Manifest) -> Result<PathBuf, DirectoryError> {
        let path = self.partial.join("manifest.json");
        let bytes = serde_json::to_vec_pretty(manifest).map_err(io::Error::other);
        let bytes = bytes.map_err(|cause| DirectoryError::Io { path, doing: "writing", cause })?;
        self.write("manifest.json", &bytes)?;
        let old = self.target.with_extension("replaced");
        let replaces = self.target.exists();
        if replaces {
            if old.exists() {
                done(fs::remove_dir_all(&old), &old, "removing what an earlier run left")?;
            }
            done(fs::rename(&self.target, &old), &self.target, "moving the old result aside")?;
        }
        done(fs::rename(&self.partial, &self.target), &self.target, "giving the result its name")?;
        let _held = self.lock.take();
        if replaces {
            done(fs::remove_dir_all(&old), &old, "removing the old result")?;
        }
        Ok(self.target.clone())
    }

    /// Removes it, unless it has been published.
    pub fn remove(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        // Where removing fails, the name still says that it is partial.
        fs::remove_dir_all(&self.partial).ok();
        drop(lock);
        // The scenario's directory goes too if nothing else is in it.
        self.partial.parent().map(fs::remove_dir);
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        self.remove();
    }
}

fn lock(path: &Path, target: &Path) -> Result<RunLock, DirectoryError> {
    RunLock::take(path).map_err(|error| match error {
        NotLocked::Held(holder) => DirectoryError::Locked { path: target.to_path_buf(), holder },
        NotLocked::Io(cause) => DirectoryError::Io { path: path.to_path_buf(), doing: "locking", cause },
    })
}

fn done(result: io::Result<()>, path: &Path, doing: &'static str) -> Result<(), DirectoryError> {
    result.map_err(|cause| DirectoryError::Io { path: path.to_path_buf(), doing, cause })
}
