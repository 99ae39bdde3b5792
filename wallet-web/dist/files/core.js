// The wallet's Rust core. One call at a time in this tab, and one operation at a time in all tabs.

import init, * as core from './farthing.js';
import { PREFIX } from './place.js';
import { compiled } from './program.js';
import { SENTENCES } from './sentences.js';

const DATABASE = `${PREFIX}wallet`;
const LOCK = DATABASE;
/** What changes nothing: no other tab has to wait for it. */
const READS = new Set([
  'account', 'balance', 'budgets', 'hasPassphrase', 'history', 'mints', 'phrase', 'receivePreview', 'sent', 'spent',
]);

/** @type {Promise<unknown> | null} */
let loaded = null;
let wallet = null;
let queue = Promise.resolve();

const deleted = new BroadcastChannel(DATABASE);
deleted.onmessage = () => location.reload();

/** Loads the program. */
export function load() {
  loaded ??= init({ module_or_path: compiled });
  return loaded;
}

/** The program stopped: no call ends any more. */
const stopped = new Promise((_, reject) => {
  addEventListener('error', ({ error }) => {
    if (error instanceof WebAssembly.RuntimeError || /farthing_bg|host\.js/.test(error?.stack)) reject(error);
  });
});
stopped.catch(() => {});

/** What this wallet throws: `{code, what, money, advice}`. */
function asWalletError(error) {
  if (error && typeof error === 'object' && 'code' in error && typeof error.code === 'string') return error;
  const words = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(words), { code: 'interface', what: words, money: SENTENCES.failed, advice: [] });
}

/** The value of a JSON text; a text that is none, such as a phrase, stays as it is. */
function read(text) {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Runs one call after those before it. */
function queued(run) {
  const done = queue.then(run, run);
  queue = done.catch(() => {});
  return done;
}

const locked = (run) => (navigator.locks ? navigator.locks.request(LOCK, run) : run());

async function attempt(run) {
  try {
    await load();
    return await run();
  } catch (error) {
    throw asWalletError(error);
  }
}

/** "none", "open" or "sealed". */
export const state = () => queued(() => attempt(async () => read(await core.walletState(DATABASE))));

/** Twelve new words. */
export const newPhrase = () => queued(() => attempt(async () => read(await core.newPhrase())));

/** What a payment request asks for, of which no wallet is needed. */
export const readRequest = (request) => queued(() => attempt(async () => read(await core.readRequest(request))));

/** Deletes the wallet of this browser. Other tabs begin anew. */
export const forget = () => queued(() => attempt(() => locked(async () => {
  await core.deleteWallet(DATABASE);
  deleted.postMessage(null);
})));

/** Makes the wallet, or opens it. */
export const create = (phrase, restored) => queued(() => attempt(() => locked(async () => {
  wallet = await core.FarthingWallet.create(DATABASE, phrase, restored, null);
})));
export const open = (passphrase = null) => queued(() => attempt(async () => {
  wallet = await core.FarthingWallet.open(DATABASE, passphrase);
}));

/** Whether the wallet is open in this tab. */
export const isOpen = () => wallet !== null;

/** Calls a method of the wallet, and reads its JSON. */
export function call(method, ...args) {
  const run = () => {
    if (wallet === null) throw Object.assign(new Error(), { code: 'passphrase_needed', what: '', money: '', advice: ['give_passphrase'] });
    return Promise.race([wallet[method](...args), stopped]);
  };
  return queued(() => attempt(async () => read(await (READS.has(method) ? run() : locked(run)))));
}
