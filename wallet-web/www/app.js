// The wallet's page: opens the wallet, follows the link that led here, and otherwise shows the first screen.

import { call, isOpen, load } from './core.js';
import { byId, h } from './dom.js';
import { readFragment, takeFragment } from './fragment.js';
import { again, define, go, replace, showCurrent } from './router.js';
import * as budgets from './screens/budgets.js';
import * as home from './screens/home.js';
import * as mints from './screens/mints.js';
import * as moving from './screens/move.js';
import * as pay from './screens/pay.js';
import * as receive from './screens/receive.js';
import * as send from './screens/send.js';
import * as settings from './screens/settings.js';
import * as start from './screens/start.js';
import { trouble } from './trouble.js';
import { register } from './update.js';

/** Screens that do not wait for what is settled in the background: a payment comes first. */
const BEFORE_SETTLING = new Set(['pay', 'paid']);

define({
  welcome: start.welcome, phrase: start.phrase, confirm: start.confirm, restore: start.restore, locked: start.locked,
  passphrase: start.passphrase, home: home.home, history: home.history, join: mints.join, mint: mints.mint,
  withdraw: mints.withdraw, redeem: mints.redeem, receive: receive.receive, scan: receive.scan, send: send.send,
  token: send.token, sent: send.sent, pay: pay.pay, paid: pay.paid, budgets: budgets.budgets,
  spending: budgets.spending, settings: settings.settings, about: settings.about,
  move: moving.move, exported: moving.exported, importing: moving.importing,
});

let settled = false;
/** Whether a link led to a payment: then there is no upkeep, which the mint could see beside it. */
let pays = false;

/**
 * Finishes what was open when the wallet was closed, and says what became of it. Where nothing was, and nobody came to pay,
 * there is upkeep.
 */
async function settle() {
  if (settled || !isOpen() || BEFORE_SETTLING.has(byId('screen').dataset.screen)) return;
  settled = true;
  try {
    const results = await call('recover');
    home.tellRecovered(results);
    const changed = results.length > 0 || (!pays && await call('tend') !== 'nothing');
    if (changed && byId('screen').dataset.screen === 'home') await home.refresh();
  } catch {
    // The first screen shows what is still under way; upkeep is tried again later.
  }
}

/** Follows a link; a wallet that is not there yet, or not open, comes first. */
function follow(link) {
  if (isOpen()) return replace(link.screen, link.args, { ...link.secret, fresh: true });
  start.want(link);
  return null;
}

async function begin() {
  byId('to-home')?.addEventListener('click', (event) => {
    event.preventDefault();
    if (isOpen()) go('home');
  });
  const link = readFragment(takeFragment());
  pays = link?.screen === 'pay';
  const door = await start.door();
  if (link) await follow(link);
  if (door) await replace(door);
  else if (!link) await showCurrent('home');
}

addEventListener('hashchange', () => {
  const link = readFragment(takeFragment());
  if (link) follow(link);
});

// A page that comes back from the browser's cache shows what is written in the history: never a payment again.
addEventListener('pageshow', (event) => event.persisted && isOpen() && again());

new MutationObserver(settle).observe(byId('screen'), { attributeFilter: ['data-screen'] });

load().catch(() => {});
begin().catch((error) => byId('screen').replaceChildren(h('h1', {}, 'Farthing'), trouble(error))).finally(register);
