// The camera reads a token and the link to a mint. Chromium's camera is a file here: a film of one code, which the
// wallet's own library draws.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { startBehind } from "../support/behind.mjs";
import { Browser } from "../support/browser.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet, cents, joinFragment } from "../support/wallet.mjs";

/** Pixels of a code's module, and of the film. */
const MODULE = 6;
const [WIDTH, HEIGHT] = [640, 640];
let stage, browser, sender;

before(async () => {
  stage = await setUp();
  browser = await Browser.start();
  sender = await Wallet.funded(browser, stage, { account: 500, withdrawn: 100 });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** The rows of a text's code. */
function code(text) {
  return sender.page.evaluate(async (text) => {
    const { encodeQR } = await import(new URL("vendor/qr.js", location.href));
    return encodeQR(text, "raw", { ecc: "low", border: 4 });
  }, text);
}

/** A film of one picture (YUV4MPEG2): the code in the middle of white. */
function film(rows) {
  const side = rows.length * MODULE;
  assert.ok(side <= WIDTH, `${side} pixels`);
  const light = Buffer.alloc(WIDTH * HEIGHT, 235);
  const [left, top] = [Math.floor((WIDTH - side) / 2), Math.floor((HEIGHT - side) / 2)];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (rows[Math.floor(y / MODULE)][Math.floor(x / MODULE)]) light[(top + y) * WIDTH + left + x] = 16;
    }
  }
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const header = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\nFRAME\n`;
  return Buffer.concat([Buffer.from(header), light, colour]);
}

/** A browser whose camera shows a text as a code. */
async function startWithCamera(name, text) {
  const recording = `${stage.dir}/${name}.y4m`;
  await writeFile(recording, film(await code(text)));
  const camera = `--use-fake-ui-for-media-stream --use-fake-device-for-media-stream --use-file-for-fake-video-capture=${recording}`;
  return startBehind(`${stage.dir}/${name}`, "chromium", `exec chromium ${camera} "$@"`);
}

test("a token is read by the camera, and shown before it is accepted", async () => {
  const token = await sender.send(1);
  const seeing = await startWithCamera("token", token);
  const wallet = await Wallet.open(seeing, stage);
  await wallet.create();
  await wallet.home();
  await wallet.press("#go-receive");
  await wallet.press("#scan");
  await wallet.screen("scan");
  await wallet.press("#camera-on");
  await wallet.screen("receive");
  assert.equal(cents(await wallet.read("#preview-amount")), 1);
  await wallet.press("#add-mint");
  await wallet.done();
  assert.equal(await wallet.balance(), 1);
  await seeing.close();
});

test("the link to a mint with an account is read by the camera, and confirmed before it is added", async () => {
  const apiToken = await stage.account("seen", 200);
  const seeing = await startWithCamera("join", `${stage.walletUrl}${joinFragment(stage, apiToken)}`);
  const wallet = await Wallet.open(seeing, stage);
  await wallet.create();
  await wallet.home();
  await wallet.press("#go-join");
  await wallet.screen("join");
  await wallet.press("#scan");
  await wallet.screen("scan");
  await wallet.press("#camera-on");
  await wallet.find("#join-mint");
  assert.match(await wallet.read("#join-mint"), /^localhost:\d+$/);
  assert.equal(await wallet.page.$("#mint-url"), null);
  await wallet.join();
  await wallet.withdraw(50);
  assert.equal(await wallet.balance(), 50);
  assert.equal(await stage.holds(apiToken), 150);
  await seeing.close();
});
