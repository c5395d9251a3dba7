"""Compares Bearpit's backtests on bars, trade by trade, with those of backtesting.py and backtrader.

usage: python3 compare.py PATH_TO_BEARPIT

Three strategies on two files. Each program gets the same bars, rounded to cents as Bearpit rounds them, and writes the
round trips of 100 shares: day and price of entry and exit. Trips that differ are put down to a cause which is worked
out from the bars, not from either program; a difference without a cause is an error (exit code 1).
"""

import csv
import math
import pathlib
import subprocess
import sys
import tempfile

import backtesting
import backtrader
import pandas

HERE = pathlib.Path(__file__).resolve().parent
FILES = {
    "sp500": HERE.parent.parent / "scenarios" / "data" / "sp500_daily.csv",
    "aapl": HERE / "aapl_daily.csv",
}
SHARES = 100
CASH = 10_000_000


def cents(text):
    """Rounds to the cent as Bearpit does: in doubles, to the nearest, halves up."""
    return math.floor(float(text) / 0.01 + 0.5) / 100


def read(path):
    """Reads a file of bars."""
    with open(path, newline="") as file:
        rows = [{name.lower(): value for name, value in row.items()} for row in csv.DictReader(file)]
    index = pandas.to_datetime([row["date"] for row in rows])
    columns = {name.title(): [cents(row[name]) for row in rows] for name in ("open", "high", "low", "close")}
    columns["Volume"] = [float(row["volume"]) for row in rows]
    return pandas.DataFrame(columns, index=index)


# Bearpit.


def bearpit(binary, name, path):
    """Runs the Rhai strategy; returns its round trips."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = (HERE / "scenario.toml").read_text()
        scenario = scenario.replace("DATA", str(path)).replace("STRATEGY", str(HERE / f"{name}.rhai"))
        file = pathlib.Path(folder) / "peer.toml"
        file.write_text(scenario)
        command = [binary, "simulate", str(file), "--out", folder, "--format", "csv", "--no-report", "--quiet"]
        subprocess.run(command, check=True, timeout=300)
        with open(pathlib.Path(folder) / "peer" / "1" / "fills.csv", newline="") as table:
            fills = [row for row in csv.DictReader(table) if row["owner"] == "s"]
    return trips([(row["time"][:10], row["side"], float(row["quantity"]), float(row["price"])) for row in fills])


def trips(fills):
    """Pairs purchases with sales of as much; a trip that is open at the end is left out."""
    found, entry = [], None
    for day, side, quantity, price in fills:
        assert quantity == SHARES, (day, side, quantity)
        if side == "buy":
            assert entry is None
            entry = (day, price)
        else:
            found.append((*entry, day, price))
            entry = None
    return found


# backtesting.py.


def mean(values, count):
    """The mean of the last `count` values, summed in the order of time as a window does."""
    return sum(values[-count:]) / count if len(values) >= count else None


class Peer(backtesting.Strategy):
    """What the three have in common: the bars so far as lists."""

    def init(self):
        self.count = 0

    def bars(self, name):
        return list(getattr(self.data, name))


class PeerSma(Peer):
    def init(self):
        self.held = False

    def next(self):
        close = self.bars("Close")
        fast, slow = mean(close, 9), mean(close, 31)
        if slow is None or (fast > slow) == self.held:
            return
        self.held = fast > slow
        if self.held:
            self.buy(size=SHARES)
        else:
            self.position.close()


class PeerDonchian(Peer):
    def next(self):
        high, low, close = self.bars("High"), self.bars("Low"), self.bars("Close")
        if self.position:
            for trade in self.trades:
                trade.sl = min(low[-10:])
        elif len(close) > 20 and close[-1] > max(high[-21:-1]):
            self.buy(size=SHARES)


class PeerBracket(Peer):
    def next(self):
        self.count = len(self.data)
        if self.count % 25 == 0 and not self.position and not self.orders:
            stop, target = exits(self.data.Close[-1])
            self.buy(size=SHARES, sl=stop, tp=target)


def exits(close):
    """Stop and target of the bracket, as the Rhai strategy computes them."""
    return int(close * 97.0) / 100.0, int(close * 104.0) / 100.0


def backtesting_py(name, bars):
    strategy = {"sma": PeerSma, "donchian": PeerDonchian, "bracket": PeerBracket}[name]
    # It hands its strategies no bar before the second one, and what it returns is per trade.
    test = backtesting.Backtest(bars, strategy, cash=CASH, commission=0.0)
    trades = test.run()["_trades"].sort_values("EntryBar")
    day = lambda time: str(time)[:10]
    return [
        (day(row.EntryTime), float(row.EntryPrice), day(row.ExitTime), float(row.ExitPrice))
        for row in trades.itertuples()
    ]


# backtrader.


class TraderBase(backtrader.Strategy):
    """Notes the executions."""

    def __init__(self):
        self.fills = []
        self.count = 0
        self.held = False
        self.leave = None
        self.pending = []

    def notify_order(self, order):
        if order.status == order.Completed:
            day = str(self.data.datetime.date(0))
            side = "buy" if order.isbuy() else "sell"
            self.fills.append((day, side, abs(order.executed.size), order.executed.price))
        if not order.alive() and order in self.pending:
            self.pending.remove(order)

    def series(self, name):
        return list(getattr(self.data, name).get(size=len(self.data)))


class TraderSma(TraderBase):
    def next(self):
        close = self.series("close")
        fast, slow = mean(close, 9), mean(close, 31)
        if slow is None or (fast > slow) == self.held:
            return
        self.held = fast > slow
        if self.held:
            self.buy(size=SHARES)
        else:
            self.sell(size=SHARES)


class TraderDonchian(TraderBase):
    def next(self):
        high, low, close = self.series("high"), self.series("low"), self.series("close")
        if self.position.size > 0:
            if self.leave is not None:
                self.cancel(self.leave)
            self.leave = self.sell(size=SHARES, exectype=backtrader.Order.Stop, price=min(low[-10:]))
        elif len(close) > 20 and close[-1] > max(high[-21:-1]):
            self.leave = None
            self.buy(size=SHARES)


class TraderBracket(TraderBase):
    def next(self):
        self.count += 1
        if self.count % 25 == 0 and not self.position.size and not self.pending:
            stop, target = exits(self.data.close[0])
            self.pending = list(self.buy_bracket(
                size=SHARES, exectype=backtrader.Order.Market, stopprice=stop, limitprice=target
            ))


def backtrader_run(name, bars):
    strategy = {"sma": TraderSma, "donchian": TraderDonchian, "bracket": TraderBracket}[name]
    cerebro = backtrader.Cerebro()
    cerebro.broker.setcash(CASH)
    cerebro.adddata(backtrader.feeds.PandasData(dataname=bars))
    cerebro.addstrategy(strategy)
    return trips(cerebro.run()[0].fills)


# Differences.


def path(bar):
    """The four prices of a bar in the order of the page's rule 2."""
    high_first = bar.High - bar.Open <= bar.Open - bar.Low
    return [bar.Open, bar.High, bar.Low, bar.Close] if high_first else [bar.Open, bar.Low, bar.High, bar.Close]


def cause(name, bars, mine, theirs):
    """Why two round trips that were entered alike were left differently, or None."""
    if name != "bracket" or mine[:2] != theirs[:2]:
        return None
    entry = bars.index.get_loc(mine[0])
    stop, target = exits(float(bars["Close"].iloc[entry - 1]))
    bar = bars.loc[mine[2]]
    if mine[2] == mine[0]:
        # Within the bar of the entry, which it enters at the open.
        reached = min(path(bar)) <= stop or max(path(bar)) >= target
        return "the exit fills in the bar of its entry; theirs waits for the next bar" if reached else None
    if mine[2] == theirs[2] and bar.Low <= stop and bar.High >= target:
        return "both exits lie in one bar; the path decides, theirs takes one by rule"
    return None


def compare(name, file, peer, bars, mine, theirs):
    """Compares two lists of round trips; returns the number of differences without a cause."""
    known = {trip[0]: trip for trip in theirs}
    same, causes, unexplained = 0, {}, []
    for trip in mine:
        other = known.pop(trip[0], None)
        if other is not None and trip[2] == other[2] and all(
            abs(trip[place] - other[place]) < 0.005 for place in (1, 3)
        ):
            same += 1
            continue
        why = cause(name, bars, trip, other) if other is not None else None
        if why is None:
            unexplained.append((trip, other))
        else:
            causes[why] = causes.get(why, 0) + 1
    # After a difference, one of the two may be flat when the other is not: entries that only one has.
    skipped = [trip for trip in known.values() if not any(overlaps(trip, own) for own in mine)]
    unexplained = [pair for pair in unexplained if not only_one(pair, mine, theirs, causes)]
    print(f"{name} on {file}, against {peer}: {len(mine)} round trips, {same} the same")
    for why, count in causes.items():
        print(f"  {count}: {why}")
    for pair in unexplained[:10]:
        print(f"  WITHOUT A CAUSE: {pair}")
    for trip in skipped[:10]:
        print(f"  THEIRS ALONE: {trip}")
    return len(unexplained) + len(skipped)


def overlaps(trip, other):
    """Whether one was entered while the other was open."""
    return other[0] <= trip[0] <= other[2] or trip[0] <= other[0] <= trip[2]


def only_one(pair, mine, theirs, causes):
    """Whether a trip has no counterpart because the peer was still in an earlier one that ended differently."""
    trip, other = pair
    if other is not None or not causes:
        return False
    if any(earlier[0] < trip[0] <= earlier[2] for earlier in theirs):
        causes["entered while theirs was still in a trip that ended differently"] = (
            causes.get("entered while theirs was still in a trip that ended differently", 0) + 1
        )
        return True
    return False


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    wrong = 0
    for file, location in FILES.items():
        bars = read(location)
        for name in ("sma", "donchian", "bracket"):
            mine = bearpit(binary, name, location)
            assert len(mine) >= 20, (name, file, len(mine))
            for peer, run in (("backtesting.py", backtesting_py), ("backtrader", backtrader_run)):
                wrong += compare(name, file, peer, bars, mine, run(name, bars))
    if wrong:
        sys.exit(f"{wrong} differences without a cause")


if __name__ == "__main__":
    main()
