//! [`Link`]: a connection, as its session sees it: messages that come in, bytes that go out.
//!
//! A task of its own has the socket, and TLS where the server has that. What a client does not read waits in
//! a queue whose length the session looks at; it never waits itself.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::codec::{Framed, Framer};

/// How many messages may wait for their session.
const INBOUND: usize = 64;
/// How many bytes are handed to the system at a time.
const CHUNK: usize = 64 << 10;
/// How long a client has to read what is left for it when its connection ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A connection, as its session sees it. Dropped, it ends once what is queued was sent.
#[derive(Debug)]
pub(super) struct Link {
    /// What comes in; it ends with the connection.
    pub(super) inbound: mpsc::Receiver<Framed>,
    outbound: mpsc::UnboundedSender<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    /// Who is at the other end.
    pub(super) peer: SocketAddr,
}

impl Link {
    /// Begins to read and write a connection; to be called within a runtime.
    pub(super) fn begin(
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<&Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config))).transpose();
        let tls = tls.map_err(io::Error::other)?.map(Box::new);
        let (to_session, inbound) = mpsc::channel(INBOUND);
        let (outbound, from_session) = mpsc::unbounded_channel();
        let queued = Arc::<AtomicUsize>::default();
        let wire = Wire { stream, tls, pending: VecDeque::new(), framer: Framer::default(), is_over: false };
        let count = Arc::clone(&queued);
        tokio::spawn(async move {
            if let Err(error) = carry(wire, to_session, from_session, &count).await {
                tracing::debug!(%peer, %error, "a connection of FIX has ended");
            }
        });
        Ok(Self { inbound, outbound, queued, peer })
    }

    /// Queues bytes for the other side.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        self.queued.fetch_add(bytes.len(), Ordering::AcqRel);
        // One that has ended takes nothing: what was for it is kept by the session.
        self.outbound.send(bytes).unwrap_or_default();
    }

    /// Returns how many bytes the other side has not read.
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }
}

/// A socket, and what is between it and messages.
struct Wire {
    stream: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// What the system has not taken.
    pending: VecDeque<u8>,
    framer: Framer,
    /// Whether the other side sends nothing more.
    is_over: bool,
}

async fn carry(
    mut wire: Wire,
    to_session: mpsc::Sender<Framed>,
    mut from_session: mpsc::UnboundedReceiver<Vec<u8>>,
    queued: &AtomicUsize,
) -> io::Result<()> {
    let mut found: VecDeque<Framed> = VecDeque::new();
    loop {
        if wire.is_over && found.is_empty() {
            return Ok(());
        }
        let interest = wire.interest(found.is_empty());
        tokio::select! {
            permit = to_session.reserve(), if !found.is_empty() => match (permit, found.pop_front()) {
                (Ok(permit), Some(framed)) => permit.send(framed),
                // The session has ended: what it said last is sent.
                (Err(_), _) => return wire.end(&mut from_session).await,
                (Ok(_), None) => {}
            },
            bytes = from_session.recv(), if wire.pending.len() < CHUNK => match bytes {
                Some(bytes) => {
                    queued.fetch_sub(bytes.len(), Ordering::AcqRel);
                    wire.queue(&bytes)?;
                    wire.write()?;
                }
                None => return wire.end(&mut from_session).await,
            },
            ready = ready(&wire.stream, interest), if interest.is_some() => {
                ready?;
                wire.write()?;
                if found.is_empty() {
                    wire.read(&mut found)?;
                }
            }
        }
    }
}

async fn ready(stream: &TcpStream, interest: Option<Interest>) -> io::Result<()> {
    stream.ready(interest.unwrap_or(Interest::READABLE)).await.map(drop)
}

impl Wire {
    /// Returns what is waited for.
    fn interest(&self, reads: bool) -> Option<Interest> {
        match (reads && !self.is_over, !self.pending.is_empty()) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    /// Reads what there is, and finds the messages in it.
    fn read(&mut self, found: &mut VecDeque<Framed>) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        let count = match self.stream.try_read(&mut bytes) {
            Ok(0) => {
                self.is_over = true;
                return Ok(());
            }
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let bytes = &bytes[..count];
        match &mut self.tls {
            None => self.framer.push(bytes),
            Some(tls) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    tls.read_tls(&mut rest)?;
                    let state = tls.process_new_packets().map_err(io::Error::other)?;
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    tls.reader().read_exact(&mut plain)?;
                    self.framer.push(&plain);
                    self.is_over |= state.peer_has_closed();
                }
                self.seal()?;
                self.write()?;
            }
        }
        found.extend(std::iter::from_fn(|| self.framer.next()));
        Ok(())
    }

    /// Takes bytes to be written.
    fn queue(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            None => self.pending.extend(bytes),
            Some(tls) => {
                // Without a limit it takes all: how much waits is counted before.
                tls.set_buffer_limit(None);
                tls.writer().write_all(bytes)?;
                self.seal()?;
            }
        }
        Ok(())
    }

    /// Takes what TLS has to send.
    fn seal(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                let mut sealed = Vec::new();
                tls.write_tls(&mut sealed)?;
                self.pending.extend(&sealed);
            }
        }
        Ok(())
    }

    /// Writes what the system takes.
    fn write(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            let (first, _) = self.pending.as_slices();
            match self.stream.try_write(first) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends what is left, as far as the other side reads it.
    async fn end(mut self, from_session: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> io::Result<()> {
        while let Ok(bytes) = from_session.try_recv() {
            self.queue(&bytes)?;
        }
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        self.seal()?;
        let sent = async {
            while !self.pending.is_empty() {
                self.stream.ready(Interest::WRITABLE).await?;
                self.write()?;
            }
            io::Result::Ok(())
        };
        tokio::time::timeout(LAST_WORDS, sent).await.unwrap_or(Ok(()))
    }
}
