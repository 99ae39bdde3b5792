// Farthing's programs as processes: the wallet, the paywall, and an operator's commands for a mint that runs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";

import { farthing, json, listening, stop } from "./programs.mjs";

export { farthing };

const { BIN: bin, FOLDER: folder } = process.env;
const running = [];

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
  const paywall = await listening("--as-farthing-paywall", ["run", ...args, ...place], `${folder}/${name}.log`, env);
  running.push(paywall.child);
  return paywall.listening;
}

/** Ends everything that was started. */
export async function stopAll() {
  for (const child of running.reverse()) await stop(child);
}
