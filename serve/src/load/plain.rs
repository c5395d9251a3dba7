//! [`Plain`]: a server that does nothing but answer every request with the same bytes.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use super::affinity::Cores;

/// A server that answers every request with the same bytes, until it is dropped.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Plain {
    /// Starts it on the server's processor.
    pub(super) fn start(cores: Option<Cores>, answer: Vec<u8>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, is_over) = oneshot::channel();
        let run = move || {
            if let Some(cores) = cores {
                cores.take_server();
            }
            let serve = async move {
                tokio::select! {
                    served = serve(listener, answer.into()) => served.unwrap_or_default(),
                    _ = is_over => {}
                }
            };
            LocalSet::new().block_on(&runtime, serve);
        };
        let thread = std::thread::Builder::new().name("plain".to_owned()).spawn(run)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_default();
        }
    }
}

async fn serve(listener: TcpListener, answer: Rc<[u8]>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        spawn_local(answer_all(stream, Rc::clone(&answer)));
    }
}

/// A request is what comes at once: whoever asks waits for the answer before the next.
async fn answer_all(mut stream: TcpStream, answer: Rc<[u8]>) -> io::Result<()> {
    let mut bytes = [0; 4_096];
    while stream.read(&mut bytes).await? > 0 {
        stream.write_all(&answer).await?;
    }
    Ok(())
}
