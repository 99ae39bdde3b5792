// Minting, sending, receiving, paying invoices, and finding it all again from the seed.

import assert from "node:assert/strict";

import { OTHER } from "../cashu_ts/mints.mjs";
import { foreignInvoice, payment } from "../cashu_ts/lightning.mjs";
import { scenario, until } from "../suite.mjs";
import { Wallet } from "./wallet.mjs";

/** Checks that the mint refuses, with this code. */
async function refused(code, promise) {
  await assert.rejects(promise, (error) => {
    const codes = [];
    for (let cause = error; cause; cause = cause.cause) codes.push(cause.code);
    assert.ok(codes.includes(code), `${codes}: ${error.stack}`);
    return true;
  });
}

scenario("coco: hears that its invoice is paid, and mints", async () => {
  const wallet = await Wallet.open();
  const { id } = await wallet.mint(100);
  await until(async () => (await wallet.coco.ops.mint.get(id)).state === "finalized");
  assert.equal(await wallet.balance(), 100);
});

scenario("coco: sends and receives, and nobody receives twice", async () => {
  const [alice, bob, carol] = [await Wallet.holding(100), await Wallet.open(), await Wallet.open()];
  const { operation, text } = await alice.send(30);
  assert.ok(text.startsWith("cashuB"), text);
  await bob.receive(text);
  await refused(11001, carol.receive(text));
  const balances = [alice, bob, carol].map((wallet) => wallet.balance());
  assert.deepEqual(await Promise.all(balances), [70, 30, 0]);
  // The sender's watcher hears that the token was taken.
  await until(async () => (await alice.coco.ops.send.get(operation.id)).state === "finalized");
});

scenario("coco: takes back what nobody has received", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const { operation, text } = await alice.send(21);
  await alice.coco.ops.send.reclaim(operation.id);
  assert.equal(await alice.balance(), 64);
  await refused(11001, bob.receive(text));
});

scenario("coco: receives at a mint that takes fees", async () => {
  const [alice, bob] = [await Wallet.holding(64, OTHER), await Wallet.open({ mint: OTHER })];
  await bob.receive((await alice.send(20)).text);
  const balances = [await alice.balance(), await bob.balance()];
  // A tenth of a unit for each input, rounded up, at each of the two swaps.
  assert.ok(balances[1] >= 19 && balances[1] <= 20, `${balances}`);
  assert.ok(balances[0] + balances[1] >= 61, `${balances}`);
});

scenario("coco: locks a token to a key, and only its owner receives it (NUT-11)", async () => {
  const [alice, bob, carol] = [await Wallet.holding(32), await Wallet.open(), await Wallet.open()];
  const { publicKeyHex } = await bob.coco.keyring.generateKeyPair();
  const { text } = await alice.send(8, { type: "p2pk", pubkey: publicKeyHex });
  await assert.rejects(carol.receive(text));
  await bob.receive(text);
  assert.deepEqual([await carol.balance(), await bob.balance()], [0, 8]);
});

scenario("coco: pays an invoice, and has what it did not cost back (NUT-05, NUT-08)", async () => {
  const wallet = await Wallet.holding(128);
  const invoice = await foreignInvoice(64);
  await payment(invoice, "paid fee=1000");
  const paid = await wallet.melt(invoice);
  assert.equal(paid.state, "finalized");
  assert.equal(await wallet.balance(), 128 - 64 - 1);
});

scenario("coco: a payment that fails costs nothing", async () => {
  const wallet = await Wallet.holding(128);
  const invoice = await foreignInvoice(50);
  await payment(invoice, "failed");
  await assert.rejects(async () => {
    const { state } = await wallet.melt(invoice);
    assert.equal(state, "finalized");
  });
  await until(async () => (await wallet.balance()) === 128);
});

scenario("coco: the seed alone finds the tokens again (NUT-09, NUT-13)", async () => {
  const [alice, bob] = [await Wallet.holding(100), await Wallet.open()];
  await bob.receive((await alice.send(37)).text);
  const found = await Wallet.open({ seed: alice.seed });
  assert.equal(await found.balance(), 0);
  await found.coco.wallet.restore(found.at.url);
  assert.equal(await found.balance(), 63);
  await bob.receive((await found.send(63)).text);
  assert.equal(await bob.balance(), 100);
});
