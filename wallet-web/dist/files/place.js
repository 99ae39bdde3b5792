// Where this copy of the wallet is: what it keeps in the browser is named by that, because copies under other paths of
// the same host share the browser's storage.

const { pathname } = new URL('./', import.meta.url);

/** The beginning of every name. The first wallets were all at "/wallet/". No path has a space. The service worker has the same rule. */
export const PREFIX = pathname === '/wallet/' ? 'farthing-' : `farthing${pathname} `;
