// What is in the wallet, and what can be done with it.

import { call } from '../core.js';
import { address, byId, foreign, h, svg } from '../dom.js';
import { maybe, t, time } from '../i18n.js';
import { back, button, leads, list, notice } from '../parts.js';
import { go } from '../router.js';
import { phraseConfirmed } from '../storage.js';
import { trouble } from '../trouble.js';
import { updateNotice } from '../update.js';

/** How many lines of the history the first screen has. */
const LINES = 5;
/** Drawings of the four actions, in a square of 24. */
const SIGNS = {
  pay: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2',
  receive: 'M12 4v12M7 11l5 5 5-5M4 20h16',
  send: 'M12 20V8M7 13l5-5 5 5M4 4h16',
  withdraw: 'M3 9h18v10H3zM3 9l9-5 9 5M12 12v4M10 14h4',
};

/** What was settled when the wallet was opened. */
let recovered = [];

/** Keeps it for the first screen. */
export const tellRecovered = (results) => { recovered = results; };

const action = (name, screen) => h('button', { id: `go-${name}`, type: 'button', class: 'action', onclick: () => go(screen) },
  svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: SIGNS[name] })),
  h('span', {}, t(`home.${name}`)));

/** The first screen. */
export async function home() {
  const [parts, update] = await Promise.all([changing(), updateNotice()]);
  return {
    title: t('home.title'),
    nodes: [
      update,
      h('div', { id: 'holdings' }, parts.holdings),
      h('div', { class: 'actions' }, action('pay', 'scan'), action('receive', 'receive'), action('send', 'send'), action('withdraw', 'withdraw')),
      h('nav', { class: 'more' },
        leads('go-sent', t('sent.title'), 'sent', {}, 'link'),
        leads('go-spending', t('spending.title'), 'spending', {}, 'link'),
        leads('go-budgets', t('budgets.title'), 'budgets', {}, 'link'),
        leads('go-settings', t('settings.title'), 'settings', {}, 'link')),
      phraseConfirmed() ? null : notice('remind-phrase', h('p', {}, t('home.remind')), leads('show-phrase', t('phrase.show'), 'phrase')),
      // What is settled later is told below all buttons, so that none moves under a finger.
      h('div', { id: 'news' }, parts.news),
      h('section', { id: 'lines', 'aria-labelledby': 'history-title' }, parts.lines),
    ],
  };
}

/** Shows what is true now where the first screen is, and leaves its buttons and the focus alone. */
export async function refresh() {
  const parts = await changing();
  if (byId('screen').dataset.screen !== 'home') return;
  byId('holdings').replaceChildren(...parts.holdings);
  byId('news').replaceChildren(...parts.news);
  byId('lines').replaceChildren(...parts.lines);
}

/** What changes on the first screen: what is held, and the last lines of the history. */
async function changing() {
  const [mints, balance] = [await call('mints'), await call('balance')];
  const [lines, open] = await entries();
  const nothing = () => notice('no-mint', h('p', {}, t('home.no_mint')), leads('go-join', t('join.title'), 'join', {}, 'main'));
  return {
    holdings: [mints.length > 0 ? purse(balance) : nothing()],
    news: [settled(open), underWay(open)].filter(Boolean),
    lines: [
      h('h2', { id: 'history-title' }, t('history.title')),
      list('history', lines.slice(0, LINES).map(line), t('history.none')),
      lines.length <= LINES ? null : leads('go-history', t('history.all'), 'history', {}, 'link'),
    ].filter(Boolean),
  };
}

/** What happened, newest first, and what is under way. */
async function entries() {
  const all = await call('history');
  return [all.filter(({ outcome }) => outcome !== 'open').reverse(), all.filter(({ outcome }) => outcome === 'open')];
}

/** The balance, by mint. */
function purse(balance) {
  return h('ul', { id: 'balance', class: 'balance' }, balance.map((at) => h('li', { 'data-mint': at.mint },
    h('p', { class: 'amount' }, at.shown),
    h('p', { class: 'soft' }, foreign(at.name || at.mint)),
    // This line keeps its place when there is nothing in it.
    h('p', { class: 'soft under-way' }, at.pending ? h('span', { class: 'pending' }, t('home.pending', { amount: at.pendingShown })) : null),
    at.expired ? h('p', { class: 'soft expired' }, t('home.expired', { amount: at.expiredShown })) : null)));
}

/** Operations that the mint or a site has not answered yet. */
function underWay(open) {
  return open.length === 0 ? null : h('section', { id: 'open', class: 'notice' },
    h('p', {}, t('open.title')),
    h('ul', { class: 'plain-list' }, open.map(({ id, kind, shown, site }) => h('li', { 'data-id': id },
      t(`kind.${kind}`), ' ', h('strong', {}, shown), site ? [' – ', address(site)] : null,
      kind === 'pay' ? h('p', {}, button(`cancel-${id}`, t('open.cancel'), async () => {
        await call('cancel', id);
        tellRecovered([]);
        await refresh();
      })) : null,
      h('div', { class: 'answer', 'aria-live': 'polite' })))),
    h('p', { class: 'soft' }, t('open.words')),
    button('ask-again', t('open.ask'), async () => {
      tellRecovered(await call('recover', true));
      await refresh();
    }));
}

/** What was left open and has come to its end; what is still open is shown as such. */
function settled(open) {
  const ended = recovered.filter(({ id }) => !open.some((each) => each.id === id));
  return ended.length === 0 ? null : notice('recovered',
    h('p', {}, t('recovered.title')),
    h('ul', { class: 'plain-list' }, ended.map(({ kind, shown, error }) => h('li', {},
      maybe(`kind.${kind}`) ?? foreign(kind), ' ', h('strong', {}, shown ?? ''), ': ',
      error ? trouble(error, 'inner') : t('recovered.done')))));
}

/** A line of the history. */
export function line(entry) {
  const { id, at, kind, shown, amount, site, memo, outcome } = entry;
  return h('li', { 'data-id': id, 'data-kind': kind, 'data-outcome': outcome },
    h('div', { class: 'between' },
      h('span', {}, maybe(`kind.${kind}`) ?? foreign(kind), outcome === 'undone' ? ` (${t('history.undone')})` : ''),
      h('strong', {}, shown ?? amount)),
    h('p', { class: 'soft' }, time(at), site ? [' · ', address(site)] : null, memo ? [' · ', foreign(memo)] : null));
}

/** The whole history. */
export async function history() {
  const [lines] = await entries();
  return { title: t('history.title'), nodes: [back(), list('history', lines.map(line), t('history.none'))] };
}
