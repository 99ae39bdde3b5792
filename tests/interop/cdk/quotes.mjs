// Quotes of a wallet that died before it minted.

import assert from "node:assert/strict";

import { pay } from "../cashu_ts/lightning.mjs";
import { SAT } from "../cashu_ts/mints.mjs";
import { scenario } from "../suite.mjs";
import { Wallet } from "./wallet.mjs";

/** Asks for an invoice over `amount` and dies; gives the quote's id, and somebody pays. */
async function left(wallet, amount) {
  const quote = {};
  await wallet.begin(["mint", "--wait-duration", "60", SAT.url, `${amount}`], (text, child) => {
    quote.id ??= text.match(/\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/)?.[1];
    quote.invoice ??= text.match(/\b(lnbcrt[a-z0-9]{100,})\s/)?.[1];
    if (quote.id && quote.invoice) child.kill("SIGKILL");
  });
  await pay(quote.invoice);
  return quote.id;
}

scenario("cdk: mints what was paid for a quote that it has left behind", async () => {
  const wallet = await Wallet.open();
  const id = await left(wallet, 13);
  await wallet.run("mint", "--wait-duration", "60", "--quote-id", id, SAT.url);
  assert.equal(await wallet.balance(), 13);
});

scenario("cdk: mints several quotes at once (NUT-29)", async () => {
  const wallet = await Wallet.open();
  const quotes = [await left(wallet, 11), await left(wallet, 12)];
  const args = quotes.flatMap((id) => ["--quote-id", id]);
  await wallet.run("mint-batch", "--wait-duration", "60", SAT.url, ...args);
  assert.equal(await wallet.balance(), 23);
});
