// The service worker: the wallet's pages come from the browser, and a new version waits for the reader's word.
//
// Installing stores all files (but those that few readers need, which are stored when they are asked for), each checked against SHA256SUMS. Unless the reader agreed to the digest of that list, the
// installation then fails, so that this worker and its files stay, also after every tab was closed. The first version is
// agreed to by being there.

/** The build writes the digest of all other files here, so that this file changes whenever one of them does. */
const BUILD = '008c1dcca3af3340b77f6e0424724dc0fb563367fd833c5878f6959d5c23f439';
const SCOPE = new URL('./', self.location.href).href;
/** As in place.js: copies under other paths of this host have caches of their own. */
const PATH = new URL(SCOPE).pathname;
const PREFIX = PATH === '/wallet/' ? 'farthing-' : `farthing${PATH} `;
const FILES = `${PREFIX}files-`;
const AGREED = `${PREFIX}agreed`;
const LIST = 'SHA256SUMS';
/** Stored when it is asked for first. */
const LATER = new Set(['vendor/qr-read.js']);

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));
const agreed = async () => (await (await caches.open(AGREED)).match(`${SCOPE}digest`))?.text();

async function load(path) {
  const answer = await fetch(SCOPE + path, { cache: 'reload', credentials: 'omit', redirect: 'error' });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const headers = new Headers(answer.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return { bytes: await answer.arrayBuffer(), headers };
}

async function store(cache, path, { bytes, headers }) {
  await cache.put(SCOPE + path, new Response(bytes, { headers }));
}

/** The digest of each file of the list. */
function sums(bytes) {
  const lines = new TextDecoder().decode(bytes).split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

/** A file that is what the list says. */
async function checked(path, sum) {
  const file = await load(path);
  if (await sha256(file.bytes) !== sum) throw new Error(`${path} is not the file of the list`);
  return file;
}

/** Stores every file of the list, each with the digest that the list gives it. */
async function fetchFiles() {
  const list = await load(LIST);
  const digest = await sha256(list.bytes);
  const now = [...sums(list.bytes)].filter(([path]) => !LATER.has(path));
  const loaded = await Promise.all(now.map(async ([path, sum]) => [path, await checked(path, sum)]));
  // The build is stored last: a cache without it was not finished.
  const cache = await caches.open(FILES + digest);
  await Promise.all(loaded.map(([path, file]) => store(cache, path, file)));
  await store(cache, LIST, list);
  await cache.put(`${SCOPE}build`, new Response(BUILD));
  return digest;
}

/** The digest of this build's files, if they are here: then nothing is asked of the server. */
async function stored() {
  for (const name of (await caches.keys()).filter((each) => each.startsWith(FILES))) {
    const build = await (await caches.open(name)).match(`${SCOPE}build`);
    if (await build?.text() === BUILD) return name.slice(FILES.length);
  }
  return null;
}

/** Deletes all files but those of the named versions. */
async function keepOnly(digests) {
  const names = (await caches.keys()).filter((name) => name.startsWith(FILES));
  await Promise.all(names.filter((name) => !digests.includes(name.slice(FILES.length))).map((name) => caches.delete(name)));
}

async function install() {
  const before = await agreed();
  const digest = await stored() ?? await fetchFiles();
  await keepOnly([before, digest]);
  if (before && before !== digest) throw new Error(`version ${digest} (${BUILD}) waits for the reader`);
  await (await caches.open(AGREED)).put(`${SCOPE}digest`, new Response(digest));
  await self.skipWaiting();
}

async function activate() {
  await keepOnly([await agreed()]);
  await self.clients.claim();
}

/** The files of the version that the reader agreed to. */
let files = null;
const current = () => (files ??= agreed().then((digest) => caches.open(FILES + digest)));

/** A file of that version, or the network's answer for what is none of them. */
async function answer(request, path) {
  const cache = await current();
  const kept = () => cache.match(SCOPE + (path || 'index.html'));
  if (LATER.has(path) && !(await kept())) {
    const list = await cache.match(SCOPE + LIST);
    await store(cache, path, await checked(path, sums(await list.arrayBuffer()).get(path)));
  }
  return await kept() ?? fetch(request);
}

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
// The reader agreed to another version.
self.addEventListener('message', () => { files = null; });
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const [address] = request.url.split(/[?#]/);
  const path = address.slice(SCOPE.length);
  if (request.method !== 'GET' || !address.startsWith(SCOPE) || path === 'sw.js') return;
  event.respondWith(answer(request, path));
});
