// A login with the OpenID provider `oidc-provider` on loopback, as a browser does it: a new person, the same person again, an
// identity that is linked and removed, ID tokens as credentials, a code that comes twice, a provider that is stopped.
//
//     node flow.mjs BEARPIT_SERVE SCENARIO DIRECTORY
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import Provider from "oidc-provider";

const [program, scenario, directory] = process.argv.slice(2);
const secret = randomBytes(24).toString("hex");

// The provider is known by its address before there is one, and its client by where the market is.
const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

// As docs/platform.md has it.
writeFileSync(join(directory, "serve.toml"), `
[oidc.school]
label = "School"
issuer = "${issuer}"
client_id = "bearpit"
audiences = ["app"]
`);
const market = spawn(
  program,
  [scenario, "--listen", "127.0.0.1:0", "--data", join(directory, "data"), "--config", join(directory, "serve.toml")],
  { env: { ...process.env, BEARPIT_OIDC_SCHOOL_CLIENT_SECRET: secret }, stdio: ["ignore", "pipe", "inherit"] },
);
const ended = new Promise((resolve) => market.on("exit", resolve));
process.on("exit", () => market.kill("SIGKILL"));

let printed = "";
market.stdout.on("data", (piece) => (printed += piece));

async function until(what, look) {
  for (let turn = 0; turn < 600; turn += 1) {
    const found = await look();
    if (found) return found;
    assert.equal(market.exitCode, null, "the market has ended");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`there is no ${what} in two minutes`);
}

const base = await until("address", () => printed.match(/^market {2}(.*)\/api\/quotes$/m)?.[1]);
await until("open market", async () => (await fetch(`${base}/readyz`).catch(() => undefined))?.ok);

const elsewhere = "http://127.0.0.1:1/callback";
const provider = new Provider(issuer, {
  clients: [
    { client_id: "bearpit", client_secret: secret, redirect_uris: [`${base}/api/auth/oidc/school/callback`] },
    { client_id: "app", token_endpoint_auth_method: "none", redirect_uris: [elsewhere] },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true, preferred_username: sub }),
  }),
  cookies: { keys: [randomBytes(24).toString("hex")] },
});
server.on("request", provider.callback());

/** A browser: it keeps cookies by server, and follows where it is sent. */
class Browser {
  #jars = new Map();

  async ask(url, options = {}) {
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map();
    this.#jars.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, ...(cookie ? { cookie } : {}) };
    const answer = await fetch(url, { ...options, headers, redirect: "manual", signal: AbortSignal.timeout(30_000) });
    for (const set of answer.headers.getSetCookie()) {
      const [name, ...value] = set.split(";")[0].split("=");
      if (value.join("=") === "") jar.delete(name);
      else jar.set(name, value.join("="));
    }
    return answer;
  }

  /** Logs somebody in at the provider, up to the address to which that sends the browser back. */
  async through(url, name, target) {
    for (let step = 0; step < 20; step += 1) {
      if (url.startsWith(target)) return url;
      let answer = await this.ask(url);
      if (answer.status === 200) {
        // A page of the provider: the login, or the consent.
        const prompt = (await answer.text()).match(/name="prompt" value="(\w+)"/)[1];
        const body = new URLSearchParams(prompt === "login" ? { prompt, login: name, password: "x" } : { prompt });
        answer = await this.ask(url, { method: "POST", body });
      }
      assert.ok([302, 303].includes(answer.status), `${answer.status} of ${url}: ${await answer.clone().text()}`);
      url = new URL(answer.headers.get("location"), url).href;
    }
    throw new Error("the login goes in circles");
  }
}

const callback = `${base}/api/auth/oidc/school/callback`;
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const me = async (token) => (await fetch(`${base}/api/auth/me`, { headers: bearer(token) })).json();
const json = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function logIn(browser, name) {
  const begun = await browser.ask(`${base}/api/auth/oidc/school/login`);
  assert.equal(begun.status, 303);
  const back = await browser.through(begun.headers.get("location"), name, callback);
  assert.equal(new URL(back).searchParams.get("iss"), issuer);
  const answer = await browser.ask(back);
  return { back, status: answer.status, body: await answer.json() };
}

// Somebody new, and the same person in another browser.
const anne = await logIn(new Browser(), "anne");
assert.equal(anne.status, 200, JSON.stringify(anne.body));
const first = await me(anne.body.access_token);
assert.deepEqual([first.username, first.mail, first.mail_verified], ["anne", "anne@example.org", true]);
const again = await logIn(new Browser(), "anne");
assert.equal((await me(again.body.access_token)).user_id, first.user_id);
console.log("ok: a new person, who comes again");

// Back to a page of the market, with cookies.
const browser = new Browser();
const begun = await browser.ask(`${base}/api/auth/oidc/school/login?return_to=/docs/`);
const back = await browser.through(begun.headers.get("location"), "bert", callback);
const home = await browser.ask(back);
assert.deepEqual([home.status, home.headers.get("location")], [303, "/docs/"]);
assert.equal((await (await browser.ask(`${base}/api/auth/me`)).json()).username, "bert");
console.log("ok: a browser with cookies");

// Another browser with the address of a login, and a code that comes twice.
const stolen = await (await new Browser().ask(back)).json();
assert.equal(stolen.code, "invalid_state");
const twice = new Browser();
const once = await twice.ask(`${base}/api/auth/oidc/school/login`);
const address = await twice.through(once.headers.get("location"), "carl", callback);
const cookie = (await once.headers.getSetCookie())[0].split(";")[0];
assert.equal((await twice.ask(address)).status, 200);
const replay = await fetch(address, { headers: { cookie } });
assert.deepEqual([replay.status, (await replay.json()).code], [401, "login_refused"]);
console.log("ok: neither another browser nor the same code again");

// Who has said no at the provider.
const no = new Browser();
const asked = await no.ask(`${base}/api/auth/oidc/school/login`);
const page = await no.ask(asked.headers.get("location"));
const interaction = new URL(page.headers.get("location"), issuer).href;
let sent = await no.ask(`${interaction}/abort`);
for (let step = 0; step < 5 && !sent.headers.get("location").startsWith(callback); step += 1) {
  sent = await no.ask(new URL(sent.headers.get("location"), issuer).href);
}
const refused = await no.ask(sent.headers.get("location"));
assert.deepEqual([refused.status, (await refused.json()).code], [401, "login_refused"]);
console.log("ok: a login that is broken off");

// A person of the market links an identity, logs in with it, and removes it.
const person = { username: "dora", mail: "dora@example.com", password: "correct horse battery" };
assert.equal((await fetch(`${base}/api/auth/register`, json(person))).status, 201);
const login = await (await fetch(`${base}/api/auth/login`, json({ username: "dora", password: person.password }))).json();
const mails = join(directory, "data", "mails");
const code = await until("mail", () => {
  const texts = existsSync(mails) ? readdirSync(mails).map((file) => readFileSync(join(mails, file), "utf8")) : [];
  return texts.find((text) => text.includes("To: dora@example.com"))?.match(/^(\d{6})\r?$/m)?.[1];
});
const as = (request) => ({ ...request, headers: { ...request.headers, ...bearer(login.access_token) } });
assert.equal((await fetch(`${base}/api/auth/mail/confirm`, as(json({ code })))).status, 204);
const linking = new Browser();
const link = await linking.ask(`${base}/api/auth/oidc/school/link`, as(json({ password: person.password })));
assert.equal(link.status, 200, await link.clone().text());
const linked = await linking.ask(await linking.through((await link.json()).url, "dora-there", callback));
assert.equal(linked.status, 204, await linked.text());
const other = await logIn(new Browser(), "dora-there");
assert.equal((await me(other.body.access_token)).username, "dora");
const { identities } = await (await fetch(`${base}/api/auth/identities`, as({}))).json();
assert.deepEqual([identities.length, identities[0].subject, identities[0].issuer], [1, "dora-there", issuer]);
const exported = await (await fetch(`${base}/api/profile/export`, as({}))).json();
assert.deepEqual(exported.identities.map((it) => it.subject), ["dora-there"]);
const path = `${base}/api/auth/identities/${identities[0].identity_id}`;
assert.equal((await fetch(path, as({ method: "DELETE" }))).status, 204);
console.log("ok: an identity is linked and removed");

// ID tokens of the provider for another client, as credentials.
async function idToken(name) {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code", client_id: "app", redirect_uri: elsewhere, scope: "openid profile", nonce: "n",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
  });
  const end = new URL(await new Browser().through(`${issuer}/auth?${query}`, name, elsewhere));
  const form = new URLSearchParams({
    grant_type: "authorization_code", code: end.searchParams.get("code"), redirect_uri: elsewhere, client_id: "app",
    code_verifier: verifier,
  });
  return (await (await fetch(`${issuer}/token`, { method: "POST", body: form })).json()).id_token;
}
const token = await idToken("anne");
const shown = await me(token);
assert.deepEqual([shown.user_id, shown.scopes], [first.user_id, ["read", "trade"]]);
const order = as(json({ symbol: "ALFA", side: "buy", quantity: "1" }));
const placed = await fetch(`${base}/api/orders?wait=venue`, { ...order, headers: { ...order.headers, ...bearer(token) } });
assert.equal(placed.status, 201, await placed.clone().text());
const [head, claims, signature] = token.split(".");
const changed = Buffer.from(claims, "base64url").toString().replace("anne", "bert");
for (const forged of [
  `${head}.${Buffer.from(changed).toString("base64url")}.${signature}`,
  `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`,
]) {
  assert.equal((await me(forged)).code, "invalid_token");
}
console.log("ok: an ID token trades, and a forged one does not");

// Somebody without a password leaves, and is not brought back by a token from before.
const goodbye = { ...json({ password: "" }), headers: { ...json({}).headers, ...bearer(anne.body.access_token) } };
const left = await fetch(`${base}/api/profile/leave`, goodbye);
assert.equal(left.status, 200, await left.clone().text());
assert.equal((await me(token)).code, "invalid_token");
console.log("ok: somebody leaves for good");

// A provider that is stopped: sessions and known keys go on, new logins wait.
const spare = await idToken("erik");
assert.equal((await me(spare)).username, "erik");
server.closeAllConnections();
await new Promise((resolve) => server.close(resolve));
assert.equal((await me(spare)).username, "erik");
assert.equal((await me(other.body.access_token)).username, "dora");
const begunLate = await new Browser().ask(`${base}/api/auth/oidc/school/login`);
if (begunLate.status === 303) {
  // What the provider says of itself is known for an hour; its page is away.
  await assert.rejects(fetch(begunLate.headers.get("location")));
}
market.kill("SIGTERM");
assert.equal(await ended, 0);
console.log("ok: a provider that is stopped");
process.exit(0);
