//! [`SendGrid`]: mails given to SendGrid by its API of HTTP (`POST /v3/mail/send`).

use lettre::message::Mailbox;
use reqwest::Method;
use serde_json::{Value, json};

use super::{BadMailer, Letter, MailError, Mailer, Sending};
use crate::config::SendGridConfig;
use crate::domain::Secret;
use crate::outgoing::Outgoing;

/// Gives mails to SendGrid, which sends them.
#[derive(Debug)]
pub struct SendGrid {
    outgoing: Outgoing,
    url: String,
    key: Secret,
}

impl SendGrid {
    /// Makes one.
    ///
    /// # Errors
    /// That there is no key, or why TLS cannot be set up.
    pub fn new(config: &SendGridConfig) -> Result<Self, BadMailer> {
        let key = config.key.clone().ok_or_else(|| BadMailer("there is no key of SendGrid".to_owned()))?;
        let outgoing = Outgoing::new().map_err(|error| BadMailer(error.to_string()))?;
        Ok(Self { outgoing, url: format!("{}/v3/mail/send", config.url), key })
    }
}

impl Mailer for SendGrid {
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a> {
        Box::pin(async {
            let request = self.outgoing.request(Method::POST, &self.url);
            let request = request.bearer_auth(self.key.expose()).json(&body(letter));
            let reply = Outgoing::send(request).await;
            let reply = reply.map_err(|error| MailError::passing(format!("SendGrid: {error}")))?;
            match reply.status {
                200..=299 => Ok(()),
                // The mail itself does not fit; all else says something of the account or the service.
                status @ (400 | 413) => {
                    Err(MailError { message: format!("SendGrid refuses it with {status}"), is_final: true })
                }
                status => Err(MailError::passing(format!("SendGrid answers {status}"))),
            }
        })
    }
}

fn body(letter: &Letter) -> Value {
    let untracked = json!({"enable": false});
    // The plain one first, as it wants them.
    let mut content = vec![json!({"type": "text/plain", "value": letter.body})];
    content.extend(letter.html.as_ref().map(|html| json!({"type": "text/html", "value": html})));
    json!({
        "personalizations": [{"to": [person(&letter.to)]}],
        "from": person(&letter.from),
        "subject": letter.subject,
        "content": content,
        "headers": {"X-Bearpit-Id": letter.name},
        // Addresses in it stay what they are, and nobody is watched.
        "tracking_settings": {"click_tracking": untracked, "open_tracking": untracked},
    })
}

fn person(mailbox: &Mailbox) -> Value {
    let email = mailbox.email.to_string();
    mailbox
        .name
        .as_ref()
        .map_or_else(|| json!({"email": email}), |name| json!({"email": email, "name": name}))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// Answers one request with a status, and returns its head and body.
    fn peer(status: &'static str) -> (String, JoinHandle<(String, Value)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\nconnection: close\r\n\r\nanne");
            stream.write_all(answer.as_bytes()).unwrap();
            (head, serde_json::from_slice(&body).unwrap())
        });
        (url, thread)
    }

    async fn sent(url: &str) -> Result<(), MailError> {
        let config = SendGridConfig { url: url.to_owned(), key: Some(Secret::new("SG.key".to_owned())) };
        SendGrid::new(&config).unwrap().send(&Letter::to_anne("123456\n")).await
    }

    #[tokio::test]
    async fn a_mail_is_posted_with_the_key() {
        let (url, thread) = peer("202 Accepted");
        sent(&url).await.unwrap();
        let (head, body) = thread.join().unwrap();
        assert!(head.starts_with("POST /v3/mail/send HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer SG.key\r\n"), "{head}");
        assert_eq!(body["personalizations"][0]["to"], json!([{"email": "anne@example.org"}]));
        assert_eq!(body["from"], json!({"email": "market@example.org", "name": "Bearpit"}));
        assert_eq!(body["content"][0]["value"], "123456\n");
    }

    #[tokio::test]
    async fn only_a_mail_that_does_not_fit_is_not_tried_again() {
        for (status, is_final) in [
            ("400 Bad Request", true),
            ("413 Too Large", true),
            ("401 Unauthorized", false),
            ("429 Too Many Requests", false),
            ("500 Oops", false),
            ("302 Found", false),
        ] {
            let (url, thread) = peer(status);
            let error = sent(&url).await.unwrap_err();
            assert_eq!(error.is_final, is_final, "{error:?}");
            assert!(error.message.contains(&status[..3]) && !error.message.contains("anne"), "{error:?}");
            thread.join().unwrap();
        }
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = sent(&format!("http://{closed}")).await.unwrap_err();
        assert!(error.message.contains("cannot be reached") && !error.is_final, "{error:?}");
    }
}
