// cashu-ts as a wallet: a seed, the tokens it holds, and what a person does with them.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import {
  Wallet as CashuWallet,
  createRandomSecretKey,
  getEncodedToken,
  getPubKeyFromPrivKey,
  isMintOperationError,
  sumProofs,
} from "@cashu/cashu-ts";

import { pay } from "./lightning.mjs";
import { SAT } from "./mints.mjs";

export const total = (proofs) => sumProofs(proofs).toNumber();

/** A private key and its public key, in hex. */
export function keyPair() {
  const secret = createRandomSecretKey();
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  return { secret: hex(secret), public: hex(getPubKeyFromPrivKey(secret)) };
}

/** Checks that the mint refuses, with this code. */
export async function refused(code, promise) {
  await assert.rejects(promise, (error) => {
    assert.ok(isMintOperationError(error), `the mint answered with no code: ${error.stack}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

export class Wallet {
  /** A wallet with a seed, a new one if none is given. */
  static async open({ seed = randomBytes(64), mint = SAT } = {}) {
    const wallet = new Wallet();
    wallet.seed = seed;
    wallet.at = mint;
    wallet.proofs = [];
    wallet.cashu = new CashuWallet(mint.url, { unit: "sat", bip39seed: seed, requireSigDleq: true });
    await wallet.cashu.loadMint();
    return wallet;
  }

  /** A wallet that holds `amount`. */
  static async holding(amount, mint) {
    const wallet = await Wallet.open({ mint });
    await wallet.mint(amount);
    return wallet;
  }

  get balance() {
    return total(this.proofs);
  }

  /** Asks for an invoice, pays it, and mints. */
  async mint(amount) {
    const quote = await this.cashu.createMintQuoteBolt11(amount);
    await pay(quote.request, this.at);
    await this.cashu.on.onceMintPaid(quote.quote);
    this.proofs.push(...(await this.cashu.mintProofsBolt11(amount, quote.quote)));
  }

  /** Takes `amount` out as a token. */
  async send(amount) {
    const proofs = await this.take(amount);
    return getEncodedToken({ mint: this.at.url, proofs, unit: "sat" });
  }

  /** The same, as proofs; `outputs` and `config` are cashu-ts's, for locks and fees. */
  async take(amount, outputs, config) {
    const { keep, send } = await this.cashu.send(amount, this.proofs, config, outputs);
    this.proofs = keep;
    return send;
  }

  /** Finds the tokens of its seed, of all keysets, and keeps the unspent ones; gives what the spent ones were. */
  async restore() {
    const { keysets } = await this.cashu.mint.getKeySets();
    const found = [];
    for (const { id } of keysets) {
      const { proofs } = await this.cashu.batchRestore(100, 50, 0, id);
      found.push(...proofs);
    }
    const { unspent, spent } = await this.cashu.groupProofsByState(found);
    this.proofs = unspent;
    return total(spent);
  }

  /** Swaps a token, or proofs, for proofs of its own; gives how much that was. */
  async receive(token, config) {
    const proofs = await this.cashu.receive(token, config);
    this.proofs.push(...proofs);
    return total(proofs);
  }
}
