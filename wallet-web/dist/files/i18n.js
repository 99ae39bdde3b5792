// The language of the interface. All words are in texts/, one file a language.

import { foreign } from './dom.js';
import de from './texts/de.js';
import en from './texts/en.js';

const TEXTS = { en, de };
const KEPT = 'farthing-language';

/** The languages that there are, each in its own words. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

let language = 'en';
speak(chosen());

function chosen() {
  const wanted = [kept(), ...(navigator.languages ?? [navigator.language])];
  return wanted.map((tag) => tag?.slice(0, 2)).find((tag) => Object.hasOwn(TEXTS, tag ?? '')) ?? 'en';
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** The language now. */
export const current = () => language;

function speak(tag) {
  language = tag;
  document.documentElement.lang = tag;
}

/** Chooses a language, and keeps the choice. */
export function choose(tag) {
  speak(tag);
  try {
    localStorage.setItem(KEPT, tag);
  } catch {
    // The choice holds until the page is closed.
  }
}

/** The text of a key, or `null` if there is none. */
export const maybe = (key) => TEXTS[language][key] ?? null;

/** The text of a key, with its `{names}` filled in. */
export function t(key, args = {}) {
  const text = maybe(key);
  if (text === null) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(args[name] ?? ''));
}

/** The same as nodes: elements stay elements, and other text is set apart as foreign. */
export function say(key, args = {}) {
  return t(key, Object.fromEntries(Object.keys(args).map((name) => [name, `{${name}}`])))
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return part;
      return args[name] instanceof Node ? args[name] : foreign(args[name]);
    });
}

const timeFormat = (options) => new Intl.DateTimeFormat(language, options);

/** A time (Unix seconds) for people. */
export const time = (seconds) => timeFormat({ dateStyle: 'medium', timeStyle: 'short' }).format(seconds * 1000);

/** A day (UTC, its first second) for people. */
export const day = (seconds) => timeFormat({ dateStyle: 'medium', timeZone: 'UTC' }).format(seconds * 1000);
