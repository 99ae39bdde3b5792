// A priced page: who asks, for what, how much, what is left; and the way back to it.

import { call, readRequest } from '../core.js';
import { address, byId, foreign, h } from '../dom.js';
import { handedBefore, handOver, turnBack } from '../handover.js';
import { say, t } from '../i18n.js';
import { back, button, leads, notice, run } from '../parts.js';
import { replace } from '../router.js';
import { complaint, trouble } from '../trouble.js';

/** Outcomes with which the page opens. */
const OPENS = new Set(['paid', 'paid_before']);

/** What two calls of the wallet are told about a link. */
const link = ({ request, url, keysets }) => [request, url, keysets];

/**
 * `asked`: the request, the page's address and what the link said; `refused` when the site did not take the receipt of an
 * earlier payment. `secret.fresh`: the link was opened just now, and not found again by "back" or a reload.
 */
export async function pay(asked, secret) {
  let offer;
  try {
    offer = await call('offer', ...link(asked), asked.refused ?? false);
  } catch (error) {
    return error.code === 'mint_not_taken' || error.code === 'no_mint' ? unknownMint(asked, error) : cannot(asked, error);
  }
  const fresh = secret?.fresh === true;
  // Once: the entry that "back" finds is not fresh.
  if (secret) secret.fresh = false;
  if (offer.payment) return paidAlready(asked, offer.payment, fresh);
  const screen = await priced(asked, offer);
  if (fresh && offer.withinBudget && offer.enough) screen.ready = () => byId('pay-go').click();
  return screen;
}

/** A page that was bought before, or whose payment came to its end just now. */
function paidAlready(asked, payment, fresh) {
  if (!OPENS.has(payment.outcome) || !payment.receipt) return cannot(asked, failure(payment));
  if (!fresh || handedBefore(asked.url)) return replace('paid', asked).then(() => null);
  return { title: t('pay.title'), nodes: [h('p', { id: 'pay-opening' }, t('pay.opening'))], ready: () => handOver(asked.url, payment.receipt, asked) };
}

/** A payment with which no page opens, as trouble. */
const failure = ({ outcome, explanation }) => ({ code: `pay_${outcome}`, what: '', money: '', advice: [], ...explanation });

/** The price and one button. */
async function priced(asked, offer) {
  const answer = h('div', { id: 'pay-answer', class: 'answer', 'aria-live': 'polite' });
  const go = h('button', { id: 'pay-go', type: 'button', class: 'main big', onclick: ({ currentTarget }) => run(currentTarget, answer, () => settle(asked, answer)) }, t('pay.go', { amount: offer.shown }));
  const what = offer.what ?? (await readRequest(asked.request)).what;
  return {
    title: t('pay.title'),
    nodes: [
      h('section', { class: 'card' },
        h('p', { id: 'pay-site', class: 'site' }, foreign(offer.site ?? new URL(asked.url).origin)),
        h('p', { id: 'pay-what', class: 'what' }, what ? foreign(what) : t('pay.page')),
        h('p', { id: 'pay-url', class: 'soft' }, address(asked.url)),
        h('p', { id: 'pay-price', class: 'price' }, offer.shown)),
      offer.paidBefore ? notice('pay-refused', h('p', {}, t('pay.refused'))) : null,
      offer.enough ? go : short(asked, offer),
      answer,
      offer.enough ? h('p', { id: 'pay-left', class: 'soft' }, say('pay.left', { available: h('strong', {}, offer.availableShown), left: offer.leftShown, mint: offer.mintName || offer.mint })) : null,
      offer.withinBudget ? h('p', { id: 'pay-budget', class: 'soft' }, t('pay.budget')) : null,
      button('pay-cancel', t('pay.cancel'), () => turnBack(asked.url, asked), 'link'),
      !offer.enough || offer.budget ? null : leads('pay-set-budget', t('pay.set_budget'), 'budgets', { site: offer.site, mint: offer.mint, then: asked }, 'link'),
    ],
  };
}

/** Too little money: the ways to more, which lead back here. */
const short = (asked, offer) => notice('pay-short', h('p', {}, say('pay.short', { left: offer.availableShown })),
  h('div', { class: 'row' },
    leads('pay-withdraw', t('pay.withdraw'), 'withdraw', { mint: offer.mint ?? null, then: asked }, 'main'),
    leads('pay-receive', t('pay.receive'), 'receive', { then: asked })));

/** Pays, and goes back to the page or says what happened to the money. */
async function settle(asked, answer) {
  let done;
  try {
    done = await call('pay', ...link(asked), true, asked.refused ?? false);
    if (!OPENS.has(done.outcome) || !done.receipt) throw failure(done);
  } catch (error) {
    offerWays(asked, answer);
    throw error;
  }
  byId('pay-go')?.setAttribute('hidden', '');
  handOver(asked.url, done.receipt, asked);
  return t('pay.opening');
}

/** After a failure: ask again with the same token, or go back to the page, whose price may be another now. */
function offerWays(asked, answer) {
  const pressed = byId('pay-go');
  if (pressed) pressed.textContent = t('pay.again');
  if (byId('pay-page')) return;
  for (const id of ['pay-left', 'pay-budget', 'pay-cancel', 'pay-set-budget']) byId(id)?.remove();
  answer.after(h('div', { class: 'row' }, button('pay-page', t('pay.to_page'), () => turnBack(asked.url, asked)), leads('pay-home', t('withdraw.home'), 'home')));
}

/** The site takes tokens of mints that are not in this wallet. */
async function unknownMint(asked, error) {
  const { mints, what } = await readRequest(asked.request);
  return {
    title: t('pay.title'),
    nodes: [
      h('section', { class: 'card' },
        h('p', { id: 'pay-site', class: 'site' }, foreign(new URL(asked.url).origin)),
        h('p', { id: 'pay-what', class: 'what' }, what ? foreign(what) : t('pay.page')),
        h('p', { class: 'soft' }, foreign(asked.url))),
      h('p', {}, t('pay.unknown_mint')),
      mints.length === 0 ? trouble(error) : h('ul', { class: 'list' }, mints.map((mint) => h('li', {},
        h('p', {}, address(mint)),
        h('button', { type: 'button', class: 'main pay-join', 'data-mint': mint, onclick: () => replace('join', { url: mint, asked: true, then: asked }) }, t('pay.join'))))),
      button('pay-cancel', t('pay.cancel'), () => turnBack(asked.url, asked), 'link'),
    ],
  };
}

function cannot(asked, error) {
  return {
    title: t('pay.title'),
    nodes: [
      h('p', { class: 'soft' }, foreign(asked.url)),
      trouble(error),
      h('div', { class: 'row' }, button('pay-again', t('again'), () => replace('pay', asked)), button('pay-page', t('pay.to_page'), () => turnBack(asked.url, asked))),
      back(),
    ],
  };
}

/** What the reader finds on coming back from a page that is paid. */
export async function paid(asked) {
  return {
    title: t('paid.title'),
    nodes: [
      h('p', { id: 'paid-url' }, foreign(asked.url)),
      h('p', {}, t('paid.words')),
      button('open-page', t('paid.open'), async () => {
        const { payment } = await call('offer', ...link(asked), false);
        if (!payment?.receipt) throw payment ? failure(payment) : complaint('no_receipt', t('paid.no_receipt'));
        handOver(asked.url, payment.receipt, asked);
        return t('pay.opening');
      }, 'main'),
      h('p', {}, leads('paid-refused', t('paid.still'), 'pay', { ...asked, refused: true }, 'link')),
      back(),
    ],
  };
}
