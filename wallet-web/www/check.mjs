// Checks the interface's sources: `node wallet-web/www/check.mjs`.
//
// Both languages have the same keys with the same {names}, every key that a script uses is there, no script parses HTML or
// writes to the console, and all but the program stays below its size as brotli.

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

import de from './texts/de.js';
import en from './texts/en.js';

const ROOT = import.meta.dirname;
/** The most that all files but the program may take as brotli, in bytes. */
const BYTES_MAX = 60 * 1024;
/** Not served. */
const UNSERVED = new Set(['README.md', 'check.mjs', 'vendor/vendor.sh', 'vendor/package.json', 'vendor/package-lock.json', 'vendor/qr.in.js']);
/** What no script of the interface may do. */
const FORBIDDEN = [/\binnerHTML\b/, /\bouterHTML\b/, /\binsertAdjacentHTML\b/, /\bdocument\.write\b/, /\beval\(/, /\bnew Function\b/, /\bconsole\./, /\bcookie\b/];

const faults = [];
const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();

for (const key of new Set([...Object.keys(en), ...Object.keys(de)])) {
  if (!(key in en) || !(key in de)) faults.push(`text ${key} is not in every language`);
  else if (names(en[key]) !== names(de[key])) faults.push(`text ${key} has other {names} in one language`);
}

const files = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => !UNSERVED.has(file));

let size = 0;
for (const file of files) {
  const bytes = readFileSync(join(ROOT, file));
  size += extname(file) === '.png' ? bytes.length : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
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
