// Farthing's programs as processes: the wallet, the paywall, and an operator's commands for a mint that runs.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const { BIN: bin, FOLDER: folder } = process.env;
const run = promisify(execFile);
const running = [];

/** Runs a program of Farthing's to its end; gives its exit code and what it printed. */
export async function farthing(role, ...args) {
  try {
    const { stdout, stderr } = await run(bin, [role, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

/** The same, which must succeed; gives the JSON that it printed. */
async function json(role, ...args) {
  const { code, stdout, stderr } = await farthing(role, ...args, "--json");
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

/** Starts a program that listens; gives what it printed when it did. */
async function start(role, env, ...args) {
  const child = spawn(bin, [role, ...args, "--json"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  running.push(child);
  const [line] = await once(createInterface(child.stdout), "line");
  return JSON.parse(line);
}

/** An operator's command for the mint of that name; gives the JSON that it printed. */
export const operate = (name, ...args) => json("--as-farthing-mint", ...args, "--data", `${folder}/${name}`);
export const wallet = (...args) => farthing("--as-farthing", ...args, "--wallet", `${folder}/wallet`);

/** Runs a wallet's command on a terminal, and says no; gives what the screen showed. */
export async function declined(...args) {
  const command = [bin, "--as-farthing", ...args, "--wallet", `${folder}/wallet`];
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", quoted, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write("n\n");
  let screen = "";
  for await (const chunk of child.stdout) screen += chunk;
  return screen;
}

/** The mint of credits, with an account for a reader, who has 64 in a wallet, and one for a publisher. */
export async function creditMint() {
  const url = process.env.CREDIT_URL;
  const reader = await operate("credit", "account", "create", "reader");
  await operate("credit", "account", "credit", "reader", "64");
  const publisher = await operate("credit", "account", "create", "publisher", "--scopes", "redeem,read");
  await done(wallet("init"));
  await done(wallet("mint", "add", url, "--token", reader.token));
  await done(wallet("withdraw", "64"));
  return { url, publisher: publisher.token };
}

async function done(promise) {
  const { code, stderr } = await promise;
  assert.equal(code, 0, stderr);
}

/** A paywall before `upstream`, with further settings; gives its address. */
export async function startPaywall(name, mint, upstream, price, settings = {}) {
  const env = { FARTHING_PAYWALL_API_TOKEN: mint.publisher, ...settings };
  const args = ["--upstream", upstream, "--mint", mint.url, "--price", price];
  const place = ["--listen", "127.0.0.1:0", "--data", `${folder}/${name}`];
  const { listening } = await start("--as-farthing-paywall", env, "run", ...args, ...place);
  return listening;
}

/** Ends everything that was started. */
export async function stopAll() {
  for (const child of running.reverse()) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}
