// Tokens locked to keys (NUT-11) and to the hash of a preimage (NUT-14).

import assert from "node:assert/strict";

import { P2PKBuilder, createHTLCHash } from "@cashu/cashu-ts";

import { scenario } from "../suite.mjs";
import { Wallet, keyPair, refused } from "./wallet.mjs";

/** Locktimes that are over, and not over, whenever this runs. */
const past = Math.floor(Date.now() / 1000) - 3600;
const future = Math.floor(Date.now() / 1000) + 86_400;

/** A wallet's tokens over 8, locked as `build` says. */
function locked(wallet, build) {
  return wallet.take(8, { send: { type: "p2pk", options: build(new P2PKBuilder()).toOptions() } });
}

const withWitness = (proofs, witness) => proofs.map((proof) => ({ ...proof, witness }));


scenario("cashu-ts: a token locked to a key is received with that key alone", async () => {
  const [alice, bob, mallory] = [await Wallet.holding(16), await Wallet.open(), await Wallet.open()];
  const [key, other] = [keyPair(), keyPair()];
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(key.public));
  await refused(10001, mallory.receive(proofs));
  const forOther = await locked(alice, (lock) => lock.addLockPubkey(other.public));
  const [stolen] = alice.cashu.signP2PKProofs(forOther, other.secret);
  await refused(10001, mallory.receive(withWitness(proofs, stolen.witness)));
  assert.equal(await bob.receive(proofs, { privkey: key.secret }), 8);
  await refused(11001, mallory.receive(proofs, { privkey: key.secret }));
  assert.deepEqual([alice.balance, bob.balance, mallory.balance], [0, 8, 0]);
});

scenario("cashu-ts: two keys of three open a token, one does not", async () => {
  const [alice, bob] = [await Wallet.holding(8), await Wallet.open()];
  const keys = [keyPair(), keyPair(), keyPair()];
  const publics = keys.map((key) => key.public);
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(publics).requireLockSignatures(2));
  await refused(10001, bob.receive(proofs, { privkey: keys[0].secret }));
  assert.equal(await bob.receive(proofs, { privkey: [keys[0].secret, keys[2].secret] }), 8);
});

scenario("cashu-ts: the refund key counts after the locktime, and not before", async () => {
  const [alice, bob] = [await Wallet.holding(16), await Wallet.open()];
  const [key, refund] = [keyPair(), keyPair()];
  const until = (when) => (lock) => lock.addLockPubkey(key.public).addRefundPubkey(refund.public).lockUntil(when);
  const early = await locked(alice, until(future));
  await refused(10001, alice.receive(early, { privkey: refund.secret }));
  const late = await locked(alice, until(past));
  assert.equal(await alice.receive(late, { privkey: refund.secret }), 8);
  assert.equal(await bob.receive(early, { privkey: key.secret }), 8);
});

scenario("cashu-ts: after the locktime a token without refund key is anyone's", async () => {
  const [alice, bob] = [await Wallet.holding(8), await Wallet.open()];
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(keyPair().public).lockUntil(past));
  assert.equal(await bob.receive(proofs), 8);
});

scenario("cashu-ts: a signature over all inputs and outputs holds for these alone (SIG_ALL)", async () => {
  const [alice, bob] = [await Wallet.holding(16), await Wallet.open()];
  const key = keyPair();
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(key.public).sigAll());
  const swaps = [await bob.cashu.prepareSwapToReceive(proofs), await bob.cashu.prepareSwapToReceive(proofs)];
  const signed = bob.cashu.signP2PKProofs(proofs, key.secret, swaps[0].keepOutputs);
  await refused(10001, bob.cashu.completeSwap({ ...swaps[1], inputs: signed }));
  const { keep } = await bob.cashu.completeSwap(swaps[0], key.secret);
  assert.equal(keep.reduce((sum, { amount }) => sum + amount.toNumber(), 0), 8);
});

scenario("cashu-ts: keys blinded by the sender open a token as well (NUT-28)", async () => {
  const [alice, bob] = [await Wallet.holding(8), await Wallet.open()];
  const key = keyPair();
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(key.public).blindKeys());
  assert.ok(proofs.every(({ secret }) => !secret.includes(key.public)));
  assert.equal(await bob.receive(proofs, { privkey: key.secret }), 8);
});

scenario("cashu-ts: the preimage opens a hash lock, another does not", async () => {
  const [alice, bob] = [await Wallet.holding(8), await Wallet.open()];
  const { hash, preimage } = createHTLCHash();
  const key = keyPair();
  const proofs = await locked(alice, (lock) => lock.addLockPubkey(key.public).addHashlock(hash));
  const right = withWitness(proofs, { preimage });
  const wrong = withWitness(proofs, { preimage: createHTLCHash().preimage });
  await refused(10001, bob.receive(proofs, { privkey: key.secret }));
  await refused(10001, bob.receive(wrong, { privkey: key.secret }));
  await refused(10001, bob.receive(right, { privkey: keyPair().secret }));
  assert.equal(await bob.receive(right, { privkey: key.secret }), 8);
});

scenario("cashu-ts: a hash lock's refund key counts after the locktime, and not before", async () => {
  const [alice, bob] = [await Wallet.holding(16), await Wallet.open()];
  const [key, refund] = [keyPair(), keyPair()];
  const { hash, preimage } = createHTLCHash();
  const until = (when) => (lock) =>
    lock.addLockPubkey(key.public).addRefundPubkey(refund.public).addHashlock(hash).lockUntil(when);
  const early = await locked(alice, until(future));
  await refused(10001, alice.receive(early, { privkey: refund.secret }));
  const late = await locked(alice, until(past));
  assert.equal(await alice.receive(late, { privkey: refund.secret }), 8);
  assert.equal(await bob.receive(withWitness(early, { preimage }), { privkey: key.secret }), 8);
});
