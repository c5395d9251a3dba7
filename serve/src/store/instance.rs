//! The name of a data directory among all that share a database.

use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;
use uuid::Uuid;

use super::files;

/// The file in the data directory.
const NAME: &str = "instance";

/// The data directory has no name.
#[derive(Debug, Error)]
pub enum InstanceError {
    /// The file of the name cannot be read or made.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file has something else.
    #[error("{} has no UUID: if it is deleted, a new one is drawn", .0.display())]
    Unreadable(PathBuf),
}

/// Returns the name of a data directory, which is drawn at the first start.
///
/// One process at a time has the directory, so what was taken under its name is nobody else's, also after a
/// crash.
///
/// # Errors
/// [`InstanceError`].
pub fn instance_of(data: &Path) -> Result<Uuid, InstanceError> {
    let path = data.join(NAME);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("{}\n", Uuid::new_v4());
            files::put_new(&path, text.as_bytes()).map(|()| text)
        }
        read => read,
    };
    let text = text.map_err(|error| InstanceError::Io { path: path.clone(), error })?;
    text.trim().parse().map_err(|_| InstanceError::Unreadable(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_drawn_once_and_what_is_none_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("deep");
        let name = instance_of(&data).unwrap();
        assert_eq!(instance_of(&data).unwrap(), name);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(instance_of(other.path()).unwrap(), name);
        fs::write(data.join(NAME), "x").unwrap();
        assert!(matches!(instance_of(&data), Err(InstanceError::Unreadable(_))));
    }
}
