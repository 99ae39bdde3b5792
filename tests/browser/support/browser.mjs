// A browser with a profile of its own, Chromium or Firefox by the environment's BROWSER.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";

import puppeteer from "puppeteer-core";

import { stop, until } from "./programs.mjs";

const FOLDER = process.env.FOLDER;

/** Which browser: "chromium" or "firefox". */
export const KIND = process.env.BROWSER ?? "chromium";

const LAUNCH = {
  chromium: () => ({
    browser: "chrome",
    executablePath: "chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--lang=en",
      `--ignore-certificate-errors-spki-list=${readFileSync(`${FOLDER}/server.digest`, "utf8").trim()}`,
    ],
  }),
  firefox: () => ({
    browser: "firefox",
    executablePath: "firefox-esr",
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      // Headless, nobody answers the question whether storage may be persistent.
      "dom.storageManager.prompt.testing": true,
      "dom.storageManager.prompt.testing.allow": true,
      "intl.accept_languages": "en",
      "permissions.default.persistent-storage": 1,
    },
  }),
};

/**
 * What a browser says on the console of answers, or of none, which tests look at themselves; of icons that no page asked
 * for; and of a request that a killed page had under way.
 */
const EXPECTED = /favicon\.ico|A ServiceWorker intercepted the request|^Failed to load resource: |^Access to fetch at .* has been blocked by CORS policy|Cross-Origin Request Blocked: .* Status code: (502|\(null\))|^\[JavaScript Warning/;

/** Runs in every document before its scripts: a violation of a page's policy becomes an error on its console. */
function tellViolations() {
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
}

/** A browser over a profile, which stays when the browser is ended and started again. */
export class Browser {
  /** Every error that pages reported, on their console or as violations of their policy. */
  problems = [];

  static async start({ privately = false } = {}) {
    const browser = new Browser();
    browser.profile = await mkdtemp(`${FOLDER}/profile-`);
    browser.privately = privately;
    await browser.#launch();
    return browser;
  }

  async #launch() {
    const options = LAUNCH[KIND]();
    if (KIND === "firefox") options.extraPrefsFirefox["browser.privatebrowsing.autostart"] = this.privately;
    else if (this.privately) options.args.push("--incognito");
    executablePath(options);
    this.browser = await puppeteer.launch({ ...options, headless: true, userDataDir: this.profile, protocolTimeout: 60_000 });
    this.browser.on("targetcreated", (target) => this.#watchTarget(target));
  }

  async #watchTarget(target) {
    if (target.type() !== "page") return;
    const page = await target.page().catch(() => null);
    if (page) await this.#watch(page).catch(() => {});
  }

  async #watch(page) {
    if (page.watched) return;
    page.watched = true;
    page.setDefaultTimeout(30_000);
    page.on("console", (message) => {
      if (message.type() === "error") this.#report(message.text());
    });
    page.on("pageerror", (error) => this.#report(String(error?.stack || error)));
    await page.evaluateOnNewDocument(tellViolations);
  }

  #report(problem) {
    if (!EXPECTED.test(problem)) this.problems.push(problem);
  }

  /** A new tab. */
  async page() {
    const page = await this.browser.newPage();
    await this.#watch(page);
    return page;
  }

  /** Waits for the tab that `act` opens. */
  async opened(act) {
    const [target] = await Promise.all([
      new Promise((resolve) => this.browser.once("targetcreated", resolve)),
      act(),
    ]);
    const page = await target.page();
    await this.#watch(page);
    return page;
  }

  /** Ends a tab as a crash of its process would: nothing of it runs any more. */
  async kill(page) {
    if (KIND === "firefox") return page.close();
    const tab = await page.createCDPSession();
    const { targetId } = (await tab.send("Target.getTargetInfo")).targetInfo;
    // No answer comes from a process that is gone.
    tab.send("Page.crash").catch(() => {});
    // Puppeteer would wait for a word that Chromium does not say of a tab that crashes while it loads a page. And such a
    // tab may go on loading in another process: it is closed until it is gone.
    const browser = await this.browser.target().createCDPSession();
    await until(async () => {
      await browser.send("Target.closeTarget", { targetId }).catch(() => {});
      const { targetInfos } = await browser.send("Target.getTargets");
      return !targetInfos.some((target) => target.targetId === targetId);
    }, () => "the tab that was killed is gone");
    await browser.detach();
  }

  /** Kills the browser's processes, as a crash would, and starts it again with the same profile. */
  async crash() {
    const child = this.browser.process();
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    // Puppeteer puts Firefox's settings back after that, and would mix it with the next start.
    const settings = () => readdirSync(this.profile).filter((name) => name.endsWith(".puppeteer"));
    await until(() => settings().length === 0, () => "the profile has its own settings again");
    await this.#launch();
  }

  /** Asserts that no page has reported a problem, and ends the browser. */
  async close() {
    await Promise.race([this.browser.close(), new Promise((resume) => setTimeout(resume, 10_000).unref())]);
    await stop(this.browser.process());
    assert.deepEqual(this.problems, []);
  }
}

function executablePath(options) {
  // Puppeteer wants a path.
  const name = options.executablePath;
  const folder = process.env.PATH.split(":").find((place) => existsSync(`${place}/${name}`));
  options.executablePath = `${folder}/${name}`;
}
