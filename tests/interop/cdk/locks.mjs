// Tokens that only a key or a preimage opens.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { scenario } from "../suite.mjs";
import { Wallet } from "./wallet.mjs";

const random = () => randomBytes(32).toString("hex");

/** A token of 8 that only `owner` can receive. */
async function locked(owner) {
  // cdk-cli makes keys for a wallet that knows a mint.
  await owner.mint(1);
  const [key] = (await owner.run("generate-public-key")).match(/0[23][0-9a-f]{64}/);
  const sender = await Wallet.holding(64);
  return sender.send(8, "-p", key);
}

scenario("cdk: a token locked to a key is its owner's (NUT-11)", async () => {
  const owner = await Wallet.open();
  assert.equal(await owner.receive(await locked(owner)), 8);
});

scenario("cdk: a token locked to a key is nobody else's (NUT-11)", async () => {
  const [owner, other] = [await Wallet.open(), await Wallet.open()];
  const token = await locked(owner);
  await other.isRefused(/./, token);
  assert.equal(await owner.receive(token), 8, "it is still there");
});

scenario("cdk: a preimage opens a token (NUT-14)", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const preimage = random();
  const token = await alice.send(9, "--preimage", preimage);
  assert.equal(await bob.receive(token, "-p", preimage), 9);
});

scenario("cdk: another preimage does not open it (NUT-14)", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const preimage = random();
  const token = await alice.send(9, "--preimage", preimage);
  await bob.isRefused(/./, token, "-p", random());
  assert.equal(await bob.receive(token, "-p", preimage), 9, "it is still there");
});
