"""alpaca-trade-api against a server: requests with a symbol in the path, and streams over a restart."""
import datetime as dt
import os

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


def streams_come_back_after_a_restart(server):
    trader, key, secret = client(server, "carl")
    got = {}

    def note(kind):
        async def noted(message):
            got.setdefault(kind, []).append(message)
        return noted

    stream = Stream(key, secret, base_url=server.base, data_stream_url=server.base, data_feed="iex")
    stream.subscribe_trade_updates(note("order"))
    stream.subscribe_trades(note("trade"), "ALFA")
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


run(trading, market_data, streams_come_back_after_a_restart)
