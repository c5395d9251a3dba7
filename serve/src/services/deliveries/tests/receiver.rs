//! A server on loopback that answers as a test says, and notes what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long a test waits at most for what must come.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a server says to a request.
#[derive(Debug, Clone)]
pub(super) enum Say {
    /// A status, with headers as lines that end in CRLF.
    Status(u16, &'static str),
    /// What is no HTTP.
    Garbage,
    /// Nothing: the connection ends.
    Nothing,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Asked {
    /// Returns the value of a header.
    pub(super) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let value =
            lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next();
        value.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

struct Shared {
    says: Mutex<VecDeque<Say>>,
    otherwise: Say,
    asked: Mutex<Vec<Asked>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    /// A request is answered once there is a permit.
    gate: Semaphore,
}

/// A server on loopback.
pub(super) struct Receiver {
    pub(super) url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// Starts one that says one thing after the other, and something else to all other requests.
    pub(super) async fn start(says: impl IntoIterator<Item = Say>, otherwise: Say) -> Self {
        Self::with_gate(says, otherwise, Semaphore::MAX_PERMITS).await
    }

    /// Starts one that answers 204 to as many requests as are let through.
    pub(super) async fn gated() -> Self {
        Self::with_gate([], Say::Status(204, ""), 0).await
    }

    async fn with_gate(says: impl IntoIterator<Item = Say>, otherwise: Say, permits: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            says: Mutex::new(says.into_iter().collect()),
            otherwise,
            asked: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            gate: Semaphore::new(permits),
        });
        let of_server = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&of_server)));
            }
        });
        Self { url, shared, serving }
    }

    /// Returns what it was asked since it was looked at last.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    pub(super) fn asked_once(&self) -> Asked {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked.remove(0)
    }

    /// Returns how many requests it had at once.
    pub(super) fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }

    /// Returns once it has so many requests that it was not asked about yet.
    pub(super) async fn await_asked(&self, number: usize) {
        self.wait(|| self.shared.asked.lock().unwrap().len() >= number).await;
    }

    async fn wait(&self, is_so: impl Fn() -> bool) {
        let looking = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap();
    }

    /// Lets so many more requests be answered.
    pub(super) fn let_through(&self, number: usize) {
        self.shared.gate.add_permits(number);
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut bytes = Vec::new();
    while let Some(asked) = request(&mut stream, &mut bytes).await {
        let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_open.fetch_max(open, Ordering::SeqCst);
        shared.asked.lock().unwrap().push(asked);
        shared.gate.acquire().await.unwrap().forget();
        let say = shared.says.lock().unwrap().pop_front().unwrap_or_else(|| shared.otherwise.clone());
        shared.open.fetch_sub(1, Ordering::SeqCst);
        let answer = match say {
            Say::Status(status, headers) => {
                format!("HTTP/1.1 {status} Said\r\n{headers}content-length: 0\r\n\r\n")
            }
            Say::Garbage => "SSH-2.0-garbage\r\n\r\n".to_owned(),
            Say::Nothing => return,
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads a request; nothing if the connection has ended.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some(asked) = whole(bytes) {
            return Some(asked);
        }
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
}

/// Takes a request from what was read, if it is whole.
fn whole(bytes: &mut Vec<u8>) -> Option<Asked> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length =
        Asked { head: head.clone(), body: Vec::new() }.header("content-length").parse::<usize>().unwrap();
    if bytes.len() < end + length {
        return None;
    }
    let body = bytes[end..end + length].to_vec();
    bytes.drain(..end + length);
    Some(Asked { head, body })
}
