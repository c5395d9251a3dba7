//! What a user's strategy does while it has no operations left: its callbacks wait for their turns.

use rhai::Dynamic;

use super::{ScriptTrader, TURN_TAG};
use crate::script::runtime::turns::{NextTurn, TooManyWait, Turn, WAITING_MAX};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use crate::script::value::views::{BookView, QuoteView};
use bearpit_core::participant::Context;
use bearpit_core::units::ListingId;

impl ScriptTrader {
    /// Lets a turn wait until there are operations for it, and says so.
    pub(super) fn put_off(&mut self, ctx: &mut Context, turn: Turn) {
        let Some(turns) = &mut self.turns else { return };
        let put_off = turns.put_off(turn, is_replaced);
        if let Some(word) = turns.word(ctx.now()) {
            ctx.log(word);
        }
        if let Some(at) = turns.wake_at(ctx.now()) {
            ctx.wake_at(at, TURN_TAG);
        }
        if put_off == Err(TooManyWait) {
            let message = format!("more than {WAITING_MAX} callbacks about its orders wait for their turn");
            let error = ScriptError::new(&self.config.source.file, SourcePosition::START, message);
            let help = "it uses more operations than its share of those that all scripts have together";
            self.fail(ctx, None, &error.with_help(help));
        }
    }

    /// Takes the turns that have waited, for as long as there are operations.
    pub(super) fn take_turns(&mut self, ctx: &mut Context) {
        if let Some(turns) = &mut self.turns {
            turns.woken();
        }
        loop {
            let Some(turns) = &mut self.turns else { return };
            match turns.next(ctx.now()) {
                NextTurn::Take(Turn::Begin) => self.begin(ctx),
                NextTurn::Take(Turn::Wake(tag)) => self.wake(ctx, tag),
                NextTurn::Take(Turn::Call(callback, Some(argument))) => {
                    self.call_now(ctx, callback, [argument]);
                }
                NextTurn::Take(Turn::Call(callback, None)) => self.call_now(ctx, callback, []),
                NextTurn::Wait(at) => return ctx.wake_at(at, TURN_TAG),
                NextTurn::None => return,
            }
        }
    }
}

/// Returns whether a turn that waits is made needless by a newer one: a quote or a book of the same
/// market, a wake-up of the same timer.
fn is_replaced(waiting: &Turn, turn: &Turn) -> bool {
    match (waiting, turn) {
        (Turn::Wake(older), Turn::Wake(tag)) => older == tag,
        (Turn::Call(older, Some(of_older)), Turn::Call(callback, Some(argument))) => {
            let market = market_of(argument);
            older == callback && market.is_some() && market_of(of_older) == market
        }
        _ => false,
    }
}

/// Returns the market that a quote or a book is of.
fn market_of(argument: &Dynamic) -> Option<ListingId> {
    let quote = argument.read_lock::<QuoteView>().map(|quote| quote.listing.id);
    quote.or_else(|| argument.read_lock::<BookView>().map(|book| book.listing.id))
}
