// A token for somebody, and what became of those sent before.

import { call } from '../core.js';
import { byId, foreign, h } from '../dom.js';
import { say, t, time } from '../i18n.js';
import { AMOUNT, back, button, copier, field, form, leads, list, mintField, notice, run, value } from '../parts.js';
import { draw } from '../qr.js';
import { again, go, replace } from '../router.js';

/** The longest memo, in characters. */
const MEMO_MAX = 200;

/** How much, and what for. */
export async function send() {
  const mints = await call('mints');
  if (mints.length === 0) {
    return { title: t('send.title'), nodes: [notice('no-mint', h('p', {}, t('home.no_mint')), leads('go-join', t('join.title'), 'join', {}, 'main')), back()] };
  }
  const balance = await call('balance');
  return {
    title: t('send.title'),
    nodes: [
      h('p', {}, t('send.why')),
      form('send', t('send.go'), [
        mintField(mints),
        h('p', { class: 'soft' }, t('send.left'), ' ', balance.map((at) => at.shown).join(' · ')),
        field('amount', t('amount'), AMOUNT),
        field('memo', t('send.memo'), { maxlength: MEMO_MAX }),
      ], async () => {
        const made = await call('send', value('mint'), value('amount'), value('memo') || null, null);
        await replace('token', { id: made.id }, made);
      }),
      back(),
    ],
  };
}

/** One token, to hand over. It is money: it is in no address but a fragment. */
export async function token({ id }, made) {
  const sent = (await call('sent')).find((each) => each.id === id);
  const text = made?.token ?? sent?.token;
  if (!text) return replace('sent').then(() => null);
  const link = `${new URL('./', location.href).href}#token=${encodeURIComponent(text)}`;
  const picture = await draw(text, t('token.qr'));
  return {
    title: t('token.title'),
    nodes: [
      h('p', { class: 'price' }, sent?.shown ?? made.shown),
      sent?.memo ? h('p', { class: 'soft' }, foreign(sent.memo)) : null,
      h('p', {}, t('token.why')),
      navigator.share ? button('share', t('token.share'), () => navigator.share({ url: link }).catch(() => {}), 'main') : null,
      field('link', t('token.link'), { readonly: true, rows: 2 }, null, 'textarea'),
      copier('copy-link', t('token.copy_link'), link),
      picture ?? h('p', { id: 'no-qr', class: 'soft' }, t('token.no_qr')),
      h('details', {}, h('summary', {}, t('token.as_text')),
        field('token-text', t('token.text'), { readonly: true, rows: 4 }, null, 'textarea'), copier('copy-token', t('token.copy'), text)),
      h('p', { class: 'soft' }, t('token.back')),
      leads('go-sent', t('sent.title'), 'sent', {}, 'link'),
      back(),
    ],
    ready: () => {
      byId('link').value = link;
      byId('token-text').value = text;
    },
  };
}

/** What was sent, and whether somebody has it. */
export async function sent() {
  const all = await call('sent');
  const answer = h('div', { id: 'sent-answer', class: 'answer', 'aria-live': 'polite' });
  return {
    title: t('sent.title'),
    nodes: [
      h('p', {}, t('sent.why')),
      all.some(isOpen) ? h('section', {}, button('check-sent', t('sent.check'), async () => {
        const [failure] = await call('checkSent');
        if (failure) throw failure;
        await again();
      }), answer) : null,
      list('sent', all.reverse().map(row), t('sent.none')),
      back(),
    ],
  };
}

/** Whether something of it may be unclaimed. */
const isOpen = ({ state }) => state === 'unclaimed' || state === 'partly';

function row(each) {
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  const open = isOpen(each);
  return h('li', { 'data-id': each.id, 'data-state': each.state },
    h('div', { class: 'between' }, h('span', {}, t(`sent.${each.state}`)), h('strong', {}, each.shown)),
    h('p', { class: 'soft' }, time(each.at), each.memo ? [' · ', foreign(each.memo)] : null, each.state === 'partly' ? [' · ', t('sent.left', { amount: each.leftShown })] : null),
    open ? h('div', { class: 'row' },
      h('button', { type: 'button', class: 'show', onclick: () => go('token', { id: each.id }) }, t('sent.show')),
      h('button', { type: 'button', class: 'reclaim', onclick: ({ currentTarget }) => run(currentTarget, answer, async () => {
        const done = await call('reclaim', each.id);
        currentTarget.closest('li').dataset.state = 'taken_back';
        currentTarget.parentElement.remove();
        return say('sent.back', { amount: done.shown });
      }) }, t('sent.reclaim'))) : null,
    answer);
}
