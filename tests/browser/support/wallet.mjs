// The wallet's pages, used as a reader uses them: by what is on the screen. Amounts are whole cents.

import assert from "node:assert/strict";

import { until } from "./programs.mjs";

/** "12.05 eur" as cents. */
export const cents = (text) => {
  const amount = /(\d+)\.(\d\d) eur/.exec(text);
  assert.ok(amount, `an amount: ${text}`);
  return 100 * Number(amount[1]) + Number(amount[2]);
};

/** Cents as a person types them. */
export const typed = (amount) => (amount / 100).toFixed(2);

/** One tab with the wallet, or on its way there and back. */
export class Wallet {
  constructor(page, stage) {
    this.page = page;
    this.stage = stage;
  }

  /** A tab that opens the wallet's address, with a fragment. */
  static async open(browser, stage, fragment = "") {
    const wallet = new Wallet(await browser.page(), stage);
    await wallet.visit(fragment);
    return wallet;
  }

  /** A new wallet with an account that has `cents`, of which `withdrawn` are in the wallet. */
  static async funded(browser, stage, { name = "reader", account = 1000, withdrawn = 0 } = {}) {
    const apiToken = await stage.account(name, account);
    const wallet = await Wallet.open(browser, stage, joinFragment(stage, apiToken));
    wallet.apiToken = apiToken;
    wallet.phrase = await wallet.create();
    await wallet.join();
    if (withdrawn > 0) await wallet.withdraw(withdrawn);
    return wallet;
  }

  /** Goes to the wallet, from no page, so that also another fragment loads it. */
  async visit(fragment = "") {
    await this.page.goto("about:blank");
    await this.page.goto(`${this.stage.walletUrl}${fragment}`, { waitUntil: "load" });
  }

  /** Waits for an element. */
  async find(selector, options) {
    try {
      return await this.page.waitForSelector(selector, options);
    } catch (error) {
      throw new Error(`waited for ${selector}, and there is: ${await this.text()}`, { cause: error });
    }
  }

  /** Waits until one of these screens is shown; gives its name. */
  async screen(...names) {
    const shown = names.map((name) => `main[data-screen="${name}"][aria-busy="false"]`).join();
    return (await this.find(shown)).evaluate((main) => main.dataset.screen);
  }

  /** All that the tab shows. */
  text() {
    return this.page.evaluate(() => `${location.origin}${location.pathname}: ${document.body.innerText}`);
  }

  /** Presses what `selector` finds, as soon as it is there. */
  async press(selector) {
    await (await this.find(selector, { visible: true })).click();
  }

  /** Fills a field. */
  async fill(selector, text) {
    const field = await this.find(selector, { visible: true });
    await field.evaluate((input, value) => {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  }

  /** The text of an element, as soon as there is one. */
  async read(selector) {
    const element = await this.find(selector);
    return element.evaluate((found) => found.value ?? found.textContent);
  }

  /** The error that is shown: its code and its words. */
  async trouble() {
    const box = await this.find(".trouble");
    return box.evaluate((found) => ({ code: found.dataset.code, text: found.innerText }));
  }

  /** Makes a wallet where there is none; gives its phrase. */
  async create() {
    await this.screen("welcome");
    await this.press("#new");
    await this.screen("phrase");
    const words = await this.page.$$eval("#phrase li", (items) => items.map((item) => item.textContent.trim()));
    assert.equal(words.length, 12);
    await this.press("#later");
    return words.join(" ");
  }

  /** Confirms the mint that a link brought. */
  async join() {
    await this.screen("join");
    await this.press("#join-go");
    await this.screen("home");
  }

  /** Shows the first screen. */
  async home() {
    await this.visit();
    await this.screen("home");
  }

  /** What the wallet has, in cents, as the first screen shows it. */
  async balance() {
    await this.home();
    return this.shownBalance();
  }

  async shownBalance() {
    const shown = await this.page.$$eval("#balance .amount", (found) => found.map((amount) => amount.textContent));
    return shown.reduce((sum, text) => sum + cents(text), 0);
  }

  /** Withdraws from the account, and waits until it is done. */
  async withdraw(amount) {
    await this.beginWithdraw(amount);
    await this.done();
  }

  /** Comes to the press of the button. */
  async beginWithdraw(amount) {
    await this.home();
    await this.press("#go-withdraw");
    await this.screen("withdraw");
    await this.fill("#amount", typed(amount));
    await this.press("#withdraw-go");
  }

  /** Waits for a result, which is not an error. */
  async done() {
    await this.find("#result, .trouble");
    const trouble = await this.page.$(".trouble");
    assert.equal(trouble && (await trouble.evaluate((box) => box.innerText)), null);
    return this.read("#result");
  }

  /** Makes a token; gives its text. */
  async send(amount) {
    await this.home();
    await this.press("#go-send");
    await this.screen("send");
    await this.fill("#amount", typed(amount));
    await this.press("#send-go");
    await this.screen("token");
    return this.read("#token-text");
  }

  /** Looks at a token and takes it. */
  async receive(token) {
    await this.preview(token);
    await this.press("#accept");
    await this.done();
  }

  async preview(token) {
    await this.home();
    await this.press("#go-receive");
    await this.screen("receive");
    await this.fill("#token", token);
    await this.press("#look-go");
    return cents(await this.read("#preview-amount"));
  }

  /** Goes to the screen on which the wallet moves by a file. */
  async toMove() {
    await this.home();
    await this.press("#go-settings");
    await this.press("#go-move");
    await this.screen("move");
  }

  /** Types the passphrase of a file twice, and has it made. */
  async exportUnder(passphrase) {
    await this.fill("#file-passphrase", passphrase);
    await this.fill("#file-again", passphrase);
    await this.press("#export-go");
    await this.screen("exported");
  }

  /** Exports the wallet; gives the file's text, from the page and not from the disk. */
  async exported(passphrase) {
    await this.toMove();
    await this.page.evaluate(() => {
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        globalThis.made = blob.text();
        return make.call(URL, blob);
      };
    });
    await this.exportUnder(passphrase);
    return this.page.evaluate(() => globalThis.made);
  }

  /** Chooses a file and types its passphrase. */
  async lookAtFile(path, passphrase) {
    await this.toMove();
    await (await this.find("#import-file")).uploadFile(path);
    await this.fill("#import-passphrase", passphrase);
    await this.press("#import-go");
  }

  /** Opens an article, and presses the button of its page for readers who have not paid. */
  async meetPrice(n) {
    await this.page.goto(this.stage.article(n));
    await this.press('a[href*="#pay="]');
  }

  /** Waits until the article is there, on its own page. */
  async article(n) {
    await this.find("#article");
    assert.equal(this.page.url(), this.stage.article(n));
  }

  /** Buys an article with one tap. */
  async buy(n) {
    await this.meetPrice(n);
    await this.screen("pay");
    await this.press("#pay-go");
    await this.article(n);
  }

  /** Opens an article, and buys it if it was not bought yet. */
  async open(n) {
    await this.page.goto(this.stage.article(n));
    if (await this.page.$("#article")) return;
    await this.press('a[href*="#pay="]');
    await this.find("#pay-go, #open-page, #article");
    if (await this.page.$("#pay-go")) await this.press("#pay-go");
    else if (await this.page.$("#open-page")) await this.press("#open-page");
    await this.article(n);
  }

  /** Sets a budget for the publisher's site: for a page, and for a day, of which what was spent today is a part. */
  async setBudget(item, day) {
    await this.home();
    await this.press("#go-budgets");
    await this.screen("budgets");
    await this.fill("#budget-site", this.stage.siteUrl);
    await this.fill("#budget-item", typed(item));
    await this.fill("#budget-day", typed(day));
    await this.press("#budget-go");
    await this.find("li[data-site]");
  }

  /** Has the wallet ask again until nothing is under way any more; gives its balance in cents. */
  async settled() {
    await until(async () => {
      await this.home();
      if ((await this.page.$("#open")) === null) return true;
      await this.page.evaluate(() => document.querySelector("#ask-again")?.click());
      await this.page.waitForFunction(() => document.querySelector("#ask-again[aria-disabled=true]") === null);
      return false;
    }, async () => `nothing is under way, and there is: ${await this.text()}`);
    return this.shownBalance();
  }
}

/** The fragment of a link that brings a mint with an account. */
export const joinFragment = (stage, apiToken) => `#join=${encodeURIComponent(stage.mintUrl)}&token=${apiToken}`;
