//! The shipped auctions: an owner and three who bid.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::market::{
    AuctionEnd, AuctionEvent, Consideration, Fact, ProposalEnd, SinkError, Stamped, TapeSink,
};
use bearpit::scenario::Scenario;

use super::super::cli::scenario;

struct Auctions(Rc<RefCell<Vec<AuctionEvent>>>);

impl TapeSink for Auctions {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::Auction(event) = stamped.fact {
            self.0.borrow_mut().push(*event);
        }
        Ok(())
    }
}

#[test]
fn lots_are_swapped_for_cash_and_for_shares_and_what_is_too_little_is_rejected() {
    let loaded = Scenario::load(&scenario("auctions"), &[]).unwrap();
    let mut builder = loaded.lay_out().unwrap();
    let events = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(Auctions(Rc::clone(&events))));
    let mut market = builder.open().unwrap();
    // That nothing is lost or made is checked when it settles.
    market.run().unwrap();
    let events = events.borrow();
    let count = |is_meant: fn(&AuctionEvent) -> bool| events.iter().filter(|event| is_meant(event)).count();
    let for_cash =
        count(|it| matches!(it, AuctionEvent::Accepted { consideration: Consideration::Cash(_), .. }));
    let accepted = count(|it| matches!(it, AuctionEvent::Accepted { .. }));
    let rejected = count(|it| matches!(it, AuctionEvent::ProposalEnded { why: ProposalEnd::Rejected, .. }));
    let expired = count(|it| matches!(it, AuctionEvent::Ended { why: AuctionEnd::Expired, .. }));
    let figures = (for_cash, accepted - for_cash, rejected, expired);
    assert!(for_cash >= 3 && accepted - for_cash >= 2 && rejected >= 5 && expired >= 1, "{figures:?}");
    let state = market.world().domain();
    let owner = state.account(market.participant("owner").unwrap().id).unwrap();
    let left = owner.holding(loaded.venues[0].instruments[0]).lots();
    assert_eq!(left, 10_000 - 400 * i64::try_from(accepted).unwrap());
    assert_eq!(state.open_auctions().count(), 0);
}
