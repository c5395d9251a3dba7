"""alpaca-trade-api against a server: requests with a symbol in the path, and streams over a restart."""
import datetime as dt
import os
import time

from server import fails, in_background, run, until

import alpaca_trade_api
from alpaca_trade_api.rest import APIError, TimeFrame, TimeFrameUnit
from alpaca_trade_api.stream import Stream


def client(server, name):
    os.environ["APCA_API_DATA_URL"] = server.base
    key, secret = server.key(name)
    return alpaca_trade_api.REST(key, secret, base_url=server.base), key, secret


def buy(trader, quantity, **more):
    return trader.submit_order("ALFA", qty=quantity, side="buy", type="market", time_in_force="day", **more)


def bid(trader, price, **more):
    return trader.submit_order("ALFA", qty=2, side="buy", type="limit", limit_price=price, time_in_force="gtc", **more)


def trading(server):
    trader, _, _ = client(server, "anne")
    assert trader.get_account().status == "ACTIVE" and trader.get_clock().is_open
    assert len(trader.get_calendar(start="2026-11-23", end="2026-11-29")) == 7
    assert {it.symbol for it in trader.list_assets(status="active")} == {"ALFA", "BETA", "GAMA"}
    assert trader.get_asset("ALFA").tradable
    assert buy(trader, 4).status == "filled"
    first = bid(trader, 90, client_order_id="mine")
    bracket = bid(trader, 90, order_class="bracket", take_profit={"limit_price": 130}, stop_loss={"stop_price": 80})
    assert [leg.status for leg in bracket.legs] == ["held", "held"]
    assert len(trader.list_orders(status="all", limit=10, nested=True)) == 3
    assert trader.get_order(first.id).id == trader.get_order_by_client_order_id("mine").id == first.id
    second = trader.replace_order(first.id, qty=1, limit_price=90.5)
    trader.cancel_order(second.id)
    until(lambda: trader.get_order(second.id).status == "canceled", "the cancel")
    trader.cancel_all_orders()
    assert trader.get_position("ALFA").qty == "4" and len(trader.list_positions()) == 1
    assert trader.close_position("ALFA", qty=1).qty == "1"
    trader.close_all_positions()
    until(lambda: not trader.list_positions(), "nothing is held")
    assert trader.get_portfolio_history(period="1D", timeframe="5Min").df.shape[0] >= 1
    until(lambda: len(trader.get_activities("FILL")) >= 3, "fills")
    fails(lambda: trader.get_asset("NONE"), APIError, status_code=404, code=40410000)
    fails(lambda: bid(trader, 90.001), APIError, status_code=422)
    listed = trader.create_watchlist("mine", ["ALFA"])
    trader.add_to_watchlist(listed.id, "BETA")
    assert [it["symbol"] for it in trader.get_watchlist(listed.id).assets] == ["ALFA", "BETA"]
    trader.delete_from_watchlist(listed.id, "ALFA")
    trader.delete_watchlist(listed.id)


def every_kind_of_order(server):
    trader, _, _ = client(server, "dora")
    buy(trader, 10)
    more = dict(qty=1, time_in_force="gtc")
    for kind, side, prices in [
        ("limit", "buy", dict(limit_price=90)),
        ("stop", "buy", dict(stop_price=130)),
        ("stop_limit", "buy", dict(stop_price=130, limit_price=131)),
        ("trailing_stop", "sell", dict(trail_percent=5)),
        ("trailing_stop", "sell", dict(trail_price=3)),
    ]:
        order = trader.submit_order("ALFA", side=side, type=kind, **prices, **more)
        assert (order.type, order.status) == (kind, "new"), order
        assert all(float(getattr(order, name)) == price for name, price in prices.items()), order
    exits = dict(take_profit={"limit_price": 130}, stop_loss={"stop_price": 80, "limit_price": 79})
    oto = bid(trader, 90, order_class="oto", stop_loss=exits["stop_loss"])
    assert [(leg.type, leg.status) for leg in oto.legs] == [("stop_limit", "held")]
    pair = trader.submit_order("ALFA", side="sell", type="limit", limit_price=130, order_class="oco", **exits, **more)
    assert pair.order_class == "oco" and [leg.type for leg in pair.legs] == ["stop_limit"]
    spent = trader.submit_order("ALFA", notional=1000, side="buy", type="market", time_in_force="day")
    assert spent.status == "filled" and 8 <= float(spent.qty) <= 10
    settings = trader.get_account_configurations()
    assert trader.update_account_configurations(suspend_trade=settings.suspend_trade).suspend_trade == settings.suspend_trade
    fails(lambda: trader.update_account_configurations(suspend_trade=True), APIError, status_code=422)


def orders_by_every_filter(server):
    trader, _, _ = client(server, "emil")
    first, second, third = bid(trader, 90), buy(trader, 3), bid(trader, 91)
    ids = lambda **filters: [order.id for order in trader.list_orders(**filters)]
    assert ids() == [third.id, first.id] and ids(status="closed") == [second.id]
    assert ids(status="all", direction="asc") == [first.id, second.id, third.id]
    assert ids(status="all", limit=1) == [third.id] and ids(status="all", symbols=["BETA"]) == []
    behind = (second.submitted_at + dt.timedelta(milliseconds=1)).isoformat()
    assert ids(status="all", after=behind) == [third.id]
    assert ids(status="all", until=second.submitted_at.isoformat()) == [first.id]


def an_order_too_many_is_tried_again(server):
    olga, ivan = server.administrator("olga"), server.register("ivan")
    at = lambda seconds: (dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds)).isoformat()
    contest = server.post("/api/contests", {
        "name": "slow", "ranking": "return", "cash": "10000", "starts_at": at(10), "ends_at": at(100),
        "entry_until": at(90), "orders": {"count": 1, "seconds": 5}}, olga)
    path = "/api/contests/" + contest["contest_id"]
    account = server.post(path + "/enter", {}, ivan)["account_id"]
    key, secret = server.key_of(ivan, account_id=account)
    trader = alpaca_trade_api.REST(key, secret, base_url=server.base)
    until(lambda: server.ask(path + "/me", ivan)["status"] == "playing", "the contest begins")
    began = time.monotonic()
    assert {buy(trader, 1).status, buy(trader, 1).status} == {"filled"}
    assert time.monotonic() - began >= 3, "the client waits three seconds for another try"
    assert trader.get_position("ALFA").qty == "2"


def market_data(server):
    trader, _, _ = client(server, "bert")
    start = (dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=2)).isoformat()
    start = max(start, dt.datetime.now(dt.timezone.utc).date().isoformat())
    assert trader.get_bars("ALFA", TimeFrame.Minute, start=start, limit=100).df.shape[0] >= 1
    assert trader.get_bars(["ALFA", "BETA"], TimeFrame(15, TimeFrameUnit.Minute), start=start)
    assert trader.get_trades("ALFA", start=start) and trader.get_quotes("ALFA", start=start)
    assert trader.get_latest_trade("ALFA").p > 0 and trader.get_latest_bar("ALFA").c > 0
    assert trader.get_latest_quote("ALFA").ap > trader.get_latest_quote("ALFA").bp > 0
    assert set(trader.get_latest_trades(["ALFA", "BETA"])) == {"ALFA", "BETA"}
    assert trader.get_snapshot("ALFA").daily_bar.c > 0 and len(trader.get_snapshots(["ALFA", "BETA"])) == 2
    assert trader.get_crypto_bars("ALFA/USD", TimeFrame.Minute, start=start)
    book = trader.get_latest_crypto_orderbook("ALFA/USD", "us")["ALFA/USD"]
    assert book.bids[0].p < book.asks[0].p and book.bids[0].p > book.bids[1].p
    assert trader.get_crypto_snapshot("ALFA/USD", "us")["ALFA/USD"].daily_bar.c > 0
    pairs = ["ALFA/USD", "BETA/USD"]
    for latest in [trader.get_latest_crypto_bars, trader.get_latest_crypto_trades, trader.get_latest_crypto_quotes]:
        assert set(latest(pairs, "us")) == set(pairs)
    # The client's own loop over page tokens, with shorter pages than its ten thousand.
    pages = lambda page: list(trader._data_get("trades", "ALFA", start=start, limit=40, page_limit=page))
    whole = pages(10_000)
    assert len(whole) == 40 and pages(7) == whole and [it["t"] for it in whole] == sorted(it["t"] for it in whole)


def streams_come_back_after_a_restart(server):
    trader, key, secret = client(server, "carl")
    got = {}

    def note(kind):
        async def noted(message):
            got.setdefault(kind, []).append(message)
        return noted

    stream = Stream(key, secret, base_url=server.base, data_stream_url=server.base, data_feed="iex")
    stream.subscribe_trade_updates(note("order"))
    # So many that the message is fragmented.
    stream.subscribe_trades(note("trade"), "ALFA", *(f"N{number:04}" for number in range(5_000)))
    stream.subscribe_quotes(note("quote"), "ALFA")
    in_background(stream.run)

    def is_filled():
        buy(trader, 1)
        return "fill" in [it.event for it in got.get("order", [])]

    for restarts in range(2):
        until(lambda: got.get("trade") and got.get("quote"), f"market data, {list(got)}")
        until(is_filled, "a fill")
        if restarts == 0:
            server.restart()
            got.clear()


run(trading, every_kind_of_order, orders_by_every_filter, market_data, an_order_too_many_is_tried_again,
    streams_come_back_after_a_restart)
