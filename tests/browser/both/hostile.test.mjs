// A site and a mint that lie. What a reader loses to a site is at most the price that was shown and tapped.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { payFragment, preflight, request } from "../support/hostile.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet, joinFragment } from "../support/wallet.mjs";

const START = 300;
const SCRIPT = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';
let stage, browser, reader;
/** How mallory's host answers; each test sets it. */
let behave = (_, response) => response.writeHead(404).end();

before(async () => {
  stage = await setUp({ hostile: (...args) => preflight(...args) || behave(...args) });
  browser = await Browser.start();
  reader = await Wallet.funded(browser, stage, { account: START, withdrawn: START });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Opens a pay link of mallory's, and comes to the tap. */
async function offered(asked = {}) {
  await reader.visit(payFragment(stage, await request(stage, asked)));
  await reader.screen("pay");
}

/** Asserts that nothing ran that a text brought along. */
async function assertNothingRan() {
  assert.equal(await reader.page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await reader.page.$("main img, main script"), null);
}

test("a description with a script in it is shown as text", async () => {
  await offered({ description: SCRIPT });
  assert.match(await reader.read("#pay-what"), /<img src=x onerror/);
  assert.match(await reader.read("#pay-site"), /mallory\.localhost/, "the site is that of the address, whatever it says");
  await assertNothingRan();
});

test("a price that is another one after the tap is not paid", async () => {
  const dearer = await request(stage, { amount: 200 });
  behave = (_, response) => response.writeHead(402, { "X-Cashu": dearer, "Content-Type": "application/json" }).end('{"code":40201,"detail":"more"}');
  await offered();
  await reader.press("#pay-go");
  await reader.trouble();
  assert.equal(await reader.settled(), START);
});

test("a redirect to another site takes no token there", async () => {
  let reached = 0;
  behave = (incoming, response) => {
    if (incoming.url.startsWith("/elsewhere")) reached += 1;
    response.writeHead(307, { Location: `${stage.hostileUrl.replace("mallory", "daily")}/elsewhere` }).end();
  };
  await offered();
  await reader.press("#pay-go");
  await reader.trouble();
  assert.equal(reached, 0);
  await takenBack();
});

test("an answer that does not end is given up", async () => {
  behave = (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    const more = setInterval(() => response.write(" ".repeat(65_536)), 1);
    response.on("close", () => clearInterval(more));
  };
  await offered();
  await reader.press("#pay-go");
  await reader.trouble();
  await takenBack();
});

test("a receipt that is none opens nothing, and change that is none is not counted", async () => {
  behave = (_, response) => response.writeHead(200, { "Content-Type": "application/json" }).end('{"receipt":"x","signatures":"sigAgA"}');
  await offered();
  await reader.press("#pay-go");
  await reader.trouble();
  await takenBack();
});

test("a link can neither pay nor join a mint nor take a token before somebody confirms it", async () => {
  const token = await reader.send(5);
  for (const fragment of [payFragment(stage, await request(stage)), `#join=${encodeURIComponent(stage.hostileUrl)}&token=x`, `#token=${token}`]) {
    await reader.visit(fragment);
    await reader.screen("pay", "join", "receive");
    assert.equal(await reader.balance(), START - 5, fragment.slice(0, 6));
  }
  await reader.receive(token);
  assert.equal(await reader.balance(), START);
});

test("a mint whose name is a script is shown as text, and one that cuts its answers off takes nothing", async () => {
  let cut = false;
  behave = async (incoming, response) => {
    const body = [];
    for await (const chunk of incoming) body.push(chunk);
    const { authorization = "" } = incoming.headers;
    const answer = await fetch(`${stage.mintUrl}${incoming.url}`, {
      method: incoming.method,
      headers: { authorization },
      body: body.length > 0 ? Buffer.concat(body) : undefined,
    });
    let text = await answer.text();
    if (incoming.url === "/v1/info") text = JSON.stringify({ ...JSON.parse(text), name: SCRIPT, identity: undefined });
    if (cut && incoming.url === "/v1/withdraw") return response.writeHead(200, { "Content-Length": text.length }).end(text.slice(0, 40));
    return response.writeHead(answer.status).end(text);
  };
  const apiToken = await stage.account("careful", 100);
  const other = await Browser.start();
  const careful = await Wallet.open(other, { ...stage, mintUrl: stage.hostileUrl }, joinFragment({ mintUrl: stage.hostileUrl }, apiToken));
  await careful.create();
  await careful.join();
  assert.match(await careful.read("#balance"), /<img src=x onerror/);
  assert.equal(await careful.page.evaluate(() => globalThis.hacked), undefined);
  cut = true;
  await careful.beginWithdraw(40);
  await careful.trouble();
  cut = false;
  assert.equal((await careful.settled()) + (await stage.holds(apiToken)), 100);
  await other.close();
});

/** What the site has seen and could not charge comes back, to the cent. */
async function takenBack() {
  await reader.home();
  const take = await reader.page.$('[id^="cancel-"]');
  if (take) {
    await take.evaluate((button) => button.click());
    await reader.page.waitForFunction(() => document.querySelector("#open") === null || document.querySelector("#open .trouble"));
  }
  assert.equal(await reader.settled(), START);
}
