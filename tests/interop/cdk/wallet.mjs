// cdk-cli as somebody has it: a folder with a seed and a database, and a process for each command.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";

import { pay } from "../cashu_ts/lightning.mjs";
import { SAT } from "../cashu_ts/mints.mjs";

const { CDK_CLI, FOLDER } = process.env;
let wallets = 0;

/** The first thing in a command's output that looks like this. */
const found = (pattern, text) => text.match(pattern)?.[1] ?? null;
export const tokenIn = (text) => found(/(cashu[AB][A-Za-z0-9_=+/-]+)/, text);

export class Wallet {
  /** A wallet without anything; `seedOf` another one, that one's seed. */
  static async open({ seedOf } = {}) {
    const wallet = new Wallet();
    wallet.folder = `${FOLDER}/cdk-${wallets++}`;
    await mkdir(wallet.folder);
    if (seedOf) await copyFile(`${seedOf.folder}/seed`, `${wallet.folder}/seed`);
    return wallet;
  }

  /** A wallet that holds `amount`. */
  static async holding(amount) {
    const wallet = await Wallet.open();
    await wallet.mint(amount);
    return wallet;
  }

  /** Begins a command; `hear` is given each piece of what it prints. */
  begin(args, hear = () => {}) {
    const child = spawn(CDK_CLI, ["-w", this.folder, "-u", "sat", "-n", ...args], {
      env: { ...process.env, HOME: this.folder, RUST_BACKTRACE: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => hear((output += text), child));
    }
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output }));
    });
  }

  /** Runs a command, which must succeed; gives what it printed. */
  async run(...args) {
    const { code, output } = await this.begin(args);
    assert.equal(code, 0, `cdk-cli ${args.join(" ")}:\n${output}`);
    return output;
  }

  /** Runs a command, which must be refused. */
  async refused(pattern, ...args) {
    const { code, output } = await this.begin(args);
    assert.notEqual(code, 0, `cdk-cli ${args.join(" ")} was not refused:\n${output}`);
    assert.match(output, pattern);
  }

  async balance() {
    return Number(found(/^\d+: \S+ (\d+) /m, await this.run("balance")) ?? 0);
  }

  /** Asks for an invoice, which is paid as soon as it is shown, and waits for the tokens. */
  async mint(amount) {
    let isPaid = false;
    const args = ["mint", "--wait-duration", "60", SAT.url, `${amount}`];
    const { code, output } = await this.begin(args, (text) => {
      const invoice = found(/\b(lnbcrt[a-z0-9]{100,})\s/, text);
      if (!invoice || isPaid) return;
      isPaid = true;
      pay(invoice).catch(() => {});
    });
    assert.equal(code, 0, output);
    return output;
  }

  /** Takes `amount` out as a token. */
  async send(amount, ...more) {
    const token = tokenIn(await this.run("send", "-a", `${amount}`, "--mint-url", SAT.url, ...more));
    assert.ok(token, "a token is printed");
    return token;
  }

  /** Takes a token in; gives how much that was. */
  async receive(token, ...more) {
    const output = await this.run("receive", "--allow-untrusted", ...more, token);
    return Number(found(/^Received: (\d+)/m, output));
  }

  /** Checks that a token is refused. */
  isRefused(pattern, token, ...more) {
    return this.refused(pattern, "receive", "--allow-untrusted", ...more, token);
  }
}
