//! Stopping on Ctrl-C and SIGTERM: runs are asked to stop, and have a moment to do so.

use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use super::console::print_error;
use super::exit::Failure;
use crate::run::{CancelToken, Unfinished};

/// How long runs have to end by themselves: a user who waits for longer thinks that the program hangs.
const GRACE: Duration = Duration::from_millis(700);

/// Waits for signals from now on, on a thread of its own, so that it does not matter what others are at.
///
/// The first cancels the runs. If the program has not ended after a moment, or at a second signal, its
/// unfinished directories are removed and it ends.
///
/// # Errors
/// What the system says if the thread cannot be started.
pub(super) fn on_signals(cancel: &CancelToken, unfinished: Unfinished) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cancel = cancel.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            signal().await;
            cancel.cancel();
            tokio::select! {
                () = signal() => {}
                () = tokio::time::sleep(GRACE) => {}
            }
        });
        unfinished.remove_all();
        print_error("interrupted; nothing was kept of the runs that had not ended");
        process::exit(Failure::Interrupted as i32)
    })?;
    Ok(())
}

/// Ends when the user or the system asks the program to stop.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where signals are not available, there is nothing to wait for.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
