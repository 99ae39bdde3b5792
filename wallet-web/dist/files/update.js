// Which version this is, and the next one, which the service worker keeps until the reader says yes (see sw.js).

import { h } from './dom.js';
import { t } from './i18n.js';
import { leads, notice } from './parts.js';
import { PREFIX } from './place.js';

const FILES = `${PREFIX}files-`;
const AGREED = `${PREFIX}agreed`;

/** Lets exactly one script be a service worker. Browsers with Trusted Types ask for it. */
function script() {
  const policy = globalThis.trustedTypes?.createPolicy('farthing', {
    createScriptURL: (url) => {
      if (url !== 'sw.js') throw new TypeError('not a script of this wallet');
      return url;
    },
  });
  return policy?.createScriptURL('sw.js') ?? 'sw.js';
}

/** Registers the service worker. Its own script is looked up in the browser's cache first, so that opening the wallet
 * asks the server for nothing. */
export async function register() {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(script(), { updateViaCache: 'all' });
  } catch {
    // Without it the wallet works, but not offline.
  }
}

const agreed = async () => (await (await caches.open(AGREED)).match('digest'))?.text();

async function of(digest) {
  const cache = await caches.open(FILES + digest);
  const { version } = (await (await cache.match('version.json'))?.json()) ?? {};
  return { digest, version: version ?? null };
}

/** Version and digest of the files that are used, as far as they are kept here. */
export async function version() {
  try {
    const digest = await agreed();
    if (digest) return await of(digest);
    return { digest: null, version: (await (await fetch('version.json')).json()).version };
  } catch {
    return null;
  }
}

/** Version and digest of files that wait for the reader's word, or `null`. */
export async function waiting() {
  try {
    const now = await agreed();
    const next = (await caches.keys()).find((name) => name.startsWith(FILES) && name !== FILES + now);
    return now && next ? await of(next.slice(FILES.length)) : null;
  } catch {
    return null;
  }
}

/** Says yes to a version, and starts it. */
export async function agree(digest) {
  await (await caches.open(AGREED)).put('digest', new Response(digest));
  navigator.serviceWorker.controller?.postMessage(null);
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.update().catch(() => {});
  location.reload();
}

/** Asks the server whether there is a newer version. */
export async function look() {
  await fetch('sw.js', { cache: 'reload' });
  const registration = await navigator.serviceWorker.getRegistration();
  await registration?.update().catch(() => {});
  const worker = registration?.installing;
  if (worker) {
    await new Promise((done) => {
      worker.addEventListener('statechange', () => worker.state !== 'installing' && done());
    });
  }
}

/** A sentence on the first screen that a version waits. */
export async function updateNotice() {
  return (await waiting()) ? notice('update-waits', h('p', {}, t('update.title')), leads('go-about', t('update.see'), 'about')) : null;
}
