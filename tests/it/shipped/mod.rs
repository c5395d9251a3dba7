//! The bundled strategies, each in its scenario: they do what their documentation says.

#![expect(clippy::cast_precision_loss, reason = "prices and quantities of the scenarios are small")]

mod auctions;
mod donchian;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use bearpit::exchange::Market;
use bearpit::market::{Fact, Liquidity, OrderTerms, SinkError, Stamped, TapeSink};
use bearpit::scenario::Scenario;
use bearpit::units::{ActorId, InstrumentId, ListingId, SimDuration, SimTime};

/// One fill of the strategy: lots are negative where it sold.
#[derive(Debug, Clone, Copy)]
struct Deal {
    at: SimTime,
    listing: usize,
    lots: i64,
    ticks: i64,
    liquidity: Liquidity,
}

/// What one strategy did.
#[derive(Debug, Default)]
struct Deeds {
    deals: Vec<Deal>,
    accepted: Vec<(SimTime, ListingId, OrderTerms)>,
    plotted: Vec<(SimTime, String, f64)>,
    logged: Vec<String>,
    refused: usize,
}

impl Deeds {
    /// Returns the holding of a listing after each deal in it, beginning at `opening`.
    fn holdings(&self, listing: usize, opening: i64) -> Vec<i64> {
        let deals = self.deals.iter().filter(|deal| deal.listing == listing);
        deals
            .scan(opening, |held, deal| {
                *held += deal.lots;
                Some(*held)
            })
            .collect()
    }

    /// Returns the lots that its farthest holding is away from nothing.
    fn largest(&self) -> i64 {
        self.holdings(0, 0).into_iter().map(i64::abs).max().unwrap()
    }
}

struct Watcher {
    owner: ActorId,
    deeds: Rc<RefCell<Deeds>>,
}

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut deeds = self.deeds.borrow_mut();
        match stamped.fact {
            Fact::Traded(trade) => {
                let (aggressor, roles) = (trade.aggressor.sign(), trade.roles());
                let sides = [(trade.maker, -aggressor, roles[0]), (trade.taker, aggressor, roles[1])];
                for (_, sign, liquidity) in sides.into_iter().filter(|(owner, ..)| *owner == self.owner) {
                    deeds.deals.push(Deal {
                        at: stamped.at,
                        listing: trade.listing.index(),
                        lots: sign * i64::try_from(trade.quantity.lots()).unwrap(),
                        ticks: trade.price.ticks(),
                        liquidity,
                    });
                }
            }
            Fact::OrderAccepted { owner, listing, terms, .. } if *owner == self.owner => {
                deeds.accepted.push((stamped.at, *listing, *terms));
            }
            Fact::OrderRefused { owner, .. } if *owner == self.owner => deeds.refused += 1,
            Fact::Plotted { actor, series, value: Some(value) } if *actor == self.owner => {
                deeds.plotted.push((stamped.at, series.to_string(), value.get()));
            }
            Fact::Logged { actor, text } if *actor == self.owner => deeds.logged.push(text.to_string()),
            Fact::StrategyFailed { text, .. } => return Err(SinkError::new(text.to_string())),
            _ => {}
        }
        Ok(())
    }
}

/// A scenario after its run.
struct Ran {
    market: Market,
    owner: ActorId,
    deeds: Deeds,
}

impl Ran {
    fn holding(&self, instrument: u32) -> i64 {
        let account = self.market.world().domain().account(self.owner).unwrap();
        account.holding(InstrumentId::new(instrument)).lots()
    }

    /// Returns what was gained, after fees, in currency.
    fn gain(&self, agent: &str) -> f64 {
        let (begin, end) = self.market.equity_span(self.market.participant(agent).unwrap());
        (end - begin).to_f64()
    }

    fn fees(&self) -> f64 {
        self.market.world().domain().account(self.owner).unwrap().fees().to_f64()
    }
}

/// Runs a shipped scenario, which must not fail, and watches one of its agents.
fn run(scenario: &str, agent: &str, changes: &[&str]) -> Ran {
    let file: PathBuf = ["scenarios", &format!("{scenario}.toml")].iter().collect();
    let changes: Vec<_> = changes.iter().map(|change| change.parse().unwrap()).collect();
    let scenario = Scenario::load(&file, &changes).unwrap();
    // The account's number is known once the market is open; the tape's readers come before.
    let owner = scenario.lay_out().unwrap().open().unwrap().participant(agent).unwrap().id;
    let mut builder = scenario.lay_out().unwrap();
    let deeds = Rc::new(RefCell::new(Deeds::default()));
    builder.sink(Box::new(Watcher { owner, deeds: Rc::clone(&deeds) }));
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let deeds = deeds.take();
    assert_eq!(deeds.refused, 0, "every order is covered");
    assert!(!deeds.deals.is_empty());
    Ran { market, owner, deeds }
}

#[test]
fn the_ema_cross_is_always_on_one_side_with_its_whole_quantity() {
    let ran = run("quickstart", "ema", &["scenario.end=2025-03-03T12:30:00"]);
    assert!(ran.deeds.accepted.len() > 3, "it turns");
    assert_eq!(ran.deeds.largest(), 100);
    assert_eq!(ran.holding(0).abs(), 100);
}

#[test]
fn rsi_reversion_gains_where_prices_come_back_and_loses_where_they_do_not() {
    let back = run("rsi_reversion", "rsi", &[]);
    assert_eq!(back.deeds.largest(), 200);
    assert!(back.gain("rsi") > 100.0, "{}", back.gain("rsi"));
    // With a half-life of a year the same value is a random walk.
    let away = run("rsi_reversion", "rsi", &["instruments.ACME.process.half_life=1638h"]);
    assert!(away.gain("rsi") < back.gain("rsi"));
}

#[test]
fn bollinger_only_makes_and_earns_the_rebate() {
    let ran = run("bollinger", "bollinger", &["scenario.end=2025-03-03T12:30:00"]);
    assert!(ran.deeds.deals.iter().all(|deal| deal.liquidity == Liquidity::Maker));
    assert!(ran.fees() < 0.0);
    // An order that fills while its cancel is on its way is one more than was wanted.
    assert!(ran.deeds.largest() <= 200);
}

#[test]
fn the_legs_of_a_pair_are_opposite_and_as_large_as_the_ratio_says() {
    let ran = run("pairs", "pairs", &["scenario.end=2025-03-03T13:00:00"]);
    let (mut held, mut entries) = ([0_i64; 2], 0);
    let mut deals = ran.deeds.deals.iter().peekable();
    while let Some(deal) = deals.next() {
        held[deal.listing] += deal.lots;
        // A second after a deal, both legs have traded.
        let settled = deals.peek().is_none_or(|next| next.at > deal.at + SimDuration::from_secs(1));
        if settled {
            assert_eq!(held[0] * 2, -held[1], "at {}", deal.at);
            entries += usize::from(held[1] != 0);
        }
    }
    assert!(entries > 3, "{entries}");
}

#[test]
fn avellaneda_stoikov_keeps_its_inventory_in_bounds_and_goes_home_flat() {
    let ran = run("avellaneda_stoikov", "maker", &[]);
    assert!(ran.deeds.largest() <= 200, "{}", ran.deeds.largest());
    assert_eq!(ran.holding(0), 0);
    let horizon = SimDuration::from_secs(7_200);
    let begin = ran.deeds.accepted[0].0;
    let quoting =
        ran.deeds.deals.iter().filter(|deal| deal.at < begin + horizon - SimDuration::from_secs(310));
    assert!(quoting.into_iter().all(|deal| deal.liquidity == Liquidity::Maker));
    assert!(ran.gain("maker") > 0.0);
    // It leans: what it holds never lasts, so it sells as often as it buys.
    assert!(ran.deeds.holdings(0, 0).windows(2).filter(|pair| (pair[0] > 0) != (pair[1] > 0)).count() > 20);
}

#[test]
fn order_flow_predicts_enough_to_pay_the_spread_among_slow_quotes_only() {
    let slow = run("order_flow_imbalance", "flow", &["scenario.end=2025-03-03T10:30:00"]);
    assert_eq!(slow.deeds.largest(), 100);
    assert!(slow.gain("flow") + slow.fees() > 0.0, "{}", slow.gain("flow"));
    let quick = ["agents.market_maker.interval=200ms", "scenario.end=2025-03-03T10:30:00"];
    let quick = run("order_flow_imbalance", "flow", &quick);
    assert!(quick.gain("flow") + quick.fees() < 0.0, "{}", quick.gain("flow"));
}

#[test]
fn twap_buys_its_quantity_within_its_time_in_even_slices() {
    let ran = run("twap", "twap", &[]);
    let begin = ran.deeds.accepted[0].0;
    assert_eq!(ran.holding(0), 6_000);
    let mut filled = 0;
    for deal in &ran.deeds.deals {
        filled += deal.lots;
        let slice = (deal.at - begin).nanos() / 60_000_000_000 + 1;
        assert!(slice <= 60 && filled <= slice * 100, "{filled} in slice {slice}");
    }
    assert!(ran.deeds.accepted.iter().all(|(_, _, terms)| terms.quantity.lots() <= 100));
    let (taken, made): (Vec<&Deal>, Vec<&Deal>) =
        ran.deeds.deals.iter().partition(|deal| deal.liquidity == Liquidity::Taker);
    assert!(!taken.is_empty() && made.len() > taken.len(), "most slices fill while they wait");
    // The report says what the fills say.
    let paid: i64 = ran.deeds.deals.iter().map(|deal| deal.lots * deal.ticks).sum();
    let average = paid as f64 / 100.0 / 6_000.0;
    let said = ran.deeds.logged[0].split(' ').nth(2).and_then(|text| text.parse::<f64>().ok()).unwrap();
    assert!((said - average).abs() < 1e-9, "{said} {average}");
    assert!(ran.deeds.logged[1].contains("bps") && ran.deeds.logged[1].contains("against arrival"));
}

#[test]
fn arbitrage_earns_before_fees_and_keeps_what_failed_legs_leave_small() {
    let ran = run("two_venues", "arbitrage", &["scenario.end=2025-03-03T10:30:00"]);
    assert!((ran.holding(0) - 1_000).abs() <= 250, "{}", ran.holding(0));
    let deals = &ran.deeds.deals;
    let bought: i64 = deals.iter().map(|deal| deal.lots.max(0)).sum();
    assert!(bought > 1_000, "{bought}");
    // What failed legs leave gains and loses by itself, and more than that: so the legs that met alone.
    let (lots, earned) = gain_of_pairs(deals);
    assert!(lots > bought / 3 && earned > 0, "{lots} lots of {bought} earned {earned}");
}

/// Returns how many lots were bought on one venue and sold on the other within 100 milliseconds, and what
/// that earned, in ticks times lots.
fn gain_of_pairs(deals: &[Deal]) -> (i64, i64) {
    let (mut lots, mut earned) = (0, 0);
    // Time, listing, lots and ticks of what has no other leg yet.
    let mut single: Vec<(SimTime, usize, i64, i64)> = Vec::new();
    for deal in deals {
        single.retain(|(at, _, lots, _)| *lots != 0 && deal.at - *at <= SimDuration::from_millis(100));
        let (sign, mut left) = (deal.lots.signum(), deal.lots.abs());
        for (_, listing, other, ticks) in &mut single {
            if *listing == deal.listing || other.signum() == sign {
                continue;
            }
            let both = left.min(other.abs());
            *other += sign * both;
            left -= both;
            lots += both;
            earned += both * sign * (*ticks - deal.ticks);
        }
        single.push((deal.at, deal.listing, sign * left, deal.ticks));
    }
    (lots, earned)
}

#[test]
fn the_rebalancer_brings_back_every_share_that_has_left_its_band() {
    let ran = run("rebalancer", "portfolio", &[]);
    let targets = [("ALFA", 0.5), ("BETA", 0.3), ("GAMA", 0.15)];
    let mut rebalanced = 0;
    for (symbol, target) in targets {
        let shares: Vec<(SimTime, f64)> =
            ran.deeds.plotted.iter().filter(|it| it.1 == symbol).map(|it| (it.0, it.2)).collect();
        // What a look finds outside of its band, the next one finds inside; the first look finds only cash.
        for pair in shares.windows(2) {
            let [before, after] = [pair[0].1, pair[1].1].map(|share| (share - target).abs());
            rebalanced += usize::from(before > 0.02);
            assert!(before <= 0.02 || after <= 0.02, "{symbol} {after} at {}", pair[1].0);
        }
    }
    assert!(rebalanced >= 4, "the three begin outside, and one at least drifts out again: {rebalanced}");
}

/// The rows of the gallery: the scenario, what was gained, rounded, and the fills.
fn gallery() -> Vec<(String, Option<i64>, usize)> {
    let page = std::fs::read_to_string("docs/gallery.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| [") && line.contains("` |"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = |text: &str| text.replace([',', '+'], "").parse::<i64>().ok();
        let gained = cells[3].split(' ').next().and_then(number);
        (cells[2].trim_matches('`').to_owned(), gained, usize::try_from(number(cells[4]).unwrap()).unwrap())
    };
    rows.map(row).collect()
}

#[test]
fn who_sells_a_perpetual_above_its_index_is_paid_for_it_whatever_the_price_does() {
    let ran = run("perpetual", "carry", &[]);
    assert_eq!(ran.deeds.holdings(0, 0), [1_000]);
    assert_eq!(ran.deeds.holdings(1, 0), [-1_000]);
    // Three times about a tenth of a percent of 60,000, less 24 in fees and what the legs cost to enter.
    assert!((80.0..180.0).contains(&ran.gain("carry")), "{}", ran.gain("carry"));
    let dear = run("perpetual", "carry", &["venues.PIT.fees.taker_bps=20"]);
    assert!(dear.gain("carry") < 0.0, "{}", dear.gain("carry"));
}

#[test]
fn the_gallery_has_what_its_scenarios_give() {
    let agents = [
        "ema",
        "sma",
        "rsi",
        "bollinger",
        "donchian",
        "pairs",
        "maker",
        "flow",
        "twap",
        "arbitrage",
        "carry",
        "portfolio",
    ];
    let rows = gallery();
    assert_eq!(rows.len(), agents.len());
    for ((scenario, gained, fills), agent) in rows.into_iter().zip(agents) {
        let ran = run(&scenario, agent, &[]);
        assert_eq!(ran.deeds.deals.len(), fills, "{scenario}");
        // Execution has costs instead, which its report says.
        if let Some(gained) = gained {
            assert!((ran.gain(agent) - gained as f64).abs() <= 0.5, "{scenario}: {}", ran.gain(agent));
        } else {
            assert!(ran.deeds.logged[1].contains("-7.5"), "{:?}", ran.deeds.logged);
        }
    }
}
