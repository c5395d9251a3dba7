// People of Firebase's emulator on loopback: a new person by a token, the same person again, what nobody was given, somebody who
// was deleted there, an emulator that is stopped.
//
//     node flow.mjs BEARPIT_SERVE SCENARIO DIRECTORY FIREBASE
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const [program, scenario, directory, firebase] = process.argv.slice(2);
const project = "demo-market";

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const host = `127.0.0.1:${await freePort()}`;
const [address, port] = host.split(":");
const [hub, logging] = [await freePort(), await freePort()];
writeFileSync(join(directory, "firebase.json"), JSON.stringify({
  emulators: {
    auth: { host: address, port: Number(port) },
    hub: { host: address, port: hub },
    logging: { host: address, port: logging },
    ui: { enabled: false },
  },
}));
const started = [];
process.on("exit", () => started.forEach((child) => child.kill("SIGKILL")));
function start(command, argumentsOf, options) {
  const child = spawn(command, argumentsOf, options);
  started.push(child);
  return child;
}
const emulator = start(
  process.execPath,
  [firebase, "emulators:start", "--only", "auth", "--project", project],
  { cwd: directory, stdio: ["ignore", "ignore", "inherit"] },
);
const market = start(
  program,
  [scenario, "--listen", "127.0.0.1:0", "--data", join(directory, "data"), "--firebase-project", project],
  { env: { ...process.env, FIREBASE_AUTH_EMULATOR_HOST: host }, stdio: ["ignore", "pipe", "inherit"] },
);
let printed = "";
market.stdout.on("data", (piece) => (printed += piece));

async function until(what, look) {
  for (let turn = 0; turn < 600; turn += 1) {
    const found = await look();
    if (found) return found;
    assert.equal(market.exitCode, null, "the market has ended");
    assert.ok(emulator.exitCode === null || what === "stopped emulator", "the emulator has ended");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`there is no ${what} in two minutes`);
}

const base = await until("address", () => printed.match(/^market {2}(.*)\/api\/quotes$/m)?.[1]);
await until("open market", async () => (await fetch(`${base}/readyz`).catch(() => undefined))?.ok);
const toolkit = `http://${host}/identitytoolkit.googleapis.com/v1`;
await until("emulator", async () => (await fetch(`http://${host}/`).catch(() => undefined))?.ok);

async function ask(action, body) {
  const answer = await fetch(`${toolkit}/accounts:${action}?key=any`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}
async function me(token) {
  const answer = await fetch(`${base}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
}

// As the client of Firebase does it: somebody registers, and logs in again.
const anne = { email: "anne@example.org", password: "correct horse", returnSecureToken: true };
const registered = await ask("signUp", anne);
const first = await me(registered.idToken);
assert.equal(first.status, 200, JSON.stringify(first.body));
const again = await me((await ask("signInWithPassword", anne)).idToken);
assert.deepEqual([again.status, again.body.id], [200, first.body.id]);
console.log(`a person came by a token of the emulator: ${first.body.username}`);
const order = await fetch(`${base}/api/orders?wait=venue`, {
  method: "POST",
  headers: { authorization: `Bearer ${registered.idToken}`, "content-type": "application/json" },
  body: JSON.stringify({ symbol: "ALFA", side: "buy", quantity: 10 }),
});
assert.ok(order.ok, await order.text());

// Nobody was given these: another project's, one without a person, one that is no token.
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = JSON.parse(Buffer.from(registered.idToken.split(".")[1], "base64url"));
const forged = (changes) => `${part({ alg: "none", typ: "JWT" })}.${part({ ...claims, ...changes })}.`;
for (const token of [
  forged({ aud: "other" }),
  forged({ iss: "https://securetoken.google.com/other" }),
  forged({ sub: "nobody", user_id: "nobody" }),
  forged({ exp: 1 }),
  `${part({ alg: "none" })}.x.`,
]) {
  assert.equal((await me(token)).status, 401, token);
}

// Somebody who is deleted there is known here for as long as the token that was seen is good; another token is none.
const bert = await ask("signUp", { ...anne, email: "bert@example.org" });
await ask("delete", { idToken: bert.idToken });
assert.equal((await me(bert.idToken)).status, 401);

emulator.kill("SIGTERM");
await until("stopped emulator", () => emulator.exitCode !== null || emulator.signalCode !== null);
const away = await me(registered.idToken);
assert.deepEqual([away.status, away.body.error?.code ?? away.body.code], [503, "provider_unavailable"], JSON.stringify(away.body));
market.kill("SIGTERM");
await new Promise((resolve) => market.on("exit", resolve));
console.log("tokens of the emulator: taken, refused, and answered with 503 once it is away");
