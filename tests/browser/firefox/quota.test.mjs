// A browser that has no room left refuses what the wallet writes: the reader is told, and nothing is lost. Firefox can be
// given little room.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBehind } from "../support/behind.mjs";
import { setUp } from "../support/stage.mjs";
import { Wallet } from "../support/wallet.mjs";

/** What all sites together may store, in KiB: a few times what the wallet and its files take. */
const ROOM_KIB = 16_384;
/** Storage that was promised to be kept has no limit: here it is not promised. */
const PREFERENCES = [
  ["dom.quotaManager.temporaryStorage.fixedLimit", ROOM_KIB],
  ["dom.storageManager.prompt.testing.allow", false],
  ["permissions.default.persistent-storage", 2],
];
let stage, browser, reader;

before(async () => {
  stage = await setUp();
  // The profile's folder comes after --profile; what is written last counts.
  const lines = PREFERENCES.map(([name, value]) => `user_pref("${name}", ${value});`).join("\n");
  const script = `for each in "$@"; do
  if [ "$before" = --profile ]; then printf '%s\\n' '${lines}' >>"$each/user.js"; fi
  before=$each
done
exec firefox-esr "$@"`;
  browser = await startBehind(`${stage.dir}/little-room`, "firefox-esr", script);
  reader = await Wallet.funded(browser, stage, { account: 1000, withdrawn: 100 });
  await reader.page.evaluate(async () => void (await navigator.serviceWorker.ready));
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Fills all room that is left with a database of its own; gives how many bytes that took. */
function fill() {
  return reader.page.evaluate(async () => {
    const answer = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    /** Whether so many bytes could be added. */
    const add = async (size) => {
      const opening = indexedDB.open("filler", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("bytes", { autoIncrement: true });
      try {
        const db = await answer(opening);
        const transaction = db.transaction("bytes", "readwrite");
        const bytes = crypto.getRandomValues(new Uint8Array(65536));
        transaction.objectStore("bytes").add(new Blob(Array(Math.ceil(size / bytes.length)).fill(bytes)).slice(0, size));
        await new Promise((resolve, reject) => {
          transaction.oncomplete = resolve;
          transaction.onabort = () => reject(transaction.error);
        });
        db.close();
        return true;
      } catch {
        return false;
      }
    };
    let bytes = 0;
    for (let size = 1 << 20; size >= 1 << 10; size /= 2) {
      while (await add(size)) bytes += size;
    }
    return bytes;
  });
}

test("where the browser has no room left the wallet says so, and no money is lost", async () => {
  assert.ok((await fill()) > 1 << 20);
  await reader.beginWithdraw(200);
  const { code, text } = await reader.trouble();
  assert.equal(code, "storage_full", text);
  assert.match(text, /no room/);
  assert.equal(await reader.balance(), 100);
  await reader.page.evaluate(() => new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase("filler");
    deleting.onsuccess = resolve;
    deleting.onerror = () => reject(deleting.error);
  }));
  const balance = await reader.settled();
  assert.equal(balance + (await stage.holds(reader.apiToken)), 1000, "nothing is lost");
  await reader.withdraw(50);
  assert.equal(await reader.balance(), balance + 50);
});
