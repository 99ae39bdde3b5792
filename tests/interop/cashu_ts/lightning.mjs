// The Lightning network, as far as there is one: what becomes of a payment is written into the control folder
// of a mint's fake backend (mint/src/lightning/fake.rs), where a node would hear of it from its peers.

import { rename, writeFile } from "node:fs/promises";

import { bech32 } from "@scure/base";

import { SAT, OTHER } from "./mints.mjs";

/** The payment hash of an invoice (BOLT 11, tagged field `p`), in hex. */
export function paymentHash(invoice) {
  const { words } = bech32.decode(invoice, false);
  for (let at = 7; at < words.length - 104; ) {
    const [tag, length] = [words[at], words[at + 1] * 32 + words[at + 2]];
    const data = words.slice(at + 3, at + 3 + length);
    if (tag === 1) return Buffer.from(bech32.fromWordsUnsafe(data)).toString("hex");
    at += 3 + length;
  }
  throw new Error(`an invoice without a payment hash: ${invoice}`);
}

async function order(mint, direction, invoice, line) {
  const file = `${mint.folder}/fake/${direction}-${paymentHash(invoice)}`;
  await writeFile(`${file}.written`, `${line}\n`);
  await rename(`${file}.written`, file);
}

/** Somebody pays an invoice of a mint's. */
export const pay = (invoice, mint = SAT) => order(mint, "incoming", invoice, "paid");

/** What becomes of the mint's payment of an invoice: `paid fee=MSAT`, `failed`, `pending`. */
export const payment = (invoice, line) => order(SAT, "outgoing", invoice, line);

/** An invoice that is not the mint's: another mint's. */
export async function foreignInvoice(amount) {
  const answer = await fetch(`${OTHER.url}/v1/mint/quote/bolt11`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ amount, unit: "sat" }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return (await answer.json()).request;
}
