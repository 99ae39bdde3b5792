// A site that wants more than its price: it speaks the paywall's exchange, and lies in it.

import { PaymentRequest, decodePaymentRequest } from "@cashu/cashu-ts";

/** The paywall's payment request for an article, as its answer 402 has it. */
export async function honestRequest(stage, n) {
  const answer = await fetch(stage.article(n).replace("gazette.", ""), {
    headers: { Accept: "application/json" },
  });
  return answer.headers.get("x-cashu");
}

/** A payment request of mallory's: the honest one with another description and amount. */
export async function request(stage, { amount = 3, description = "An article" } = {}) {
  const honest = decodePaymentRequest(await honestRequest(stage, "one"));
  return new PaymentRequest(undefined, honest.id, amount, honest.unit, honest.mints, description).toEncodedCreqA();
}

/** The fragment that asks the wallet to pay mallory for a page of its own site. */
export function payFragment(stage, text, page = "/articles/one") {
  return `#pay=${text}&url=${encodeURIComponent(`${stage.hostileUrl}${page}`)}`;
}

/** Answers a browser's preflight as the exchange and a mint do; gives whether it was one. */
export function preflight(request, response) {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Expose-Headers", "X-Cashu, X-Cashu-Outputs, X-Cashu-Keysets, Retry-After");
  if (request.method !== "OPTIONS") return false;
  response.setHeader("Access-Control-Allow-Methods", "GET, POST");
  response.setHeader("Access-Control-Allow-Headers", "Content-Type, Authorization");
  response.writeHead(204).end();
  return true;
}
