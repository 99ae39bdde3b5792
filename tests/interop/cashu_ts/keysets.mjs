// Keysets that take fees (NUT-02), and those that a mint has retired.

import assert from "node:assert/strict";

import { operate } from "../farthing.mjs";
import { scenario } from "../suite.mjs";
import { OTHER } from "./mints.mjs";
import { Wallet, refused, total } from "./wallet.mjs";

scenario("cashu-ts: fees for inputs are paid to the unit (NUT-02)", async () => {
  const [alice, bob] = [await Wallet.holding(100, OTHER), await Wallet.open({ mint: OTHER })];
  const proofs = await alice.take(10, { send: { type: "random", denominations: [8, 2] } });
  assert.deepEqual([total(proofs), proofs.length], [10, 2]);
  assert.equal(alice.balance, 100 - 10 - 1);
  assert.equal(await bob.receive(proofs), 10 - 1);
  const paid = await alice.take(20, undefined, { includeFees: true });
  assert.equal(total(paid), 20 + 1);
  assert.equal(await bob.receive(paid), 20);
  assert.equal(bob.balance, 29);
});

scenario("cashu-ts: tokens of a retired keyset are spent, and found by the seed", async () => {
  const alice = await Wallet.holding(64, OTHER);
  const old = alice.cashu.keysetId;
  const { id } = await operate(OTHER.name, "keyset", "rotate", "--suite", "secp256k1");
  await refused(12002, alice.receive(alice.proofs));
  await alice.cashu.loadMint(true);
  alice.cashu.bindKeyset(id);
  await alice.mint(16);
  assert.deepEqual(new Set(alice.proofs.map((proof) => proof.id)), new Set([old, id]));
  const found = await Wallet.open({ seed: alice.seed, mint: OTHER });
  await found.restore();
  assert.equal(found.balance, alice.balance);
  const bob = await Wallet.open({ mint: OTHER });
  await bob.cashu.keyChain.ensureKeysetKeys(old);
  const fee = bob.cashu.getFeesForProofs(found.proofs).toNumber();
  assert.equal(await bob.receive(found.proofs), alice.balance - fee);
  assert.deepEqual(new Set(bob.proofs.map((proof) => proof.id)), new Set([id]));
});
