// A mint, a publisher with a paywall before its site, and nginx with TLS before both, on hosts of different sites. A
// hostile host is a server of the test's own.
//
// Amounts are whole cents here: the mint's unit is eur.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";

import { farthing, freePorts, json, listening, start, stop, until } from "./programs.mjs";

const FOLDER = process.env.FOLDER;

/** What the site's article number `n` says. */
export const article = (n) => `Article ${n}, which was worth it.`;

/** The price of an article, in cents. */
export const PRICE = 3;

/** Pages of the site: articles, which cost something, and pages of the test's own. */
function site(pages) {
  return (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    const number = /^\/articles\/(\w+)$/.exec(pathname)?.[1];
    if (pages[pathname]) response.end(pages[pathname]());
    else if (number === "broken") response.writeHead(500).end("out of order");
    else if (number) response.end(`<!DOCTYPE html><title>${number}</title><p id="article">${article(number)}</p>`);
    else response.writeHead(404).end();
  };
}

async function serving(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: server.address().port };
}

/** One process, nothing outside of its folder; a log for each host, of whole requests. */
function configuration(dir, hosts) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`);
  const servers = hosts.map(
    ({ name, port, to }) => `server {
      listen 127.0.0.1:${port} ssl; server_name ${name}.localhost;
      access_log ${dir}/${name}.requests requests;
      location / { proxy_pass http://127.0.0.1:${to}; }
      ${name === "mint" ? `location /copy/ { proxy_pass http://127.0.0.1:${to}/wallet/; }` : ""}
    }`,
  );
  return `daemon off; master_process off; pid ${dir}/nginx.pid;
    events { worker_connections 1024; }
    http {
      log_format requests '$request_method $request_uri';
      ssl_certificate ${FOLDER}/server.pem; ssl_certificate_key ${FOLDER}/server.key;
      keepalive_requests 100000; client_max_body_size 2m;
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_buffering off;
      ${temporary.join(" ")}
      ${servers.join("\n")}
    }`;
}

/**
 * Sets a stage up. `pages` are further pages of the publisher's site, `hostile` handles requests to mallory's host,
 * `amounts` is how many amounts the mint's keyset has.
 */
export async function setUp({ pages = {}, hostile = (_, response) => response.writeHead(404).end(), amounts = 21 } = {}) {
  const dir = await mkdtemp(`${FOLDER}/stage-`);
  const [mintPort, sitePort, hostilePort, mintInside, paywallInside] = await freePorts(5);
  const mintUrl = `https://localhost:${mintPort}`;
  const siteUrl = `https://gazette.localhost:${sitePort}`;
  const hostileUrl = `https://mallory.localhost:${hostilePort}`;

  const upstream = await serving(site(pages));
  const mallory = await serving((request, response) => hostile(request, response, stage));
  const hosts = [
    { name: "mint", port: mintPort, to: mintInside },
    { name: "gazette", port: sitePort, to: paywallInside },
    { name: "mallory", port: hostilePort, to: mallory.port },
  ];
  // The wallet's origin is of another site than the publishers', and a name that every program can resolve.
  await writeFile(`${dir}/nginx.conf`, configuration(dir, hosts).replace("mint.localhost", "localhost"));
  const runNginx = async () => {
    const child = start("nginx", ["-p", dir, "-c", `${dir}/nginx.conf`, "-e", `${dir}/nginx.log`], `${dir}/nginx.log`);
    await until(() => answers(mintPort), () => "nginx listens");
    return child;
  };
  let nginx = await runNginx();

  const operate = (...args) => json("--as-farthing-mint", ...args, "--data", `${dir}/mint`);
  const names = ["--name", "Corner mint", "--unit", "eur", "--amounts", String(amounts), "--cashu", "--url", mintUrl];
  await operate("init", ...names);
  const runMint = () =>
    listening("--as-farthing-mint", ["run", "--data", `${dir}/mint`, "--listen", `127.0.0.1:${mintInside}`], `${dir}/mint.log`);
  const publisher = await account(operate, "publisher", 0, "redeem,read");
  let mint = await runMint();

  const prices = ["--price", `/articles/*=0.0${PRICE}`];
  const where = ["--listen", `127.0.0.1:${paywallInside}`, "--data", `${dir}/paywall`];
  const settings = {
    FARTHING_PAYWALL_API_TOKEN: publisher,
    FARTHING_PAYWALL_NAME: "The Gazette",
    FARTHING_PAYWALL_PUBLIC_URL: siteUrl,
    FARTHING_PAYWALL_TRUSTED_PROXIES: "127.0.0.1",
    // No request of the paywall's own while a test counts what reaches the mint.
    FARTHING_PAYWALL_KEYSETS_EVERY_S: "3600",
  };
  const paywallArgs = ["run", "--upstream", `http://127.0.0.1:${upstream.port}`, "--mint", mintUrl, ...prices, ...where];
  const runPaywall = () => listening("--as-farthing-paywall", paywallArgs, `${dir}/paywall.log`, settings);
  let paywall = await runPaywall();

  const stage = {
    dir,
    mintUrl,
    siteUrl,
    hostileUrl,
    walletUrl: `${mintUrl}/wallet/`,
    /** The same wallet under another path of the same host. */
    copyUrl: `${mintUrl}/copy/`,
    operate,
    /** The article's address. */
    article: (n) => `${siteUrl}/articles/${n}`,
    /** A new account with `cents`; gives its API token. */
    account: (name, cents) => account(operate, name, cents, "withdraw,redeem,read"),
    /** What an account holds, in cents, as the mint's API says. */
    holds: (apiToken) => holds(mintUrl, apiToken),
    /** What the publisher has got, in cents. */
    earned: () => holds(mintUrl, publisher),
    /** A command of the command line's wallet, in a folder of its own name. */
    cli: (name, ...args) => farthing("--as-farthing", ...args, "--wallet", `${dir}/${name}`),
    /** The same, which must succeed; gives its JSON. */
    cliJson: (name, ...args) => json("--as-farthing", ...args, "--wallet", `${dir}/${name}`),
    /** The requests that reached the host `name` (mint, gazette, mallory) while `act` ran: "GET /path". */
    async requests(name, act) {
      const before = await logged(dir, name, stage);
      await act();
      return (await logged(dir, name, stage)).slice(before.length);
    },
    /** Runs `act` while the mint is down. */
    async withoutMint(act) {
      await stop(mint.child);
      try {
        await act();
      } finally {
        mint = await runMint();
      }
    },
    /** Runs `act` while the publisher's paywall is down. */
    async withoutPaywall(act) {
      await stop(paywall.child);
      try {
        await act();
      } finally {
        paywall = await runPaywall();
      }
    },
    /** Runs `act` while no server can be reached. */
    async offline(act) {
      await stop(nginx);
      try {
        await act();
      } finally {
        nginx = await runNginx();
      }
    },
    /** Asserts that the mint's books balance, and ends everything. */
    async close() {
      const audit = await farthing("--as-farthing-mint", "audit", "--data", `${dir}/mint`);
      await Promise.all([paywall.child, mint.child, nginx].map(stop));
      for (const { server } of [upstream, mallory]) {
        server.closeAllConnections();
        server.close();
      }
      assert.equal(audit.code, 0, `the mint's books balance: ${audit.stdout}${audit.stderr}`);
    },
  };
  return stage;
}

async function account(operate, name, cents, scopes) {
  const { token } = await operate("account", "create", name, "--scopes", scopes);
  if (cents > 0) await operate("account", "credit", name, (cents / 100).toFixed(2));
  return token;
}

async function holds(mintUrl, apiToken) {
  const answer = await fetch(`${mintUrl}/v1/account`, { headers: { Authorization: `Bearer ${apiToken}` } });
  assert.equal(answer.status, 200);
  return (await answer.json()).balance;
}

/** All requests that a host's log has. nginx writes a line when a request ends: what came before ours is there when ours is. */
async function logged(dir, name, stage) {
  const urls = { mint: stage.mintUrl, gazette: stage.siteUrl, mallory: stage.hostileUrl };
  const mark = `/mark/${Math.random()}`;
  const port = new URL(urls[name]).port;
  await fetch(`https://localhost:${port}${mark}`);
  const file = `${dir}/${name}.requests`;
  const lines = await until(async () => {
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    return text.includes(mark) && text.split("\n");
  }, () => `a line in ${file}`);
  return lines.filter((line) => line !== "" && !line.includes("/mark/"));
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
