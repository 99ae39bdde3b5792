// Upkeep: the wallet withdraws a bundle by itself, when it is opened at a later day and nobody came to pay.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet } from "../support/wallet.mjs";

const ACCOUNT = 1000;
/** What the mint's bundle is worth. */
const BUNDLE = 241;
const HOUR_MS = 3_600_000;
let stage, browser, reader;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
  reader = await Wallet.funded(browser, stage, { account: ACCOUNT });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** A tab whose clock is ahead by so many hours. */
async function tabAt(hours) {
  const page = await browser.page();
  await page.evaluateOnNewDocument((ahead) => {
    const real = Date.now;
    Date.now = () => real() + ahead;
  }, hours * HOUR_MS);
  return new Wallet(page, stage);
}

/** Opens the wallet with its clock ahead, and waits until it has nothing more to ask. */
async function opened(hours) {
  const tab = await tabAt(hours);
  await tab.home();
  await tab.page.waitForNetworkIdle();
  await tab.page.close();
}

test("a wallet that is opened days later withdraws one bundle", async () => {
  // The moments are drawn at the first opening, and one thing is done at each.
  await opened(0);
  for (let days = 3; days < 12 && (await stage.holds(reader.apiToken)) === ACCOUNT; days++) await opened(24 * days);
  assert.equal(await reader.settled(), BUNDLE);
  assert.equal(await stage.holds(reader.apiToken), ACCOUNT - BUNDLE);
});

test("while that is enough upkeep learns keysets and withdraws no more, and not beside a payment", async () => {
  for (const days of [20, 30, 40]) {
    const paying = await tabAt(24 * days);
    const beside = await stage.requests("mint", async () => {
      await paying.meetPrice(1);
      await paying.screen("pay");
      await paying.page.$eval("#to-home", (link) => link.click());
      await paying.screen("home");
      assert.equal(await paying.shownBalance(), BUNDLE);
      await paying.page.waitForNetworkIdle();
    });
    assert.deepEqual(beside.filter((line) => line.includes(" /v1/")), [], "nobody asks while somebody came to pay");
    await paying.page.close();

    const tab = await tabAt(24 * days);
    const learned = tab.page.waitForResponse((response) => response.url().endsWith("/v1/keysets"));
    await tab.home();
    await learned;
    await tab.page.close();
  }
  assert.equal(await reader.settled(), BUNDLE);
  assert.equal(await stage.holds(reader.apiToken), ACCOUNT - BUNDLE);
});
