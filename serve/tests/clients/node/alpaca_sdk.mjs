// The TypeScript SDK (@alpacahq/alpaca-trade-api) against a server: orders, market data, and streams over a restart.
import assert from "node:assert/strict";

import * as sdk from "@alpacahq/alpaca-trade-api";
import { run, until } from "./server.mjs";

const { trading, marketData, streaming, NotFoundError, ValidationError, AuthError } = sdk;

async function client(server, name) {
  const credentials = await server.key(name);
  const to = (Configuration) => new Configuration({ ...credentials, basePath: server.base });
  const [trade, data] = [to(trading.Configuration), to(marketData.Configuration)];
  return {
    credentials,
    account: new trading.AccountsApi(trade),
    activities: new trading.AccountActivitiesApi(trade),
    assets: new trading.AssetsApi(trade),
    calendar: new trading.CalendarApi(trade),
    clock: new trading.ClockApi(trade),
    configuration: new trading.AccountConfigurationsApi(trade),
    history: new trading.PortfolioHistoryApi(trade),
    orders: new trading.OrdersApi(trade),
    positions: new trading.PositionsApi(trade),
    watchlists: new trading.WatchlistsApi(trade),
    stocks: new marketData.StockApi(data),
    crypto: new marketData.CryptoApi(data),
  };
}

const order = (orders, more) =>
  orders.postOrder({
    postOrderRequest: { symbol: "ALFA", qty: "2", side: "buy", type: "limit", timeInForce: "gtc", ...more },
  });
const bid = (orders, more) => order(orders, { limitPrice: "90", ...more });
const buy = (orders, qty) => order(orders, { type: "market", timeInForce: "day", qty });

async function an_account_and_what_it_trades(server) {
  const anne = await client(server, "anne");
  assert.equal((await anne.account.getAccount()).status, "ACTIVE");
  assert.equal((await anne.configuration.getAccountConfig()).noShorting, true);
  assert.equal((await anne.clock.legacyClock()).isOpen, true);
  const days = await anne.calendar.legacyCalendar({ start: new Date("2026-11-23"), end: new Date("2026-11-27") });
  assert.ok(days.length >= 5);
  const assets = await anne.assets.getV2Assets({ status: "active" });
  assert.deepEqual(new Set(assets.map((it) => it.symbol.split("/")[0])), new Set(["ALFA", "BETA", "GAMA"]));
  const asset = await anne.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: "ALFA" });
  assert.equal(asset.tradable, true);
  const named = await anne.watchlists.postWatchlist({ createWatchlistRequest: { name: "mine", symbols: ["ALFA"] } });
  assert.equal((await anne.watchlists.getWatchlistById({ watchlistId: named.id })).assets[0].symbol, "ALFA");
  const unknown = anne.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: "NONE" });
  await assert.rejects(unknown, (error) => error instanceof NotFoundError && error.code === 40410000);
  const wrong = { keyId: anne.credentials.keyId, secret: "wrong" };
  const stranger = new trading.AccountsApi(new trading.Configuration({ ...wrong, basePath: server.base }));
  await assert.rejects(stranger.getAccount(), (error) => error instanceof AuthError);
}

async function orders_of_each_class(server) {
  const { orders, positions, activities, history } = await client(server, "bert");
  const bought = await buy(orders, "4");
  assert.deepEqual([bought.status, bought.filledQty], ["filled", "4"]);
  const first = await bid(orders, { clientOrderId: "mine" });
  assert.equal((await orders.getOrderByOrderID({ orderId: first.id })).id, first.id);
  assert.equal((await orders.getOrderByClientOrderId({ clientOrderId: "mine" })).id, first.id);
  const exits = { takeProfit: { limitPrice: "130" }, stopLoss: { stopPrice: "80" } };
  const bracket = await bid(orders, { orderClass: "bracket", ...exits });
  assert.deepEqual(bracket.legs.map((leg) => leg.status), ["held", "held"]);
  const oto = await bid(orders, { orderClass: "oto", stopLoss: exits.stopLoss });
  assert.deepEqual([oto.orderClass, oto.legs.length], ["oto", 1]);
  const oco = await order(orders, { side: "sell", orderClass: "oco", ...exits });
  assert.equal(oco.orderClass, "oco");
  const stop = await order(orders, { side: "sell", qty: "1", type: "stop", stopPrice: "70" });
  const trail = await order(orders, { side: "sell", qty: "1", type: "trailing_stop", trailPercent: "20" });
  assert.equal(Number(trail.trailPercent), 20);
  assert.ok(Number(trail.hwm) > Number(trail.stopPrice), "the best trade that it has followed so far");
  const stopLimit = await bid(orders, { type: "stop_limit", stopPrice: "150", limitPrice: "151" });
  assert.equal(stopLimit.type, "stop_limit");
  const notional = await order(orders, { qty: undefined, notional: "500", limitPrice: "90" });
  assert.equal(notional.qty, "5");
  const after = new Date(0).toISOString();
  const listed = await orders.getAllOrders({ status: "open", nested: true, limit: 100, direction: "asc", after });
  assert.deepEqual(
    listed.map((it) => it.id),
    [first, bracket, oto, oco, stop, trail, stopLimit, notional].map((it) => it.id),
  );
  const patch = { orderId: first.id, patchOrderRequest: { qty: "1", limitPrice: "90.5" } };
  const second = await orders.patchOrderByOrderId(patch);
  assert.deepEqual([second.replaces, second.qty, second.limitPrice], [first.id, "1", "90.5"]);
  await assert.rejects(bid(orders, { limitPrice: "90.001" }), (error) => error instanceof ValidationError);
  await orders.deleteOrderByOrderID({ orderId: second.id });
  await until(async () => (await orders.getOrderByOrderID({ orderId: second.id })).status === "canceled", "the cancel");
  assert.ok((await orders.deleteAllOrders()).length >= 7);
  assert.equal((await positions.getOpenPosition({ symbolOrAssetId: "ALFA" })).qty, "4");
  assert.equal((await positions.deleteOpenPosition({ symbolOrAssetId: "ALFA", percentage: 50 })).qty, "2");
  await positions.deleteAllOpenPositions({ cancelOrders: true });
  await until(async () => (await positions.getAllOpenPositions()).length === 0, "nothing is held");
  const fills = () => activities.getAccountActivitiesByActivityType({ activityType: "FILL" });
  await until(async () => (await fills()).length >= 3, "fills");
  const worth = await history.getAccountPortfolioHistory({ period: "1D", timeframe: "5Min" });
  assert.equal(worth.equity.length, worth.timestamp.length);
}

async function market_data(server) {
  const { stocks, crypto } = await client(server, "carl");
  const symbols = "ALFA,BETA";
  const start = new Date(new Date().setUTCHours(0, 0, 0, 0));
  const bars = await stocks.stockBars({ symbols, timeframe: "1Min", start, limit: 3 });
  assert.ok(bars.bars.ALFA.length === 3 && bars.nextPageToken);
  const next = await stocks.stockBars({ symbols, timeframe: "1Min", start, limit: 3, pageToken: bars.nextPageToken });
  assert.ok(Object.keys(next.bars).length > 0);
  const trades = await stocks.stockTradeSingle({ symbol: "ALFA", start, limit: 100 });
  assert.ok(trades.trades.length === 100 && trades.nextPageToken, "more than the last fifty");
  const quotes = await stocks.stockQuoteSingle({ symbol: "ALFA", start, limit: 100 });
  assert.ok(quotes.quotes.length > 1, "more than the newest");
  assert.deepEqual(Object.keys((await stocks.stockLatestTrades({ symbols })).trades), ["ALFA", "BETA"]);
  assert.ok((await stocks.stockLatestQuoteSingle({ symbol: "ALFA" })).quote.ap > 0);
  assert.ok((await stocks.stockSnapshotSingle({ symbol: "ALFA" })).dailyBar.c > 0);
  const pair = { loc: "us", symbols: "ALFA/USD" };
  assert.ok((await crypto.cryptoLatestOrderbooks(pair)).orderbooks["ALFA/USD"].b.length > 0);
  assert.ok((await crypto.cryptoBars({ ...pair, timeframe: "1Min", start })).bars["ALFA/USD"].length > 0);
}

async function streams_come_back_after_a_restart(server) {
  const { credentials, orders } = await client(server, "dora");
  const got = { trade: 0, quote: 0, events: [] };
  const stock = new streaming.StockDataStream({ credentials, url: `${server.ws}/v2/iex` });
  stock.onTrade((it) => (got.trade += it.symbol === "ALFA" && it.price > 0 && it.timestamp instanceof Date));
  stock.onQuote((it) => (got.quote += it.symbol === "ALFA" && it.askPrice >= it.bidPrice));
  stock.onConnect(() => {
    stock.subscribeForTrades(["ALFA"]);
    stock.subscribeForQuotes(["ALFA"]);
  });
  const own = new streaming.TradingStream({ credentials, url: `${server.ws}/stream` });
  own.onTradeUpdate((update) => got.events.push(update.event));
  own.onConnect(() => own.subscribeTradeUpdates());
  // What they say of each attempt while the server is away.
  for (const stream of [stock, own]) stream.onError(() => {});
  stock.connect();
  own.connect();
  for (let restarts = 0; restarts < 2; restarts += 1) {
    await until(() => got.trade > 0 && got.quote > 0, "market data");
    const isFilled = async () => {
      await buy(orders, "1");
      return got.events.includes("fill");
    };
    await until(isFilled, "a fill");
    if (restarts === 0) {
      await server.restart();
      Object.assign(got, { trade: 0, quote: 0, events: [] });
    }
  }
  stock.disconnect();
  own.disconnect();
}

await run(an_account_and_what_it_trades, orders_of_each_class, market_data, streams_come_back_after_a_restart);
