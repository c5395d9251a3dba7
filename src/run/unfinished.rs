//! [`Unfinished`]: the directories of runs in progress, for a program that has to end at once.

use std::collections::BTreeSet;
use std::fs;
use std::mem;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::record::{DirectoryError, Manifest, RunDir};

/// How often a directory is removed in which a run makes files meanwhile.
const ATTEMPTS: u32 = 10;

/// The directories of runs in progress; clones are the same.
///
/// A run that is asked to stop removes its own. A program that cannot wait for that removes them all, right
/// before it ends.
#[derive(Debug, Clone, Default)]
pub struct Unfinished(Arc<Mutex<BTreeSet<PathBuf>>>);

/// The directory of a run that is among the [`Unfinished`] from before it exists until after it is removed or
/// published.
#[derive(Debug)]
pub(super) struct UnfinishedDir {
    all: Unfinished,
    directory: RunDir,
}

impl Unfinished {
    /// Removes all of them. From then on no run makes, removes or publishes a directory: those that try wait
    /// for ever, since the program is about to end.
    pub fn remove_all(&self) {
        let paths = self.lock();
        for path in paths.iter() {
            // Where removing fails, the name still says that it is partial.
            (0..ATTEMPTS).find(|_| fs::remove_dir_all(path).is_ok() || !path.exists());
            fs::remove_file(path.with_extension("lock")).ok();
            // The scenario's directory goes too if nothing else is in it.
            path.parent().map(fs::remove_dir);
        }
        mem::forget(paths);
    }

    /// Makes a directory that is among them.
    ///
    /// # Errors
    /// Those of what makes it.
    pub(super) fn make(
        &self,
        make: impl FnOnce() -> Result<RunDir, DirectoryError>,
    ) -> Result<UnfinishedDir, DirectoryError> {
        let mut paths = self.lock();
        let directory = make()?;
        paths.insert(directory.path().to_owned());
        Ok(UnfinishedDir { all: self.clone(), directory })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnfinishedDir {
    /// Publishes it, as [`RunDir::publish`] does; it cannot be removed meanwhile, nor afterwards.
    ///
    /// # Errors
    /// Those of [`RunDir::publish`].
    pub(super) fn publish(mut self, manifest: &Manifest) -> Result<PathBuf, DirectoryError> {
        let mut paths = self.all.lock();
        let published = self.directory.publish(manifest)?;
        paths.remove(self.directory.path());
        Ok(published)
    }
}

impl Deref for UnfinishedDir {
    type Target = RunDir;

    fn deref(&self) -> &RunDir {
        &self.directory
    }
}

impl Drop for UnfinishedDir {
    fn drop(&mut self) {
        // Removed before the others hear of it, so that a program that ends meanwhile leaves nothing.
        let mut paths = self.all.lock();
        self.directory.remove();
        paths.remove(self.directory.path());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread;

    use bearpit_core::units::Seed;

    use super::*;

    fn make(all: &Unfinished, out: &Path, scenario: &str) -> UnfinishedDir {
        all.make(|| RunDir::create(out, scenario, Seed::new(1), false)).unwrap()
    }

    #[test]
    fn what_is_unfinished_is_removed_with_all_that_was_made_for_it() {
        let out = tempfile::tempdir().unwrap();
        let all = Unfinished::default();
        let [one, two] = ["one", "two"].map(|name| make(&all, out.path(), name));
        drop(one);
        assert!(!out.path().join("one").exists());
        all.clone().remove_all();
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
        mem::forget(two);
    }

    #[test]
    fn a_directory_that_its_run_is_removing_is_not_left_half_removed() {
        for _ in 0..20 {
            let out = tempfile::tempdir().unwrap();
            let all = Unfinished::default();
            let directory = make(&all, out.path(), "one");
            (0..50).for_each(|file| directory.write(&file.to_string(), b"rows").unwrap());
            // The thread waits for ever if it comes second, as it would in a program that ends.
            thread::spawn(move || drop(directory));
            all.remove_all();
            assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
        }
    }
}
