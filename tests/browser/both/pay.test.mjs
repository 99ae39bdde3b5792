// A reader buys articles: page, wallet, page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser } from "../support/browser.mjs";
import { PRICE, setUp } from "../support/stage.mjs";
import { Wallet, cents } from "../support/wallet.mjs";

const START = 500;
let stage, browser, reader;
let bought = 0;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
  reader = await Wallet.funded(browser, stage, { account: 1000, withdrawn: START });
  await reader.page.evaluate(async () => void (await navigator.serviceWorker.ready));
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Asserts that exactly `articles` more were paid for, by wallet and publisher. */
async function assertBought(articles) {
  bought += articles;
  assert.equal(await stage.earned(), bought * PRICE, "what the publisher has");
  assert.equal(await reader.balance(), START - bought * PRICE, "what the wallet has");
}

test("one tap buys an article; until then the mint's server sees nothing, and then the publisher's redemption alone", async () => {
  await reader.page.goto(stage.article("one"));
  const before = await stage.requests("mint", async () => {
    await reader.press('a[href*="#pay="]');
    await reader.screen("pay");
    assert.equal(cents(await reader.read("#pay-price")), PRICE);
    assert.match(await reader.read("#pay-left"), /\b5\.00 eur\b.*\b4\.97 eur\b/);
    assert.match(await reader.read("#pay-site"), /gazette\.localhost/);
  });
  assert.deepEqual(before, []);
  assert.equal(await stage.earned(), 0, "nothing is paid before the tap");
  const tapped = await stage.requests("mint", async () => {
    await reader.press("#pay-go");
    await reader.article("one");
  });
  assert.deepEqual(tapped, ["POST /v1/redeem"]);
  await assertBought(1);
});

test("a page that was bought opens again without paying, by a reload and by its address", async () => {
  await reader.page.goto(stage.article("one"));
  await reader.article("one");
  await reader.page.reload();
  await reader.article("one");
  await assertBought(0);
});

test("the way back leads to no second payment", async () => {
  // A tab of its own: puppeteer loses track of a Firefox tab that came back without a load.
  const tab = new Wallet(await browser.page(), stage);
  await tab.buy("back");
  await tab.page.evaluate(() => history.back());
  await tab.find('main[aria-busy="false"], a[href*="#pay="]');
  assert.equal(await tab.page.$("#pay-go"), null, "the wallet does not offer the same purchase");
  await tab.page.close();
  await reader.page.bringToFront();
  await assertBought(1);
});

test("a page that was bought and is met again without its cookie opens by the wallet's receipt", async () => {
  const link = await priceLink("again");
  await reader.buy("again");
  await reader.page.goto("about:blank");
  // Not by the driver: the wallet may leave for the article before it has loaded.
  await reader.page.evaluate((address) => location.assign(address), link);
  await reader.find('#article, main[data-screen="paid"]');
  await assertBought(1);
});

test("a double tap pays once", async () => {
  await reader.meetPrice("double");
  await reader.screen("pay");
  await reader.page.$eval("#pay-go", (button) => {
    button.click();
    button.click();
  });
  await reader.article("double");
  await assertBought(1);
});

test("the same article in two tabs is paid once", async () => {
  const other = new Wallet(await browser.page(), stage);
  const tabs = [reader, other];
  for (const tab of tabs) {
    await tab.page.bringToFront();
    await tab.meetPrice("tabs");
    await tab.screen("pay");
  }
  await Promise.all(tabs.map((tab) => tab.page.$eval("#pay-go", (button) => button.click())));
  for (const tab of tabs) {
    await tab.page.bringToFront();
    await tab.page.waitForSelector("#article, #open-page");
  }
  await other.page.close();
  await assertBought(1);
});

test("nothing is paid without a tap, by a link, a reload or the way back", async () => {
  await reader.meetPrice("untapped");
  await reader.screen("pay");
  await reader.page.reload();
  await reader.screen("pay");
  await reader.press("#pay-cancel");
  await assertBought(0);
});

test("an article that the site fails to deliver is not charged", async () => {
  await reader.meetPrice("broken");
  await reader.screen("pay");
  await reader.press("#pay-go");
  assert.equal((await reader.trouble()).code, "pay_aside");
  await reader.settled();
  await assertBought(0);
});

test("while the mint is down nothing is lost, and the article is bought once when it is back", async () => {
  await reader.meetPrice("mintdown");
  await reader.screen("pay");
  await stage.withoutMint(async () => {
    await reader.press("#pay-go");
    await reader.trouble();
  });
  await reader.open("mintdown");
  await assertBought(1);
});

test("while the site is down nothing is lost, and the article is bought once when it is back", async () => {
  await reader.meetPrice("sitedown");
  await reader.screen("pay");
  await stage.withoutPaywall(async () => {
    await reader.press("#pay-go");
    await reader.trouble();
  });
  await reader.open("sitedown");
  await assertBought(1);
});

test("within a budget an article opens without a tap, and beyond it the wallet asks", async () => {
  await reader.setBudget(PRICE, (bought + 2) * PRICE);
  for (const n of ["budget1", "budget2"]) {
    await reader.meetPrice(n);
    await reader.article(n);
  }
  await assertBought(2);
  await reader.meetPrice("budget3");
  await reader.screen("pay");
  assert.notEqual(await reader.page.$("#pay-go"), null);
  await assertBought(0);
});

/** The address that a priced page's button leads to. */
async function priceLink(n) {
  await reader.page.goto(stage.article(n));
  return reader.page.$eval('a[href*="#pay="]', (link) => link.href);
}
