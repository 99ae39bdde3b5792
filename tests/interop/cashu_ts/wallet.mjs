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

/** The address of the mint for Cashu wallets. */
export const url = `${process.env.SAT_URL}/cashu`;

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
  static async open(seed = randomBytes(64)) {
    const wallet = new Wallet();
    wallet.seed = seed;
    wallet.proofs = [];
    wallet.cashu = new CashuWallet(url, { unit: "sat", bip39seed: seed, requireSigDleq: true });
    await wallet.cashu.loadMint();
    return wallet;
  }

  /** A wallet that holds `amount`. */
  static async holding(amount) {
    const wallet = await Wallet.open();
    await wallet.mint(amount);
    return wallet;
  }

  get balance() {
    return total(this.proofs);
  }

  /** Asks for an invoice, pays it, and mints. */
  async mint(amount) {
    const quote = await this.cashu.createMintQuoteBolt11(amount);
    await pay(quote.request);
    await this.cashu.on.onceMintPaid(quote.quote);
    this.proofs.push(...(await this.cashu.mintProofsBolt11(amount, quote.quote)));
  }

  /** Takes `amount` out as a token; `outputs` are cashu-ts's, for locks. */
  async send(amount, outputs) {
    const proofs = await this.take(amount, outputs);
    return getEncodedToken({ mint: url, proofs, unit: "sat" });
  }

  /** The same, as proofs. */
  async take(amount, outputs) {
    const { keep, send } = await this.cashu.send(amount, this.proofs, {}, outputs);
    this.proofs = keep;
    return send;
  }

  /** Swaps a token, or proofs, for proofs of its own; gives how much that was. */
  async receive(token, config) {
    const proofs = await this.cashu.receive(token, config);
    this.proofs.push(...proofs);
    return total(proofs);
  }
}
