// Requests sent again (NUT-19): a wallet that did not get its answer asks once more, byte for byte.

import assert from "node:assert/strict";

import { scenario } from "../suite.mjs";
import { foreignInvoice, pay } from "./lightning.mjs";
import { Wallet, total } from "./wallet.mjs";

/** Runs `use` with another `fetch`, which gets the real one. */
async function withFetch(other, use) {
  const real = globalThis.fetch;
  globalThis.fetch = (url, options) => other(real, url, options);
  try {
    return await use();
  } finally {
    globalThis.fetch = real;
  }
}

/** The first answer to a POST to an address that ends with `path` gets lost; gives how many were sent. */
async function withLostAnswer(path, use) {
  let sent = 0;
  const losing = async (real, url, options) => {
    const answer = await real(url, options);
    if (options.method !== "POST" || !url.endsWith(path)) return answer;
    sent += 1;
    if (sent > 1) return answer;
    assert.equal(answer.status, 200, await answer.text());
    throw new TypeError("fetch failed");
  };
  await withFetch(losing, use);
  return sent;
}

scenario("cashu-ts: a lost answer costs nothing: the wallet asks again by itself (NUT-19)", async () => {
  const [alice, bob] = [await Wallet.open(), await Wallet.open()];
  const quote = await alice.cashu.createMintQuoteBolt11(64);
  await pay(quote.request);
  await alice.cashu.on.onceMintPaid(quote.quote);
  const mint = async () => alice.proofs.push(...(await alice.cashu.mintProofsBolt11(64, quote.quote)));
  assert.equal(await withLostAnswer("/v1/mint/bolt11", mint), 2);
  assert.equal(alice.balance, 64);

  const token = await alice.send(40);
  assert.equal(await withLostAnswer("/v1/swap", () => bob.receive(token)), 2);
  assert.equal(bob.balance, 40);

  const melt = await bob.cashu.createMeltQuoteBolt11(await foreignInvoice(20));
  const inputs = await bob.take(20 + melt.fee_reserve.toNumber());
  const pays = async () => bob.proofs.push(...(await bob.cashu.meltProofsBolt11(melt, inputs)).change);
  assert.equal(await withLostAnswer("/v1/melt/bolt11", pays), 2);
  assert.equal(bob.balance, 20);
  assert.equal(await (await Wallet.open()).receive([...alice.proofs, ...bob.proofs]), 44);
});

scenario("cashu-ts: the same request gives the same signatures (NUT-19)", async () => {
  const wallet = await Wallet.open();
  const requests = [];
  const recording = async (real, url, options) => {
    const answer = await real(url, options);
    if (options.method === "POST" && /\/v1\/(mint\/bolt11|swap|melt\/bolt11)$/.test(url)) {
      requests.push({ url, options: { ...options, signal: undefined }, answer: await answer.clone().json() });
    }
    return answer;
  };
  await withFetch(recording, async () => {
    await wallet.mint(64);
    await wallet.receive(await wallet.send(16));
    const melt = await wallet.cashu.createMeltQuoteBolt11(await foreignInvoice(20));
    const inputs = await wallet.take(20 + melt.fee_reserve.toNumber());
    wallet.proofs.push(...(await wallet.cashu.meltProofsBolt11(melt, inputs)).change);
  });
  const paths = new Set(requests.map(({ url }) => url.split("/v1/")[1]));
  assert.deepEqual(paths, new Set(["mint/bolt11", "swap", "melt/bolt11"]));
  for (const { url, options, answer } of requests) {
    const again = await fetch(url, options);
    assert.equal(again.status, 200, `${url}: ${await again.clone().text()}`);
    assert.deepEqual(await again.json(), answer, url);
  }
  assert.equal(total(wallet.proofs), 44);
});
