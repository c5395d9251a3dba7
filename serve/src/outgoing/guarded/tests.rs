//! Names that lead elsewhere than they seem to, and answers that are too much.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use super::*;

/// Answers with lists of addresses, one after the other, and with the last again and again.
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let of = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(of).collect())))
    }
}

impl Lookup for Scripted {
    fn look_up(&self, _: &str) -> Looking {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(next.unwrap_or_default()) })
    }
}

async fn resolved(checked: &Checked) -> Result<Vec<IpAddr>, String> {
    let found = checked.resolve("hooks.example.org".parse().unwrap()).await;
    found.map(|all| all.map(|address| address.ip()).collect()).map_err(|error| error.to_string())
}

async fn posted(guarded: &Guarded, url: &str) -> Result<Reply, OutgoingError> {
    guarded.post(&guarded.target(url).unwrap(), HeaderMap::new(), b"{}".to_vec()).await
}

#[tokio::test]
async fn what_was_checked_is_handed_out_and_an_answer_with_one_that_is_not_public_is_refused_whole() {
    let lookup =
        Scripted::new(&[&["8.8.8.8", "2606:4700::1"], &["8.8.8.8", "10.0.0.1"], &["::ffff:8.8.8.8"]]);
    let checked = Checked { lookup, reach: Reach::Public };
    let public: [IpAddr; 2] = ["8.8.8.8".parse().unwrap(), "2606:4700::1".parse().unwrap()];
    assert_eq!(resolved(&checked).await, Ok(public.to_vec()));
    // The same name, a moment later.
    let rebound = resolved(&checked).await.unwrap_err();
    assert_eq!(rebound, "`hooks.example.org` is at 10.0.0.1, which is not on the internet");
    assert!(resolved(&checked).await.unwrap_err().contains("::ffff:8.8.8.8"));
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_connects_to_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    for answers in [&["127.0.0.1"][..], &["8.8.8.8", "127.0.0.1"], &["::ffff:127.0.0.1"]] {
        let guarded = Guarded::with_lookup(Reach::Public, Scripted::new(&[answers])).unwrap();
        let error = posted(&guarded, &format!("https://rebound.example.org:{port}/")).await.unwrap_err();
        let OutgoingError::Unreachable(why) = &error else { panic!("{error:?}") };
        assert!(why.contains("which is not on the internet"), "{why}");
        // A connection would stand by now: the request has ended.
        let accepted = listener.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(accepted, Err(io::ErrorKind::WouldBlock));
    }
}

#[tokio::test]
async fn a_name_that_changes_between_two_requests_is_refused_at_the_second() {
    let (url, serving) = peer(b"HTTP/1.1 204 No\r\nconnection: close\r\n\r\n".to_vec());
    let port = url.rsplit_once(':').unwrap().1.trim_end_matches("/hook");
    let lookup = Scripted::new(&[&["127.0.0.1"], &["10.255.255.1"]]);
    // Where private networks are allowed, the address that was looked up is the one that is asked.
    let guarded = Guarded::with_lookup(Reach::Private, Arc::clone(&lookup) as Arc<dyn Lookup>).unwrap();
    let named = format!("http://rebound.example.org:{port}/hook");
    assert_eq!(posted(&guarded, &named).await.unwrap().status, 204);
    assert!(serving.join().unwrap().contains("host: rebound.example.org"));
    let guarded = Guarded::with_lookup(Reach::Public, lookup).unwrap();
    let error = posted(&guarded, &named.replace("http:", "https:")).await.unwrap_err();
    assert!(matches!(&error, OutgoingError::Unreachable(why) if why.contains("10.255.255.1")), "{error:?}");
}

#[tokio::test]
async fn a_target_of_a_client_that_goes_further_is_checked_again() {
    let target = Target::parse("https://127.0.0.1:8443/", Reach::Private).unwrap();
    let guarded = Guarded::new(Reach::Public).unwrap();
    let error = guarded.post(&target, HeaderMap::new(), Vec::new()).await.unwrap_err();
    assert!(matches!(&error, OutgoingError::Unfit(why) if why.contains("127.0.0.1")), "{error:?}");
}

/// Serves one connection with a text, and returns what was sent to it.
fn peer(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"{}") {
            let mut piece = [0; 4_096];
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "it broke off: {asked:?}");
            asked.extend_from_slice(&piece[..length]);
        }
        // Whoever has read enough closes.
        stream.write_all(&answer).ok();
        String::from_utf8(asked).unwrap()
    });
    (format!("http://{address}/hook"), serving)
}

#[tokio::test]
async fn of_an_answer_the_beginning_is_read_and_no_redirect_is_followed() {
    let guarded = Guarded::new(Reach::Private).unwrap();
    let long = "x".repeat(3 << 20);
    let head = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 3145728\r\n\r\n";
    let (url, serving) = peer(format!("{head}{long}").into_bytes());
    let headers = HeaderMap::from_iter([("webhook-id".parse().unwrap(), "a".parse().unwrap())]);
    let reply = guarded.post(&guarded.target(&url).unwrap(), headers, b"{}".to_vec()).await.unwrap();
    assert_eq!((reply.status, reply.body.len()), (302, BODY_MAX));
    let asked = serving.join().unwrap();
    assert!(asked.starts_with("POST /hook HTTP/1.1\r\n") && asked.contains("webhook-id: a\r\n"), "{asked}");
    // A body that breaks off changes nothing about what was answered.
    let (url, _) = peer(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort".to_vec());
    let reply = posted(&guarded, &url).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"short".as_slice()));
}

#[tokio::test]
async fn a_peer_that_talks_no_http_or_is_not_there_is_an_error() {
    let guarded = Guarded::new(Reach::Private).unwrap();
    let (url, _) = peer(b"garbage\r\n\r\n".to_vec());
    let error = posted(&guarded, &url).await.unwrap_err();
    assert!(matches!(error, OutgoingError::BrokeOff(_)), "{error:?}");
    let stopped = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = posted(&guarded, &format!("http://{stopped}/")).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Unreachable(_)), "{error:?}");
}
