// A site behind a paywall.

import { once } from "node:events";
import { createServer } from "node:http";

/** A server for as long as `use` takes. */
export async function serving(handler, use) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export const article = (_, response) => response.end("the article\n");
