//! [`MailLog`]: mails as lines of the log, if an operator has chosen that.

use lettre::Message;
use tracing::info;

use super::{Mailer, Sending};

/// Writes each mail to the log, codes and addresses included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLog;

impl Mailer for MailLog {
    fn send<'a>(&'a self, name: &'a str, mail: &'a Message) -> Sending<'a> {
        let text = mail.formatted();
        let text = String::from_utf8_lossy(&text);
        info!(id = name, mail = %text, "a mail");
        Box::pin(async { Ok(()) })
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
        let mail = Message::builder()
            .from("bearpit@localhost".parse().unwrap())
            .to("anne@example.org".parse().unwrap())
            .body("123456".to_owned())
            .unwrap();
        // What is sent is written before anything is waited for.
        tracing::subscriber::with_default(lines, || drop(MailLog.send("one", &mail)));
        let log = kept.text();
        assert!(log.contains("anne@example.org") && log.contains("123456"), "{log}");
    }
}
