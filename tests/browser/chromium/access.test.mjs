// Every screen, and the page of a site that asks for money, for people who do not see it or use no mouse: axe finds no
// violation, light and dark, on a small window and a large one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Browser } from "../support/browser.mjs";
import { LOOKS, dress, everyScreen } from "../support/screens.mjs";
import { setUp } from "../support/stage.mjs";

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** What axe finds on a page, each with the elements. */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document)).violations);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

test("axe finds no violation on any screen, light and dark, small and large, and none is wider than its window", async () => {
  const stage = await setUp();
  const browser = await Browser.start();
  const found = [];
  const seen = new Set();
  await everyScreen(browser, stage, async (page, name) => {
    seen.add(name);
    for (const look of LOOKS) {
      for (const width of [360, 1280]) {
        await dress(page, look, width);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${name}, ${width} px: ${wide} px too wide`);
        if (width === 360) found.push(...(await violations(page)).map((each) => `${name}, ${look}: ${each}`));
      }
    }
  });
  await browser.close();
  await stage.close();
  assert.deepEqual(found, []);
  assert.ok(seen.size >= 30, `${seen.size} screens`);
});
