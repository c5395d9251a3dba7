//! [`Signal`]: wakes those who wait for news of one channel.
//!
//! The market thread only says that there is news, and that only where somebody waits; a thread of its own
//! wakes them, so that a thousand readers cost the market as much as one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Waker;
use std::thread::JoinHandle;

/// Those who wait for news of one channel.
#[derive(Debug, Default)]
pub(super) struct Signal {
    sleepers: Mutex<Vec<Weak<Sleeper>>>,
    /// How many of them have something to wake.
    waiting: AtomicUsize,
    /// Whether the waking thread has been told, and has not begun yet.
    is_raised: AtomicBool,
    /// Whether there will be no more news.
    is_over: AtomicBool,
}

/// One who waits, now and then.
#[derive(Debug)]
pub(super) struct Sleeper {
    signal: Arc<Signal>,
    waker: Mutex<Option<Waker>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is inside is whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Signal {
    /// Adds one who will wait.
    pub(super) fn sleeper(self: &Arc<Self>) -> Arc<Sleeper> {
        let sleeper = Arc::new(Sleeper { signal: Arc::clone(self), waker: Mutex::new(None) });
        let mut sleepers = lock(&self.sleepers);
        sleepers.retain(|sleeper| sleeper.strong_count() > 0);
        sleepers.push(Arc::downgrade(&sleeper));
        sleeper
    }

    /// Returns whether there will be no more news.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn wake_all(&self) {
        // Whoever begins to wait from here on raises the signal anew.
        self.is_raised.store(false, Ordering::SeqCst);
        let mut wakers = Vec::new();
        lock(&self.sleepers).retain(|sleeper| match sleeper.upgrade() {
            Some(sleeper) => {
                wakers.extend(sleeper.take());
                true
            }
            None => false,
        });
        // Outside of the lock: what is woken may run at once.
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Sleeper {
    /// Has `waker` woken at the next news. Whoever calls this must look for news once more afterwards.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut own = lock(&self.waker);
        match &mut *own {
            Some(present) => present.clone_from(waker),
            None => {
                *own = Some(waker.clone());
                // In one order with the number of the news: either the market thread sees that somebody
                // waits, or the look afterwards sees the news.
                self.signal.waiting.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn take(&self) -> Option<Waker> {
        let waker = lock(&self.waker).take();
        if waker.is_some() {
            self.signal.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        waker
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.take();
    }
}

/// The thread that wakes, as the market thread sees it; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Waking {
    raised: Option<Sender<Arc<Signal>>>,
    thread: Option<JoinHandle<()>>,
}

impl Waking {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let (raised, signals) = channel();
        let thread = std::thread::Builder::new().name("publication".to_owned());
        let thread = thread.spawn(move || wake(&signals))?;
        Ok(Self { raised: Some(raised), thread: Some(thread) })
    }

    /// Has those woken who wait for a signal. Each signal waits in the queue once at most.
    pub(super) fn raise(&self, signal: &Arc<Signal>) {
        let is_awaited = signal.waiting.load(Ordering::SeqCst) > 0;
        if is_awaited
            && !signal.is_raised.swap(true, Ordering::SeqCst)
            && let Some(raised) = &self.raised
        {
            // Fails only if the thread has ended, which it does after this.
            raised.send(Arc::clone(signal)).unwrap_or_default();
        }
    }

    /// Says that there will be no more news.
    pub(super) fn end(&self, signal: &Arc<Signal>) {
        signal.is_over.store(true, Ordering::SeqCst);
        self.raise(signal);
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        self.raised = None;
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked but in a waker.
            thread.join().unwrap_or_default();
        }
    }
}

fn wake(signals: &Receiver<Arc<Signal>>) {
    signals.iter().for_each(|signal| signal.wake_all());
}
