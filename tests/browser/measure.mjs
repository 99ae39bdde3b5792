// Figures for docs/performance.md, of one browser: medians of several rounds, with the machine and the versions.

import { cpus } from "node:os";

import { Browser } from "./support/browser.mjs";
import { until } from "./support/programs.mjs";
import { setUp } from "./support/stage.mjs";
import { Wallet } from "./support/wallet.mjs";

const ROUNDS = 15;
const FIRST_LOADS = 3;
/** With a keyset of 1, 2, 4 and 8 cents, this many cents are a hundred tokens or a few more. */
const HUNDRED_TOKENS = 800;
const WITHDRAWALS = 3;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (values) => `${Math.round(median(values))} ms`;

/** Runs in the wallet's documents: notes when the first screen could be used. */
function noteUsable() {
  const look = () => {
    if (document.querySelector('main[data-screen][aria-busy="false"]')) globalThis.usable ??= performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function usable(wallet) {
  await wallet.page.evaluateOnNewDocument(noteUsable);
  await wallet.visit();
  return until(() => wallet.page.evaluate(() => globalThis.usable), () => "the wallet can be used");
}

/** Compressed bytes of what a first visit loads: of the program, and of all else. */
async function sizes(page) {
  return page.evaluate(() => {
    const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const sum = (entries) => entries.reduce((bytes, entry) => bytes + entry.encodedBodySize, 0);
    const isProgram = ({ name }) => name.endsWith(".wasm");
    return { program: sum(loaded.filter(isProgram)), rest: sum(loaded.filter((entry) => !isProgram(entry))) };
  });
}

async function firstLoads(stage) {
  const times = [];
  let sent;
  for (let round = 0; round < FIRST_LOADS; round++) {
    const browser = await Browser.start();
    const wallet = new Wallet(await browser.page(), stage);
    times.push(await usable(wallet));
    sent = await sizes(wallet.page);
    await browser.close();
  }
  return { times, sent };
}

async function laterLoads(browser, stage) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const wallet = new Wallet(await browser.page(), stage);
    times.push(await usable(wallet));
    await wallet.page.close();
  }
  return times;
}

/** From the press of the button to the article's last byte, by the clock that all pages of this machine share. */
async function purchases(wallet) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    await wallet.meetPrice(`round${round}`);
    await wallet.screen("pay");
    const pressed = await wallet.page.$eval("#pay-go", (button) => {
      const now = performance.timeOrigin + performance.now();
      button.click();
      return now;
    });
    await wallet.article(`round${round}`);
    const shown = await wallet.page.evaluate(() => {
      const [navigation] = performance.getEntriesByType("navigation");
      return performance.timeOrigin + navigation.domContentLoadedEventEnd;
    });
    times.push(shown - pressed);
  }
  return times;
}

/** How long withdrawals of a hundred tokens take, at a mint of small amounts. */
async function withdrawals(browser) {
  const stage = await setUp({ amounts: 4 });
  const wallet = await Wallet.funded(browser, stage, { account: 10_000 });
  const times = [];
  for (let round = 0; round < WITHDRAWALS; round++) {
    await wallet.beginWithdraw(HUNDRED_TOKENS);
    const took = await wallet.page.evaluate(
      () =>
        new Promise((resolve) => {
          const started = performance.now();
          const look = () => (document.querySelector("#result") ? resolve(performance.now() - started) : requestAnimationFrame(look));
          look();
        }),
    );
    times.push(took);
  }
  await wallet.page.close();
  await stage.close();
  return times;
}

const stage = await setUp();
const { times, sent } = await firstLoads(stage);
const browser = await Browser.start();
const wallet = await Wallet.funded(browser, stage, { account: 1_000_000, withdrawn: 2_000 });
await wallet.page.evaluate(async () => void (await navigator.serviceWorker.ready));
const rows = [
  ["first load to usable", ms(times)],
  ["from the service worker to usable", ms(await laterLoads(browser, stage))],
  ["tap to article, p50 over TLS", ms(await purchases(wallet))],
  ["withdrawing 100 tokens", ms(await withdrawals(browser))],
  ["sent at the first load: program", `${sent.program} bytes`],
  ["sent at the first load: all else", `${sent.rest} bytes`],
];
console.log(`\n${await browser.browser.version()}, ${cpus().length} × ${cpus()[0].model}\n`);
console.log("| what | figure |\n|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
await browser.close();
await stage.close();
process.exit();
