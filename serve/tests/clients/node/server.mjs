// A server of bearpit-serve, keys for it, and checks that say what they checked: server.py in JavaScript.
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 90_000;
const PASSWORD = "correct horse battery";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until something holds, and fails after a while. */
export async function until(holds, what) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error(`not in ${PATIENCE_MS} ms: ${what}`);
}

function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** Runs `bearpit-serve` on a port of its own, and can be stopped and started again on the same data. */
export class Server {
  static async open() {
    const server = new Server();
    server.directory = mkdtempSync(join(tmpdir(), "bearpit-"));
    server.port = await freePort();
    server.base = `http://127.0.0.1:${server.port}`;
    server.ws = `ws://127.0.0.1:${server.port}`;
    await server.start();
    return server;
  }

  async start() {
    const log = openSync(process.env.BEARPIT_LOG ?? devNull, "a");
    const data = join(this.directory, "data");
    const listen = `127.0.0.1:${this.port}`;
    const options = [process.env.BEARPIT_SCENARIO, "--listen", listen, "--data", data];
    this.process = spawn(process.env.BEARPIT_SERVE, options, { stdio: ["ignore", "ignore", log] });
    this.ended = new Promise((ended) => this.process.on("exit", ended));
    const isReady = async () => {
      if (this.process.exitCode !== null) throw new Error(`the server has ended with ${this.process.exitCode}`);
      return await fetch(`${this.base}/readyz`).then((answer) => answer.ok, () => false);
    };
    await until(isReady, "the market is open");
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }

  async close() {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  async post(path, body, token) {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(this.base + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Registers somebody, and makes a key. */
  async key(username) {
    const who = { username, password: PASSWORD };
    await this.post("/api/auth/register", { ...who, mail: `${username}@example.com` });
    const { access_token } = await this.post("/api/auth/login", who);
    const { key_id, secret } = await this.post("/api/keys", { name: "bot", scopes: ["read", "trade"] }, access_token);
    return { keyId: key_id, secret };
  }
}

/** Waits where a day of the market would end in between, or has just begun and has no history yet. */
async function keepClearOfMidnight() {
  const [day, now] = [86_400_000, Date.now() % 86_400_000];
  if (now > day - 180_000 || now < 240_000) await pause((day + 240_000 - now) % day);
}

/** Runs each check on one server, and says which failed. */
export async function run(...checks) {
  await keepClearOfMidnight();
  const server = await Server.open();
  let failed = 0;
  try {
    for (const check of checks) {
      const started = Date.now();
      try {
        await check(server);
        console.log(`ok      ${check.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      } catch (error) {
        console.error(error);
        console.log(`FAILED  ${check.name}`);
        failed += 1;
      }
    }
  } finally {
    await server.close();
  }
  process.exit(failed > 0 ? 1 : 0);
}
