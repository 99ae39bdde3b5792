// Which screen is shown. The address stays the same: a reload, and the browser's back button, find the screen in the
// history's state. Secrets are not kept there: they are `held` in memory, and gone after a reload.

import { byId, h } from './dom.js';
import { t } from './i18n.js';
import { trouble } from './trouble.js';

/** @type {Record<string, (args: any, held: any) => Promise<{title: Child, nodes: Child[], ready?: () => void}>>} */
const screens = {};
/** What screens hold that no disk may keep, by the number of the history's entry. */
const held = new Map();
let shown = 0;
let entries = 0;

/** Says which screens there are. */
export const define = (them) => Object.assign(screens, them);

/** Shows a screen in a new entry of the history. */
export function go(name, args = {}, secret = null) {
  return enter('pushState', name, args, secret);
}

/** Shows a screen in place of this one, so that "back" does not come here again. */
export function replace(name, args = {}, secret = null) {
  return enter('replaceState', name, args, secret);
}

function enter(how, name, args, secret) {
  const entry = `${performance.timeOrigin}-${entries++}`;
  if (secret !== null) held.set(entry, secret);
  history[how]({ name, args, entry }, '', location.pathname);
  return show(name, args, secret);
}

/** Writes down another screen for this entry without showing it: what the reader finds on coming back. */
export function leave(name, args = {}) {
  history.replaceState({ name, args, entry: `${performance.timeOrigin}-${entries++}` }, '', location.pathname);
}

/** Shows the screen of the history's entry, or another if it has none. */
export function showCurrent(otherwise) {
  const { name, args, entry } = history.state ?? {};
  return Object.hasOwn(screens, name ?? '') ? show(name, args, held.get(entry) ?? null) : replace(otherwise);
}

/** Shows this screen again, with what is true now. */
export const again = () => showCurrent('home');

async function show(name, args, secret) {
  const mine = ++shown;
  const main = byId('screen');
  main.setAttribute('aria-busy', 'true');
  let screen;
  try {
    screen = await screens[name](args, secret);
  } catch (error) {
    // Another tab locked the wallet, or deleted it: the door is next.
    if (error.code === 'passphrase_needed' || error.code === 'no_wallet') return location.reload();
    screen = { title: t('trouble'), nodes: [trouble(error), h('button', { id: 'retry', type: 'button', class: 'main', onclick: () => location.reload() }, t('again'))] };
  }
  if (mine !== shown || screen === null) return undefined;
  const title = h('h1', { id: 'title', tabindex: '-1' }, screen.title);
  main.replaceChildren(title, ...screen.nodes.flat(Infinity).filter(Boolean));
  main.dataset.screen = name;
  main.setAttribute('aria-busy', 'false');
  document.title = `${title.textContent} – Farthing`;
  window.scrollTo(0, 0);
  title.focus({ preventScroll: true });
  screen.ready?.();
  return undefined;
}

// app.js follows a fragment.
addEventListener('popstate', () => location.hash === '' && showCurrent('home'));
