// Checks the interface's sources: `node wallet-web/www/check.mjs`.
//
// Every language has the same keys with the same {names} (but for the library's words, which are English already), every key that a script uses is there, no script parses HTML or
// writes to the console, and all but the program stays below its size as brotli.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

import { SENTENCES } from './sentences.js';
import de from './texts/de.js';
import en from './texts/en.js';

const ROOT = import.meta.dirname;
/** The most that a first visit may load besides the program and its bindings, as brotli, in bytes. */
const BYTES_MAX = 55_000;
/** Loaded only when the camera is turned on in a browser that reads no codes. */
const LATER = new Set(['vendor/qr-read.js']);
/** Not served. */
const UNSERVED = new Set(['README.md', 'check.mjs', 'vendor/vendor.sh', 'vendor/package.json', 'vendor/package-lock.json', 'vendor/qr.in.js', 'vendor/qr-read.in.js']);
/** What no script of the interface may do. */
const FORBIDDEN = [/\binnerHTML\b/, /\bouterHTML\b/, /\binsertAdjacentHTML\b/, /\bdocument\.write\b/, /\beval\(/, /\bnew Function\b/, /\bconsole\./, /\bcookie\b/];

/** Advice and codes of the library that cannot come up in a browser. */
const ELSEWHERE = new Set([
  'ask_for_key', 'leave_header_out', 'name_mint', 'salvage_with_phrase', 'send_without_cashu', 'use_other_folder', 'wait_for_process',
  'declined', 'header_reserved', 'lock_key_invalid', 'no_cashu_door', 'no_randomness', 'not_agreed', 'phrase_lost', 'too_many_redirects',
  'wallet_locked', 'which_mint',
]);

const faults = [];
const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();

/** Keys that English does not need: the library speaks it. */
const isLibrarys = (key) => /^(error|money)\./.test(key);

for (const key of new Set([...Object.keys(en), ...Object.keys(de)])) {
  if (isLibrarys(key) && key in de) continue;
  if (!(key in en) || !(key in de)) faults.push(`text ${key} is not in every language`);
  else if (names(en[key]) !== names(de[key])) faults.push(`text ${key} has other {names} in one language`);
}

// The library's advice, codes and sentences are all in the texts: read from its source, where that is beside this folder.
const library = join(ROOT, '../../wallet/src/error');
if (existsSync(library)) {
  const sources = readdirSync(library).filter((name) => name !== 'advice.rs')
    .map((name) => readFileSync(join(library, name), 'utf8').split('#[cfg(test)]')[0]).join('\n');
  const flat = sources.replace(/\\\n\s*/g, '').replace(/\{[^{}\n]*\}/g, '{}');
  const snake = (name) => name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  for (const [, name] of sources.matchAll(/\bAdvice::([A-Z]\w+)/g)) {
    if (!ELSEWHERE.has(snake(name)) && !(`advice.${snake(name)}` in en)) faults.push(`the library's advice ${snake(name)} has no words`);
  }
  for (const [, code] of sources.matchAll(/=> "([a-z_]+)"/g)) {
    if (!ELSEWHERE.has(code) && !(`error.${code}` in de)) faults.push(`the library's code ${code} has no words in German`);
  }
  for (const sentence of Object.values(SENTENCES)) {
    // Some sentences are put together from two: each half is there.
    const halves = sentence.replace(/\{\w+\}/g, '{}').replace(/\.$/, '').split(/; \{\}|, and (?=\{\} are|the mint's)/);
    for (const half of halves) if (!flat.includes(half.trim())) faults.push(`the library no longer says: ${half}`);
  }
}
for (const name of Object.keys(SENTENCES)) if (!(`money.${name}` in de)) faults.push(`money.${name} has no words in German`);

const files = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => !UNSERVED.has(file));

// A document names every module, so that none waits for the one that imports it.
const beside = (file) => (file === 'host.js' ? join(ROOT, '../src', file) : join(ROOT, file));
const graph = new Set();
const walk = (file) => {
  if (graph.has(file)) return;
  graph.add(file);
  // The build makes it; it imports one file.
  if (file === 'farthing.js') return walk('host.js');
  for (const [, path] of readFileSync(beside(file), 'utf8').matchAll(/^(?:import|export)[^;]*? from '([^']+)'/gm)) walk(join(dirname(file), path));
};
walk('app.js');
for (const document of ['index.html', 'popup.html']) {
  const named = [...readFileSync(join(ROOT, document), 'utf8').matchAll(/<(?:link rel="modulepreload" href|script type="module"(?: async)? src)="([^"]+)"/g)].map(([, path]) => path);
  for (const file of graph) if (!named.includes(file)) faults.push(`${document} does not name ${file}`);
  for (const file of named) if (!graph.has(file)) faults.push(`${document} names ${file}, which is not imported`);
}

let size = 0;
for (const file of files) {
  const bytes = readFileSync(join(ROOT, file));
  if (!LATER.has(file)) size += extname(file) === '.png' ? bytes.length : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  if (extname(file) !== '.js' || file.startsWith('vendor/')) continue;
  const text = bytes.toString();
  for (const what of FORBIDDEN) if (what.test(text)) faults.push(`${file} has ${what.source}`);
  if (text.split('\n').length > 500 && !file.startsWith('texts/')) faults.push(`${file} is longer than 500 lines`);
  for (const [, key] of text.matchAll(/(?<![\w.])(?:t|say|maybe)\('([a-z_0-9.]+)'/g)) {
    if (!(key in en)) faults.push(`${file} uses the text ${key}, which is not there`);
  }
}
if (size > BYTES_MAX) faults.push(`the files take ${size} bytes as brotli, and ${BYTES_MAX} are the most`);

for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`${files.length} files, ${Object.keys(en).length} texts a language, ${size} bytes as brotli: ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
