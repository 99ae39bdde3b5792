// What went wrong, what it means for the money, and what to do, in the reader's language where there are words.

import { clean, foreign, h } from './dom.js';
import { current, maybe, say } from './i18n.js';
import { recognize } from './sentences.js';

/** What it means for the money: in the reader's language, or in the library's English. */
function money(sentence) {
  const known = recognize(sentence);
  if (known === null || maybe(`money.${known.name}`) === null) return h('span', { lang: 'en' }, foreign(sentence, 600));
  return say(`money.${known.name}`, known.args);
}

/** An error of the interface itself, in the reader's language. */
export const complaint = (code, words) => ({ code, words });

function what(error) {
  if (error.words) return [error.words];
  const own = maybe(`error.${error.code}`);
  const library = sentence(error.what ?? error.message ?? '');
  if (own === null || (current() === 'en' && library !== '')) return [h('span', { lang: 'en' }, foreign(library, 600))];
  if (library === '') return [own];
  return [own, h('details', {}, h('summary', {}, maybe('details')), h('p', { lang: 'en' }, foreign(library, 600)))];
}

const sentence = (text) => (text === '' ? '' : `${/^https?:/.test(text) ? text[0] : text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`);

/** One piece of advice in words. */
function advise(advice) {
  const { name, ...args } = typeof advice === 'string' ? { name: advice } : advice;
  return maybe(`advice.${name}`) === null ? null : say(`advice.${name}`, args);
}

/** Shows `{code, what, money, advice}`. */
export function trouble(error, kind = 'trouble') {
  const told = (error.advice ?? []).map(advise).filter(Boolean);
  return h('div', { class: kind, role: 'alert', 'data-code': clean(error.code ?? '') },
    h('p', { class: 'what' }, what(error)),
    error.money ? h('p', { class: 'money' }, money(error.money)) : null,
    told.length ? h('p', { class: 'advice' }, told.map((words) => [...words, ' '])) : null);
}
