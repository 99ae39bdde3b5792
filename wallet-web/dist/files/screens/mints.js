// Mints, and what is moved between the wallet and an account there.

import { call } from '../core.js';
import { address, announce, byId, clean, foreign, h } from '../dom.js';
import { say, t } from '../i18n.js';
import { AMOUNT, back, button, field, form, leads, mintField, notice, takeSecret, value } from '../parts.js';
import { go, replace } from '../router.js';
import { storageWarning } from '../storage.js';
import { goOn as goToLink } from './start.js';

/** Where to go when it is done: back to a payment that waited, or to the first screen. */
const goOn = (then) => (then ? replace('pay', then) : replace('home'));

/** Adds a mint: typed in, or from a link that is to be confirmed. */
export async function join({ url = null, asked = false, restoring = false, then = null }, secret) {
  const token = secret?.token ?? null;
  return {
    title: t('join.title'),
    nodes: [
      h('p', {}, t(restoring ? 'join.restoring' : 'join.why')),
      await storageWarning(),
      form('join', t('join.go'), [
        asked
          ? notice('join-asked', h('p', {}, say('join.asked', { mint: h('strong', { id: 'join-mint' }, address(url)) })), token ? h('p', {}, t('join.asked_account')) : null)
          : field('mint-url', t('join.url'), { type: 'url', inputmode: 'url', required: true, maxlength: 300, placeholder: 'https://…', value: url }),
        token ? null : field('api-token', t('join.token'), { type: 'password', maxlength: 500 }, t('join.token_hint')),
      ], async () => {
        const mint = await call('addMint', asked ? url : value('mint-url'), token ?? (takeSecret('api-token').trim() || null));
        if (restoring) {
          const found = await search(mint.url);
          byId('title').focus();
          return [h('p', {}, say('join.restored', { amount: found.shown, mint: mint.name || mint.url })),
            leads('join-more', t('join.more'), 'join', { restoring }), button('done', t('withdraw.home'), goToLink, 'main')];
        }
        return goOn(then);
      }, asked ? [] : leads('scan', t('scan.title'), 'scan', { then, restoring })),
      h('p', { class: 'soft' }, t('join.trust')),
      back(),
    ],
  };
}

/** Searches a mint for what the phrase has there, and says how far it is. */
const search = (url) => call('restore', url, (progress) => announce(t('join.searched', JSON.parse(progress))));

/** From the account into the wallet. */
export async function withdraw({ mint = null, then = null }) {
  const mints = (await call('mints')).filter((each) => each.account);
  if (mints.length === 0) return { title: t('withdraw.title'), nodes: noAccount(then) };
  const left = h('p', { id: 'account-balance', class: 'soft', 'aria-live': 'polite' });
  return {
    title: t('withdraw.title'),
    nodes: [
      h('p', {}, t('withdraw.why')),
      await storageWarning(),
      form('withdraw', t('withdraw.go'), [mintField(mints, mint, t('withdraw.from')), left, field('amount', t('amount'), AMOUNT)], async () => {
        const done = await call('withdraw', value('mint'), value('amount'));
        byId('amount').value = '';
        showAccount(left);
        return [h('p', {}, say('withdraw.done', { amount: done.shown })),
          then ? leads('go-on', t('pay.go_on'), 'pay', then, 'main') : leads('done', t('withdraw.home'), 'home')];
      }),
      leads('go-redeem', t('redeem.title'), 'redeem', { mint }, 'link'),
      back(),
    ],
    ready: () => {
      showAccount(left);
      byId('mint').addEventListener('change', () => showAccount(left));
    },
  };
}

function noAccount(then) {
  return [
    notice('no-account', h('p', {}, t('withdraw.none')), leads('go-join', t('join.title'), 'join', { then }, 'main')),
    leads('go-receive', t('home.receive'), 'receive', { then }),
    back(),
  ];
}

/** What the account has, when the mint has said it. */
async function showAccount(left) {
  left.textContent = t('account.asking');
  try {
    const account = await call('account', value('mint'));
    left.replaceChildren(...say('account.has', { amount: account.shown }));
  } catch (error) {
    left.textContent = t('account.silent');
    left.dataset.code = clean(error.code);
  }
}

/** From the wallet into the account. */
export async function redeem({ mint = null }) {
  const mints = (await call('mints')).filter((each) => each.account);
  if (mints.length === 0) return { title: t('redeem.title'), nodes: noAccount(null) };
  return {
    title: t('redeem.title'),
    nodes: [
      h('p', {}, t('redeem.why')),
      form('redeem', t('redeem.go'), [mintField(mints, mint, t('redeem.into')), field('amount', t('amount'), { ...AMOUNT, required: false }, t('redeem.all'))], async () => {
        const done = await call('redeem', value('mint'), value('amount') || null);
        byId('amount').value = '';
        return say('redeem.done', { amount: done.shown });
      }),
      back(),
    ],
  };
}

/** One mint. */
export async function mint({ url }) {
  const known = (await call('mints')).find((each) => each.url === url);
  if (!known) return replace('settings').then(() => null);
  const holds = (await call('balance')).find((each) => each.mint === url);
  return {
    title: t('mint.title', { name: clean(known.name || known.url) }),
    nodes: [
      h('dl', {},
        h('dt', {}, t('mint.address')), h('dd', { id: 'mint-address' }, foreign(known.url)),
        h('dt', {}, t('mint.unit')), h('dd', {}, foreign(known.unit)),
        h('dt', {}, t('mint.holds')), h('dd', { id: 'mint-holds' }, holds?.shown ?? '–')),
      h('h2', {}, t('mint.account')),
      form('account', t('mint.token_go'), field('api-token', t('join.token'), { type: 'password', required: true, maxlength: 500 },
        t(known.account ? 'mint.has_token' : 'mint.no_token')), async () => {
        await call('addMint', url, takeSecret('api-token').trim());
        return t('mint.token_kept');
      }),
      h('h2', {}, t('mint.restore')),
      h('p', {}, t('mint.restore_why')),
      h('section', {}, button('mint-restore', t('mint.restore_go'), async () => {
        const found = await search(url);
        return say('join.restored', { amount: found.shown, mint: known.name || known.url });
      }), h('div', { class: 'answer', 'aria-live': 'polite' })),
      button('mint-back', t('back'), () => go('settings'), 'link'),
    ],
  };
}
