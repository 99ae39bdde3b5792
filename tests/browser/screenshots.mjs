// Pictures of every screen, into the folder $SHOTS.

import { Browser } from "./support/browser.mjs";
import { LOOKS, dress, everyScreen } from "./support/screens.mjs";
import { setUp } from "./support/stage.mjs";

const stage = await setUp();
const browser = await Browser.start();
let number = 0;
await everyScreen(browser, stage, async (page, name) => {
  number += 1;
  for (const width of [360, 1280]) {
    for (const look of LOOKS) {
      await dress(page, look, width);
      const path = `${process.env.SHOTS}/${String(number).padStart(2, "0")}-${name}-${width}-${look}.png`;
      await page.screenshot({ path, fullPage: true });
    }
  }
});
await browser.close();
await stage.close();
console.log(`${number} screens, ${4 * number} pictures`);
process.exit();
