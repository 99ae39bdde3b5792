// Minting, sending, receiving, and finding it all again from the seed.

import assert from "node:assert/strict";

import { CheckStateEnum, hasValidDleq } from "@cashu/cashu-ts";

import { scenario } from "../suite.mjs";
import { pay } from "./lightning.mjs";
import { Wallet, keyPair, refused, total } from "./wallet.mjs";

scenario("cashu-ts: mints what was paid for, once", async () => {
  const wallet = await Wallet.open();
  const quote = await wallet.cashu.createMintQuoteBolt11(100);
  await refused(20001, wallet.cashu.mintProofs("bolt11", 100, { quote: quote.quote }));
  await pay(quote.request);
  await wallet.cashu.on.onceMintPaid(quote.quote);
  assert.equal((await wallet.cashu.checkMintQuoteBolt11(quote.quote)).state, "PAID");
  await refused(11005, wallet.cashu.mintProofsBolt11(101, quote.quote));
  const proofs = await wallet.cashu.mintProofsBolt11(100, quote.quote);
  assert.equal(total(proofs), 100);
  assert.equal((await wallet.cashu.checkMintQuoteBolt11(quote.quote)).state, "ISSUED");
  await refused(20002, wallet.cashu.mintProofsBolt11(100, quote.quote));
});

scenario("cashu-ts: sends and receives, and nobody receives twice", async () => {
  const [alice, bob, carol] = [await Wallet.holding(100), await Wallet.open(), await Wallet.open()];
  const token = await alice.send(30);
  assert.ok(token.startsWith("cashuB"), token);
  assert.equal(alice.balance, 70);
  assert.equal(await bob.receive(token), 30);
  await refused(11001, carol.receive(token));
  assert.deepEqual([alice.balance, bob.balance, carol.balance], [70, 30, 0]);
  const states = await bob.cashu.checkProofsStates(bob.proofs);
  assert.ok(states.every(({ state }) => state === CheckStateEnum.UNSPENT));
});

scenario("cashu-ts: a token's DLEQ proof holds, and a forged one is refused by the wallet", async () => {
  const [alice, bob] = [await Wallet.holding(16), await Wallet.open()];
  const proofs = await alice.take(8);
  const keyset = (proof) => alice.cashu.getKeyset(proof.id);
  assert.ok(proofs.every((proof) => hasValidDleq(proof, keyset(proof))));
  const [first, ...others] = proofs;
  const forged = { ...first, dleq: { ...first.dleq, s: first.dleq.e } };
  await assert.rejects(bob.receive([forged, ...others], { requireDleq: true }), /DLEQ/);
  const { dleq: _, ...bare } = first;
  await assert.rejects(bob.receive([bare, ...others], { requireDleq: true }), /DLEQ/);
  assert.equal(bob.balance, 0);
  assert.equal(await bob.receive(proofs, { requireDleq: true }), 8);
});

scenario("cashu-ts: a mint quote locked to a key is opened by that key alone (NUT-20)", async () => {
  const wallet = await Wallet.open();
  const [key, other] = [keyPair(), keyPair()];
  const quote = await wallet.cashu.createLockedMintQuote(64, key.public);
  assert.equal(quote.pubkey, key.public);
  await pay(quote.request);
  await wallet.cashu.on.onceMintPaid(quote.quote);
  const bare = { quote: quote.quote };
  await refused(20008, wallet.cashu.mintProofs("bolt11", 64, bare));
  await refused(20008, wallet.cashu.mintProofs("bolt11", 64, bare, { privkey: other.secret }));
  assert.equal(total(await wallet.cashu.mintProofsBolt11(64, quote, { privkey: key.secret })), 64);
});

scenario("cashu-ts: mints several quotes at once (NUT-29)", async () => {
  const wallet = await Wallet.open();
  const key = keyPair();
  const open = await wallet.cashu.createMintQuoteBolt11(10);
  const quotes = [open, await wallet.cashu.createLockedMintQuote(21, key.public)];
  const entries = [10, 21].map((amount, n) => ({ amount, quote: quotes[n] }));
  const batch = await wallet.cashu.prepareBatchMint("bolt11", entries, { privkey: key.secret });
  await pay(quotes[0].request);
  await wallet.cashu.on.onceMintPaid(quotes[0].quote);
  await refused(20001, wallet.cashu.completeBatchMint(batch));
  await pay(quotes[1].request);
  await wallet.cashu.on.onceMintPaid(quotes[1].quote);
  const checked = await wallet.cashu.checkMintQuoteBatchBolt11(quotes);
  assert.deepEqual(checked.map(({ state }) => state), ["PAID", "PAID"]);
  assert.equal(total(await wallet.cashu.completeBatchMint(batch)), 31);
  const twice = await wallet.cashu.prepareBatchMint("bolt11", entries, { privkey: key.secret });
  await refused(20002, wallet.cashu.completeBatchMint(twice));
});

scenario("cashu-ts: the seed alone finds the tokens again (NUT-09, NUT-13)", async () => {
  const [alice, bob] = [await Wallet.holding(100), await Wallet.open()];
  await bob.receive(await alice.send(37));
  const found = await Wallet.open({ seed: alice.seed });
  assert.ok((await found.restore()) > 0, "what was spent is found too, and known to be spent");
  assert.equal(found.balance, 63);
  const secrets = ({ proofs }) => proofs.map(({ secret }) => secret).sort();
  assert.deepEqual(secrets(found), secrets(alice));
  assert.equal(await bob.receive(found.proofs), 63);
  assert.equal(bob.balance, 100);
});
