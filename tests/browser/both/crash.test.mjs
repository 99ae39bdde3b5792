// A page is killed at any moment of a withdrawal and of a payment, and sometimes the whole browser. Whatever the moment
// was, nothing is lost and nothing is paid twice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { PRICE, setUp } from "../support/stage.mjs";
import { Wallet } from "../support/wallet.mjs";

const KILLS = Number(process.env.KILLS ?? 100);
/** Every so many kills, the browser's own process. */
const BROWSER_EVERY = 7;
const ACCOUNT = 2000;
let stage, browser, reader, apiToken;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
  reader = await Wallet.funded(browser, stage, { account: ACCOUNT, withdrawn: 1000 });
  apiToken = reader.apiToken;
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/**
 * Does `begin` in a new tab and kills it, again and again, each time a little later after the beginning, until as late
 * as an undisturbed one needs from its beginning to its end.
 */
async function killed(begin, end) {
  const tab = new Wallet(await browser.page(), stage);
  await begin(tab, 0);
  const started = Date.now();
  await end(tab, 0);
  const whole = Date.now() - started;
  await tab.page.close();
  for (let kill = 1; kill <= KILLS; kill++) {
    const page = await browser.page();
    await begin(new Wallet(page, stage), kill);
    await new Promise((resume) => setTimeout(resume, (whole * kill) / KILLS));
    if (kill % BROWSER_EVERY === 0) await browser.crash();
    else await browser.kill(page);
  }
  reader = await Wallet.open(browser, stage);
}

test(`a page that is killed ${KILLS} times in withdrawals loses nothing`, async () => {
  await killed(
    (tab) => tab.beginWithdraw(7),
    (tab) => tab.done(),
  );
  const balance = await reader.settled();
  assert.equal(balance + (await stage.holds(apiToken)), ACCOUNT);
  assert.equal((balance - 1000) % 7, 0, "each withdrawal happened in whole or not at all");
});

test(`a page that is killed ${KILLS} times in payments loses nothing, and pays for no article twice`, async () => {
  const before = await reader.settled();
  await killed(
    async (tab, kill) => {
      await tab.meetPrice(kill);
      await tab.screen("pay");
      await tab.page.$eval("#pay-go", (button) => button.click());
    },
    (tab, kill) => tab.article(kill),
  );
  for (let kill = 0; kill <= KILLS; kill++) await reader.open(kill);
  assert.equal(await stage.earned(), (KILLS + 1) * PRICE, "each article was paid for once");
  assert.equal(await reader.settled(), before - (KILLS + 1) * PRICE, "what is not the publisher's is the reader's");
});
