// A wallet of coco's, as an application has it: its repositories in memory, its watchers running.

import { randomBytes } from "node:crypto";

import { MemoryRepositories, initializeCoco } from "@cashu/coco-core";
import { WebSocket } from "ws";

import { SAT } from "../cashu_ts/mints.mjs";
import { pay } from "../cashu_ts/lightning.mjs";
import { until } from "../suite.mjs";

export class Wallet {
  /** A wallet with a seed, a new one if none is given, that trusts the mint. */
  static async open({ seed = randomBytes(64), mint = SAT } = {}) {
    const wallet = new Wallet();
    wallet.seed = seed;
    wallet.at = mint;
    wallet.coco = await initializeCoco({
      repo: new MemoryRepositories(),
      seedGetter: async () => new Uint8Array(seed),
      webSocketFactory: (url) => new WebSocket(url),
    });
    await wallet.coco.mint.addMint(mint.url, { trusted: true });
    return wallet;
  }

  /** A wallet that holds `amount`. */
  static async holding(amount, mint) {
    const wallet = await Wallet.open({ mint });
    await wallet.mint(amount);
    return wallet;
  }

  async balance() {
    return (await this.coco.wallet.balances.total()).spendable;
  }

  /** Asks for an invoice, pays it, and waits until coco has heard of it and minted by itself. */
  async mint(amount) {
    const { mintUrl, before } = { mintUrl: this.at.url, before: await this.balance() };
    const wanted = { mintUrl, amount, unit: "sat", method: "bolt11", methodData: {} };
    const operation = await this.coco.ops.mint.prepare(wanted);
    await pay(operation.request, this.at);
    await until(async () => (await this.balance()) === before + amount);
    return operation;
  }

  /** Takes `amount` out as a token. */
  async send(amount, target) {
    const prepared = await this.coco.ops.send.prepare({ mintUrl: this.at.url, amount, target });
    const { operation, token } = await this.coco.ops.send.execute(prepared.id);
    return { operation, text: this.coco.wallet.encodeToken(token) };
  }

  receive(token) {
    return this.coco.wallet.receive(token);
  }

  /** Pays an invoice; gives what became of it in the end. */
  async melt(invoice) {
    const { mintUrl, method } = { mintUrl: this.at.url, method: "bolt11" };
    const prepared = await this.coco.ops.melt.prepare({ mintUrl, method, methodData: { invoice } });
    const { id } = await this.coco.ops.melt.execute(prepared.id);
    return until(async () => {
      const operation = await this.coco.ops.melt.refresh(id);
      return operation.state === "pending" ? null : operation;
    });
  }
}
