//! [`MailLog`]: mails as lines of the log, if an operator has chosen that.

use tracing::info;

use super::{Letter, Mailer, Sending};

/// Writes each mail to the log, codes and addresses included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLog;

impl Mailer for MailLog {
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a> {
        let written = letter.message().map(|message| {
            let text = message.formatted();
            info!(id = letter.name, mail = %String::from_utf8_lossy(&text), "a mail");
        });
        Box::pin(async { written })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::KeptLog;

    #[test]
    fn a_mail_is_a_line_of_the_log() {
        let kept = KeptLog::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        // What is sent is written before anything is waited for.
        tracing::subscriber::with_default(lines, || drop(MailLog.send(&Letter::to_anne("123456"))));
        let log = kept.text();
        assert!(log.contains("anne@example.org") && log.contains("123456"), "{log}");
    }
}
