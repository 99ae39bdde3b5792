// Where the browser keeps the wallet, and where it does not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, KIND } from "../support/browser.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet, joinFragment } from "../support/wallet.mjs";

let stage;

before(async () => {
  stage = await setUp();
});

after(async () => {
  await stage?.close();
});

test("a private window is warned of before money goes in, and works", async () => {
  const browser = await Browser.start({ privately: true });
  const apiToken = await stage.account("private", 100);
  const wallet = await Wallet.open(browser, stage, joinFragment(stage, apiToken));
  await wallet.screen("welcome");
  await wallet.find(".storage-warning");
  await wallet.create();
  await wallet.screen("join");
  await wallet.find(".storage-warning");
  await wallet.join();
  await wallet.withdraw(30);
  assert.equal(await wallet.balance(), 30);
  await browser.close();
});

test("where the browser promises to keep the wallet there is no warning", async () => {
  const browser = await Browser.start();
  if (KIND === "chromium") {
    await browser.browser.defaultBrowserContext().overridePermissions(stage.mintUrl, ["persistent-storage"]);
  }
  const wallet = await Wallet.open(browser, stage);
  await wallet.create();
  await wallet.home();
  await wallet.press("#go-receive");
  await wallet.screen("receive");
  await wallet.page.waitForFunction(() => document.querySelector(".storage-warning") === null);
  await browser.close();
});

test("a copy under another path of the same host is another wallet, and leaves this one alone", async () => {
  const browser = await Browser.start();
  const wallet = await Wallet.funded(browser, stage, { name: "two-paths", account: 100, withdrawn: 30 });
  await wallet.page.evaluate(async () => void (await navigator.serviceWorker.ready));
  const databases = () => wallet.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(await databases(), ["farthing-wallet"], "the name that the first wallets have");
  const copy = new Wallet(await browser.page(), { ...stage, walletUrl: stage.copyUrl });
  await copy.visit();
  await copy.create();
  await copy.home();
  await copy.page.evaluate(async () => void (await navigator.serviceWorker.ready));
  assert.equal(await copy.page.$("#balance .amount"), null);
  assert.equal((await databases()).length, 2);
  await stage.offline(async () => {
    await copy.home();
    assert.equal(await wallet.balance(), 30);
  });
  await browser.close();
});
