// Money in, out and from hand to hand: account, wallet, the command line's wallet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet, cents, joinFragment } from "../support/wallet.mjs";

let stage, browser, reader;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

test("a link with an account does nothing before it is confirmed, and then the account is there", async () => {
  const apiToken = await stage.account("reader", 1000);
  reader = await Wallet.open(browser, stage, joinFragment(stage, apiToken));
  reader.apiToken = apiToken;
  reader.phrase = await reader.create();
  await reader.screen("join");
  assert.equal(new URL(reader.page.url()).hash, "", "the API token is not left in the address");
  assert.equal(await reader.page.$("#balance .amount"), null);
  await reader.join();
  assert.equal(await reader.balance(), 0);
});

test("a withdrawal moves exactly its amount from the account into the wallet, once", async () => {
  await reader.withdraw(250);
  assert.equal(await reader.balance(), 250);
  assert.equal(await stage.holds(reader.apiToken), 750);
});

test("more than the account holds is refused, and nothing moves", async () => {
  await reader.beginWithdraw(751);
  const { code, text } = await reader.trouble();
  assert.notEqual(code, "interface", text);
  assert.equal(await reader.balance(), 250);
  assert.equal(await stage.holds(reader.apiToken), 750);
});

test("a token goes to the command line's wallet and another one comes back, each once", async () => {
  await stage.cliJson("cli", "init");
  await stage.cliJson("cli", "mint", "add", stage.mintUrl);
  const token = await reader.send(21);
  assert.equal(await reader.balance(), 229);
  await stage.cliJson("cli", "receive", token);
  const back = await stage.cliJson("cli", "send", "0.08");
  assert.equal(await reader.preview(back.token), 8);
  assert.equal(await reader.balance(), 229, "looking at a token takes nothing");
  await reader.receive(back.token);
  assert.equal(await reader.balance(), 237);
  assert.equal((await stage.cli("cli", "receive", token)).code === 0, false, "the token was spent");
  await reader.preview(back.token);
  await reader.press("#accept");
  await reader.trouble();
  assert.equal(await reader.balance(), 237);
});

test("what nobody has claimed is taken back", async () => {
  await reader.send(30);
  assert.equal(await reader.balance(), 207);
  await reader.press("#go-sent");
  await reader.screen("sent");
  await reader.press(".reclaim");
  await reader.page.waitForSelector("#result");
  assert.equal(await reader.balance(), 237);
});

test("without any network the wallet opens, and shows what it has", async () => {
  await reader.page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await reader.home();
  await stage.offline(async () => {
    assert.equal(await reader.balance(), 237);
    await reader.beginWithdraw(5);
    await reader.trouble();
  });
  assert.equal(await reader.settled(), 237 + 750 - (await stage.holds(reader.apiToken)));
});

test("no button moves when it is told what was settled", async () => {
  const places = () =>
    reader.page.$$eval(".actions button, nav button, #remind-phrase button", (buttons) =>
      buttons.map((button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        return [button.id, x, y, width, height];
      }),
    );
  const had = await reader.settled();
  // On a phone lines are broken that stand in one elsewhere.
  const size = reader.page.viewport();
  await reader.page.setViewport({ width: 360, height: 740 });
  let before;
  await stage.withoutMint(async () => {
    await reader.beginWithdraw(5);
    await reader.trouble();
    await reader.home();
    await reader.find("#open");
    before = await places();
    assert.ok(before.length >= 8);
  });
  await reader.page.$eval("#ask-again", (button) => button.click());
  await reader.find("#recovered");
  await reader.page.waitForFunction(() => document.querySelector("#open") === null);
  const now = await places();
  assert.equal(now.length, before.length);
  for (const [n, [id, ...place]] of now.entries()) {
    assert.equal(id, before[n][0]);
    // A browser lays a line out to a part of a pixel.
    const moved = place.map((length, side) => Math.abs(length - before[n][side + 1]));
    assert.ok(Math.max(...moved) < 1, `${id} moves: ${moved}`);
  }
  await reader.page.setViewport(size);
  assert.equal(await reader.settled(), had + 5);
});

test("two tabs withdraw at the same time, and every withdrawal counts once", async () => {
  const start = (await reader.settled()) + (await stage.holds(reader.apiToken));
  const held = await stage.holds(reader.apiToken);
  const other = await Wallet.open(browser, stage);
  const tabs = [reader, other];
  for (let round = 0; round < 3; round++) {
    for (const tab of tabs) {
      await tab.page.bringToFront();
      await tab.home();
      await tab.press("#go-withdraw");
      await tab.screen("withdraw");
      await tab.fill("#amount", "0.07");
    }
    await Promise.all(tabs.map((tab) => tab.page.evaluate(() => document.getElementById("withdraw-go").click())));
    for (const tab of tabs) {
      await tab.page.bringToFront();
      await tab.done();
    }
  }
  await other.page.close();
  assert.equal(await stage.holds(reader.apiToken), held - 6 * 7);
  assert.equal((await reader.balance()) + (await stage.holds(reader.apiToken)), start);
});

test("the phrase restores all of it in a browser that has never seen the wallet", async () => {
  const had = await reader.balance();
  const fresh = await Browser.start();
  const restored = await Wallet.open(fresh, stage);
  await restored.screen("welcome");
  await restored.press("#restore");
  await restored.screen("restore");
  await restored.fill("#restore-phrase", reader.phrase);
  await restored.press("#restore-go");
  await restored.screen("join");
  await restored.fill("#mint-url", stage.mintUrl);
  await restored.press("#join-go");
  assert.equal(cents(await restored.done()), had);
  assert.equal(await restored.settled(), had);
  await fresh.close();
});

test("all of it goes back to the account", async () => {
  const all = (await reader.balance()) + (await stage.holds(reader.apiToken));
  await reader.press("#go-withdraw");
  await reader.screen("withdraw");
  await reader.press("#go-redeem");
  await reader.screen("redeem");
  await reader.press("#redeem-go");
  await reader.done();
  assert.equal(await reader.balance(), 0);
  assert.equal(await stage.holds(reader.apiToken), all);
});
