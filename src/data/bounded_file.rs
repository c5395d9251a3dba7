//! Reading files that may have no end, such as `/dev/zero` or a pipe.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most bytes of a scenario, a script or a file of parameters.
const TEXT_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of data that does not come from a regular file: how much there will be, nobody knows.
const STREAM_BYTES_MAX: u64 = 256 << 20;

/// Reads a file of text that people write.
///
/// # Errors
/// What the system reports, or that the file has more than 64 MiB.
pub(crate) fn read_text_file(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(File::open(path)?, TEXT_BYTES_MAX)
}

/// Reads a file of data: all of a regular file, and of others what comes.
///
/// # Errors
/// What the system reports, or that a file that is not regular has more than 256 MiB.
pub(crate) fn read_data_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let most = if file.metadata()?.is_file() { u64::MAX } else { STREAM_BYTES_MAX };
    read_up_to(file, most)
}

fn read_up_to(file: File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    if length > most {
        return Err(too_long(most));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long(most)) } else { Ok(bytes) }
}

fn too_long(most: u64) -> io::Error {
    io::Error::other(format!("it has more than {} MiB", most >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_a_bound() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("a");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_up_to(File::open(&path).unwrap(), 5).unwrap(), b"12345");
        assert_eq!(
            read_up_to(File::open(&path).unwrap(), 4).unwrap_err().to_string(),
            "it has more than 0 MiB"
        );
        assert_eq!(read_data_file(&path).unwrap(), b"12345");
        assert!(read_text_file(directory.path()).is_err() && read_data_file(directory.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_an_error() {
        let error = read_text_file(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 64 MiB");
        assert_eq!(read_data_file(Path::new("/dev/null")).unwrap(), b"");
    }
}
