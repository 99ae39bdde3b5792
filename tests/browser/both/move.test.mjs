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

test("a wallet of the command line comes into the browser by a file", async () => {
  const file = `${stage.dir}/from-cli`;
  const exported = await stage.cliJson("old", "export", file, "--file-passphrase", secret);
  assert.deepEqual(exported.sent.map(({ amount }) => amount), [300]);
  reader = await Wallet.open(browser, stage);
  await reader.create();
  await reader.lookAtFile(file, "other words");
  assert.equal((await reader.trouble()).code, "import_passphrase");
  await reader.lookAtFile(file, PASSPHRASE);
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
  await reader.lookAtFile(`${stage.dir}/from-cli`, PASSPHRASE);
  await reader.screen("importing");
  await reader.press("#take-over-go");
  assert.match(await reader.done(), /taken over before/);
  assert.equal(await reader.balance(), 400 - PRICE);
});

test("a wallet of the browser goes to the command line by a file", async () => {
  await reader.toMove();
  await reader.fill("#file-passphrase", PASSPHRASE);
  await reader.fill("#file-again", "not the same");
  await reader.press("#export-go");
  assert.equal((await reader.trouble()).code, "passphrases_differ");
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
  await reader.toMove();
  await reader.exportUnder(PASSPHRASE);
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
    await reader.exportUnder(PASSPHRASE);
    await reader.press("#save");
  } else {
    // Firefox would save it into the user's own folder.
    await writeFile(file, await reader.exported(PASSPHRASE));
  }
  await until(async () => (await readFile(file).catch(() => "")).length > 0, () => "the file is saved");
  return file;
}
