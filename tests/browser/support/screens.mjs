// Every screen of the wallet, one after the other, for whoever looks at them.

import { writeFile } from "node:fs/promises";

import { payFragment, request } from "./hostile.mjs";
import { Wallet, joinFragment } from "./wallet.mjs";

/** Shows every screen in a new wallet, and calls `look(page, name)` at each. */
export async function everyScreen(browser, stage, look) {
  const apiToken = await stage.account("looker", 2000);
  const wallet = await Wallet.open(browser, stage);
  const { page } = wallet;
  const at = async (screen, name = screen) => {
    await wallet.screen(screen);
    await look(page, name);
  };
  /** From the first screen by a button to another one. */
  const goes = async (button, screen) => {
    await wallet.home();
    for (const each of button.split(" ")) await wallet.press(each);
    await at(screen);
  };

  await at("welcome");
  await wallet.press("#restore");
  await at("restore");
  await wallet.visit();
  await wallet.screen("welcome");
  await wallet.press("#new");
  await at("phrase");
  const words = await page.$$eval("#phrase li", (items) => items.map((item) => item.textContent.trim()));
  await wallet.press("#confirm");
  await at("confirm");
  for (const field of ["#word-1", "#word-2", "#word-3"]) {
    await wallet.fill(field, words[(await page.$eval(field, (input) => Number(input.dataset.number))) - 1]);
  }
  await wallet.press("#check-go");
  await at("passphrase", "passphrase-first");
  await wallet.press("#passphrase-skip");
  await at("home", "home-empty");
  await wallet.visit(joinFragment(stage, apiToken));
  await at("join", "join-link");
  await wallet.join();
  await goes("#go-settings #go-join", "join");

  await wallet.beginWithdraw(999_999);
  await wallet.trouble();
  await look(page, "withdraw-refused");
  await wallet.withdraw(725);
  await look(page, "withdraw");
  await wallet.press("#go-redeem");
  await at("redeem");
  const token = await wallet.send(125);
  await look(page, "token");
  await goes("#go-sent", "sent");
  await goes("#go-send", "send");
  await goes("#go-receive", "receive");
  await wallet.preview(token);
  await look(page, "receive-preview");
  await goes("#go-pay", "scan");

  await page.goto(stage.article("screens"));
  await look(page, "site-402");
  await wallet.press('a[href*="#pay="]');
  await at("pay");
  await wallet.press("#pay-go");
  await wallet.article("screens");
  await page.goBack();
  await at("paid");
  await wallet.meetPrice("broken");
  await wallet.screen("pay");
  await wallet.press("#pay-go");
  await wallet.trouble();
  await look(page, "pay-refused");
  await wallet.home();
  await look(page, "home-open");
  await wallet.settled();
  await wallet.visit(payFragment(stage, await request(stage, { amount: 99_900, description: "An edition for life" })));
  await at("pay", "pay-short");

  await goes("#go-budgets", "budgets");
  await wallet.setBudget(5, 50);
  await look(page, "budgets-set");
  await goes("#go-spending", "spending");
  await goes("#go-settings", "settings");
  await goes("#go-settings #go-phrase", "phrase");
  await goes("#go-settings #go-move", "move");
  await goes("#go-settings #go-about", "about");
  await wallet.home();
  await look(page, "home");
  const file = `${stage.dir}/moved`;
  await writeFile(file, await wallet.exported("correct horse"));
  await at("exported");
  await wallet.lookAtFile(file, "correct horse");
  await at("importing");
  await wallet.press("#take-over-go");
  await wallet.done();
  await look(page, "imported");
  await goes("#go-settings #go-passphrase", "passphrase");
  await wallet.fill("#passphrase", "correct horse");
  await wallet.fill("#passphrase-again", "correct horse");
  await wallet.press("#passphrase-set-go");
  await wallet.screen("settings");
  await wallet.visit();
  await at("locked");
}

export const LOOKS = ["light", "dark"];

/** Has the pages of a tab be shown light or dark, in a window of this width. */
export async function dress(page, look, width) {
  await page.setViewport({ width, height: width < 600 ? 740 : 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look }]);
}
