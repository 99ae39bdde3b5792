// A page that costs something (NUT-24), for a client that holds Cashu tokens and knows nothing of Farthing.

import assert from "node:assert/strict";

import { decodePaymentRequest, getEncodedToken } from "@cashu/cashu-ts";

import { operate, startPaywall } from "../farthing.mjs";
import { scenario } from "../suite.mjs";
import { article, serving } from "../upstream.mjs";
import { SAT } from "./mints.mjs";
import { Wallet, refused } from "./wallet.mjs";

/** What is on an account. */
async function account(name) {
  const { accounts } = await operate(SAT.name, "account", "list");
  return accounts.find((line) => line.name === name).balance;
}

scenario("cashu-ts: a page is paid for with Cashu tokens, exactly and once (NUT-24)", async () => {
  const wallet = await Wallet.holding(20);
  const { token: publisher } = await operate(SAT.name, "account", "create", "gazette", "--scopes", "redeem,read");
  await serving(article, async (upstream) => {
    const mint = { url: process.env.SAT_URL, publisher };
    const page = `${await startPaywall("gazette", mint, upstream, "/articles/*=3")}/articles/1`;
    const offer = await fetch(page);
    assert.equal(offer.status, 402);
    const request = decodePaymentRequest(offer.headers.get("x-cashu"));
    assert.deepEqual([request.amount.toNumber(), request.unit], [3, "sat"]);
    assert.ok(request.mints.includes(SAT.url), `${SAT.url} is not among ${request.mints}`);
    assert.equal(request.nut10, undefined);

    const pay = async (proofs) => {
      const token = getEncodedToken({ mint: SAT.url, proofs, unit: "sat" });
      return fetch(page, { headers: { "X-Cashu": token } });
    };
    const tooLittle = await wallet.take(2);
    assert.equal((await pay(tooLittle)).status, 400);
    wallet.proofs.push(...tooLittle);

    const paid = await wallet.take(3);
    const answer = await pay(paid);
    assert.equal(answer.status, 200, await answer.clone().text());
    assert.equal(await answer.text(), "the article\n");
    assert.equal(await account("gazette"), 3);
    await refused(11001, wallet.receive(paid));
    assert.equal((await pay(paid)).status, 200, "whoever lost the answer gets it again");
    assert.equal(await account("gazette"), 3);
    assert.equal(await (await Wallet.open()).receive(wallet.proofs), 17);
  });
});
