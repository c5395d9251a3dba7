//! Mails: the [`Postman`], who takes what was written to the outbox and hands it to a [`Mailer`].
//!
//! A mail is written in the transaction of what it tells, and sent afterwards, at least once: a process that
//! ends between the sending and the note of it sends it again. What a mail says is forgotten once it is sent.
//!
//! Deliberately absent: the texts, which are of whoever has something to tell.

mod directory;
mod letter;
mod log;
mod postman;
mod sendgrid;
mod smtp;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;

use crate::config::{MailConfig, MailProvider};

pub use directory::MailDirectory;
pub use letter::Letter;
pub use log::MailLog;
pub use postman::{BadMailSender, Postman};
pub use sendgrid::SendGrid;
pub use smtp::SmtpMailer;

/// A mail that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct MailError {
    /// Why, without what the mail says.
    pub message: String,
    /// Whether another attempt would fail as well.
    pub is_final: bool,
}

/// The sending of a mail.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Sends mails.
pub trait Mailer: Send + Sync {
    /// Sends one.
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a>;
}

/// Nobody can send mails as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadMailer(String);

/// The directory of mails within the data directory, where no other is named.
const DIRECTORY: &str = "mails";

/// Returns who sends mails.
///
/// # Errors
/// What is missing, or why TLS cannot be set up.
pub fn mailer(config: &MailConfig, data: &Path) -> Result<Arc<dyn Mailer>, BadMailer> {
    Ok(match config.provider {
        MailProvider::Directory => {
            let directory = config.directory.clone().unwrap_or_else(|| data.join(DIRECTORY));
            Arc::new(MailDirectory::new(directory))
        }
        MailProvider::Log => Arc::new(MailLog),
        MailProvider::Smtp => Arc::new(SmtpMailer::new(&config.smtp)?),
        MailProvider::SendGrid => Arc::new(SendGrid::new(&config.sendgrid)?),
    })
}
