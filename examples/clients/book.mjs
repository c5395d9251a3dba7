// Follows a book over the WebSocket: node book.mjs URL SYMBOL [COUNT]. Node 20 needs --experimental-websocket.
const [url, symbol, count] = process.argv.slice(2);
const wanted = { op: 'subscribe', channel: 'book', symbol };
const book = { bids: new Map(), asks: new Map() };
let place;
let seen = 0;

function follow(message) {
  if (message.type === 'snapshot') {
    for (const side of Object.values(book)) side.clear();
    place = { epoch: message.epoch, next: message.next };
  } else if (message.first !== place.next) {
    throw new Error('a change is missing');
  }
  place.next = message.next;
  for (const [name, side] of Object.entries(book)) {
    for (const [price, size] of message[name]) side.set(Number(price), Number(size));
    for (const [price, size] of side) if (size === 0) side.delete(price);
  }
}

function connect() {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send(JSON.stringify({ ...wanted, from: place }));
  socket.onclose = () => setTimeout(connect, 1000); // after a break it goes on where it was
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'snapshot' || message.type === 'changes') {
      follow(message);
      console.log(place.next, Math.max(...book.bids.keys()), Math.min(...book.asks.keys()));
      if (++seen === Number(count)) process.exit(0);
    } else if (message.code === 'start_over') {
      socket.send(JSON.stringify(wanted));
    } else if (message.type === 'error') {
      throw new Error(message.message);
    }
  };
}

connect();
