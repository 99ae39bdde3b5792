// Paying invoices with tokens (NUT-05, NUT-08): paid, failed, and under way.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { CheckStateEnum } from "@cashu/cashu-ts";

import { scenario, until } from "../suite.mjs";
import { foreignInvoice, pay, payment, paymentHash } from "./lightning.mjs";
import { Wallet, keyPair, refused, total } from "./wallet.mjs";

const sha256 = (hex) => createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");

/** A melt of 1000 that is about to be asked for, by a wallet that holds 2000; `line` says what becomes of it. */
async function meltOf1000(line) {
  const [wallet, invoice] = [await Wallet.holding(2000), await foreignInvoice(1000)];
  await payment(invoice, line);
  const quote = await wallet.cashu.createMeltQuoteBolt11(invoice);
  assert.deepEqual([quote.state, quote.amount.toNumber(), quote.fee_reserve.toNumber()], ["UNPAID", 1000, 10]);
  const inputs = await wallet.take(1010);
  const preview = await wallet.cashu.prepareMelt("bolt11", quote, inputs);
  return { wallet, invoice, quote, inputs, preview };
}

async function states(wallet, proofs) {
  return new Set((await wallet.cashu.checkProofsStates(proofs)).map(({ state }) => state));
}

const { PENDING, SPENT, UNSPENT } = CheckStateEnum;

scenario("cashu-ts: pays an invoice, and gets back what the fee left over (NUT-08)", async () => {
  const { wallet, invoice, inputs, preview } = await meltOf1000("paid fee=3000");
  const { quote: paid, change } = await wallet.cashu.completeMelt(preview);
  assert.equal(paid.state, "PAID");
  assert.equal(sha256(paid.payment_preimage), paymentHash(invoice));
  assert.equal(total(change), 10 - 3);
  wallet.proofs.push(...change);
  assert.equal(wallet.balance, 2000 - 1000 - 3);
  assert.deepEqual(await states(wallet, inputs), new Set([SPENT]));
  assert.equal(await (await Wallet.open()).receive(wallet.proofs), 997);
});

scenario("cashu-ts: an invoice is paid once", async () => {
  const { wallet, invoice, preview } = await meltOf1000("paid");
  const again = await wallet.cashu.createMeltQuoteBolt11(invoice);
  wallet.proofs.push(...(await wallet.cashu.completeMelt(preview)).change, ...(await Wallet.holding(500)).proofs);
  const inputs = await wallet.take(1010);
  await refused(20006, wallet.cashu.meltProofsBolt11(again, inputs));
  assert.deepEqual(await states(wallet, inputs), new Set([UNSPENT]));
});

scenario("cashu-ts: a payment that fails gives the tokens back", async () => {
  const { wallet, quote, inputs, preview } = await meltOf1000("failed");
  await refused(20004, wallet.cashu.completeMelt(preview));
  assert.equal((await wallet.cashu.checkMeltQuoteBolt11(quote.quote)).state, "UNPAID");
  assert.deepEqual(await states(wallet, inputs), new Set([UNSPENT]));
  wallet.proofs.push(...inputs);
  assert.equal(await (await Wallet.open()).receive(wallet.proofs), 2000);
});

scenario("cashu-ts: a payment under way holds the tokens, and settles", async () => {
  const { wallet, invoice, quote, inputs, preview } = await meltOf1000("pending");
  const { quote: asked, change: none } = await wallet.cashu.completeMelt(preview, undefined, { preferAsync: true });
  assert.deepEqual([asked.state, none], ["PENDING", []]);
  assert.deepEqual(await states(wallet, inputs), new Set([PENDING]));
  await refused(11002, wallet.receive(inputs));
  await refused(11002, wallet.cashu.meltProofsBolt11(await anotherQuote(wallet), inputs));
  const heard = wallet.cashu.on.onceMeltPaid(quote.quote);
  await payment(invoice, "paid fee=4000");
  assert.equal((await heard).state, "PAID");
  const settled = await wallet.cashu.checkMeltQuoteBolt11(quote.quote);
  const change = wallet.cashu.createMeltChangeProofs(preview.outputData, settled.change);
  wallet.proofs.push(...change);
  assert.equal(wallet.balance, 2000 - 1000 - 4);
  assert.deepEqual(await states(wallet, inputs), new Set([SPENT]));
  await refused(11001, wallet.receive(inputs));
});

async function anotherQuote(wallet) {
  return wallet.cashu.createMeltQuoteBolt11(await foreignInvoice(1000));
}

scenario("cashu-ts: a payment under way that fails gives the tokens back", async () => {
  const { wallet, invoice, quote, inputs, preview } = await meltOf1000("pending");
  await wallet.cashu.completeMelt(preview, undefined, { preferAsync: true });
  await payment(invoice, "failed");
  await until(async () => (await wallet.cashu.checkMeltQuoteBolt11(quote.quote)).state === "UNPAID");
  assert.deepEqual(await states(wallet, inputs), new Set([UNSPENT]));
  wallet.proofs.push(...inputs);
  assert.equal(await (await Wallet.open()).receive(wallet.proofs), 2000);
});

scenario("cashu-ts: a wallet pays the invoice of another at the same mint", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const asked = await bob.cashu.createMintQuoteBolt11(40);
  const quote = await alice.cashu.createMeltQuoteBolt11(asked.request);
  const inputs = await alice.take(40 + quote.fee_reserve.toNumber());
  const { quote: paid, change } = await alice.cashu.meltProofsBolt11(quote, inputs);
  assert.equal(paid.state, "PAID");
  alice.proofs.push(...change);
  await bob.cashu.on.onceMintPaid(asked.quote);
  bob.proofs.push(...(await bob.cashu.mintProofsBolt11(40, asked.quote)));
  assert.deepEqual([alice.balance, bob.balance], [24, 40]);
});

scenario("cashu-ts: tokens locked to a key pay an invoice with that key alone", async () => {
  const { wallet, quote, inputs } = await meltOf1000("paid");
  const key = keyPair();
  wallet.proofs.push(...inputs);
  const locked = await wallet.take(1010, { send: { type: "p2pk", options: { pubkey: key.public } } });
  await refused(10001, wallet.cashu.meltProofsBolt11(quote, locked));
  const { change } = await wallet.cashu.meltProofsBolt11(quote, locked, { privkey: key.secret });
  wallet.proofs.push(...change);
  assert.equal(wallet.balance, 1000);
});
