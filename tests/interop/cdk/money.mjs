// Minting, sending, receiving, paying, and finding it all again from the seed.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

import { foreignInvoice } from "../cashu_ts/lightning.mjs";
import { SAT } from "../cashu_ts/mints.mjs";
import { scenario } from "../suite.mjs";
import { Wallet } from "./wallet.mjs";

scenario("cdk: shows what the mint says of itself", async () => {
  const wallet = await Wallet.open();
  const output = await wallet.run("mint-info", SAT.url);
  assert.match(output, /"nuts"/);
});

scenario("cdk: hears that its invoice is paid, and mints", async () => {
  const wallet = await Wallet.open();
  await wallet.mint(100);
  assert.equal(await wallet.balance(), 100);
});

scenario("cdk: shows its balance", async () => {
  const [empty, wallet] = [await Wallet.open(), await Wallet.holding(21)];
  assert.deepEqual([await empty.balance(), await wallet.balance()], [0, 21]);
});

scenario("cdk: sends", async () => {
  const wallet = await Wallet.holding(64);
  assert.ok((await wallet.send(10)).startsWith("cashuB"));
  assert.equal(await wallet.balance(), 54);
});

scenario("cdk: receives", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  assert.equal(await bob.receive(await alice.send(10)), 10);
  assert.equal(await bob.balance(), 10);
});

scenario("cdk: nobody receives twice", async () => {
  const [alice, bob, carol] = [await Wallet.holding(64), await Wallet.open(), await Wallet.open()];
  const token = await alice.send(10);
  await bob.receive(token);
  await carol.isRefused(/already spent|11001/i, token);
  assert.equal(await carol.balance(), 0);
});

scenario("cdk: knows which of its tokens were taken", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const token = await alice.send(6);
  const failures = /Error checking| [1-9]\d* failed/;
  assert.doesNotMatch(await alice.run("check-pending"), failures);
  await bob.receive(token);
  assert.doesNotMatch(await alice.run("check-pending"), failures);
  await alice.run("burn");
  assert.deepEqual([await alice.balance(), await bob.balance()], [58, 6]);
});

scenario("cdk: sends and receives a token of the older form", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const token = await alice.send(4, "--v3");
  assert.ok(token.startsWith("cashuA"), token);
  assert.equal(await bob.receive(token), 4);
});

scenario("cdk: the seed alone finds the tokens again (NUT-09, NUT-13)", async () => {
  const alice = await Wallet.holding(64);
  await alice.send(10);
  const have = await alice.balance();
  const found = await Wallet.open({ seedOf: alice });
  const output = await found.run("restore", SAT.url);
  // What was sent is unspent too, and the seed's.
  assert.match(output, /^Restored: 64\b/m);
  assert.deepEqual([have, await found.balance()], [54, 64]);
});

scenario("cdk: pays an invoice (NUT-05, NUT-08)", async () => {
  const wallet = await Wallet.holding(64);
  const invoice = await foreignInvoice(20);
  assert.match(await wallet.run("melt", "--mint-url", SAT.url, "--invoice", invoice), /Payment successful/);
  assert.equal(await wallet.balance(), 44);
});

scenario("cdk: pays a payment request over HTTP (NUT-18)", async () => {
  const [alice, bob] = [await Wallet.holding(64), await Wallet.open()];
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const paid = new Promise((resolve) => {
    server.on("request", async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
      resolve(JSON.parse(body));
    });
  });
  const url = `http://127.0.0.1:${server.address().port}/pay`;
  const asked = await bob.run("create-request", "-a", "5", "--transport", "http", "--http-url", url, "--mints", SAT.url);
  const request = asked.match(/creqA[A-Za-z0-9_=-]+/)[0];
  await alice.run("pay-request", request, "--max-method-fee", "0", "--max-total-amount", "20", "--yes");
  const { mint, unit, proofs } = await paid;
  server.close();
  assert.deepEqual([mint, unit], [SAT.url, "sat"]);
  const json = JSON.stringify({ token: [{ mint, proofs }], unit });
  assert.equal(await bob.receive(`cashuA${Buffer.from(json).toString("base64url")}`), 5);
  assert.equal(await alice.balance(), 59);
});
