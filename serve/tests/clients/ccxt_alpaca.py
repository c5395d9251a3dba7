"""ccxt and ccxt.pro, exchange `alpaca`, against a server: requests, errors, and what is watched over a restart."""
import asyncio

import ccxt
import ccxt.pro

from server import fails, run, until

PAIR = "ALFA/USD"


def on(server, exchange):
    exchange.urls["api"]["trader"] = exchange.urls["api"]["market"] = server.base
    exchange.urls["api"]["ws"] = {"crypto": server.ws + "/v1beta2/crypto", "trading": server.ws + "/stream"}
    exchange.rateLimit = 10
    return exchange


def keys(server, name):
    key, secret = server.key(name)
    return {"apiKey": key, "secret": secret}


def market_data_without_keys_and_with(server):
    known = on(server, ccxt.alpaca(keys(server, "anne")))
    markets = known.load_markets()
    assert abs(known.fetch_time() - known.milliseconds()) < 60_000
    # Which markets there are needs a key, as it does at Alpaca; what they do does not.
    stranger = on(server, ccxt.alpaca())
    stranger.set_markets(known.markets, known.currencies)
    for exchange in [known, stranger]:
        prices_of_today(exchange, markets)


def prices_of_today(exchange, markets):
    assert set(markets) == {"ALFA/USD", "BETA/USD", "GAMA/USD"} and markets[PAIR]["precision"]["price"] == 0.01
    now = exchange.milliseconds()
    ticker = exchange.fetch_ticker(PAIR)
    assert 0 < ticker["bid"] < ticker["ask"] and ticker["last"] > 0
    assert len(exchange.fetch_tickers()) == 3
    book = exchange.fetch_order_book(PAIR)
    assert book["bids"][0][0] < book["asks"][0][0] and book["bids"][0][0] > book["bids"][-1][0]
    assert len(exchange.fetch_ohlcv(PAIR, "1m", limit=3)) == 3
    for timeframe in ["1m", "5m", "1h", "1d", "1w"]:
        candles = exchange.fetch_ohlcv(PAIR, timeframe, since=now - 86_400_000 * 10)
        assert candles and all(low <= close <= high for _, _, high, low, close, _ in candles), timeframe
    trades = exchange.fetch_trades(PAIR, limit=5)
    assert len(trades) == 5 and {trade["side"] for trade in trades} <= {"buy", "sell", None}


def trading(server):
    exchange = on(server, ccxt.alpaca(keys(server, "bert")))
    assert exchange.fetch_balance()["USD"] == {"free": 100_000, "used": 0, "total": 100_000}
    resting = exchange.create_order(PAIR, "limit", "buy", 3, 90.25)
    assert (resting["symbol"], resting["status"], resting["amount"], resting["price"]) == (PAIR, "open", 3, 90.25)
    taken = exchange.create_order(PAIR, "market", "buy", 3)
    assert (taken["status"], taken["filled"], taken["symbol"]) == ("closed", 3, PAIR) and taken["average"] > 0
    stop = exchange.create_order(PAIR, "limit", "buy", 1, 131, {"triggerPrice": 130})
    assert (stop["triggerPrice"], stop["status"]) == (130, "open")
    spent = exchange.create_market_order_with_cost(PAIR, "buy", 1000)
    assert spent["status"] == "closed" and spent["cost"] <= 1000
    assert {it["id"] for it in exchange.fetch_open_orders(PAIR)} == {resting["id"], stop["id"]}
    assert {it["id"] for it in exchange.fetch_closed_orders(PAIR)} == {taken["id"], spent["id"]}
    since = exchange.fetch_orders(PAIR, since=taken["timestamp"])
    assert [it["id"] for it in since][-2:] == [stop["id"], spent["id"]] and len(exchange.fetch_orders(PAIR)) == 4
    edited = exchange.edit_order(resting["id"], PAIR, "limit", "buy", 2, 90.5)
    assert (edited["amount"], edited["price"]) == (2, 90.5) and edited["id"] != resting["id"]
    assert exchange.fetch_order(resting["id"])["status"] == "canceled"
    exchange.cancel_order(edited["id"])
    until(lambda: exchange.fetch_order(edited["id"])["status"] == "canceled", "the cancel")
    exchange.cancel_all_orders()
    until(lambda: not exchange.fetch_open_orders(), "all cancels")
    until(lambda: {it["order"] for it in exchange.fetch_my_trades(PAIR)} == {taken["id"], spent["id"]}, "my trades")
    held = exchange.fetch_balance()
    assert held["ALFA"]["total"] == 3 + spent["filled"] and held["USD"]["used"] == 0


def errors(server):
    exchange = on(server, ccxt.alpaca(keys(server, "carl")))
    fails(lambda: exchange.create_order(PAIR, "limit", "buy", 1_000_000, 100), ccxt.InsufficientFunds)
    fails(lambda: exchange.create_order(PAIR, "limit", "sell", 10, 100), ccxt.InsufficientFunds)
    fails(lambda: exchange.create_market_order_with_cost(PAIR, "buy", 1), ccxt.InvalidOrder)
    fails(lambda: exchange.create_order(PAIR, "trailing_stop", "buy", 1), ccxt.BadRequest)
    fails(lambda: exchange.fetch_order("0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11"), ccxt.InvalidOrder)
    bars = exchange.marketPublicGetV1beta3CryptoLocBars
    fails(lambda: bars({"loc": "us", "symbols": "NONE/USD", "timeframe": "1Min"}), ccxt.BadSymbol)
    fails(lambda: bars({"loc": "us", "symbols": PAIR, "timeframe": "1Min", "start": "0"}), ccxt.BadRequest)
    stranger = on(server, ccxt.alpaca({"apiKey": "key", "secret": "secret"}))
    fails(stranger.fetch_balance, ccxt.PermissionDenied)


def what_is_watched_comes_back_after_a_restart(server):
    asyncio.run(watch(server))


async def watch(server):
    exchange = on(server, ccxt.pro.alpaca(keys(server, "dora")))
    try:
        await exchange.load_markets()
        for restarts in range(2):
            orders = asyncio.ensure_future(exchange.watch_orders(PAIR))
            fills = asyncio.ensure_future(exchange.watch_my_trades(PAIR))
            wait = lambda what: asyncio.wait_for(what, 60)
            ticker = await wait(exchange.watch_ticker(PAIR))
            assert 0 < ticker["bid"] < ticker["ask"]
            assert (await wait(exchange.watch_trades(PAIR)))[-1]["price"] > 0
            for _ in range(5):
                book = await wait(exchange.watch_order_book(PAIR))
                assert book["bids"][0][0] < book["asks"][0][0], book
            order = await exchange.create_order(PAIR, "market", "buy", 1)
            assert (await wait(orders))[-1]["symbol"] == PAIR
            assert (await wait(fills))[-1]["order"] == order["id"]
            if restarts == 0:
                assert (await asyncio.wait_for(exchange.watch_ohlcv(PAIR), 90))[-1][0] % 60_000 == 0
                await asyncio.get_running_loop().run_in_executor(None, server.restart)
                # ccxt tells its caller that a connection has ended, and opens another when it is asked again.
                await comes_back(exchange)
    finally:
        await exchange.close()


async def comes_back(exchange):
    """Asks until both are told again: that a connection has ended may be said before."""
    for _ in range(20):
        try:
            await asyncio.wait_for(exchange.watch_ticker(PAIR), 30)
            await asyncio.wait_for(exchange.watch_trades(PAIR), 30)
            return
        except ccxt.NetworkError:
            await asyncio.sleep(0.5)
    raise AssertionError("the market does not come back")


run(market_data_without_keys_and_with, trading, errors, what_is_watched_comes_back_after_a_restart)
