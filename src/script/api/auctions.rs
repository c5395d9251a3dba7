//! The functions of auctions between participants, and the objects that they return.

use std::rc::Rc;

use rhai::{Array, Dynamic};

use crate::script::api::market::find_for;
use crate::script::api::market_handle::MarketHandle;
use crate::script::api::order_options::OrderArguments;
use crate::script::api::registry::Registry;
use crate::script::host::{Host, SharedHost};
use crate::script::value::arguments::{ScriptResult, described, number, optional, text};
use crate::script::value::auction::{AuctionEventView, AuctionView, ProposalView};
use crate::script::value::listing::ListingInfo;
use bearpit_core::market::{AuctionLot, AuctionRefusal, Consideration};
use bearpit_core::units::{AuctionId, Decimal, Money, NumberText, ProposalId, SimDuration, SimTime};

/// Registers the objects of auctions.
fn objects(api: &mut Registry<'_>) {
    api.object::<AuctionView>("Auction")
        .field("id", "number", "its number, for `propose`, `accept` and `withdraw`", |it| it.id.cast_signed())
        .field("symbol", "text", "the instrument that is offered", |it| it.listing.symbol.clone())
        .field("quantity", "number", "how much of it", |it| it.quantity)
        .field("deadline", "text", "when it expires", |it| it.deadline.to_string())
        .field("is_own", "bool", "whether it is the strategy's own", |it| it.is_own)
        .field("proposals", "array", "the open proposals, oldest first", |it| -> Array {
            it.proposals.iter().cloned().map(Dynamic::from).collect()
        })
        .shown(|it| format!("auction {}: {} {}", it.id, it.quantity, it.listing.symbol));
    api.object::<ProposalView>("Proposal")
        .field("id", "number", "its number, for `accept`, `reject` and `withdraw`", |it| it.id.cast_signed())
        .option("cash", "number | ()", "the cash that is proposed", |it| it.what.cash())
        .option("symbol", "text | ()", "the instrument of the shares that are proposed", |it| {
            it.what.symbol()
        })
        .option("quantity", "number | ()", "how many shares are proposed", |it| it.what.quantity())
        .field("is_own", "bool", "whether it is the strategy's own", |it| it.is_own)
        .shown(|it| format!("proposal {}", it.id));
    event(api);
}

fn event(api: &mut Registry<'_>) {
    api.object::<AuctionEventView>("AuctionEvent")
        .field(
            "kind",
            "text",
            "`offered`, `proposed`, `accepted`, `proposal_ended`, `ended`, or `refused` of something that the strategy asked for",
            |it| it.kind().to_owned(),
        )
        .option("auction", "number | ()", "the auction's number", AuctionEventView::auction)
        .option("proposal", "number | ()", "the proposal's number", AuctionEventView::proposal)
        .option("symbol", "text | ()", "the instrument that is offered", |it| {
            it.listing.as_ref().map(|listing| listing.symbol.clone())
        })
        .option("quantity", "number | ()", "how much is offered, or was swapped", AuctionEventView::quantity)
        .option("cash", "number | ()", "the cash that is proposed, or was paid", |it| {
            it.proposed.as_ref()?.cash()
        })
        .option("proposed_symbol", "text | ()", "the instrument of the shares that are proposed", |it| {
            it.proposed.as_ref()?.symbol()
        })
        .option("proposed_quantity", "number | ()", "how many shares are proposed", |it| {
            it.proposed.as_ref()?.quantity()
        })
        .option("value", "number | ()", "what each side of a swap was worth", AuctionEventView::value)
        .option("deadline", "text | ()", "when an offer expires", |it| it.deadline().map(|at| at.to_string()))
        .field("is_own", "bool", "whether the auction is the strategy's own", AuctionEventView::is_own)
        .field("is_own_proposal", "bool", "whether the proposal is", AuctionEventView::is_own_proposal)
        .option("reason", "text | ()", "why a proposal or auction ended, or was refused", AuctionEventView::reason)
        .field("time", "text", "when it happened", |it| it.at.to_string())
        .instant(|it| it.at)
        .shown(|it| format!("{} {}", it.kind(), it.auction().unwrap_or(0)));
}

/// Registers the functions of auctions.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    objects(api);
    api.group("Auctions");
    let (home, named) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "offer_auction",
        "(market?: text | Market, quantity: number, deadline: text) -> number | ()",
        "Offers shares that the account holds until a deadline: a span, or a time; returns the auction's number.",
        "offer_auction(10, \"30s\")",
    )
    .form(move |quantity: Dynamic, deadline: Dynamic| offer(&home, None, &quantity, &deadline))
    .form(move |market: Dynamic, quantity: Dynamic, deadline: Dynamic| {
        offer(&named, Some(&market), &quantity, &deadline)
    });
    let (cash, shares) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "propose",
        "(auction: number | Auction, cash_or_market: number | text | Market, quantity?: number) -> number | ()",
        "Proposes cash, or so many shares of another instrument, for what an auction offers; returns the proposal's number.",
        "propose(1, 950.0)",
    )
    .form(move |auction: Dynamic, amount: Dynamic| {
        let auction = auction_id("propose", &auction)?;
        let amount = money("propose", &amount)?;
        propose(&cash, auction, Consideration::Cash(amount))
    })
    .form(move |auction: Dynamic, market: Dynamic, quantity: Dynamic| {
        let auction = auction_id("propose", &auction)?;
        let lot = lot("propose", &shares, Some(&market), &quantity)?;
        propose(&shares, auction, lot.into())
    });
    answers(api, host);
    let shared = Rc::clone(host);
    api.function(
        "auctions",
        "() -> array",
        "The open auctions of all participants, oldest first, as they stand now.",
        "auctions().len",
    )
    .form(move || -> Array {
        let host = shared.borrow();
        let view = |auction| AuctionView::of(&host.listings, auction, host.ctx.id());
        host.ctx.open_auctions().filter_map(view).map(Dynamic::from).collect()
    });
}

fn answers(api: &mut Registry<'_>, host: &SharedHost) {
    let shared = Rc::clone(host);
    api.function(
        "accept",
        "(auction: number | Auction, proposal: number | Proposal) -> bool",
        "Accepts a proposal to an own auction: both sides change hands at once; returns whether they did.",
        "accept(1, 1)",
    )
    .form(move |auction: Dynamic, proposal: Dynamic| {
        let pair = pair("accept", &auction, &proposal)?;
        act(&shared, "accept", |host| host.ctx.accept_proposal(pair))
    });
    let shared = Rc::clone(host);
    api.function(
        "reject",
        "(auction: number | Auction, proposal: number | Proposal) -> bool",
        "Rejects a proposal to an own auction, which goes on.",
        "reject(1, 1)",
    )
    .form(move |auction: Dynamic, proposal: Dynamic| {
        let pair = pair("reject", &auction, &proposal)?;
        act(&shared, "reject", |host| host.ctx.reject_proposal(pair))
    });
    let (whole, one) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "withdraw",
        "(auction: number | Auction, proposal?: number | Proposal) -> bool",
        "Withdraws an own auction, or an own proposal to somebody else's.",
        "withdraw(1)",
    )
    .form(move |auction: Dynamic| {
        let auction = auction_id("withdraw", &auction)?;
        act(&whole, "withdraw", |host| host.ctx.withdraw_auction(auction))
    })
    .form(move |auction: Dynamic, proposal: Dynamic| {
        let pair = pair("withdraw", &auction, &proposal)?;
        act(&one, "withdraw", |host| host.ctx.withdraw_proposal(pair))
    });
}

impl Host {
    /// Keeps why nothing was done in an auction, for `on_auction`.
    fn keep_refusal<T>(&mut self, result: Result<T, AuctionRefusal>) -> Option<T> {
        result.map_err(|refusal| self.refused_in_auctions.push(refusal)).ok()
    }
}

/// Does something in an auction; returns whether it was done.
fn act(
    shared: &SharedHost,
    function: &str,
    action: impl FnOnce(&mut Host) -> Result<(), AuctionRefusal>,
) -> ScriptResult<bool> {
    let mut host = shared.borrow_mut();
    host.count_command(function)?;
    let done = action(&mut host);
    Ok(host.keep_refusal(done).is_some())
}

fn offer(
    shared: &SharedHost,
    market: Option<&Dynamic>,
    quantity: &Dynamic,
    deadline: &Dynamic,
) -> ScriptResult<Dynamic> {
    const NAME: &str = "offer_auction";
    let lot = lot(NAME, shared, market, quantity)?;
    let mut host = shared.borrow_mut();
    host.count_command(NAME)?;
    let deadline = instant(NAME, host.ctx.now(), deadline)?;
    let offered = host.ctx.offer_auction(lot, deadline);
    Ok(optional(host.keep_refusal(offered).map(|id| id.get().cast_signed())))
}

fn propose(shared: &SharedHost, auction: AuctionId, consideration: Consideration) -> ScriptResult<Dynamic> {
    let mut host = shared.borrow_mut();
    host.count_command("propose")?;
    let proposed = host.ctx.propose(auction, consideration);
    Ok(optional(host.keep_refusal(proposed).map(|id| id.get().cast_signed())))
}

/// Reads shares of a market, of the default one if none is named.
fn lot(
    function: &str,
    shared: &SharedHost,
    market: Option<&Dynamic>,
    quantity: &Dynamic,
) -> ScriptResult<AuctionLot> {
    let listing = listing_of(function, shared, market)?;
    let now = shared.borrow().ctx.now();
    let quantity = OrderArguments { function, listing: &listing, now }.quantity("quantity", quantity)?;
    Ok(AuctionLot { instrument: listing.instrument_id, quantity })
}

fn listing_of(
    function: &str,
    shared: &SharedHost,
    market: Option<&Dynamic>,
) -> ScriptResult<Rc<ListingInfo>> {
    let handle = match market {
        None => MarketHandle::home(Rc::clone(shared)),
        Some(value) => match value.read_lock::<MarketHandle>() {
            Some(handle) => handle.clone(),
            None => find_for(function, shared, value, None)?,
        },
    };
    handle.open(function).map(|(_, listing)| listing)
}

/// Reads a span from now such as `"30s"`, or a time such as `"2025-03-03T10:00:00"`.
fn instant(function: &str, now: SimTime, value: &Dynamic) -> ScriptResult<SimTime> {
    let word = text(function, "deadline", value)?;
    let span = word.parse::<SimDuration>().ok().map(|span| now.saturating_add(span));
    span.or_else(|| word.parse().ok()).ok_or_else(|| {
        format!(
            "{function}: the deadline must be a span such as \"30s\", or a time such as \"{now}\", but is {}",
            described(value)
        )
        .into()
    })
}

/// Reads an amount of cash, to ten decimal places.
fn money(function: &str, value: &Dynamic) -> ScriptResult<Money> {
    let amount = number(function, "cash", value)?;
    let parsed = [10, 2].into_iter().find_map(|places| {
        let decimal: Decimal = format!("{amount:.places$}").parse().ok()?;
        Money::from_decimal(decimal)
    });
    parsed.ok_or_else(|| format!("{function}: {} is no amount of cash", NumberText(amount)).into())
}

fn pair(function: &str, auction: &Dynamic, proposal: &Dynamic) -> ScriptResult<(AuctionId, ProposalId)> {
    let auction = auction_id(function, auction)?;
    let of_object = proposal.read_lock::<ProposalView>().map(|it| it.id);
    Ok((auction, ProposalId::new(id(function, "proposal", of_object, proposal)?)))
}

fn auction_id(function: &str, value: &Dynamic) -> ScriptResult<AuctionId> {
    let of_object = value.read_lock::<AuctionView>().map(|it| it.id);
    id(function, "auction", of_object, value).map(AuctionId::new)
}

fn id(function: &str, what: &str, of_object: Option<u64>, value: &Dynamic) -> ScriptResult<u64> {
    let given = value.as_int().ok().and_then(|number| u64::try_from(number).ok());
    of_object.or(given).ok_or_else(|| {
        format!("{function}: the {what} must be its number, 1 or more, but is {}", described(value)).into()
    })
}
