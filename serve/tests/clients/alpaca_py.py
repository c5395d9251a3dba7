"""alpaca-py against a server: requests, answers and errors, and streams over a restart."""
import datetime as dt
import time
from uuid import UUID

from alpaca.common.exceptions import APIError
from alpaca.data.enums import DataFeed
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.live import CryptoDataStream, StockDataStream
from alpaca.data.requests import (
    CryptoBarsRequest, CryptoLatestOrderbookRequest, CryptoLatestTradeRequest, CryptoSnapshotRequest, StockBarsRequest,
    StockLatestBarRequest, StockLatestQuoteRequest, StockLatestTradeRequest, StockQuotesRequest, StockSnapshotRequest,
    StockTradesRequest)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AccountStatus, AssetClass, OrderClass, OrderSide, OrderStatus, OrderType, PositionSide, QueryOrderStatus, TimeInForce)
from alpaca.trading.requests import (
    ClosePositionRequest, CreateWatchlistRequest, GetAssetsRequest, GetCalendarRequest, GetOrdersRequest,
    GetPortfolioHistoryRequest, LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest, StopLimitOrderRequest,
    StopLossRequest, StopOrderRequest, TakeProfitRequest, TrailingStopOrderRequest, UpdateWatchlistRequest)
from alpaca.trading.stream import TradingStream

from server import fails, in_background, run, until

BUY, SELL, GTC, DAY = OrderSide.BUY, OrderSide.SELL, TimeInForce.GTC, TimeInForce.DAY


def client(server, name):
    key, secret = server.key(name)
    return TradingClient(key, secret, url_override=server.base)


def buy(trader, quantity, **more):
    return trader.submit_order(MarketOrderRequest(symbol="ALFA", qty=quantity, side=BUY, time_in_force=DAY, **more))


def bid(trader, price=90.5, quantity=2, **more):
    return trader.submit_order(
        LimitOrderRequest(symbol="ALFA", qty=quantity, limit_price=price, side=BUY, time_in_force=GTC, **more))


def word_of(update):
    # Words that the client does not know stay texts.
    return getattr(update.event, "value", update.event)


def status_of(trader, order):
    return trader.get_order_by_id(order.id).status


def account_clock_calendar_assets(server):
    trader = client(server, "anne")
    account = trader.get_account()
    assert account.status == AccountStatus.ACTIVE and isinstance(account.id, UUID)
    assert float(account.cash) == float(account.equity) == float(account.buying_power) == 100_000
    configurations = trader.get_account_configurations()
    assert trader.set_account_configurations(configurations) == configurations
    configurations.suspend_trade = True
    fails(lambda: trader.set_account_configurations(configurations), APIError, status_code=422)
    clock = trader.get_clock()
    assert clock.is_open and clock.next_close > clock.timestamp and clock.next_open > clock.timestamp
    days = trader.get_calendar(GetCalendarRequest(start=dt.date(2026, 11, 23), end=dt.date(2026, 11, 29)))
    assert len(days) == 7 and all(day.open < day.close for day in days)
    shares = {asset.symbol for asset in trader.get_all_assets()}
    pairs = trader.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO))
    assert shares == {"ALFA", "BETA", "GAMA"} and {asset.symbol for asset in pairs} == {f"{it}/USD" for it in shares}
    asset = trader.get_asset("ALFA")
    assert trader.get_asset(str(asset.id)) == asset and asset.price_increment == 0.01
    assert trader.get_asset("ALFA/USD").asset_class == AssetClass.CRYPTO
    fails(lambda: trader.get_asset("NONE"), APIError, status_code=404, code=40410000)


def every_kind_of_order(server):
    trader = client(server, "bert")
    filled = buy(trader, 10)
    assert filled.status == OrderStatus.FILLED and float(filled.filled_avg_price) > 0
    more = dict(symbol="ALFA", qty=1, time_in_force=GTC)
    for request, kind in [
        (LimitOrderRequest(side=BUY, limit_price=90, **more), OrderType.LIMIT),
        (StopOrderRequest(side=BUY, stop_price=130, **more), OrderType.STOP),
        (StopLimitOrderRequest(side=BUY, stop_price=130, limit_price=131, **more), OrderType.STOP_LIMIT),
        (TrailingStopOrderRequest(side=SELL, trail_percent=5, **more), OrderType.TRAILING_STOP),
        (TrailingStopOrderRequest(side=SELL, trail_price=3, **more), OrderType.TRAILING_STOP),
    ]:
        order = trader.submit_order(request)
        assert (order.type, order.order_type, order.status) == (kind, kind, OrderStatus.NEW), order
    exits = dict(take_profit=TakeProfitRequest(limit_price=130), stop_loss=StopLossRequest(stop_price=80, limit_price=79))
    bracket = bid(trader, order_class=OrderClass.BRACKET, **exits)
    assert [leg.type for leg in bracket.legs] == [OrderType.LIMIT, OrderType.STOP_LIMIT]
    assert all(leg.status == OrderStatus.HELD and leg.side == SELL for leg in bracket.legs)
    oto = bid(trader, order_class=OrderClass.OTO, take_profit=exits["take_profit"])
    assert [float(leg.limit_price) for leg in oto.legs] == [130]
    pair = trader.submit_order(LimitOrderRequest(side=SELL, limit_price=130, order_class=OrderClass.OCO, **exits, **more))
    assert pair.order_class == OrderClass.OCO and [leg.type for leg in pair.legs] == [OrderType.STOP_LIMIT]
    notional = trader.submit_order(MarketOrderRequest(symbol="ALFA", notional=1000, side=BUY, time_in_force=DAY))
    assert notional.status == OrderStatus.FILLED and 8 <= float(notional.qty) <= 10
    # A bracket whose entry trades at once: its exits enter.
    entered = buy(trader, 2, order_class=OrderClass.BRACKET, **exits)
    entered = trader.get_order_by_id(entered.id)
    until(lambda: [leg.status for leg in trader.get_order_by_id(entered.id).legs] == [OrderStatus.NEW] * 2, "exits")


def orders_by_every_filter(server):
    trader = client(server, "carl")
    first, second = bid(trader, client_order_id="carls-first"), buy(trader, 3)
    third = bid(trader, 90)
    ids = lambda **filters: [order.id for order in trader.get_orders(GetOrdersRequest(**filters))]
    assert ids() == [third.id, first.id]
    assert ids(status=QueryOrderStatus.CLOSED) == [second.id]
    assert ids(status=QueryOrderStatus.ALL, direction="asc") == [first.id, second.id, third.id]
    assert ids(status=QueryOrderStatus.ALL, limit=1) == [third.id]
    assert ids(status=QueryOrderStatus.ALL, side=BUY, symbols=["ALFA", "BETA"], nested=True) == [third.id, second.id, first.id]
    assert ids(status=QueryOrderStatus.ALL, after=second.submitted_at + dt.timedelta(milliseconds=1)) == [third.id]
    assert ids(status=QueryOrderStatus.ALL, until=second.submitted_at) == [first.id]
    assert ids(status=QueryOrderStatus.ALL, symbols=["BETA"]) == []
    assert trader.get_order_by_client_id("carls-first").id == first.id
    replaced = trader.replace_order_by_id(first.id, ReplaceOrderRequest(qty=1, limit_price=90.25))
    assert (replaced.replaces, replaced.qty, float(replaced.limit_price)) == (first.id, "1", 90.25)
    old = trader.get_order_by_id(first.id)
    assert (old.status, old.replaced_by) == (OrderStatus.REPLACED, replaced.id)
    fails(lambda: trader.cancel_order_by_id(first.id), APIError, status_code=422, code=42210000)
    day = trader.replace_order_by_id(replaced.id, ReplaceOrderRequest(time_in_force=DAY))
    assert day.time_in_force == DAY
    trader.cancel_order_by_id(day.id)
    until(lambda: status_of(trader, day) == OrderStatus.CANCELED, "the cancel")
    fails(lambda: trader.cancel_order_by_id(day.id), APIError, status_code=422)
    trail = trader.submit_order(
        TrailingStopOrderRequest(symbol="ALFA", qty=1, side=SELL, trail_percent=5, time_in_force=GTC))
    assert trader.replace_order_by_id(trail.id, ReplaceOrderRequest(trail=6)).trail_percent == "6"
    canceled = trader.cancel_orders()
    assert {it.status for it in canceled} == {200} and len(canceled) == 2
    until(lambda: not trader.get_orders(), "all cancels")


def positions_and_history(server):
    trader = client(server, "dora")
    buy(trader, 10)
    position = trader.get_open_position("ALFA")
    assert (position.qty, position.side, position.asset_class) == ("10", PositionSide.LONG, AssetClass.US_EQUITY)
    assert [it.symbol for it in trader.get_all_positions()] == ["ALFA"]
    fails(lambda: trader.get_open_position("BETA"), APIError, status_code=404, code=40410000)
    assert trader.close_position("ALFA", ClosePositionRequest(percentage="50")).qty == "5"
    assert trader.close_position("ALFA", ClosePositionRequest(qty="2")).qty == "2"
    bid(trader)
    trader.submit_order(LimitOrderRequest(symbol="ALFA", qty=3, limit_price=130, side=SELL, time_in_force=GTC))
    [closed] = trader.close_all_positions(cancel_orders=True)
    assert (closed.symbol, closed.status, closed.body.qty) == ("ALFA", 200, "3")
    until(lambda: not trader.get_all_positions() and not trader.get_orders(), "nothing is left")
    history = trader.get_portfolio_history(GetPortfolioHistoryRequest(period="1D", timeframe="5Min"))
    assert history.base_value == 100_000 and abs(history.equity[-1] - 100_000 - history.profit_loss[-1]) < 1e-6
    trades = lambda **more: trader.get("/account/activities/FILL", more)
    until(lambda: sum(float(it["qty"]) for it in trades()) == 20, "all fills are stored")
    pages, token = [], ""
    while page := trades(page_size=1, page_token=token, direction="asc"):
        pages += page
        token = page[-1]["id"]
    assert pages == trades(direction="asc") == trades()[::-1] and {it["activity_type"] for it in pages} == {"FILL"}


def watchlists(server):
    trader = client(server, "emil")
    made = trader.create_watchlist(CreateWatchlistRequest(name="mine", symbols=["ALFA", "BETA"]))
    trader.add_asset_to_watchlist_by_id(made.id, "GAMA")
    trader.remove_asset_from_watchlist_by_id(made.id, "ALFA")
    trader.update_watchlist_by_id(made.id, UpdateWatchlistRequest(name="ours"))
    found = trader.get_watchlist_by_id(made.id)
    assert (found.name, [asset.symbol for asset in found.assets]) == ("ours", ["BETA", "GAMA"])
    assert [it.name for it in trader.get_watchlists()] == ["ours"]
    trader.delete_watchlist_by_id(made.id)
    fails(lambda: trader.get_watchlist_by_id(made.id), APIError, status_code=404)


def market_data(server):
    trader = client(server, "fred")
    now = trader.get_clock().timestamp
    stocks = StockHistoricalDataClient("key", "secret", url_override=server.base)
    both, hours = ["ALFA", "BETA"], dt.timedelta(hours=1)
    bars = lambda **more: stocks.get_stock_bars(StockBarsRequest(symbol_or_symbols=both, timeframe=TimeFrame.Minute, **more))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    whole = bars(start=midnight, end=now).data
    assert all(a.timestamp < b.timestamp for a, b in zip(whole["ALFA"], whole["ALFA"][1:]))
    # A limit counts over all symbols, of which the first comes first. The bar at hand may have changed since.
    limit = len(whole["ALFA"]) + 1
    cut = bars(start=midnight, end=now, limit=limit).data
    assert sum(len(it) for it in cut.values()) == limit and cut["ALFA"][:-1] == whole["ALFA"][:-1]
    pages_are_followed(stocks, midnight, now)
    newest = bars(start=midnight, sort="desc", limit=2).data["ALFA"]
    assert newest[0].timestamp > newest[1].timestamp
    for timeframe in [TimeFrame(59, TimeFrameUnit.Minute), TimeFrame(4, TimeFrameUnit.Hour), TimeFrame.Day, TimeFrame.Week, TimeFrame.Month]:
        request = StockBarsRequest(symbol_or_symbols="ALFA", timeframe=timeframe, start=midnight - dt.timedelta(days=40))
        got = stocks.get_stock_bars(request).data["ALFA"]
        assert got and all(bar.low <= bar.open <= bar.high and bar.low <= bar.vwap <= bar.high for bar in got)
    trades = stocks.get_stock_trades(StockTradesRequest(symbol_or_symbols="ALFA", start=midnight, limit=7)).data["ALFA"]
    assert len(trades) == 7 and trades[0].timestamp <= trades[-1].timestamp
    assert stocks.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="ALFA", start=now - hours)).data["ALFA"]
    latest = dict(symbol_or_symbols=both, feed=DataFeed.IEX)
    assert set(stocks.get_stock_latest_trade(StockLatestTradeRequest(**latest))) == set(both)
    quote = stocks.get_stock_latest_quote(StockLatestQuoteRequest(**latest))["ALFA"]
    assert 0 < quote.bid_price < quote.ask_price
    assert set(stocks.get_stock_latest_bar(StockLatestBarRequest(**latest))) == set(both)
    snapshot = stocks.get_stock_snapshot(StockSnapshotRequest(**latest))["BETA"]
    assert snapshot.latest_trade and snapshot.latest_quote and snapshot.minute_bar and snapshot.daily_bar
    fails(lambda: stocks.get_stock_bars(StockBarsRequest(symbol_or_symbols="NONE", timeframe=TimeFrame.Day)), APIError, status_code=400)
    crypto = CryptoHistoricalDataClient(url_override=server.base)
    pair = dict(symbol_or_symbols="ALFA/USD")
    assert crypto.get_crypto_bars(CryptoBarsRequest(timeframe=TimeFrame.Hour, start=midnight, **pair)).data["ALFA/USD"]
    book = crypto.get_crypto_latest_orderbook(CryptoLatestOrderbookRequest(**pair))["ALFA/USD"]
    assert book.bids[0].price < book.asks[0].price and book.bids[0].price > book.bids[1].price
    assert crypto.get_crypto_snapshot(CryptoSnapshotRequest(**pair))["ALFA/USD"].daily_bar
    assert crypto.get_crypto_latest_trade(CryptoLatestTradeRequest(**pair))["ALFA/USD"].price > 0


def pages_are_followed(stocks, midnight, now):
    """The client's own loop over page tokens, with shorter pages than its ten thousand: a day has fewer bars."""
    requests = [0]
    get = stocks.get

    def counted(**arguments):
        requests[0] += 1
        return get(**arguments)

    stocks.get = counted
    times = dict(start=midnight.isoformat(), end=(now - dt.timedelta(minutes=2)).isoformat())
    for path, kind, more in [("/stocks/bars", "bars", {"timeframe": "1Min"}), ("/stocks/trades", "trades", {})]:
        ask = lambda limit, page: stocks._get_marketdata(path, {"symbols": "ALFA,BETA", "limit": limit, **more, **times}, page_limit=page)
        requests[0] = 0
        whole = ask(90, 10_000)
        assert requests[0] == 1, "one page"
        pages = ask(90, 7)
        count = sum(len(it) for it in whole.values())
        assert pages == whole and requests[0] >= 1 + count // 7 > 1, (kind, count, requests)
        moments = [it["t"] for it in pages["ALFA"]]
        assert moments == sorted(moments)
    stocks.get = get


def errors(server):
    trader = client(server, "gina")
    fails(lambda: bid(trader, quantity=1_000_000), APIError, status_code=403, code=40310000, message="insufficient balance")
    fails(lambda: trader.submit_order(MarketOrderRequest(symbol="ALFA", qty=1, side=SELL, time_in_force=DAY)), APIError, status_code=403, code=40310000, message="insufficient qty")
    fails(lambda: trader.submit_order(MarketOrderRequest(symbol="NONE", qty=1, side=BUY, time_in_force=DAY)), APIError, status_code=422, code=40010001)
    fails(lambda: bid(trader, price=90.001), APIError, status_code=422, code=42210000, message="tick size")
    first = bid(trader, client_order_id="once")
    assert bid(trader, client_order_id="once").id == first.id, "the same order again is the first"
    fails(lambda: bid(trader, quantity=3, client_order_id="once"), APIError, status_code=422, message="must be unique")
    fails(lambda: trader.get_order_by_id("0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11"), APIError, status_code=404, code=40410000)
    stranger = TradingClient("key", "secret", url_override=server.base)
    fails(stranger.get_account, APIError, status_code=401, code=40110000)


def an_order_too_many_is_tried_again(server):
    """In a contest that lets an entrant send an order in five seconds the client waits, and gets through."""
    olga, ivan = server.administrator("olga"), server.register("ivan")
    now = dt.datetime.now(dt.timezone.utc)
    at = lambda seconds: (now + dt.timedelta(seconds=seconds)).isoformat()
    contest = server.post("/api/contests", {
        "name": "slow", "ranking": "return", "cash": "10000", "starts_at": at(10), "ends_at": at(100),
        "entry_until": at(90), "orders": {"count": 1, "seconds": 5}}, olga)
    path = "/api/contests/" + contest["contest_id"]
    account = server.post(path + "/enter", {}, ivan)["account_id"]
    trader = TradingClient(*server.key_of(ivan, account_id=account), url_override=server.base)
    until(lambda: server.ask(path + "/me", ivan)["status"] == "playing", "the contest begins")
    assert float(trader.get_account().cash) == 10_000
    began = time.monotonic()
    filled = [buy(trader, 1), buy(trader, 1)]
    assert {order.status for order in filled} == {OrderStatus.FILLED}
    # A refusal is what makes the client wait; it does so for three seconds.
    assert time.monotonic() - began >= 3
    assert trader.get_open_position("ALFA").qty == "2"


class Streams:
    """All streams of somebody, and what came by them."""

    def __init__(self, server, name):
        self.got, keys = {}, server.key(name)
        self.trader = TradingClient(*keys, url_override=server.base)
        orders = TradingStream(*keys, url_override=server.ws + "/stream")
        orders.subscribe_trade_updates(self.note("order"))
        stocks = StockDataStream(*keys, url_override=server.ws + "/v2/iex")
        # So many that the message is fragmented.
        stocks.subscribe_trades(self.note("trade"), "ALFA", *(f"N{number:04}" for number in range(5_000)))
        stocks.subscribe_quotes(self.note("quote"), "*")
        stocks.subscribe_bars(self.note("bar"), "ALFA")
        stocks.subscribe_daily_bars(self.note("day"), "ALFA")
        stocks.subscribe_updated_bars(self.note("updated"), "ALFA")
        stocks.subscribe_trading_statuses(self.note("status"), "ALFA")
        pairs = CryptoDataStream(*keys, url_override=server.ws + "/v1beta3/crypto/us")
        pairs.subscribe_orderbooks(self.note("book"), "ALFA/USD")
        pairs.subscribe_trades(self.note("pair"), "ALFA/USD")
        for stream in [orders, stocks, pairs]:
            in_background(stream.run)

    def note(self, kind):
        async def noted(message):
            self.got.setdefault(kind, []).append(message)
        return noted

    def await_all(self, *kinds):
        for kind in kinds:
            until(lambda: self.got.get(kind), f"{kind}, beside {list(self.got)}")

    def await_fill(self):
        """Orders until a fill is told: the stream may still be coming back."""
        events = lambda: [word_of(it) for it in self.got.get("order", [])]

        def is_told():
            buy(self.trader, 1)
            end = [0]

            def waits():
                end[0] += 1
                return "fill" in events() or end[0] > 40
            until(waits, "a fill")
            return "fill" in events()
        until(is_told, "a fill is told")
        return events()


def streams_come_back_after_a_restart(server):
    streams = Streams(server, "hugo")
    streams.await_all("trade", "quote", "book", "pair", "status")
    streams.await_fill()
    order = bid(streams.trader)
    replaced = streams.trader.replace_order_by_id(order.id, ReplaceOrderRequest(qty=1))
    streams.trader.cancel_order_by_id(replaced.id)
    told = lambda: [(word_of(it), it.order.id) for it in streams.got["order"]]
    until(lambda: ("canceled", replaced.id) in told(), "the cancel")
    mine = [it for it in told() if it[1] in (order.id, replaced.id)]
    assert mine == [("pending_new", order.id), ("new", order.id), ("replaced", order.id), ("new", replaced.id), ("canceled", replaced.id)], mine
    fill = next(it for it in streams.got["order"] if word_of(it) == "fill")
    assert fill.order.status == OrderStatus.FILLED and fill.price > 0 and fill.position_qty >= 1 and fill.execution_id
    streams.await_all("bar", "day")
    minute = streams.got["bar"][0]
    assert minute.timestamp.second == 0 and minute.low <= minute.close <= minute.high
    kept = bid(streams.trader, client_order_id="over-the-restart")
    server.restart()
    streams.got.clear()
    streams.await_all("trade", "quote", "book", "pair")
    streams.await_fill()
    assert streams.trader.get_order_by_client_id("over-the-restart").id == kept.id


run(account_clock_calendar_assets, every_kind_of_order, orders_by_every_filter, positions_and_history, watchlists,
    market_data, errors, an_order_too_many_is_tried_again, streams_come_back_after_a_restart)
