//! [`Unfinished`]: the directories of runs in progress, for a program that has to end at once.

use std::collections::BTreeSet;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The directories of runs in progress; clones are the same.
///
/// A run that is asked to stop removes its own. A program that cannot wait for that removes them all, right
/// before it ends.
#[derive(Debug, Clone, Default)]
pub struct Unfinished(Arc<Mutex<BTreeSet<PathBuf>>>);

/// A directory among the [`Unfinished`], until it is dropped or published.
#[derive(Debug)]
pub(super) struct Entered {
    all: Unfinished,
    path: PathBuf,
}

impl Unfinished {
    /// Removes all of them. From then on no run publishes its result: those that try wait for ever, since the
    /// program is about to end.
    pub fn remove_all(&self) {
        let paths = self.lock();
        for path in paths.iter() {
            // Where removing fails, the name still says that it is partial.
            fs::remove_dir_all(path).ok();
            fs::remove_file(path.with_extension("lock")).ok();
            // The scenario's directory goes too if nothing else is in it.
            path.parent().map(fs::remove_dir);
        }
        mem::forget(paths);
    }

    pub(super) fn enter(&self, path: &Path) -> Entered {
        self.lock().insert(path.to_owned());
        Entered { all: self.clone(), path: path.to_owned() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entered {
    /// Publishes the directory; it cannot be removed meanwhile, nor afterwards.
    pub(super) fn publish<T>(self, publish: impl FnOnce() -> T) -> T {
        let mut paths = self.all.lock();
        let published = publish();
        paths.remove(&self.path);
        published
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.lock().remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_is_removed_and_what_is_published_stays() {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["one", "two", "three"].map(|name| directory.path().join(name));
        paths.iter().for_each(|path| fs::create_dir(path).unwrap());
        let all = Unfinished::default();
        let [one, two, three] = [0, 1, 2].map(|index: usize| all.enter(&paths[index]));
        assert_eq!(one.publish(|| 7), 7);
        drop(two);
        all.clone().remove_all();
        assert_eq!(paths.map(|path| path.exists()), [true, true, false]);
        mem::forget(three);
    }
}
