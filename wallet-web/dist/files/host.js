// IndexedDB and fetch for the wallet. A record is [table, key] -> bytes, all in one object store.
const RECORDS = 'records';
const TIMEOUT_MS = 60_000;

const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
    request.onsuccess = () => {
      const db = request.result;
      // Another tab deletes the database: this one must not keep it from that.
      db.onversionchange = () => db.close();
      resolve(db);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab has this wallet open'));
  });
}

export const deleteDatabase = (name) => answered(indexedDB.deleteDatabase(name));

export const closeDatabase = (db) => db.close();

export function getRecord(db, table, key) {
  return answered(db.transaction(RECORDS).objectStore(RECORDS).get([table, key]));
}

// [[key, bytes], ...]
export async function scanTable(db, table) {
  const store = db.transaction(RECORDS).objectStore(RECORDS);
  // An array sorts after every string.
  const range = IDBKeyRange.bound([table], [table, []]);
  const [keys, values] = await Promise.all(
    [answered(store.getAllKeys(range)), answered(store.getAll(range))]);
  return keys.map((key, i) => [key[1], values[i]]);
}

const same = (a, b) => a === undefined || b === undefined ? a === b
  : a.length === b.length && a.every((byte, i) => byte === b[i]);

// Writes all changes, or none, and resolves when they are on the disk ("strict"): to true, or to false
// without a change when the record `guard` ([table, key]) is not `expected` (bytes or undefined). Each
// change is [table, key, bytes], or [table, key] to delete.
export function applyChanges(db, changes, guard, expected) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(RECORDS, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(RECORDS);
    let isSame = true;
    transaction.oncomplete = () => resolve(isSame);
    transaction.onabort = () => reject(transaction.error ?? new Error('the write was broken off'));
    const guarded = store.get(guard);
    guarded.onsuccess = () => {
      isSame = same(guarded.result, expected);
      if (!isSame) return;
      for (const [table, key, value] of changes) {
        if (value === undefined) store.delete([table, key]); else store.put(value, [table, key]);
      }
    };
  });
}

// [status, seconds of Retry-After or undefined, [[name, value], ...], bytes]
export async function sendRequest(url, bearer, body, bytesMax) {
  const headers = {};
  if (bearer !== undefined) headers.Authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body,
    credentials: 'omit',
    redirect: 'error',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const bytes = await bounded(answer, bytesMax);
  return [answer.status, retryAfter(answer.headers.get('Retry-After')), [...answer.headers], bytes];
}

async function bounded(answer, bytesMax) {
  const pieces = [];
  let length = 0;
  const reader = answer.body?.getReader();
  for (;;) {
    const { done, value } = await (reader?.read() ?? { done: true });
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader.cancel();
      throw new Error('the answer is too large');
    }
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function retryAfter(text) {
  if (text === null) return undefined;
  if (/^\s*\d+\s*$/.test(text)) return Number(text);
  const until = Date.parse(text);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

export const waitSeconds = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** With how many decimals a currency is written (ISO 4217); `undefined` for what is none. */
export function currencyDecimals(code) {
  const currency = code.toUpperCase();
  if (!Intl.supportedValuesOf('currency').includes(currency)) return undefined;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
}
