// The whole wallet moves by a file: from the command line into a browser, and back.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { Browser, KIND } from "../support/browser.mjs";
import { PRICE, setUp } from "../support/stage.mjs";
import { until } from "../support/programs.mjs";
import { Wallet, cents } from "../support/wallet.mjs";

const PASSPHRASE = "several plain words";
let stage, browser, reader, apiToken, secret;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
  secret = `${stage.dir}/passphrase`;
  await writeFile(secret, PASSPHRASE, { mode: 0o600 });
  apiToken = await stage.account("mover", 1000);
  await stage.cliJson("old", "init");
  await stage.cliJson("old", "mint", "add", stage.mintUrl, "--token", apiToken);
  await stage.cliJson("old", "withdraw", "3.00");
  await stage.cliJson("old", "budget", "set", stage.siteUrl, "--per-item", "0.05", "--per-day", "0.50");
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Chooses a file and types its passphrase. */
async function look(file, passphrase) {
  await reader.press("#go-settings");
  await reader.screen("settings");
  await reader.press("#go-move");
  await reader.screen("move");
  await (await reader.find("#import-file")).uploadFile(file);
  await reader.fill("#import-passphrase", passphrase);
  await reader.press("#import-go");
}

test("a wallet of the command line comes into the browser by a file", async () => {
  const file = `${stage.dir}/from-cli`;
  const exported = await stage.cliJson("old", "export", file, "--file-passphrase", secret);
  assert.deepEqual(exported.sent.map(({ amount }) => amount), [300]);
  reader = await Wallet.open(browser, stage);
  await reader.create();
  await reader.home();
  await look(file, "other words");
  assert.equal((await reader.trouble()).code, "import_passphrase");
  await reader.home();
  await look(file, PASSPHRASE);
  await reader.screen("importing");
  assert.equal(cents(await reader.read("#import-mints strong")), 300);
  assert.match(await reader.read("#import-budgets"), /gazette\.localhost/);
  await reader.press("#take-over-go");
  assert.match(await reader.done(), /3\.00 eur/);
  assert.equal(await reader.balance(), 300);
  // The account and the budget came with it.
  await reader.withdraw(100);
  await reader.meetPrice("moved");
  await reader.article("moved");
  assert.equal(await reader.balance(), 400 - PRICE);
});

test("the same file once more changes nothing, and says so", async () => {
  await look(`${stage.dir}/from-cli`, PASSPHRASE);
  await reader.screen("importing");
  await reader.press("#take-over-go");
  assert.match(await reader.done(), /taken over before/);
  assert.equal(await reader.balance(), 400 - PRICE);
});

test("a wallet of the browser goes to the command line by a file", async () => {
  await reader.home();
  await reader.press("#go-settings");
  await reader.press("#go-move");
  await reader.screen("move");
  await reader.fill("#file-passphrase", PASSPHRASE);
  await reader.fill("#file-again", "not the same");
  await reader.press("#export-go");
  assert.equal((await reader.trouble()).code, "passphrases_differ");
  await reader.fill("#file-passphrase", PASSPHRASE);
  await reader.fill("#file-again", PASSPHRASE);
  const file = await saved();
  assert.equal(cents(await reader.read("#exported-money")), 400 - PRICE);
  assert.equal(await reader.balance(), 0);
  await stage.cliJson("new", "init");
  const imported = await stage.cliJson("new", "import", file, "--file-passphrase", secret);
  assert.deepEqual(imported.received.map(({ amount }) => amount), [400 - PRICE]);
  const { balances } = await stage.cliJson("new", "balance");
  assert.deepEqual(balances.map(({ available }) => available), [400 - PRICE]);
  await stage.cliJson("new", "withdraw", "1.00");
  assert.equal((await stage.cliJson("new", "budget", "list")).budgets.length, 1);
});

test("money in a file that nobody imported is taken back", async () => {
  await reader.withdraw(50);
  await reader.home();
  await reader.press("#go-settings");
  await reader.press("#go-move");
  await reader.screen("move");
  await reader.fill("#file-passphrase", PASSPHRASE);
  await reader.fill("#file-again", PASSPHRASE);
  await reader.press("#export-go");
  await reader.screen("exported");
  // The page is left before the file is saved.
  await reader.home();
  assert.equal(await reader.shownBalance(), 0);
  await reader.press("#go-sent");
  await reader.screen("sent");
  await reader.press(".reclaim");
  await reader.done();
  assert.equal(await reader.balance(), 50);
});

/** Exports, and gives the path of the file as the browser saves it. */
async function saved() {
  const file = `${stage.dir}/wallet.farthing`;
  if (KIND === "chromium") {
    const session = await reader.page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: stage.dir });
    await reader.press("#export-go");
    await reader.screen("exported");
    await reader.press("#save");
  } else {
    // Firefox would save it into the user's own folder: the page's link is followed here instead.
    await reader.page.evaluate(() => {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        globalThis.made = blob.text();
        return make.call(URL, blob);
      };
    });
    await reader.press("#export-go");
    await reader.screen("exported");
    await writeFile(file, await reader.page.evaluate(() => globalThis.made));
  }
  await until(async () => (await readFile(file).catch(() => "")).length > 0, () => "the file is saved");
  return file;
}
