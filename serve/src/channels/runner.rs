//! [`Channel`]: a channel with all that it needs, and a thread of its own.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::news::Stretch;
use super::port::Doing;
use super::publisher::{FAREWELL, Publisher};
use super::spooler::Spooler;
use super::state::ChannelState;

/// What a channel does besides telling: it is given what says when to stop.
pub type Work = Box<dyn FnOnce(watch::Receiver<bool>) -> Doing<'static, ()> + Send>;

/// A channel, before it is started.
pub struct Channel {
    /// How it is.
    pub state: Arc<ChannelState>,
    /// What sends.
    pub publisher: Publisher,
    /// What brings news to be sent, if the channel tells any.
    pub spooler: Option<(Spooler, Receiver<Stretch>)>,
    /// What else it does.
    pub work: Option<Work>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("state", &self.state).finish_non_exhaustive()
    }
}

/// A channel at work.
#[derive(Debug)]
pub struct Running {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Channel {
    /// Starts the channel on a thread of its own.
    ///
    /// # Errors
    /// What the system says, if it has no thread.
    pub fn start(self) -> io::Result<Running> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("channel-{}", self.state.name()));
        let thread = thread.spawn(move || runtime.block_on(self.run(stopped)))?;
        Ok(Running { stop, thread })
    }

    async fn run(self, stopped: watch::Receiver<bool>) {
        let Self { state, publisher, spooler, work } = self;
        let mut tasks = JoinSet::new();
        let (end, ended) = watch::channel(false);
        if let Some(work) = work {
            tasks.spawn(work(stopped.clone()));
        }
        let spooling = async move {
            if let Some((spooler, news)) = spooler {
                let spooling = spooler.run(news);
                tokio::pin!(spooling);
                tokio::select! {
                    // The market has ended; prices that were last can still be read.
                    () = &mut spooling => {}
                    () = is_stopped(stopped.clone()) => timeout(FAREWELL, spooling).await.unwrap_or_default(),
                }
            }
            is_stopped(stopped).await;
            // All that was told is on disk: the publisher may say farewell. It may have ended.
            end.send(true).unwrap_or_default();
        };
        tasks.spawn(spooling);
        tasks.spawn(publisher.run(ended));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                state.failed(&format!("a part of the channel has ended: {error}"));
            }
        }
    }
}

async fn is_stopped(mut stopped: watch::Receiver<bool>) {
    // An error says that nobody is left who could stop it.
    stopped.wait_for(|is_stopped| *is_stopped).await.map(drop).unwrap_or_default();
}

impl Running {
    /// Tells the channel to stop.
    pub fn begin_stopping(&self) {
        self.stop.send(true).unwrap_or_default();
    }

    /// Waits until it has stopped.
    pub fn join(self) {
        self.begin_stopping();
        if self.thread.join().is_err() {
            tracing::error!("a channel's thread has panicked");
        }
    }
}
