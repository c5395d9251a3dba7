//! [`MailDirectory`]: mails as files, for those who have nothing that sends them.

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};

use super::{Letter, MailError, Mailer, Sending};
use crate::store::files;

/// Writes each mail to a file, `NAME.eml`, for its user's eyes only: with the directory's other files in the
/// order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailDirectory {
    path: PathBuf,
}

impl MailDirectory {
    /// Makes one; the directory is made with the first mail.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Mailer for MailDirectory {
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a> {
        let (path, name) = (self.path.clone(), letter.name.clone());
        Box::pin(async move {
            let bytes = letter.message()?.formatted();
            let shown = path.display().to_string();
            let failed = |why: &dyn std::fmt::Display| MailError::passing(format!("{shown}: {why}"));
            let written = tokio::task::spawn_blocking(move || write(&path, &name, &bytes));
            written.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
        })
    }
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make(directory)?;
    files::put(&directory.join(format!("{name}.eml")), bytes)
}

#[cfg(unix)]
fn make(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(directory)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_mail_is_a_file_that_nobody_else_reads() {
        let place = tempfile::tempdir().unwrap();
        let directory = MailDirectory::new(place.path().join("a/mails"));
        let mail = Letter::to_anne("123456\n");
        // Twice: the one who sends it may have ended before that was noted.
        for _ in 0..2 {
            directory.send(&mail).await.unwrap();
        }
        let files: Vec<_> = fs::read_dir(place.path().join("a/mails")).unwrap().collect();
        assert_eq!(files.len(), 1);
        let path = place.path().join("a/mails/one.eml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("To: anne@example.org\r\n") && text.ends_with("\r\n\r\n123456\r\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_written_is_said_without_the_mail() {
        let place = tempfile::tempdir().unwrap();
        let taken = place.path().join("file");
        fs::write(&taken, "").unwrap();
        let failed = MailDirectory::new(taken.clone()).send(&Letter::to_anne("123456")).await.unwrap_err();
        assert!(failed.message.starts_with(&taken.display().to_string()) && !failed.is_final, "{failed}");
        assert!(!failed.message.contains("123456") && !failed.message.contains("anne"), "{failed}");
    }
}
