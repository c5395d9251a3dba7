//! [`Peer`]: a small broker of MQTT 5 within the process, for tests and benches.
//!
//! It takes what is published, hands it to those who subscribe to the topic, and does with QoS 1 what the
//! standard says; it knows no wildcards, keeps nothing, and can be told to misbehave.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How the peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As a broker should.
    Well,
    /// It reads, and acknowledges nothing.
    Silent,
    /// It says things that mean nothing.
    Garbage,
    /// It refuses each message with a reason (a code of MQTT 5).
    Refusing(u8),
    /// It refuses messages of more than a hundred bytes so.
    RefusingLong(u8),
}

/// Something that was published at the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The topic.
    pub topic: String,
    /// What was said.
    pub payload: Vec<u8>,
    /// Whether it was to be kept.
    pub is_retained: bool,
}

/// A small broker within the process.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    published: Mutex<Vec<Published>>,
    count: AtomicUsize,
    acknowledged: AtomicUsize,
    keeps: AtomicBool,
    is_over: AtomicBool,
    subscribers: Mutex<Vec<(String, Arc<Mutex<TcpStream>>)>>,
    connections: Mutex<Vec<TcpStream>>,
    next_id: AtomicU16,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    /// Starts one on loopback.
    ///
    /// # Errors
    /// What the system says.
    pub fn start() -> io::Result<Self> {
        Self::start_at("127.0.0.1:0")
    }

    /// Starts one at an address.
    ///
    /// # Errors
    /// What the system says.
    pub fn start_at(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            manner: Mutex::new(Manner::Well),
            published: Mutex::default(),
            count: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
            keeps: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            subscribers: Mutex::default(),
            connections: Mutex::default(),
            next_id: AtomicU16::new(1),
        });
        let of_thread = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accept(&listener, &of_thread));
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has it behave so from now on.
    pub fn behave(&self, manner: Manner) {
        *lock(&self.shared.manner) = manner;
    }

    /// Has it count what is published, and keep nothing of it.
    pub fn keep_nothing(&self) {
        self.shared.keeps.store(false, Ordering::SeqCst);
    }

    /// Returns what was published so far, that is kept.
    #[must_use]
    pub fn published(&self) -> Vec<Published> {
        lock(&self.shared.published).clone()
    }

    /// Returns how much was published.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// Returns how many of its messages were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::SeqCst)
    }

    /// Sends a message to those who subscribe to its topic; returns how many there are.
    ///
    /// # Errors
    /// What a connection says.
    pub fn publish(&self, topic: &str, payload: &[u8], properties: &[(&str, &str)]) -> io::Result<usize> {
        self.shared.publish(topic, payload, properties)
    }

    /// Ends all connections; others can be made.
    pub fn hang_up(&self) {
        lock(&self.shared.subscribers).clear();
        for stream in lock(&self.shared.connections).drain(..) {
            stream.shutdown(std::net::Shutdown::Both).unwrap_or_default();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.hang_up();
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.accepting.take() {
            thread.join().unwrap_or_default();
        }
        self.hang_up();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        stream.set_nodelay(true).unwrap_or_default();
        if let Ok(own) = stream.try_clone() {
            lock(&shared.connections).push(own);
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || shared.serve(stream).unwrap_or_default());
    }
}

impl Shared {
    fn manner(&self) -> Manner {
        *lock(&self.manner)
    }

    /// Serves a connection until it ends.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let writer = Arc::new(Mutex::new(stream.try_clone()?));
        let mut reader = io::BufReader::with_capacity(1 << 16, stream);
        let mut answers = Vec::new();
        loop {
            // Answers go out together, once nothing more has come.
            if reader.buffer().is_empty() && !answers.is_empty() {
                lock(&writer).write_all(&answers)?;
                answers.clear();
            }
            let (kind, body) = packet(&mut reader)?;
            if self.manner() == Manner::Garbage {
                lock(&writer).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\xff\xff\xff\xff\xff\xff")?;
                return Ok(());
            }
            match kind >> 4 {
                1 => answers.extend([0x20, 3, 0, 0, 0]),
                3 => self.published(kind, &body, &mut answers)?,
                4 => {
                    self.acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                8 => self.subscribed(&body, &writer, &mut answers)?,
                12 => answers.extend([0xd0, 0]),
                14 => return Ok(()),
                _ => {}
            }
        }
    }

    fn published(&self, kind: u8, body: &[u8], answers: &mut Vec<u8>) -> io::Result<()> {
        let mut rest = body;
        let topic = String::from_utf8_lossy(text(&mut rest)?).into_owned();
        let has_id = kind & 0x06 != 0;
        let id = if has_id { take(&mut rest, 2)? } else { &[] };
        let properties = length(&mut rest)?;
        take(&mut rest, properties)?;
        match self.manner() {
            Manner::Silent => return Ok(()),
            Manner::RefusingLong(_) if rest.len() <= 100 => {}
            Manner::Refusing(reason) | Manner::RefusingLong(reason) => {
                answers.extend([0x40, 3]);
                answers.extend(id);
                answers.push(reason);
                return Ok(());
            }
            Manner::Well | Manner::Garbage => {}
        }
        if has_id {
            answers.extend([0x40, 2]);
            answers.extend(id);
        }
        self.publish(&topic, rest, &[])?;
        if self.keeps.load(Ordering::SeqCst) {
            let published = Published { topic, payload: rest.to_vec(), is_retained: kind & 1 == 1 };
            lock(&self.published).push(published);
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn subscribed(
        &self,
        body: &[u8],
        writer: &Arc<Mutex<TcpStream>>,
        answers: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut rest = body;
        let id = take(&mut rest, 2)?.to_vec();
        let properties = length(&mut rest)?;
        take(&mut rest, properties)?;
        let topic = String::from_utf8_lossy(text(&mut rest)?).into_owned();
        lock(&self.subscribers).push((topic, Arc::clone(writer)));
        answers.extend([0x90, 4]);
        answers.extend(id);
        answers.extend([0, 1]);
        Ok(())
    }

    fn publish(&self, topic: &str, payload: &[u8], properties: &[(&str, &str)]) -> io::Result<usize> {
        let to: Vec<_> = lock(&self.subscribers)
            .iter()
            .filter(|(it, _)| it == topic)
            .map(|(_, to)| Arc::clone(to))
            .collect();
        for stream in &to {
            let id = self.next_id.fetch_add(1, Ordering::SeqCst).max(1);
            let mut of_properties = Vec::new();
            for (name, value) in properties {
                of_properties.push(0x26);
                push_text(&mut of_properties, name);
                push_text(&mut of_properties, value);
            }
            let mut body = Vec::new();
            push_text(&mut body, topic);
            body.extend(id.to_be_bytes());
            push_length(&mut body, of_properties.len());
            body.extend(of_properties);
            body.extend(payload);
            let mut packet = vec![0x32];
            push_length(&mut packet, body.len());
            packet.extend(body);
            lock(stream).write_all(&packet)?;
        }
        Ok(to.len())
    }
}

/// Reads a packet: its first byte, and what follows its length.
fn packet(reader: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    let kind = byte[0];
    let (mut size, mut shift) = (0_usize, 0);
    loop {
        reader.read_exact(&mut byte)?;
        size |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
        if shift > 21 {
            return Err(unfit());
        }
    }
    let mut body = vec![0; size];
    reader.read_exact(&mut body)?;
    Ok((kind, body))
}

fn unfit() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no packet of MQTT 5")
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> io::Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count).ok_or_else(unfit)?;
    *rest = left;
    Ok(taken)
}

fn text<'a>(rest: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let size = take(rest, 2)?;
    take(rest, usize::from(size[0]) << 8 | usize::from(size[1]))
}

fn length(rest: &mut &[u8]) -> io::Result<usize> {
    let (mut size, mut shift) = (0, 0);
    loop {
        let byte = take(rest, 1)?[0];
        size |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 21 {
            return Ok(size);
        }
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn push_length(bytes: &mut Vec<u8>, length: usize) {
    let mut left = length;
    loop {
        let low = u8::try_from(left & 0x7f).unwrap_or_default();
        left >>= 7;
        bytes.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            return;
        }
    }
}
