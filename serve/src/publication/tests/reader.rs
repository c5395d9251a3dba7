//! A reader of one channel, which checks that the numbers of its updates join.

use bearpit_core::market::{Ladders, LevelChange, Side};
use bearpit_core::units::Price;

use crate::publication::{
    Candle, Channel, Closed, Content, OwnEvent, OwnState, PhaseState, Position, Publication, Subscription,
    TradePrint, Update,
};

/// What a reader has learnt.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Learnt {
    pub(super) book: Ladders,
    pub(super) trades: Vec<TradePrint>,
    pub(super) closed: Vec<Candle>,
    pub(super) current: Option<Candle>,
    pub(super) phase: Option<PhaseState>,
    pub(super) events: Vec<OwnEvent>,
    pub(super) own: OwnState,
}

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) channel: Channel,
    pub(super) subscription: Subscription,
    next: Option<u64>,
    pub(super) learnt: Learnt,
}

impl Reader {
    pub(super) fn new(publication: &Publication, channel: &Channel) -> Self {
        let subscription = publication.subscribe(channel, None).unwrap();
        let next = subscription.position().map(|position| position.next);
        Self { channel: channel.clone(), subscription, next, learnt: Learnt::default() }
    }

    /// Goes on with another publication, where it was.
    pub(super) fn resume(&mut self, publication: &Publication) {
        let position: Option<Position> = self.subscription.position();
        self.subscription = publication.subscribe(&self.channel, position).unwrap();
    }

    pub(super) fn read_all(&mut self) -> Option<Closed> {
        while let Some(update) = self.subscription.try_next() {
            match update {
                Ok(update) => self.learn(update),
                Err(closed) => return Some(closed),
            }
        }
        None
    }

    pub(super) fn learn(&mut self, Update { numbers, content }: Update) {
        if let Some(next) = self.next {
            assert!(
                numbers.start == next || (numbers.start == 0 && numbers.end > next),
                "{numbers:?} after {next}"
            );
        }
        self.next = Some(numbers.end);
        let learnt = &mut self.learnt;
        match content {
            Content::BookSnapshot(ladders) => learnt.book = ladders,
            Content::BookChanges(changes) => changes.iter().for_each(|change| set(&mut learnt.book, change)),
            Content::Trade(print) => {
                assert_eq!(print.number, numbers.start);
                learnt.trades.push(print);
            }
            Content::Candle { candle, is_closed: true } => {
                learnt.closed.push(candle);
                learnt.current = None;
            }
            Content::Candle { candle, is_closed: false } => learnt.current = Some(candle),
            Content::Phase(phase) => learnt.phase = Some(phase),
            Content::AuctionsSnapshot(_) | Content::Auction(_) => panic!("nobody follows auctions here"),
            Content::OwnSnapshot(state) => learnt.own = *state,
            Content::Own(event) => {
                learnt.own.follow(&event);
                learnt.events.push(*event);
            }
        }
    }
}

/// Changes a level, in the plainest way.
fn set(ladders: &mut Ladders, change: &LevelChange) {
    let key = |price: Price| if change.side == Side::Buy { -price.ticks() } else { price.ticks() };
    let levels = if change.side == Side::Buy { &mut ladders.bids } else { &mut ladders.asks };
    levels.retain(|level| level.price != change.price);
    if !change.size.is_zero() {
        levels.push(bearpit_core::market::QuoteLevel { price: change.price, size: change.size });
    }
    levels.sort_by_key(|level| key(level.price));
}
