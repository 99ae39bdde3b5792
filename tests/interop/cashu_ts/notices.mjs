// What the mint tells wallets that listen on a websocket (NUT-17).

import assert from "node:assert/strict";

import { scenario, until } from "../suite.mjs";
import { pay } from "./lightning.mjs";
import { Wallet } from "./wallet.mjs";

/** What a subscription tells, as a list that grows. */
async function heard(subscribe, read) {
  const [told, failures] = [[], []];
  const cancel = await subscribe(
    (payload) => told.push(read(payload)),
    (error) => failures.push(error),
  );
  return { told, cancel, failures };
}

/** Waits until a subscription has told these things, and no others. */
async function tells(subscription, expected) {
  await until(() => subscription.failures.length || subscription.told.length >= expected.length);
  assert.deepEqual(subscription.failures, []);
  assert.deepEqual(subscription.told, expected);
}

scenario("cashu-ts: hears of a mint quote that it was paid, and issued (NUT-17)", async () => {
  const wallet = await Wallet.open();
  const quote = await wallet.cashu.createMintQuoteBolt11(8);
  const listen = (...callbacks) => wallet.cashu.on.mintQuoteUpdates([quote.quote], ...callbacks);
  const subscription = await heard(listen, ({ quote, state, request }) => [quote, state, request]);
  const states = (...names) => names.map((state) => [quote.quote, state, quote.request]);
  await tells(subscription, states("UNPAID"));
  await pay(quote.request);
  await tells(subscription, states("UNPAID", "PAID"));
  await wallet.cashu.mintProofsBolt11(8, quote.quote);
  await tells(subscription, states("UNPAID", "PAID", "ISSUED"));
  subscription.cancel();
});

scenario("cashu-ts: hears of a token that it was spent (NUT-17)", async () => {
  const [alice, bob] = [await Wallet.holding(8), await Wallet.open()];
  const [proof] = await alice.take(8, { send: { type: "random", denominations: [8] } });
  const listen = (...callbacks) => alice.cashu.on.proofStateUpdates([proof], ...callbacks);
  const subscription = await heard(listen, ({ proof, state }) => [proof.secret, state]);
  await tells(subscription, [[proof.secret, "UNSPENT"]]);
  await bob.receive([proof]);
  await tells(subscription, ["UNSPENT", "SPENT"].map((state) => [proof.secret, state]));
  subscription.cancel();
});
