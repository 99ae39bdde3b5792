// Locked parts of the publisher's own page, which farthing.js unlocks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { PRICE, article, setUp } from "../support/stage.mjs";
import { Wallet } from "../support/wallet.mjs";

const START = 100;
const PARTS = ["p1", "p2", "p3"];
const part = (n) => `<section id="${n}" data-farthing="/articles/${n}"><p>Go on reading …</p></section>`;
const mixed = () => `<!DOCTYPE html><title>Mixed</title>
  <script type="module" src="/.well-known/farthing/farthing.js"></script>${PARTS.map(part).join("")}`;
let stage, browser, reader, site;

before(async () => {
  stage = await setUp({ pages: { "/mixed": mixed } });
  browser = await Browser.start();
  reader = await Wallet.funded(browser, stage, { account: START, withdrawn: START });
  site = new Wallet(await browser.page(), stage);
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** The states of all parts, in their order. */
const states = () => site.page.$$eval("[data-farthing-state]", (all) => all.map((each) => each.dataset.farthingState));

const opened = (n) => site.find(`#${n}[data-farthing-state=open]`);

test("each locked part is bought by itself, in a popup, without leaving the page", async () => {
  await site.page.goto(`${stage.siteUrl}/mixed`);
  for (const n of PARTS) await site.find(`#${n}[data-farthing-state=locked] .farthing-pay`);
  assert.equal((await site.page.content()).includes(article("p1")), false, "nothing of a part is there before");
  for (const n of ["p1", "p2"]) {
    const popup = new Wallet(await browser.opened(() => site.press(`#${n} .farthing-pay`)), stage);
    await popup.screen("pay");
    const closed = new Promise((resolve) => popup.page.once("close", resolve));
    await popup.press("#pay-go");
    await closed;
    await site.page.bringToFront();
    await opened(n);
    assert.match(await site.read(`#${n}`), new RegExp(article(n)));
  }
  assert.equal(site.page.url(), `${stage.siteUrl}/mixed`);
  assert.deepEqual(await states(), ["open", "open", "locked"]);
  assert.equal(await stage.earned(), 2 * PRICE);
});

test("what was bought is open after a reload, and the rest is not", async () => {
  await site.page.reload();
  await opened("p1");
  await opened("p2");
  await site.find("#p3[data-farthing-state=locked]");
  assert.equal(await stage.earned(), 2 * PRICE);
});

test("where popups are blocked the wallet takes the page's place, and leads back to it", async () => {
  await site.page.evaluateOnNewDocument(() => {
    // What a browser that blocks popups answers.
    window.open = () => null;
  });
  await site.page.goto(`${stage.siteUrl}/mixed`);
  await site.press("#p3 .farthing-pay");
  await site.screen("pay");
  await site.press("#pay-go");
  await opened("p3");
  assert.equal(site.page.url(), `${stage.siteUrl}/mixed`);
  assert.deepEqual(await states(), ["open", "open", "open"]);
  assert.equal(await stage.earned(), 3 * PRICE);
  await site.page.close();
  await reader.page.bringToFront();
  assert.equal(await reader.balance(), START - 3 * PRICE);
});
