//! [`SmtpMailer`]: mails given to a mail server (RFC 5321).

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{BadMailer, Letter, MailError, Mailer, Sending};
use crate::config::{SmtpConfig, SmtpTls};
use crate::outgoing::cause_of;

/// How long each answer of the server may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How many connections are kept, at most.
const CONNECTIONS_MAX: u32 = 4;

/// Gives mails to a mail server, which sends them on.
pub struct SmtpMailer(AsyncSmtpTransport<Tokio1Executor>);

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpMailer")
    }
}

impl SmtpMailer {
    /// Makes one; the server is asked with the first mail.
    ///
    /// # Errors
    /// That no server is named, or why TLS cannot be set up.
    pub fn new(config: &SmtpConfig) -> Result<Self, BadMailer> {
        let server = config.server.as_ref();
        let server = server.ok_or_else(|| BadMailer("no mail server is named".to_owned()))?;
        let host = server.host.trim_matches(['[', ']']).to_owned();
        let parameters = || {
            TlsParameters::new_rustls(host.clone())
                .map_err(|error| BadMailer(format!("TLS to {host} cannot be set up: {error}")))
        };
        let tls = match config.tls {
            SmtpTls::StartTls => Tls::Required(parameters()?),
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::Plain => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(ANSWER_MAX))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX));
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            transport = transport.credentials(credentials);
        }
        Ok(Self(transport.build()))
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a> {
        Box::pin(async {
            let message = letter.message()?;
            self.0.send(message).await.map(drop).map_err(|error| of_server(&error))
        })
    }
}

/// The codes with which a server says that this mail, or this address, will never be taken: RFC 5321, 4.2.3.
/// Others of the fives say something of the server or of us, which an operator can mend.
const NEVER: [&str; 6] = ["550", "551", "552", "553", "555", "556"];

/// Says what a server has said, without its words: they may have the address.
fn of_server(error: &Error) -> MailError {
    if let Some(code) = error.status() {
        let code = code.to_string();
        let is_final = NEVER.contains(&code.as_str());
        return MailError { message: format!("the mail server refuses it with {code}"), is_final };
    }
    MailError::passing(if error.is_timeout() {
        format!("the mail server has not answered in {} s", ANSWER_MAX.as_secs())
    } else if error.is_tls() {
        format!("there is no TLS to the mail server: {}", cause_of(error))
    } else if error.is_response() || error.is_client() {
        // Its words are not ours to repeat; ours have no part of the mail.
        "the mail server says what is not understood, or offers no way to be asked".to_owned()
    } else {
        format!("the mail server cannot be reached: {}", cause_of(error))
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::JoinHandle;

    use super::*;
    use crate::domain::Secret;

    /// What a peer answers to lines that begin with a word; to all else it says that it is well.
    type Answers = &'static [(&'static str, &'static str)];

    /// Serves one connection as a mail server, and returns what was said to it.
    fn peer(greeting: &'static str, answers: Answers) -> (u16, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            talk(stream, greeting, answers)
        });
        (port, thread)
    }

    fn talk(mut stream: TcpStream, greeting: &str, answers: Answers) -> Vec<String> {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut said = Vec::new();
        let mut is_data = false;
        write!(stream, "{greeting}\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            said.push(line.clone());
            if is_data && line != "." {
                continue;
            }
            is_data = line == "DATA";
            let found = answers.iter().find(|(word, _)| line.starts_with(word));
            let answer = found.map_or(if is_data { "354 go on" } else { "250 well" }, |(_, answer)| answer);
            is_data &= answer.starts_with("354");
            if write!(stream, "{answer}\r\n").is_err() || line == "QUIT" {
                break;
            }
        }
        said
    }

    fn mailer(port: u16, tls: SmtpTls, login: Option<(&str, &str)>) -> SmtpMailer {
        SmtpMailer::new(&SmtpConfig {
            server: Some(format!("127.0.0.1:{port}").parse().unwrap()),
            tls,
            user: login.map(|(user, _)| user.to_owned()),
            password: login.map(|(_, password)| Secret::new(password.to_owned())),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_mail_is_given_to_the_server_under_a_name_if_there_is_one() {
        let login: Answers = &[("EHLO", "250-me\r\n250 AUTH PLAIN"), ("AUTH", "235 well")];
        let (port, thread) = peer("220 me", login);
        let mailer = mailer(port, SmtpTls::Plain, Some(("market", "hunter2")));
        mailer.send(&Letter::to_anne("123456\n.\n")).await.unwrap();
        drop(mailer);
        let said = thread.join().unwrap();
        // `\0market\0hunter2`, as RFC 4616 has it.
        for line in [
            "AUTH PLAIN AG1hcmtldABodW50ZXIy",
            "MAIL FROM:<market@example.org>",
            "RCPT TO:<anne@example.org>",
            "Message-ID: <one@example.org>",
            "123456",
            // A line of a point alone would end it.
            "..",
            ".",
        ] {
            assert!(said.iter().any(|it| it == line), "{line} in {said:#?}");
        }
    }

    #[tokio::test]
    async fn what_a_server_refuses_for_good_is_not_tried_again_and_its_words_are_not_repeated() {
        for (greeting, answers, expected, is_final) in [
            ("220 me", &[("RCPT", "550 no anne@example.org")] as Answers, "refuses it with 550", true),
            ("220 me", &[("RCPT", "450 anne@example.org is busy")], "refuses it with 450", false),
            ("220 me", &[(".", "552 anne@example.org is full")], "refuses it with 552", true),
            ("220 me", &[("MAIL", "530 anne@example.org who?")], "refuses it with 530", false),
            ("421 not now, anne@example.org", &[], "refuses it with 421", false),
            ("anne@example.org", &[], "is not understood", false),
            ("220 me", &[("EHLO", "anne@example.org")], "is not understood", false),
        ] {
            let (port, thread) = peer(greeting, answers);
            let mailer = mailer(port, SmtpTls::Plain, None);
            let error = mailer.send(&Letter::to_anne("123456")).await.unwrap_err();
            assert!(error.message.contains(expected) && !error.message.contains("anne"), "{error:?}");
            assert_eq!(error.is_final, is_final, "{error:?}");
            drop(mailer);
            thread.join().unwrap();
        }
    }

    #[tokio::test]
    async fn a_server_without_tls_gets_neither_mail_nor_password() {
        let (port, thread) = peer("220 me", &[("EHLO", "250-me\r\n250 AUTH PLAIN")]);
        let mailer = mailer(port, SmtpTls::StartTls, Some(("market", "hunter2")));
        let error = mailer.send(&Letter::to_anne("123456")).await.unwrap_err();
        assert!(!error.is_final, "{error:?}");
        drop(mailer);
        let said = thread.join().unwrap();
        assert!(said.iter().all(|line| !line.starts_with("AUTH") && !line.contains("123456")), "{said:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_asked_again() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for tls in [SmtpTls::Plain, SmtpTls::Implicit] {
            let error = mailer(closed, tls, None).send(&Letter::to_anne("123456")).await.unwrap_err();
            assert!(error.message.contains("cannot be reached") && !error.is_final, "{error:?}");
        }
    }
}
