//! Random actions beside orders, held against a plain model that shares nothing with the market but units.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["owner", "p", "q"];
const RULES: AuctionRules = AuctionRules { max_open: 3, max_proposals: 2, max_deviation_bps: None };

#[derive(Debug, Clone, Copy)]
enum Act {
    Offer { asset: usize, lots: u64, span: i64 },
    Cash { auction: u64, whole: i64 },
    Shares { auction: u64, asset: usize, lots: u64 },
    Accept { auction: u64, proposal: u64 },
    Reject { auction: u64, proposal: u64 },
    WithdrawProposal { auction: u64, proposal: u64 },
    Withdraw { auction: u64 },
    Buy { asset: usize, lots: u64 },
    Sell { asset: usize, lots: u64 },
    CancelAll,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    pause: i64,
    who: usize,
    act: Act,
}

fn act() -> impl Strategy<Value = Act> {
    let id = || 1..10_u64;
    let asset = || 0..2_usize;
    let lots = || 0..90_u64;
    prop_oneof![
        3 => (asset(), lots(), -5..400_i64).prop_map(|(asset, lots, span)| Act::Offer { asset, lots, span }),
        3 => (id(), 0..7_000_i64).prop_map(|(auction, whole)| Act::Cash { auction, whole }),
        3 => (id(), asset(), lots()).prop_map(|(auction, asset, lots)| Act::Shares { auction, asset, lots }),
        3 => (id(), id()).prop_map(|(auction, proposal)| Act::Accept { auction, proposal }),
        1 => (id(), id()).prop_map(|(auction, proposal)| Act::Reject { auction, proposal }),
        1 => (id(), id()).prop_map(|(auction, proposal)| Act::WithdrawProposal { auction, proposal }),
        1 => id().prop_map(|auction| Act::Withdraw { auction }),
        1 => (asset(), 1..5_000_u64).prop_map(|(asset, lots)| Act::Buy { asset, lots }),
        1 => (asset(), 1..90_u64).prop_map(|(asset, lots)| Act::Sell { asset, lots }),
        1 => Just(Act::CancelAll),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..80_i64, 0..3_usize, act()).prop_map(|(pause, who, act)| Step { pause, who, act });
    prop::collection::vec(step, 1..60)
}

/// Cash first, then lots of each instrument.
type Bundle = [i64; 3];

/// What somebody has, what the orders hold of it, and what auctions do.
#[derive(Debug, Clone, Copy, Default)]
struct Purse {
    has: Bundle,
    in_orders: Bundle,
}

#[derive(Debug, Clone)]
struct Auction {
    owner: usize,
    lot: Bundle,
    deadline: i64,
    proposals: BTreeMap<u64, (usize, Bundle)>,
}

#[derive(Debug, Default)]
struct Model {
    purses: [Purse; 3],
    open: BTreeMap<u64, Auction>,
    auctions: u64,
    proposals: u64,
}

fn bundle(asset: usize, amount: i64) -> Bundle {
    let mut bundle = [0; 3];
    bundle[asset] = amount;
    bundle
}

impl Model {
    fn new() -> Self {
        let purse = Purse { has: [10_000, 100, 100], in_orders: [0; 3] };
        Self { purses: [purse; 3], ..Self::default() }
    }

    fn held(&self, who: usize) -> Bundle {
        let lots = self.open.values().filter(|it| it.owner == who).map(|it| it.lot);
        let proposed = self.open.values().flat_map(|it| it.proposals.values());
        let proposed = proposed.filter(|(proposer, _)| *proposer == who).map(|(_, what)| *what);
        lots.chain(proposed)
            .chain([self.purses[who].in_orders])
            .fold([0; 3], |sum, part| [0, 1, 2].map(|asset| sum[asset] + part[asset]))
    }

    fn free(&self, who: usize) -> Bundle {
        [0, 1, 2].map(|asset| self.purses[who].has[asset] - self.held(who)[asset])
    }

    fn has_free(&self, who: usize, what: Bundle) -> bool {
        let free = self.free(who);
        what.iter().sum::<i64>() > 0 && (0..3).all(|asset| what[asset] <= free[asset])
    }

    fn propose(&mut self, who: usize, auction: u64, what: Bundle) -> bool {
        let is_free = self.has_free(who, what);
        let Some(open) = self.open.get_mut(&auction) else { return false };
        let is_same = (0..3).any(|asset| open.lot[asset] > 0 && what[asset] > 0);
        let own = open.proposals.values().filter(|(proposer, _)| *proposer == who).count();
        let may = open.owner != who && !is_same && is_free && own < 2;
        if may {
            self.proposals += 1;
            open.proposals.insert(self.proposals, (who, what));
        }
        may
    }

    fn accept(&mut self, who: usize, auction: u64, proposal: u64) -> bool {
        let Some(open) = self.open.get(&auction).filter(|it| it.owner == who) else { return false };
        let Some((proposer, what)) = open.proposals.get(&proposal).copied() else { return false };
        let lot = open.lot;
        for asset in 0..3 {
            self.purses[who].has[asset] += what[asset] - lot[asset];
            self.purses[proposer].has[asset] += lot[asset] - what[asset];
        }
        self.open.remove(&auction);
        true
    }

    fn order(&mut self, who: usize, what: Bundle) -> bool {
        let may = self.has_free(who, what);
        if may {
            let held = &mut self.purses[who].in_orders;
            *held = [0, 1, 2].map(|asset| held[asset] + what[asset]);
        }
        may
    }

    /// Does what is asked for at `now`, and returns whether that is allowed.
    fn act(&mut self, now: i64, who: usize, act: Act) -> bool {
        self.open.retain(|_, auction| auction.deadline > now);
        match act {
            Act::Offer { asset, lots, span } => {
                let lot = bundle(asset + 1, i64::try_from(lots).unwrap());
                let own = self.open.values().filter(|it| it.owner == who).count();
                let may = self.has_free(who, lot) && span > 0 && own < 3;
                if may {
                    self.auctions += 1;
                    let (deadline, proposals) = (now + span, BTreeMap::new());
                    self.open.insert(self.auctions, Auction { owner: who, lot, deadline, proposals });
                }
                may
            }
            Act::Cash { auction, whole } => self.propose(who, auction, bundle(0, whole)),
            Act::Shares { auction, asset, lots } => {
                self.propose(who, auction, bundle(asset + 1, i64::try_from(lots).unwrap()))
            }
            Act::Accept { auction, proposal } => self.accept(who, auction, proposal),
            Act::Reject { auction, proposal } => {
                let open = self.open.get_mut(&auction).filter(|it| it.owner == who);
                open.is_some_and(|it| it.proposals.remove(&proposal).is_some())
            }
            Act::WithdrawProposal { auction, proposal } => {
                let open = self.open.get_mut(&auction);
                let open = open.filter(|it| it.proposals.get(&proposal).is_some_and(|(by, _)| *by == who));
                open.is_some_and(|it| it.proposals.remove(&proposal).is_some())
            }
            Act::Withdraw { auction } => {
                let is_own = self.open.get(&auction).is_some_and(|it| it.owner == who);
                is_own && self.open.remove(&auction).is_some()
            }
            // At 1.00, where nobody sells, and at 1,000.00, where nobody buys.
            Act::Buy { lots, .. } => self.order(who, bundle(0, i64::try_from(lots).unwrap())),
            Act::Sell { asset, lots } => self.order(who, bundle(asset + 1, i64::try_from(lots).unwrap())),
            Act::CancelAll => {
                self.purses[who].in_orders = [0; 3];
                true
            }
        }
    }
}

/// Returns what the market is asked for.
fn instructions(now: i64, act: Act) -> Vec<Instruction> {
    let instrument = |asset: usize| [ACME, BOLT][asset];
    let listing = |asset: usize| [LISTING, ListingId::new(1)][asset];
    let one = |action| vec![Instruction::Auction(action)];
    match act {
        Act::Offer { asset, lots, span } => one(offer(instrument(asset), lots, now + span)),
        Act::Cash { auction, whole } => one(propose(auction, cash(whole))),
        Act::Shares { auction, asset, lots } => one(propose(auction, shares(instrument(asset), lots))),
        Act::Accept { auction, proposal } => one(accept(auction, proposal)),
        Act::Reject { auction, proposal } => one(reject(auction, proposal)),
        Act::WithdrawProposal { auction, proposal } => one(withdraw_proposal(auction, proposal)),
        Act::Withdraw { auction } => one(withdraw(auction)),
        Act::Buy { asset, lots } => {
            vec![Instruction::Submit { listing: listing(asset), terms: limit(Side::Buy, lots, 100) }]
        }
        Act::Sell { asset, lots } => {
            vec![Instruction::Submit { listing: listing(asset), terms: limit(Side::Sell, lots, 100_000) }]
        }
        Act::CancelAll => {
            [0, 1].map(|asset| Instruction::MassCancel { listing: listing(asset), side: None }).to_vec()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn prop_auctions_do_what_a_plain_model_does_and_conserve_everything(steps in steps()) {
        let (mut live, facts) = quoted(RULES);
        let mut model = Model::new();
        let mut now = 1;
        for Step { pause, who, act } in steps {
            now += pause;
            let allowed = model.act(now, who, act);
            for instruction in instructions(now, act) {
                let outcome = live.instruct(now, NAMES[who], instruction);
                prop_assert_eq!(outcome.is_ok(), allowed, "{:?} at {}: {:?}", act, now, outcome);
            }
            for (who, name) in NAMES.iter().enumerate() {
                let (has, free) = (model.purses[who].has, model.free(who));
                let expected = [has[0], free[0], has[1], free[1], has[2], free[2]];
                prop_assert_eq!(live.has(name), expected, "{} after {:?} at {}", name, act, now);
            }
            let open = live.market.world().domain().open_auctions();
            let open: Vec<(u64, usize)> = open.map(|it| (it.id.get(), it.proposals.len())).collect();
            let known: Vec<(u64, usize)> = model.open.iter().map(|(id, it)| (*id, it.proposals.len())).collect();
            prop_assert_eq!(open, known);
        }
        let ids = NAMES.map(|name| live.id(name));
        let market = live.finish();
        // Whoever reads the tape alone comes to the same.
        let mut read = [[10_000, 100, 100]; 3];
        for (_, fact) in facts.0.borrow().iter() {
            let Fact::Auction(event) = fact else { continue };
            for side in event.swap().into_iter().flatten() {
                let who = ids.iter().position(|id| *id == side.account).unwrap();
                read[who][0] += i64::try_from(side.cash().units() / Money::UNITS).unwrap();
                for (instrument, lots) in side.shares() {
                    read[who][instrument.index() + 1] += lots.lots();
                }
            }
        }
        let state = market.world().domain();
        for (who, id) in ids.iter().enumerate() {
            let account = state.account(*id).unwrap();
            let lots = [ACME, BOLT].map(|asset| account.holding(asset).lots());
            prop_assert_eq!(read[who], [model.purses[who].has[0], lots[0], lots[1]]);
            prop_assert_eq!(account.free_cash(), account.cash(), "nothing is held after the close");
            prop_assert!([ACME, BOLT].iter().all(|asset| account.free_shares(*asset) == account.holding(*asset)));
        }
        prop_assert_eq!(state.open_auctions().count(), 0);
    }
}
