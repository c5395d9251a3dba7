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
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A log that is kept.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_mail_is_a_line_of_the_log() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let mail = Message::builder()
            .from("bearpit@localhost".parse().unwrap())
            .to("anne@example.org".parse().unwrap())
            .body("123456".to_owned())
            .unwrap();
        // What is sent is written before anything is waited for.
        tracing::subscriber::with_default(lines, || drop(MailLog.send("one", &mail)));
        let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("anne@example.org") && log.contains("123456"), "{log}");
    }
}
