// Payment requests between Farthing and @cashu/cashu-ts: each reads what the other writes. And receipts, by
// Node's own cryptography.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";

import { PaymentRequest, decodePaymentRequest } from "@cashu/cashu-ts";

import { creditMint, declined, startPaywall, stopAll, wallet } from "./farthing.mjs";
import { runScenarios, scenario } from "./suite.mjs";
import { article, serving } from "./upstream.mjs";

scenario("cashu-ts reads the paywall's request", async (mint) => {
  await serving(article, async (upstream) => {
    const paywall = await startPaywall("online", mint, upstream, "/articles/*=3");
    const answer = await fetch(`${paywall}/articles/1`);
    assert.equal(answer.status, 402);
    const text = answer.headers.get("x-cashu");
    assert.ok(text.startsWith("creqA"), text);
    const request = decodePaymentRequest(text);
    assert.equal(Number(request.amount), 3);
    assert.equal(request.unit, "credit");
    assert.deepEqual(request.mints, [mint.url]);
    assert.equal(request.nut10, undefined);
    assert.ok(!request.transport?.length, "the payment is made in the request itself");
    assert.equal(decodePaymentRequest((await answer.json()).request).unit, "credit");
  });
});

scenario("cashu-ts reads the lock that a paywall asks for", async (mint) => {
  await serving(article, async (upstream) => {
    const settings = { FARTHING_PAYWALL_ACCEPT: "locked" };
    const paywall = await startPaywall("locked", mint, upstream, "/articles/*=3", settings);
    const answer = await fetch(`${paywall}/articles/1`);
    const request = decodePaymentRequest(answer.headers.get("x-cashu"));
    assert.equal(request.nut10.kind, "P2PK");
    assert.match(request.nut10.data, /^[0-9a-f]{64}$/);
  });
});

for (const [version, encode] of [
  ["creqA", (request) => request.toEncodedCreqA()],
  ["creqB", (request) => request.toEncodedCreqB()],
]) {
  scenario(`the wallet reads a request that cashu-ts writes as ${version}`, async (mint) => {
    const request = new PaymentRequest(undefined, "a7", 5, "credit", [mint.url], "Song seven");
    const text = encode(request);
    assert.equal(text.slice(0, 5).toLowerCase(), version.toLowerCase());
    const asked = [];
    const shop = (incoming, response) => {
      asked.push(incoming.headers["x-cashu"]);
      response.writeHead(402, { "X-Cashu": text }).end();
    };
    await serving(shop, async (url) => {
      const unpaid = await wallet("get", `${url}/songs/7`);
      assert.equal(unpaid.code, 3, unpaid.stderr);
      const screen = await declined("get", `${url}/songs/7`);
      assert.match(screen, /asks for \x1B\[1m5 credit\x1B\[0m\./);
      assert.match(screen, /for: +Song seven/);
      const tooDear = await wallet("get", `${url}/songs/7`, "--max", "4", "--yes");
      assert.equal(tooDear.code, 3, tooDear.stderr);
    });
    assert.deepEqual(asked, [undefined, undefined, undefined], "no token was shown");
  });
}

scenario("a receipt is a JWT that others can verify", async (mint) => {
  await serving(article, async (upstream) => {
    const paywall = await startPaywall("receipts", mint, upstream, "/articles/*=3");
    const sent = await wallet("send", "3", "--json");
    const headers = { "X-Cashu": JSON.parse(sent.stdout).token };
    const paid = await fetch(`${paywall}/articles/1`, { headers });
    assert.equal(paid.status, 200, await paid.clone().text());
    const [head, claims, signature] = paid.headers.get("x-cashu-receipt").split(".");
    const json = (part) => JSON.parse(Buffer.from(part, "base64url"));
    const { alg, typ, kid } = json(head);
    assert.deepEqual([alg, typ], ["EdDSA", "JWT"]);
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: kid }, format: "jwk" });
    const signed = Buffer.from(`${head}.${claims}`);
    assert.ok(verify(null, signed, key, Buffer.from(signature, "base64url")));
    const { sub, amount, unit, iat, exp } = json(claims);
    assert.deepEqual([sub, amount, unit], [`GET ${paywall}/articles/1`, 3, "credit"]);
    assert.equal(exp - iat, 24 * 3600);
  });
});

await runScenarios(await creditMint());
await stopAll();
