"""The example of docs/feeds.md, run as it stands there but for its ports: a service, a file of feeds, a market that follows."""
import json, os, re, socket, subprocess, sys, tempfile, urllib.request

from server import run, until

PAGE = open(os.environ["BEARPIT_FEEDS_DOC"]).read()
[SERVICE] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
[FEEDS] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


directory = tempfile.TemporaryDirectory()
port = free_port()
assert "9090" in SERVICE and "9090" in FEEDS
service = subprocess.Popen([sys.executable, "-c", SERVICE.replace("9090", port)], stderr=subprocess.DEVNULL)
path = os.path.join(directory.name, "feeds.toml")
with open(path, "w") as file:
    file.write(FEEDS.replace("9090", port))
os.environ["BEARPIT_FEEDS_FILE"] = path
os.environ["QUOTES_TOKEN"] = "s3cret-of-the-example"


def quote(server, symbol):
    return server.ask("/api/quotes/" + symbol)


def the_market_shows_what_the_service_says(server):
    until(lambda: quote(server, "ALFA")["bid"] == "229.48", "the bid of ALFA is that of AAPL")
    assert quote(server, "ALFA")["ask"] == "229.52"
    until(lambda: quote(server, "BETA")["bid"] == "417.23", "the bid of BETA is that of MSFT")


def administrators_see_the_feed_and_nobody_its_key(server):
    token = server.administrator("olga")
    [feed] = server.ask("/api/admin/feeds", token)["feeds"]
    assert feed["name"] == "example" and not feed["silent"] and feed["failure"] is None, feed
    assert [it["value"] for it in feed["instruments"]] == ["229.5", "417.25"], feed
    metrics = urllib.request.urlopen(server.base + "/metrics", timeout=20).read().decode()
    assert 'bearpit_feed_quotes_total{feed="example"}' in metrics and 'bearpit_feed_silent{feed="example"} 0' in metrics
    told = json.dumps(feed) + metrics + open(os.environ["BEARPIT_LOG"]).read()
    assert os.environ["QUOTES_TOKEN"] not in told


def somebody_quotes_by_hand_once_the_service_is_gone(server):
    service.terminate()
    service.wait(timeout=60)
    token = server.administrator("otto")
    quotes = [{"symbol": "ALFA", "value": "231", "bid": "230.9", "ask": "231.1"}, {"symbol": "BETA", "value": "1"}]
    answer = server.post("/api/admin/quotes", {"quotes": quotes, "reason": "by hand"}, token)
    assert [(it["done"], it["code"]) for it in answer["results"]] == [(True, None), (False, "too_far")], answer
    until(lambda: quote(server, "ALFA")["bid"] == "230.9", "the bid of ALFA is what was said")
    data = os.path.join(server.directory.name, "data")
    command = [server.program, "admin", "--data", data, "quote", "BETA", "300", "--force"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    until(lambda: quote(server, "BETA")["ask"] == "300.03", "the ask of BETA is what was said")
    server.restart()
    refused = subprocess.run([*command[:-2], "1000"], capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and "too far from the last value 300.00" in refused.stderr, refused


run(
    the_market_shows_what_the_service_says,
    administrators_see_the_feed_and_nobody_its_key,
    somebody_quotes_by_hand_once_the_service_is_gone,
)
