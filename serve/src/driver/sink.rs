//! [`OutputSink`]: who is shown what happens in a market.

use bearpit_core::exchange::Market;

use crate::live::Output;

/// Is shown, on the market's thread, all that happens once it is durable; so it must not wait for anything.
pub trait OutputSink: Send {
    /// Begins a market: a new day, or the same one from its beginning again after the process or the market
    /// was rebuilt. All of its outputs follow, from the first.
    fn begin(&mut self, market: &Market);

    /// Takes the next output.
    fn take(&mut self, output: &Output);

    /// Has been shown all that there is for now.
    fn flush(&mut self) {}
}
