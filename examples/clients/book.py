"""Follows a book over the WebSocket: book.py URL SYMBOL [COUNT]. Needs the package `websockets`."""
import asyncio, json, sys, websockets
from decimal import Decimal
url, symbol, count = (sys.argv[1:] + [None])[:3]
wanted = {"op": "subscribe", "channel": "book", "symbol": symbol}
book, place = {"bids": {}, "asks": {}}, None

def follow(message):
    global place
    if message["type"] == "snapshot":
        book.update(bids={}, asks={})
        place = {"epoch": message["epoch"], "next": message["next"]}
    elif message["first"] != place["next"]:
        raise ValueError("a change is missing")
    place["next"] = message["next"]
    for name, side in book.items():
        for price, size in message[name]:
            side[Decimal(price)] = Decimal(size)
        book[name] = {price: size for price, size in side.items() if size}

async def main():
    seen = 0
    async for socket in websockets.connect(url):  # again and again: after a break it goes on where it was
        try:
            await socket.send(json.dumps(wanted | ({"from": place} if place else {})))
            async for text in socket:
                message = json.loads(text)
                if message["type"] in ("snapshot", "changes"):
                    follow(message)
                    print(place["next"], max(book["bids"], default="-"), min(book["asks"], default="-"), flush=True)
                    if (seen := seen + 1) == int(count or 0):
                        return
                elif message.get("code") == "start_over":
                    await socket.send(json.dumps(wanted))
                elif message["type"] == "error":
                    sys.exit(message["message"])
        except websockets.ConnectionClosed:
            continue

asyncio.run(main())
